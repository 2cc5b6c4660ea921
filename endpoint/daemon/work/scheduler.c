/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/scheduler.h"

#include <string.h>
#include <time.h>

#include "endpoint/core/link.h"
#include "endpoint/core/retry.h"
#include "endpoint/core/schedule.h"
#include "endpoint/daemon/ground/store.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"

#define USER_OFF_FACT "schedule-off" /* in the store */
#define LOOK          5              /* s; also how soon a jump of the clock or a wake-up is noticed */

typedef struct {
    const char *done_fact, *text_fact; /* names in the store */
    HlSchedule schedule;
    char *text;
    EpPlan plan;
} Timetable;

struct EpScheduler {
    EpSchedulerOptions has;
    Timetable update, scan;
    bool user_off;
    HlTime start_up_at; /* mono; 0: done or not drawn yet */
    bool start_up_done;
    EpRetry retry;
    const char *trigger; /* of the update that was asked for last */
    guint timer;
};

static const HlSettings *settings_of(const EpScheduler *scheduler)
{
    return ep_settings_values(scheduler->has.settings);
}

/* The offset of local time from UTC at this moment. */
static HlTime utc_offset(HlTime now)
{
    time_t seconds = (time_t)(now / HL_SECOND);
    struct tm local;

    tzset();
    return localtime_r(&seconds, &local) == NULL ? 0 : local.tm_gmtoff * HL_SECOND;
}

static void store_done(EpScheduler *scheduler, const Timetable *table)
{
    g_autoptr(GError) error = NULL;

    if (!ep_store_set_int(scheduler->has.db, table->done_fact, table->plan.done, &error) ||
        !ep_store_set(scheduler->has.db, table->text_fact, table->text, &error))
        ep_trouble_store_failed(scheduler->has.trouble, "the schedule's state", error);
}

/* A changed schedule begins with its next slot; after a restart the same one continues where it was. */
static void set_schedule(EpScheduler *scheduler, Timetable *table, const char *text)
{
    g_autofree char *stored = NULL;
    HlTime now = hl_clock_wall();

    if (g_strcmp0(table->text, text) == 0)
        return;
    if (table->text == NULL) {
        stored = ep_store_get(scheduler->has.db, table->text_fact, "");
        table->plan.done = ep_store_get_int(scheduler->has.db, table->done_fact, 0);
    }
    g_free(table->text);
    table->text = g_strdup(text);
    HL_IGNORE(hl_schedule_parse(text, &table->schedule, NULL)); /* checked when the settings were accepted */
    if (g_strcmp0(stored, text) == 0)
        return;
    ep_plan_reset(&table->plan, &table->schedule, now, utc_offset(now));
    store_done(scheduler, table);
}

void ep_scheduler_settings_changed(EpScheduler *scheduler)
{
    set_schedule(scheduler, &scheduler->update, settings_of(scheduler)->update_schedule);
    set_schedule(scheduler, &scheduler->scan, settings_of(scheduler)->scan_schedule);
}

static bool is_due(EpScheduler *scheduler, Timetable *table, HlTime period)
{
    HlTime now = hl_clock_wall();
    HlTime done = table->plan.done;
    bool due = ep_plan_step(&table->plan, &table->schedule, period, now, utc_offset(now), hl_random_u64());

    if (table->plan.done != done)
        store_done(scheduler, table);
    return due;
}

static void on_update_end(const EpUpdateEnd *end, gpointer user)
{
    EpScheduler *scheduler = user;
    g_autofree char *wait = NULL;
    HlTime now = hl_clock_mono();

    if (end->succeeded || !(end->timed_out || ep_retry_passes(end->code))) {
        ep_retry_settled(&scheduler->retry);
        return;
    }
    ep_retry_failed(&scheduler->retry, now, hl_random_u64());
    wait = hl_duration_describe(scheduler->retry.at - now);
    hl_log(HL_LOG_INFO, "update", "%s: trying again in %s, or when the line comes up", scheduler->trigger, wait);
}

/* Nobody waits for these, so the line may come up first. */
static void ask_update(EpScheduler *scheduler, const char *trigger)
{
    EpUpdateRequest request = {
        .work = EP_UPDATE_UPDATE, .trigger = trigger, .patient = true, .done = on_update_end, .user = scheduler
    };

    scheduler->trigger = trigger;
    ep_updates_request(scheduler->has.updates, &request);
}

bool ep_scheduler_is_user_off(const EpScheduler *scheduler)
{
    return scheduler->user_off && settings_of(scheduler)->allow_toggle_schedule;
}

static bool is_enrolled(const EpScheduler *scheduler)
{
    return ep_updates_standing(scheduler->has.updates) != EP_NOT_ENROLLED;
}

/* Whether the settings, and the user, still want what was last asked for. */
static bool is_still_wanted(const EpScheduler *scheduler)
{
    if (g_strcmp0(scheduler->trigger, "schedule") != 0)
        return settings_of(scheduler)->update_on_start;
    return scheduler->update.schedule.kind != HL_SCHEDULE_OFF && !ep_scheduler_is_user_off(scheduler);
}

static bool is_retry_unwanted(const EpScheduler *scheduler)
{
    return !is_enrolled(scheduler) || /* or another update has succeeded since */
           ep_updates_view(scheduler->has.updates).last_succeeded || !is_still_wanted(scheduler);
}

static void look_at_retry(EpScheduler *scheduler)
{
    bool line_up = ep_updates_standing(scheduler->has.updates) == EP_LINE_UP;

    if (is_retry_unwanted(scheduler))
        ep_retry_settled(&scheduler->retry);
    if (ep_retry_step(&scheduler->retry, line_up, hl_clock_mono()))
        ask_update(scheduler, scheduler->trigger);
}

/* A machine without patterns finds nothing until it has some: it waits for nobody. */
static HlTime start_up_delay(const EpScheduler *scheduler)
{
    if (*ep_updates_patterns(scheduler->has.updates) == '\0')
        return 0;
    return ep_spread(settings_of(scheduler)->update_on_start_delay, hl_random_u64());
}

static void look_at_start_up(EpScheduler *scheduler)
{
    const HlSettings *values = settings_of(scheduler);

    if (scheduler->start_up_done || !is_enrolled(scheduler))
        return;
    if (scheduler->start_up_at == 0) { /* what the settings say later is no start */
        scheduler->start_up_done = !values->update_on_start;
        scheduler->start_up_at = hl_clock_mono() + start_up_delay(scheduler);
    }
    if (scheduler->start_up_done || !values->update_on_start || hl_clock_mono() < scheduler->start_up_at)
        return;
    scheduler->start_up_done = true;
    ask_update(scheduler, "start-up");
}

static gboolean on_look(gpointer user)
{
    EpScheduler *scheduler = user;

    look_at_start_up(scheduler);
    /* asked first, so that a slot counts as done even if it may not run: turning the schedule on again catches up on
     * nothing */
    if (is_due(scheduler, &scheduler->update, settings_of(scheduler)->update_period) &&
        !ep_scheduler_is_user_off(scheduler) && is_enrolled(scheduler)) {
        ep_retry_settled(&scheduler->retry); /* this run is its own first try */
        ask_update(scheduler, "schedule");
    }
    look_at_retry(scheduler);
    if (is_due(scheduler, &scheduler->scan, settings_of(scheduler)->scan_period))
        ep_orders_scheduled(scheduler->has.orders);
    return G_SOURCE_CONTINUE;
}

EpScheduler *ep_scheduler_new(const EpSchedulerOptions *options)
{
    EpScheduler *scheduler = g_new0(EpScheduler, 1);

    scheduler->has = *options;
    scheduler->update = (Timetable){ .done_fact = "update-slot", .text_fact = "update-schedule" };
    scheduler->scan = (Timetable){ .done_fact = "scan-slot", .text_fact = "scan-schedule" };
    scheduler->user_off = ep_store_get_int(options->db, USER_OFF_FACT, 0) != 0;
    ep_scheduler_settings_changed(scheduler);
    scheduler->start_up_done = is_enrolled(scheduler) && !settings_of(scheduler)->update_on_start;
    scheduler->timer = g_timeout_add_seconds(LOOK, on_look, scheduler);
    ep_orders_make_up(options->orders, scheduler->scan.schedule.kind != HL_SCHEDULE_OFF);
    return scheduler;
}

void ep_scheduler_free(EpScheduler *scheduler)
{
    if (scheduler == NULL)
        return;
    g_source_remove(scheduler->timer);
    ep_updates_forget(scheduler->has.updates, scheduler);
    g_free(scheduler->update.text);
    g_free(scheduler->scan.text);
    g_free(scheduler);
}

bool ep_scheduler_set_user_off(EpScheduler *scheduler, bool off, GError **error)
{
    if (!ep_store_set_int(scheduler->has.db, USER_OFF_FACT, off, error))
        return false;
    scheduler->user_off = off;
    ep_pulse_changed(scheduler->has.pulse);
    return true;
}

HlTime ep_scheduler_next_update(const EpScheduler *scheduler)
{
    const Timetable *table = &scheduler->update;
    HlTime now = hl_clock_wall();

    return ep_scheduler_is_user_off(scheduler) ? 0 : ep_plan_next(&table->plan, &table->schedule, now, utc_offset(now));
}
