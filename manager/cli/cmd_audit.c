/* SPDX-License-Identifier: Apache-2.0 */
/* holdline audit ... */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/text.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"
#include "manager/site/audit.h"
#include "manager/site/site.h"
#include "manager/store/audit.h"

#define PAGE     "1000"
#define REST     "--limit up to " PAGE ", --since, --account and --call choose; 'holdline audit export' writes all"
#define MAX_LINE 65536 /* bytes of a line of an export: a row takes at most about 15,000 */

static char *format_result(const json_t *value, const json_t *row)
{
    const char *code = json_string_value(value);

    return *code == '\0' ? g_strdup("done") : g_strdup_printf("%s: %s", code, cli_text(row, "text"));
}

static const char *host_of(const json_t *row, const char *id)
{
    const json_t *endpoint;
    size_t i;

    json_array_foreach(json_object_get(row, "endpoints"), i, endpoint)
    {
        if (strcmp(cli_text(endpoint, "id"), id) == 0)
            return cli_text(endpoint, "host");
    }
    return NULL;
}

/* "endpoint=e-x" -> "endpoint=e-x (pc-1)"; one that is gone has its id alone. */
static char *format_arguments(const json_t *value, const json_t *row)
{
    GString *out = g_string_new(NULL);
    gsize n;

    for (const char *at = json_string_value(value); at != NULL && *at != '\0'; at += n) {
        g_autofree char *word = g_strndup(at, n = strspn(at, HL_IDENT_LETTERS));
        const char *host = host_of(row, word);

        n += n == 0;
        g_string_append_len(out, at, (gssize)n);
        if (host != NULL)
            g_string_append_printf(out, " (%s)", host);
    }
    return g_string_free(out, FALSE);
}

bool cmd_audit_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "ROW", "row", NULL },
        { "AT", "at", NULL },
        { "BY", "account", NULL },
        { "CALL", "call", NULL },
        { "RESULT", "code", format_result }, /* before what may have no room: who was denied is what one looks for */
        { "ARGUMENTS", "arguments", format_arguments },
    };
    const char *arguments[] = { "account", hl_cli_value(call, "account", NULL),
                                "call",    hl_cli_value(call, "call", NULL),
                                "since",   hl_cli_value(call, "since", NULL),
                                "limit",   hl_cli_value(call, "limit", NULL),
                                NULL };
    g_autoptr(json_t) document = cli_call(call, "audit list", arguments, error);

    if (document == NULL)
        return false;
    return cli_show_newest(call, document, "rows", columns, G_N_ELEMENTS(columns), REST, error);
}

/* ------------------------------------------------------------------------------------------------------------- rows */

/* false: stop, and *error says why. */
typedef bool (*RowFn)(const json_t *row, gpointer user, GError **error);

/* Every row that the server has, in order. */
static bool each_row(HlInvocation *call, RowFn fn, gpointer user, GError **error)
{
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);
    json_int_t after = 0;

    for (size_t n = 1; client != NULL && n > 0;) {
        g_autofree char *from = g_strdup_printf("%" JSON_INTEGER_FORMAT, after);
        const char *arguments[] = { "after", from, "limit", PAGE, NULL };
        g_autoptr(json_t) document = cli_client_call_as_is(client, "audit list", arguments, error);
        const json_t *rows = json_object_get(document, "rows");

        if (document == NULL)
            return false;
        n = json_array_size(rows);
        for (size_t i = 0; i < n; i++) {
            const json_t *row = json_array_get(rows, i);

            if (!fn(row, user, error))
                return false;
            after = cli_int(row, "row");
        }
    }
    return client != NULL;
}

typedef struct {
    FILE *out;
    int64_t last; /* row that was written last; 0: none was */
    char *hash;   /* its */
} Export;

static bool write_row(const json_t *row, gpointer user, GError **error)
{
    g_autofree char *line = hl_json_print(row);
    Export *written = user;

    written->last = cli_int(row, "row");
    g_free(written->hash);
    written->hash = g_strdup(cli_text(row, "hash"));
    return fprintf(written->out, "%s\n", line) > 0 || hl_fail_errno(error, errno, _("cannot write"));
}

static void tell_export(const HlInvocation *call, const char *path, const Export *written)
{
    g_autoptr(json_t) document =
        json_pack("{s:s, s:I, s:s}", "file", path, "rows", (json_int_t)written->last, "hash", written->hash);

    if (!cli_show_json(call, document))
        hl_say(_("%s: %" PRId64 " rows; head %" PRId64 ":%s\n"), path, written->last, written->last, written->hash);
}

bool cmd_audit_export(HlInvocation *call, GError **error)
{
    const char *path = hl_cli_value(call, "output", NULL);
    hl_autofd int fd = -1;
    Export written = { .hash = g_strdup("") };
    bool ok;

    if (path == NULL)
        return hl_fail(error, HL_ERROR_USAGE, _("audit export needs --output FILE"));
    if (!hl_file_check_new(path, error))
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    written.out = fd >= 0 ? fdopen(hl_fd_steal(&fd), "w") : NULL;
    if (written.out == NULL)
        return hl_fail_errno(error, errno, _("cannot create %s"), path);
    ok = each_row(call, write_row, &written, error);
    if (fclose(written.out) != 0 && ok)
        ok = hl_fail_errno(error, errno, _("cannot write %s"), path);
    /* the head is what shows later that rows behind it are missing: this is the moment to note it */
    if (ok)
        tell_export(call, path, &written);
    else
        remove(path);
    g_free(written.hash);
    return ok;
}

/* ----------------------------------------------------------------------------------------------------------- verify */

typedef struct {
    MgrAuditHead at;
    MgrAuditHead head; /* known from elsewhere; zeroed: none is */
    bool has_head;     /* its row was there, and the one that it was */
    json_t *gaps;      /* rows that say that others are missing */
    int64_t restored;  /* the first of them that tells of a backup that was put back; 0: none does */
    GError *error;     /* of what cannot stop at once */
} Verification;

static void note_gap(const Verification *verification, const MgrAuditRecord *record)
{
    g_autofree char *at = hl_time_format(record->at);

    json_array_append_new(verification->gaps, json_pack("{s:I, s:s, s:s, s:s}", "row", (json_int_t)record->number, "at",
                                                        at, "arguments", record->arguments, "text", record->text));
}

/* A head of the rows that a restore has lost is not a forgery's; only the log that was set aside then can show it. */
static bool fail_head(const Verification *verification, int64_t number, const char *what, GError **error)
{
    if (verification->restored == 0)
        return hl_fail(error, HL_ERROR_UNTRUSTED, _("row %" PRId64 " %s"), number, what);
    return hl_fail(error, HL_ERROR_UNTRUSTED,
                   _("row %" PRId64 " %s, or is one of those that were lost when a backup was put back (row %" PRId64
                     " tells of it): verify the registry that was set aside then, with --site"),
                   number, what, verification->restored);
}

static bool follow(Verification *verification, const MgrAuditRecord *record, GError **error)
{
    if (!mgr_audit_follow(&verification->at, record, error))
        return false;
    if (mgr_audit_is_gap(record) && verification->restored == 0)
        verification->restored = record->number;
    if (mgr_audit_is_gap(record) || mgr_audit_is_loss(record))
        note_gap(verification, record);
    if (record->number != verification->head.number)
        return true;
    verification->has_head = g_bytes_equal(record->hash, verification->head.hash);
    return verification->has_head ||
           fail_head(verification, record->number, _("is not the one that the head tells of: the log was rewritten"),
                     error);
}

/* The hash covers the number of milliseconds; what a person reads is the other one. */
static bool check_time(const json_t *row, GError **error)
{
    g_autofree char *at = hl_time_format(cli_int(row, "at_ms"));

    return strcmp(at, cli_text(row, "at")) == 0 ||
           hl_fail(error, HL_ERROR_UNTRUSTED,
                   _("row %" PRId64 " is not what was written: its time is %s, and it says %s"),
                   (int64_t)cli_int(row, "row"), at, cli_text(row, "at"));
}

static bool follow_json(const json_t *row, gpointer user, GError **error)
{
    g_auto(MgrAuditRecord) record = { .number = cli_int(row, "row"),
                                      .at = cli_int(row, "at_ms"),
                                      .account = g_strdup(cli_text(row, "account")),
                                      .certificate = g_strdup(cli_text(row, "certificate")),
                                      .call = g_strdup(cli_text(row, "call")),
                                      .arguments = g_strdup(cli_text(row, "arguments")),
                                      .code = g_strdup(cli_text(row, "code")),
                                      .text = g_strdup(cli_text(row, "text")),
                                      .hash = hl_unhex(cli_text(row, "hash")) };

    return follow(user, &record, error) && check_time(row, error);
}

static void follow_record(MgrAuditRecord *record, gpointer user)
{
    Verification *verification = user;

    if (verification->error == NULL)
        HL_IGNORE(follow(verification, record, &verification->error)); /* the first broken row is the one to tell */
}

static bool verify_site(const char *dir, Verification *verification, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, "registry.db");
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_READ_ONLY, error);

    if (db == NULL || !mgr_registry_list_audit(db, &(MgrAuditFilter){ 0 }, follow_record, verification, error))
        return false;
    if (verification->error == NULL)
        return true;
    g_propagate_error(error, g_steal_pointer(&verification->error));
    return false;
}

/* A line that is not a row of the log is as bad as a row that was changed: what it said is lost. */
static json_t *parse_row(const char *path, const char *line, int64_t number, GError **error)
{
    g_autoptr(GError) problem = NULL;
    json_t *row = hl_json_parse(path, line, strlen(line), &problem);

    if (row == NULL && !g_str_has_suffix(line, "\n"))
        hl_fail(error, HL_ERROR_UNTRUSTED, _("%s ends in the middle of line %" PRId64 ": the file was cut"), path,
                number);
    else if (row == NULL)
        hl_fail(error, HL_ERROR_UNTRUSTED, _("line %" PRId64 " of %s is not a row of the log"), number, path);
    return row;
}

static bool verify_file(const char *path, Verification *verification, GError **error)
{
    g_autofree char *line = g_malloc(MAX_LINE);
    FILE *in = fopen(path, "re");
    bool ok = in != NULL || hl_fail_errno(error, errno, _("cannot open %s"), path);
    int64_t number = 0;

    while (ok && fgets(line, MAX_LINE, in) != NULL) {
        g_autoptr(json_t) row = parse_row(path, line, ++number, error);

        ok = row != NULL && follow_json(row, verification, error);
    }
    if (ok && number == 0 && !ferror(in))
        ok = hl_fail(error, HL_ERROR_UNTRUSTED, _("%s is empty: a log has at least one row"), path);
    if (ok && ferror(in))
        ok = hl_fail(error, HL_ERROR_IO, _("cannot read %s to its end"), path);
    if (in != NULL)
        fclose(in);
    return ok;
}

/* "ROW:HASH", as the summary tells it. */
static bool parse_head(const char *text, Verification *verification, GError **error)
{
    return text == NULL || (*text != '\0' && mgr_audit_head_parse(text, &verification->head)) ||
           hl_fail(error, HL_ERROR_USAGE,
                   _("--head: '%s' is not of the form ROW:HASH, as 'holdline status --json' shows it"), text);
}

static bool verify(HlInvocation *call, Verification *verification, GError **error)
{
    const char *site = hl_cli_value(call, "site", NULL);
    g_autofree char *what = NULL;
    bool ok;

    if (!parse_head(hl_cli_value(call, "head", NULL), verification, error))
        return false;
    if (site != NULL && call->n_args == 0 && verification->head.number == 0 &&
        !mgr_site_read_audit_head(site, &verification->head, error)) /* as its manager left it at its last stop */
        return false;
    if (call->n_args > 0)
        ok = verify_file(call->args[0], verification, error);
    else
        ok = site != NULL ? verify_site(site, verification, error) : each_row(call, follow_json, verification, error);
    if (!ok || verification->at.number >= verification->head.number)
        return ok;
    what = g_strdup_printf(_("is missing: the log ends with row %" PRId64 ", and the head tells of row %" PRId64),
                           verification->at.number, verification->head.number);
    return fail_head(verification, verification->at.number + 1, what, error);
}

static void show_verified(HlInvocation *call, const Verification *verification)
{
    const MgrAuditHead *at = &verification->at;
    g_autofree char *hash =
        at->hash != NULL ? hl_hex(g_bytes_get_data(at->hash, NULL), g_bytes_get_size(at->hash)) : g_strdup("");
    g_autoptr(json_t) document =
        json_pack("{s:I, s:s, s:O}", "rows", (json_int_t)at->number, "hash", hash, "gaps", verification->gaps);
    size_t i;
    json_t *gap;

    if (cli_show_json(call, document))
        return;
    json_array_foreach(verification->gaps, i, gap)
    {
        g_autofree char *text = hl_text_printable(cli_text(gap, "arguments"));

        hl_say(_("row %" PRId64 ": %s (%s)\n"), cli_int(gap, "row"), cli_text(gap, "text"), text);
    }
    hl_say(_("%" PRId64 " rows, unbroken; head %" PRId64 ":%s\n"), at->number, at->number, hash);
    if (verification->head.number == 0)
        hl_say(
            _("Whether rows are missing behind the last one is shown only by a head that was noted before: 'holdline "
              "audit verify --head ROW:HASH'.\n"));
}

/* Who can write the log can make its hashes again, too: that rows fit each other shows nothing of what they were. */
static char *judge_before(const Verification *verification)
{
    if (verification->has_head)
        return g_strdup_printf(
            _("The rows up to row %" PRId64 ", of which the head tells, are as they were written.  "),
            verification->head.number);
    return g_strdup(verification->at.number > 0
                        ? _("The rows before it fit each other, which does not show that none of them was changed.  ")
                        : "");
}

/* A chain cannot be mended; what was in it may be in a backup or an export. */
static void add_remedy(GError *problem, const Verification *verification)
{
    g_autofree char *found = problem->message;
    g_autofree char *before = judge_before(verification);

    problem->message = g_strconcat(
        found, "\n", before,
        _("Somebody who may write registry.db, or this file, has changed it: what was there is in an export, or in a "
          "backup of an earlier day, which 'holdline audit verify --site BACKUP' verifies"),
        NULL);
}

bool cmd_audit_verify(HlInvocation *call, GError **error)
{
    Verification verification = { .gaps = json_array() };
    g_autoptr(GError) problem = NULL;
    bool ok = verify(call, &verification, &problem);

    if (ok)
        show_verified(call, &verification);
    else if (hl_error_code(problem) == HL_ERROR_UNTRUSTED)
        add_remedy(problem, &verification);
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&problem));
    mgr_audit_head_clear(&verification.at);
    mgr_audit_head_clear(&verification.head);
    json_decref(verification.gaps);
    return ok;
}
