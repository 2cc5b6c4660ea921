#include "endpoint/core/server_time.h"

void ep_server_time_told(EpServerTime *time, HlTime wall, HlTime mono)
{
    *time = (EpServerTime){ true, wall, mono };
}

HlTime ep_server_time_now(const EpServerTime *time, HlTime wall, HlTime mono)
{
    return time->known ? time->wall + (mono - time->mono) : wall;
}
