/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/face.h"

#include "lib/base/i18n.h"

typedef struct {
    const TrView *view;
    HlTime now;
} Look;

static bool is_text(const char *text)
{
    return text != NULL && *text != '\0';
}

/* ---------------------------------------------------------------------------------------------------------- states */

static bool is_away(const Look *look)
{
    return !look->view->here;
}

static bool is_updating(const Look *look)
{
    return look->view->update.running;
}

static bool is_in_trouble(const Look *look)
{
    return is_text(look->view->problem);
}

static bool is_within(HlTime now, HlTime since, HlTime span)
{
    return hl_time_difference(now, since) < span; /* 0, never, is long ago */
}

static bool has_recent_finds(const Look *look)
{
    return look->view->finds.total > 0 && is_within(look->now, look->view->finds.at, TR_RECENT);
}

static bool has_no_patterns(const Look *look)
{
    return !is_text(look->view->patterns);
}

/* A set that came with the program counts from when it was put in place. */
static HlTime fresh_at(const TrView *view)
{
    return view->succeeded_at != 0 ? view->succeeded_at : view->patterns_since;
}

static bool is_outdated(const Look *look)
{
    return !is_within(look->now, fresh_at(look->view), TR_OUTDATED);
}

static bool is_not_enrolled(const Look *look)
{
    return look->view->line == TR_LINE_NONE;
}

static bool is_independent(const Look *look)
{
    return look->view->independent;
}

static bool is_connecting(const Look *look)
{
    return look->view->line == TR_LINE_CONNECTING;
}

static bool is_cut_off(const Look *look)
{
    return look->view->line == TR_LINE_DOWN;
}

static bool always(const Look *look G_GNUC_UNUSED)
{
    return true;
}

/* The first row that is so gives picture and status; the order of TrIcon follows from it. */
static const struct {
    bool (*is_so)(const Look *look);
    TrIcon icon;
    bool of_server;     /* in the tool tip, too, where something else is the status */
    const char *status; /* NULL: with the percentage */
} states[] = {
    { is_away, TR_ICON_WARNING, false, N_("Holdline is not running") },
    { is_updating, TR_ICON_UPDATING, false, NULL },
    { is_in_trouble, TR_ICON_WARNING, false, N_("Something is wrong") },
    { has_recent_finds, TR_ICON_WARNING, false, N_("Infected files were found") },
    { is_not_enrolled, TR_ICON_WARNING, true, N_("Not enrolled with a server") },
    { has_no_patterns, TR_ICON_WARNING, false, N_("No patterns yet") },
    { is_outdated, TR_ICON_WARNING, false, N_("The patterns are out of date") },
    { is_independent, TR_ICON_NORMAL, false, N_("Independent mode") },
    { is_cut_off, TR_ICON_NO_LINE, true, N_("No connection to the server") },
    { is_connecting, TR_ICON_NO_LINE, true, N_("Connecting to the server") },
    { always, TR_ICON_NORMAL, true, N_("Connected to the server") },
};

/* --------------------------------------------------------------------------------------------------------- tool tip */

static void add_line(GString *lines, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_line(GString *lines, const char *format, ...)
{
    va_list arguments;

    if (lines->len > 0)
        g_string_append_c(lines, '\n');
    va_start(arguments, format);
    g_string_append_vprintf(lines, format, arguments);
    va_end(arguments);
}

/* "2026-11-27 12:31", where the user is. */
static char *local(HlTime wall)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(wall / HL_SECOND);
    char *text = time == NULL ? NULL : g_date_time_format(time, _("%Y-%m-%d %H:%M"));

    return text == NULL ? g_strdup("-") : text; /* a year beyond 9999 */
}

static const char *trigger_of(const char *name)
{
    static const struct {
        const char *name, *words;
    } triggers[] = {
        { "manual", N_("by hand") },
        { "command", N_("by the server") },
        { "schedule", N_("by schedule") },
        { "start-up", N_("at start-up") },
        { "engine-failure", N_("roll-back after an engine failure") },
        { "rollback", N_("roll-back by hand") },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(triggers); i++)
        if (g_strcmp0(triggers[i].name, name) == 0)
            return hl_tr(triggers[i].words);
    return is_text(name) ? name : "-";
}

static void add_patterns(GString *lines, const TrView *view)
{
    g_autofree char *since = local(view->patterns_since);

    if (is_text(view->patterns) && view->patterns_since != 0)
        add_line(lines, _("Patterns: %s (since %s)"), view->patterns, since);
    else if (is_text(view->patterns))
        add_line(lines, _("Patterns: %s"), view->patterns);
    else
        add_line(lines, "%s", _("Patterns: none"));
}

static void add_last_update(GString *lines, const TrView *view)
{
    const char *trigger = trigger_of(view->last_update.trigger);
    g_autofree char *at = local(view->last_update.at);
    g_autofree char *succeeded_at = local(view->succeeded_at);

    if (view->last_update.at == 0)
        add_line(lines, "%s", _("Last update: none yet"));
    else if (view->last_update.succeeded)
        add_line(lines, _("Last update: %s (%s), succeeded"), at, trigger);
    else if (is_text(view->last_update.detail))
        add_line(lines, _("Last update: %s (%s), failed: %s"), at, trigger, view->last_update.detail);
    else
        add_line(lines, _("Last update: %s (%s), failed"), at, trigger);
    if (view->last_update.at != 0 && !view->last_update.succeeded && view->succeeded_at != 0)
        add_line(lines, _("Last successful update: %s"), succeeded_at);
}

static void add_line_to_server(GString *lines, const Look *look, const char *status)
{
    for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
        if (states[i].of_server && states[i].is_so(look)) {
            if (g_strcmp0(states[i].status, status) != 0)
                add_line(lines, "%s", hl_tr(states[i].status));
            return;
        }
    }
}

static void add_scans(GString *lines, const TrView *view)
{
    g_autofree char *at = local(view->finds.at);

    if (view->scan_running)
        add_line(lines, "%s", _("A scan is running"));
    if (view->finds.total > 0)
        add_line(lines, _("Detections: %lu, the last on %s"), (gulong)view->finds.total, at);
}

static char *tooltip_of(const Look *look, const char *status)
{
    const TrView *view = look->view;
    GString *lines = g_string_new("");

    if (view->here) {
        add_patterns(lines, view);
        add_last_update(lines, view);
        add_line_to_server(lines, look, status);
        if (view->schedule_off && is_text(view->schedule))
            add_line(lines, "%s", _("The scheduled update is turned off"));
        add_scans(lines, view);
        if (is_text(view->problem))
            add_line(lines, _("Problem: %s"), view->problem);
    } else {
        add_line(lines, "%s", _("An administrator of this computer starts it: systemctl start holdline-endpointd"));
    }
    return g_string_free(lines, FALSE);
}

/* The nearest of the times at which one of the states above begins or ends by itself. */
static HlTime change_of(const TrView *view, HlTime now)
{
    const HlTime times[] = {
        fresh_at(view) == 0 ? 0 : fresh_at(view) + TR_OUTDATED,
        view->finds.total == 0 || view->finds.at == 0 ? 0 : view->finds.at + TR_RECENT,
    };
    HlTime next = 0;

    for (gsize i = 0; view->here && i < G_N_ELEMENTS(times); i++)
        if (times[i] > now && (next == 0 || times[i] < next))
            next = times[i];
    return next;
}

void tr_face_make(TrFace *face, const TrView *view, HlTime now)
{
    const Look look = { .view = view, .now = now };
    gsize i = 0;

    tr_face_clear(face);
    while (!states[i].is_so(&look))
        i++;
    face->icon = states[i].icon;
    face->status = states[i].status == NULL ? g_strdup_printf(_("Updating... %u %%"), view->update.percent)
                                            : g_strdup(hl_tr(states[i].status));
    face->tooltip = tooltip_of(&look, states[i].status);
    face->change = change_of(view, now);
}

void tr_face_clear(TrFace *face)
{
    g_free(face->status);
    g_free(face->tooltip);
    *face = (TrFace){ 0 };
}

const char *tr_icon_name(TrIcon icon)
{
    static const char *const names[TR_N_ICONS] = {
        [TR_ICON_NORMAL] = "holdline-normal",
        [TR_ICON_NO_LINE] = "holdline-no-line",
        [TR_ICON_WARNING] = "holdline-warning",
        [TR_ICON_UPDATING] = "holdline-updating",
    };

    return names[icon];
}
