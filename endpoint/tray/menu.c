/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/menu.h"

#include <stddef.h>

#include "lib/base/i18n.h"

static bool always(const TrView *view G_GNUC_UNUSED)
{
    return true;
}

static bool is_here(const TrView *view)
{
    return view->here;
}

static bool may_update(const TrView *view)
{
    return view->here && view->may.update_now;
}

static bool may_scan(const TrView *view)
{
    return view->here && view->may.scan;
}

static bool may_toggle(const TrView *view)
{
    return view->here && view->may.toggle_schedule && view->schedule != NULL && *view->schedule != '\0';
}

static bool may_turn_off(const TrView *view)
{
    return may_toggle(view) && !view->schedule_off;
}

static bool may_turn_on(const TrView *view)
{
    return may_toggle(view) && view->schedule_off;
}

static bool may_skip(const TrView *view)
{
    return view->here && view->may.skip_scan;
}

static bool has_finds(const TrView *view)
{
    return view->here && view->finds.total > 0;
}

static bool may_stop(const TrView *view)
{
    return view->here && view->may.stop;
}

/* One row per entry, in the order of the menu.  A label of NULL: is made in label_of, or a separator. */
static const struct {
    TrDo what;
    bool (*is_there)(const TrView *view);
    const char *label;
    const char *name;
} rows[] = {
    { TR_DO_STATUS, always, NULL, NULL },
    { TR_DO_SEPARATOR_1, is_here, NULL, NULL },
    { TR_DO_UPDATE_NOW, may_update, NULL, "update-now" },
    { TR_DO_SCAN_FILE, may_scan, N_("Scan a File..."), "scan-file" },
    { TR_DO_SCAN_FOLDER, may_scan, N_("Scan a Folder..."), "scan-folder" },
    { TR_DO_SCHEDULE_OFF, may_turn_off, N_("Turn the Scheduled Update Off"), "schedule-off" },
    { TR_DO_SCHEDULE_ON, may_turn_on, N_("Turn the Scheduled Update On"), "schedule-on" },
    { TR_DO_SKIP_SCAN, may_skip, NULL, "skip-scan" },
    { TR_DO_DETECTIONS, has_finds, NULL, "detections" },
    { TR_DO_HISTORY, is_here, N_("Open History"), "history" },
    { TR_DO_STOP, may_stop, N_("Stop Holdline"), "stop" },
    { TR_DO_SEPARATOR_2, always, NULL, NULL },
    { TR_DO_QUIT, always, N_("Quit the Tray Icon"), NULL },
};

static char *label_of(TrDo what, const char *label, const TrView *view, const char *status)
{
    if (what == TR_DO_STATUS)
        return g_strdup(status);
    if (what == TR_DO_UPDATE_NOW && view->update.running)
        return g_strdup_printf(_("Updating... %u %%"), view->update.percent);
    if (what == TR_DO_UPDATE_NOW)
        return g_strdup(_("Update Now"));
    if (what == TR_DO_SKIP_SCAN) /* one by the server goes on: the answer to the click says so */
        return g_strdup(view->scan_running ? _("Stop the Scheduled Scan") : _("Skip the Scheduled Scan"));
    if (what == TR_DO_DETECTIONS)
        return g_strdup_printf(_("Detections (%lu)"), (gulong)view->finds.total);
    return g_strdup(label == NULL ? "" : hl_tr(label));
}

static void free_entry(gpointer data)
{
    TrEntry *entry = data;

    g_free(entry->label);
    g_free(entry);
}

GPtrArray *tr_menu_make(const TrView *view, const char *status)
{
    GPtrArray *menu = g_ptr_array_new_with_free_func(free_entry);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        TrDo what = rows[i].what;
        TrEntry *entry;

        if (!rows[i].is_there(view))
            continue;
        entry = g_new0(TrEntry, 1);
        entry->what = what;
        entry->separator = what == TR_DO_SEPARATOR_1 || what == TR_DO_SEPARATOR_2;
        entry->enabled = what != TR_DO_STATUS && !(what == TR_DO_UPDATE_NOW && view->update.running);
        entry->label = label_of(what, rows[i].label, view, status);
        g_ptr_array_add(menu, entry);
    }
    return menu;
}

TrDo tr_menu_at(guint place)
{
    return place < G_N_ELEMENTS(rows) ? rows[place].what : TR_DO_NOTHING;
}

TrMenuChange tr_menu_compare(const GPtrArray *old, const GPtrArray *new_menu)
{
    TrMenuChange change = { .layout = old->len != new_menu->len };

    for (guint i = 0; i < MIN(old->len, new_menu->len); i++) {
        const TrEntry *before = old->pdata[i];
        const TrEntry *after = new_menu->pdata[i];

        if (before->what != after->what)
            change.layout = true;
        else if (before->enabled != after->enabled || g_strcmp0(before->label, after->label) != 0)
            change.properties = true;
    }
    return change;
}

const char *tr_do_name(TrDo what)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].what == what)
            return rows[i].name;
    return NULL;
}

TrDo tr_do_from_name(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (name != NULL && g_strcmp0(rows[i].name, name) == 0)
            return rows[i].what;
    return TR_DO_NOTHING;
}
