/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/sums.h"

#include "manager/daemon/ground/versions.h"

#define ENDED_EVERY (10 * HL_SECOND) /* how often all are asked whether their certificate has ended */
#define ENDED_LOOKS 5000             /* in one turn of the loop: of a million it takes longer than that */

struct MgrSums {
    MgrFleet *fleet;
    MgrTotals totals;
    guint counted;  /* endpoints that are in the totals */
    bool is_stale;  /* all are to be counted again */
    GQueue touched; /* MgrEndpoint *: to be counted again */
    uint64_t looks;
    char *ended_after; /* id, up to which is counted again whose certificate has ended; NULL: nobody is now */
    HlTime ended_mono; /* when that began */
};

/* A console that dials would show it Offline, and that is no news of it: nobody dials it. */
static bool is_undialled(const MgrEndpoint *endpoint)
{
    return endpoint->record.direct_port == 0 &&
           mgr_endpoint_terms(endpoint)->settings.delivery != HL_DELIVERY_DOCUMENTED &&
           (endpoint->record.display.shown == MGR_DISPLAYED_ONLINE ||
            endpoint->record.display.shown == MGR_DISPLAYED_OFFLINE);
}

static MgrTally tally_of(const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    g_autofree char *address = NULL;
    const MgrEndpointRecord *record = &endpoint->record;
    const MgrFindings *findings;
    MgrVerdictFacts facts;

    if (record->display.removed)
        return (MgrTally){ .is_counted = true, .removed = true, .behind = !mgr_endpoint_has_desired(endpoint) };
    findings = mgr_endpoint_findings(endpoint);
    facts = mgr_endpoint_facts(endpoint, &address);
    return (MgrTally){ .is_counted = true,
                       .actual = (uint8_t)record->presence.actual,
                       .displayed = (uint8_t)record->display.shown,
                       .verdict = (uint8_t)mgr_verdict_of(&facts),
                       .undialled = is_undialled(endpoint),
                       .outdated = mgr_endpoint_is_outdated(fleet, endpoint),
                       .program_outdated = mgr_endpoint_is_program_outdated(fleet, endpoint),
                       .behind = !mgr_endpoint_has_desired(endpoint),
                       .flooding = mgr_endpoint_contact(endpoint)->held_off_until > 0,
                       .scan_failed = findings->end == MGR_SCAN_FAILED,
                       .never_scanned = findings->end == MGR_SCAN_NEVER,
                       .open = findings->open };
}

void mgr_totals_add(MgrTotals *totals, const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    MgrTally tally = tally_of(fleet, endpoint);

    mgr_totals_put(totals, &tally);
}

MgrSums *mgr_sums_new(MgrFleet *fleet)
{
    MgrSums *sums = g_new0(MgrSums, 1);

    sums->fleet = fleet;
    g_queue_init(&sums->touched);
    return sums;
}

void mgr_sums_free(MgrSums *sums)
{
    if (sums == NULL)
        return;
    g_queue_clear(&sums->touched);
    g_free(sums->ended_after);
    g_free(sums);
}

void mgr_sums_touch(MgrSums *sums, MgrEndpoint *endpoint)
{
    if (endpoint->tally.is_touched)
        return;
    endpoint->tally.is_touched = true;
    g_queue_push_tail(&sums->touched, endpoint);
}

/* The next mgr_sums_get counts from nothing. */
void mgr_sums_touch_all(MgrSums *sums)
{
    sums->is_stale = true;
}

static void take_out(MgrSums *sums, MgrEndpoint *endpoint)
{
    if (!endpoint->tally.is_counted)
        return;
    mgr_totals_take(&sums->totals, &endpoint->tally);
    mgr_totals_take(&endpoint->group->totals, &endpoint->tally);
    endpoint->group->current -= !endpoint->tally.behind;
    sums->counted--;
    endpoint->tally.is_counted = false;
}

void mgr_sums_forget(MgrSums *sums, MgrEndpoint *endpoint)
{
    if (endpoint->tally.is_touched)
        g_queue_remove(&sums->touched, endpoint);
    take_out(sums, endpoint);
    endpoint->tally.is_touched = false;
}

static void count(MgrSums *sums, MgrEndpoint *endpoint)
{
    take_out(sums, endpoint);
    endpoint->tally = tally_of(sums->fleet, endpoint);
    mgr_totals_put(&sums->totals, &endpoint->tally);
    mgr_totals_put(&endpoint->group->totals, &endpoint->tally);
    endpoint->group->current += !endpoint->tally.behind;
    sums->counted++;
    sums->looks++;
}

static void count_all(MgrSums *sums)
{
    GHashTableIter iter;
    gpointer value;

    sums->is_stale = false;
    sums->totals = (MgrTotals){ 0 };
    sums->counted = 0;
    g_hash_table_iter_init(&iter, sums->fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        ((MgrGroup *)value)->current = 0;
        ((MgrGroup *)value)->totals = (MgrTotals){ 0 };
    }
    g_hash_table_iter_init(&iter, sums->fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        ((MgrEndpoint *)value)->tally.is_counted = false;
        count(sums, value);
    }
}

const MgrTotals *mgr_sums_get(MgrSums *sums)
{
    MgrEndpoint *endpoint;

    while ((endpoint = g_queue_pop_head(&sums->touched)) != NULL)
        count(sums, endpoint);
    if (sums->is_stale || sums->counted != g_hash_table_size(sums->fleet->endpoints))
        count_all(sums);
    return &sums->totals;
}

MgrGroupSums mgr_sums_of_group(MgrSums *sums, const MgrGroup *group)
{
    MgrGroupSums found = { 0 };
    GHashTableIter iter;
    gpointer id;

    mgr_sums_get(sums);
    found.current = group->current;
    if (group->trial == NULL)
        return found;
    g_hash_table_iter_init(&iter, group->trial->given);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(sums->fleet, id);

        if (endpoint == NULL || endpoint->group != group)
            continue;
        found.trying++;
        found.tried += !endpoint->tally.behind;
    }
    found.current -= found.tried;
    return found;
}

MgrTotals mgr_sums_for(MgrSums *sums, const MgrCaller *caller)
{
    MgrTotals totals = *mgr_sums_get(sums);
    GHashTableIter iter;
    gpointer value;

    if (caller == NULL || caller->groups == NULL)
        return totals;
    totals = (MgrTotals){ 0 };
    g_hash_table_iter_init(&iter, sums->fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (mgr_caller_sees(caller, ((const MgrGroup *)value)->record.name))
            mgr_totals_join(&totals, &((const MgrGroup *)value)->totals);
    return totals;
}

uint64_t mgr_sums_looks(const MgrSums *sums)
{
    return sums->looks;
}

guint mgr_sums_commands(const MgrFleet *fleet, const MgrCaller *caller)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    if (caller == NULL || caller->groups == NULL)
        return g_hash_table_size(fleet->commands);
    g_hash_table_iter_init(&iter, fleet->commands);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const GPtrArray *targets = ((const MgrCommand *)value)->targets;
        guint i = 0;

        while (i < targets->len && !mgr_target_is_seen(targets->pdata[i], caller))
            i++;
        n += i < targets->len;
    }
    return n;
}

static bool has_ended(const MgrEndpoint *endpoint, HlTime now)
{
    return !endpoint->record.display.removed && mgr_endpoint_has_ended(endpoint, now);
}

/* They are counted again, from the beginning. */
static void begin_ended(MgrSums *sums)
{
    GHashTableIter iter;
    gpointer group;

    sums->ended_mono = hl_clock_mono();
    g_hash_table_iter_init(&iter, sums->fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &group))
        ((MgrGroup *)group)->ended_by = 0;
}

static void finish_ended(const MgrSums *sums)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, sums->fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrGroup *group = value;

        group->ended = group->ended_by;
    }
}

/* At most so many more. */
static void count_ended(MgrSums *sums, guint most)
{
    const HlInOrder *order = &sums->fleet->in_order;
    HlInOrderPlace place = hl_in_order_after(order, sums->ended_after);
    HlTime now = hl_clock_wall();
    MgrEndpoint *endpoint, *last = NULL;

    for (guint looks = 0; looks < most && (endpoint = hl_in_order_next(order, &place)) != NULL; looks++) {
        endpoint->group->ended_by += has_ended(endpoint, now);
        last = looks + 1 == most ? endpoint : NULL;
    }
    g_free(sums->ended_after);
    sums->ended_after = last != NULL ? g_strdup(last->record.id) : NULL;
    if (last == NULL)
        finish_ended(sums);
}

static void count_ended_all(MgrSums *sums)
{
    g_clear_pointer(&sums->ended_after, g_free);
    begin_ended(sums);
    count_ended(sums, G_MAXUINT);
}

guint mgr_sums_ended(MgrSums *sums, const MgrCaller *caller)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    if (g_hash_table_size(sums->fleet->endpoints) <= ENDED_LOOKS)
        count_ended_all(sums);
    else
        mgr_sums_ended_lately(sums);
    g_hash_table_iter_init(&iter, sums->fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (mgr_caller_sees(caller, ((const MgrGroup *)value)->record.name))
            n += ((const MgrGroup *)value)->ended;
    return n;
}

static guint ended_of_all(const MgrSums *sums)
{
    GHashTableIter iter;
    gpointer group;
    guint n = 0;

    g_hash_table_iter_init(&iter, sums->fleet->groups);
    while (g_hash_table_iter_next(&iter, NULL, &group))
        n += ((const MgrGroup *)group)->ended;
    return n;
}

guint mgr_sums_ended_lately(MgrSums *sums)
{
    if (sums->ended_mono == 0) { /* or the first summaries would say that there is none */
        count_ended_all(sums);
    } else if (sums->ended_after != NULL) {
        count_ended(sums, ENDED_LOOKS);
    } else if (hl_clock_mono() - sums->ended_mono >= ENDED_EVERY) {
        begin_ended(sums);
        count_ended(sums, ENDED_LOOKS);
    }
    return ended_of_all(sums);
}
