/* SPDX-License-Identifier: Apache-2.0 */
/* The menu on the session bus (com.canonical.dbusmenu), which panels draw.
 *
 * Each entry that there can be is in its layout always, with its TrDo as its id, and is seen while it is there: an open
 * menu changes in place by that, where another layout would close it in some hosts.  A click on an entry
 * that has disappeared meanwhile is still passed to the daemon, whose refusal says why.  Signals are sent for what
 * differs, and only then. */
#ifndef ENDPOINT_TRAY_DBUSMENU_H
#define ENDPOINT_TRAY_DBUSMENU_H

#include <gio/gio.h>

#include "endpoint/tray/menu.h"

#define TR_DBUSMENU_PATH "/MenuBar"

typedef struct TrDbusmenu TrDbusmenu;

typedef struct {
    GDBusConnection *bus; /* borrowed; must outlive the menu */
    void (*clicked)(TrDo what, gpointer user);
    gpointer user;
} TrDbusmenuOptions;

/* Empty at first.  NULL on failure. */
TrDbusmenu *tr_dbusmenu_new(const TrDbusmenuOptions *options, GError **error);
void tr_dbusmenu_free(TrDbusmenu *menu);

/* Entries as tr_menu_make gives them; takes a reference. */
void tr_dbusmenu_set(TrDbusmenu *menu, GPtrArray *entries);

/* The pieces, for tests.  Floating: (ia{sv}av) of the root and, if wanted, of all below it; a{sv} of one entry, NULL
 * for what is not there.  names: the properties that are wanted; NULL or empty: all. */
GVariant *tr_dbusmenu_layout(const GPtrArray *entries, bool with_entries, const char *const *names);
GVariant *tr_dbusmenu_properties(TrDo what, const TrEntry *entry, const char *const *names);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrDbusmenu, tr_dbusmenu_free)

#endif
