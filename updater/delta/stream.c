/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/stream.h"

#include <string.h>

#include "updater/delta/descriptor.h"

#define FIRST_FILL ((gsize)4 << 10)

bool upd_base_fill(UpdBase *base, guint32 place, GError **error)
{
    if (place >= base->from && place < base->from + base->have)
        return true;
    /* after a jump a little may do: a step costs no more than it copies, also in a hostile delta */
    base->have = (guint32)MIN(place == base->from + base->have ? UPD_STREAM_BUFFER : FIRST_FILL, base->length - place);
    base->from = place;
    if (upd_read_at(base->fd, place, base->buffer, base->have, error))
        return true;
    base->have = 0;
    return false;
}

bool upd_sink_flush(UpdSink *sink, GError **error)
{
    gsize n = sink->have;

    sink->have = 0;
    return upd_write_all(sink->fd, sink->buffer, n, error);
}

/* Room for at least one byte, at most for size. */
static bool sink_room(UpdSink *sink, gsize size, guint8 **place, gsize *n, GError **error)
{
    if (sink->have == UPD_STREAM_BUFFER && !upd_sink_flush(sink, error))
        return false;
    *place = sink->buffer + sink->have;
    *n = MIN(size, UPD_STREAM_BUFFER - sink->have);
    return true;
}

bool upd_sink_put(UpdSink *sink, const guint8 *literals, gsize size, GError **error)
{
    while (size > 0) {
        guint8 *place;
        gsize n;

        if (!sink_room(sink, size, &place, &n, error))
            return false;
        memcpy(place, literals, n);
        sink->have += n;
        literals += n;
        size -= n;
    }
    return true;
}

bool upd_sink_copy(UpdSink *sink, UpdBase *base, guint32 from, guint32 size, UpdCorrect correct, gpointer user,
                   GError **error)
{
    while (size > 0) {
        guint8 *place;
        gsize n;

        if (!sink_room(sink, size, &place, &n, error))
            return false;
        if (n >= FIRST_FILL) { /* straight to where it goes */
            if (!upd_read_at(base->fd, from, place, n, error))
                return false;
        } else {
            if (!upd_base_fill(base, from, error))
                return false;
            n = MIN(n, (gsize)(base->from + base->have - from));
            memcpy(place, base->buffer + (from - base->from), n);
        }
        if (correct != NULL)
            correct(place, n, user);
        sink->have += n;
        from += (guint32)n;
        size -= (guint32)n;
    }
    return true;
}

GByteArray *upd_primer_read(const UpdBase *base, const GArray *steps, guint32 reach, guint32 max, GError **error)
{
    g_autoptr(GArray) spans = upd_primer_plan(steps, base->length, reach, max);
    g_autoptr(GByteArray) primer = g_byte_array_new();
    guint size = 0;

    for (guint i = 0; i < spans->len; i++)
        size += g_array_index(spans, UpdSpan, i).size;
    g_byte_array_set_size(primer, size);
    size = 0;
    for (guint i = 0; i < spans->len; i++) {
        const UpdSpan *span = &g_array_index(spans, UpdSpan, i);

        if (span->size == 0)
            continue; /* a primer of nothing has no address to read to */
        if (!upd_read_at(base->fd, span->from, primer->data + size, span->size, error))
            return NULL;
        size += span->size;
    }
    return g_steal_pointer(&primer);
}
