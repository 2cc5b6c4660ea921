/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/scan.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"

#define PROGRAM    "holdline-endpoint: "
#define FOUND      1 /* exit status, with a document that lists them */
#define MAX_COST   (4 * 1024 * 1024)
#define PARTIAL    9 /* exit status: not everything was looked at */
#define SCAN_LIMIT (12 * HL_HOUR)

struct TrScan {
    HlChild *child;
    TrScanned done;
    gpointer user;
};

static gulong count(const json_t *document, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(document, name));

    return n < 0 ? 0 : (gulong)n;
}

static const char *text(const json_t *row, const char *name)
{
    const char *value = json_string_value(json_object_get(row, name));

    return value == NULL ? "-" : value;
}

static void add_found(GString *words, const json_t *document, gulong found)
{
    const json_t *first = json_array_get(json_object_get(document, "detections"), 0);

    g_string_append_printf(
        words, hl_trn("%lu infected file was found: %s\n%s", "%lu infected files were found, the first: %s\n%s", found),
        found, text(first, "signature"), text(first, "path"));
}

static char *describe(const json_t *document)
{
    gulong files = count(document, "files");
    gulong found = count(document, "found");
    gulong gaps = count(document, "not_looked_at");
    GString *words = g_string_new(NULL);

    if (found > 0)
        add_found(words, document, found);
    else
        g_string_append_printf(
            words,
            hl_trn("Nothing was found; %lu file was scanned.", "Nothing was found; %lu files were scanned.", files),
            files);
    if (gaps > 0)
        g_string_append_printf(words, hl_trn("\n%lu path was not looked at.", "\n%lu paths were not looked at.", gaps),
                               gaps);
    return g_string_free(words, FALSE);
}

static bool fail_as_it_said(const HlChildEnd *end, GError **error)
{
    g_autofree char *words = hl_text_last_words(end->errors);
    const char *reason = g_str_has_prefix(words, PROGRAM) ? words + strlen(PROGRAM) : words;

    if (end->timed_out)
        return hl_fail(error, HL_ERROR_TIMEOUT, "%s", _("the scan took too long and was ended"));
    return hl_fail(error, end->exited ? hl_error_from_exit_status(end->status) : HL_ERROR_FAILED, "%s",
                   *reason != '\0' ? reason : _("the scan ended without saying why"));
}

char *tr_scan_words(const HlChildEnd *end, GError **error)
{
    g_autoptr(json_t) document = hl_json_parse_bounded("scan", end->output, strlen(end->output), MAX_COST, NULL);
    bool looked = end->exited && (end->status == 0 || end->status == PARTIAL ||
                                  (end->status == FOUND && count(document, "found") > 0));

    if (looked && document != NULL)
        return describe(document);
    fail_as_it_said(end, error);
    return NULL;
}

static void on_done(const HlChildEnd *end, gpointer user)
{
    TrScan *scan = user;
    g_autoptr(GError) error = NULL;
    g_autofree char *words = tr_scan_words(end, &error);

    scan->child = NULL;
    scan->done(words, error, scan->user);
}

TrScan *tr_scan_new(const char *const *tool, const char *path, TrScanned done, gpointer user, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    TrScan *scan = g_new0(TrScan, 1);

    for (; *tool != NULL; tool++)
        g_ptr_array_add(argv, hl_unconst(*tool));
    g_ptr_array_add(argv, hl_unconst("scan"));
    g_ptr_array_add(argv, hl_unconst("--json"));
    g_ptr_array_add(argv, hl_unconst("--"));
    g_ptr_array_add(argv, hl_unconst(path));
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    spec.deadline = SCAN_LIMIT;
    scan->done = done;
    scan->user = user;
    scan->child = hl_child_start(&spec, NULL, on_done, scan, error);
    if (scan->child != NULL)
        return scan;
    g_free(scan);
    return NULL;
}

void tr_scan_free(TrScan *scan)
{
    if (scan == NULL)
        return;
    if (scan->child != NULL)
        hl_child_abandon(scan->child);
    g_free(scan);
}
