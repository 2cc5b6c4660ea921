/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a file that must not be shown to the engine itself, because who owns its file system decides when a read of
 * it ends, if ever: such a reader cannot even be killed.  Blocking. */
#ifndef ENDPOINT_SCAN_COPY_H
#define ENDPOINT_SCAN_COPY_H

#include <stdint.h>

#include "lib/base/error.h"

/* So much of a disk may users fill for a moment, times EP_CLAMD_BY_HAND. */
#define EP_COPY_MAX ((int64_t)100 * 1024 * 1024)

/* All that fd gives from its start on; the copy has no name, and is in directory.  *size: what it has.  HL_ERROR_LIMIT:
 * more than most.  -1 on failure. */
int ep_copy_make(int fd, const char *directory, int64_t most, int64_t *size, GError **error);

#endif
