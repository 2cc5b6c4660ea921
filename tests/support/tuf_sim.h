/* SPDX-License-Identifier: Apache-2.0 */
/* A TUF repository in memory, for tests of the client: signs whatever the test puts into it, serves whatever the test
 * wants served, and counts requests.  Ed25519 keys, consistent snapshots, one key a role unless the test adds some.
 *
 * The "signed" parts are json_t that tests change at will; tuf_sim_publish raises the version, signs and serves.
 * Publishing a targets role writes its entry into the snapshot, publishing the snapshot its entry into the timestamp.
 */
#ifndef TESTS_SUPPORT_TUF_SIM_H
#define TESTS_SUPPORT_TUF_SIM_H

#include "updater/client/client.h"

#define SIM_METADATA_URL "http://sim/metadata/"
#define SIM_TARGET_URL   "http://sim/targets/"

typedef struct {
    GHashTable *bodies;   /* role -> json_t: "signed" */
    GHashTable *signers;  /* role -> GPtrArray of TufPrivateKey that sign it */
    GHashTable *served;   /* path ("metadata/1.root.json") -> GBytes */
    GHashTable *statuses; /* path -> status to answer instead */
    GPtrArray *requests;  /* paths in their order */
    HlTime now;           /* the client's update start time */
    HlTime server_date;   /* told with every answer */
    bool list_hashes;     /* length and sha256 in meta entries */
    gint64 break_after;   /* >= 0: the connection of a target breaks after so many bytes */
    bool no_ranges;       /* the server answers a resumption with everything */
} TufSim;

/* Root, targets, snapshot and timestamp version 1 are published. */
TufSim *tuf_sim_new(HlTime now);
void tuf_sim_free(TufSim *sim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TufSim, tuf_sim_free)

/* Borrowed. */
json_t *tuf_sim_body(TufSim *sim, const char *role);
GPtrArray *tuf_sim_signers(TufSim *sim, const char *role);

/* Raises the version (not of a role that was never published), signs, serves. */
void tuf_sim_publish(TufSim *sim, const char *role);

/* The same without touching the version. */
void tuf_sim_republish(TufSim *sim, const char *role);

/* targets, snapshot, timestamp: in this order. */
void tuf_sim_publish_chain(TufSim *sim);

/* The file of body, signed with these keys. */
GBytes *tuf_sim_sign(const json_t *body, GPtrArray *keys);

void tuf_sim_serve(TufSim *sim, const char *path, GBytes *bytes);     /* takes bytes */
GBytes *tuf_sim_served(TufSim *sim, const char *path);                /* borrowed, NULL if there is none */
void tuf_sim_set_expires(TufSim *sim, const char *role, HlTime when); /* in the body */
void tuf_sim_set_version(TufSim *sim, const char *role, gint64 version);

/* Puts a new key for role into the body of its delegator ("root" or a targets role), and among its signers. */
TufPrivateKey *tuf_sim_add_key(TufSim *sim, const char *delegator, const char *role);
/* Puts this key object under keyid, for role. */
void tuf_sim_add_key_object(TufSim *sim, const char *delegator, const char *role, const char *keyid, json_t *object);
void tuf_sim_set_threshold(TufSim *sim, const char *delegator, const char *role, gint64 threshold);
/* All keys of role are replaced by one new. */
void tuf_sim_rotate(TufSim *sim, const char *role);

/* The role's entry in its delegator: {"keyids", "threshold", ...}; borrowed. */
json_t *tuf_sim_role_entry(TufSim *sim, const char *delegator, const char *role);

/* Appends a delegation with a key of its own and an empty targets role; not yet published.  paths: one pattern, or
 * NULL. */
void tuf_sim_delegate(TufSim *sim, const char *delegator, const char *role, const char *pattern, bool terminating);

/* Lists path in role, and serves it where a consistent snapshot has it. */
void tuf_sim_add_target(TufSim *sim, const char *role, const char *path, const char *content);

/* Where the target is served. */
char *tuf_sim_target_path(TufSim *sim, const char *role, const char *path);

/* An UpdGet; user is the TufSim. */
bool tuf_sim_get(gpointer user, const HlFetchRequest *request, HlFetchResult *result,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The requests since the last call, joined by blanks, without "metadata/" and ".json".  Caller frees. */
char *tuf_sim_take_requests(TufSim *sim);

#endif
