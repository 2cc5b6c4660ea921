/* SPDX-License-Identifier: Apache-2.0 */
/* holdline endpoint ..., holdline status */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "lib/base/output.h"
#include "lib/base/text.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/show.h"
#include "manager/cli/view.h"
#include "manager/core/ends.h"
#include "manager/core/sentence.h"
#include "proto/topics.h"

#define MAX_SHOWN_ENDS 5
#define REDRAW         (500) /* ms between two screens of status --watch */

static const CliColumn endpoint_columns[] = {
    { "ID", "id", NULL },
    { "HOST", "host", NULL },
    { "GROUP", "group", NULL },
    { "DISPLAYED", "displayed", NULL },
    { "ACTUAL", "actual", cli_format_actual },
    { "VERDICT", "verdict", cli_format_verdict },
    { "DIAL", "reachability", NULL },
    { "LAST SEEN", "last_seen", cli_format_time },
    { "SETTINGS", "settings", cli_format_settings },
    { "PATTERNS", "patterns", cli_format_patterns },
    { "INFECTED", "open_detections", cli_format_infected },
};

static const CliColumn ended_columns[] = {
    { "ID", "id", NULL },
    { "HOST", "host", NULL },
    { "GROUP", "group", NULL },
    { "LAST SEEN", "last_seen", cli_format_time },
    { "CERTIFICATE ENDED", "certificate_expires", NULL },
    { "COMES BACK BY ITSELF UNTIL", "certificate_grace", NULL },
};

/* SELECTOR, --where and the flags are one list of conditions.  NULL: none was given; caller frees. */
static char *selector_of(const HlInvocation *call)
{
    const char *given[] = { call->n_args > 0 ? call->args[0] : NULL, hl_cli_value(call, "where", NULL),
                            hl_cli_has(call, "outdated") ? "outdated" : NULL,
                            hl_cli_has(call, "ended") ? "ended" : NULL };
    g_autoptr(GString) selector = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(given); i++) {
        if (given[i] == NULL)
            continue;
        if (selector == NULL)
            selector = g_string_new(given[i]);
        else
            g_string_append_printf(selector, ",%s", given[i]);
    }
    return selector != NULL ? g_string_free(g_steal_pointer(&selector), FALSE) : NULL;
}

bool cmd_endpoint_list(HlInvocation *call, GError **error)
{
    g_autofree char *selector = selector_of(call);
    const char *arguments[] = { "selector", selector, NULL };
    g_autoptr(json_t) document = cli_call(call, "endpoint list", arguments, error);

    if (document == NULL)
        return false;
    if (hl_cli_has(call, "ended") || g_strcmp0(selector, "ended") == 0)
        return cli_show_list(call, document, "endpoints", ended_columns, G_N_ELEMENTS(ended_columns), error);
    return cli_show_list(call, document, "endpoints", endpoint_columns, G_N_ELEMENTS(endpoint_columns), error);
}

static json_t *call_named(HlInvocation *call, const char *name, GError **error)
{
    const char *arguments[] = { "endpoint", call->args[0], NULL };

    return cli_call(call, name, arguments, error);
}

static void show_table(const HlInvocation *call, const json_t *document, const char *member, const CliColumn *columns,
                       gsize n)
{
    if (hl_cli_has(call, "json") || json_array_size(json_object_get(document, member)) == 0)
        return;
    putchar('\n');
    cli_show_table(document, member, columns, n);
}

bool cmd_endpoint_show(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "OPEN COMMAND", "id", NULL },
                                         { "KIND", "kind", NULL },
                                         { "STATE", "state", cli_format_state } };
    static const CliColumn scans[] = {
        { "LAST SCAN", "how", NULL },
        { "END", "end", cli_format_state },
        { "ENDED", "ended", cli_format_time },
        { "FILES", "files", NULL },
        { "FOUND", "found", NULL },
        { "NOT LOOKED AT", "not_looked_at", NULL },
        { "WHY NOT", "gaps", cli_format_states },
        { "DETAIL", "detail", NULL },
    };
    g_autoptr(json_t) document = call_named(call, "endpoint show", error);

    if (document == NULL)
        return false;
    cli_show_object(call, document);
    show_table(call, document, "scans", scans, G_N_ELEMENTS(scans));
    show_table(call, document, "commands", columns, G_N_ELEMENTS(columns));
    return true;
}

bool cmd_endpoint_history(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "AT", "at", NULL }, { "WHAT", "what", NULL }, { "DETAIL", "detail", NULL } };
    g_autoptr(json_t) document = call_named(call, "endpoint history", error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "history", columns, G_N_ELEMENTS(columns), error);
}

/* The verdict in the reader's language; a manager of 0.1.0 sends English alone.  Caller frees. */
static char *word_explanation(const json_t *endpoint)
{
    MgrSentence sentences[MGR_SENTENCES_MAX];
    gsize n = mgr_sentences_parse(json_object_get(endpoint, "sentences"), sentences, G_N_ELEMENTS(sentences));

    return n > 0 ? mgr_sentences_word(sentences, n, hl_tr) : g_strdup(cli_text(endpoint, "explanation"));
}

static void print_dial(const json_t *endpoint)
{
    const char *addresses = cli_text(endpoint, "addresses");
    g_autofree char *first = g_strndup(addresses, strcspn(addresses, ","));
    const char *at = cli_text(endpoint, "dialled_at");

    if (cli_int(endpoint, "direct_port") == 0)
        return;
    if (*at != '\0')
        printf(_("dial       %s, last at %s, to %s port %lld\n"), cli_text(endpoint, "reachability"), at, first,
               (long long)cli_int(endpoint, "direct_port"));
    else
        printf(_("dial       %s, to %s port %lld\n"), cli_text(endpoint, "reachability"), first,
               (long long)cli_int(endpoint, "direct_port"));
}

static void print_explanation(const json_t *endpoint)
{
    g_autofree char *explanation = word_explanation(endpoint);
    const char *observed = cli_text(endpoint, "observed_address");

    printf(_("%s (%s), group %s: %s\n%s\n\n"), cli_text(endpoint, "id"), cli_text(endpoint, "host"),
           cli_text(endpoint, "group"), cli_text(endpoint, "verdict"), explanation);
    printf(_("displayed  %s since %s\nactual     %s since %s (%s)\n"), hl_tr(cli_text(endpoint, "displayed")),
           cli_text(endpoint, "displayed_since"), cli_text(endpoint, "actual"), cli_text(endpoint, "since"),
           cli_text(endpoint, "reason"));
    print_dial(endpoint);
    if (*observed != '\0')
        printf(strcmp(cli_text(endpoint, "observed_by"), "https") == 0
                   ? _("observed   %s, as the HTTPS front sees it\n")
                   : _("observed   %s, as the broker sees it\n"),
               observed);
    printf(_("settings   delivered by %s\n\n"), cli_text(endpoint, "delivery"));
}

/* The whole story: the verdict, then what led to it. */
bool cmd_endpoint_explain(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "endpoint", call->args[0], NULL };
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);
    g_autoptr(json_t) endpoint =
        client != NULL ? cli_client_call(client, "endpoint show", arguments, NULL, NULL, error) : NULL;
    g_autoptr(json_t) history =
        endpoint != NULL ? cli_client_call(client, "endpoint history", arguments, NULL, NULL, error) : NULL;
    const json_t *row;
    size_t i;

    if (history == NULL)
        return false;
    if (hl_cli_has(call, "json")) {
        json_object_update(endpoint, history);
        return cli_show_json(call, endpoint);
    }
    print_explanation(endpoint);
    json_array_foreach(json_object_get(history, "history"), i, row)
    {
        printf("%s  %-12s %s\n", cli_text(row, "at"), cli_text(row, "what"), cli_text(row, "detail"));
    }
    return true;
}

bool cmd_endpoint_clone(HlInvocation *call, GError **error)
{
    g_autoptr(json_t) document = call_named(call, call->command->name, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        printf("%s: settled\n", call->args[0]);
    return true;
}

bool cmd_verify(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "selector", call->args[0], NULL };
    g_autoptr(json_t) document = cli_call(call, "verify", arguments, error);

    if (document == NULL)
        return false;
    return cli_show_list(call, document, "endpoints", endpoint_columns, G_N_ELEMENTS(endpoint_columns), error);
}

bool cmd_endpoint_move(HlInvocation *call, GError **error)
{
    const char *arguments[] = { "selector", call->args[0], "group", call->args[1], NULL };
    g_autoptr(json_t) document = cli_call(call, "endpoint move", arguments, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        printf("%" JSON_INTEGER_FORMAT " moved to %s\n", cli_int(document, "moved"), call->args[1]);
    return true;
}

static bool end_endpoint(HlInvocation *call, const char *name, const char *done, GError **error)
{
    g_autoptr(json_t) document = call_named(call, name, error);

    if (document == NULL)
        return false;
    if (!cli_show_json(call, document))
        printf("%s is %s; %s\n", call->args[0], done,
               json_is_true(json_object_get(document, "tell_broker"))
                   ? "its certificate is in pki/crl.pem: make your broker read it (SIGHUP); until then its sessions "
                     "are ended as they appear"
                   : "its certificate can no longer connect");
    return true;
}

bool cmd_endpoint_revoke(HlInvocation *call, GError **error)
{
    return end_endpoint(call, "endpoint revoke", "revoked", error);
}

bool cmd_endpoint_remove(HlInvocation *call, GError **error)
{
    return end_endpoint(call, "endpoint remove", "removed", error);
}

/* Nothing found says something only where a scan has looked. */
static void print_findings(const json_t *summary)
{
    g_autofree char *found = cli_count(summary, "open_detections", "open detection");
    g_autofree char *infected = cli_count(summary, "infected", "endpoint");
    g_autofree char *text = g_strdup_printf("%s on %s", found, infected);
    g_autofree char *toned = hl_tone(stdout, cli_int(summary, "infected") > 0 ? HL_TONE_BAD : HL_TONE_PLAIN, text);

    printf("%s; the last scan failed on %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT " never scanned\n", toned,
           cli_int(summary, "scans_failed"), cli_int(summary, "never_scanned"));
}

/* Endpoints refuse a repository that nobody has signed again: said while there is time. */
static void print_repository(const json_t *repository)
{
    bool expired = strcmp(cli_text(repository, "state"), "expired") == 0;
    g_autofree char *text = NULL;
    g_autofree char *shown = NULL;

    if (*cli_text(repository, "remedy") == '\0')
        return;
    text = g_strdup_printf("The pattern repository's timestamp %s %s%s; run: %s",
                           expired ? "expired" : "was not renewed and expires", cli_text(repository, "expires"),
                           expired ? ", and no endpoint can update from it" : "", cli_text(repository, "remedy"));
    shown = hl_tone(stdout, expired ? HL_TONE_BAD : HL_TONE_WARN, text);
    puts(shown);
}

/* The timestamp is told of above, with what became of its renewal. */
static bool is_end_shown(const json_t *end, MgrEndKind *kind)
{
    return mgr_end_kind_parse(cli_text(end, "kind"), kind) && *kind != MGR_END_TIMESTAMP;
}

static void print_end(const json_t *end, MgrEndKind kind)
{
    HlTime at;
    g_autofree char *sentence = NULL;
    g_autofree char *text = NULL;
    g_autofree char *shown = NULL;

    if (!hl_time_parse(cli_text(end, "end"), &at, NULL))
        return;
    sentence = mgr_end_describe(&(MgrEnd){ kind, cli_text(end, "name"), 0, at }, hl_clock_wall());
    text = g_strdup_printf("%c%s; remedy: %s", g_ascii_toupper(*sentence), sentence + 1, cli_text(end, "remedy"));
    shown = hl_tone(stdout, strcmp(cli_text(end, "state"), "near") == 0 ? HL_TONE_WARN : HL_TONE_BAD, text);
    puts(shown);
}

static void print_ends(const json_t *ends)
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
            print_end(end, kind);
        else
            more++;
    }
    if (more > 0)
        printf("... %u more ends are near: 'holdline status --json' lists them.\n", more);
}

/* What is wrong with an external broker. */
static void print_broker(const char *problem)
{
    g_autofree char *text = problem != NULL ? hl_text_printable(problem) : NULL;
    g_autofree char *shown = text != NULL ? hl_tone(stdout, HL_TONE_BAD, text) : NULL;

    if (shown != NULL)
        puts(shown);
}

static void print_ended(json_int_t n)
{
    if (n > 0)
        printf("%" JSON_INTEGER_FORMAT " %s: 'holdline endpoint list --ended' says until when they come back by "
               "themselves.\n",
               n, n == 1 ? "certificate of an endpoint has ended" : "certificates of endpoints have ended");
}

static void print_summary(const json_t *summary)
{
    g_autofree char *all = cli_count(summary, "endpoints", "endpoint");
    g_autofree char *open = cli_count(summary, "open_commands", "open command");
    g_autofree char *online = g_strdup_printf("%" JSON_INTEGER_FORMAT " online", cli_int(summary, "online"));
    g_autofree char *offline = g_strdup_printf("%" JSON_INTEGER_FORMAT " offline", cli_int(summary, "offline"));
    g_autofree char *good = hl_tone(stdout, HL_TONE_GOOD, online);
    g_autofree char *bad = hl_tone(stdout, cli_int(summary, "offline") > 0 ? HL_TONE_BAD : HL_TONE_DIM, offline);

    printf("%s: %s, %" JSON_INTEGER_FORMAT " stale, %s, %" JSON_INTEGER_FORMAT " never seen; %" JSON_INTEGER_FORMAT
           " outdated, %" JSON_INTEGER_FORMAT " without the current settings, %s\n",
           all, good, cli_int(summary, "stale"), bad, cli_int(summary, "never-seen"), cli_int(summary, "outdated"),
           cli_int(summary, "settings_behind"), open);
    print_findings(summary);
    if (json_is_true(json_object_get(summary, "server_blind")))
        puts("The server has no broker at the moment: every status is as last known.");
    print_broker(json_string_value(json_object_get(summary, "broker_reload")));
    print_broker(json_string_value(json_object_get(summary, "broker_split")));
    if (cli_int(summary, "flooding") > 0)
        printf("%" JSON_INTEGER_FORMAT " held off for sending too much (flooding).\n", cli_int(summary, "flooding"));
    print_ended(cli_int(summary, "certificates_ended"));
    print_repository(json_object_get(summary, "repository"));
    print_ends(json_object_get(summary, "ends"));
}

/* status --watch: the screen is maintained from the status topics alone, as monitoring would do it.  In a file or a
 * pipe, and as JSON, it is one line per event. */
typedef struct {
    HlInvocation *call;
    json_t *endpoints; /* id -> document */
    json_t *summary;
    bool changed;
} Watch;

static void on_status(const char *topic, const char *payload, gpointer user)
{
    Watch *watch = user;
    g_autofree char *id = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) told = NULL;
    g_autoptr(json_t) document = NULL;
    HlTopic kind;

    if (!hl_topic_parse(topic, &kind, &id))
        return;
    if (kind == HL_TOPIC_STATUS_ENDPOINT && *payload == '\0') {
        json_object_del(watch->endpoints, id);
        watch->changed = true;
        return;
    }
    told = hl_json_parse(topic, payload, strlen(payload), &error);
    if (told == NULL)
        return;
    document = hl_cli_has(watch->call, "json") ? json_incref(told) : hl_json_printable(told);
    if (kind == HL_TOPIC_STATUS_EVENT && cli_show_json(watch->call, document)) {
        fflush(stdout);
    } else if (kind == HL_TOPIC_STATUS_EVENT && !isatty(STDOUT_FILENO)) {
        printf("%s %s (%s) %s: %s -> %s (%s)\n", cli_text(document, "at"), cli_text(document, "id"),
               cli_text(document, "host"), cli_text(document, "what"), cli_text(document, "from"),
               cli_text(document, "to"), cli_text(document, "reason"));
        fflush(stdout);
    }
    if (kind == HL_TOPIC_STATUS_ENDPOINT)
        json_object_set(watch->endpoints, id, document);
    if (kind == HL_TOPIC_STATUS_SUMMARY)
        json_object_update(watch->summary, document);
    watch->changed = true;
}

/* Lines of the screen besides the endpoints: summary (three if one wraps), a blank, headings, the last two. */
#define PICTURE_FRAME 7

/* lost_at: since when there is no link; 0: there is. */
static void draw(const Watch *watch, HlTime lost_at)
{
    g_autoptr(json_t) document = json_object();
    json_t *array = json_array();
    const char *id;
    json_t *endpoint;
    int rows;
    int ends = MIN((int)json_array_size(json_object_get(watch->summary, "ends")), MAX_SHOWN_ENDS + 1);

    hl_terminal_size(stdout, &rows);
    rows -= ends;
    json_object_foreach(watch->endpoints, id, endpoint)
    {
        if ((int)json_array_size(array) < MAX(rows - PICTURE_FRAME, 1))
            json_array_append(array, endpoint);
    }
    json_object_set_new(document, "endpoints", array);
    fputs("\033[H\033[J", stdout);
    if (lost_at != 0) {
        g_autofree char *since = hl_time_format(lost_at);
        g_autofree char *text = g_strdup_printf("No link to the server since %s: this is what was last known", since);
        g_autofree char *shown = hl_tone(stdout, HL_TONE_BAD, text);

        puts(shown);
    }
    print_summary(watch->summary);
    putchar('\n');
    cli_show_table(document, "endpoints", endpoint_columns, G_N_ELEMENTS(endpoint_columns));
    if (json_array_size(array) < json_object_size(watch->endpoints))
        printf("... %zu more: 'holdline status' lists all",
               json_object_size(watch->endpoints) - json_array_size(array));
    fflush(stdout);
}

static bool watch_status(HlInvocation *call, GError **error)
{
    Watch watch = { .call = call, .endpoints = json_object(), .summary = json_object() };
    g_autoptr(CliClient) client = cli_client_open(call, on_status, &watch, error);
    bool picture = isatty(STDOUT_FILENO) && !hl_cli_has(call, "json");
    HlTime drawn = 0;
    HlTime lost_at = 0;

    if (client == NULL)
        return false;
    cli_client_lend(client);
    while (!hl_output_gone()) {
        HlTime now = hl_clock_mono();

        if (cli_client_is_up(client) == (lost_at != 0)) { /* it was removed, or it came back */
            lost_at = lost_at != 0 ? 0 : hl_clock_wall();
            watch.changed = true;
            if (!picture && lost_at != 0)
                fprintf(stderr, "holdline: the link to the server is down; trying again\n");
        }
        if (picture && (watch.changed || now - drawn > 10 * HL_SECOND)) {
            draw(&watch, lost_at);
            watch.changed = false;
            drawn = now;
        }
        cli_client_wait(client, REDRAW);
    }
    json_decref(watch.endpoints);
    json_decref(watch.summary);
    return hl_fail(error, HL_ERROR_IO, "nobody reads the output any longer");
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp(cli_text(*(json_t *const *)a, "id"), cli_text(*(json_t *const *)b, "id"));
}

/* By id, and for people without those that have left the console. */
static void put_in_order(json_t *document, bool with_removed)
{
    const json_t *array = json_object_get(document, "endpoints");
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    json_t *sorted = json_array();
    size_t i;
    json_t *endpoint;

    json_array_foreach(array, i, endpoint)
    {
        if (with_removed || !json_is_true(json_object_get(endpoint, "removed")))
            g_ptr_array_add(list, endpoint);
    }
    g_ptr_array_sort(list, compare_ids);
    for (guint n = 0; n < list->len; n++)
        json_array_append(sorted, list->pdata[n]);
    json_object_set_new(document, "endpoints", sorted);
}

/* A server older than "snapshot" does not know it, and says what "endpoint list" says. */
static json_t *call_snapshot(HlInvocation *call, GError **error)
{
    const char *none[] = { NULL };
    const char *everybody[] = { "selector", NULL, NULL };
    g_autoptr(GError) problem = NULL;
    json_t *document = cli_call(call, "snapshot", none, &problem);

    if (document != NULL || hl_error_code(problem) != HL_ERROR_INVALID) {
        if (document == NULL)
            g_propagate_error(error, g_steal_pointer(&problem));
        return document;
    }
    return cli_call(call, "endpoint list", everybody, error);
}

bool cmd_status(HlInvocation *call, GError **error)
{
    g_autofree char *selector = selector_of(call);
    const char *arguments[] = { "selector", selector, NULL };
    g_autoptr(json_t) document = NULL;

    if (hl_cli_has(call, "watch") && selector != NULL)
        return hl_fail(error, HL_ERROR_USAGE, "status --watch shows every endpoint: leave out SELECTOR and --where");
    if (hl_cli_has(call, "watch"))
        return watch_status(call, error);
    document = selector != NULL ? cli_call(call, "endpoint list", arguments, error) : call_snapshot(call, error);
    if (document == NULL)
        return false;
    put_in_order(document, hl_cli_has(call, "json"));
    if (!cli_view_is_data(call)) {
        print_summary(json_object_get(document, "summary"));
        putchar('\n');
    }
    return cli_show_list(call, document, "endpoints", endpoint_columns, G_N_ELEMENTS(endpoint_columns), error);
}
