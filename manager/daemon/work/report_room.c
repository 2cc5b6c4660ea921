/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/report_room.h"

typedef struct {
    int64_t endpoint;
    gsize bytes;
} Holder;

struct MgrReportRoom {
    GHashTable *holders; /* endpoint -> Holder *, which has something */
    gsize used;
};

MgrReportRoom *mgr_report_room_new(void)
{
    MgrReportRoom *room = g_new0(MgrReportRoom, 1);

    room->holders = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    return room;
}

void mgr_report_room_free(MgrReportRoom *room)
{
    if (room == NULL)
        return;
    g_assert(room->used == 0);
    g_hash_table_unref(room->holders);
    g_free(room);
}

bool mgr_report_room_take(MgrReportRoom *room, int64_t endpoint, gsize bytes)
{
    Holder *holder = g_hash_table_lookup(room->holders, &endpoint);
    gsize share = (MGR_REPORT_ROOM - MIN(room->used, MGR_REPORT_ROOM)) / 8;

    if (holder != NULL && holder->bytes + bytes > MAX(share, MGR_REPORT_LEAST))
        return false;
    if (holder == NULL) {
        holder = g_new(Holder, 1);
        *holder = (Holder){ endpoint, 0 };
        g_hash_table_insert(room->holders, &holder->endpoint, holder);
    }
    holder->bytes += bytes;
    room->used += bytes;
    return true;
}

void mgr_report_room_give(MgrReportRoom *room, int64_t endpoint, gsize bytes)
{
    Holder *holder = g_hash_table_lookup(room->holders, &endpoint);

    if (bytes == 0)
        return;
    g_assert(holder != NULL && holder->bytes >= bytes && room->used >= bytes);
    room->used -= bytes;
    holder->bytes -= bytes;
    if (holder->bytes == 0)
        g_hash_table_remove(room->holders, &endpoint);
}

bool mgr_report_room_is_short(const MgrReportRoom *room)
{
    return room->used > MGR_REPORT_ROOM / 2;
}
