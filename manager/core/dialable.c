/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/dialable.h"

#include "lib/base/network.h"

/* RFC 6890 and RFC 4291; the first row that has the address counts. */
static const struct {
    const char *network;
    MgrDialable dialable;
} rows[] = {
    { "0.0.0.0/8", MGR_DIAL_UNSPECIFIED },        { "::/128", MGR_DIAL_UNSPECIFIED },
    { "127.0.0.0/8", MGR_DIAL_LOOPBACK },         { "::1/128", MGR_DIAL_LOOPBACK },
    { "169.254.0.0/16", MGR_DIAL_LINK_LOCAL },    { "fe80::/10", MGR_DIAL_LINK_LOCAL },
    { "224.0.0.0/4", MGR_DIAL_MULTICAST },        { "ff00::/8", MGR_DIAL_MULTICAST },
    { "255.255.255.255/32", MGR_DIAL_MULTICAST },
};

static bool is_in(const char *network, const char *address)
{
    HlNetwork parsed;

    return hl_network_parse(network, &parsed, NULL) && hl_network_has(&parsed, address);
}

MgrDialable mgr_dialable(const char *address, bool own, bool trial)
{
    if (!is_in("::/0", address))
        return MGR_DIAL_NO_ADDRESS;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (is_in(rows[i].network, address))
            return trial && rows[i].dialable == MGR_DIAL_LOOPBACK ? MGR_DIALABLE : rows[i].dialable;
    return own && !trial ? MGR_DIAL_OWN : MGR_DIALABLE;
}

const char *mgr_dialable_reason(MgrDialable dialable)
{
    static const char *const reasons[MGR_DIAL_N] = {
        [MGR_DIALABLE] = "is dialled",
        [MGR_DIAL_NO_ADDRESS] = "is not an address",
        [MGR_DIAL_UNSPECIFIED] = "belongs to nobody in particular",
        [MGR_DIAL_LOOPBACK] = "is a loopback address",
        [MGR_DIAL_LINK_LOCAL] = "is a link-local address",
        [MGR_DIAL_MULTICAST] = "is a multicast or broadcast address",
        [MGR_DIAL_OWN] = "is the server's own address",
    };

    return reasons[dialable];
}
