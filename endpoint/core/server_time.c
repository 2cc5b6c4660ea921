/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/server_time.h"

void ep_server_time_told(EpServerTime *time, HlTime wall, HlTime mono)
{
    *time = (EpServerTime){ true, true, wall, mono };
}

HlTime ep_server_time_now(const EpServerTime *time, HlTime wall, HlTime mono)
{
    return time->known ? time->wall + (mono - time->mono) : wall;
}

bool ep_server_time_is_sure(const EpServerTime *time)
{
    return time->known || !time->promised;
}
