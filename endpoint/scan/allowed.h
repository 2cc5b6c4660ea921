/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes of files that the administrator of this machine restored from the quarantine: scans take them for clean. A
 * text file, one hash a line, in the order in which they came. */
#ifndef ENDPOINT_SCAN_ALLOWED_H
#define ENDPOINT_SCAN_ALLOWED_H

#include "lib/base/error.h"

#define EP_ALLOWED_MAX 10000 /* the oldest are forgotten */

/* A set of hashes in lower-case hexadecimal; empty if the file (NULL: none) is missing or cannot be read.  Never NULL;
 * free with g_hash_table_unref. */
GHashTable *ep_allowed_load(const char *path);

bool ep_allowed_has(const char *path, const char *sha256);

/* For who has the quarantine open: one at a time. */
bool ep_allowed_add(const char *path, const char *sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_allowed_remove(const char *path, const char *sha256, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
