/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the client: its state, and the update cycle.  Only for updater/client/. */
#ifndef UPDATER_CLIENT_WORKFLOW_H
#define UPDATER_CLIENT_WORKFLOW_H

#include "updater/client/cache.h"
#include "updater/client/client.h"
#include "updater/tuf/trusted.h"

struct UpdClient {
    UpdCache cache;
    char *metadata_url, *target_url; /* each ends with a slash; target_url may be NULL */
    HlFetch *fetch;
    UpdGet get;
    gpointer get_user;
    uint64_t min_speed;
    HlTime fixed_now;
    HlTime server_date; /* as the last response said, 0: it did not */

    TufTrusted trusted;
    int64_t cached_root; /* version of root.json; 0: there is none that can be read */
    bool ready;          /* the last refresh held */
    GHashTable *roles;   /* TufDelegation -> TufMetadata: verified for that delegator, by its own entry */
};

/* Sections 5.1 to 5.6.6 in their order. */
bool upd_workflow_refresh(UpdClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 5.6.1 to 5.6.6 for a delegated role on behalf of its delegator; the result belongs to the client. */
const TufMetadata *upd_workflow_role(UpdClient *client, const TufMetadata *delegator, const TufDelegation *delegation,
                                     GError **error);

/* The time that max_size bytes may take, slow start included. */
HlTime upd_workflow_deadline(const UpdClient *client, uint64_t max_size);

/* Status 403, 404 or another refusal as an error that names url and what may help; returns false, like hl_fail. */
bool upd_workflow_refused(const char *url, const HlFetchResult *result, GError **error);

#endif
