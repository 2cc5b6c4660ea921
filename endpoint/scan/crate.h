/* SPDX-License-Identifier: Apache-2.0 */
/* Content in a form that nothing runs, opens or recognises: a crate.
 *
 * A magic of 8 bytes, a key of 32 random bytes, then each byte of the content XORed with the key's next.  That is no
 * encryption; it is what keeps an engine, a shell and a careless double click away.  Blocking; any thread. */
#ifndef ENDPOINT_SCAN_CRATE_H
#define ENDPOINT_SCAN_CRATE_H

#include <stdint.h>

#include "lib/base/error.h"

#define EP_CRATE_HEADER_SIZE 40

/* Reads exactly size bytes from the start of `from`, whose offset stays, and writes the crate to the empty file `to`,
 * durably.  HL_ERROR_CONFLICT if there are fewer or more.  Returns the SHA-256 of the content in hexadecimal; NULL on
 * failure.  Caller frees. */
char *ep_crate_pack(int from, int64_t size, int to, GError **error);

/* Writes the content of the crate `from` to `to`, durably, or nowhere if that is -1; returns its SHA-256.  NULL on
 * failure; HL_ERROR_UNTRUSTED if it is no crate.  Caller frees. */
char *ep_crate_unpack(int from, int to, GError **error);

/* The SHA-256 of a file's size bytes, as ep_crate_pack.  NULL on failure, also if it has more or fewer. */
char *ep_crate_digest(int fd, int64_t size, GError **error);

#endif
