/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/clock.h"

#include "lib/base/log.h"
#include "manager/store/registry.h"

#define KEEP_EVERY HL_MINUTE
#define LOOK_EVERY (10 * HL_SECOND) /* while it is disputed at all endpoints: a millisecond for 10,000 */
#define WARN_EVERY HL_HOUR

/* Not those that were on line when the manager before this one ended, and were not heard since. */
static MgrVoices ask_endpoints(const MgrFleet *fleet)
{
    MgrVoices voices = { 0 };
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (!mgr_endpoint_is_up(endpoint) || !mgr_endpoint_contact(endpoint)->has_told_clock)
            continue;
        if (ABS(mgr_endpoint_contact(endpoint)->skew) <= MGR_MARK_SLACK)
            voices.agree++;
        else
            voices.differ++;
    }
    return voices;
}

/* since: the look before this one, in mono. */
static MgrClocks judge(MgrClock *clock, MgrNow now, HlTime since)
{
    MgrVoices voices;

    if (!mgr_now_is_disputed(clock->fleet->mark, now)) {
        clock->stood = 0;
        return MGR_CLOCKS_AGREE;
    }
    voices = ask_endpoints(clock->fleet);
    if (voices.agree > voices.differ && since != 0)
        clock->stood += now.mono - since;
    else if (voices.differ > 0)
        clock->stood = 0;
    voices.stood = clock->stood;
    return mgr_now_weigh(voices);
}

/* Says no number that changes all the time: that is in the log and in 'holdline doctor'. */
static char *describe(HlTime behind)
{
    g_autofree char *span = hl_duration_describe(mgr_now_round(behind));

    return g_strdup_printf("The server's clock is behind by %s of what it was: set it (timedatectl set-ntp true); what "
                           "is issued meanwhile is of the later time.  If it is right, it was ahead before, and this "
                           "ends once two more endpoints on line agree with it than do not, or one more for a day",
                           span);
}

static void tell(MgrClock *clock, HlTime behind)
{
    g_autofree char *text = behind > 0 ? describe(behind) : NULL;
    HlTime now = hl_clock_mono();

    mgr_status_set_problem(clock->status, MGR_PROBLEM_CLOCK, text);
    if (behind > 0 && (!clock->is_behind || now - clock->warned_mono > WARN_EVERY)) {
        clock->warned_mono = now;
        hl_warn("clock", "%s", text);
    }
    if (behind == 0 && clock->is_behind)
        hl_info("clock", "the server's clock is no longer behind");
    clock->is_behind = behind > 0;
}

void mgr_clock_tick(MgrClock *clock)
{
    MgrFleet *fleet = clock->fleet;
    MgrNow now = mgr_now();
    HlTime since = clock->looked_mono;

    if (since != 0 && now.mono - since < LOOK_EVERY)
        return;
    clock->looked_mono = now.mono;
    fleet->mark = mgr_now_mark(fleet->mark, now, judge(clock, now, since));
    tell(clock, mgr_now_behind(fleet->mark, now));
    if (clock->kept_mono != 0 && now.mono - clock->kept_mono < KEEP_EVERY)
        return;
    clock->kept_mono = now.mono;
    mgr_write_counter(mgr_record_background(clock->record), MGR_CLOCK_COUNTER, (uint64_t)fleet->mark.wall);
}
