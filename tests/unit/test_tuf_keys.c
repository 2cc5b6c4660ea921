/* SPDX-License-Identifier: Apache-2.0 */
/* updater/tuf/verify and key: signatures, key files, and one key in several dresses. */
#include <string.h>

#include "lib/base/ident.h"
#include "updater/tuf/key.h"

/* RFC 8032, section 7.1, test 2. */
static void test_ed25519(void)
{
    static const char public[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    g_autoptr(GBytes) signature = hl_unhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                                           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    g_autoptr(TufPublicKey) key = tuf_public_key_new(TUF_SCHEME_ED25519, public, NULL);
    const guint8 *raw = g_bytes_get_data(signature, NULL);
    g_autofree guint8 *changed = g_memdup2(raw, 64);

    g_assert_nonnull(key);
    g_assert_true(tuf_verify(key, "\x72", 1, raw, 64));
    g_assert_false(tuf_verify(key, "\x73", 1, raw, 64));
    g_assert_false(tuf_verify(key, "\x72", 1, raw, 63));
    g_assert_false(tuf_verify(key, "\x72", 1, raw, 0));
    changed[5] ^= 1;
    g_assert_false(tuf_verify(key, "\x72", 1, changed, 64));
    g_assert_null(tuf_public_key_new(TUF_SCHEME_ED25519, "3d40", NULL));
    g_assert_null(tuf_public_key_new(TUF_SCHEME_ED25519, "", NULL));
    g_assert_null(tuf_public_key_new(TUF_SCHEME_ECDSA_P256_SHA256, public, NULL));
}

static void test_sign(void)
{
    g_autoptr(TufPrivateKey) private = tuf_private_key_generate();
    g_autofree char *hex = tuf_private_key_public_hex(private);
    g_autoptr(TufPublicKey) public = tuf_public_key_new(TUF_SCHEME_ED25519, hex, NULL);
    g_autofree char *text = tuf_sign(private, "data", 4);
    g_autoptr(GBytes) signature = hl_unhex(text);

    g_assert_true(tuf_verify(public, "data", 4, g_bytes_get_data(signature, NULL), 64));
    g_assert_false(tuf_verify(public, "dat", 3, g_bytes_get_data(signature, NULL), 64));
}

static void test_key_files(void)
{
    g_autoptr(TufPrivateKey) key = tuf_private_key_generate();
    g_autofree char *hex = tuf_private_key_public_hex(key);
    g_autofree char *plain = tuf_private_key_print(key, NULL);
    g_autofree char *sealed = tuf_private_key_print(key, "correct horse");
    static const struct {
        bool sealed;
        const char *passphrase;
        HlErrorCode code; /* HL_ERROR_N_CODES: it opens */
    } cases[] = {
        { false, NULL, HL_ERROR_N_CODES },
        { false, "unused", HL_ERROR_N_CODES },
        { true, "correct horse", HL_ERROR_N_CODES },
        { true, "wrong", HL_ERROR_DENIED },
        { true, NULL, HL_ERROR_DENIED },
    };
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(strstr(sealed, "ENCRYPTED"));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) problem = NULL;
        g_autoptr(TufPrivateKey) again =
            tuf_private_key_parse(cases[i].sealed ? sealed : plain, cases[i].passphrase, &problem);
        g_autofree char *same = again == NULL ? NULL : tuf_private_key_public_hex(again);

        if (cases[i].code == HL_ERROR_N_CODES)
            g_assert_cmpstr(same, ==, hex);
        else
            g_assert_error(problem, HL_ERROR, (int)cases[i].code);
    }
    g_assert_null(tuf_private_key_parse("rubbish", NULL, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

static void test_identity(void)
{
    static const char lower[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    static const char upper[] = "3D4017C3E843895A92B70AA74D1B7EBC9C982CCF2EC4968CC0CD55F12AF4660C";
    g_autoptr(TufPublicKey) a = tuf_public_key_new(TUF_SCHEME_ED25519, lower, NULL);
    g_autoptr(TufPublicKey) b = tuf_public_key_new(TUF_SCHEME_ED25519, upper, NULL);

    g_assert_cmpstr(tuf_public_key_identity(a), ==, tuf_public_key_identity(b));
}

static void test_digests(void)
{
    static const char abc256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; /* FIPS 180-2 */
    g_autofree char *at_once = tuf_hash_hex(TUF_HASH_SHA256, "abc", 3);
    g_autoptr(TufDigest) digest = tuf_digest_new(TUF_HASH_SHA256);
    g_autofree char *in_pieces = NULL;
    g_autofree char *longer = tuf_hash_hex(TUF_HASH_SHA512, "abc", 3);

    tuf_digest_update(digest, "a", 1);
    tuf_digest_update(digest, "bc", 2);
    in_pieces = tuf_digest_finish(digest);
    g_assert_cmpstr(at_once, ==, abc256);
    g_assert_cmpstr(in_pieces, ==, abc256);
    g_assert_cmpint(strlen(longer), ==, tuf_hash_hex_length(TUF_HASH_SHA512));
    g_assert_true(g_str_has_prefix(longer, "ddaf35a193617aba"));
}

/* The ring knows what the object says of itself, and keeps a key of the future without using it. */
static void test_ring(void)
{
    g_autoptr(TufPrivateKey) private = tuf_private_key_generate();
    g_autoptr(json_t) object = tuf_key_object(private);
    g_autoptr(json_t) future = json_pack("{s:s, s:s, s:{s:s}}", "keytype", "x", "scheme", "y", "keyval", "public", "z");
    g_autofree char *keyid = tuf_keyid(object, NULL);
    g_autofree char *future_id = tuf_keyid(future, NULL);
    g_autoptr(json_t) keys = json_pack("{s:O, s:O}", keyid, object, future_id, future);
    g_autoptr(json_t) renamed = json_pack("{s:O}", future_id, object);
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) ring = tuf_keyring_parse(keys, &error);

    g_assert_no_error(error);
    g_assert_nonnull(tuf_keyring_find(ring, keyid)->public);
    g_assert_null(tuf_keyring_find(ring, future_id)->public);
    g_assert_null(tuf_keyring_find(ring, "other"));
    g_assert_null(tuf_keyring_parse(renamed, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tuf/keys/ed25519", test_ed25519);
    g_test_add_func("/tuf/keys/sign", test_sign);
    g_test_add_func("/tuf/keys/files", test_key_files);
    g_test_add_func("/tuf/keys/identity", test_identity);
    g_test_add_func("/tuf/keys/digests", test_digests);
    g_test_add_func("/tuf/keys/ring", test_ring);
    return g_test_run();
}
