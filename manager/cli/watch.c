/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/i18n.h"
#include "lib/base/output.h"
#include "lib/base/text.h"
#include "manager/cli/client.h"
#include "manager/cli/endpoint_columns.h"
#include "manager/cli/fleet.h"
#include "manager/cli/heed.h"
#include "manager/cli/screen.h"
#include "manager/cli/summary.h"
#include "manager/cli/terminal.h"
#include "manager/cli/turns.h"
#include "manager/cli/view.h"
#include "manager/filter/fault.h"
#include "proto/topics.h"

#define REDRAW      500              /* ms between two screens at least */
#define AGEING      (10 * HL_SECOND) /* "12 s ago" is brought up to date */
#define VISIT       (20 * HL_SECOND) /* how long one that takes turns listens at most; it ends when all have come */
#define SILENT      (3 * HL_SECOND) /* what is kept for those who watch comes at once; nothing for so long: nothing will */
#define HICCUP      (3 * HL_SECOND)  /* a link that is gone for less, as while another call has the line, is no news */
#define CHASED      (20 * HL_SECOND) /* two losses of the line within this: somebody else is watching too */
#define TAKES_TURNS (60 * HL_SECOND) /* then it holds the line again, and sees whether it is left in peace */

typedef struct {
    HlInvocation *call;
    CliFleet *fleet;
    const MgrFilter *selector; /* the fleet's; NULL: all */
    const char **about;        /* members that it and what is looked for ask for: their columns are shown */
    CliScreen screen;
    CliClient *client; /* NULL: while it takes turns */
    json_t *summary;
    char *problem; /* of what was typed; NULL: none */
    bool changed, is_selective, is_picture, is_json, has_keys;
    bool is_narrow;              /* columns of the last screen had no room, and a line says so */
    guint told;                  /* status messages of this visit, or of the line that is held */
    bool was_told;               /* any */
    bool was_asked;              /* whether the server lets this account in, on the line that is held */
    HlTime held_mono;            /* since when it is */
    HlTime begun_mono;           /* since when there is a line to be told by */
    HlTime lost_at;              /* wall: since when there is no link; 0: there is */
    HlTime lost_mono, turns_end; /* of the last loss; until when it takes turns, 0: it holds the line */
} Watch;

/* ----------------------------------------------------------------------------------------------------- what is told */

/* Of an endpoint that the selector takes; what is the server's has none. */
static void tell_event(const Watch *watch, const json_t *document)
{
    const char *id = cli_text(document, "id");

    if (watch->is_picture || (*id != '\0' && !cli_fleet_takes(watch->fleet, id)))
        return;
    if (strcmp(cli_text(document, "what"), "account") == 0) /* for consoles */
        return;
    if (watch->is_json) {
        g_autofree char *text = hl_json_print(document);

        puts(text);
        fflush(stdout);
        return;
    }
    printf("%s %s (%s) %s: %s -> %s (%s)\n", cli_text(document, "at"), cli_text(document, "id"),
           cli_text(document, "host"), cli_text(document, "what"), cli_text(document, "from"), cli_text(document, "to"),
           cli_text(document, "reason"));
    fflush(stdout);
}

static void on_status(const char *topic, const char *payload, gpointer user)
{
    Watch *watch = user;
    g_autofree char *id = NULL;
    g_autoptr(json_t) told = NULL;
    g_autoptr(json_t) document = NULL;
    HlTopic kind;

    if (!hl_topic_parse(topic, &kind, &id))
        return;
    watch->changed = watch->was_told = true;
    watch->told++;
    if (kind == HL_TOPIC_STATUS_ENDPOINT && *payload == '\0') {
        cli_fleet_put(watch->fleet, id, NULL);
        return;
    }
    told = hl_json_parse(topic, payload, strlen(payload), NULL);
    if (told == NULL)
        return;
    document = watch->is_json ? json_incref(told) : hl_json_printable(told);
    if (kind == HL_TOPIC_STATUS_EVENT)
        tell_event(watch, document);
    if (kind == HL_TOPIC_STATUS_ENDPOINT)
        cli_fleet_put(watch->fleet, id, document);
    if (kind == HL_TOPIC_STATUS_SUMMARY)
        json_object_update(watch->summary, document);
}

/* ---------------------------------------------------------------------------------------------------------- picture */

/* The lines that text takes on the screen, those that wrap too. */
static guint count_lines(const char *text, int width)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint n = 0;

    for (guint i = 0; lines[i] != NULL; i++)
        if (lines[i + 1] != NULL || *lines[i] != '\0')
            n += (guint)MAX(1, (hl_text_cells(lines[i]) + width - 1) / width);
    return n;
}

static const char *no_summary(const Watch *watch)
{
    return !watch->was_told && watch->lost_at == 0 && watch->begun_mono != 0 &&
                   hl_clock_mono() - watch->begun_mono >= SILENT
               ? _("The server tells this account nothing here: one that is limited to groups cannot watch.  'holdline "
                   "endpoint list' and 'holdline status' show what it may see.\n")
               : _("Waiting for the server's list ...\n");
}

/* The counts are of what is listed; what is wrong with the server is not. */
static char *heading(const Watch *watch)
{
    g_autoptr(json_t) summary = json_copy(watch->summary);
    g_autoptr(json_t) counts = watch->is_selective ? cli_fleet_summary(watch->fleet) : NULL;
    g_autofree char *since = hl_time_format(watch->lost_at);
    g_autofree char *text = g_strdup_printf(_("No link to the server since %s: this is what was last known"), since);
    g_autofree char *shown = hl_tone(stdout, HL_TONE_BAD, text);
    bool is_lost = watch->lost_at != 0 && hl_clock_mono() - watch->lost_mono >= HICCUP;
    g_autofree char *lines = NULL;

    json_object_update(summary, counts);
    lines = json_object_size(summary) > 0 ? cli_summary_text(summary) : g_strdup(no_summary(watch));
    return g_strdup_printf("%s%s%s", is_lost ? shown : "", is_lost ? "\n" : "", lines);
}

static char *bottom_line(const Watch *watch, guint n, guint page)
{
    const CliScreen *screen = &watch->screen;
    g_autofree char *typed = hl_text_printable(screen->typed->str);
    g_autofree char *places =
        n > 0 ? g_strdup_printf(_("%1$u-%2$u of %3$u"), MIN(screen->top + 1, n), MIN(screen->top + page, n), n)
              : g_strdup(_("no endpoint"));

    if (watch->problem != NULL)
        return g_strdup_printf("/%s  %s", typed, watch->problem);
    if (screen->is_typing)
        return g_strdup_printf(_("/%s_  %s; Enter keeps it, Escape ends it"), typed, places);
    if (*typed != '\0' && n == 0)
        return g_strdup_printf(_("no endpoint matches '%s' (of %u in all); Escape shows all, q quits"), typed,
                               cli_fleet_count(watch->fleet));
    if (*typed != '\0')
        return g_strdup_printf(_("%s that match '%s' (of %u in all); Escape shows all, q quits"), places, typed,
                               cli_fleet_count(watch->fleet));
    return g_strdup_printf(watch->has_keys ? _("%s, troubled ones first; arrows scroll, / filters, q quits")
                                           : _("%s, troubled ones first"),
                           places);
}

/* False: some columns had no room, and a line says so. */
static bool print_rows(const Watch *watch, const GPtrArray *list, guint page)
{
    g_autoptr(json_t) document = json_object();
    json_t *rows = json_array();
    g_autofree CliColumn *columns = NULL;
    gsize n;

    for (guint i = watch->screen.top; i < list->len && i < watch->screen.top + page; i++)
        json_array_append(rows, list->pdata[i]);
    json_object_set_new(document, "endpoints", rows);
    columns = cli_endpoint_columns(rows, false, watch->about, &n);
    return cli_show_table(document, "endpoints", columns, n, watch->about);
}

/* Of the screen's rows for endpoints: beside the heading, a blank, the columns' names, what had no room, and the last
 * line. */
static guint page_size(const Watch *watch, const char *text)
{
    int rows;
    int width = hl_terminal_size(stdout, &rows);
    guint taken = count_lines(text, width) + 3 + (watch->is_narrow ? 1 : 0);

    return rows > 0 && (guint)rows > taken ? (guint)rows - taken : 1;
}

static void draw(Watch *watch)
{
    const GPtrArray *list = cli_fleet_list(watch->fleet);
    g_autofree char *text = heading(watch);
    g_autofree char *last = NULL;
    g_autofree char *shown = NULL;
    bool was_narrow, fits = true;
    guint page;

    do { /* which columns have room is known once they are printed: the line about it takes one from the next try */
        was_narrow = watch->is_narrow;
        page = page_size(watch, text);
        cli_screen_fit(&watch->screen, list->len, page);
        printf("\033[H\033[J%s\n", text);
        fits = print_rows(watch, list, page);
        watch->is_narrow = !fits;
    } while (watch->is_narrow && !was_narrow);
    last = bottom_line(watch, list->len, page);
    shown = hl_text_clip(last, hl_terminal_size(stdout, NULL));
    fputs(shown, stdout);
    fflush(stdout);
}

/* ------------------------------------------------------------------------------------------------------------- keys */

static void look_again(Watch *watch)
{
    const char *typed = watch->screen.typed->str;
    g_autoptr(GError) error = NULL;
    MgrFilter *search = *typed != '\0' ? mgr_filter_parse(typed, MGR_FILTER_SEARCH, hl_clock_wall(), &error) : NULL;

    watch->screen.is_searched = false;
    g_clear_pointer(&watch->problem, g_free);
    if (error == NULL) {
        watch->screen.top = 0;
        g_free(watch->about);
        watch->about = cli_endpoint_about_filters(watch->selector, search);
        cli_fleet_search(watch->fleet, search);
    } else if (g_utf8_validate(typed, -1, NULL)) {
        watch->problem = mgr_fault_say(error, hl_tr);
    }
}

static void take_keys(Watch *watch, const char *bytes, gsize n)
{
    for (gsize taken = 0; taken < n && !watch->screen.has_quit;) {
        g_autofree char *text = watch->fleet != NULL ? heading(watch) : NULL;
        guint rows = text != NULL ? cli_fleet_list(watch->fleet)->len : 0;

        taken +=
            cli_screen_keys(&watch->screen, bytes + taken, n - taken, rows, text != NULL ? page_size(watch, text) : 1);
        if (watch->screen.is_searched && watch->is_picture && watch->fleet != NULL)
            look_again(watch);
    }
}

static void read_keys(Watch *watch)
{
    char bytes[256];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

    if (n <= 0) {
        watch->has_keys = n < 0 && errno == EINTR;
        return;
    }
    take_keys(watch, bytes, (gsize)n);
    watch->changed = true;
}

/* While a line is opened: 'q' ends it, and what else is typed counts for what is shown, or once something is. */
static bool wants_out(gpointer user)
{
    Watch *watch = user;
    char bytes[256];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

    if (n <= 0 && (n == 0 || errno != EINTR)) {
        watch->has_keys = false;
        cli_heed(-1, NULL, NULL);
        return false;
    }
    take_keys(watch, bytes, (gsize)MAX(n, 0));
    return watch->screen.has_quit;
}

static void begin_line(Watch *watch)
{
    watch->told = 0;
    watch->was_asked = false;
    watch->held_mono = hl_clock_mono();
}

/* Whatever takes long here, keys count. */
static CliClient *open_line(Watch *watch, GError **error)
{
    CliClient *client;

    if (watch->has_keys)
        cli_heed(STDIN_FILENO, wants_out, watch);
    client = cli_client_open(watch->call, on_status, watch, error);
    cli_heed(-1, NULL, NULL);
    if (client != NULL && !watch->was_told)
        watch->begun_mono = hl_clock_mono();
    if (watch->screen.is_searched && watch->is_picture)
        look_again(watch);
    return client;
}

static bool has_input(int patience)
{
    GPollFD fd = { .fd = STDIN_FILENO, .events = G_IO_IN | G_IO_HUP };

    return g_poll(&fd, 1, patience) > 0;
}

/* ------------------------------------------------------------------------------------------------------------- line */

static void show(Watch *watch, HlTime *drawn)
{
    HlTime now = hl_clock_mono();

    if (cli_terminal_changed() || watch->lost_at != 0 || !watch->was_told)
        watch->changed = true;
    if (!watch->is_picture || (!watch->changed && now - *drawn < AGEING))
        return;
    cli_fleet_tell_time(watch->fleet, hl_clock_wall());
    draw(watch);
    watch->changed = false;
    *drawn = now;
}

/* Of two that watch with one certificate the broker drops the older, which comes back and drops the other.  Who is
 * dropped twice leaves the line to the other one, and looks in from time to time. */
static void note_link(Watch *watch, bool is_up)
{
    HlTime now = hl_clock_mono();

    if (is_up == (watch->lost_at == 0))
        return;
    watch->lost_at = is_up ? 0 : hl_clock_wall();
    watch->changed = true;
    if (is_up) {
        begin_line(watch);
        return;
    }
    if (!watch->is_picture)
        fprintf(stderr, _("holdline: the link to the server is down; trying again\n"));
    else if (watch->lost_mono != 0 && now - watch->lost_mono < CHASED)
        watch->turns_end = now + TAKES_TURNS;
    watch->lost_mono = now;
}

/* Waits, or until there are keys. */
static void hold_line(Watch *watch)
{
    int fd = watch->has_keys ? STDIN_FILENO : -1;

    note_link(watch, cli_client_is_up(watch->client));
    if (!cli_client_wait_for(watch->client, REDRAW, fd))
        note_link(watch, false);
}

/* An account that is limited to some groups is told nothing here (manager/site/site.c). */
static bool is_silent(const Watch *watch, HlTime begun)
{
    return watch->told == 0 && hl_clock_mono() - begun >= SILENT;
}

/* How many endpoints have a topic: also those that are in no list any more. */
static guint counted(const json_t *summary)
{
    return (guint)(cli_int(summary, "endpoints") + cli_int(summary, "removed"));
}

/* All of the topics once, and then the line is another's.  Of a large fleet that takes a while: keys count meanwhile,
 * and what has come is shown.  What changes meanwhile is no reason to stay: of a fleet where something always does,
 * nobody else would get the line. */
static void visit(Watch *watch, HlTime *drawn, HlTime *begun_mono)
{
    g_autoptr(CliClient) client = NULL;
    CliVisit rounds = CLI_VISIT_INIT;
    HlTime begun;
    bool is_all = false;

    watch->told = 0;
    cli_fleet_begin(watch->fleet);
    client = open_line(watch, NULL);
    if (client == NULL && watch->lost_at == 0)
        watch->lost_mono = hl_clock_mono();
    watch->lost_at = client != NULL ? 0 : watch->lost_at != 0 ? watch->lost_at : hl_clock_wall();
    *begun_mono = begun = hl_clock_mono();
    for (HlTime end = begun + VISIT; client != NULL && hl_clock_mono() < end && !watch->screen.has_quit;) {
        bool is_held = cli_client_wait_for(client, CLI_TURNS_ROUND, watch->has_keys ? STDIN_FILENO : -1) &&
                       cli_client_is_up(client);       /* a line that breaks has told of a part only */
        bool is_cut = watch->has_keys && has_input(0); /* short of a whole round */

        if (is_cut)
            read_keys(watch);
        is_all = is_held && !is_cut && watch->told > 0 &&
                 cli_visit_is_all(&rounds, cli_fleet_fresh(watch->fleet), counted(watch->summary));
        if (!is_held || is_all || is_silent(watch, begun))
            break;
        if (hl_clock_mono() - *drawn >= REDRAW)
            show(watch, drawn);
    }
    if (is_all) /* those that did not come are gone */
        cli_fleet_end(watch->fleet);
    watch->changed = true;
}

static void take_turns(Watch *watch, HlTime *drawn)
{
    HlTime begun, end;

    g_clear_pointer(&watch->client, cli_client_close);
    visit(watch, drawn, &begun);
    end = hl_clock_mono() + cli_turns_pause(hl_clock_mono() - begun);
    for (;;) {
        HlTime left;

        show(watch, drawn);
        left = end - hl_clock_mono();
        if (left <= 0 || watch->screen.has_quit)
            break;
        if (watch->has_keys && has_input((int)MIN(left, REDRAW)))
            read_keys(watch);
        else if (!watch->has_keys)
            g_usleep((gulong)MIN(left, REDRAW) * 1000);
    }
    if (hl_clock_mono() < watch->turns_end || watch->screen.has_quit)
        return;
    watch->client = open_line(watch, NULL);
    if (watch->client == NULL)
        return;
    cli_client_lend(watch->client);
    begin_line(watch);
    watch->turns_end = 0;
    watch->lost_mono = hl_clock_mono(); /* who drops it now is the one that took the other turns */
}

/* An account that is disabled is told nothing, and no call of it is answered but with the reason. */
static bool is_let_in(Watch *watch, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) document = NULL;

    if (watch->turns_end != 0 || watch->lost_at != 0 || watch->was_asked || watch->told > 0 ||
        hl_clock_mono() - watch->held_mono < SILENT)
        return true;
    watch->was_asked = true;
    if (watch->has_keys)
        cli_heed(STDIN_FILENO, wants_out, watch);
    document = cli_client_call(watch->client, "summary", NULL, NULL, NULL, &problem);
    cli_heed(-1, NULL, NULL);
    if (document != NULL || hl_error_code(problem) != HL_ERROR_DENIED)
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool run(Watch *watch, GError **error)
{
    HlTime drawn = 0;

    while (!watch->screen.has_quit && !hl_output_gone()) {
        if (!is_let_in(watch, error))
            return false;
        show(watch, &drawn);
        if (watch->turns_end != 0) {
            take_turns(watch, &drawn);
            continue;
        }
        hold_line(watch);
        if (watch->has_keys && has_input(0))
            read_keys(watch);
    }
    return watch->screen.has_quit || hl_fail(error, HL_ERROR_IO, _("nobody reads the output any longer"));
}

/* The server knows whether the names are there.  Monitors may only watch, and see what comes. */
static bool check_selector(HlInvocation *call, const char *selector, GError **error)
{
    const char *arguments[] = { "selector", selector, NULL };
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) document = cli_call(call, "endpoint list", arguments, &problem);

    if (document != NULL || hl_error_code(problem) == HL_ERROR_DENIED)
        return true;
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

/* The server knows what a group is called; who may only watch names it by its id. */
static char *bind_group(HlInvocation *call, const char *name, GError **error)
{
    const char *arguments[] = { "name", name, NULL };
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) document = cli_call(call, "group show", arguments, &problem);

    if (document != NULL)
        return g_strconcat("@", cli_text(document, "name"), NULL);
    if (hl_error_code(problem) == HL_ERROR_DENIED)
        return g_strconcat("@", name, NULL);
    g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

/* A name in a condition, or a group. */
static char *bind_name(const char *name, gpointer user, GError **error)
{
    const char *arguments[] = { "endpoint", name, NULL };
    g_autoptr(json_t) document = *name != '@' ? cli_call(user, "endpoint show", arguments, error) : NULL;

    if (*name == '@')
        return bind_group(user, name + 1, error);
    return document != NULL ? g_strdup(cli_text(document, "id")) : NULL;
}

static MgrFilter *parse_selector(HlInvocation *call, const char *selector, GError **error)
{
    g_autoptr(MgrFilter) filter = mgr_filter_parse(selector, MGR_FILTER_SELECT, hl_clock_wall(), error);

    if (filter == NULL || !check_selector(call, selector, error) || !mgr_filter_bind(filter, bind_name, call, error))
        return NULL;
    return g_steal_pointer(&filter);
}

static void end(Watch *watch)
{
    cli_terminal_give_back();
    cli_screen_clear(&watch->screen);
    g_clear_pointer(&watch->client, cli_client_close);
    g_clear_pointer(&watch->fleet, cli_fleet_free);
    json_decref(watch->summary);
    g_free(watch->about);
    g_free(watch->problem);
}

/* The selector, and the line.  Both may have to wait for another holdline of the same administrator. */
static bool open_all(Watch *watch, const char *selector, GError **error)
{
    MgrFilter *filter = selector != NULL ? parse_selector(watch->call, selector, error) : NULL;

    if (selector != NULL && filter == NULL)
        return false;
    watch->selector = filter;
    watch->about = cli_endpoint_about_filters(filter, NULL);
    watch->fleet = cli_fleet_new(filter, hl_clock_wall());
    watch->client = open_line(watch, error);
    begin_line(watch);
    return watch->client != NULL;
}

bool cli_watch(HlInvocation *call, const char *selector, GError **error)
{
    Watch watch = { .call = call, .is_selective = selector != NULL, .is_json = cli_view_is_data(call) };
    g_autoptr(GError) problem = NULL;
    bool is_over;

    watch.summary = json_object();
    cli_screen_init(&watch.screen);
    watch.has_keys = !watch.is_json && cli_terminal_take_keys() && isatty(STDIN_FILENO);
    if (watch.has_keys)
        cli_heed(STDIN_FILENO, wants_out, &watch);
    if (!open_all(&watch, selector, &problem)) {
        cli_heed(-1, NULL, NULL);
        end(&watch);
        if (watch.screen.has_quit)
            return true;
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    cli_client_lend(watch.client);
    watch.is_picture = !watch.is_json && cli_terminal_take();
    watch.has_keys = watch.has_keys && watch.is_picture;
    if (watch.screen.is_searched)
        look_again(&watch);
    is_over = run(&watch, error);
    end(&watch);
    return is_over;
}
