#include "endpoint/daemon/times.h"

#include <string.h>
#include <time.h>

#include "endpoint/core/line.h"
#include "endpoint/core/retry.h"
#include "endpoint/core/schedule.h"
#include "endpoint/daemon/line.h"
#include "endpoint/daemon/scan.h"
#include "endpoint/daemon/settings.h"
#include "endpoint/daemon/store.h"
#include "endpoint/daemon/update.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"

#define LOOK (5 * HL_SECOND) /* also how soon a jump of the clock or a wake-up is noticed */

typedef struct {
    const char *done_fact, *text_fact; /* names in the store */
    HlSchedule schedule;
    char *text;
    EpPlan plan;
} Timetable;

struct EpTimes {
    EpDaemon *daemon;
    Timetable update, scan;
    bool user_off;
    HlTime start_up_at; /* mono; 0: done or not drawn yet */
    bool start_up_done;
    EpRetry retry;
    const char *trigger; /* of the update that was asked for last */
    guint timer;
};

/* Local time's distance from UTC at this moment. */
static HlTime utc_offset(HlTime now)
{
    time_t seconds = (time_t)(now / HL_SECOND);
    struct tm local;

    tzset();
    return localtime_r(&seconds, &local) == NULL ? 0 : local.tm_gmtoff * HL_SECOND;
}

static void store_done(EpTimes *times, const Timetable *table)
{
    g_autoptr(GError) error = NULL;

    if (!ep_store_set_int(times->daemon->db, table->done_fact, table->plan.done, &error) ||
        !ep_store_set(times->daemon->db, table->text_fact, table->text, &error))
        ep_daemon_store_failed(times->daemon, "the schedule's state", error);
}

/* A changed schedule begins with its next slot; after a restart the same one goes on where it was. */
static void set_schedule(EpTimes *times, Timetable *table, const char *text)
{
    g_autofree char *stored = NULL;
    HlTime now = hl_clock_wall();

    if (g_strcmp0(table->text, text) == 0)
        return;
    if (table->text == NULL) {
        stored = ep_store_get(times->daemon->db, table->text_fact, "");
        table->plan.done = ep_store_get_int(times->daemon->db, table->done_fact, 0);
    }
    g_free(table->text);
    table->text = g_strdup(text);
    hl_schedule_parse(text, &table->schedule, NULL); /* the settings' own check took it */
    if (g_strcmp0(stored, text) == 0)
        return;
    ep_plan_reset(&table->plan, &table->schedule, now, utc_offset(now));
    store_done(times, table);
}

void ep_times_settings_changed(EpDaemon *daemon)
{
    EpTimes *times = daemon->times;

    if (times == NULL)
        return;
    set_schedule(times, &times->update, daemon->settings->values.update_schedule);
    set_schedule(times, &times->scan, daemon->settings->values.scan_schedule);
}

static bool is_due(EpTimes *times, Timetable *table, HlTime period)
{
    HlTime now = hl_clock_wall();
    HlTime done = table->plan.done;
    bool due = ep_plan_step(&table->plan, &table->schedule, period, now, utc_offset(now), hl_random_u64());

    if (table->plan.done != done)
        store_done(times, table);
    return due;
}

static void on_update_end(const EpUpdateEnd *end, gpointer user)
{
    EpTimes *times = user;
    g_autofree char *wait = NULL;
    HlTime now = hl_clock_mono();

    if (end->succeeded || !(end->timed_out || ep_retry_passes(end->code))) {
        ep_retry_settled(&times->retry);
        return;
    }
    ep_retry_failed(&times->retry, now, hl_random_u64());
    wait = hl_duration_describe(times->retry.at - now);
    hl_log(HL_LOG_INFO, "update", "%s: trying again in %s, or when the line comes up", times->trigger, wait);
}

/* Nobody waits for these: the line may come up first. */
static void ask_update(EpTimes *times, const char *trigger)
{
    EpUpdateAsk ask = {
        .work = EP_UPDATE_UPDATE, .trigger = trigger, .patient = true, .done = on_update_end, .user = times
    };

    times->trigger = trigger;
    ep_updates_ask(times->daemon->updates, &ask);
}

bool ep_times_is_user_off(const EpTimes *times)
{
    return times->user_off && times->daemon->settings->values.allow_toggle_schedule;
}

/* Whether the settings, and the user, still want what was asked for last. */
static bool is_still_wanted(const EpTimes *times)
{
    if (g_strcmp0(times->trigger, "schedule") != 0)
        return times->daemon->settings->values.update_on_start;
    return times->update.schedule.kind != HL_SCHEDULE_OFF && !ep_times_is_user_off(times);
}

static bool is_retry_unwanted(const EpTimes *times)
{
    return times->daemon->identity == NULL || /* somebody else's update succeeded since then */
           ep_updates_view(times->daemon->updates).last_succeeded || !is_still_wanted(times);
}

static void look_at_retry(EpTimes *times)
{
    const EpDaemon *daemon = times->daemon;
    bool line_up = daemon->line != NULL && ep_line_view(daemon->line).state == HL_BUS_UP;

    if (is_retry_unwanted(times))
        ep_retry_settled(&times->retry);
    if (ep_retry_step(&times->retry, line_up, hl_clock_mono()))
        ask_update(times, times->trigger);
}

static void look_at_start_up(EpTimes *times)
{
    const HlSettings *values = &times->daemon->settings->values;

    if (times->start_up_done || times->daemon->identity == NULL || !values->update_on_start)
        return;
    if (times->start_up_at == 0)
        times->start_up_at = hl_clock_mono() + ep_spread(values->update_on_start_delay, hl_random_u64());
    if (hl_clock_mono() < times->start_up_at)
        return;
    times->start_up_done = true;
    ask_update(times, "start-up");
}

static gboolean on_look(gpointer user)
{
    EpTimes *times = user;
    EpDaemon *daemon = times->daemon;

    look_at_start_up(times);
    if (is_due(times, &times->update, daemon->settings->values.update_period) && !ep_times_is_user_off(times) &&
        daemon->identity != NULL) {
        ep_retry_settled(&times->retry); /* this run is its own first try */
        ask_update(times, "schedule");
    }
    look_at_retry(times);
    if (is_due(times, &times->scan, 0))
        ep_scans_run_scheduled(daemon->scans);
    return G_SOURCE_CONTINUE;
}

EpTimes *ep_times_new(EpDaemon *daemon)
{
    EpTimes *times = g_new0(EpTimes, 1);

    times->daemon = daemon;
    times->update = (Timetable){ .done_fact = "update-slot", .text_fact = "update-schedule" };
    times->scan = (Timetable){ .done_fact = "scan-slot", .text_fact = "scan-schedule" };
    times->user_off = ep_store_get_int(daemon->db, "schedule-off", 0) != 0;
    daemon->times = times;
    ep_times_settings_changed(daemon);
    /* an enrolment or a setting that comes later is not this start of the machine */
    times->start_up_done = daemon->identity == NULL || !daemon->settings->values.update_on_start;
    times->timer = g_timeout_add((guint)LOOK, on_look, times);
    return times;
}

void ep_times_free(EpTimes *times)
{
    if (times == NULL)
        return;
    g_source_remove(times->timer);
    ep_updates_forget(times->daemon->updates, times);
    g_free(times->update.text);
    g_free(times->scan.text);
    g_free(times);
}

bool ep_times_set_user_off(EpDaemon *daemon, bool off, GError **error)
{
    if (!ep_store_set_int(daemon->db, "schedule-off", off, error))
        return false;
    daemon->times->user_off = off;
    return true;
}

HlTime ep_times_next_update(const EpDaemon *daemon)
{
    const Timetable *table = &daemon->times->update;
    HlTime now = hl_clock_wall();

    return ep_times_is_user_off(daemon->times) ? 0 : ep_plan_next(&table->plan, &table->schedule, now, utc_offset(now));
}
