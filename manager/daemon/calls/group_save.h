/* SPDX-License-Identifier: Apache-2.0 */
/* Saving a group: what every call that changes its settings or its display name ends with.
 *
 * A save that changes nothing is answered and makes no version.  A display name is no setting: endpoints are not told
 * of it, and it has no versions. */
#ifndef MANAGER_DAEMON_CALLS_GROUP_SAVE_H
#define MANAGER_DAEMON_CALLS_GROUP_SAVE_H

#include "manager/daemon/calls/call.h"
#include "manager/daemon/state/console_state.h"
#include "manager/daemon/state/passes.h"

/* What calls about groups need; outlives them. */
typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrConsole *console;
    MgrPasses *passes;
} MgrGroupCallsOptions;

typedef struct {
    const char *name;           /* its id */
    const MgrGroup *base;       /* what was changed; NULL: a new group */
    const HlSettings *settings; /* as they are to be */
    const char *display_name;   /* NULL: as it was */
    uint64_t restored;          /* the version whose settings these are; 0: none */
} MgrGroupChange;

/* Answers the call, with the group's document, or why not. */
void mgr_group_save(const MgrGroupCallsOptions *parts, MgrCall *call, const MgrGroupChange *change);

/* Whether the group is still as the caller has seen it, if they said how: expected of the call, a version or the tag of
 * a document (manager/core/edition.h), or NULL. */
bool mgr_group_check_version(const MgrGroup *group, const char *expected, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether nothing of the group is on trial: its settings may be changed, and it may be deleted. */
bool mgr_group_check_trial(const MgrGroup *group, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The arguments "setting" (KEY=VALUE) of a call, put into settings; was: what holds before the call. */
bool mgr_group_apply_settings(const MgrCall *call, const HlSettings *was, HlSettings *settings,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether these are what the group has, and what is stored of it can be read. */
bool mgr_group_is_same(const MgrGroup *group, const HlSettings *settings);

/* {key: value} of key=value lines. */
json_t *mgr_group_settings_object(const char *lines);

typedef enum { MGR_GROUP_LINE, MGR_GROUP_WHOLE } MgrGroupSize;

/* As a row of a list, or with settings, what is on trial, and who does not have what it is to have.  "current" are
 * those with the group's own version. */
json_t *mgr_group_document(const MgrGroupCallsOptions *parts, const MgrGroup *group, MgrGroupSize size);

#endif
