/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/parts.h"

#include "proto/wire.h"

#define TELL_EVERY (5 * HL_SECOND)

bool hl_parts_take(HlParts *parts, const HlMsgCallReply *reply)
{
    if (reply->part == 0) /* no list, or a manager that does not number them */
        return true;
    parts->come++;
    return reply->part == parts->come;
}

/* Twice in a window: the other half is on its way meanwhile.  On a slow line sooner: the manager gives up who says
 * nothing for a minute. */
GBytes *hl_parts_tell(HlParts *parts, const HlMsgCallReply *reply, HlTime now)
{
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;

    if (reply->window == 0 || !reply->more)
        return NULL;
    if (parts->since == 0)
        parts->since = now;
    if (parts->come - parts->told < MAX(reply->window / 2, 1) && now - parts->since < TELL_EVERY)
        return NULL;
    message.read = parts->told = parts->come;
    parts->since = now;
    return HL_WIRE_ENCODE(&message);
}
