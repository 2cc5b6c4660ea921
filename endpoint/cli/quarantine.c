/* SPDX-License-Identifier: Apache-2.0 */
/* `quarantine ...`: for root, on the directory itself; no daemon is needed. */
#include <stdio.h>

#include "endpoint/cli/commands.h"
#include "endpoint/scan/release.h"
#include "lib/base/escape.h"
#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/table.h"

#define PATIENCE (15 * HL_SECOND) /* a scan has it open while it takes files */

/* Bounds are for who adds. */
static EpQuarantine *open_it(HlInvocation *call, GError **error)
{
    const EpTool *tool = call->user;
    g_autofree char *directory = NULL;
    EpQuarantine *quarantine;

    if (!ep_tool_load(call, error))
        return NULL;
    directory = g_build_filename(tool->conf.state_dir, EP_QUARANTINE_DIRECTORY, NULL);
    quarantine =
        ep_quarantine_open(directory, (EpQuarantineBounds){ .max_bytes = G_MAXINT64, .patience = PATIENCE }, error);
    if (quarantine == NULL && g_error_matches(*error, HL_ERROR, HL_ERROR_CONFLICT))
        hl_error_prefix(error, "a scan is using the quarantine; try again when it has ended");
    if (quarantine == NULL && g_error_matches(*error, HL_ERROR, HL_ERROR_DENIED)) {
        g_clear_error(error);
        hl_fail(error, HL_ERROR_DENIED, "only the administrator of this machine may do this: run it as root");
    }
    return quarantine;
}

static char *path_of(const EpRecord *record)
{
    g_autofree char *path = g_build_filename(record->directory, record->name, NULL);

    return hl_escape(path);
}

static json_t *record_json(const EpRecord *record)
{
    g_autofree char *path = path_of(record);
    g_autofree char *taken = hl_time_format(record->taken);

    return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s}", "id", record->id, "path", path, "size",
                     (json_int_t)record->size, "uid", (json_int_t)record->uid, "sha256", record->sha256, "signature",
                     record->signature, "scan", record->scan, "taken", taken);
}

static void print_json(const GPtrArray *records)
{
    g_autoptr(json_t) list = json_array();
    g_autofree char *text = NULL;

    for (guint i = 0; i < records->len; i++)
        json_array_append_new(list, record_json(records->pdata[i]));
    text = hl_json_print(list);
    printf("%s\n", text);
}

static void print_table(const GPtrArray *records)
{
    static const char *const heads[] = { N_("ID"), N_("TAKEN"), N_("SIZE"), N_("SIGNATURE"), N_("PATH"), NULL };
    g_autoptr(HlTable) table = hl_table_new(heads);

    hl_table_word(table);
    for (guint i = 0; i < records->len; i++) {
        const EpRecord *record = records->pdata[i];
        g_autofree char *path = path_of(record);
        g_autofree char *taken = hl_time_format(record->taken);
        g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, record->size);

        hl_table_add(table, (const char *const[]){ record->id, taken, size, record->signature, path, NULL });
    }
    hl_table_print(table, stdout);
}

bool ep_cmd_quarantine_list(HlInvocation *call, GError **error)
{
    g_autoptr(EpQuarantine) quarantine = open_it(call, error);
    const GPtrArray *records;

    if (quarantine == NULL)
        return false;
    records = ep_quarantine_list(quarantine);
    if (hl_cli_has(call, "json"))
        print_json(records);
    else if (records->len == 0)
        fputs(_("The quarantine is empty.\n"), stdout);
    else
        print_table(records);
    return true;
}

bool ep_cmd_quarantine_restore(HlInvocation *call, GError **error)
{
    const EpTool *tool = call->user;
    g_autoptr(EpQuarantine) quarantine = open_it(call, error);
    g_autofree char *allowed = NULL;

    if (quarantine == NULL)
        return false;
    allowed = g_build_filename(tool->conf.state_dir, EP_ALLOWED_FILE, NULL);
    if (!ep_release_restore(quarantine, call->args[0], allowed, error))
        return false;
    fputs(_("It is back at its place, and scheduled scans of this machine take this content for clean from now on.\n"),
          stdout);
    return true;
}

bool ep_cmd_quarantine_delete(HlInvocation *call, GError **error)
{
    g_autoptr(EpQuarantine) quarantine = open_it(call, error);

    if (quarantine == NULL || !ep_quarantine_delete(quarantine, call->args[0], error))
        return false;
    fputs(_("It is gone for good.\n"), stdout);
    return true;
}
