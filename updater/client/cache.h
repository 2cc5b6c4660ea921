/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata directory of a client.
 *
 *   root.json timestamp.json snapshot.json targets.json ROLE.json   what is trusted, the bytes as received
 *   root-history/pinned.json                                        the root that the client was initialised with
 *   root-history/N.root.json                                        what followed it
 *   partial/HASH                                                    a download that broke off
 *   lock                                                            one updater at a time
 *
 * Every write is atomic and durable, and any of them may be the last before a crash.  What cannot be read counts as
 * missing: it will be downloaded again.  One thread. */
#ifndef UPDATER_CLIENT_CACHE_H
#define UPDATER_CLIENT_CACHE_H

#include <stdint.h>

#include "lib/base/error.h"

typedef struct {
    char *dir;
    int lock;
} UpdCache;

#define UPD_CACHE_INIT ((UpdCache){ .lock = -1 })

/* Makes what is missing and takes the lock; HL_ERROR_CONFLICT when another updater has it. */
bool upd_cache_open(UpdCache *cache, const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void upd_cache_close(UpdCache *cache);

/* Starts over from this root: writes it as root.json and as the pinned one, forgets the history. */
bool upd_cache_pin(UpdCache *cache, GBytes *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL: missing, unreadable or longer than max_size. */
GBytes *upd_cache_read(const UpdCache *cache, const char *role, gsize max_size);
GBytes *upd_cache_read_pinned(const UpdCache *cache, gsize max_size);
GBytes *upd_cache_read_root(const UpdCache *cache, int64_t version, gsize max_size);

bool upd_cache_write(UpdCache *cache, const char *role, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool upd_cache_write_root(UpdCache *cache, int64_t version, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Durable as well; a role without a file is fine. */
bool upd_cache_forget(UpdCache *cache, const char *role, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where the part of a download with this hash is kept.  Other parts are removed: only the last one is worth its space.
 * Caller frees; NULL on failure. */
char *upd_cache_partial(UpdCache *cache, const char *hash, GError **error);

#endif
