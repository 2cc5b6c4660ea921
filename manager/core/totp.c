/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/totp.h"

#include <string.h>

#include "manager/core/signin.h"

#define STEP      (30 * HL_SECOND)
#define SHA1_SIZE 20
#define ISSUER    "Holdline"

uint32_t mgr_totp_at(const uint8_t *key, gsize size, int64_t step, unsigned digits)
{
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA1, key, size);
    uint64_t moving = GUINT64_TO_BE((uint64_t)step);
    uint8_t digest[SHA1_SIZE];
    gsize length = sizeof digest;
    const uint8_t *at;
    uint32_t modulus = 1;

    g_assert(digits >= 1 && digits <= 8);
    g_hmac_update(hmac, (const guchar *)&moving, sizeof moving);
    g_hmac_get_digest(hmac, digest, &length);
    at = digest + (digest[length - 1] & 0xf);
    for (unsigned i = 0; i < digits; i++)
        modulus *= 10;
    return (((uint32_t)(at[0] & 0x7f) << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3]) % modulus;
}

/* Apps show a blank in the middle, and people type it. */
static bool parse(const char *text, uint32_t *code)
{
    unsigned n = 0;

    *code = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (!g_ascii_isdigit(*text) || ++n > MGR_TOTP_DIGITS)
            return false;
        *code = *code * 10 + (uint32_t)(*text - '0');
    }
    return n == MGR_TOTP_DIGITS;
}

int64_t mgr_totp_check(const uint8_t *key, gsize size, const char *code, HlTime wall, int64_t last)
{
    int64_t now = wall / STEP, found = 0;
    uint32_t given;

    if (code == NULL || !parse(code, &given))
        return 0;
    if (last - now > MGR_CLOCK_SLACK / STEP)
        last = 0;
    for (int64_t step = now + 1; step >= now - 1; step--)
        if (step > last && mgr_totp_at(key, size, step, MGR_TOTP_DIGITS) == given)
            found = step;
    return found;
}

char *mgr_totp_text(const uint8_t *key, gsize size)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    GString *out = g_string_new(NULL);
    unsigned bits = 0, held = 0;

    for (gsize i = 0; i < size; i++) {
        held = (held << 8 | key[i]) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5)
            g_string_append_c(out, alphabet[held >> (bits - 5) & 0x1f]);
    }
    if (bits > 0)
        g_string_append_c(out, alphabet[held << (5 - bits) & 0x1f]);
    return g_string_free(out, FALSE);
}

char *mgr_totp_uri(const uint8_t *key, gsize size, const char *account)
{
    g_autofree char *text = mgr_totp_text(key, size);
    g_autofree char *name = g_uri_escape_string(account, NULL, FALSE);

    return g_strdup_printf("otpauth://totp/" ISSUER ":%s?secret=%s&issuer=" ISSUER, name, text);
}
