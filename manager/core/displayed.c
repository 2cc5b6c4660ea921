/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/displayed.h"

#include <string.h>

/* How the console judges an endpoint.  Independent takes precedence over range; neither kind is dialled. */
typedef enum { BY_DIAL, BY_HEARTBEAT, INDEPENDENT, N_MODES } Mode;

/* What an event does to what the console believes. */
enum {
    SAME = 0,
    UP = 1 << 0,
    DOWN = 1 << 1,
    DIAL = 1 << 2,    /* the server dials at once, and the answer is the next event */
    WORK = 1 << 3,    /* queued work is handed out */
    CONTACT = 1 << 4, /* documented: a sign of life, shows nothing */
    BEAT = 1 << 5,    /* restarts the k minutes */
    REMOVE = 1 << 6,
    RETURN = 1 << 7,
    INACTIVE = 1 << 8,
    ANNOUNCED = 1 << 9, /* the endpoint's own word: it supersedes dials that are under way */
    LIFE = 1 << 10,     /* the line's own sign of life: shows nothing either, and is not stored here */
};

typedef struct {
    const char *name;
    unsigned actions[N_MODES];
    const char *rules, *why;
} Row;

#define ALL(actions)                    \
    {                                   \
        (actions), (actions), (actions) \
    }
#define ANNOUNCE_START (UP | CONTACT | WORK | RETURN | ANNOUNCED)
#define ANNOUNCE_END   (DOWN | CONTACT | ANNOUNCED)

/* The transition table.  Columns, for the mode after the event: judged by the dial; in an unreachable network;
 * independent. */
static const Row rows[MGR_DISPLAY_N] = {
    [MGR_DISPLAY_NOTHING] = { "nothing", ALL(SAME), "", "the state before the first event" },
    [MGR_DISPLAY_REGISTERED] = { "registered",
                                 { ANNOUNCE_START | DIAL, ANNOUNCE_START | BEAT, ANNOUNCE_START },
                                 "B1 B7 B9",
                                 "Online for a moment; the dial of the registered address decides" },
    [MGR_DISPLAY_RESTARTED] = { "restarted",
                                { ANNOUNCE_START | DIAL, ANNOUNCE_START | BEAT, ANNOUNCE_START },
                                "B7 B9",
                                "a restart or reload is announced and treated as a registration" },
    [MGR_DISPLAY_STOPPED] = { "stopped", ALL(ANNOUNCE_END), "B10", "a clean stop is announced and shows at once" },
    [MGR_DISPLAY_UNINSTALLED] = { "uninstalled", ALL(ANNOUNCE_END | REMOVE), "B10", "announced, shows at once" },
    [MGR_DISPLAY_MOVED] = { "moved", ALL(ANNOUNCE_END | REMOVE), "B10", "announced, shows at once" },
    [MGR_DISPLAY_DIAL_ANSWERED] = { "dial answered",
                                    { UP | CONTACT, SAME, SAME },
                                    "B6",
                                    "the server's dial reached this endpoint" },
    [MGR_DISPLAY_DIAL_FAILED] = { "dial failed",
                                  { DOWN, SAME, SAME },
                                  "B2 B7 B11",
                                  "Offline, although the endpoint may well work" },
    [MGR_DISPLAY_VERIFY] = { "verification",
                             { DIAL, SAME, SAME },
                             "B10 B11 B13",
                             "only those that are judged by the dial are dialled" },
    [MGR_DISPLAY_UPDATED] = { "updated",
                              { CONTACT | WORK, CONTACT | WORK, CONTACT | WORK },
                              "B4 B8 B9",
                              "an occasion for work; shows nothing" },
    [MGR_DISPLAY_LOG_UPLOADED] = { "log uploaded", ALL(CONTACT), "B8", "shows nothing" },
    [MGR_DISPLAY_LINE_UP] = { "line up, unannounced", ALL(LIFE), "B12", "a resume sends no notice" },
    [MGR_DISPLAY_LINE_LOST] = { "line lost", ALL(SAME), "B10", "ghost Online: nothing is announced" },
    [MGR_DISPLAY_HEARTBEAT] = { "heartbeat",
                                { LIFE, UP | CONTACT | BEAT, LIFE },
                                "B13",
                                "once in n minutes; carries no work" },
    [MGR_DISPLAY_POLL] = { "poll", { LIFE, UP | CONTACT | BEAT | WORK, LIFE }, "B13", "carries work" },
    [MGR_DISPLAY_SILENT] = { "k minutes silent", { SAME, DOWN, SAME }, "B13", "offline after k minutes" },
    [MGR_DISPLAY_ENTERED_UNREACHABLE_NET] = { "entered an unreachable network",
                                              { SAME, BEAT | ANNOUNCED, SAME },
                                              "B13",
                                              "judged by heartbeats from now on, no longer notified" },
    [MGR_DISPLAY_LEFT_UNREACHABLE_NET] = { "left the unreachable networks",
                                           { DIAL, SAME, SAME },
                                           "B13 B2",
                                           "judged by the dial from now on" },
    [MGR_DISPLAY_INDEPENDENT_ON] = { "independent on",
                                     { SAME, SAME, UP | CONTACT | ANNOUNCED },
                                     "B14",
                                     "connects, takes no settings or commands; its direct port is closed" },
    [MGR_DISPLAY_INDEPENDENT_OFF] = { "independent off",
                                      { (ANNOUNCE_START & ~RETURN) | DIAL, (ANNOUNCE_START & ~RETURN) | BEAT, SAME },
                                      "B14 B7",
                                      "a reload" },
    [MGR_DISPLAY_INACTIVE] = { "N days without a sign of life", ALL(DOWN | INACTIVE), "*", "Inactive" },
    [MGR_DISPLAY_REMOVAL] = { "removal", ALL(DOWN | REMOVE | ANNOUNCED), "*", "a tombstone; it comes back cleanly" },
    [MGR_DISPLAY_TICK] = { "time", ALL(SAME), "", "makes the rows \"silent\", \"N days\" and \"removal\"" },
};

/* What the console shows for what it believes. */
static const MgrDisplayed shows[N_MODES][2] = {
    [BY_DIAL] = { MGR_DISPLAYED_OFFLINE, MGR_DISPLAYED_ONLINE },
    [BY_HEARTBEAT] = { MGR_DISPLAYED_UNREACHABLE_OFFLINE, MGR_DISPLAYED_UNREACHABLE_ONLINE },
    [INDEPENDENT] = { MGR_DISPLAYED_OFFLINE, MGR_DISPLAYED_INDEPENDENT },
};

static const struct {
    const char *name, *title;
} words[MGR_DISPLAYED_N] = {
    [MGR_DISPLAYED_OFFLINE] = { "offline", "Offline" },
    [MGR_DISPLAYED_ONLINE] = { "online", "Online" },
    [MGR_DISPLAYED_UNREACHABLE_OFFLINE] = { "unreachable-offline", "Unreachable/Offline" },
    [MGR_DISPLAYED_UNREACHABLE_ONLINE] = { "unreachable-online", "Unreachable/Online" },
    [MGR_DISPLAYED_INDEPENDENT] = { "independent", "Independent" },
    [MGR_DISPLAYED_INACTIVE] = { "inactive", "Inactive" },
};

const char *mgr_displayed_name(MgrDisplayed displayed)
{
    g_assert((unsigned)displayed < MGR_DISPLAYED_N);
    return words[displayed].name;
}

const char *mgr_displayed_title(MgrDisplayed displayed)
{
    g_assert((unsigned)displayed < MGR_DISPLAYED_N);
    return words[displayed].title;
}

bool mgr_displayed_parse(const char *name, MgrDisplayed *displayed)
{
    for (unsigned i = 0; i < MGR_DISPLAYED_N; i++) {
        if (strcmp(name, words[i].name) == 0) {
            *displayed = (MgrDisplayed)i;
            return true;
        }
    }
    return false;
}

static Mode mode_of(const MgrDisplay *display)
{
    if (display->independent)
        return INDEPENDENT;
    return display->in_unreachable_net ? BY_HEARTBEAT : BY_DIAL;
}

bool mgr_display_is_dialled(const MgrDisplay *display)
{
    return display->registered && !display->removed && mode_of(display) == BY_DIAL;
}

static void set_mode(MgrDisplay *display, MgrDisplayEventKind kind)
{
    if (kind == MGR_DISPLAY_ENTERED_UNREACHABLE_NET || kind == MGR_DISPLAY_LEFT_UNREACHABLE_NET)
        display->in_unreachable_net = kind == MGR_DISPLAY_ENTERED_UNREACHABLE_NET;
    if (kind == MGR_DISPLAY_INDEPENDENT_ON || kind == MGR_DISPLAY_INDEPENDENT_OFF)
        display->independent = kind == MGR_DISPLAY_INDEPENDENT_ON;
}

static void apply(MgrDisplay *display, unsigned actions, MgrNow now, MgrDisplayEffects *fx)
{
    if (actions & RETURN) {
        fx->returned = display->removed;
        display->registered = true;
        display->removed = false;
    }
    if (actions & (UP | DOWN))
        display->up = (actions & UP) != 0;
    if (actions & (UP | CONTACT | LIFE)) /* a mere sign of life shows it as before, not Online: B8, B12 */
        display->inactive = false;
    if (actions & INACTIVE)
        display->inactive = true;
    if (actions & CONTACT)
        display->contact_wall = now.wall;
    if (actions & (CONTACT | LIFE))
        display->alive_mono = now.mono;
    if (actions & BEAT)
        display->beat_mono = now.mono;
    if (actions & REMOVE) {
        fx->removed = !display->removed;
        display->removed = true;
    }
    if (actions & (DIAL | ANNOUNCED))
        display->generation++;
    fx->dial = (actions & DIAL) != 0;
    if (actions & (DIAL | ANNOUNCED))
        display->dialling = fx->dial;
    fx->work = (actions & WORK) != 0;
}

static void show(MgrDisplay *display, unsigned actions, MgrDisplayEventKind cause, MgrNow now)
{
    MgrDisplayed shown = display->inactive ? MGR_DISPLAYED_INACTIVE : shows[mode_of(display)][display->up];

    if (display->shown == MGR_DISPLAYED_INACTIVE && shown != display->shown && (actions & (UP | DOWN)) == 0)
        cause = MGR_DISPLAY_LINE_UP; /* heard again, by whatever it was */
    /* a dial of one that is shown Inactive is not why it is shown so */
    if (shown != display->shown || ((actions & (UP | DOWN)) != 0 && (!display->inactive || (actions & REMOVE) != 0)))
        display->cause = (uint8_t)cause;
    if (shown != display->shown) {
        display->shown = (uint8_t)shown;
        display->since_wall = now.wall;
    }
}

/* The rows that only time makes. */
static MgrDisplayEventKind due(const MgrDisplay *display, const MgrDisplayPolicy *policy, bool line_up, MgrNow now)
{
    HlTime idle = line_up ? 0 : now.mono - display->alive_mono;

    if (policy->remove_after > 0 && idle >= policy->remove_after)
        return MGR_DISPLAY_REMOVAL;
    if (policy->inactive_after > 0 && idle >= policy->inactive_after && !display->inactive)
        return MGR_DISPLAY_INACTIVE;
    if (mode_of(display) == BY_HEARTBEAT && display->up &&
        now.mono - display->beat_mono >= policy->unreachable->offline_minutes * HL_MINUTE)
        return MGR_DISPLAY_SILENT;
    return MGR_DISPLAY_TICK;
}

HlTime mgr_display_deadline(const MgrDisplay *display, const MgrDisplayPolicy *policy, bool line_up)
{
    HlTime next = G_MAXINT64;

    if (!display->registered || display->removed)
        return next;
    if (policy->remove_after > 0 && !line_up)
        next = MIN(next, display->alive_mono + policy->remove_after);
    if (policy->inactive_after > 0 && !line_up && !display->inactive)
        next = MIN(next, display->alive_mono + policy->inactive_after);
    if (mode_of(display) == BY_HEARTBEAT && display->up)
        next = MIN(next, display->beat_mono + policy->unreachable->offline_minutes * HL_MINUTE);
    return next;
}

/* Whether the event happened at all, as far as the classic server could know. */
static bool is_void(const MgrDisplay *display, const MgrDisplayPolicy *policy, const MgrDisplayEvent *event, MgrNow now)
{
    MgrDisplayEventKind kind = event->kind;

    if (kind == MGR_DISPLAY_DIAL_ANSWERED || kind == MGR_DISPLAY_DIAL_FAILED)
        return event->generation != display->generation || display->removed;
    /* the line's heartbeats are more frequent than the documented ones */
    if (kind == MGR_DISPLAY_HEARTBEAT && display->up && mode_of(display) == BY_HEARTBEAT)
        return now.mono - display->beat_mono < policy->unreachable->heartbeat_minutes * HL_MINUTE;
    if ((kind == MGR_DISPLAY_ENTERED_UNREACHABLE_NET && display->in_unreachable_net) ||
        (kind == MGR_DISPLAY_LEFT_UNREACHABLE_NET && !display->in_unreachable_net) ||
        (kind == MGR_DISPLAY_INDEPENDENT_ON && display->independent) ||
        (kind == MGR_DISPLAY_INDEPENDENT_OFF && !display->independent))
        return true;
    return false;
}

MgrDisplayEffects mgr_display_step(MgrDisplay *display, const MgrDisplayPolicy *policy, const MgrDisplayEvent *event,
                                   MgrNow now)
{
    MgrDisplayEventKind kind = event->kind;
    MgrDisplayEffects fx = { 0 };
    MgrDisplayed shown = display->shown;
    bool removed = display->removed;
    unsigned actions;

    g_assert((unsigned)kind < MGR_DISPLAY_N);
    if (kind == MGR_DISPLAY_TICK)
        kind = due(display, policy, event->line_up, now);
    if (is_void(display, policy, event, now))
        return fx;
    set_mode(display, kind);
    actions = rows[kind].actions[mode_of(display)];
    /* without a record there is nothing to show; only a registration makes one */
    if ((!display->registered || removed) && !(actions & RETURN))
        return fx;
    apply(display, actions, now, &fx);
    if (kind == MGR_DISPLAY_DIAL_ANSWERED || kind == MGR_DISPLAY_DIAL_FAILED)
        display->dialling = false;
    show(display, actions, kind, now);
    fx.changed = display->shown != shown || display->removed != removed;
    fx.generation = display->generation;
    return fx;
}

/* For how long it was silent as the manager before this one ended.  What was heard after the last writing counts as
 * heard then. */
static HlTime silence_at(const MgrDisplay *display, HlTime seen_wall, HlTime alive_wall, HlTime end)
{
    HlTime last = seen_wall <= alive_wall + MGR_ALIVE_SLACK ? MAX(display->contact_wall, MIN(seen_wall, end))
                                                            : display->contact_wall;

    return MAX(end - last, 0);
}

bool mgr_clock_was_behind(const MgrClockSet *set)
{
    return set->alive_wall > set->now.wall - set->step + MGR_ALIVE_SLACK;
}

void mgr_display_follow_clock(MgrDisplay *display, HlTime seen_wall, const MgrClockSet *set)
{
    HlTime before = set->now.wall - set->step;
    HlTime began = before - (set->now.mono - set->start_mono); /* by the clock that was set */
    bool was_behind = mgr_clock_was_behind(set);
    bool is_of_now = display->contact_wall >= began && display->contact_wall <= before;

    if (was_behind && set->alive_wall <= set->now.wall + MGR_ALIVE_SLACK && display->alive_mono <= set->start_mono)
        display->alive_mono =
            set->start_mono - silence_at(display, seen_wall, set->alive_wall, MIN(set->alive_wall, set->now.wall));
    if (display->contact_wall != 0 && (!was_behind || is_of_now))
        display->contact_wall += set->step;
}

bool mgr_display_restore(MgrDisplay *display, HlTime seen_wall, HlTime alive_wall, MgrNow now)
{
    HlTime end = MIN(alive_wall, now.wall); /* a manager that lived in the future had a wrong clock */

    display->alive_mono = now.mono - silence_at(display, seen_wall, alive_wall, end);
    display->beat_mono = now.mono;
    return display->dialling && mgr_display_is_dialled(display);
}

static void describe(GString *out, unsigned actions, Mode mode)
{
    static const struct {
        unsigned action;
        const char *word;
    } extras[] = { { DIAL, "dial" },
                   { WORK, "hand out work" },
                   { BEAT, "restarts the k minutes" },
                   { REMOVE, "tombstone" },
                   { CONTACT | LIFE, "a sign of life" } };
    const char *between = "";

    if (actions & INACTIVE) {
        g_string_append(out, "**Inactive**");
        between = "; ";
    } else if (actions & (UP | DOWN)) {
        g_string_append_printf(out, "**%s**", words[shows[mode][(actions & UP) != 0]].title);
        between = "; ";
    }
    for (gsize i = 0; i < G_N_ELEMENTS(extras); i++) {
        if (actions & extras[i].action) {
            g_string_append_printf(out, "%s%s", between, extras[i].word);
            between = ", ";
        }
    }
    if (*between == '\0')
        g_string_append(out, "-");
}

char *mgr_display_table(void)
{
    GString *out =
        g_string_new("| event | judged by the dial | in an unreachable network | independent | rules | why |\n"
                     "|---|---|---|---|---|---|\n");

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (*rows[i].rules == '\0')
            continue;
        g_string_append_printf(out, "| %s | ", rows[i].name);
        for (unsigned mode = 0; mode < N_MODES; mode++) {
            describe(out, rows[i].actions[mode], (Mode)mode);
            g_string_append(out, " | ");
        }
        g_string_append_printf(out, "%s | %s |\n", *rows[i].rules == '*' ? "(ours)" : rows[i].rules, rows[i].why);
    }
    return g_string_free(out, FALSE);
}
