/* SPDX-License-Identifier: Apache-2.0 */
/* holdline backup, restore, check: on the server, beside the site; none of them asks the manager. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/process.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"
#include "manager/site/audit.h"
#include "manager/site/check.h"
#include "manager/site/exchange.h"
#include "manager/site/restore.h"
#include "manager/site/site.h"

bool cli_site_has_unit(const char *dir)
{
    return strcmp(dir, MGR_SITE_DEFAULT) == 0 && g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR);
}

char *cli_find_site(const HlInvocation *call)
{
    const char *conf = hl_cli_value(call, "config", getenv("HOLDLINE_CONFIG"));
    const char *given = hl_cli_value(call, "site", NULL);
    g_autofree char *up = conf != NULL ? g_build_filename(conf, "..", "..", "..", NULL) : NULL;
    g_autofree char *site = up != NULL ? g_canonicalize_filename(up, NULL) : NULL;
    g_autofree char *manager = site != NULL ? mgr_site_path(site, "manager.conf") : NULL;

    if (given != NULL)
        return g_canonicalize_filename(given, NULL);
    return manager != NULL && (g_file_test(manager, G_FILE_TEST_EXISTS) || !mgr_exchange_check(site, NULL))
               ? g_steal_pointer(&site)
               : g_strdup(MGR_SITE_DEFAULT);
}

static json_t *describe(const char *site, const char *dir, const MgrBackupInfo *info)
{
    g_autofree char *made = hl_time_format(info->made);

    return json_pack("{s:s, s:s, s:s, s:i, s:I}", "site", site, "backup", dir, "made", made, "files", (int)info->files,
                     "bytes", (json_int_t)info->bytes);
}

/* A copy of a log that is not what was written is a copy all the same: what was lost is lost in the site. */
static void judge_audit(const char *dir, json_t *document)
{
    g_autoptr(GError) error = NULL;
    bool ok = mgr_site_check_audit_of_backup(dir, &error);

    json_object_set_new(document, "audit_broken", ok ? json_null() : json_string(error->message));
    if (!ok)
        fprintf(stderr,
                _("warning: the audit log in %s is not what was written: %s.  Keep the backups of earlier days, and "
                  "find out who can write registry.db\n"),
                dir, error->message);
}

bool cmd_backup(HlInvocation *call, GError **error)
{
    g_autofree char *dir = g_canonicalize_filename(call->args[0], NULL);
    g_autofree char *site = cli_find_site(call);
    g_autoptr(json_t) document = NULL;
    g_autofree char *size = NULL;
    MgrBackupInfo info;

    if (!hl_process_become_owner(site, error) || !mgr_backup_make(site, dir, &info, error))
        return false;
    document = describe(site, dir, &info);
    judge_audit(dir, document);
    size = g_format_size(info.bytes);
    if (!cli_show_json(call, document))
        hl_say(_("%s is backed up in %s: %u files, %s, verified.  It holds every key of the site.\n"), site, dir,
               info.files, size);
    return true;
}

/* Their numbers, as people count. */
static json_t *drained_brokers(const MgrRestoreReport *report)
{
    json_t *numbers = json_array();

    for (guint i = 0; i < MGR_MAX_BROKERS; i++)
        if (report->drained & 1U << i)
            json_array_append_new(numbers, json_integer(i + 1));
    return numbers;
}

static void print_drained(const MgrRestoreReport *report)
{
    g_autoptr(json_t) numbers = drained_brokers(report);
    json_t *number;
    gsize i;

    json_array_foreach(numbers, i, number)
    {
        int64_t broker = json_integer_value(number);

        hl_say(_("Broker %" PRId64 " stays drained; 'holdline broker undrain %" PRId64 "' has it run again.\n"), broker,
               broker);
    }
}

static void print_restored(const MgrRestoreOrder *order, const MgrRestoreReport *report)
{
    hl_say(_("%s was %s.\n"), order->site, report->note);
    if (report->lines > 0)
        hl_say(_("The journal knows %u things that happened since the backup.\n"), report->lines);
    if (report->aside != NULL)
        hl_say(_("What was there is in %s.\n"), report->aside);
    if (report->keys != NULL)
        hl_say(_("Keys that endpoints know were taken from the previous site: %s.\n"), report->keys);
    if (report->unknown != NULL)
        hl_say(
            _("Beware: %s.\nWhere the directory of the site as it was last can be read, 'holdline restore %s --replace "
              "--previous DIR' takes its keys and its journal.\n"),
            report->unknown, order->dir);
    if (report->passes != NULL)
        hl_say("%s.\n", report->passes);
    print_drained(report);
    if (cli_site_has_unit(order->site))
        hl_say(_("\nNext:\n  holdline check --site %s\n  systemctl start holdline-managerd\n"), order->site);
    else
        hl_say(_("\nNext:\n  holdline check --site %s\n  holdline-managerd -c %s/manager.conf\n"), order->site,
               order->site);
}

bool cmd_restore(HlInvocation *call, GError **error)
{
    g_autofree char *dir = g_canonicalize_filename(call->args[0], NULL);
    g_autofree char *site = cli_find_site(call);
    MgrRestoreOrder order = { .dir = dir,
                              .site = site,
                              .journal = hl_cli_value(call, "journal", NULL),
                              .previous = hl_cli_value(call, "previous", NULL),
                              .keys = hl_cli_has(call, "keys-of-backup") ? MGR_RESTORE_KEYS_OF_BACKUP
                                                                         : MGR_RESTORE_KEYS_LATEST,
                              .how = hl_cli_has(call, "replace") ? MGR_RESTORE_REPLACE : MGR_RESTORE_INTO_EMPTY };
    g_auto(MgrRestoreReport) report = { 0 };
    g_autoptr(json_t) document = NULL;

    if (hl_cli_has(call, "json"))
        hl_i18n_end();
    if (!hl_process_become_owner(site, error) || !mgr_site_restore(&order, &report, error))
        return false;
    document = describe(site, dir, &report.backup);
    json_object_set_new(document, "note", json_string(report.note));
    json_object_set_new(document, "journal_lines", json_integer((json_int_t)report.lines));
    json_object_set_new(document, "aside", report.aside != NULL ? json_string(report.aside) : json_null());
    json_object_set_new(document, "keys", report.keys != NULL ? json_string(report.keys) : json_null());
    json_object_set_new(document, "unknown_keys", report.unknown != NULL ? json_string(report.unknown) : json_null());
    json_object_set_new(document, "passes", report.passes != NULL ? json_string(report.passes) : json_null());
    json_object_set_new(document, "drained", drained_brokers(&report));
    if (!cli_show_json(call, document))
        print_restored(&order, &report);
    return true;
}

static void add_finding(const MgrSiteFinding *finding, gpointer findings)
{
    g_autofree char *text = mgr_site_finding_text(finding);

    json_array_append_new(
        findings,
        json_pack("{s:s, s:s}", "kind", finding->kind == MGR_FINDING_NOTE ? N_("note") : N_("problem"), "text", text));
}

static bool check_backup(const HlInvocation *call, const char *dir, GError **error)
{
    g_autoptr(json_t) document = NULL;
    g_autofree char *made = NULL;
    MgrBackupInfo info;

    if (!mgr_backup_verify(dir, &info, error) || !mgr_site_check_keys(dir, error) ||
        !mgr_site_check_audit_of_backup(dir, error))
        return false;
    document = describe("", dir, &info);
    made = hl_time_format(info.made);
    if (!cli_show_json(call, document))
        hl_say(_("%s is a whole backup of %s: %u files.\n"), dir, made, info.files);
    return true;
}

bool cmd_check(HlInvocation *call, GError **error)
{
    g_autofree char *site = call->n_args > 0 ? g_canonicalize_filename(call->args[0], NULL) : cli_find_site(call);
    json_t *findings = json_array();
    g_autoptr(json_t) document = json_pack("{s:s, s:o}", "site", site, "findings", findings);
    json_t *finding;
    guint problems;
    gsize i;

    if (hl_cli_has(call, "json"))
        hl_i18n_end();
    if (mgr_backup_is_one(site))
        return check_backup(call, site, error);
    if (!g_file_test(site, G_FILE_TEST_IS_DIR)) /* anything else that is missing is a finding */
        return hl_fail(error, HL_ERROR_NOT_FOUND, _("there is no site in %s"), site);
    problems = mgr_site_check(site, add_finding, findings);
    if (!cli_show_json(call, document)) {
        json_array_foreach(findings, i, finding)
            hl_say("%s: %s\n", hl_tr(cli_text(finding, "kind")), cli_text(finding, "text"));
        if (problems == 0)
            hl_say(_("%s is sound.\n"), site);
    }
    return problems == 0 ||
           hl_fail(error, HL_ERROR_FAILED, hl_trn("%s has %u problem", "%s has %u problems", problems), site, problems);
}
