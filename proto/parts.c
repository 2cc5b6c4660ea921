/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/parts.h"

#include "proto/wire.h"

bool hl_parts_take(HlParts *parts, const HlMsgCallReply *reply)
{
    if (reply->part == 0) /* no list, or a manager that does not number them */
        return true;
    parts->come++;
    return reply->part == parts->come;
}

/* Twice in a window: the other half is on its way meanwhile. */
GBytes *hl_parts_tell(HlParts *parts, const HlMsgCallReply *reply)
{
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;

    if (reply->window == 0 || !reply->more || parts->come - parts->told < MAX(reply->window / 2, 1))
        return NULL;
    message.read = parts->told = parts->come;
    return HL_WIRE_ENCODE(&message);
}
