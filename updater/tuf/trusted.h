/* SPDX-License-Identifier: Apache-2.0 */
/* What a client trusts: one root, timestamp, snapshot and top-level targets, and the rules by which a new file takes
 * the place of an old one.  TUF 1.0.34, sections 5.2 to 5.6; the functions are in the order of the workflow.
 *
 * Pure: bytes in, decision out.  What to download, in which order, and what to keep on disk is the client's part
 * (updater/client/workflow.c).  A function that fails leaves everything as it was.  Failures: HL_ERROR_INVALID (form),
 * HL_ERROR_UNTRUSTED (signatures, hashes, rollback, mix-and-match), HL_ERROR_EXPIRED (freeze, or a wrong clock). */
#ifndef UPDATER_TUF_TRUSTED_H
#define UPDATER_TUF_TRUSTED_H

#include "updater/tuf/metadata.h"

typedef struct {
    HlTime now; /* 5.1: the fixed update start time, milliseconds of wall clock */
    TufMetadata *root, *timestamp, *snapshot, *targets; /* NULL: none trusted yet */
} TufTrusted;

/* 5.2.  Takes a root that is trusted by other means; it must be signed by its own threshold. */
bool tuf_trusted_init(TufTrusted *trusted, GBytes *root, HlTime now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tuf_trusted_clear(TufTrusted *trusted);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TufTrusted, tuf_trusted_clear)

/* 5.3.4 to 5.3.7: version N+1 replaces N.  *rotated: the signers of timestamp or snapshot are others now, so what was
 * trusted of those two is forgotten (5.3.11; here, because the loop may end with an expired root before it gets there).
 */
bool tuf_trusted_update_root(TufTrusted *trusted, GBytes *bytes, bool *rotated,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 5.3.10, once no newer root is to be had. */
bool tuf_trusted_check_root(const TufTrusted *trusted, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The timestamp of the last run, for the rollback checks: it may have expired. */
bool tuf_trusted_load_timestamp(TufTrusted *trusted, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum {
    TUF_UPDATED, /* the new file is trusted now: keep it */
    TUF_SAME,    /* same version as the trusted one, which stays; the new file is discarded */
} TufOutcome;

/* 5.4.2 to 5.4.4. */
bool tuf_trusted_update_timestamp(TufTrusted *trusted, GBytes *bytes, TufOutcome *outcome,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The snapshot of the last run, for the rollback checks: it may be older than the timestamp says, and expired. */
bool tuf_trusted_load_snapshot(TufTrusted *trusted, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the trusted snapshot is the one that the timestamp lists, so that nothing need be downloaded. */
bool tuf_trusted_snapshot_is_current(const TufTrusted *trusted);

/* 5.5.2 to 5.5.6. */
bool tuf_trusted_update_snapshot(TufTrusted *trusted, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 5.6.2 to 5.6.5 for the top-level targets, from the last run or new. */
bool tuf_trusted_update_targets(TufTrusted *trusted, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a delegated role, on behalf of this delegator: being signed for one says nothing about another.  NULL on
 * failure; the caller owns the result, which trusted does not keep. */
TufMetadata *tuf_trusted_check_delegated(const TufTrusted *trusted, const TufMetadata *delegator,
                                         const TufDelegation *delegation, GBytes *bytes, GError **error);

/* The entry of a targets role in the trusted snapshot; NULL with *error when it lists none. */
const TufMeta *tuf_trusted_meta(const TufTrusted *trusted, const char *role_name, GError **error);

#endif
