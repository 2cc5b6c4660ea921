/* SPDX-License-Identifier: Apache-2.0 */
/* Long lists in memory: most values of their rows are those of a row before it ("offline", true, the same patterns),
 * and one copy of each serves all.  What is shared must not be changed.  Not for two threads. */
#ifndef LIB_BASE_JSON_SHARE_H
#define LIB_BASE_JSON_SHARE_H

#include "lib/base/json.h"

typedef struct HlJsonShare HlJsonShare;

HlJsonShare *hl_json_share_new(void);
void hl_json_share_free(HlJsonShare *share);

/* The members of row, of an object; each may become another value that is equal.  It remembers some thousand values, so
 * that names, of which there is one in each row, take no memory here. */
void hl_json_share_row(HlJsonShare *share, json_t *row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlJsonShare, hl_json_share_free)

#endif
