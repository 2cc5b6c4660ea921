/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of update.sources: where updates come from, and for whom.
 *
 *   [NETWORK=]server | activeupdate | http(s)://...
 *
 * With a network it counts only for endpoints that have an address of their own (before any NAT) in it.  An endpoint
 * falls back to what comes later in the list, and never asks anything that is not in it (B15).  Pure. */
#ifndef PROTO_SOURCE_H
#define PROTO_SOURCE_H

#include <stdbool.h>

#include "lib/base/network.h"

typedef struct {
    bool limited; /* to the network */
    HlNetwork network;
    const char *where; /* the part after '=': borrowed from the text */
} HlUpdateSource;

/* Checks the network only: what `where` may be is for the checks of settings. */
bool hl_update_source_parse(const char *text, HlUpdateSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
