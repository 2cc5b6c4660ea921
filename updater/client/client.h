/* SPDX-License-Identifier: Apache-2.0 */
/* The client of a TUF repository: keeps trusted metadata in a directory, finds targets, downloads them.
 *
 *   UpdClient *client = upd_client_open(&options, &error);
 *   upd_client_refresh(client, &error) && (target = upd_client_find(client, "virus/...", &error)) &&
 *       upd_client_download(client, target, path, NULL, NULL, &error);
 *
 * Blocking, one thread; a client holds the lock of its metadata directory until it is closed.  The rules are in
 * updater/tuf/trusted.h, their order in workflow.c.  Failures: HL_ERROR_UNTRUSTED and HL_ERROR_INVALID (the
 * repository), HL_ERROR_EXPIRED ("frozen repository?" or "clock?"), HL_ERROR_NOT_FOUND, HL_ERROR_UNAVAILABLE,
 * HL_ERROR_TIMEOUT, HL_ERROR_LIMIT, HL_ERROR_CONFLICT (another updater), HL_ERROR_IO and HL_ERROR_FULL (this machine).
 */
#ifndef UPDATER_CLIENT_CLIENT_H
#define UPDATER_CLIENT_CLIENT_H

#include "lib/http/fetch.h"
#include "updater/tuf/metadata.h"

typedef struct UpdClient UpdClient;

/* The form of hl_fetch_run: tests put a repository in memory in its place. */
typedef bool (*UpdGet)(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error);

typedef struct {
    const char *metadata_dir;
    const char *metadata_url; /* with or without a slash at its end */
    const char *target_url;   /* NULL: no downloads */
    HlFetchOptions http;      /* min_speed 0: 1 KiB/s; min_speed_time 0: 20 s */
    UpdGet get;               /* NULL: over the network, with http */
    gpointer get_user;
    HlTime now; /* update start time; 0: the clock is read at each refresh */
} UpdClientOptions;

/* Trusts this root from now on: checks it, pins it in metadata_dir (made if missing).  No request is made. */
bool upd_client_init(const char *metadata_dir, GBytes *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

UpdClient *upd_client_open(const UpdClientOptions *options, GError **error);
void upd_client_close(UpdClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdClient, upd_client_close)

/* One update cycle: TUF section 5.1 to 5.6.6.  On failure the client trusts nothing until a refresh succeeds. */
bool upd_client_refresh(UpdClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After a refresh: the version in use of a top-level role. */
int64_t upd_client_version(const UpdClient *client, TufRole role);

/* After a refresh: the version that the snapshot lists of a delegated role; 0: none. */
int64_t upd_client_listed_version(const UpdClient *client, const char *role);

/* After a refresh: the metadata in use of a top-level role; borrowed, valid until the next refresh. */
const TufMetadata *upd_client_metadata(const UpdClient *client, TufRole role);

/* The root of this version, from the pinned one to the one in use; NULL outside of that.  Caller unrefs. */
GBytes *upd_client_root(UpdClient *client, int64_t version);

/* Every role that delegations of the top-level targets lead to, each once, a delegator before its delegates; verified
 * for every delegator.  What the snapshot does not list is not in force and left out.  A visitor that fails ends the
 * walk. */
typedef bool (*UpdRoleVisit)(const char *name, const TufMetadata *role, gpointer user, GError **error);
bool upd_client_visit(UpdClient *client, UpdRoleVisit visit, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 5.6.7: the target as the role in charge lists it; downloads the delegated roles on the way.  NULL with
 * HL_ERROR_NOT_FOUND when nobody lists it.  Valid until the next refresh. */
const TufTarget *upd_client_find(UpdClient *client, const char *path, GError **error);

/* The targets that a role, delegated by the top-level targets, lists and is in charge of, sorted by path; borrowed,
 * valid until the next refresh.  NULL on failure; HL_ERROR_NOT_FOUND when there is no such delegation. */
GPtrArray *upd_client_list(UpdClient *client, const char *role, GError **error);

/* 5.7: a file with exactly the listed length and hashes at path, or a failure and path as it was.  Nothing is requested
 * when it is there already; a download that broke off is resumed by the next call, in this run or a later one. */
bool upd_client_download(UpdClient *client, const TufTarget *target, const char *path, HlFetchProgress progress,
                         gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
