/* SPDX-License-Identifier: Apache-2.0 */
/* The icon with all that belongs to it: wires what the daemon tells (watch.h) through what is decided (face.h, menu.h,
 * notices.h) to the session bus (item.h, dbusmenu.h, notifier.h), and clicks to what is done (actions.h). */
#ifndef ENDPOINT_TRAY_TRAY_H
#define ENDPOINT_TRAY_TRAY_H

#include <gio/gio.h>
#include <stdbool.h>

typedef struct TrTray TrTray;

typedef struct {
    GDBusConnection *bus;        /* the session's; borrowed; must outlive the tray */
    const char *socket;          /* control socket of the daemon */
    const char *conf;            /* configuration of the endpoint; NULL: the default */
    void (*quit)(gpointer user); /* the user does not want the icon any more */
    gpointer user;
} TrTrayOptions;

/* Lives on the loop.  NULL on failure: the bus does not take its objects. */
TrTray *tr_tray_new(const TrTrayOptions *options, GError **error);
void tr_tray_free(TrTray *tray);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrTray, tr_tray_free)

#endif
