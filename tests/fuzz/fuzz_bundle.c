/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles.  An input that begins with 'M' is the message inside, which is signed here, so that what is behind the
 * signature is reached; every other input is the file as it is. */
#include <string.h>

#include "endpoint/identity/bundle.h"
#include "proto/envelope.h"
#include "tests/fuzz/fuzz.h"

static void try_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgBundle) bundle = ep_bundle_parse("fuzz.bundle", text, &error);

    g_assert_true((bundle == NULL) == (error != NULL));
    if (bundle != NULL) {
        g_assert_cmpuint(bundle->signing_key.len, ==, HL_SIGNING_PUBLIC_SIZE);
        g_assert_cmpuint(bundle->n_brokers, >, 0);
        g_assert_true(g_str_has_prefix(bundle->server, "https://"));
    }
}

static void try_message(const uint8_t *data, size_t size)
{
    static HlSigningKey *key = NULL;
    g_autoptr(HlMsgBundle) bundle = hl_wire_decode(&holdline__v1__bundle__descriptor, data, size, NULL);
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *base64 = NULL;
    g_autofree char *text = NULL;

    if (key == NULL)
        key = hl_signing_key_generate(NULL);
    if (bundle == NULL)
        return;
    if (bundle->signing_key.len == HL_SIGNING_PUBLIC_SIZE) /* other sizes stay as they came */
        memcpy(bundle->signing_key.data, g_bytes_get_data(hl_signing_key_public(key), NULL), HL_SIGNING_PUBLIC_SIZE);
    envelope = hl_envelope_sign(key, HL_ENVELOPE_BUNDLE, &bundle->base);
    bytes = HL_WIRE_ENCODE(envelope);
    base64 = g_base64_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    text = g_strdup_printf("%s\n%s\n%s\n", EP_BUNDLE_FIRST_LINE, base64, EP_BUNDLE_LAST_LINE);
    try_text(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'M') {
        try_message(data + 1, size - 1);
    } else {
        g_autofree char *text = fuzz_text(data, size);

        try_text(text);
    }
    return 0;
}
