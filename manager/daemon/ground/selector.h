/* SPDX-License-Identifier: Apache-2.0 */
/* Names and selectors: which endpoints and groups a caller's words mean.  The language of selectors is
 * manager/filter/filter.h; those of a console are manager/daemon/ground/search.h: it has the server resolve what
 * somebody chose in a list, whatever that takes.
 *
 * What is outside of the caller's groups is not there: `all` leaves it out, and its name is answered like one that
 * does not exist.  So each lookup takes the caller, and a handler has no other way from a word to an endpoint.  caller
 * NULL: the manager itself, for which everything is there. */
#ifndef MANAGER_DAEMON_GROUND_SELECTOR_H
#define MANAGER_DAEMON_GROUND_SELECTOR_H

#include "manager/core/role.h"
#include "manager/daemon/ground/fleet.h"

/* By id, host name, the host name's first label, or what one of these begins with: the best that fits, if it is one
 * endpoint's alone (HL_ERROR_CONFLICT otherwise, naming them). */
MgrEndpoint *mgr_selector_find(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error);

/* The same for what cannot be undone: a beginning is not enough. */
MgrEndpoint *mgr_selector_find_whole(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error);

/* By its id alone, where that came from a record and not from the caller; NULL: it is not there. */
MgrEndpoint *mgr_selector_endpoint(const MgrFleet *fleet, const MgrCaller *caller, const char *id);

/* Whether what was kept of an endpoint is there for the caller: also of one that was removed, for whom has no limits.
 */
bool mgr_selector_sees(const MgrFleet *fleet, const MgrCaller *caller, const char *id);

/* Endpoints sorted by id, each once; free with g_ptr_array_unref.  NULL with HL_ERROR_NOT_FOUND when nothing fits. */
GPtrArray *mgr_selector_select(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error);

/* The same for those who only look: an empty array when nothing fits, NULL for a name that does not exist. */
GPtrArray *mgr_selector_filter(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error);

/* The same a piece at a time, between which endpoints may come and go: each that is there all the time is looked at
 * once.  fleet and caller outlive it.  NULL: a name does not exist, or the selector cannot be read. */
typedef struct MgrSelection MgrSelection;
MgrSelection *mgr_selection_new(const MgrFleet *fleet, const MgrCaller *caller, const char *selector, GError **error);
void mgr_selection_free(MgrSelection *selection);
/* Looks at so many of the fleet, at most, and adds those that fit to found, in the order of their ids; false: that was
 * the last of it. */
bool mgr_selection_step(MgrSelection *selection, guint looks, GPtrArray *found);
/* HL_ERROR_NOT_FOUND: nothing fitted. */
void mgr_selection_fail_empty(const char *selector, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrSelection, mgr_selection_free)

/* Every endpoint that is there, also those that the console would have removed; sorted by id; free with
 * g_ptr_array_unref. */
GPtrArray *mgr_selector_all(const MgrFleet *fleet, const MgrCaller *caller);

/* The same as ids, in no order, for a fleet that takes long to sort; of char *, freed by itself. */
GPtrArray *mgr_selector_ids(const MgrFleet *fleet, const MgrCaller *caller);

/* A group by its id, or by its display name, whatever its case; HL_ERROR_NOT_FOUND with the name in the message,
 * CONFLICT where several are called so. */
MgrGroup *mgr_selector_group(const MgrFleet *fleet, const MgrCaller *caller, const char *name, GError **error);

/* Those that are there, sorted by name; free with g_ptr_array_unref. */
GPtrArray *mgr_selector_groups(const MgrFleet *fleet, const MgrCaller *caller);

#endif
