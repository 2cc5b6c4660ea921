/* SPDX-License-Identifier: Apache-2.0 */
/* proto/bounds: every field has its row, and what one hostile PC could stop the server with is refused or cut. */
#include <string.h>

#include "lib/base/unconst.h"
#include "proto/bounds.h"
#include "proto/wire.h"
#include "tests/support/wire_samples.h"

/* Every field that can be large has a row; rows say no more than fits into a message. */
static void test_bounds_whole(void)
{
    for (gsize i = 0; i < wire_n_types; i++) {
        for (unsigned f = 0; f < wire_types[i]->n_fields; f++) {
            const ProtobufCFieldDescriptor *field = &wire_types[i]->fields[f];
            bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
            bool sized = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES;

            if (!repeated && !sized)
                continue;
            g_assert_true((hl_bound_find(wire_types[i], field)->count > 0) == repeated);
            if (sized)
                g_assert_cmpuint(hl_bound_find(wire_types[i], field)->max, >, 0);
        }
    }
}

static void check_link(const HlMsgLink *link, HlErrorCode code, const char *complaint)
{
    g_autoptr(GBytes) bytes = HL_WIRE_ENCODE(link);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgLink) decoded = hl_wire_decode_bytes(&holdline__v1__link__descriptor, bytes, &error);

    if (complaint == NULL) {
        g_assert_no_error(error);
        g_assert_nonnull(decoded);
        return;
    }
    g_assert_error(error, HL_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, complaint));
}

/* What one hostile PC could stop the server with. */
static void test_bounds_link(void)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgAppliedSettings applied = HOLDLINE__V1__APPLIED_SETTINGS__INIT;
    HlMsgRegistration registration = HOLDLINE__V1__REGISTRATION__INIT;
    HlMsgComponent component = HOLDLINE__V1__COMPONENT__INIT;
    HlMsgComponent *components[17];
    g_autofree char *quotes = g_strnfill(15500, '"');
    g_autofree char *host = g_strnfill(256, 'h');
    char *addresses[17];
    guint8 digest[33] = { 0 };

    link.applied = &applied;
    link.registration = &registration;
    applied.digest.data = digest;
    for (applied.digest.len = 0; applied.digest.len <= 33; applied.digest.len++)
        check_link(&link, HL_ERROR_INVALID,
                   applied.digest.len == 0 || applied.digest.len == 32 ? NULL : "AppliedSettings.digest is");
    applied.digest.len = 0;
    for (gsize i = 0; i < 17; i++) {
        components[i] = &component;
        addresses[i] = hl_unconst("192.0.2.1");
    }
    link.patterns = components;
    registration.addresses = addresses;
    for (guint n = 15; n <= 17; n++) {
        link.n_patterns = n;
        registration.n_addresses = 0;
        check_link(&link, HL_ERROR_LIMIT, n > 16 ? "Link.patterns has more than 16" : NULL);
        link.n_patterns = 0;
        registration.n_addresses = n;
        check_link(&link, HL_ERROR_LIMIT, n > 16 ? "Registration.addresses has more than 16" : NULL);
    }
    registration.n_addresses = 1;
    addresses[0] = quotes;
    check_link(&link, HL_ERROR_LIMIT, "Registration.addresses is longer than");
    registration.n_addresses = 0;
    registration.host = host;
    check_link(&link, HL_ERROR_LIMIT, "Registration.host is longer than 255");
    host[255] = '\0';
    check_link(&link, HL_ERROR_LIMIT, NULL);
}

/* A report whose free text is too long is cut, between two characters: refused, it would stop its spool for good. */
static void test_bounds_cut(void)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgCommandReport body = HOLDLINE__V1__COMMAND_REPORT__INIT;
    g_autoptr(GString) text = g_string_new("x"); /* so that the bound falls into a character */
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgReport) decoded = NULL;

    for (guint i = 0; i < 2000; i++)
        g_string_append(text, "\xe6\x9b\xb4");
    body.detail = text->str;
    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &body;
    bytes = HL_WIRE_ENCODE(&report);
    decoded = hl_wire_decode_bytes(&holdline__v1__report__descriptor, bytes, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(strlen(decoded->command->detail), ==, 1 + 333 * 3);
    g_assert_true(g_utf8_validate(decoded->command->detail, -1, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proto/bounds/whole", test_bounds_whole);
    g_test_add_func("/proto/bounds/link", test_bounds_link);
    g_test_add_func("/proto/bounds/cut", test_bounds_cut);
    return g_test_run();
}
