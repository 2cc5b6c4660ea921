/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/wire.h"

#include <string.h>

#include "proto/bounds.h"

/* What is decoded is cut where that is allowed; what is about to be sent is only checked. */
typedef enum { FIT_CUT, FIT_REFUSE } Fit;

static bool check_message(const ProtobufCMessage *message, Fit fit, GError **error);

/* C1 controls too: terminals treat U+009B as the start of a control sequence.  In valid UTF-8 they are 0xc2 and what is
 * below 0xa0; bytes, because a list of a large fleet is 20 MB of such text. */
static bool is_clean_text(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return false;
    for (const guchar *at = (const guchar *)text; *at != '\0'; at++) {
        bool is_control = *at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0);

        if (is_control && *at != '\n' && *at != '\t' && *at != '\r')
            return false;
    }
    return true;
}

static bool check_string(const HlBound *bound, char *text, Fit fit, GError **error)
{
    if (text == NULL)
        return true;
    if (!is_clean_text(text))
        return hl_fail(error, HL_ERROR_INVALID, "%s is not clean UTF-8 text", bound->field);
    if ((bound->cut && fit == FIT_CUT && hl_bound_cut(text, bound->max)) || strlen(text) <= bound->max)
        return true;
    return hl_fail(error, HL_ERROR_LIMIT, "%s is longer than %" G_GSIZE_FORMAT " bytes", bound->field, bound->max);
}

static bool check_bytes(const HlBound *bound, gsize size, GError **error)
{
    if (bound->exact != 0 && size != 0 && size != bound->exact)
        return hl_fail(error, HL_ERROR_INVALID, "%s is %" G_GSIZE_FORMAT " bytes, not %" G_GSIZE_FORMAT, bound->field,
                       size, bound->exact);
    return size <= bound->max ||
           hl_fail(error, HL_ERROR_LIMIT, "%s is longer than %" G_GSIZE_FORMAT " bytes", bound->field, bound->max);
}

/* Numbers are bounded where they are used. */
static bool check_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const void *place,
                        Fit fit, GError **error)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return check_string(hl_bound_find(message->descriptor, field), *(char *const *)place, fit, error);
    case PROTOBUF_C_TYPE_BYTES:
        return check_bytes(hl_bound_find(message->descriptor, field), ((const ProtobufCBinaryData *)place)->len, error);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *)place;

        return inner == NULL || check_message(inner, fit, error);
    }
    default:
        return true;
    }
}

static bool check_repeated(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, Fit fit,
                           GError **error)
{
    const HlBound *bound = hl_bound_find(message->descriptor, field);
    size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
    const char *array = *(const char *const *)((const char *)message + field->offset);
    gsize size = field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(char *);

    if (count > bound->count)
        return hl_fail(error, HL_ERROR_LIMIT, "%s has more than %" G_GSIZE_FORMAT " entries", bound->field,
                       bound->count);
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES &&
        field->type != PROTOBUF_C_TYPE_MESSAGE)
        return true;
    for (size_t i = 0; i < count; i++)
        if (!check_value(message, field, array + i * size, fit, error))
            return false;
    return true;
}

static bool check_message(const ProtobufCMessage *message, Fit fit, GError **error)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    /* protobuf-c accepts the number 0 in a long encoding, but refuses its own output of it */
    for (unsigned i = 0; i < message->n_unknown_fields; i++)
        if (message->unknown_fields[i].tag == 0)
            return hl_fail(error, HL_ERROR_INVALID, "a %s with a field number 0", type->short_name);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            if (!check_repeated(message, field, fit, error))
                return false;
            continue;
        }
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            *(const uint32_t *)((const char *)message + field->quantifier_offset) != field->id)
            continue; /* a different member of the union is set */
        if (!check_value(message, field, (const char *)message + field->offset, fit, error))
            return false;
    }
    return true;
}

gpointer hl_wire_decode(const ProtobufCMessageDescriptor *type, const void *data, gsize size, GError **error)
{
    ProtobufCMessage *message;

    if (size > HL_WIRE_MAX_SIZE) {
        hl_fail(error, HL_ERROR_LIMIT, "a %s of %" G_GSIZE_FORMAT " bytes is larger than %d", type->short_name, size,
                HL_WIRE_MAX_SIZE);
        return NULL;
    }
    message = protobuf_c_message_unpack(type, NULL, size, data);
    if (message == NULL) {
        hl_fail(error, HL_ERROR_INVALID, "not a %s message", type->short_name);
        return NULL;
    }
    if (!check_message(message, FIT_CUT, error)) {
        protobuf_c_message_free_unpacked(message, NULL);
        return NULL;
    }
    return message;
}

gpointer hl_wire_decode_bytes(const ProtobufCMessageDescriptor *type, GBytes *bytes, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);

    return hl_wire_decode(type, data, size, error);
}

static bool check_size(const ProtobufCMessage *message, GError **error)
{
    gsize size = protobuf_c_message_get_packed_size(message);

    return size <= HL_WIRE_MAX_SIZE ||
           hl_fail(error, HL_ERROR_LIMIT, "a %s of %" G_GSIZE_FORMAT " bytes is larger than %d",
                   message->descriptor->short_name, size, HL_WIRE_MAX_SIZE);
}

bool hl_wire_check(const ProtobufCMessage *message, GError **error)
{
    return check_size(message, error) && check_message(message, FIT_REFUSE, error);
}

bool hl_wire_fit(ProtobufCMessage *message, GError **error)
{
    return check_message(message, FIT_CUT, error) && check_size(message, error);
}

GBytes *hl_wire_encode(const ProtobufCMessage *message)
{
    gsize size = protobuf_c_message_get_packed_size(message);
    guint8 *data = g_malloc(size + 1);

    protobuf_c_message_pack(message, data);
    return g_bytes_new_take(data, size);
}

gpointer hl_wire_copy(const ProtobufCMessage *message)
{
    g_autoptr(GBytes) bytes = hl_wire_encode(message);
    ProtobufCMessage *copy =
        protobuf_c_message_unpack(message->descriptor, NULL, g_bytes_get_size(bytes), g_bytes_get_data(bytes, NULL));

    g_assert(copy != NULL);
    return copy;
}

void hl_wire_free(gpointer message)
{
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
}
