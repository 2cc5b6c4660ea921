/* One entry of update.sources: where updates come from, and for whom.
 *
 *   [NETWORK=]server | activeupdate | http(s)://...
 *
 * With a network it counts only on endpoints that have an address of their own (before any NAT) in it.  What stands
 * later in the list is what an endpoint falls back to; what does not stand there it never asks (B15).  Pure. */
#ifndef PROTO_SOURCE_H
#define PROTO_SOURCE_H

#include <stdbool.h>

#include "lib/base/network.h"

typedef struct {
    bool limited; /* to the network */
    HlNetwork network;
    const char *where; /* the part behind '=': borrowed from the text */
} HlUpdateSource;

/* The network only: what `where` may be is the settings' own check. */
bool hl_update_source_parse(const char *text, HlUpdateSource *source, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
