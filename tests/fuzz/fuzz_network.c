/* SPDX-License-Identifier: Apache-2.0 */
/* Networks, and the entries of update.sources that begin with one.  A first line that is a network has its first
 * address in it, and reads the same when that address is written instead; the second line is an address that lies in it
 * or not. */
#include <arpa/inet.h>
#include <string.h>

#include "proto/source.h"
#include "tests/fuzz/fuzz.h"

static void try_network(const char *text, const char *address)
{
    HlNetwork network;
    HlNetwork again;
    g_autoptr(GError) error = NULL;
    g_autofree char *again_text = NULL;
    char first[INET6_ADDRSTRLEN];

    if (!hl_network_parse(text, &network, &error)) {
        g_assert_nonnull(error);
        return;
    }
    g_assert_cmpuint(network.bits, <=, 128);
    inet_ntop(AF_INET6, network.address, first, sizeof first);
    g_assert_true(hl_network_has(&network, first));
    again_text = g_strdup_printf("%s/%d", first, network.bits);
    g_assert_true(hl_network_parse(again_text, &again, &error));
    g_assert_cmpmem(again.address, sizeof again.address, network.address, sizeof network.address);
    g_assert_cmpuint(again.bits, ==, network.bits);
    g_assert_true(hl_network_has(&network, address) == hl_network_has(&again, address));
}

static void try_source(const char *text)
{
    HlUpdateSource source;

    if (hl_update_source_parse(text, &source, NULL))
        g_assert_true(source.where >= text && source.where <= text + strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    char *address = strchr(text, '\n');

    if (address != NULL)
        *address++ = '\0';
    try_network(text, address);
    try_source(text);
    return 0;
}
