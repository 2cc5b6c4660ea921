/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/pki/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"

#define LIFE_PART 3

/* Who we were before. */
typedef struct {
    uid_t user;
    gid_t group;
} Self;

static bool become_owner(const char *path, Self *before, GError **error)
{
    struct stat st;

    *before = (Self){ geteuid(), getegid() };
    if (stat(path, &st) != 0)
        return hl_fail_errno(error, errno, _("cannot look at %s"), path);
    if (before->user == st.st_uid)
        return true;
    if (before->user != 0)
        return hl_fail(error, HL_ERROR_DENIED, _("%s belongs to another user, who has to run it"), path);
    return (setegid(st.st_gid) == 0 && seteuid(st.st_uid) == 0) ||
           hl_fail_errno(error, errno, _("cannot act as the owner of %s"), path);
}

/* Nothing at all if nobody else was become: where a unit forbids to change users, that fails. */
static void become_self(const Self *before)
{
    if (geteuid() == before->user && getegid() == before->group)
        return;
    if (seteuid(before->user) != 0 || setegid(before->group) != 0)
        g_error("cannot return to user %d", (int)before->user); /* going on as somebody else would be wrong */
}

static char *draft_of(const char *path)
{
    return g_strconcat(path, HL_PAIR_DRAFT, NULL);
}

static bool sync_beside(const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);

    return hl_dir_sync(directory, error);
}

static bool move_draft(const char *path, GError **error)
{
    g_autofree char *draft = draft_of(path);

    if (rename(draft, path) != 0)
        return hl_fail_errno(error, errno, _("cannot move %s to %s"), draft, path);
    return sync_beside(path, error);
}

static bool match(const char *cert_path, const char *key_path)
{
    g_autoptr(HlCert) cert = hl_cert_load(cert_path, NULL);
    g_autoptr(HlKey) key = cert != NULL ? hl_key_load(key_path, NULL) : NULL;

    return key != NULL && hl_cert_has_key(cert, key);
}

bool hl_pair_mend(const HlPair *pair, GError **error)
{
    g_autofree char *draft = draft_of(pair->key);
    Self before;
    bool ok;

    if (!g_file_test(draft, G_FILE_TEST_EXISTS) || match(pair->cert, pair->key) || !match(pair->cert, draft))
        return true;
    ok = become_owner(pair->key, &before, error);
    if (ok)
        ok = move_draft(pair->key, error);
    become_self(&before);
    return ok || hl_error_prefix(error, _("a renewal of %s was interrupted"), pair->cert);
}

bool hl_pair_is_due(const HlCert *cert, HlTime now)
{
    const HlCertInfo *info = hl_cert_info(cert);

    return now >= info->not_after - (info->not_after - info->not_before) / LIFE_PART;
}

bool hl_pair_has_draft(const HlPair *pair, const HlCert *cert, HlTime now)
{
    g_autofree char *cert_path = draft_of(pair->cert);
    g_autofree char *key_path = draft_of(pair->key);
    g_autoptr(HlCert) draft = match(cert_path, key_path) ? hl_cert_load(cert_path, NULL) : NULL;

    return draft != NULL && hl_cert_info(draft)->not_after > MAX(now, hl_cert_info(cert)->not_after);
}

/* A certificate that is left of an earlier draft is not this key's. */
static bool store_key(const HlPair *pair, const HlKey *key, GError **error)
{
    g_autofree char *cert_path = draft_of(pair->cert);
    g_autofree char *key_path = draft_of(pair->key);

    if (unlink(cert_path) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, _("cannot remove %s"), cert_path);
    return hl_key_save(key, key_path, error);
}

GBytes *hl_pair_begin_draft(const HlPair *pair, const char *name, GError **error)
{
    g_autoptr(HlKey) key = hl_key_generate(error);
    g_autoptr(GBytes) csr = key != NULL ? hl_csr_make(key, name, error) : NULL;
    Self before;
    bool ok;

    if (csr == NULL)
        return NULL;
    if (strcmp(pair->cert, pair->key) == 0) {
        hl_fail(error, HL_ERROR_INVALID, _("%s is certificate and key in one file: keep them apart"), pair->key);
        return NULL;
    }
    ok = become_owner(pair->key, &before, error) && store_key(pair, key, error);
    become_self(&before);
    return ok ? g_steal_pointer(&csr) : NULL;
}

bool hl_pair_end_draft(const HlPair *pair, const char *pem, GError **error)
{
    g_autofree char *cert_path = draft_of(pair->cert);
    g_autofree char *key_path = draft_of(pair->key);
    g_autoptr(HlKey) key = hl_key_load(key_path, error);
    const char *answer = pem != NULL ? pem : "";
    g_autoptr(HlCert) cert = key != NULL ? hl_cert_parse("the server's answer", answer, strlen(answer), error) : NULL;
    Self before;
    bool ok;

    if (cert == NULL)
        return false;
    if (!hl_cert_has_key(cert, key))
        return hl_fail(error, HL_ERROR_UNTRUSTED, _("the server answered with a certificate for another key"));
    ok = become_owner(pair->key, &before, error) && hl_cert_save(cert, cert_path, error);
    become_self(&before);
    return ok;
}

int hl_pair_take_draft(const HlPair *pair, GError **error)
{
    g_autofree char *key_path = draft_of(pair->key);
    hl_autofd int key = open(key_path, O_RDONLY | O_CLOEXEC);
    Self before;
    bool ok;

    /* locked before it has its name: nobody else has opened it by then */
    if (key < 0 || flock(key, LOCK_EX | LOCK_NB) != 0) {
        hl_fail_errno(error, errno, _("cannot lock %s"), key_path);
        return -1;
    }
    ok = become_owner(pair->key, &before, error) && move_draft(pair->cert, error) && move_draft(pair->key, error);
    become_self(&before);
    return ok ? hl_fd_steal(&key) : -1;
}
