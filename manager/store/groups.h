/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of a group's settings, and its display name.  As registry.h: reading blocks, changes are statements
 * added to an HlWriteSet.
 *
 * A save keeps its version beside those before it, and lets go of what is more than MGR_GROUP_VERSIONS behind. */
#ifndef MANAGER_STORE_GROUPS_H
#define MANAGER_STORE_GROUPS_H

#include "manager/store/registry.h"

/* Of one group, each with the whole text of its settings. */
#define MGR_GROUP_VERSIONS 50

typedef struct {
    uint64_t version;
    const char *settings;
    HlTime changed_at;
    const char *changed_by;
    uint64_t restored; /* the version whose settings it took; 0: none */
} MgrGroupVersion;

/* The texts are borrowed for the time of the call. */
typedef void (*MgrGroupVersionFn)(const MgrGroupVersion *version, gpointer user);

/* From the oldest that is kept. */
bool mgr_registry_each_group_version(HlDb *db, const char *group, MgrGroupVersionFn fn, gpointer user,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One of them; fn is not called if it is not kept. */
bool mgr_registry_find_group_version(HlDb *db, const char *group, uint64_t version, MgrGroupVersionFn fn, gpointer user,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The version that the group has now; after mgr_write_group or mgr_write_group_change. */
void mgr_write_group_version(HlWriteSet *set, const MgrGroupRecord *group, uint64_t restored);

/* Leaves a group alone that was deleted meanwhile. */
void mgr_write_group_display(HlWriteSet *set, const char *group, const char *display_name);

#endif
