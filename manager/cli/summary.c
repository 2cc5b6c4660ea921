/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "lib/base/text.h"
#include "manager/cli/show.h"
#include "manager/core/ends.h"
#include "proto/phrase.h"

#define MAX_SHOWN_ENDS 5

/* Nothing found says something only where a scan has looked. */
static void add_findings(GString *out, const json_t *summary)
{
    g_autofree char *found = cli_count(summary, "open_detections", "%u open detection", "%u open detections");
    g_autofree char *infected = cli_count(summary, "infected", "%u endpoint", "%u endpoints");
    g_autofree char *text = g_strdup_printf(_("%s on %s"), found, infected);
    g_autofree char *toned = hl_tone(stdout, cli_int(summary, "infected") > 0 ? HL_TONE_BAD : HL_TONE_PLAIN, text);

    g_string_append_printf(out, _("%s; the last scan failed on %" PRId64 ", %" PRId64 " never scanned\n"), toned,
                           cli_int(summary, "scans_failed"), cli_int(summary, "never_scanned"));
}

/* A fleet without patterns looks sound by its counts: nothing is behind. */
static void add_unpublished(GString *out, const json_t *summary)
{
    const char *state = cli_text(json_object_get(summary, "repository"), "state");
    g_autofree char *shown = NULL;

    if (cli_int(summary, "endpoints") == 0 || *state == '\0' || strcmp(state, "none") == 0 ||
        json_object_size(json_object_get(summary, "latest_patterns")) > 0)
        return;
    shown = hl_tone(stdout, HL_TONE_BAD,
                    _("The server has no patterns, and endpoints get none from it; there, 'holdline doctor' says how "
                      "they are published."));
    g_string_append_printf(out, "%s\n", shown);
}

/* Endpoints refuse a repository that nobody has signed again: said while there is time. */
static void add_repository(GString *out, const json_t *repository)
{
    bool expired = strcmp(cli_text(repository, "state"), "expired") == 0;
    g_autofree char *text = NULL;
    g_autofree char *shown = NULL;

    if (*cli_text(repository, "remedy") == '\0')
        return;
    text = g_strdup_printf(
        expired ? _("The pattern repository's timestamp expired %s, and no endpoint can update from it; run: %s")
                : _("The pattern repository's timestamp was not renewed and expires %s; run: %s"),
        cli_text(repository, "expires"), cli_text(repository, "remedy"));
    shown = hl_tone(stdout, expired ? HL_TONE_BAD : HL_TONE_WARN, text);
    g_string_append_printf(out, "%s\n", shown);
}

/* The timestamp is told of above, with what became of its renewal. */
static bool is_end_shown(const json_t *end, MgrEndKind *kind)
{
    return mgr_end_kind_parse(cli_text(end, "kind"), kind) && *kind != MGR_END_TIMESTAMP;
}

static void add_end(GString *out, const json_t *end, MgrEndKind kind)
{
    HlTime at;
    g_autofree char *remedy = NULL;
    g_autofree char *sentence = NULL;
    g_autofree char *text = NULL;
    g_autofree char *shown = NULL;

    if (!hl_time_parse(cli_text(end, "end"), &at, NULL))
        return;
    remedy = mgr_end_translate_remedy(kind, cli_text(end, "name"), cli_text(end, "remedy"));
    sentence = mgr_end_describe(&(MgrEnd){ kind, cli_text(end, "name"), 0, at }, hl_clock_wall());
    *sentence = g_ascii_toupper(*sentence);
    text = g_strdup_printf(_("%s; remedy: %s"), sentence, remedy);
    shown = hl_tone(stdout, strcmp(cli_text(end, "state"), "near") == 0 ? HL_TONE_WARN : HL_TONE_BAD, text);
    g_string_append_printf(out, "%s\n", shown);
}

static void add_ends(GString *out, const json_t *ends)
{
    MgrEndKind kind;
    guint more = 0;
    guint n = 0;
    size_t i;
    json_t *end;

    json_array_foreach(ends, i, end)
    {
        if (!is_end_shown(end, &kind))
            continue;
        if (n++ < MAX_SHOWN_ENDS)
            add_end(out, end, kind);
        else
            more++;
    }
    if (more > 0)
        g_string_append_printf(out, _("... %u more ends are near: 'holdline status --json' lists them.\n"), more);
}

/* What is wrong with the server.  It says which file and which broker in English, and only that; a reader of another
 * language gets the sentence of the console in front of it. */
static const struct {
    const char *member, *text;
} problems[] = {
    { "audit_broken", N_("The audit log is not what was written.") },
    { "clock", N_("The clock of the server is behind.") },
    { "disk", N_("The disk of the server is full, or nearly, or cannot be written.") },
    { "broker_reload", N_("The broker could not be told which certificates are revoked.") },
    { "broker_split", N_("The brokers do not know each other: some endpoints are not heard.") },
    { "broker_refused", N_("The broker refuses what the server needs to hear.") },
    { "broker_away", N_("A broker is away.") },
    { "broker_drained", N_("A broker is drained.") },
    { "broker_hung", N_("A broker hung or keeps ending.") },
    { "notifications", N_("Notifications do not reach their destination.") },
    { "repository_problem", N_("Files of the pattern repository are missing.") },
    { "patterns_old", N_("The server has had no new patterns for long.") },
};

/* In the reader's language, or in English below a line that is. */
static void add_problem(GString *out, const char *english, const char *problem)
{
    const char *words = hl_tr(english);
    g_autofree char *worded = hl_phrase_detail(problem);
    g_autofree char *said = hl_text_printable(worded);
    bool is_worded = words == english || strcmp(worded, problem) != 0;
    g_autofree char *text = is_worded ? g_steal_pointer(&said) : g_strdup_printf("%s (%s)", words, said);
    g_autofree char *shown = hl_tone(stdout, HL_TONE_BAD, text);

    g_string_append_printf(out, "%s\n", shown);
}

static void add_problems(GString *out, const json_t *summary)
{
    for (gsize i = 0; i < G_N_ELEMENTS(problems); i++) {
        const char *problem = json_string_value(json_object_get(summary, problems[i].member));

        if (problem != NULL)
            add_problem(out, problems[i].text, problem);
    }
}

static void add_ended(GString *out, json_int_t n)
{
    if (n > 0)
        g_string_append_printf(out,
                               hl_trn("%u certificate of an endpoint has ended: 'holdline endpoint list --ended' says "
                                      "until when they come back by themselves.\n",
                                      "%u certificates of endpoints have ended: 'holdline endpoint list --ended' says "
                                      "until when they come back by themselves.\n",
                                      (gulong)n),
                               (unsigned)n);
}

static void add_halted(GString *out, const json_t *ids)
{
    const char *first = json_string_value(json_array_get(ids, 0));
    g_autofree char *text = NULL;
    g_autofree char *shown = NULL;

    if (json_array_size(ids) == 0)
        return;
    text = json_array_size(ids) == 1
               ? g_strdup_printf(_("Roll-out %s has halted: 'holdline rollout show %s' says why."), first, first)
               : g_strdup_printf(_("%u roll-outs have halted: 'holdline rollout list' shows which."),
                                 (guint)json_array_size(ids));
    shown = hl_tone(stdout, HL_TONE_BAD, text);
    g_string_append_printf(out, "%s\n", shown);
}

static void add_program(GString *out, const json_t *summary)
{
    json_int_t n = cli_int(summary, "outdated_program");

    if (n > 0)
        g_string_append_printf(out,
                               hl_trn("%u has an earlier version of the program than %s, which the repository offers: "
                                      "'holdline endpoint list outdated-program'.\n",
                                      "%u have an earlier version of the program than %s, which the repository offers: "
                                      "'holdline endpoint list outdated-program'.\n",
                                      (gulong)n),
                               (unsigned)n, cli_text(summary, "latest_program"));
}

/* The one line that people always see. */
static void add_counts(GString *out, const json_t *summary)
{
    g_autofree char *all = cli_count(summary, "endpoints", "%u endpoint", "%u endpoints");
    g_autofree char *open = cli_count(summary, "open_commands", "%u open command", "%u open commands");
    g_autofree char *online = g_strdup_printf(_("%" PRId64 " online"), cli_int(summary, "online"));
    g_autofree char *offline = g_strdup_printf(_("%" PRId64 " offline"), cli_int(summary, "offline"));
    g_autofree char *good = hl_tone(stdout, HL_TONE_GOOD, online);
    g_autofree char *bad = hl_tone(stdout, cli_int(summary, "offline") > 0 ? HL_TONE_BAD : HL_TONE_DIM, offline);

    g_string_append_printf(out,
                           _("%s: %s, %" PRId64 " stale, %s, %" PRId64 " never seen; %" PRId64 " outdated, %" PRId64
                             " without the current settings, %s"),
                           all, good, cli_int(summary, "stale"), bad, cli_int(summary, "never-seen"),
                           cli_int(summary, "outdated"), cli_int(summary, "settings_behind"), open);
    g_string_append(out, "\n");
}

char *cli_summary_text(const json_t *summary)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *timed = NULL;

    add_counts(out, summary);
    add_findings(out, summary);
    add_unpublished(out, summary);
    add_program(out, summary);
    if (json_is_true(json_object_get(summary, "server_blind")))
        g_string_append(out, _("The server has no broker at the moment: every status is as last known.\n"));
    add_problems(out, summary);
    if (cli_int(summary, "flooding") > 0)
        g_string_append_printf(out, _("%" PRId64 " held off for sending too much (flooding).\n"),
                               cli_int(summary, "flooding"));
    add_halted(out, json_object_get(summary, "rollouts_halted"));
    add_ended(out, cli_int(summary, "certificates_ended"));
    add_repository(out, json_object_get(summary, "repository"));
    add_ends(out, json_object_get(summary, "ends"));
    timed = hl_local_beside(out->str);
    return hl_text_fit(timed, hl_terminal_size(stdout, NULL));
}
