/* SPDX-License-Identifier: Apache-2.0 */
/* Whole reads and writes. */
#ifndef UPDATER_DELTA_DESCRIPTOR_H
#define UPDATER_DELTA_DESCRIPTOR_H

#include "lib/base/error.h"

/* Exactly size bytes from this offset; a shorter file is an error. */
bool upd_read_at(int fd, guint64 offset, void *buffer, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Up to size bytes from the current position; 0 at the end, -1 with errno. */
gssize upd_read_some(int fd, void *buffer, gsize size);

bool upd_write_all(int fd, const void *data, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
