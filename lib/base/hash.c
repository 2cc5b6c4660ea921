/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/hash.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

static uint64_t secret[2];

static void draw(void)
{
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        g_error("the kernel gives no random bytes");
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void turn(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3: what Rust's and Python's tables use for the same reason. */
static uint64_t siphash(const char *data, gsize size)
{
    uint64_t v[4] = { secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d, secret[0] ^ 0x6c7967656e657261,
                      secret[1] ^ 0x7465646279746573 };
    uint64_t last = (uint64_t)size << 56, word;
    gsize at = 0;

    for (; at + 8 <= size; at += 8) {
        memcpy(&word, data + at, 8);
        v[3] ^= word;
        turn(v);
        v[0] ^= word;
    }
    for (gsize i = 0; at + i < size; i++)
        last |= (uint64_t)(unsigned char)data[at + i] << (8 * i);
    v[3] ^= last;
    turn(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        turn(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

guint hl_text_hash(gconstpointer text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint64_t hash;

    pthread_once(&once, draw);
    hash = siphash(text, strlen(text));
    return (guint)(hash ^ hash >> 32);
}
