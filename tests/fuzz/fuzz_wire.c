/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder of the wire: every input is taken for a message of each type.  What is taken must survive its own
 * encoding. */
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/wire_samples.h"

static void try_type(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    ProtobufCMessage *message = hl_wire_decode(type, data, size, &error);
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *text = NULL;
    g_autofree char *text_again = NULL;
    ProtobufCMessage *again;

    g_assert_true((message == NULL) == (error != NULL));
    if (message == NULL)
        return;
    bytes = hl_wire_encode(message);
    text = wire_text(message);
    hl_wire_free(message);
    if (g_bytes_get_size(bytes) > HL_WIRE_MAX_SIZE) /* the shortest form of a number may have been cheated */
        return;
    again = hl_wire_decode_bytes(type, bytes, &error);
    g_assert_no_error(error);
    text_again = wire_text(again);
    g_assert_cmpstr(text_again, ==, text);
    hl_wire_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (gsize i = 0; i < wire_n_types; i++)
        try_type(wire_types[i], data, size);
    return 0;
}
