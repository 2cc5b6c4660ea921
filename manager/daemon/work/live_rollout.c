/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/live_rollout.h"

#include <string.h>

#include "lib/base/common.h"
#include "lib/base/log.h"
#include "manager/daemon/ground/versions.h"
#include "manager/daemon/work/commands.h"
#include "proto/components.h"
#include "proto/settings.h"

static MgrLiveRollout *live_new(MgrRolloutRecord *record)
{
    MgrLiveRollout *live = g_new0(MgrLiveRollout, 1);

    live->record = *record;
    *record = (MgrRolloutRecord){ 0 };
    live->endpoints = g_ptr_array_new_with_free_func(g_free);
    live->commands = g_ptr_array_new();
    live->positions = g_hash_table_new(g_str_hash, g_str_equal);
    live->batches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    live->dirty = g_hash_table_new(g_str_hash, g_str_equal);
    return live;
}

void mgr_live_rollout_free(MgrLiveRollout *live)
{
    if (live == NULL)
        return;
    g_hash_table_unref(live->dirty);
    g_hash_table_unref(live->positions);
    g_ptr_array_unref(live->commands);
    g_ptr_array_unref(live->endpoints);
    g_hash_table_unref(live->batches);
    g_free(live->belied);
    g_free(live->retried);
    for (guint i = 0; live->patterns != NULL && i < live->core.n; i++)
        hl_common_free(live->patterns[i]);
    g_free(live->patterns);
    mgr_rollout_clear(&live->core);
    g_clear_pointer(&live->doubted, g_array_unref);
    mgr_rollout_record_clear(&live->record);
    g_free(live);
}

char *mgr_live_rollout_batch(MgrLiveRollout *live, const char *command)
{
    gpointer kept;

    if (!g_hash_table_lookup_extended(live->batches, command, &kept, NULL)) {
        kept = g_strdup(command);
        g_hash_table_insert(live->batches, kept, kept);
    }
    return kept;
}

static bool is_of_program(const MgrLiveRollout *live)
{
    return *live->record.program != '\0';
}

static void add_member(MgrLiveRollout *live, const char *endpoint, const char *command)
{
    char *id = g_strdup(endpoint);

    g_hash_table_insert(live->positions, id, GUINT_TO_POINTER(live->endpoints->len));
    g_ptr_array_add(live->endpoints, id);
    g_ptr_array_add(live->commands, command != NULL ? mgr_live_rollout_batch(live, command) : NULL);
}

MgrMember mgr_live_rollout_member_of(HlCommandState state, const char *code)
{
    switch (state) {
    case HL_STATE_QUEUED:
        return MGR_MEMBER_AWAY;
    case HL_STATE_SENT:
    case HL_STATE_RECEIVED:
    case HL_STATE_STARTED:
        return MGR_MEMBER_OPEN;
    case HL_STATE_SUCCEEDED:
        return MGR_MEMBER_SUCCEEDED;
    case HL_STATE_FAILED:
    case HL_STATE_REJECTED:
        return MGR_MEMBER_FAILED;
    case HL_STATE_TIMED_OUT:
        return MGR_MEMBER_SILENT;
    case HL_STATE_EXPIRED:
        return g_strcmp0(code, MGR_CODE_UNREACHED) == 0 ? MGR_MEMBER_LEFT : MGR_MEMBER_SILENT;
    case HL_STATE_CANCELLED:
    case HL_STATE_UNKNOWN:
    case HL_N_STATES:
        break;
    }
    return MGR_MEMBER_LEFT;
}

/* One that went away with the command on its way is not waited for: its silence goes on when the window closes. */
static bool waits(const MgrTarget *target)
{
    if (!target->held)
        return false;
    if (target->record.state == HL_STATE_SENT)
        return target->endpoint != NULL && mgr_endpoint_is_up(target->endpoint);
    return target->record.state == HL_STATE_QUEUED && !target->let_go;
}

/* One that has had another turn since is spoken for by that; and who was found out is not believed again. */
static void tell(MgrLiveRollout *live, const char *command, const MgrTarget *of, HlTime now)
{
    const MgrTargetRecord *target = &of->record;
    MgrMember member = mgr_live_rollout_member_of(target->state, target->code);
    gpointer found;
    guint position;

    if (!g_hash_table_lookup_extended(live->positions, target->endpoint, NULL, &found))
        return;
    if (waits(of))
        member = MGR_MEMBER_WAITING;
    position = GPOINTER_TO_UINT(found);
    if (g_strcmp0(live->commands->pdata[position], command) != 0 ||
        (member == MGR_MEMBER_SUCCEEDED && live->belied[position]))
        return;
    if (member == MGR_MEMBER_SUCCEEDED && is_of_program(live))
        member = MGR_MEMBER_OPEN;
    mgr_rollout_told(&live->core, position, member, now);
}

void mgr_live_rollout_look_at(MgrLiveRollout *live, const MgrCommand *command)
{
    HlTime now = hl_clock_mono();

    for (guint i = 0; i < command->targets->len; i++)
        tell(live, command->record.id, command->targets->pdata[i], now);
}

/* -------------------------------------------------------------------------------------------------- of the registry */

typedef struct {
    MgrLiveRollout *live;
    GArray *members; /* MgrMember, up to the last one whose turn has come */
    guint issued_to; /* their number */
    GArray *issued;  /* HlTime, wall: of their commands */
    GArray *belied;  /* bool */
    GPtrArray *patterns;
} Reading;

static void on_member(guint position G_GNUC_UNUSED, const MgrRolloutMember *member, gpointer user)
{
    Reading *reading = user;
    MgrMember state = MGR_MEMBER_PENDING;
    bool is_belied = member->command != NULL && member->outcome == MGR_MEMBER_FAILED;

    add_member(reading->live, member->endpoint, member->command);
    g_ptr_array_add(reading->patterns, hl_common_dup(member->patterns));
    g_array_append_val(reading->belied, is_belied);
    if (member->command == NULL) { /* or it is to come again (mgr_rollout_put_back) */
        g_array_append_val(reading->members, state);
        g_array_append_val(reading->issued, member->issued_at);
        return;
    }
    reading->issued_to = reading->members->len + 1;
    state = member->has_target ? mgr_live_rollout_member_of(member->state, member->code) : MGR_MEMBER_LEFT;
    if (mgr_live_rollout_is_of_settings(reading->live)) /* what was not judged is asked of the endpoint */
        state = member->outcome == MGR_MEMBER_N      ? MGR_MEMBER_AWAY
                : member->outcome == MGR_MEMBER_LEFT ? MGR_MEMBER_LEFT
                                                     : MGR_MEMBER_OPEN;
    if (state == MGR_MEMBER_SUCCEEDED && is_of_program(reading->live))
        state = MGR_MEMBER_OPEN;
    if (member->outcome == MGR_MEMBER_FAILED || member->outcome == MGR_MEMBER_SUCCEEDED ||
        (member->outcome == MGR_MEMBER_SILENT && state == MGR_MEMBER_OPEN))
        state = member->outcome;
    g_array_append_val(reading->members, state);
    g_array_append_val(reading->issued, member->issued_at);
}

/* Turns come in the order of positions: who has a later command than the first of the present ring has had another. */
static void find_retried(MgrLiveRollout *live, const GArray *issued)
{
    guint begin = mgr_rollout_ring_begin(&live->core);

    guint first = begin;

    while (first < live->core.issued && live->commands->pdata[first] == NULL) /* its turn is to come again */
        first++;
    for (guint i = 0; i < begin && first < live->core.issued; i++)
        live->retried[i] = g_array_index(issued, HlTime, i) > g_array_index(issued, HlTime, first);
}

MgrLiveRollout *mgr_live_rollout_new(MgrRolloutRecord *record, const GPtrArray *endpoints)
{
    MgrLiveRollout *live = live_new(record);

    for (guint i = 0; i < endpoints->len; i++)
        add_member(live, ((const MgrEndpoint *)endpoints->pdata[i])->record.id, NULL);
    mgr_rollout_init(&live->core, &live->record.plan, endpoints->len, hl_clock_mono());
    live->belied = g_new0(bool, endpoints->len);
    live->retried = g_new0(bool, endpoints->len);
    live->patterns = g_new0(char *, endpoints->len);
    live->upgrades_since = live->record.started_at;
    return live;
}

static void take_patterns(MgrLiveRollout *live, Reading *reading)
{
    live->patterns = g_new0(char *, live->core.n);
    for (guint i = 0; i < live->core.n; i++)
        live->patterns[i] = g_steal_pointer(&reading->patterns->pdata[i]);
}

MgrLiveRollout *mgr_live_rollout_read(MgrRecord *registry, MgrRolloutRecord *record, GError **error)
{
    g_autoptr(MgrLiveRollout) live = live_new(record);
    g_autoptr(GArray) members = g_array_new(FALSE, FALSE, sizeof(MgrMember));
    g_autoptr(GArray) issued = g_array_new(FALSE, FALSE, sizeof(HlTime));
    g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(hl_common_free);
    g_autoptr(GArray) belied = g_array_new(FALSE, FALSE, sizeof(bool));
    Reading reading = { live, members, 0, issued, belied, patterns };
    HlTime now = hl_clock_mono();

    if (!mgr_registry_load_rollout_members(mgr_record_reader(registry), live->record.id, on_member, &reading, error))
        return NULL;
    mgr_rollout_init(&live->core, &live->record.plan, live->endpoints->len, now);
    mgr_rollout_restore(&live->core, live->record.state, live->record.halt, live->record.ring, live->record.forgiven,
                        now);
    mgr_rollout_issued(&live->core, reading.issued_to, now);
    live->belied = g_new0(bool, live->endpoints->len);
    live->retried = g_new0(bool, live->endpoints->len);
    take_patterns(live, &reading);
    find_retried(live, issued);
    live->upgrades_since = live->record.changed_at;
    for (guint i = 0; i < reading.issued_to; i++) {
        if (g_array_index(members, MgrMember, i) == MGR_MEMBER_PENDING)
            mgr_rollout_put_back(&live->core, i);
        mgr_rollout_told(&live->core, i, g_array_index(members, MgrMember, i), now);
        live->belied[i] = g_array_index(belied, bool, i);
    }
    mgr_rollout_restored(&live->core);
    if (mgr_rollout_record_is_taken_back(&live->record))
        mgr_rollout_take_back(&live->core);
    return g_steal_pointer(&live);
}

void mgr_live_rollout_look(MgrLiveRollout *live, const MgrFleet *fleet, bool is_all)
{
    GHashTableIter iter;
    gpointer id;

    g_hash_table_iter_init(&iter, is_all ? live->batches : live->dirty);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        const MgrCommand *command = mgr_fleet_command(fleet, id);

        if (command != NULL)
            mgr_live_rollout_look_at(live, command);
    }
    g_hash_table_remove_all(live->dirty);
}

char *mgr_rollout_brings(const MgrRolloutRecord *record, const HlSettings *settings)
{
    g_autofree char *kept_names = hl_settings_kept_components(settings, NULL);
    g_auto(GStrv) kept = g_strsplit(kept_names, ",", -1);
    g_auto(GStrv) all = g_strsplit(hl_scan_components[settings->scan_method], ",", -1);
    g_autoptr(GPtrArray) brought = g_ptr_array_new();

    if (*record->component != '\0')
        return g_strdup(record->component);
    for (gsize i = 0; all[i] != NULL; i++)
        if (!g_strv_contains((const char *const *)kept, all[i]))
            g_ptr_array_add(brought, all[i]);
    g_ptr_array_add(brought, NULL);
    return g_strjoinv(",", (char **)brought->pdata);
}

/* Of two that bring patterns: whether one of them is the same. */
static bool bring_same(const MgrRolloutRecord *record, const MgrRolloutRecord *other, const HlSettings *settings)
{
    g_autofree char *names = mgr_rollout_brings(record, settings);
    g_autofree char *other_names = mgr_rollout_brings(other, settings);
    g_auto(GStrv) brought = g_strsplit(names, ",", -1);
    g_auto(GStrv) by_other = g_strsplit(other_names, ",", -1);

    for (gsize i = 0; brought[i] != NULL; i++)
        if (g_strv_contains((const char *const *)by_other, brought[i]))
            return true;
    return false;
}

guint mgr_live_rollout_shares(const MgrLiveRollout *live, const MgrRolloutRecord *other, const GPtrArray *endpoints,
                              const MgrEndpoint **one)
{
    g_autoptr(GHashTable) answers = g_hash_table_new(NULL, NULL); /* of all settings that were asked about, once */
    bool is_program = *live->record.program != '\0';
    guint n = 0;

    if (mgr_live_rollout_is_of_settings(live) || *other->group != '\0')
        return 0; /* of another group, or of something else */
    if (is_program != (*other->program != '\0'))
        return 0;
    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];
        MgrGroup *terms = mgr_endpoint_terms(endpoint);
        gpointer answer;

        if (!g_hash_table_contains(live->positions, endpoint->record.id))
            continue;
        if (!g_hash_table_lookup_extended(answers, terms, NULL, &answer)) {
            answer = GINT_TO_POINTER(is_program || bring_same(&live->record, other, &terms->settings));
            g_hash_table_insert(answers, terms, answer);
        }
        if (answer != NULL && n++ == 0)
            *one = endpoint;
    }
    return n;
}

bool mgr_live_rollout_is_behind(const MgrLiveRollout *live, const MgrEndpoint *endpoint)
{
    g_autofree char *names = mgr_rollout_brings(&live->record, &mgr_endpoint_terms(endpoint)->settings);
    g_autofree char *wanted = hl_components_only(live->record.versions, names);

    return mgr_endpoint_is_behind(endpoint, wanted);
}

/* Of those that say that they succeeded, whose versions are asked and say otherwise. */
static bool is_doubted(const MgrLiveRollout *live, const MgrFleet *fleet, guint position)
{
    bool is_asked = position >= mgr_rollout_ring_begin(&live->core) || live->retried[position];
    const MgrEndpoint *endpoint;

    if (live->core.members[position] != MGR_MEMBER_SUCCEEDED || !is_asked)
        return false;
    endpoint = mgr_fleet_endpoint(fleet, live->endpoints->pdata[position]);
    return endpoint != NULL && mgr_live_rollout_is_behind(live, endpoint);
}

/* Positions (guint).  Free with g_array_unref. */
static GArray *find_doubted(const MgrLiveRollout *live, const MgrFleet *fleet)
{
    GArray *doubted = g_array_new(FALSE, FALSE, sizeof(guint));

    if (*live->record.versions == '\0' || is_of_program(live))
        return doubted;
    for (guint i = 0; i < live->core.issued; i++)
        if (is_doubted(live, fleet, i))
            g_array_append_val(doubted, i);
    return doubted;
}

GArray *mgr_live_rollout_find_liars(MgrLiveRollout *live, const MgrFleet *fleet)
{
    GArray *liars = find_doubted(live, fleet);
    HlTime now = hl_clock_mono();

    for (guint i = 0; i < liars->len; i++) {
        guint position = g_array_index(liars, guint, i);
        const char *id = live->endpoints->pdata[position];

        hl_log_limited(HL_LOG_WARN, "rollout", id,
                       "%s: %s says that it succeeded, and is still behind: it counts as failed", live->record.id, id);
        mgr_rollout_told(&live->core, position, MGR_MEMBER_FAILED, now);
        live->belied[position] = true;
        live->retried[position] = false;
    }
    for (guint i = 0; i < live->core.issued; i++) /* the others have been asked, too */
        live->retried[i] = live->retried[i] && live->core.members[i] != MGR_MEMBER_SUCCEEDED;
    return liars;
}

guint mgr_live_rollout_count_doubted(MgrLiveRollout *live, const MgrFleet *fleet)
{
    if (!mgr_rollout_is_ending(&live->core, hl_clock_mono())) {
        g_clear_pointer(&live->doubted, g_array_unref);
        return 0;
    }
    if (live->doubted == NULL)
        live->doubted = find_doubted(live, fleet);
    for (guint i = live->doubted->len; i > 0; i--)
        if (!is_doubted(live, fleet, g_array_index(live->doubted, guint, i - 1)))
            g_array_remove_index_fast(live->doubted, i - 1);
    return live->doubted->len;
}

/* One that is away may have been upgraded by hand; one that was silent may have been slow. */
static MgrMember upgrade_of(const MgrLiveRollout *live, const MgrEndpoint *endpoint)
{
    const MgrSeldom *upgrade = mgr_endpoint_seldom(&endpoint->record);

    if (mgr_endpoint_has_program(endpoint, live->record.program))
        return MGR_MEMBER_SUCCEEDED;
    return *upgrade->upgrade_end != '\0' && strcmp(upgrade->upgrade_end, MGR_UPGRADE_DONE) != 0 &&
                   strcmp(upgrade->upgrade_to, live->record.program) == 0 &&
                   upgrade->upgraded_at >= live->upgrades_since
               ? MGR_MEMBER_FAILED
               : MGR_MEMBER_N;
}

static bool is_waited_for(MgrMember member)
{
    return member == MGR_MEMBER_AWAY || member == MGR_MEMBER_OPEN || member == MGR_MEMBER_SILENT;
}

void mgr_live_rollout_find_upgraded(MgrLiveRollout *live, const MgrFleet *fleet, GArray **succeeded, GArray **failed)
{
    HlTime now = hl_clock_mono();

    *succeeded = g_array_new(FALSE, FALSE, sizeof(guint));
    *failed = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; is_of_program(live) && i < live->core.issued; i++) {
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, live->endpoints->pdata[i]);
        MgrMember member = endpoint != NULL && is_waited_for((MgrMember)live->core.members[i])
                               ? upgrade_of(live, endpoint)
                               : MGR_MEMBER_N;

        if (member == MGR_MEMBER_N)
            continue;
        mgr_rollout_told(&live->core, i, member, now);
        live->belied[i] = member == MGR_MEMBER_FAILED;
        g_array_append_val(member == MGR_MEMBER_FAILED ? *failed : *succeeded, i);
    }
}

/* Whether it is in the group still, and may have anything. */
static bool is_of_group(const MgrLiveRollout *live, const MgrEndpoint *endpoint)
{
    return endpoint != NULL && endpoint->record.revoked_at == 0 &&
           strcmp(endpoint->group->record.name, live->record.group) == 0;
}

/* One in independent mode takes nothing but what ends it: what is on trial may do that, also before its turn. */
static bool takes_trial(const MgrEndpoint *endpoint)
{
    const MgrTrial *trial = endpoint->group->trial;

    return trial != NULL && !(endpoint->record.display.independent && trial->terms->settings.independent);
}

GArray *mgr_live_rollout_find_takers(const MgrLiveRollout *live, const MgrFleet *fleet, const GArray *positions)
{
    GArray *takers = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < positions->len; i++) {
        guint position = g_array_index(positions, guint, i);
        const MgrEndpoint *endpoint = mgr_fleet_endpoint(fleet, live->endpoints->pdata[position]);

        if (is_of_group(live, endpoint) && takes_trial(endpoint) && mgr_endpoint_is_up(endpoint))
            g_array_append_val(takers, position);
    }
    return takers;
}

/* Since is when its turn was, of one that is away.  MGR_MEMBER_N: nothing new. */
static MgrMember application_of(const MgrLiveRollout *live, const MgrEndpoint *endpoint, HlTime since)
{
    if (!is_of_group(live, endpoint))
        return MGR_MEMBER_LEFT;
    if (!mgr_group_tries(endpoint->group, endpoint->record.id))
        return MGR_MEMBER_N;
    if (mgr_endpoint_has_desired(endpoint))
        return MGR_MEMBER_SUCCEEDED;
    if (mgr_endpoint_contact(endpoint)->refused_counter == mgr_endpoint_desired_counter(endpoint))
        return MGR_MEMBER_FAILED;
    /* one that came and went between two looks had them, too */
    return takes_trial(endpoint) && (mgr_endpoint_is_up(endpoint) || endpoint->record.presence.seen_mono > since)
               ? MGR_MEMBER_OPEN
               : MGR_MEMBER_N;
}

void mgr_live_rollout_find_applied(MgrLiveRollout *live, const MgrFleet *fleet, MgrApplications *found)
{
    static const MgrMember kept[] = { MGR_MEMBER_SUCCEEDED, MGR_MEMBER_FAILED, MGR_MEMBER_OPEN, MGR_MEMBER_LEFT };
    HlTime now = hl_clock_mono();

    *found = (MgrApplications){ 0 };
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
        found->positions[kept[i]] = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < live->core.issued; i++) {
        MgrMember before = (MgrMember)live->core.members[i], member;

        if (before == MGR_MEMBER_SUCCEEDED) /* for good */
            continue;
        member = application_of(live, mgr_fleet_endpoint(fleet, live->endpoints->pdata[i]), live->core.open_since[i]);
        if (member == MGR_MEMBER_N)
            continue;
        mgr_rollout_told(&live->core, i, member, now);
        if (live->core.members[i] != before && found->positions[member] != NULL)
            g_array_append_val(found->positions[member], i);
    }
}

void mgr_applications_clear(MgrApplications *found)
{
    for (gsize i = 0; i < MGR_MEMBER_N; i++)
        g_clear_pointer(&found->positions[i], g_array_unref);
}

GArray *mgr_live_rollout_find(const MgrLiveRollout *live, MgrMember member)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < live->core.issued; i++)
        if (live->core.members[i] == member)
            g_array_append_val(found, i);
    return found;
}

const char *mgr_live_rollout_why(const MgrLiveRollout *live, guint position)
{
    if (live->core.members[position] != MGR_MEMBER_FAILED)
        return "";
    if (mgr_live_rollout_is_of_settings(live))
        return "refusal";
    if (!live->belied[position])
        return "word";
    return is_of_program(live) ? "upgrade" : "versions";
}

void mgr_live_rollout_note(MgrLiveRollout *live, HlTime wall)
{
    live->record.state = live->core.state;
    live->record.halt = live->core.halt;
    live->record.ring = live->core.ring;
    live->record.forgiven = live->core.forgiven;
    memcpy(live->record.counts, live->core.counts, sizeof live->record.counts);
    live->record.changed_at = wall;
}
