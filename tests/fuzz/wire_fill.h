/* SPDX-License-Identifier: Apache-2.0 */
/* Messages out of arbitrary bytes that decode: a walk over the message's own descriptor, in which each byte decides
 * something.  So a fuzzer gets behind the decoder without knowing the encoding. */
#ifndef TESTS_FUZZ_WIRE_FILL_H
#define TESTS_FUZZ_WIRE_FILL_H

#include "proto/messages.h"

typedef struct {
    const uint8_t *data;
    size_t size, at;
    const char *const *words; /* texts that mean something to the program under test; ends with NULL */
} WireBytes;

/* 0 at the end. */
uint8_t wire_bytes_next(WireBytes *bytes);

/* Free with hl_wire_free. */
gpointer wire_fill(WireBytes *bytes, const ProtobufCMessageDescriptor *type);

#endif
