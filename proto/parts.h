/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a list that answers a call, as they come: whether one was lost on the way, and what the manager is to be
 * told of those that were read, so that it goes on (docs/protocol.md, "Calls").  Pure. */
#ifndef PROTO_PARTS_H
#define PROTO_PARTS_H

#include "lib/base/clock.h"
#include "proto/messages.h"

/* All zero: none has come. */
typedef struct {
    guint come, told; /* parts; and how many of them the manager was told of */
    HlTime since;     /* that; monotonic, 0: before the first part */
} HlParts;

/* The next reply.  false: what comes before it was lost.  The broker keeps a bounded number of bytes for a client that
 * reads more slowly than the manager answers, and drops what is beyond it without a word. */
bool hl_parts_take(HlParts *parts, const HlMsgCallReply *reply) G_GNUC_WARN_UNUSED_RESULT;

/* After it, at now (monotonic): what is to be published now, to the request topic with the call's correlation data and
 * without a response topic; caller owns it.  NULL: nothing, as yet. */
GBytes *hl_parts_tell(HlParts *parts, const HlMsgCallReply *reply, HlTime now);

#endif
