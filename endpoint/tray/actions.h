/* SPDX-License-Identifier: Apache-2.0 */
/* Does what the user chose.  The daemon decides whether they may: it is asked, and what it answers is told.
 *
 * One of a kind at a time.  Nothing here waits. */
#ifndef ENDPOINT_TRAY_ACTIONS_H
#define ENDPOINT_TRAY_ACTIONS_H

#include <gio/gio.h>

#include "endpoint/tray/menu.h"

typedef struct TrActions TrActions;

typedef struct {
    TrDo what;
    const char *detail;  /* what came of it, in words; NULL: nothing is to be told */
    const GError *error; /* in the user's language; NULL: it was done */
    bool silent;         /* the user sees it: a window opened, or they closed the dialog */
} TrOutcome;

typedef struct {
    GDBusConnection *bus; /* for the portal's dialogs; borrowed; NULL: there is none */
    const char *socket;   /* control socket */
    const char *conf;     /* configuration of the endpoint, for the programs that are started; NULL: the default */
    /* From the loop; what is told is borrowed. */
    void (*began)(TrDo what, const char *words, gpointer user);       /* a scan: of what */
    void (*progress)(guint percent, const char *what, gpointer user); /* of an update */
    void (*ended)(const TrOutcome *outcome, gpointer user);
    gpointer user;
} TrActionsOptions;

TrActions *tr_actions_new(const TrActionsOptions *options);

/* Ends what is under way, without telling; the daemon goes on with an update that it began. */
void tr_actions_free(TrActions *actions);

/* false: such a one is under way already, or it is none that can be done here. */
bool tr_actions_start(TrActions *actions, TrDo what);

bool tr_actions_is_busy(const TrActions *actions, TrDo what);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrActions, tr_actions_free)

#endif
