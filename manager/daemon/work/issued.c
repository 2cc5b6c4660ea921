/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/issued.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/site/issued.h"
#include "manager/site/site.h"
#include "manager/store/accounts.h"

#define MAX_AT_ONCE 16      /* a tick; more wait for the next */
#define BY_SITE     "@site" /* in the audit log, where accounts are named: no account can be called that */

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
    HlTime at;
} Intake;

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

/* Stays where it is and is tried again: until then it could not be revoked. */
static void fail_intake(gpointer change, const GError *error)
{
    const Intake *intake = change;

    hl_log_limited(HL_LOG_ERROR, "account", intake->path,
                   "%s cannot be taken into the registry, which is tried again every second: %s", intake->path,
                   error->message);
    g_hash_table_remove(intake->issued->under_way, intake->path);
}

/* revoked: there is no account any more. */
static void note(const Intake *intake, HlWriteSet *set, bool revoked)
{
    const MgrIssuedOptions *parts = &intake->issued->parts;
    g_autofree char *arguments = g_strdup_printf("name=%s serial=%s", intake->name, intake->record.serial);
    MgrAuditRecord row = { .at = intake->at,
                           .account = hl_unconst(BY_SITE),
                           .certificate = hl_unconst(""),
                           .call = hl_unconst("account certificate"),
                           .arguments = arguments,
                           .code = hl_unconst(revoked ? hl_error_name(HL_ERROR_NOT_FOUND) : ""),
                           .text = hl_unconst(revoked ? "there is no such account any more: it is revoked" : "") };

    parts->noted(set, &row, parts->user);
}

static void commit_intake(Intake *intake)
{
    static const MgrChangeKind kept = { fold_intake, fail_intake, intake_free };
    static const MgrChangeKind revoked = { fold_revoked, fail_intake, intake_free };
    const MgrIssuedOptions *parts = &intake->issued->parts;
    HlWriteSet *set = hl_write_set_new();

    if (mgr_accounts_get(parts->fleet->accounts, intake->name) != NULL) {
        mgr_write_account_certificate(set, &intake->record);
        note(intake, set, false);
        mgr_record_commit(parts->record, set, &kept, intake);
        return;
    }
    mgr_write_named_certificate(set, &intake->record); /* whose the name is now keeps it */
    mgr_write_revocations(set, intake->name, NULL, intake->at);
    note(intake, set, true);
    mgr_record_commit(parts->record, set, &revoked, intake);
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
    if (g_hash_table_contains(issued->parts.fleet->certificates, info->serial)) { /* stopped before it was removed */
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
                                    .issued_at = hl_clock_wall(),
                                    .expires_at = info->not_after },
                        .at = hl_clock_wall() };
    commit_intake(intake);
}

void mgr_issued_tick(MgrIssued *issued)
{
    g_autoptr(GDir) dir = g_dir_open(issued->folder, 0, NULL);
    const char *name;

    for (guint n = 0; dir != NULL && n < MAX_AT_ONCE && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(issued->folder, name, NULL);

        if (!g_str_has_suffix(name, ".pem") || g_hash_table_contains(issued->under_way, path))
            continue; /* a temporary file: it is being written */
        take_in(issued, path);
        n++;
    }
}
