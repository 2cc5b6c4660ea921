/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/scanner.h"

#include <inttypes.h>
#include <pwd.h>
#include <string.h>

#include "endpoint/scan/backlog.h"
#include "endpoint/scan/walk.h"
#include "lib/base/exec.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "proto/components.h"

#define MIB        ((guint64)1024 * 1024)
#define FILE_LIMIT (EP_BACKLOG_MAX + EP_WALK_DEPTH + 64) /* descriptors */

struct EpScanner {
    EpScannerOptions has;
    char *id, *patterns, *place;
    HlChild *child;
    HlTime started; /* wall */
    HlTime heard;   /* mono */
    HlTime killed;  /* mono; 0: it was not */
    EpTally tally;
    guint64 untold;  /* finds that were only counted: beyond the ration of who scans by hand */
    guint64 unnamed; /* beyond what the scan names */
    char *note;      /* about them; NULL: there are none */
    bool has_end;
    char *why, *stopped; /* nothing of it counts; it was ended by somebody: who */
};

/* -------------------------------------------------------------------------------------------------- what it says */

static char *owner_of(const json_t *found)
{
    json_int_t uid = json_integer_value(json_object_get(found, "uid"));
    const struct passwd *user = getpwuid((uid_t)uid);

    return user != NULL ? g_strdup(user->pw_name) : g_strdup_printf("%" JSON_INTEGER_FORMAT, uid);
}

/* 0: not known. */
static uint64_t version_of(const char *patterns, const char *component)
{
    size_t n;
    HlMsgComponent **rows = hl_components_parse(patterns, &n);
    uint64_t version = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i]->name, component) == 0)
            version = rows[i]->version;
    hl_components_free(rows, n);
    return version;
}

static void tell(EpScanner *scanner, const json_t *found)
{
    g_autofree char *owner = owner_of(found);
    EpDetection find = { .path = hl_json_text(found, "path"),
                         .size = (guint64)MAX(json_integer_value(json_object_get(found, "size")), 0),
                         .sha256 = hl_json_text(found, "sha256"),
                         .owner = owner,
                         .signature = hl_json_text(found, "signature"),
                         .component = hl_json_text(found, "component"),
                         .how = scanner->has.how,
                         .action = hl_json_text(found, "action"),
                         .detail = hl_json_text(found, "detail"),
                         .scan = scanner->id,
                         .at = hl_clock_wall() };

    find.version = version_of(ep_updates_patterns(scanner->has.updates), find.component);
    ep_finds_add(scanner->has.finds, &find);
}

static void on_found(EpScanner *scanner, const json_t *found)
{
    if (scanner->has.may_tell == NULL || scanner->has.may_tell(scanner->has.user))
        tell(scanner, found);
    else
        scanner->untold++;
}

/* Taken, and perhaps told of already. */
static void on_kept(EpScanner *scanner, const json_t *kept)
{
    if (!ep_finds_has(scanner->has.finds, hl_json_text(kept, "path"), hl_json_text(kept, "sha256"),
                      hl_json_text(kept, "signature"), hl_json_text(kept, "action")))
        tell(scanner, kept);
}

static void on_gap(EpScanner *scanner, const json_t *gap)
{
    const char *why = hl_json_text(gap, "why");
    EpGap reason = ep_gap_from_name(hl_json_text(gap, "reason"));

    hl_log(strcmp(scanner->has.how, "manual") == 0 ? HL_LOG_DEBUG : HL_LOG_INFO, "scan", "%s was not looked at: %s%s%s",
           hl_json_text(gap, "path"), reason == EP_N_GAPS ? "unknown" : ep_gap_text(reason), *why != '\0' ? ", " : "",
           why);
}

static void on_progress(EpScanner *scanner, const json_t *progress)
{
    ep_tally_parse(&scanner->tally, progress);
    g_free(scanner->place);
    scanner->place = g_strdup(hl_json_text(progress, "path"));
    if (scanner->has.progress != NULL)
        scanner->has.progress(&scanner->tally, scanner->has.user);
}

static void on_watch(EpScanner *scanner, const json_t *numbers)
{
    if (scanner->has.numbers != NULL)
        scanner->has.numbers(numbers, scanner->has.user);
}

static void on_hung(EpScanner *scanner, const json_t *unused G_GNUC_UNUSED)
{
    ep_engine_kill(scanner->has.engine);
}

static void on_end_told(EpScanner *scanner, const json_t *end)
{
    const char *failed = json_string_value(json_object_get(end, "failed"));

    ep_tally_parse(&scanner->tally, end);
    scanner->unnamed = (guint64)MAX(json_integer_value(json_object_get(end, "untold")), 0);
    scanner->has_end = true;
    if (failed != NULL && scanner->why == NULL)
        scanner->why = g_strdup(failed);
}

static const struct {
    const char *name;
    void (*heard)(EpScanner *scanner, const json_t *value);
} lines[] = {
    { "found", on_found }, { "kept", on_kept },    { "gap", on_gap },     { "progress", on_progress },
    { "hung", on_hung },   { "end", on_end_told }, { "watch", on_watch },
};

static void on_line(const char *line, gpointer user)
{
    EpScanner *scanner = user;
    g_autoptr(json_t) json = hl_json_parse("a line of the scanner", line, strlen(line), NULL);

    scanner->heard = hl_clock_mono();
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        const json_t *value = json_object_get(json, lines[i].name);

        if (value != NULL)
            lines[i].heard(scanner, value);
    }
}

/* ------------------------------------------------------------------------------------------------------- its end */

/* One that ended without a last word was killed, by us or by the kernel. */
static void explain(EpScanner *scanner, const HlChildEnd *end)
{
    g_autofree char *errors = g_utf8_make_valid(end->errors, -1);

    if (scanner->why != NULL || scanner->stopped != NULL || scanner->has_end)
        return;
    if (end->timed_out)
        scanner->why = g_strdup("it took too long and was stopped");
    else
        scanner->why = g_strdup_printf("the scanner ended with %s %d%s%s", end->exited ? "status" : "signal",
                                       end->status, *errors != '\0' ? ": " : "", g_strstrip(errors));
}

/* Nothing is lost silently. */
static void note_untold(EpScanner *scanner)
{
    const char *why = scanner->stopped != NULL ? scanner->stopped : scanner->why;

    if (scanner->untold + scanner->unnamed > 0)
        scanner->note = g_strdup_printf("%s%s%" PRIu64 " of the finds were only counted: %s", why != NULL ? why : "",
                                        why != NULL ? "; " : "", scanner->untold + scanner->unnamed,
                                        scanner->untold > 0 ? "more were found by hand than a day's ration"
                                                            : "more were found than one scan names");
}

static void on_done(const HlChildEnd *end, gpointer user)
{
    EpScanner *scanner = user;

    scanner->child = NULL;
    explain(scanner, end);
    note_untold(scanner);
    scanner->has.done(scanner->has.user);
}

/* Once: each would put off the kill that follows. */
static void kill_it(EpScanner *scanner)
{
    if (scanner->child == NULL || scanner->killed != 0)
        return;
    scanner->killed = MAX(hl_clock_mono(), 1);
    hl_child_stop(scanner->child);
}

void ep_scanner_set_stopped(EpScanner *scanner, const char *by)
{
    if (scanner->stopped == NULL)
        scanner->stopped = g_strdup(by);
}

void ep_scanner_stop(EpScanner *scanner, const char *by)
{
    ep_scanner_set_stopped(scanner, by);
    kill_it(scanner);
}

void ep_scanner_fail(EpScanner *scanner, const char *why)
{
    if (scanner->why == NULL && scanner->stopped == NULL)
        scanner->why = g_strdup(why);
    kill_it(scanner);
}

/* ------------------------------------------------------------------------------------------------------ its start */

static void add(GPtrArray *argv, const char *flag, char *value)
{
    g_ptr_array_add(argv, g_strdup(flag));
    g_ptr_array_add(argv, value);
}

GPtrArray *ep_scanner_arguments(const EpScanner *scanner, const char *mode)
{
    char **rows = ep_settings_values(scanner->has.settings)->scan_exclude;
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(scanner->has.conf->scanner));
    g_ptr_array_add(argv, g_strdup(mode));
    ep_engine_add_words(scanner->has.engine, argv);
    add(argv, "--scan", g_strdup(scanner->id));
    /* paths are passed over by the walk alone: what somebody names by hand is meant */
    for (gsize i = 0; rows[i] != NULL; i++)
        add(argv, "--exclude", g_strdup(rows[i]));
    return argv;
}

void ep_scanner_add_quarantine(const EpScanner *scanner, GPtrArray *argv)
{
    const HlSettings *settings = ep_settings_values(scanner->has.settings);
    const char *state = scanner->has.conf->state_dir;

    add(argv, "--own", g_strdup(state));
    add(argv, "--allowed", g_build_filename(state, EP_ALLOWED_FILE, NULL));
    if (settings->scan_action != HL_SCAN_QUARANTINE)
        return;
    add(argv, "--quarantine", g_build_filename(state, EP_QUARANTINE_DIRECTORY, NULL));
    add(argv, "--quarantine-size", g_strdup_printf("%" PRIu64, (guint64)settings->scan_quarantine_size * MIB));
    add(argv, "--quarantine-age", hl_duration_format(settings->scan_quarantine_age));
}

bool ep_scanner_start(EpScanner *scanner, GPtrArray *argv, int stdin_fd, HlTime deadline, GError **error)
{
    HlChildSpec spec = { .stdin_fd = stdin_fd, .deadline = deadline, .lines_only = true, .file_limit = FILE_LIMIT };

    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    scanner->patterns = g_strdup(ep_updates_patterns(scanner->has.updates));
    scanner->started = hl_clock_wall();
    scanner->heard = hl_clock_mono();
    scanner->child = hl_child_start(&spec, on_line, on_done, scanner, error);
    g_ptr_array_unref(argv);
    return scanner->child != NULL;
}

/* --------------------------------------------------------------------------------------------------- what it is */

HlTime ep_scanner_silence(const EpScanner *scanner)
{
    return hl_clock_mono() - scanner->heard;
}

HlTime ep_scanner_dying(const EpScanner *scanner)
{
    return scanner->child == NULL || scanner->killed == 0 ? 0 : hl_clock_mono() - scanner->killed;
}

bool ep_scanner_is_ending(const EpScanner *scanner)
{
    return scanner->killed != 0 || scanner->has_end;
}

const char *ep_scanner_place(const EpScanner *scanner)
{
    return scanner->place != NULL ? scanner->place : "";
}

EpScanRecord ep_scanner_record(const EpScanner *scanner)
{
    const char *why = scanner->stopped != NULL ? scanner->stopped : scanner->why != NULL ? scanner->why : "";

    return (EpScanRecord){ .id = scanner->id,
                           .how = scanner->has.how,
                           .started = scanner->started,
                           .ended = hl_clock_wall(),
                           .end = scanner->stopped != NULL ? "stopped"
                                  : scanner->why != NULL   ? "failed"
                                                           : "completed",
                           .detail = scanner->note != NULL ? scanner->note : why,
                           .patterns = scanner->patterns,
                           .tally = scanner->tally };
}

EpScanner *ep_scanner_new(const EpScannerOptions *options)
{
    EpScanner *scanner = g_new0(EpScanner, 1);

    scanner->has = *options;
    scanner->id = hl_ident_new("s-");
    return scanner;
}

void ep_scanner_free(EpScanner *scanner)
{
    if (scanner == NULL)
        return;
    g_clear_pointer(&scanner->child, hl_child_abandon);
    g_free(scanner->id);
    g_free(scanner->patterns);
    g_free(scanner->place);
    g_free(scanner->note);
    g_free(scanner->why);
    g_free(scanner->stopped);
    g_free(scanner);
}
