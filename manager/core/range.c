#include "manager/core/range.h"

#include <arpa/inet.h>
#include <string.h>

#define V4_PREFIX_BITS 96

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* IPv4, IPv6 and IPv4 written as IPv6 all become 16 bytes; a zone ("%eth0") does not belong to the address. */
static bool parse_address(const char *text, gsize length, uint8_t address[16], bool *is_v4)
{
    char copy[INET6_ADDRSTRLEN];
    const char *zone = memchr(text, '%', length);

    if (zone != NULL)
        length = (gsize)(zone - text);
    if (length >= sizeof copy)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *is_v4 = inet_pton(AF_INET, copy, address + 12) == 1;
    if (*is_v4)
        memcpy(address, v4_prefix, sizeof v4_prefix);
    return *is_v4 || inet_pton(AF_INET6, copy, address) == 1;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8;
    unsigned rest = bits % 8;

    return memcmp(a, b, bytes) == 0 && (rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0);
}

static bool has_host_bits(const MgrRange *range)
{
    for (unsigned bit = range->bits; bit < 128; bit++)
        if ((range->address[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    return false;
}

bool mgr_range_parse(const char *text, MgrRange *range, GError **error)
{
    const char *slash = strchr(text, '/');
    gsize length = slash == NULL ? strlen(text) : (gsize)(slash - text);
    bool is_v4;
    guint64 bits;

    if (!parse_address(text, length, range->address, &is_v4))
        return hl_fail(error, HL_ERROR_INVALID, "'%.64s' is not a network such as 192.168.0.0/16 or fd00::/8", text);
    bits = is_v4 ? 32 : 128;
    if (slash != NULL && !g_ascii_string_to_unsigned(slash + 1, 10, 0, bits, &bits, NULL))
        return hl_fail(error, HL_ERROR_INVALID, "network '%.64s': the prefix length is a number from 0 to %d", text,
                       is_v4 ? 32 : 128);
    range->bits = (uint8_t)(bits + (is_v4 ? V4_PREFIX_BITS : 0));
    if (has_host_bits(range))
        return hl_fail(error, HL_ERROR_INVALID,
                       "network '%.64s' has bits set to the right of its prefix; write the "
                       "network's first address, or a longer prefix",
                       text);
    return true;
}

char *mgr_range_print(const MgrRange *range)
{
    bool is_v4 = range->bits >= V4_PREFIX_BITS && memcmp(range->address, v4_prefix, sizeof v4_prefix) == 0;
    char text[INET6_ADDRSTRLEN];

    if (is_v4)
        inet_ntop(AF_INET, range->address + 12, text, sizeof text);
    else
        inet_ntop(AF_INET6, range->address, text, sizeof text);
    return g_strdup_printf("%s/%d", text, range->bits - (is_v4 ? V4_PREFIX_BITS : 0));
}

bool mgr_unreachable_check(const MgrUnreachable *unreachable, GError **error)
{
    const struct {
        const char *name;
        int64_t minutes;
    } values[] = { { "heartbeat", unreachable->heartbeat_minutes },
                   { "poll", unreachable->poll_minutes },
                   { "offline after", unreachable->offline_minutes } };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i].minutes < 1 || values[i].minutes > MGR_RANGE_MINUTES_MAX)
            return hl_fail(error, HL_ERROR_INVALID,
                           "unreachable networks: %s is 1 to %d minutes, not %" G_GINT64_FORMAT, values[i].name,
                           MGR_RANGE_MINUTES_MAX, values[i].minutes);
    if (unreachable->poll_minutes < 3 * unreachable->heartbeat_minutes)
        return hl_fail(error, HL_ERROR_INVALID,
                       "unreachable networks: poll must be at least three times heartbeat (%" G_GINT64_FORMAT
                       " minutes), not %" G_GINT64_FORMAT,
                       3 * unreachable->heartbeat_minutes, unreachable->poll_minutes);
    if (unreachable->offline_minutes <= unreachable->heartbeat_minutes)
        return hl_fail(error, HL_ERROR_INVALID,
                       "unreachable networks: offline after must be longer than heartbeat (%" G_GINT64_FORMAT
                       " minutes), not %" G_GINT64_FORMAT,
                       unreachable->heartbeat_minutes, unreachable->offline_minutes);
    if (unreachable->n_ranges > MGR_RANGES_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "unreachable networks: at most %d, not %" G_GSIZE_FORMAT, MGR_RANGES_MAX,
                       unreachable->n_ranges);
    return true;
}

bool mgr_unreachable_has(const MgrUnreachable *unreachable, const char *own_address)
{
    uint8_t address[16];
    bool is_v4;

    if (own_address == NULL || !parse_address(own_address, strlen(own_address), address, &is_v4))
        return false;
    for (gsize i = 0; i < unreachable->n_ranges; i++)
        if (bits_equal(address, unreachable->ranges[i].address, unreachable->ranges[i].bits))
            return true;
    return false;
}
