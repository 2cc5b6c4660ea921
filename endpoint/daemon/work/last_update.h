/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the last update, for `holdline-endpoint status`; kept in the store over restarts. */
#ifndef ENDPOINT_DAEMON_WORK_LAST_UPDATE_H
#define ENDPOINT_DAEMON_WORK_LAST_UPDATE_H

#include "endpoint/daemon/ground/store.h"

typedef struct {
    HlTime at; /* wall; 0: none yet */
    bool succeeded;
    char *trigger, *detail, *source; /* NULL: none yet */
    HlTime succeeded_at;             /* wall: of the last one that succeeded, which is no roll-back; 0: none known */
    HlTime changed_at;               /* wall: the active set became active; 0: not known */
} EpLastUpdate;

/* Texts are copied. */
void ep_last_update_set(EpLastUpdate *last, const EpLastUpdate *to);
void ep_last_update_clear(EpLastUpdate *last);

/* *last must be clear, and stays so if there was none or it cannot be read. */
void ep_last_update_load(EpLastUpdate *last, HlDb *db);
bool ep_last_update_store(const EpLastUpdate *last, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
