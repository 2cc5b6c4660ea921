/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/ident.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define IDENT_LENGTH     12
#define IDENT_MAX_LENGTH 64

void hl_random_bytes(void *buffer, gsize size)
{
    char *at = buffer;

    while (size > 0) {
        ssize_t n = getrandom(at, MIN(size, 256), 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            g_error("getrandom: %s", g_strerror(errno));
        at += n;
        size -= (gsize)n;
    }
}

uint64_t hl_random_u64(void)
{
    uint64_t value;

    hl_random_bytes(&value, sizeof value);
    return value;
}

char *hl_ident_new(const char *prefix)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint64_t bits = hl_random_u64();
    char text[IDENT_LENGTH + 1];

    for (int i = 0; i < IDENT_LENGTH; i++, bits >>= 5)
        text[i] = alphabet[bits & 31];
    text[IDENT_LENGTH] = '\0';
    return g_strconcat(prefix, text, NULL);
}

bool hl_ident_is_valid(const char *ident)
{
    gsize length = ident == NULL ? 0 : strlen(ident);

    if (length == 0 || length > IDENT_MAX_LENGTH || (!g_ascii_islower(ident[0]) && !g_ascii_isdigit(ident[0])))
        return false;
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_islower(ident[i]) && !g_ascii_isdigit(ident[i]) && strchr("._-", ident[i]) == NULL)
            return false;
    return true;
}

char *hl_hex(const void *bytes, gsize size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = bytes;
    char *text = g_malloc(2 * size + 1);

    for (gsize i = 0; i < size; i++) {
        text[2 * i] = digits[in[i] >> 4];
        text[2 * i + 1] = digits[in[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

GBytes *hl_unhex(const char *text)
{
    gsize length = strlen(text);
    g_autofree unsigned char *bytes = NULL;

    if (length % 2 != 0)
        return NULL;
    bytes = g_malloc(length / 2 + 1);
    for (gsize i = 0; i < length; i += 2) {
        if (!g_ascii_isxdigit(text[i]) || !g_ascii_isxdigit(text[i + 1]))
            return NULL;
        bytes[i / 2] = (unsigned char)(g_ascii_xdigit_value(text[i]) << 4 | g_ascii_xdigit_value(text[i + 1]));
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), length / 2);
}
