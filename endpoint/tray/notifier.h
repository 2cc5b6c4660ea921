/* SPDX-License-Identifier: Apache-2.0 */
/* Shows notices through the desktop (org.freedesktop.Notifications).  Where nothing shows notifications, nothing is
 * shown: that is no error. */
#ifndef ENDPOINT_TRAY_NOTIFIER_H
#define ENDPOINT_TRAY_NOTIFIER_H

#include <gio/gio.h>

#include "endpoint/tray/notices.h"

/* Beside the kinds of notices: what the user asked to see by a click. */
#define TR_NOTIFIER_ASKED TR_N_NOTICES

typedef struct TrNotifier TrNotifier;

/* Called when nothing is under way any more. */
typedef void (*TrNotifierIdle)(gpointer user);

/* bus (NULL: there is none, and nothing is shown) is borrowed and must outlive it; idle may be NULL. */
TrNotifier *tr_notifier_new(GDBusConnection *bus, TrNotifierIdle idle, gpointer user);
void tr_notifier_free(TrNotifier *notifier);

/* Takes the place of the last one of its kind on the screen.  kind: TrNoticeKind, or TR_NOTIFIER_ASKED.  While one is
 * on its way the newest of the kind waits, and no other: a server that hangs is not given more. */
void tr_notifier_show(TrNotifier *notifier, int kind, bool urgent, const char *title, const char *body);

/* Whether one is on its way to the screen. */
bool tr_notifier_is_busy(const TrNotifier *notifier);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrNotifier, tr_notifier_free)

#endif
