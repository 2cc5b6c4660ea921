/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/on_write.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/log.h"

#define LOOK_TIME  (10 * HL_SECOND)
#define RETRY_TIME HL_MINUTE
#define SAY_TIME   HL_HOUR          /* between two lines of numbers in the log */
#define SILENCE    (10 * HL_MINUTE) /* it speaks every half minute, but for the time of one file and its engine's */
#define DYING      (30 * HL_SECOND)

struct EpOnWrite {
    EpOnWriteOptions has;
    EpScanner *scanner;           /* NULL: none runs */
    bool heard;                   /* it watches */
    char *text;                   /* the settings that it runs with */
    char *why;                    /* the last one ended so; NULL: none did, or files are watched again */
    EpBacklogNumbers now, before; /* of the one that runs, and of those before it */
    uint64_t found_before, breaks;
    HlTime since;       /* wall */
    HlTime ended, said; /* mono */
    guint64 missed_said;
    guint timer;
};

static const HlSettings *settings_of(const EpOnWrite *on_write)
{
    return ep_settings_values(on_write->has.settings);
}

static bool is_wanted(const EpOnWrite *on_write)
{
    return settings_of(on_write)->scan_on_write == HL_ON_WRITE_ON;
}

static void add_up(EpBacklogNumbers *sum, const EpBacklogNumbers *one)
{
    sum->written += one->written;
    sum->looked_at += one->looked_at;
    sum->full += one->full + one->waiting; /* what waited when it ended */
    sum->overflows += one->overflows;
    sum->unopened += one->unopened;
}

/* ------------------------------------------------------------------------------------------------------ its scanner */

static void set_why(EpOnWrite *on_write, const char *why)
{
    if (g_strcmp0(on_write->why, why) != 0) /* once, not every minute */
        hl_warn("scan", "files that are written are not looked at: %s", why);
    g_free(on_write->why);
    on_write->why = g_strdup(why);
}

static void on_numbers(const json_t *json, gpointer user)
{
    EpOnWrite *on_write = user;

    if (!on_write->heard)
        on_write->since = hl_clock_wall();
    on_write->heard = true;
    g_clear_pointer(&on_write->why, g_free);
    ep_backlog_parse(&on_write->now, json);
}

static void on_done(gpointer user)
{
    EpOnWrite *on_write = user;
    EpScanRecord record = ep_scanner_record(on_write->scanner);
    bool stopped = strcmp(record.end, "stopped") == 0;

    add_up(&on_write->before, &on_write->now);
    on_write->now = (EpBacklogNumbers){ 0 };
    on_write->found_before += record.tally.found;
    on_write->heard = false;
    on_write->since = hl_clock_wall();
    on_write->ended = stopped ? 0 : hl_clock_mono();
    if (!stopped) {
        on_write->breaks++;
        set_why(on_write, *record.detail != '\0' ? record.detail : "the scanner ended");
    }
    ep_engine_drop(on_write->has.engine);
    g_clear_pointer(&on_write->scanner, ep_scanner_free);
    if (stopped)
        ep_on_write_settings_changed(on_write);
}

static bool launch(EpOnWrite *on_write, GError **error)
{
    char **paths = settings_of(on_write)->scan_paths;
    GPtrArray *argv;

    if (paths[0] == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "there is nothing to watch: scan.paths of its group is empty");
    if (!ep_engine_hold(on_write->has.engine, error))
        return false;
    on_write->scanner = ep_scanner_new(&(EpScannerOptions){ .conf = on_write->has.conf,
                                                            .settings = on_write->has.settings,
                                                            .updates = on_write->has.updates,
                                                            .finds = on_write->has.finds,
                                                            .engine = on_write->has.engine,
                                                            .how = "write",
                                                            .numbers = on_numbers,
                                                            .done = on_done,
                                                            .user = on_write });
    argv = ep_scanner_arguments(on_write->scanner, "watch");
    ep_scanner_add_quarantine(on_write->scanner, argv);
    g_ptr_array_add(argv, g_strdup("--"));
    for (gsize i = 0; paths[i] != NULL; i++)
        g_ptr_array_add(argv, g_strdup(paths[i]));
    if (ep_scanner_start(on_write->scanner, argv, -1, 0, error))
        return true;
    g_clear_pointer(&on_write->scanner, ep_scanner_free);
    ep_engine_drop(on_write->has.engine);
    return false;
}

static void start(EpOnWrite *on_write)
{
    g_autoptr(GError) error = NULL;

    g_free(on_write->text);
    on_write->text = ep_settings_scan_text(on_write->has.settings);
    if (launch(on_write, &error))
        return;
    on_write->ended = hl_clock_mono();
    set_why(on_write, error->message);
}

/* ------------------------------------------------------------------------------------------------------- the timer */

static void say_numbers(EpOnWrite *on_write)
{
    EpOnWriteView view = ep_on_write_view(on_write);
    guint64 missed = ep_backlog_missed(&view.numbers);

    if (missed > on_write->missed_said)
        hl_log_limited(HL_LOG_WARN, "scan", "missed", "on write: missed %" PRIu64 " times by now", missed);
    on_write->missed_said = missed;
    if (hl_clock_mono() - on_write->said < SAY_TIME)
        return;
    on_write->said = hl_clock_mono();
    hl_info("scan", "on write: %" PRIu64 " looked at, %" PRIu64 " found, %" PRIu64 " missed; now %" PRIu64 " a minute",
            view.numbers.looked_at, view.found, missed, view.numbers.rate);
}

static gboolean on_look(gpointer user)
{
    EpOnWrite *on_write = user;

    if (on_write->scanner == NULL && hl_clock_mono() - on_write->ended >= RETRY_TIME)
        start(on_write);
    else if (on_write->scanner != NULL && ep_scanner_dying(on_write->scanner) > DYING)
        set_why(on_write, "its scanner hangs on a file system that does not answer, and cannot be killed");
    else if (on_write->scanner != NULL &&
             ep_scanner_silence(on_write->scanner) > SILENCE + 2 * settings_of(on_write)->scan_max_time)
        ep_scanner_fail(on_write->scanner, "nothing was heard of it any longer: a file or a file system hangs");
    say_numbers(on_write);
    return G_SOURCE_CONTINUE;
}

void ep_on_write_settings_changed(EpOnWrite *on_write)
{
    g_autofree char *text = ep_settings_scan_text(on_write->has.settings);
    bool wanted = is_wanted(on_write);

    if (on_write->scanner != NULL && (!wanted || strcmp(text, on_write->text) != 0)) {
        ep_scanner_stop(on_write->scanner, "by the settings"); /* its end comes back to here */
        return;
    }
    if (wanted && on_write->timer == 0) {
        on_write->said = hl_clock_mono();
        on_write->timer = g_timeout_add((guint)LOOK_TIME, on_look, on_write);
    } else if (!wanted) {
        g_clear_handle_id(&on_write->timer, g_source_remove);
        g_clear_pointer(&on_write->why, g_free);
        on_write->ended = 0;
    }
    if (wanted && on_write->scanner == NULL)
        start(on_write);
}

void ep_on_write_set_changed(EpOnWrite *on_write)
{
    if (is_wanted(on_write) && on_write->scanner == NULL)
        start(on_write);
}

void ep_on_write_engine_gave_up(EpOnWrite *on_write, const char *why)
{
    if (on_write->scanner != NULL)
        ep_scanner_fail(on_write->scanner, why);
}

/* ------------------------------------------------------------------------------------------------------ to be seen */

EpOnWriteView ep_on_write_view(const EpOnWrite *on_write)
{
    bool running = on_write->scanner != NULL;
    EpOnWriteView view = { .wanted = is_wanted(on_write),
                           .watching = running && on_write->heard && on_write->why == NULL,
                           .why = on_write->why,
                           .since = on_write->since,
                           .breaks = on_write->breaks,
                           .numbers = on_write->before,
                           .found = on_write->found_before };
    EpBacklogNumbers now = on_write->now;

    now.waiting = 0; /* those may still be looked at */
    add_up(&view.numbers, &now);
    view.numbers.waiting = on_write->now.waiting;
    view.numbers.rate = on_write->now.rate;
    if (running)
        view.found += ep_scanner_record(on_write->scanner).tally.found;
    return view;
}

EpOnWrite *ep_on_write_new(const EpOnWriteOptions *options)
{
    EpOnWrite *on_write = g_new0(EpOnWrite, 1);

    on_write->has = *options;
    ep_on_write_settings_changed(on_write);
    return on_write;
}

void ep_on_write_free(EpOnWrite *on_write)
{
    if (on_write == NULL)
        return;
    g_clear_handle_id(&on_write->timer, g_source_remove);
    ep_scanner_free(on_write->scanner);
    g_free(on_write->text);
    g_free(on_write->why);
    g_free(on_write);
}
