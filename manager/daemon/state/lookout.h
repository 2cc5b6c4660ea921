/* SPDX-License-Identifier: Apache-2.0 */
/* One look round before the manager connects as itself: does another manager, on a copy of this site, live at one of
 * these broker addresses?  manager/core/fence.h says what is listened to, and why.
 *
 * It connects under a name of its own ("lookout-" and a random number), with a certificate that is issued for five
 * minutes and is no manager's, so that nobody is thrown out.  It publishes nothing. */
#ifndef MANAGER_DAEMON_STATE_LOOKOUT_H
#define MANAGER_DAEMON_STATE_LOOKOUT_H

#include <glib.h>

#include "manager/core/fence.h"

typedef struct MgrLookout MgrLookout;

typedef enum {
    MGR_LOOKED_DEAF,  /* none of the addresses let it in: reason says why */
    MGR_LOOKED_QUIET, /* no other manager lives there; other is the last one that the brokers know of, or NULL */
    MGR_LOOKED_OTHER, /* other lives */
    MGR_LOOKED_SPLIT, /* for_self: this manager is not heard at address */
} MgrLookedKind;

/* Borrowed by the callback. */
typedef struct {
    MgrLookedKind kind;
    const MgrFencePeer *other;
    const char *address; /* OTHER, QUIET with other: where; DEAF: the last that was tried */
    const char *reason;  /* DEAF */
    const char *strange; /* the first of the addresses with a server of another authority; NULL: none */
    HlTime strange_end;  /* of its certificate */
} MgrLooked;

typedef struct {
    const char *dir;              /* the site, with its authority's key */
    const char *const *addresses; /* host:port, ends with NULL */
    const MgrFencePeer *self;     /* copied */
    bool is_wary;                 /* MgrFenceEar */
    bool is_thorough;             /* waits for each address as long as it may take, not only for the quickest */
    /* Not another manager alone is listened for, but this one too, while it is connected: at each of the addresses. Has
     * files of its own, and may run beside a look of the other kind. */
    bool for_self;
    GMainContext *context; /* NULL: the default one */
    /* Once, not from inside mgr_lookout_new; may free the lookout. */
    void (*done)(const MgrLooked *looked, gpointer user);
    gpointer user;
} MgrLookoutOptions;

/* NULL: the certificate cannot be issued.  One at a time for a site. */
MgrLookout *mgr_lookout_new(const MgrLookoutOptions *options, GError **error);
void mgr_lookout_free(MgrLookout *lookout);

/* Whether a connection under this name is such a look. */
bool mgr_lookout_is_name(const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLookout, mgr_lookout_free)

#endif
