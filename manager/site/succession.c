/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/succession.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"

static bool save(const char *dir, const HlCert *first, const HlCert *second, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_CA);
    g_autofree char *pem = hl_cert_print(first);
    g_autofree char *behind = second != NULL ? hl_cert_print(second) : g_strdup("");
    g_autofree char *text = g_strconcat(pem, behind, NULL);

    return hl_file_write_text(path, text, 0644, error);
}

bool mgr_succession_begin(const char *dir, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autofree char *key_path = mgr_site_path(dir, MGR_SITE_NEXT_AUTHORITY_KEY);
    g_autofree char *name = g_strdup_printf("Holdline CA %08x", (unsigned)(hl_random_u64() & 0xffffffff));
    g_autoptr(HlKey) key = NULL;
    g_autoptr(HlCert) next = NULL;

    if (!mgr_succession_mend(dir, error) || !mgr_authority_open(&authority, dir, error))
        return false;
    if (authority.next != NULL)
        return true;
    key = hl_key_generate(error);
    next = key != NULL ? hl_cert_make_ca(key, name, hl_cert_info(authority.cert)->not_before,
                                         hl_clock_wall() + MGR_SITE_CA_LIFETIME, error)
                       : NULL;
    return next != NULL && hl_key_save(key, key_path, error) && save(dir, authority.cert, next, error);
}

static bool remove_key(const char *dir, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_NEXT_AUTHORITY_KEY);
    g_autofree char *pki = mgr_site_path(dir, "pki");

    if (unlink(path) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, _("cannot remove %s"), path);
    return hl_dir_sync(pki, error);
}

bool mgr_succession_cancel(const char *dir, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_CA);
    g_autoptr(HlTrust) trust = hl_trust_load(path, error);

    if (trust == NULL)
        return false;
    if (hl_trust_count(trust) < 2) /* a key that is left may be the one of the authority */
        return mgr_succession_mend(dir, error);
    return save(dir, hl_trust_at(trust, 0), NULL, error) && remove_key(dir, error);
}

bool mgr_succession_end(const char *dir, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };

    if (!mgr_authority_open(&authority, dir, error))
        return false;
    if (authority.next != NULL && !save(dir, authority.next, NULL, error))
        return false;
    return mgr_succession_mend(dir, error);
}

HlTrust *mgr_succession_past(const char *dir)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_PAST_AUTHORITIES);

    return hl_trust_load(path, NULL);
}

/* The latest first. */
static bool remember(const char *dir, const HlCert *cert, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, MGR_SITE_PAST_AUTHORITIES);
    g_autoptr(HlTrust) past = mgr_succession_past(dir);
    g_autofree char *own = hl_trust_id(cert);
    g_autofree char *first = hl_cert_print(cert);
    g_autoptr(GString) text = g_string_new(first);
    guint n = 1;

    for (guint i = 0; past != NULL && i < hl_trust_count(past) && n < HL_TRUST_MAX; i++) {
        g_autofree char *id = hl_trust_id(hl_trust_at(past, i));
        g_autofree char *pem = hl_cert_print(hl_trust_at(past, i));

        if (strcmp(id, own) == 0)
            continue;
        g_string_append(text, pem);
        n++;
    }
    return hl_file_write_text(path, text->str, 0644, error);
}

bool mgr_succession_outlive(const char *dir, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autofree char *word = mgr_site_path(dir, MGR_SITE_OVER);

    if (!mgr_authority_open(&authority, dir, error) ||
        (authority.next != NULL && !remember(dir, authority.cert, error)) || !mgr_succession_end(dir, error))
        return false;
    (void)unlink(word); /* one that is left says nothing until the next one's end */
    return true;
}

static bool move_key(const char *dir, GError **error)
{
    g_autofree char *from = mgr_site_path(dir, MGR_SITE_NEXT_AUTHORITY_KEY);
    g_autofree char *to = mgr_site_path(dir, MGR_SITE_CA_KEY);
    g_autofree char *pki = mgr_site_path(dir, "pki");

    if (rename(from, to) != 0)
        return hl_fail_errno(error, errno, _("cannot move %s to %s"), from, to);
    return hl_dir_sync(pki, error);
}

bool mgr_succession_mend(const char *dir, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };
    g_autofree char *next_path = mgr_site_path(dir, MGR_SITE_NEXT_AUTHORITY_KEY);
    g_autoptr(HlKey) next = NULL;

    if (!g_file_test(next_path, G_FILE_TEST_EXISTS))
        return true;
    if (!mgr_authority_open(&authority, dir, error))
        return false;
    if (authority.next != NULL)
        return true;
    next = hl_key_load(next_path, error);
    if (next == NULL)
        return false;
    return hl_cert_has_key(authority.cert, next) ? move_key(dir, error) : remove_key(dir, error);
}
