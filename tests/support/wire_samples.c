/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/wire_samples.h"

#include <string.h>

#include "lib/base/ident.h"
#include "proto/bounds.h"

#define TYPE(name) &holdline__v1__##name##__descriptor

const ProtobufCMessageDescriptor *const wire_types[] = {
    TYPE(component),
    TYPE(registration),
    TYPE(applied_settings),
    TYPE(applied_server),
    TYPE(link),
    TYPE(heartbeat),
    TYPE(command_report),
    TYPE(update_notification),
    TYPE(refusal),
    TYPE(certificate_request),
    TYPE(certificate_shown),
    TYPE(detection),
    TYPE(scan_result),
    TYPE(scan_gap),
    TYPE(quarantine),
    TYPE(quarantined_file),
    TYPE(program_upgrade),
    TYPE(settings_poll),
    TYPE(report),
    TYPE(echo),
    TYPE(ack),
    TYPE(line_notice),
    TYPE(probe),
    TYPE(manager_state),
    TYPE(signed_envelope),
    TYPE(setting),
    TYPE(settings_document),
    TYPE(server_document),
    TYPE(command),
    TYPE(bundle),
    TYPE(enrol_request),
    TYPE(renew_request),
    TYPE(enrol_reply),
    TYPE(argument),
    TYPE(call),
    TYPE(call_reply),
};
const gsize wire_n_types = G_N_ELEMENTS(wire_types);

const ProtobufCMessageDescriptor *wire_type_find(const char *name)
{
    for (gsize i = 0; i < wire_n_types; i++)
        if (strcmp(wire_types[i]->short_name, name) == 0)
            return wire_types[i];
    return NULL;
}

static bool in_oneof(const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

/* The n-th member of the oneof; NULL behind the last. */
static const ProtobufCFieldDescriptor *member(const ProtobufCMessageDescriptor *type, guint n)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (in_oneof(&type->fields[i]) && n-- == 0)
            return &type->fields[i];
    return NULL;
}

guint wire_variants(const ProtobufCMessageDescriptor *type)
{
    guint n = 0;

    while (member(type, n) != NULL)
        n++;
    return MAX(n, 1);
}

char *wire_sample_name(const ProtobufCMessageDescriptor *type, guint variant)
{
    const ProtobufCFieldDescriptor *field = member(type, variant);

    return field == NULL ? g_strdup(type->short_name) : g_strdup_printf("%s.%s", type->short_name, field->name);
}

/* ------------------------------------------------------------------------------------------------------- encoding */

static void put_varint(GByteArray *out, uint64_t value)
{
    do {
        guint8 byte = (guint8)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

        g_byte_array_append(out, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

static void put_block(GByteArray *out, const void *data, gsize size)
{
    put_varint(out, size);
    g_byte_array_append(out, data, (guint)size);
}

static void put_value(GByteArray *out, const char *owner, const ProtobufCFieldDescriptor *field, guint index)
{
    const guint8 raw[] = { 0x00, 0xff, (guint8)field->id, (guint8)index };
    bool is_block = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES ||
                    field->type == PROTOBUF_C_TYPE_MESSAGE;

    put_varint(out, (uint64_t)field->id << 3 | (is_block ? 2 : 0));
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        g_autofree char *text = g_strdup_printf("%s %s %u \xc3\xa9\xe6\x9b\xb4", owner, field->name, index);

        put_block(out, text, strlen(text));
        break;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        gsize size = MAX(hl_bound_find(wire_type_find(owner), field)->exact, sizeof raw);
        g_autofree guint8 *block = g_malloc0(size);

        memcpy(block, raw, sizeof raw);
        put_block(out, block, size);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        g_autoptr(GBytes) inner = wire_sample(field->descriptor, 0);

        put_block(out, g_bytes_get_data(inner, NULL), g_bytes_get_size(inner));
        break;
    }
    case PROTOBUF_C_TYPE_BOOL:
        put_varint(out, 1);
        break;
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumDescriptor *values = field->descriptor;

        put_varint(out, (uint64_t)values->values[values->n_values - 1].value);
        break;
    }
    case PROTOBUF_C_TYPE_UINT32:
        put_varint(out, G_MAXUINT32 - field->id);
        break;
    case PROTOBUF_C_TYPE_UINT64:
        put_varint(out, G_MAXUINT64 - field->id);
        break;
    case PROTOBUF_C_TYPE_INT64:
        put_varint(out, field->id % 2 == 0 ? (uint64_t)1790000000000 + field->id : (uint64_t) - (int64_t)field->id);
        break;
    default:
        g_error("%s.%s: a type of field that no sample is made of yet", owner, field->name);
    }
}

GBytes *wire_sample(const ProtobufCMessageDescriptor *type, guint variant)
{
    const ProtobufCFieldDescriptor *chosen = member(type, variant);
    GByteArray *out = g_byte_array_new();

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        guint count = field->label == PROTOBUF_C_LABEL_REPEATED ? 2 : 1;

        if (!in_oneof(field) || field == chosen)
            for (guint n = 0; n < count; n++)
                put_value(out, type->short_name, field, n);
    }
    return g_byte_array_free_to_bytes(out);
}

/* ------------------------------------------------------------------------------------------------------ text form */

static void print_message(GString *out, const char *path, const ProtobufCMessage *message);

static void print_value(GString *out, const char *path, const ProtobufCFieldDescriptor *field, const void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(const char *const *)place;

        if (text != NULL && *text != '\0')
            g_string_append_printf(out, "%s = \"%s\"\n", path, text);
        break;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = place;
        g_autofree char *hex = hl_hex(bytes->data, bytes->len);

        if (bytes->len > 0)
            g_string_append_printf(out, "%s = %s\n", path, hex);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        if (*(const ProtobufCMessage *const *)place != NULL)
            print_message(out, path, *(const ProtobufCMessage *const *)place);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        if (*(const protobuf_c_boolean *)place)
            g_string_append_printf(out, "%s = true\n", path);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        if (*(const int *)place != 0)
            g_string_append_printf(out, "%s = %d\n", path, *(const int *)place);
        break;
    case PROTOBUF_C_TYPE_UINT32:
        if (*(const uint32_t *)place != 0)
            g_string_append_printf(out, "%s = %u\n", path, *(const uint32_t *)place);
        break;
    default: /* 64 bits: the samples' maker refuses all else */
        if (*(const int64_t *)place != 0)
            g_string_append_printf(out,
                                   field->type == PROTOBUF_C_TYPE_INT64 ? "%s = %" G_GINT64_FORMAT "\n"
                                                                        : "%s = %" G_GUINT64_FORMAT "\n",
                                   path, *(const int64_t *)place);
    }
}

static void print_repeated(GString *out, const char *path, const ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field)
{
    size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
    const char *array = *(const char *const *)((const char *)message + field->offset);
    gsize size = field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(char *);

    g_assert_true(field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES ||
                  field->type == PROTOBUF_C_TYPE_MESSAGE);
    for (size_t i = 0; i < count; i++) {
        g_autofree char *entry = g_strdup_printf("%s[%" G_GSIZE_FORMAT "]", path, i);

        print_value(out, entry, field, array + i * size);
    }
}

static void print_message(GString *out, const char *path, const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *place = (const char *)message + field->offset;
        g_autofree char *inner = g_strconcat(path, *path != '\0' ? "." : "", field->name, NULL);

        if (in_oneof(field) && *(const uint32_t *)((const char *)message + field->quantifier_offset) != field->id)
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            print_repeated(out, inner, message, field);
        else
            print_value(out, inner, field, place);
    }
}

char *wire_text(const ProtobufCMessage *message)
{
    GString *out = g_string_new(NULL);

    print_message(out, "", message);
    return g_string_free(out, FALSE);
}
