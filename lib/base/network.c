/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/value_fault.h"

#define V4_PREFIX_BITS 96

static const uint8_t v4_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* IPv4, IPv6 and IPv4 written as IPv6 all become 16 bytes; a zone ("%eth0") is not part of the address. */
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

static bool has_host_bits(const HlNetwork *network)
{
    for (unsigned bit = network->bits; bit < 128; bit++)
        if ((network->address[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    return false;
}

bool hl_network_parse(const char *text, HlNetwork *network, GError **error)
{
    const char *slash = strchr(text, '/');
    gsize length = slash == NULL ? strlen(text) : (gsize)(slash - text);
    bool is_v4;
    guint64 bits;

    if (!parse_address(text, length, network->address, &is_v4))
        return hl_value_fail(error, HL_VALUE_NETWORK, text, NULL);
    bits = is_v4 ? 32 : 128;
    if (slash != NULL && !g_ascii_string_to_unsigned(slash + 1, 10, 0, bits, &bits, NULL))
        return hl_value_fail(error, HL_VALUE_NETWORK_PREFIX, text, HL_NUMBER(is_v4 ? 32 : 128), NULL);
    network->bits = (uint8_t)(bits + (is_v4 ? V4_PREFIX_BITS : 0));
    if (has_host_bits(network))
        return hl_value_fail(error, HL_VALUE_NETWORK_BITS, text, NULL);
    return true;
}

bool hl_network_has(const HlNetwork *network, const char *address)
{
    uint8_t bytes[16];
    bool is_v4;

    return address != NULL && parse_address(address, strlen(address), bytes, &is_v4) &&
           bits_equal(bytes, network->address, network->bits);
}

/* The registries of special addresses (RFC 6890 and those that update it); of IPv6 only 2000::/3 is given to anybody.
 */
static const char *const special[] = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
    "2001::/23",     "2001:db8::/32",   "2002::/16",      "3fff::/20",      NULL,
};

static bool is_in(const char *network, const char *address)
{
    HlNetwork parsed = { .bits = 0 };
    bool known = hl_network_parse(network, &parsed, NULL);

    g_assert(known);
    return hl_network_has(&parsed, address);
}

bool hl_address_is_public(const char *address)
{
    for (const char *const *network = special; *network != NULL; network++)
        if (is_in(*network, address))
            return false;
    return is_in("2000::/3", address) || is_in("0.0.0.0/0", address);
}

char *hl_place_print(const char *host, uint16_t port)
{
    return g_strdup_printf(strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host, port);
}

#define MAX_HOST  253 /* characters of a name: RFC 1035, 2.3.4, without length octets and the root */
#define MAX_LABEL 63

static bool is_label(const char *label)
{
    size_t length = strlen(label);

    return length > 0 && length <= MAX_LABEL && label[0] != '-' && label[length - 1] != '-' &&
           strspn(label, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_") == length;
}

static bool is_number(const char *label)
{
    return label[strspn(label, G_CSET_DIGITS)] == '\0';
}

bool hl_host_is_valid(const char *host)
{
    g_auto(GStrv) labels = strlen(host) <= MAX_HOST ? g_strsplit(host, ".", -1) : NULL;
    guint n = labels != NULL ? g_strv_length(labels) : 0;
    uint8_t address[16];
    bool is_v4;

    if (parse_address(host, strlen(host), address, &is_v4))
        return true;
    for (guint i = 0; i < n; i++)
        if (!is_label(labels[i]))
            return false;
    return n > 0 && !is_number(labels[n - 1]);
}

/* A name, an IPv4 address, or an IPv6 address without its brackets. */
static bool is_host(const char *host, bool bracketed)
{
    uint8_t address[16];
    bool is_v4;

    if (!bracketed && strchr(host, ':') == NULL)
        return *host != '\0' && strpbrk(host, " /@,[]") == NULL;
    return parse_address(host, strlen(host), address, &is_v4) && !is_v4;
}

bool hl_place_parse(const char *text, char **host, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[' && colon != NULL && colon > text && colon[-1] == ']';
    g_autofree char *name = NULL;
    guint64 number;

    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &number, NULL))
        return false;
    name = bracketed ? g_strndup(text + 1, (gsize)(colon - text) - 2) : g_strndup(text, (gsize)(colon - text));
    if (!is_host(name, bracketed))
        return false;
    *port = (uint16_t)number;
    if (host != NULL)
        *host = g_steal_pointer(&name);
    return true;
}
