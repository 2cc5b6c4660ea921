/* SPDX-License-Identifier: Apache-2.0 */
/* proto: topics against the access list, decoding and its bounds, the samples of every release, envelopes, lists of
 * components.  (Settings and schedules: test_settings.c; the life of a command: test_command.c.) */
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/components.h"
#include "proto/envelope.h"
#include "proto/topics.h"
#include "proto/wire.h"
#include "tests/support/wire_samples.h"

#define MUTATIONS 4000

static char *source_path(const char *path)
{
    return g_build_filename(SOURCE_DIR, path, NULL);
}

static char *read_source(const char *path)
{
    g_autofree char *full = source_path(path);
    g_autoptr(GError) error = NULL;
    char *text = hl_file_read_text(full, 1024 * 1024, &error);

    g_assert_no_error(error);
    return text;
}

/* -------------------------------------------------------------------------------------------------------- topics */

static void test_topics(void)
{
    for (int i = 0; i < HL_N_TOPICS; i++) {
        const HlTopicRow *row = hl_topic_row((HlTopic)i);
        bool has_id = strchr(row->pattern, '%') != NULL;
        g_autofree char *name = hl_topic_name((HlTopic)i, "e-7k3m9x2qv4tb");
        g_autofree char *filter = hl_topic_name((HlTopic)i, "+");
        g_autofree char *id = NULL;
        g_autofree char *filtered = NULL;
        HlTopic parsed;

        g_assert_true(g_str_has_prefix(name, HL_TOPIC_ROOT));
        g_assert_null(strchr(name, '%'));
        g_assert_true(hl_topic_parse(name, &parsed, &id));
        g_assert_cmpint(parsed, ==, i);
        g_assert_cmpstr(id, ==, has_id ? "e-7k3m9x2qv4tb" : "");
        g_assert_true(hl_topic_parse(filter, &parsed, &filtered) == !has_id); /* "+" is nobody's id */
        g_assert_true(row->qos == 0 || row->qos == 1);
        g_assert_true(!row->retained || row->qos == 1);
    }
}

static void test_topics_refused(void)
{
    static const char *const names[] = {
        "",
        "holdline/v1/",
        "holdline/v1",
        "holdline/v2/endpoint/e-1/link",
        "holdline/v1/endpoint//link",
        "holdline/v1/endpoint/e-1",
        "holdline/v1/endpoint/e-1/links",
        "holdline/v1/endpoint/e-1/link/",
        "holdline/v1/endpoint/e-1/x/link",
        "holdline/v1/endpoint/+/link",
        "holdline/v1/endpoint/#/link",
        "holdline/v1/endpoint/E-1/link",
        "holdline/v1/endpoint/../link",
        "holdline/v1/endpoint/-e/link",
        "holdline/v1/endpoint/e 1/link",
        "holdline/v1/endpoint/\xc3\xa9/link",
        "holdline/v1/endpoint/link",
        "holdline/v1/status/endpoint/",
        "holdline/v1/status/summary/x",
        "holdline/v1/admin/request/",
        "$SYS/broker/uptime",
        "/holdline/v1/manager/state",
    };
    g_autofree char *longest = g_strnfill(64, 'a');
    g_autofree char *too_long = g_strnfill(65, 'a');
    g_autofree char *fits = hl_topic_name(HL_TOPIC_LINK, longest);
    g_autofree char *does_not = hl_topic_name(HL_TOPIC_LINK, too_long);
    HlTopic topic;
    char *id;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_false(hl_topic_parse(names[i], &topic, &id));
        g_assert_null(id);
    }
    g_assert_true(hl_topic_parse(fits, &topic, &id));
    g_free(id);
    g_assert_false(hl_topic_parse(does_not, &topic, &id));
}

static char *topic_of_user(const HlTopicRow *row)
{
    GString *text = g_string_new(HL_TOPIC_ROOT);

    g_string_append(text, row->pattern);
    g_string_replace(text, "%", "%u", 0);
    return g_string_free(text, FALSE);
}

/* An endpoint may write what the table has it send, read what the manager sends to it and manager/state: no line more,
 * none less. */
static void test_access_list(void)
{
    g_autofree char *text = read_source("broker-config/acl.in");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) patterns = g_hash_table_new(g_str_hash, g_str_equal);

    for (gsize i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], "pattern "))
            g_assert_true(g_hash_table_add(patterns, lines[i]));
    for (int i = 0; i < HL_N_TOPICS; i++) {
        const HlTopicRow *row = hl_topic_row((HlTopic)i);
        g_autofree char *topic = topic_of_user(row);
        g_autofree char *may_write = g_strconcat("pattern write ", topic, NULL);
        g_autofree char *may_read = g_strconcat("pattern read ", topic, NULL);
        bool to_endpoint =
            row->sender == HL_SENDER_MANAGER && (g_str_has_prefix(row->pattern, "endpoint/%/") ||
                                                 i == HL_TOPIC_MANAGER_STATE || i == HL_TOPIC_MANAGER_ALIVE);

        g_assert_true(g_hash_table_remove(patterns, may_write) == (row->sender == HL_SENDER_ENDPOINT));
        g_assert_true(g_hash_table_remove(patterns, may_read) == to_endpoint);
    }
    g_assert_cmpuint(g_hash_table_size(patterns), ==, 0);
}

/* ------------------------------------------------------------------------------------------------------ decoding */

/* A message that is not in the samples' table would never be tested. */
static void test_every_message_has_a_sample(void)
{
    g_autofree char *text = read_source("proto/holdline.proto");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gsize n = 0;

    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);

        if (g_strcmp0(words[0], "message") != 0)
            continue;
        if (wire_type_find(words[1]) == NULL)
            g_error("tests/support/wire_samples.c lacks the message %s", words[1]);
        n++;
    }
    g_assert_cmpuint(n, ==, wire_n_types);
}

static void test_decode_samples(void)
{
    for (gsize i = 0; i < wire_n_types; i++) {
        for (guint v = 0; v < wire_variants(wire_types[i]); v++) {
            g_autoptr(GBytes) bytes = wire_sample(wire_types[i], v);
            gsize size = g_bytes_get_size(bytes);
            g_autoptr(GError) error = NULL;
            ProtobufCMessage *message = hl_wire_decode_bytes(wire_types[i], bytes, &error);
            g_autoptr(GBytes) again = NULL;
            ProtobufCMessage *copy;

            g_assert_no_error(error);
            again = hl_wire_encode(message);
            g_assert_cmpmem(g_bytes_get_data(again, NULL), g_bytes_get_size(again), g_bytes_get_data(bytes, NULL),
                            size);
            copy = hl_wire_copy(message);
            hl_wire_free(message);
            hl_wire_free(copy);
            if (size == 0)
                continue;
            g_assert_null(hl_wire_decode(wire_types[i], g_bytes_get_data(bytes, NULL), size - 1, &error));
            g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
            g_assert_nonnull(strstr(error->message, wire_types[i]->short_name));
        }
    }
}

static void check_refused(HlMsgCallReply *reply, HlErrorCode code, const char *field)
{
    g_autoptr(GBytes) bytes = HL_WIRE_ENCODE(reply);
    g_autoptr(GError) error = NULL;

    g_assert_null(hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, bytes, &error));
    g_assert_error(error, HL_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, field));
    g_clear_error(&error);
    g_assert_false(hl_wire_check(&reply->base, &error)); /* who sends it can know */
    g_assert_error(error, HL_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, field));
}

static void test_decode_text(void)
{
    static const char *const bad[] = { "\x01", "a\x1b[2J", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "a\xc2\x9b\x32J" };
    g_autofree char *longer = g_strnfill(16385, 'x');
    HlMsgCallReply reply = HOLDLINE__V1__CALL_REPLY__INIT;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(HlMsgCallReply) decoded = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        reply.message = hl_unconst(bad[i]);
        check_refused(&reply, HL_ERROR_INVALID, "CallReply.message");
    }
    reply.message = hl_unconst("");
    reply.code = longer;
    check_refused(&reply, HL_ERROR_LIMIT, "CallReply.code");
    reply.code = (char *)"lines\n\tand \xe6\x9b\xb4\xe6\x96\xb0\r\n";
    reply.json = longer; /* results may be long */
    g_assert_true(hl_wire_check(&reply.base, NULL));
    bytes = HL_WIRE_ENCODE(&reply);
    decoded = hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, bytes, NULL);
    g_assert_nonnull(decoded);
    g_assert_cmpstr(decoded->json, ==, longer);
}

static void test_decode_size(void)
{
    g_autofree guint8 *data = g_malloc0(HL_WIRE_MAX_SIZE + 1);
    g_autoptr(GError) error = NULL;

    g_assert_null(hl_wire_decode(&holdline__v1__link__descriptor, data, HL_WIRE_MAX_SIZE + 1, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    g_assert_nonnull(strstr(error->message, "Link"));
    g_clear_error(&error);
    g_assert_null(hl_wire_decode(&holdline__v1__link__descriptor, data, HL_WIRE_MAX_SIZE, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID); /* NULs are no fields */
}

static void check_entries(size_t n, HlErrorCode code)
{
    g_autofree HlMsgSetting **entries = g_new(HlMsgSetting *, n);
    HlMsgSetting entry = HOLDLINE__V1__SETTING__INIT;
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    g_autoptr(HlMsgSettingsDocument) decoded = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < n; i++)
        entries[i] = &entry;
    document.settings = entries;
    document.n_settings = n;
    bytes = HL_WIRE_ENCODE(&document);
    decoded = hl_wire_decode_bytes(&holdline__v1__settings_document__descriptor, bytes, &error);
    if (code == HL_ERROR_N_CODES) {
        g_assert_no_error(error);
        g_assert_cmpuint(decoded->n_settings, ==, n);
    } else {
        g_assert_error(error, HL_ERROR, (gint)code);
        g_assert_nonnull(strstr(error->message, "SettingsDocument.settings"));
    }
}

static void test_decode_repeated(void)
{
    HlMsgSetting entry = HOLDLINE__V1__SETTING__INIT;
    HlMsgSetting *one = &entry;
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;

    check_entries(256, HL_ERROR_N_CODES);
    check_entries(257, HL_ERROR_LIMIT);
    entry.value = (char *)"\x07"; /* inner messages are checked too */
    document.settings = &one;
    document.n_settings = 1;
    bytes = HL_WIRE_ENCODE(&document);
    g_assert_null(hl_wire_decode_bytes(&holdline__v1__settings_document__descriptor, bytes, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "Setting.value"));
}

/* Each element of a repeated field of bytes. */
static void test_decode_repeated_bytes(void)
{
    guint8 key[33] = { 0 };
    ProtobufCBinaryData keys[] = { { 32, key }, { 33, key } };
    HlMsgServerDocument document = HOLDLINE__V1__SERVER_DOCUMENT__INIT;
    g_autoptr(GError) error = NULL;

    document.signing_keys = keys;
    document.n_signing_keys = 1;
    g_assert_true(hl_wire_check(&document.base, NULL));
    document.n_signing_keys = 2;
    g_assert_false(hl_wire_check(&document.base, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "ServerDocument.signing_keys"));
}

/* Only the member that is set is looked at: the others share its memory. */
static void test_decode_oneof(void)
{
    HlMsgCommandReport command = HOLDLINE__V1__COMMAND_REPORT__INIT;
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;

    command.detail = (char *)"\x02";
    report.body_case = HOLDLINE__V1__REPORT__BODY_COMMAND;
    report.command = &command;
    bytes = HL_WIRE_ENCODE(&report);
    g_assert_null(hl_wire_decode_bytes(&holdline__v1__report__descriptor, bytes, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "CommandReport.detail"));
}

/* A later version adds fields and values: they are skipped, the rest arrives. */
static void test_decode_unknown(void)
{
    static const guint8 data[] = {
        0x08, 0x07, 0xfa, 0x3e, 0x03, 'n', 'e', 'w', 0x10, 0x09
    }; /* 1: 7, 1007: "new", 2: 9 */
    g_autoptr(HlMsgEcho) echo = hl_wire_decode(&holdline__v1__echo__descriptor, data, sizeof data, NULL);

    g_assert_nonnull(echo);
    g_assert_cmpuint(echo->nonce, ==, 7);
    g_assert_cmpuint(echo->session, ==, 9);
}

/* Found by fuzzing: field 0 in two bytes was taken, and the copy of such a message could not be read. */
static void test_decode_field_zero(void)
{
    static const guint8 data[] = { 0x81, 0x00, 0x10, 0x01, 0x80, 0x01, 0x00, 0x00, 0x2d, 0x00 };
    g_autoptr(GError) error = NULL;

    g_assert_null(hl_wire_decode(&holdline__v1__component__descriptor, data, sizeof data, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

static void mutate(GByteArray *bytes, GRand *rand)
{
    guint at = bytes->len > 0 ? (guint)g_rand_int_range(rand, 0, (gint)bytes->len) : 0;
    guint8 random = (guint8)g_rand_int(rand);

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        if (bytes->len > 0)
            bytes->data[at] ^= (guint8)(1 << (random & 7));
        break;
    case 1:
        if (bytes->len > 0)
            g_byte_array_remove_index(bytes, at);
        break;
    case 2:
        if (bytes->len > 0)
            bytes->data[at] = random;
        break;
    default:
        g_byte_array_append(bytes, &random, 1);
    }
}

static void test_decode_mutations(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
    guint taken = 0;
    guint refused = 0;

    for (gsize i = 0; i < wire_n_types; i++) {
        g_autoptr(GBytes) sample = wire_sample(wire_types[i], 0);

        for (guint n = 0; n < MUTATIONS; n++) {
            g_autoptr(GByteArray) bytes = g_byte_array_new();
            g_autoptr(GError) error = NULL;
            ProtobufCMessage *message;

            g_byte_array_append(bytes, g_bytes_get_data(sample, NULL), (guint)g_bytes_get_size(sample));
            for (int times = g_rand_int_range(rand, 1, 6); times > 0; times--)
                mutate(bytes, rand);
            message = hl_wire_decode(wire_types[i], bytes->data, bytes->len, &error);
            g_assert_true((message == NULL) == (error != NULL));
            taken += message != NULL;
            refused += message == NULL;
            hl_wire_free(message);
        }
    }
    g_assert_cmpuint(taken, >, 0);
    g_assert_cmpuint(refused, >, 0);
}

/* --------------------------------------------------------------------------------------------- samples of releases */

static void check_golden(const char *directory, const char *file)
{
    g_autofree char *name = g_strndup(file, strlen(file) - strlen(".bin"));
    g_autofree char *type_name = g_strndup(name, strcspn(name, "."));
    g_autofree char *text_file = g_strconcat(name, ".txt", NULL);
    g_autofree char *path = g_build_filename(directory, file, NULL);
    g_autofree char *text_path = g_build_filename(directory, text_file, NULL);
    const ProtobufCMessageDescriptor *type = wire_type_find(type_name);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = hl_file_read(path, HL_WIRE_MAX_SIZE, &error);
    g_autofree char *expected = hl_file_read_text(text_path, HL_WIRE_MAX_SIZE, error == NULL ? &error : NULL);
    g_autofree char *text = NULL;
    ProtobufCMessage *message;

    g_assert_no_error(error);
    g_assert_nonnull(type);
    /* the encoding, not the bounds of today: samples are nobody's messages */
    message = protobuf_c_message_unpack(type, NULL, g_bytes_get_size(bytes), g_bytes_get_data(bytes, NULL));
    g_assert_nonnull(message);
    text = wire_text(message);
    hl_wire_free(message);
    g_assert_cmpstr(text, ==, expected);
}

static void test_golden(void)
{
    g_autofree char *root = source_path("proto/golden");
    g_autoptr(GDir) releases = g_dir_open(root, 0, NULL);
    const char *release;
    guint n = 0;

    g_assert_nonnull(releases);
    while ((release = g_dir_read_name(releases)) != NULL) {
        g_autofree char *directory = g_build_filename(root, release, NULL);
        g_autoptr(GDir) files = g_dir_open(directory, 0, NULL);
        const char *file;

        g_assert_nonnull(files);
        while ((file = g_dir_read_name(files)) != NULL) {
            if (g_str_has_suffix(file, ".bin")) {
                check_golden(directory, file);
                n++;
            }
        }
    }
    g_assert_cmpuint(n, >=, wire_n_types);
}

/* Every message has left its samples: wire-golden proto/golden/v1 writes what is missing. */
static void test_golden_is_complete(void)
{
    for (gsize i = 0; i < wire_n_types; i++) {
        for (guint v = 0; v < wire_variants(wire_types[i]); v++) {
            g_autofree char *name = wire_sample_name(wire_types[i], v);
            g_autofree char *path = g_strdup_printf(SOURCE_DIR "/proto/golden/v1/%s.bin", name);

            if (!g_file_test(path, G_FILE_TEST_EXISTS))
                g_error("%s is missing: run wire-golden proto/golden/v1 and commit what it wrote", path);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------ envelopes */

static void check_opens(const HlMsgEnvelope *envelope, const HlSigningKey *key, const char *context,
                        const char *complaint)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgProbe) probe =
        hl_envelope_open(envelope, hl_signing_key_public(key), context, &holdline__v1__probe__descriptor, &error);

    if (complaint == NULL) {
        g_assert_no_error(error);
        g_assert_cmpuint(probe->nonce, ==, 42);
    } else {
        g_assert_null(probe);
        g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
        g_assert_nonnull(strstr(error->message, complaint));
    }
}

static void test_envelope(void)
{
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    g_autoptr(HlSigningKey) other = hl_signing_key_generate(NULL);
    HlMsgProbe probe = HOLDLINE__V1__PROBE__INIT;
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autofree char *other_id = hl_signing_key_id(hl_signing_key_public(other));
    size_t length;

    probe.nonce = 42;
    envelope = hl_envelope_sign(key, HL_ENVELOPE_COMMAND, &probe.base);
    check_opens(envelope, key, HL_ENVELOPE_COMMAND, NULL);
    check_opens(envelope, key, HL_ENVELOPE_SETTINGS, "is not valid");
    check_opens(envelope, key, HL_ENVELOPE_BUNDLE, "is not valid");
    check_opens(envelope, other, HL_ENVELOPE_COMMAND, other_id); /* names the pinned key */
    for (size_t i = 0; i < envelope->payload.len; i++) {
        envelope->payload.data[i] ^= 1;
        check_opens(envelope, key, HL_ENVELOPE_COMMAND, "is not valid");
        envelope->payload.data[i] ^= 1;
    }
    for (size_t i = 0; i < envelope->signature.len; i++) {
        envelope->signature.data[i] ^= 0x80;
        check_opens(envelope, key, HL_ENVELOPE_COMMAND, "is not valid");
        envelope->signature.data[i] ^= 0x80;
    }
    length = envelope->signature.len;
    for (envelope->signature.len = 0; envelope->signature.len < length; envelope->signature.len++)
        check_opens(envelope, key, HL_ENVELOPE_COMMAND, "is not valid");
    envelope->payload.len--;
    check_opens(envelope, key, HL_ENVELOPE_COMMAND, "is not valid");
    envelope->payload.len++;
    check_opens(envelope, key, HL_ENVELOPE_COMMAND, NULL);
    /* an id that claims the pinned key does not make another key's signature good */
    check_opens(envelope, other, HL_ENVELOPE_COMMAND, other_id);
    free(envelope->key_id);
    envelope->key_id = strdup(other_id);
    check_opens(envelope, other, HL_ENVELOPE_COMMAND, "is not valid");
}

/* The signature is good, what is inside is garbage: the decoder's bounds hold here too. */
static void test_envelope_garbage(void)
{
    g_autoptr(HlSigningKey) key = hl_signing_key_generate(NULL);
    HlMsgSetting setting = HOLDLINE__V1__SETTING__INIT;
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GError) error = NULL;

    setting.key = (char *)"\x03";
    envelope = hl_envelope_sign(key, HL_ENVELOPE_SETTINGS, &setting.base);
    g_assert_null(hl_envelope_open(envelope, hl_signing_key_public(key), HL_ENVELOPE_SETTINGS,
                                   &holdline__v1__setting__descriptor, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* ------------------------------------------------------------------------------------------- components, commands */

static void test_components(void)
{
    g_autofree char *printed = NULL;
    size_t n;
    HlMsgComponent **components = hl_components_parse("virus=2026112203 agent=1 bad virus2= x=-1 y=1x  =", &n);

    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpstr(components[0]->name, ==, "virus");
    g_assert_cmpuint(components[0]->version, ==, 2026112203);
    printed = hl_components_print(components, n);
    g_assert_cmpstr(printed, ==, "agent=1 virus=2026112203");
    hl_components_free(components, n);
    g_assert_cmpint(hl_component_published(2026112203), ==, 1795305600 * HL_SECOND);
    g_assert_cmpint(hl_component_published(2026134001), ==, 0);
    g_assert_cmpint(hl_component_published(7), ==, 0);
    g_assert_cmpint(hl_component_published(2026023101), ==, 0);
    g_assert_cmpint(hl_component_published(UINT64_C(2147483648000000)), ==, 0);
    g_assert_cmpint(hl_component_published(UINT64_MAX), ==, 0);
    g_assert_cmpint(hl_components_published("agent=1 rules=2026112203 virus=2026112305"), ==, 1795305600 * HL_SECOND);
    components = hl_components_parse("", &n);
    g_assert_cmpuint(n, ==, 0);
    hl_components_free(components, n);
    components = hl_components_parse("Bad=1 x/y=2 =3 ok=18446744073709551615 over=18446744073709551616", &n);
    g_free(printed);
    printed = hl_components_print(components, n);
    g_assert_cmpstr(printed, ==, "ok=18446744073709551615");
    hl_components_free(components, n);

    g_assert_false(hl_components_behind("", "", NULL));
    g_assert_false(hl_components_behind("a=1", "", NULL));
    g_assert_true(hl_components_behind("", "a=1", NULL));
    g_assert_true(hl_components_behind("a=1 b=2", "a=2 b=2", NULL));
    g_assert_false(hl_components_behind("a=2 b=3 c=1", "b=2 a=2", NULL));
    g_assert_true(hl_components_behind("aa=9", "a=1", NULL));
    g_assert_true(hl_components_behind("a=1 b=1", "a=1 b=2", "a,b"));
    g_assert_false(hl_components_behind("a=1 b=1", "a=1 b=2", "a,bb"));
    g_assert_false(hl_components_behind("", "a=1", ""));
    g_assert_false(hl_components_behind("a=1 a=3", "a=2", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proto/topics", test_topics);
    g_test_add_func("/proto/topics/refused", test_topics_refused);
    g_test_add_func("/proto/topics/access-list", test_access_list);
    g_test_add_func("/proto/wire/every-message", test_every_message_has_a_sample);
    g_test_add_func("/proto/wire/samples", test_decode_samples);
    g_test_add_func("/proto/wire/text", test_decode_text);
    g_test_add_func("/proto/wire/size", test_decode_size);
    g_test_add_func("/proto/wire/repeated", test_decode_repeated);
    g_test_add_func("/proto/wire/repeated-bytes", test_decode_repeated_bytes);
    g_test_add_func("/proto/wire/oneof", test_decode_oneof);
    g_test_add_func("/proto/wire/unknown", test_decode_unknown);
    g_test_add_func("/proto/wire/field-zero", test_decode_field_zero);
    g_test_add_func("/proto/wire/mutations", test_decode_mutations);
    g_test_add_func("/proto/golden", test_golden);
    g_test_add_func("/proto/golden/complete", test_golden_is_complete);
    g_test_add_func("/proto/envelope", test_envelope);
    g_test_add_func("/proto/envelope/garbage", test_envelope_garbage);
    g_test_add_func("/proto/components", test_components);
    return g_test_run();
}
