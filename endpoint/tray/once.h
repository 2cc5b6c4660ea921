/* SPDX-License-Identifier: Apache-2.0 */
/* One action without the icon: for desktops that show none, and for the entries of the desktop file. */
#ifndef ENDPOINT_TRAY_ONCE_H
#define ENDPOINT_TRAY_ONCE_H

#include <gio/gio.h>

#include "endpoint/tray/menu.h"

typedef struct {
    GDBusConnection *bus; /* the session's; borrowed; NULL: there is none, and nothing is shown */
    const char *socket;   /* control socket of the daemon */
    const char *conf;     /* configuration of the endpoint; NULL: the default */
    GMainLoop *loop;      /* who quits it ends the action */
} TrOnceOptions;

/* Runs to the end, with a notification about it, and prints the same.  A refusal is an error. */
bool tr_once(const TrOnceOptions *options, TrDo what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
