/* SPDX-License-Identifier: Apache-2.0 */
/* The header fields that name a part of a file, as strangers write them: Range of a client, Content-Range of a server.
 * Pure. */
#ifndef LIB_HTTP_RANGE_H
#define LIB_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HL_RANGE_NONE, /* not a single byte range: send the whole (RFC 9110, 14.2) */
    HL_RANGE_ONE,
    HL_RANGE_UNSATISFIABLE,
} HlRange;

/* The part of a file of this size; *offset and *length are set for HL_RANGE_ONE alone, and length is never 0 then.
 * text is the value of Range; NULL: not sent. */
HlRange hl_range_parse(const char *text, uint64_t size, uint64_t *offset, uint64_t *length);

/* Where the part begins that a Content-Range announces; false if it does not name one part in bytes. */
bool hl_content_range_parse(const char *text, uint64_t *from);

#endif
