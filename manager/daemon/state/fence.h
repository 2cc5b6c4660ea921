/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a manager on a copy of the site from serving beside another one.  What is decided: manager/core/fence.h.
 *
 *   at the start    before the registry is opened and before a managed broker listens: anyone who then answers at an
 *                   address that endpoints are told, or at the external broker, is somebody else
 *   after a loss    of the link to an external broker, and of any link that was taken over: before connecting again
 *   now and then    a manager with a broker of its own looks at the addresses that endpoints are told: they may lead to
 *                   another machine by now
 *
 * A manager that yields is fenced: SITE/fenced says why, and it does not start again, no matter who else runs, until
 * the owner says that it shall (take over).  It never takes over by itself, because its registry is the older one. */
#ifndef MANAGER_DAEMON_STATE_FENCE_H
#define MANAGER_DAEMON_STATE_FENCE_H

#include "lib/base/error.h"
#include "manager/core/conf.h"
#include "manager/core/fence.h"

typedef struct MgrFence MgrFence;

typedef struct {
    const char *dir; /* the site; borrowed */
    const MgrConf *conf;
    int lock;       /* the site's, held */
    bool take_over; /* the owner's word; so is the file SITE/take-over */
    /* Another manager has taken over: this one is to end, and to say why.  Once; nothing is sent any longer. */
    void (*fenced)(const char *why, gpointer user);
    gpointer user;
} MgrFenceOptions;

MgrFence *mgr_fence_new(const MgrFenceOptions *options);
void mgr_fence_free(MgrFence *fence);

/* Looks, for some seconds at most, or until stopped says so; blocks.  Fails with HL_ERROR_CONFLICT: this manager must
 * not start, and why. */
bool mgr_fence_enter(MgrFence *fence, bool (*stopped)(gpointer user), gpointer user,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same by what was seen there and the registry's last epoch. */
bool mgr_fence_admit(MgrFence *fence, uint64_t epoch, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the look at the start could not tell, so that the first connection needs another one. */
bool mgr_fence_is_open(const MgrFence *fence);

/* Looks until it is known; then clear is called, or the manager is fenced.  clear is called from the loop.  A look
 * under way goes on, for the last who asked. */
void mgr_fence_look(MgrFence *fence, void (*clear)(gpointer user), gpointer user);

/* Whether the link must look again when it was lost for this reason (HlBusHandlers.down). */
bool mgr_fence_minds(const MgrFence *fence, const char *reason);

/* The epoch that the next one must exceed: this manager's own is known to the caller. */
uint64_t mgr_fence_above(const MgrFence *fence);

/* The link is up, and this manager serves under epoch. */
void mgr_fence_serve(MgrFence *fence, uint64_t epoch);

/* What it says of itself. */
const MgrFencePeer *mgr_fence_self(const MgrFence *fence);

/* The addresses may be others now: looks at them soon. */
void mgr_fence_reconfigured(MgrFence *fence);

/* Once a second.  told: the addresses that endpoints are told, which need not be those of manager.conf any longer;
 * looked at soon when they are others.  Copied. */
void mgr_fence_tick(MgrFence *fence, bool is_up, const char *const *told);

/* What is wrong with the addresses of the broker, a sentence with the remedy: those of an external one lead to brokers
 * that do not know each other, or there is a server of another authority at one of them, so that endpoints there are
 * not heard.  NULL: nothing that is known.  Borrowed. */
const char *mgr_fence_split(const MgrFence *fence);

/* Why this manager must not give the broker its lists and certificates: another server of the site has given it later
 * ones.  Such a copy is too old to be let in and hear of the other manager.  NULL: it may.  Borrowed. */
const char *mgr_fence_outdated(const MgrFence *fence);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrFence, mgr_fence_free)

#endif
