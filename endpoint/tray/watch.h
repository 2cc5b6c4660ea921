/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon shows, for as long as the icon lives: the `watch` call, made again whenever the daemon went and came
 * back.
 *
 * No timer runs and nothing is looked at while it is connected.  Without the daemon it tries with a growing delay, and
 * at once when the socket appears, where this user may read its folder. */
#ifndef ENDPOINT_TRAY_WATCH_H
#define ENDPOINT_TRAY_WATCH_H

#include "endpoint/tray/view.h"

/* However often the daemon tells something new, the rest is told no more often than this: the daemon keeps to four in a
 * second, one that is broken does not. */
#define TR_WATCH_GAP (200 /* ms */)

typedef struct TrWatch TrWatch;

typedef struct {
    const char *socket; /* path of the control socket */
    /* view is borrowed; here is false when the daemon is gone, and the rest is then what it told last. */
    void (*changed)(const TrView *view, gpointer user);
    gpointer user;
} TrWatchOptions;

/* changed is called from the loop only, the first time soon: with a view, or because nothing answers. */
TrWatch *tr_watch_new(const TrWatchOptions *options);
void tr_watch_free(TrWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrWatch, tr_watch_free)

#endif
