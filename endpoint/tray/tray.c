/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/tray.h"

#include "endpoint/tray/actions.h"
#include "endpoint/tray/alarm.h"
#include "endpoint/tray/dbusmenu.h"
#include "endpoint/tray/item.h"
#include "endpoint/tray/notifier.h"
#include "endpoint/tray/pixmap.h"
#include "endpoint/tray/watch.h"
#include "lib/base/i18n.h"

#define FRAME_TIME 500 /* ms: twice a second is seen, and costs a panel little */

struct TrTray {
    TrTrayOptions has;
    TrItem *item;
    TrDbusmenu *menu;
    TrNotifier *notifier;
    TrNotices *notices;
    TrActions *actions;
    TrWatch *watch;
    TrAlarm *alarm; /* the face changes by itself */
    TrView view;    /* as the daemon told it */
    TrFace face;
    guint percent;   /* of the update that the user began here, until the daemon tells it to all */
    bool hosted;     /* a panel draws the icon */
    guint animation; /* timer; 0: the icon stands still */
    guint frame;
    guint notice_timer; /* notices that are held back */
};

/* --------------------------------------------------------------------------------------------------------- notices */

static gboolean on_notice_due(gpointer user);

static void show_notices(TrTray *tray)
{
    HlTime now = hl_clock_mono();
    HlTime next;

    for (;;) {
        g_autoptr(TrNotice) notice = tr_notices_take(tray->notices, now);

        if (notice == NULL)
            break;
        tr_notifier_show(tray->notifier, (int)notice->kind, notice->urgent, notice->title, notice->body);
    }
    next = tr_notices_next(tray->notices);
    g_clear_handle_id(&tray->notice_timer, g_source_remove);
    if (next != 0)
        tray->notice_timer = g_timeout_add((guint)MAX(next - now, 1), on_notice_due, tray);
}

static gboolean on_notice_due(gpointer user)
{
    TrTray *tray = user;

    tray->notice_timer = 0;
    show_notices(tray);
    return G_SOURCE_REMOVE;
}

/* ---------------------------------------------------------------------------------------------------- what is seen */

static gboolean on_frame(gpointer user)
{
    TrTray *tray = user;

    tray->frame = (tray->frame + 1) % TR_FRAMES;
    tr_item_set(tray->item, &tray->face, tray->frame);
    return G_SOURCE_CONTINUE;
}

static void animate(TrTray *tray)
{
    bool moves = tray->hosted && tray->face.icon == TR_ICON_UPDATING;

    if (moves && tray->animation == 0)
        tray->animation = g_timeout_add(FRAME_TIME, on_frame, tray);
    if (moves)
        return;
    g_clear_handle_id(&tray->animation, g_source_remove);
    tray->frame = 0;
}

/* The daemon's view, and what the user has just asked for: a click is seen before the daemon has answered. */
static void refresh(TrTray *tray)
{
    g_auto(TrView) view = { 0 };
    g_autoptr(GPtrArray) entries = NULL;

    tr_view_copy(&view, &tray->view);
    if (!view.update.running && tr_actions_is_busy(tray->actions, TR_DO_UPDATE_NOW)) {
        view.update.running = true;
        view.update.percent = tray->percent;
    }
    tr_face_make(&tray->face, &view, hl_clock_wall());
    animate(tray);
    entries = tr_menu_make(&view, tray->face.status);
    tr_item_set(tray->item, &tray->face, tray->frame);
    tr_dbusmenu_set(tray->menu, entries);
    tr_alarm_set(tray->alarm, tray->face.change);
}

static void on_view(const TrView *view, gpointer user)
{
    TrTray *tray = user;

    tr_view_copy(&tray->view, view);
    refresh(tray);
    tr_notices_view(tray->notices, view, hl_clock_mono());
    show_notices(tray);
}

static void on_alarm(gpointer user)
{
    refresh(user);
}

static void on_shown(bool is_shown, gpointer user)
{
    TrTray *tray = user;

    tray->hosted = is_shown;
    animate(tray);
}

/* --------------------------------------------------------------------------------------------- what the user does */

static void on_icon_clicked(gpointer user)
{
    const TrTray *tray = user;

    tr_notifier_show(tray->notifier, TR_NOTIFIER_ASKED, false, tray->face.status, tray->face.tooltip);
}

static void on_entry_clicked(TrDo what, gpointer user)
{
    TrTray *tray = user;

    if (what == TR_DO_QUIT) {
        tray->has.quit(tray->has.user);
        return;
    }
    if (what == TR_DO_UPDATE_NOW)
        tray->percent = 0;
    if (tr_actions_start(tray->actions, what))
        refresh(tray);
}

static void on_began(TrDo what G_GNUC_UNUSED, const char *words, gpointer user)
{
    const TrTray *tray = user;
    g_autofree char *shown = tr_text(words);

    tr_notifier_show(tray->notifier, TR_NOTICE_SCAN, false, _("Scanning..."), shown);
}

static void on_progress(guint percent, const char *what G_GNUC_UNUSED, gpointer user)
{
    TrTray *tray = user;

    tray->percent = percent; /* shown with the next view: the daemon tells its watchers the same, but not too often */
}

static void on_ended(const TrOutcome *outcome, gpointer user)
{
    TrTray *tray = user;

    refresh(tray);
    if (outcome->silent)
        return;
    tr_notices_outcome(tray->notices, outcome->what, outcome->detail, outcome->error, hl_clock_mono());
    show_notices(tray);
}

/* ---------------------------------------------------------------------------------------------------- the part */

static bool put_on_bus(TrTray *tray, GError **error)
{
    TrDbusmenuOptions menu = { .bus = tray->has.bus, .clicked = on_entry_clicked, .user = tray };
    TrItemOptions item = {
        .bus = tray->has.bus, .menu = TR_DBUSMENU_PATH, .clicked = on_icon_clicked, .shown = on_shown, .user = tray
    };

    tray->menu = tr_dbusmenu_new(&menu, error);
    if (tray->menu != NULL)
        tray->item = tr_item_new(&item, error);
    return tray->item != NULL;
}

TrTray *tr_tray_new(const TrTrayOptions *options, GError **error)
{
    g_autoptr(TrTray) tray = g_new0(TrTray, 1);
    TrActionsOptions actions = { .bus = options->bus,
                                 .socket = options->socket,
                                 .conf = options->conf,
                                 .began = on_began,
                                 .progress = on_progress,
                                 .ended = on_ended,
                                 .user = tray };
    TrWatchOptions watch = { .socket = options->socket, .changed = on_view, .user = tray };

    tray->has = *options;
    tray->has.socket = tray->has.conf = NULL; /* the parts' */
    tray->notices = tr_notices_new();
    tray->notifier = tr_notifier_new(options->bus, NULL, NULL);
    tray->actions = tr_actions_new(&actions);
    tray->alarm = tr_alarm_new(on_alarm, tray);
    if (!put_on_bus(tray, error))
        return NULL;
    refresh(tray);
    tray->watch = tr_watch_new(&watch);
    return g_steal_pointer(&tray);
}

void tr_tray_free(TrTray *tray)
{
    if (tray == NULL)
        return;
    tr_watch_free(tray->watch);
    tr_actions_free(tray->actions);
    tr_item_free(tray->item);
    tr_dbusmenu_free(tray->menu);
    tr_alarm_free(tray->alarm);
    g_clear_handle_id(&tray->animation, g_source_remove);
    g_clear_handle_id(&tray->notice_timer, g_source_remove);
    tr_notifier_free(tray->notifier);
    tr_notices_free(tray->notices);
    tr_view_clear(&tray->view);
    tr_face_clear(&tray->face);
    g_free(tray);
}
