/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/crowd.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/base/unconst.h"

struct HlCrowd {
    guint limit;
    GHashTable *counts; /* neighbourhood -> connections; no entry: none */
};

HlCrowd *hl_crowd_new(guint limit)
{
    HlCrowd *crowd = g_new0(HlCrowd, 1);

    crowd->limit = limit;
    crowd->counts = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return crowd;
}

void hl_crowd_free(HlCrowd *crowd)
{
    if (crowd == NULL)
        return;
    g_hash_table_unref(crowd->counts);
    g_free(crowd);
}

/* The first 64 bits; IPv4, also where it comes in the shape of IPv6, gets a reserved corner of them. */
uint64_t hl_crowd_neighbourhood(const struct sockaddr *address)
{
    uint64_t key = 0;
    uint32_t v4;

    if (address->sa_family == AF_INET6) {
        struct in6_addr full = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

        if (!IN6_IS_ADDR_V4MAPPED(&full)) {
            memcpy(&key, full.s6_addr, sizeof key);
            return key;
        }
        memcpy(&v4, full.s6_addr + 12, sizeof v4);
    } else {
        v4 = ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
    }
    memcpy(&key, (const uint8_t[]){ 0, 0, 0xff, 0xff }, 4);
    memcpy((uint8_t *)&key + 4, &v4, sizeof v4);
    return key;
}

static guint count_of(const HlCrowd *crowd, uint64_t key)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(crowd->counts, &key));
}

bool hl_crowd_has_room(const HlCrowd *crowd, const struct sockaddr *address)
{
    return count_of(crowd, hl_crowd_neighbourhood(address)) < crowd->limit;
}

void hl_crowd_count(HlCrowd *crowd, const struct sockaddr *address, int by)
{
    uint64_t key = hl_crowd_neighbourhood(address);
    guint count = count_of(crowd, key) + (guint)by;

    if (count == 0)
        g_hash_table_remove(crowd->counts, &key);
    else
        g_hash_table_replace(crowd->counts, g_memdup2(&key, sizeof key), GUINT_TO_POINTER(count));
}
