/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a component made whole again: targets from the publisher's history, the history from targets, each from
 * another copy; an increment that cannot be made again as it was is dropped, because the full file does without it.
 *
 * Nothing is signed here.  Blocking, one thread. */
#ifndef UPDATER_PUBLISHER_MEND_H
#define UPDATER_PUBLISHER_MEND_H

#include "updater/publisher/rescue.h"

typedef enum {
    UPD_MEND_WHOLE,   /* every target that the role lists is there */
    UPD_MEND_CHANGED, /* the role lists something else now, and has to be signed again */
    UPD_MEND_LOST,    /* of a full file no copy is left and nothing that leads to it */
} UpdMendEnd;

/* The list of past releases: made again from the role's own files if it is damaged, and with what the role in force
 * (may list nothing) lists.  found: of UpdFound, of this role. */
bool upd_mend_history(UpdRescue *rescue, const char *component, const json_t *role, const GPtrArray *found,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The targets that the role lists; changes the role in memory. */
bool upd_mend_targets(UpdRescue *rescue, const char *component, json_t *role, UpdMendEnd *end,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Afterwards: past releases whose content is lost leave the history, because no increment can start from them. */
bool upd_mend_forget(UpdRescue *rescue, const char *component, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Files below targets/ whose content is not what their name says, and that were not mended: nobody can use them. */
bool upd_mend_sweep(UpdRescue *rescue, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
