/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/wire_fill.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/unconst.h"

#define MAX_REPEATED 4
#define MAX_TEXT     40
#define LONG_TEXT    16000

uint8_t wire_bytes_next(WireBytes *bytes)
{
    return bytes->at < bytes->size ? bytes->data[bytes->at++] : 0;
}

/* Small numbers as they are; above, those at the ends of what a number can be. */
static uint64_t next_number(WireBytes *bytes)
{
    static const uint64_t ends[] = { UINT64_MAX,
                                     (uint64_t)INT64_MAX,
                                     (uint64_t)INT64_MIN,
                                     UINT64_MAX / 2 + 2,
                                     INT64_MAX / 2,
                                     UINT32_MAX,
                                     1000001,
                                     1000,
                                     1795383900000u,
                                     65536 };
    uint8_t byte = wire_bytes_next(bytes);

    return byte < 0xf0 ? byte : ends[(byte - 0xf0) % G_N_ELEMENTS(ends)];
}

/* protobuf-c frees with free(). */
static char *next_text(WireBytes *bytes)
{
    uint8_t how = wire_bytes_next(bytes);
    guint n_words = g_strv_length(hl_unconst(bytes->words));
    char *text;
    size_t length;

    if (how < 0xc0)
        return strdup(bytes->words[how % n_words]);
    length = how == 0xff ? LONG_TEXT : how % MAX_TEXT;
    text = calloc(1, length + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = how == 0xff ? 'x' : (char)(wire_bytes_next(bytes) % 95 + 32);
    return text;
}

static ProtobufCBinaryData next_bytes(WireBytes *bytes)
{
    static const size_t sizes[] = { 0, 32, 5, 300, 32, 32, 20000, 1 };
    size_t size = sizes[wire_bytes_next(bytes) % G_N_ELEMENTS(sizes)];
    ProtobufCBinaryData data = { size, size > 0 ? malloc(size) : NULL };

    if (size > 0)
        memset(data.data, wire_bytes_next(bytes), size);
    return data;
}

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        return 8;
    default:
        return 4;
    }
}

static void fill_value(WireBytes *bytes, const ProtobufCFieldDescriptor *field, void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)place = next_text(bytes);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(void **)place = wire_fill(bytes, field->descriptor);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        *(ProtobufCBinaryData *)place = next_bytes(bytes);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        *(uint64_t *)place = next_number(bytes);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)place = wire_bytes_next(bytes) % 2;
        break;
    default:
        *(uint32_t *)place = (uint32_t)next_number(bytes);
        break;
    }
}

static void fill_repeated(WireBytes *bytes, const ProtobufCFieldDescriptor *field, char *message)
{
    size_t count = wire_bytes_next(bytes) % (MAX_REPEATED + 1);
    char *array = count > 0 ? calloc(count, size_of(field)) : NULL;

    for (size_t i = 0; i < count; i++)
        fill_value(bytes, field, array + i * size_of(field));
    *(size_t *)(message + field->quantifier_offset) = count;
    *(char **)(message + field->offset) = array;
}

gpointer wire_fill(WireBytes *bytes, const ProtobufCMessageDescriptor *type)
{
    char *message = calloc(1, type->sizeof_message);
    unsigned chosen = wire_bytes_next(bytes); /* which of the members of a union */
    unsigned n_members = 0;

    type->message_init((ProtobufCMessage *)message);
    for (unsigned i = 0; i < type->n_fields; i++)
        n_members += (type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    for (unsigned i = 0, member = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            if (member++ != chosen % (n_members + 1))
                continue;
            *(uint32_t *)(message + field->quantifier_offset) = field->id;
        } else if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            fill_repeated(bytes, field, message);
            continue;
        } else if (field->type == PROTOBUF_C_TYPE_MESSAGE && wire_bytes_next(bytes) % 2 == 0) {
            continue;
        }
        fill_value(bytes, field, message + field->offset);
    }
    return message;
}
