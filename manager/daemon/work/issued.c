/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/issued.h"

#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/site/issued.h"
#include "manager/site/site.h"
#include "manager/store/accounts.h"

#define MAX_AT_ONCE 16 /* a tick; more wait for the next */

struct MgrIssued {
    MgrIssuedOptions parts;
    char *folder;
    GHashTable *under_way; /* paths that are being taken in, or cannot be */
};

/* One file, on its way through the registry. */
typedef struct {
    MgrIssued *issued;
    char *path, *name;
    MgrCertificateRecord record;
    MgrAccountRecord owner; /* that it becomes; name NULL: it does not */
    HlTime at;
    bool replaces;
} Intake;

/* What becomes of it. */
typedef enum {
    KEPT,
    REPLACING, /* the earlier ones of its account end */
    RECOVERED, /* no owner is left: its account becomes one */
    REVOKED,   /* there is no such account any more */
} Fate;

MgrIssued *mgr_issued_new(const MgrIssuedOptions *options)
{
    MgrIssued *issued = g_new0(MgrIssued, 1);

    issued->parts = *options;
    issued->folder = mgr_site_path(options->dir, MGR_SITE_ISSUED);
    issued->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return issued;
}

void mgr_issued_free(MgrIssued *issued)
{
    if (issued == NULL)
        return;
    g_hash_table_unref(issued->under_way);
    g_free(issued->folder);
    g_free(issued);
}

static void intake_free(gpointer change)
{
    Intake *intake = change;

    mgr_certificate_record_clear(&intake->record);
    mgr_account_record_clear(&intake->owner);
    g_free(intake->path);
    g_free(intake->name);
    g_free(intake);
}

/* What the registry has need not wait here; the directory goes with the last. */
static void finish(const MgrIssued *issued, const char *path)
{
    if (unlink(path) == 0)
        g_hash_table_remove(issued->under_way, path);
    else
        hl_log_limited(HL_LOG_ERROR, "account", path, "cannot remove %s, which is in the registry", path);
    rmdir(issued->folder); /* if it is empty */
}

static void publish(const MgrIssued *issued)
{
    g_autoptr(GError) error = NULL;

    if (!mgr_pki_publish(issued->parts.pki, &error))
        hl_log_limited(HL_LOG_ERROR, "account", "lists", "%s", error->message);
}

static void fold_intake(gpointer change)
{
    Intake *intake = change;
    MgrIssued *issued = intake->issued;

    hl_info("account", "%s got the certificate %s from the server's own command line", intake->name,
            intake->record.serial);
    mgr_fleet_add_certificate(issued->parts.fleet, &intake->record);
    publish(issued);
    finish(issued, intake->path);
}

static void fold_replacing(gpointer change)
{
    Intake *intake = change;
    const MgrIssuedOptions *parts = &intake->issued->parts;
    g_autofree char *serial = g_strdup(intake->record.serial);

    hl_info("account", "%s got the certificate %s from the server's own command line, in place of the earlier ones",
            intake->name, serial);
    mgr_fleet_add_certificate(parts->fleet, &intake->record);
    mgr_pki_fold_revocations(parts->pki, intake->name, serial, intake->at, NULL);
    finish(intake->issued, intake->path);
}

static void fold_revoked(gpointer change)
{
    Intake *intake = change;
    MgrIssued *issued = intake->issued;

    hl_warn("account",
            "the certificate %s that the server's own command line issued is revoked: there is no account "
            "'%s' any more",
            intake->record.serial, intake->name);
    mgr_fleet_add_certificate(issued->parts.fleet, &intake->record);
    mgr_pki_fold_revocations(issued->parts.pki, intake->name, NULL, intake->at, NULL);
    finish(issued, intake->path);
}

/* Anyone who had the account before is out: that it was taken away from them was perhaps meant. */
static void fold_owner(gpointer change)
{
    Intake *intake = change;
    const MgrIssuedOptions *parts = &intake->issued->parts;
    bool had_certificate = mgr_fleet_has_live_name(parts->fleet, intake->name, NULL);
    g_autofree char *serial = g_strdup(intake->record.serial);
    g_autofree char *text = g_strdup_printf("no enabled owner was left: '%s' became one by the server's own command "
                                            "line, with the certificate %s; what the account had before has ended",
                                            intake->name, serial);

    mgr_accounts_remove(parts->fleet->accounts, intake->name);
    mgr_passes_sweep(parts->passes, intake->at);
    mgr_accounts_put(parts->fleet->accounts, &intake->owner);
    mgr_fleet_add_certificate(parts->fleet, &intake->record);
    if (had_certificate)
        mgr_pki_fold_revocations(parts->pki, intake->name, serial, intake->at, NULL);
    else
        publish(intake->issued);
    hl_error("account", "%s", text);
    mgr_status_server_event(parts->status, "owner", "none", intake->name, text);
    finish(intake->issued, intake->path);
}

/* Stays where it is and is tried again: until then it could not be revoked. */
static void fail_intake(gpointer change, const GError *error)
{
    const Intake *intake = change;

    hl_log_limited(HL_LOG_ERROR, "account", intake->path,
                   "%s cannot be taken into the registry, which is tried again every second: %s", intake->path,
                   error->message);
    g_hash_table_remove(intake->issued->under_way, intake->path);
}

static void note(const Intake *intake, HlWriteSet *set, Fate fate)
{
    static const char *const texts[] = {
        [KEPT] = "", [REPLACING] = "", [RECOVERED] = "", [REVOKED] = "there is no such account any more: it is revoked"
    };
    static const char *const ways[] = { [KEPT] = "",
                                        [REPLACING] = " replace=yes",
                                        [RECOVERED] = " role=owner, as no enabled owner was left",
                                        [REVOKED] = "" };
    const MgrIssuedOptions *parts = &intake->issued->parts;
    g_autofree char *arguments =
        g_strdup_printf("name=%s serial=%s%s", intake->name, intake->record.serial, ways[fate]);
    MgrAuditRecord row = { .account = hl_unconst(MGR_AUDIT_SITE),
                           .certificate = hl_unconst(""),
                           .call = hl_unconst("account certificate"),
                           .arguments = arguments,
                           .code = hl_unconst(fate == REVOKED ? hl_error_name(HL_ERROR_NOT_FOUND) : ""),
                           .text = hl_unconst(texts[fate]) };

    parts->noted(set, &row, parts->user);
}

/* A name that a monitor, console or endpoint has by now stays theirs. */
static Fate decide(const Intake *intake)
{
    const MgrFleet *fleet = intake->issued->parts.fleet;
    bool is_others = mgr_fleet_has_live_name(fleet, intake->name, NULL) &&
                     !mgr_fleet_has_live_name(fleet, intake->name, hl_cert_kind_name(HL_CERT_ADMIN));

    if (!mgr_accounts_have_owner(fleet->accounts) && !is_others)
        return RECOVERED;
    if (mgr_accounts_get(fleet->accounts, intake->name) == NULL)
        return REVOKED;
    return intake->replaces ? REPLACING : KEPT;
}

static void write_kept(Intake *intake, HlWriteSet *set)
{
    mgr_write_account_certificate(set, &intake->record);
}

static void write_replacing(Intake *intake, HlWriteSet *set)
{
    write_kept(intake, set);
    mgr_write_revocations(set, intake->name, intake->record.serial, intake->at);
}

static void write_owner(Intake *intake, HlWriteSet *set)
{
    const MgrAccountRecord *before = mgr_accounts_get(intake->issued->parts.fleet->accounts, intake->name);

    mgr_account_record_clear(&intake->owner);
    intake->owner = (MgrAccountRecord){ .name = g_strdup(intake->name),
                                        .created_by = g_strdup(MGR_AUDIT_SITE),
                                        .note = g_strdup(before != NULL ? before->note : ""),
                                        .role = MGR_ROLE_OWNER,
                                        .groups = g_strdup(""),
                                        .created_at = intake->at };
    mgr_write_owner_again(set, &intake->owner, intake->at);
    mgr_write_account_certificate(set, &intake->record);
}

static void write_revoked(Intake *intake, HlWriteSet *set)
{
    mgr_write_named_certificate(set, &intake->record); /* whose the name is now keeps it */
    mgr_write_revocations(set, intake->name, NULL, intake->at);
}

static void commit_intake(Intake *intake)
{
    static const struct {
        void (*write)(Intake *intake, HlWriteSet *set);
        MgrChangeKind kind;
    } ways[] = { [KEPT] = { write_kept, { fold_intake, fail_intake, intake_free } },
                 [REPLACING] = { write_replacing, { fold_replacing, fail_intake, intake_free } },
                 [RECOVERED] = { write_owner, { fold_owner, fail_intake, intake_free } },
                 [REVOKED] = { write_revoked, { fold_revoked, fail_intake, intake_free } } };
    Fate fate = decide(intake);
    HlWriteSet *set = hl_write_set_new();

    ways[fate].write(intake, set);
    note(intake, set, fate);
    mgr_record_commit(intake->issued->parts.record, set, &ways[fate].kind, intake);
}

static HlCert *load(const MgrIssued *issued, const char *path, GError **error)
{
    g_autoptr(HlCert) cert = hl_cert_load(path, error);

    if (cert == NULL)
        return NULL;
    if (mgr_pki_is_ours(issued->parts.pki, cert, HL_CERT_ADMIN))
        return g_steal_pointer(&cert);
    hl_fail(error, HL_ERROR_UNTRUSTED, "it is not the certificate of an account of this site");
    return NULL;
}

static void take_in(MgrIssued *issued, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = load(issued, path, &error);
    const HlCertInfo *info;
    Intake *intake;

    g_hash_table_add(issued->under_way, g_strdup(path));
    if (cert == NULL) {
        hl_error("account", "%s is left alone: %s", path, error->message);
        return;
    }
    info = hl_cert_info(cert);
    if (mgr_fleet_certificate(issued->parts.fleet, info->serial) != NULL) { /* stopped before it was removed */
        finish(issued, path);
        return;
    }
    intake = g_new0(Intake, 1);
    *intake = (Intake){ .issued = issued,
                        .path = g_strdup(path),
                        .name = g_strdup(info->cn),
                        .record = { .serial = g_strdup(info->serial),
                                    .name = g_strdup(info->cn),
                                    .kind = g_strdup(hl_cert_kind_name(info->kind)),
                                    .authority = mgr_pki_issuer_id(issued->parts.pki, cert),
                                    .key = hl_cert_key_id(cert),
                                    .issued_at = hl_clock_wall(),
                                    .expires_at = info->not_after },
                        .at = hl_clock_wall(),
                        .replaces = g_str_has_suffix(path, MGR_SITE_REPLACES) };
    commit_intake(intake);
}

/* A file that waits, and when it was written. */
typedef struct {
    char *path;
    struct timespec at;
} Left;

static void left_free(gpointer item)
{
    g_free(((Left *)item)->path);
    g_free(item);
}

static int compare_left(gconstpointer a, gconstpointer b)
{
    const Left *one = *(const Left *const *)a;
    const Left *two = *(const Left *const *)b;

    if (one->at.tv_sec != two->at.tv_sec)
        return one->at.tv_sec < two->at.tv_sec ? -1 : 1;
    return (one->at.tv_nsec > two->at.tv_nsec) - (one->at.tv_nsec < two->at.tv_nsec);
}

/* In the order in which they were issued: one that takes the place of earlier ones ends those that wait with it, too.
 */
static GPtrArray *list_left(const MgrIssued *issued)
{
    GPtrArray *left = g_ptr_array_new_with_free_func(left_free);
    g_autoptr(GDir) dir = g_dir_open(issued->folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(issued->folder, name, NULL);
        struct stat st;
        Left *item;

        if (!g_str_has_suffix(name, ".pem") || g_hash_table_contains(issued->under_way, path) || stat(path, &st) != 0)
            continue; /* a temporary file: it is being written */
        item = g_new(Left, 1);
        *item = (Left){ g_steal_pointer(&path), st.st_mtim };
        g_ptr_array_add(left, item);
    }
    g_ptr_array_sort(left, compare_left);
    return left;
}

void mgr_issued_tick(MgrIssued *issued)
{
    g_autoptr(GPtrArray) left = list_left(issued);

    for (guint i = 0; i < MIN(left->len, MAX_AT_ONCE); i++)
        take_in(issued, ((const Left *)left->pdata[i])->path);
}
