/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/link.h"

#include "lib/base/unconst.h"

#define FENCE_LEAD     HL_DAY
#define PATIENCE       HL_MINUTE /* an answer takes seconds; after a restart, the time over which a fleet comes back */
#define PATIENCE_KNOWN (5 * HL_MINUTE)
#define MAX_DOUBLINGS  4

uint64_t ep_session_next(uint64_t last, HlTime wall)
{
    return MAX(last + 1, (uint64_t)MAX(wall, 1));
}

EpFence ep_session_fence(uint64_t *last, const EpFenceOrder *order, HlTime wall)
{
    if (order->session == 0 || order->answered != *last)
        return EP_FENCE_NONE;
    if (order->session > (uint64_t)MAX(MAX(order->issued, wall), 0) + FENCE_LEAD)
        return EP_FENCE_ABSURD;
    *last = order->session;
    return EP_FENCE_PASS;
}

bool ep_manager_seen(EpManager *manager, bool online, uint64_t epoch, bool retained)
{
    bool news = online && (!manager->known || !manager->online || epoch != manager->epoch);

    manager->known = true;
    manager->online = online;
    manager->epoch = epoch;
    return news && !retained;
}

HlTime ep_spread(HlTime bound, uint64_t random)
{
    return bound <= 0 ? 0 : (HlTime)(random % ((uint64_t)bound + 1));
}

#define LEAST_BIRTHS (2 * HL_SECOND)

HlTime ep_birth_window(HlTime births, HlTime reconnects, HlTime connects)
{
    HlTime window = births > 0 ? births : reconnects;

    return connects > 0 ? MIN(window, MAX(connects, LEAST_BIRTHS)) : window;
}

/* FNV-1a, and the mixer of SplitMix64 behind it, because ids that differ in one letter differ in few bits.  The same in
 * every process and version, or a restart would send the fleet elsewhere. */
static uint64_t hash_id(const char *id)
{
    uint64_t hash = 14695981039346656037u;

    for (; *id != '\0'; id++)
        hash = (hash ^ (uint8_t)*id) * 1099511628211u;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
    return hash ^ (hash >> 31);
}

gsize ep_link_first(const char *id, gsize n)
{
    return n > 0 ? (gsize)(hash_id(id) % n) : 0;
}

gsize ep_link_nth(const char *id, gsize n, gsize i)
{
    gsize first = ep_link_first(id, n);
    gsize others = n > 1 ? n - 1 : 1;

    return i == 0 || n < 2 ? first : (first + 1 + ((gsize)(hash_id(id) >> 32) + i - 1) % others) % n;
}

HlTime ep_link_patience(bool is_known, guint fruitless, uint64_t random)
{
    HlTime base = (is_known ? PATIENCE_KNOWN : PATIENCE) << MIN(fruitless, MAX_DOUBLINGS);

    return base + ep_spread(base / 2, random);
}

char **ep_link_brokers(const char *const *from_settings, const char *const *from_enrolment)
{
    const char *const *const lists[] = { from_settings, from_enrolment };
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (gsize list = 0; list < G_N_ELEMENTS(lists); list++)
        for (gsize i = 0; lists[list] != NULL && lists[list][i] != NULL; i++)
            if (g_hash_table_add(seen, hl_unconst(lists[list][i])))
                g_strv_builder_add(builder, lists[list][i]);
    return g_strv_builder_end(builder);
}
