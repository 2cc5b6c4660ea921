/* SPDX-License-Identifier: Apache-2.0 */
/* The icon on the session bus: the object org.kde.StatusNotifierItem, which panels draw.
 *
 * It registers with the watcher of the desktop (org.kde.StatusNotifierWatcher), waits for one where there is none, and
 * registers again whenever another one comes.  Signals are sent for what differs, and only then. */
#ifndef ENDPOINT_TRAY_ITEM_H
#define ENDPOINT_TRAY_ITEM_H

#include <gio/gio.h>

#include "endpoint/tray/face.h"

typedef struct TrItem TrItem;

typedef struct {
    GDBusConnection *bus;                        /* borrowed; must outlive the item */
    const char *menu;                            /* path of the object com.canonical.dbusmenu; static */
    void (*clicked)(gpointer user);              /* with another button than the one of the menu */
    void (*shown)(bool is_shown, gpointer user); /* a panel draws it now, or none does */
    gpointer user;
} TrItemOptions;

/* Registers from the loop.  NULL on failure. */
TrItem *tr_item_new(const TrItemOptions *options, GError **error);
void tr_item_free(TrItem *item);

/* face is copied; frame is that of the animation, from 0 to TR_FRAMES - 1. */
void tr_item_set(TrItem *item, const TrFace *face, guint frame);

/* Text in which a host that reads markup, and one that does not, see the same.  Tool tips may hold markup, not every
 * host knows it, and none says so: so what markup begins with is written with look-alikes.  Caller frees. */
char *tr_item_plain(const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrItem, tr_item_free)

#endif
