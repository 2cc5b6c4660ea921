/* SPDX-License-Identifier: Apache-2.0 */
/* The search for a target through delegations: TUF 1.0.34, section 5.6.7.
 *
 * Pre-order, depth first, in the order of appearance; a role is visited once, roles and depth are bounded.  The walk
 * does no I/O: it says which role it wants next, and is handed that role's metadata, verified for this very delegator.
 * It borrows what it is handed until it is cleared. */
#ifndef UPDATER_TUF_DELEGATION_H
#define UPDATER_TUF_DELEGATION_H

#include "updater/tuf/metadata.h"

enum {
    TUF_ROLES_MAX = 256, /* delegated roles of a repository: components, as many as a publisher of ours makes */
    TUF_WALK_ROLES_MAX =
        64, /* for one target; ours needs 2, each further role is a download that others decide about */
    TUF_WALK_DEPTH_MAX = 16,
};

/* Whether pattern covers path (for tests, which have the cases of the specification): '*', '?' and '[...]' as in
 * glob(7), none of which matches '/'. */
bool tuf_path_matches(const char *pattern, const char *path);

/* Whether the delegation is about path: by its patterns or by its hash prefixes; by neither, it is about nothing. */
bool tuf_delegation_covers(const TufDelegation *delegation, const char *path);

typedef struct {
    char *path;
    GArray *stack;       /* pending visits, the next on top */
    GHashTable *visited; /* names */
    guint depth;         /* of the role that is wanted */
} TufWalk;

typedef enum {
    TUF_WALK_FOUND,     /* *target */
    TUF_WALK_WANTS,     /* *delegator and *delegation: hand over that role */
    TUF_WALK_NOT_FOUND, /* no role that is in charge lists it */
    TUF_WALK_TOO_FAR,   /* a bound was reached */
} TufWalkStep;

typedef struct {
    const TufTarget *target;
    const TufMetadata *delegator;
    const TufDelegation *delegation;
} TufWalkEvent;

void tuf_walk_init(TufWalk *walk, const char *path);
void tuf_walk_clear(TufWalk *walk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TufWalk, tuf_walk_clear)

/* Hands over the role that was wanted: the top-level targets first. */
TufWalkStep tuf_walk_enter(TufWalk *walk, const TufMetadata *role, TufWalkEvent *event);

#endif
