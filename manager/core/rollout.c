/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/rollout.h"

#include "manager/core/refusal.h"

#include <string.h>

#include "lib/base/i18n.h"

#define LOOK_EVERY (10 * HL_SECOND) /* for silent ones: a walk over those whose turn has come */

/* ------------------------------------------------------------------------------------------------------------ words */

static const char *const state_names[] = {
    [MGR_ROLLOUT_RUNNING] = N_("running"), [MGR_ROLLOUT_SOAKING] = N_("soaking"), [MGR_ROLLOUT_PAUSED] = N_("paused"),
    [MGR_ROLLOUT_HALTED] = N_("halted"),   [MGR_ROLLOUT_ABORTED] = N_("aborted"), [MGR_ROLLOUT_DONE] = N_("done"),
};
static const char *const halt_names[] = {
    [MGR_HALT_NONE] = "",
    [MGR_HALT_FAILURES] = "failures",
    [MGR_HALT_TOO_FEW] = "too-few-answers",
};
static const char *const member_names[] = {
    [MGR_MEMBER_PENDING] = "pending", [MGR_MEMBER_WAITING] = "waiting", [MGR_MEMBER_AWAY] = "away",
    [MGR_MEMBER_OPEN] = "open",       [MGR_MEMBER_FAILED] = "failed",   [MGR_MEMBER_SUCCEEDED] = "succeeded",
    [MGR_MEMBER_SILENT] = "silent",   [MGR_MEMBER_LEFT] = "left",
};

static guint find_name(const char *const *names, guint n, const char *name)
{
    guint i = 0;

    while (i < n && strcmp(names[i], name) != 0)
        i++;
    return i;
}

const char *mgr_rollout_state_name(MgrRolloutState state)
{
    return state_names[state];
}

MgrRolloutState mgr_rollout_state_parse(const char *name)
{
    return (MgrRolloutState)find_name(state_names, MGR_ROLLOUT_N_STATES, name);
}

const char *mgr_halt_name(MgrHalt halt)
{
    return halt_names[halt];
}

const char *mgr_halt_words(MgrHalt halt)
{
    static const char *const words[] = {
        [MGR_HALT_FAILURES] = "too many failed", [MGR_HALT_TOO_FEW] = "too few answered"
    };

    return halt < G_N_ELEMENTS(words) && words[halt] != NULL ? words[halt] : "";
}

MgrHalt mgr_halt_parse(const char *name)
{
    return (MgrHalt)find_name(halt_names, MGR_HALT_N, name);
}

const char *mgr_member_name(MgrMember member)
{
    return member_names[member];
}

char *mgr_rollout_format_counts(const guint counts[MGR_MEMBER_N])
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < MGR_MEMBER_N; i++)
        if (counts[i] > 0)
            g_string_append_printf(text, "%s%s=%u", text->len > 0 ? " " : "", member_names[i], counts[i]);
    return g_string_free(text, FALSE);
}

void mgr_rollout_parse_counts(const char *text, guint counts[MGR_MEMBER_N])
{
    g_auto(GStrv) words = g_strsplit(text, " ", MGR_MEMBER_N + 1);

    for (guint i = 0; i < MGR_MEMBER_N; i++)
        counts[i] = 0;
    for (gsize i = 0; words[i] != NULL; i++) {
        char *equals = strchr(words[i], '=');
        guint64 n;
        guint member;

        if (equals == NULL || !g_ascii_string_to_unsigned(equals + 1, 10, 0, G_MAXINT32, &n, NULL))
            continue;
        *equals = '\0';
        member = find_name(member_names, MGR_MEMBER_N, words[i]);
        if (member < MGR_MEMBER_N)
            counts[member] = (guint)n;
    }
}

static bool parse_percent(const char *word, guint *percent)
{
    g_autofree char *text = g_strstrip(g_strdup(word));
    guint64 value;

    if (g_str_has_suffix(text, "%"))
        text[strlen(text) - 1] = '\0';
    if (!g_ascii_string_to_unsigned(text, 10, 1, 100, &value, NULL))
        return false;
    *percent = (guint)value;
    return true;
}

bool mgr_rollout_parse_rings(const char *text, MgrRolloutPlan *plan, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", MGR_ROLLOUT_MAX_RINGS + 1);
    guint before = 0;

    plan->n_rings = 0;
    if (words[0] == NULL)
        return mgr_refuse(error, MGR_REFUSE_ROLLOUT_NO_RING, NULL);
    for (guint i = 0; words[i] != NULL; i++) {
        guint percent;

        if (!parse_percent(words[i], &percent))
            return mgr_refuse(error, MGR_REFUSE_ROLLOUT_RING, words[i], NULL);
        if (percent <= before)
            return mgr_refuse(error, MGR_REFUSE_ROLLOUT_RING_ORDER, text, NULL);
        if (plan->n_rings == MGR_ROLLOUT_MAX_RINGS)
            break;
        plan->rings[plan->n_rings++] = before = percent;
    }
    if (before < 100 && plan->n_rings < MGR_ROLLOUT_MAX_RINGS)
        plan->rings[plan->n_rings++] = before = 100;
    return before == 100 || mgr_refuse(error, MGR_REFUSE_ROLLOUT_RINGS, text, HL_NUMBER(MGR_ROLLOUT_MAX_RINGS), NULL);
}

char *mgr_rollout_format_rings(const MgrRolloutPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->n_rings; i++)
        g_string_append_printf(text, "%s%u%%", i > 0 ? "," : "", plan->rings[i]);
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------------------------------------------------- life */

/* A ring of 1 % of 30 would be nobody: it has at least a sample.  One that is no larger than the one before it is none
 * of its own: it passes with it. */
guint mgr_rollout_end_of(const MgrRolloutPlan *plan, guint n, guint ring)
{
    guint64 part = ((guint64)n * plan->rings[ring] + 99) / 100;

    return MIN(n, MAX((guint)part, plan->min_sample));
}

void mgr_rollout_init(MgrRollout *rollout, const MgrRolloutPlan *plan, guint n, HlTime now)
{
    *rollout = (MgrRollout){
        .plan = *plan, .n = n, .issued_mono = now, .let_go_mono = now, .looked_mono = now, .succeeded_mono = now
    };
    rollout->members = g_new0(uint8_t, n);
    rollout->open_since = g_new0(HlTime, n);
    rollout->counts[MGR_MEMBER_PENDING] = n;
    for (guint i = 0; i < plan->n_rings; i++)
        rollout->ends[i] = mgr_rollout_end_of(plan, n, i);
}

void mgr_rollout_clear(MgrRollout *rollout)
{
    g_clear_pointer(&rollout->members, g_free);
    g_clear_pointer(&rollout->open_since, g_free);
    *rollout = (MgrRollout){ 0 };
}

static guint failed_of(const MgrRollout *rollout)
{
    return rollout->counts[MGR_MEMBER_FAILED] + rollout->counts[MGR_MEMBER_SILENT];
}

void mgr_rollout_restore(MgrRollout *rollout, MgrRolloutState state, MgrHalt halt, guint ring, guint forgiven,
                         HlTime now)
{
    rollout->state = state;
    rollout->halt = halt;
    rollout->ring = MIN(ring, rollout->plan.n_rings - 1);
    rollout->forgiven = forgiven;
    rollout->soak_mono = now;
}

void mgr_rollout_restored(MgrRollout *rollout)
{
    rollout->forgiven = MIN(rollout->forgiven, failed_of(rollout));
}

static void set_member(MgrRollout *rollout, guint position, MgrMember member)
{
    rollout->counts[rollout->members[position]]--;
    rollout->counts[member]++;
    rollout->members[position] = (uint8_t)member;
}

void mgr_rollout_issued(MgrRollout *rollout, guint n, HlTime now)
{
    for (guint i = 0; i < n && rollout->issued < rollout->n; i++) {
        rollout->open_since[rollout->issued] = now;
        set_member(rollout, rollout->issued++, MGR_MEMBER_AWAY);
    }
    rollout->issued_mono = now;
}

/* What a command says after its member has answered, or was silent, changes nothing but by another answer. */
static bool may_become(MgrMember before, MgrMember member)
{
    switch (member) {
    case MGR_MEMBER_SUCCEEDED:
    case MGR_MEMBER_FAILED:
    case MGR_MEMBER_SILENT:
        return before != MGR_MEMBER_PENDING;
    case MGR_MEMBER_WAITING:
        return before == MGR_MEMBER_AWAY || before == MGR_MEMBER_OPEN;
    case MGR_MEMBER_OPEN:
        return before == MGR_MEMBER_AWAY || before == MGR_MEMBER_WAITING;
    case MGR_MEMBER_AWAY: /* it was taken back, or let go */
        return before == MGR_MEMBER_OPEN || before == MGR_MEMBER_WAITING;
    case MGR_MEMBER_LEFT:
        return before == MGR_MEMBER_AWAY || before == MGR_MEMBER_OPEN || before == MGR_MEMBER_WAITING;
    case MGR_MEMBER_PENDING:
    case MGR_MEMBER_N:
        break;
    }
    return false;
}

/* The time that one had its command before its window closed counts when it opens again. */
static HlTime since_of(const MgrRollout *rollout, guint position, MgrMember member, HlTime now)
{
    HlTime since = rollout->open_since[position];

    if (rollout->members[position] == MGR_MEMBER_OPEN && member == MGR_MEMBER_WAITING)
        return now - since;
    if (member == MGR_MEMBER_WAITING)
        return 0;
    return rollout->members[position] == MGR_MEMBER_WAITING && member == MGR_MEMBER_OPEN ? now - since : now;
}

void mgr_rollout_told(MgrRollout *rollout, guint position, MgrMember member, HlTime now)
{
    MgrMember before = (MgrMember)rollout->members[position];

    if (before == member || !may_become(before, member))
        return;
    if (member == MGR_MEMBER_SUCCEEDED && rollout->forgiven > 0 &&
        (before == MGR_MEMBER_FAILED || before == MGR_MEMBER_SILENT))
        rollout->forgiven--; /* or it would be another one's */
    if (before == MGR_MEMBER_WAITING && member != MGR_MEMBER_LEFT)
        rollout->issued_mono = now; /* what is waited for from then on begins now */
    if (member == MGR_MEMBER_SUCCEEDED)
        rollout->succeeded_mono = now;
    rollout->open_since[position] = since_of(rollout, position, member, now);
    set_member(rollout, position, member);
}

/* -------------------------------------------------------------------------------------------------------- judgement */

static bool is_overdue(const MgrRollout *rollout, guint position, HlTime now)
{
    return rollout->members[position] == MGR_MEMBER_OPEN &&
           now - rollout->open_since[position] >= rollout->plan.silence;
}

bool mgr_rollout_has_overdue(const MgrRollout *rollout, HlTime now)
{
    for (guint i = 0; i < rollout->issued && rollout->counts[MGR_MEMBER_OPEN] > 0; i++)
        if (is_overdue(rollout, i, now))
            return true;
    return false;
}

/* Whether somebody is silent now. */
static bool look_for_silence(MgrRollout *rollout, HlTime now)
{
    guint before = rollout->counts[MGR_MEMBER_SILENT];

    if (now - rollout->looked_mono < MIN(LOOK_EVERY, rollout->plan.silence))
        return false;
    rollout->looked_mono = now;
    for (guint i = 0; i < rollout->issued; i++)
        if (is_overdue(rollout, i, now))
            set_member(rollout, i, MGR_MEMBER_SILENT);
    return rollout->counts[MGR_MEMBER_SILENT] > before;
}

static guint failures_of(const MgrRollout *rollout)
{
    guint failed = failed_of(rollout);

    return failed - MIN(failed, rollout->forgiven);
}

static guint answers_of(const MgrRollout *rollout)
{
    return rollout->counts[MGR_MEMBER_SUCCEEDED] + failed_of(rollout);
}

static bool has_sample(const MgrRollout *rollout)
{
    return answers_of(rollout) >= MIN(rollout->plan.min_sample, rollout->n);
}

/* Of so many members. */
static bool are_too_many(const MgrRollout *rollout, guint failures, guint of)
{
    return (guint64)failures * 100 > (guint64)of * (100 - rollout->plan.min_success);
}

static void halt(MgrRollout *rollout, MgrHalt why)
{
    rollout->state = MGR_ROLLOUT_HALTED;
    rollout->halt = why;
}

/* More than those that have answered may have. */
static bool has_failed_so_far(const MgrRollout *rollout)
{
    return has_sample(rollout) && are_too_many(rollout, failures_of(rollout), answers_of(rollout));
}

/* More than the whole ring may have: however the others answer. */
static bool has_failed(const MgrRollout *rollout)
{
    return has_sample(rollout) && are_too_many(rollout, failures_of(rollout), rollout->ends[rollout->ring]);
}

static bool is_last(const MgrRollout *rollout)
{
    return rollout->ends[rollout->ring] == rollout->n;
}

/* Those whose turn has come once, and is to come again. */
static guint again_of(const MgrRollout *rollout)
{
    return rollout->counts[MGR_MEMBER_PENDING] - (rollout->n - rollout->issued);
}

/* Whether all whose turn has come have answered, but for those that are away. */
static bool has_answered(const MgrRollout *rollout, HlTime now)
{
    return rollout->issued >= rollout->ends[rollout->ring] && again_of(rollout) == 0 &&
           rollout->counts[MGR_MEMBER_OPEN] == 0 && rollout->counts[MGR_MEMBER_WAITING] == 0 &&
           (rollout->counts[MGR_MEMBER_AWAY] == 0 || now - rollout->issued_mono >= MGR_ROLLOUT_SETTLE);
}

bool mgr_rollout_is_ending(const MgrRollout *rollout, HlTime now)
{
    return rollout->state == MGR_ROLLOUT_RUNNING && is_last(rollout) && has_answered(rollout, now);
}

void mgr_rollout_doubt(MgrRollout *rollout, guint n)
{
    rollout->doubted = n;
}

bool mgr_rollout_is_doubt_over(const MgrRollout *rollout, HlTime now)
{
    return mgr_rollout_is_ending(rollout, now) &&
           now - rollout->succeeded_mono >= MIN(rollout->plan.soak, MGR_ROLLOUT_SETTLE);
}

static void judge_ring(MgrRollout *rollout, HlTime now)
{
    if (!has_answered(rollout, now))
        return;
    if (has_failed_so_far(rollout)) {
        halt(rollout, MGR_HALT_FAILURES);
    } else if (is_last(rollout)) {
        if (rollout->doubted == 0 || mgr_rollout_is_doubt_over(rollout, now))
            rollout->state = MGR_ROLLOUT_DONE;
    } else if (has_sample(rollout)) {
        rollout->state = MGR_ROLLOUT_SOAKING;
        rollout->soak_mono = now;
    } else if (now - rollout->issued_mono >= rollout->plan.silence) {
        halt(rollout, MGR_HALT_TOO_FEW);
    }
}

static void next_ring(MgrRollout *rollout)
{
    rollout->state = MGR_ROLLOUT_RUNNING;
    while (!is_last(rollout) && rollout->ends[rollout->ring] <= rollout->issued)
        rollout->ring++;
}

bool mgr_rollout_is_soaked(const MgrRollout *rollout, HlTime now)
{
    return rollout->state == MGR_ROLLOUT_SOAKING && now - rollout->soak_mono >= rollout->plan.soak;
}

guint mgr_rollout_ring_begin(const MgrRollout *rollout)
{
    return rollout->ring > 0 ? rollout->ends[rollout->ring - 1] : 0;
}

/* A minute's worth at once, and nothing more for a minute. */
static guint at_rate(const MgrRollout *rollout, guint n, HlTime now)
{
    if (rollout->plan.rate == 0 || n == 0)
        return n;
    return rollout->issued == 0 || now - MAX(rollout->issued_mono, rollout->let_go_mono) >= HL_MINUTE
               ? MIN(n, rollout->plan.rate)
               : 0;
}

static guint due(const MgrRollout *rollout, HlTime now)
{
    guint again = again_of(rollout);
    guint left = again > 0 ? again : rollout->ends[rollout->ring] - MIN(rollout->issued, rollout->ends[rollout->ring]);

    return rollout->plan.rate > 0 && rollout->ready > 0 ? 0 : at_rate(rollout, left, now);
}

guint mgr_rollout_let_go(MgrRollout *rollout, guint ready, HlTime now)
{
    bool goes_on = rollout->state == MGR_ROLLOUT_RUNNING || rollout->state == MGR_ROLLOUT_SOAKING;
    guint n = goes_on ? at_rate(rollout, ready, now) : 0;

    rollout->ready = ready - n;
    if (n > 0) /* for the rate alone: one that was away in a window before is not waited for again */
        rollout->let_go_mono = now;
    return n;
}

guint mgr_rollout_tick(MgrRollout *rollout, HlTime now)
{
    bool is_news;

    if (rollout->state != MGR_ROLLOUT_RUNNING && rollout->state != MGR_ROLLOUT_SOAKING)
        return 0;
    is_news = look_for_silence(rollout, now);
    /* the ring passed by its answers, and a soak in which some of them became failures ends by them, too */
    if (has_failed(rollout) || (mgr_rollout_is_soaked(rollout, now) && has_failed_so_far(rollout))) {
        halt(rollout, MGR_HALT_FAILURES);
        return 0;
    }
    if (mgr_rollout_is_soaked(rollout, now)) {
        next_ring(rollout);
        return due(rollout, now);
    }
    /* the last ring ends by the tick after the one that finds the last of it silent: others may be doubted */
    if (rollout->state == MGR_ROLLOUT_RUNNING && !(is_news && is_last(rollout)))
        judge_ring(rollout, now);
    return rollout->state == MGR_ROLLOUT_RUNNING ? due(rollout, now) : 0;
}

/* -------------------------------------------------------------------------------------------------------- by people */

bool mgr_rollout_is_over(const MgrRollout *rollout)
{
    return rollout->state == MGR_ROLLOUT_ABORTED || rollout->state == MGR_ROLLOUT_DONE;
}

bool mgr_rollout_goes_back(const MgrRollout *rollout, guint position, MgrBrought brought, HlTime now)
{
    MgrMember member = (MgrMember)rollout->members[position];

    if (brought != MGR_BROUGHT_NOT_YET)
        return brought != MGR_BROUGHT_NOTHING;
    return member == MGR_MEMBER_OPEN || member == MGR_MEMBER_SILENT ||
           (member == MGR_MEMBER_SUCCEEDED && rollout->state != MGR_ROLLOUT_DONE &&
            now - rollout->open_since[position] < MGR_ROLLOUT_SETTLE);
}

bool mgr_rollout_pause(MgrRollout *rollout)
{
    if (rollout->state != MGR_ROLLOUT_RUNNING && rollout->state != MGR_ROLLOUT_SOAKING)
        return false;
    rollout->state = MGR_ROLLOUT_PAUSED;
    return true;
}

bool mgr_rollout_resume(MgrRollout *rollout, HlTime now)
{
    if (rollout->state != MGR_ROLLOUT_PAUSED && rollout->state != MGR_ROLLOUT_HALTED)
        return false;
    if (rollout->state == MGR_ROLLOUT_HALTED)
        rollout->forgiven = failed_of(rollout);
    rollout->state = MGR_ROLLOUT_RUNNING;
    if (rollout->halt == MGR_HALT_TOO_FEW)
        next_ring(rollout);
    rollout->halt = MGR_HALT_NONE;
    rollout->soak_mono = now;
    return true;
}

bool mgr_rollout_abort(MgrRollout *rollout)
{
    if (mgr_rollout_is_over(rollout))
        return false;
    rollout->state = MGR_ROLLOUT_ABORTED;
    return true;
}

static bool is_unanswered(MgrMember member)
{
    return member == MGR_MEMBER_WAITING || member == MGR_MEMBER_AWAY || member == MGR_MEMBER_OPEN;
}

void mgr_rollout_take_back(MgrRollout *rollout)
{
    for (guint i = 0; i < rollout->issued; i++)
        if (is_unanswered((MgrMember)rollout->members[i]))
            set_member(rollout, i, MGR_MEMBER_LEFT);
}

void mgr_rollout_take_back_counts(guint counts[MGR_MEMBER_N])
{
    for (MgrMember member = 0; member < MGR_MEMBER_N; member++) {
        if (!is_unanswered(member))
            continue;
        counts[MGR_MEMBER_LEFT] += counts[member];
        counts[member] = 0;
    }
}

static bool may_retry(MgrMember member)
{
    return member == MGR_MEMBER_FAILED || member == MGR_MEMBER_SILENT || member == MGR_MEMBER_LEFT;
}

bool mgr_member_may_have(MgrMember now, MgrMember before, bool is_current)
{
    switch (now) {
    case MGR_MEMBER_OPEN:
    case MGR_MEMBER_SUCCEEDED:
    case MGR_MEMBER_SILENT:
        return true;
    case MGR_MEMBER_FAILED:
        return is_current;
    case MGR_MEMBER_PENDING:
    case MGR_MEMBER_WAITING:
    case MGR_MEMBER_AWAY:
    case MGR_MEMBER_LEFT:
        return before != MGR_MEMBER_PENDING && mgr_member_may_have(before, MGR_MEMBER_PENDING, is_current);
    case MGR_MEMBER_N:
        break;
    }
    return false;
}

GArray *mgr_rollout_find_failed(const MgrRollout *rollout)
{
    GArray *failed = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < rollout->issued && rollout->state != MGR_ROLLOUT_ABORTED; i++)
        if (may_retry((MgrMember)rollout->members[i]))
            g_array_append_val(failed, i);
    return failed;
}

void mgr_rollout_begin_again(MgrRollout *rollout)
{
    rollout->forgiven = 0;
    rollout->state = MGR_ROLLOUT_RUNNING;
    rollout->halt = MGR_HALT_NONE;
}

void mgr_rollout_put_back(MgrRollout *rollout, guint position)
{
    set_member(rollout, position, MGR_MEMBER_PENDING);
}

GArray *mgr_rollout_find_again(const MgrRollout *rollout, guint n)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint i = 0; i < rollout->issued && found->len < MIN(n, again_of(rollout)); i++)
        if (rollout->members[i] == MGR_MEMBER_PENDING)
            g_array_append_val(found, i);
    return found;
}

void mgr_rollout_issued_again(MgrRollout *rollout, const GArray *positions, HlTime now)
{
    for (guint i = 0; i < positions->len; i++) {
        guint position = g_array_index(positions, guint, i);

        rollout->open_since[position] = now;
        set_member(rollout, position, MGR_MEMBER_AWAY);
    }
    rollout->issued_mono = now;
}
