/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/wire.h"

#include <string.h>

/* How much of the base round a place primes the coder: mostly what comes before, for that is what new lines are like.
 */
#define PRIMER_BEFORE 12288
#define PRIMER_AFTER  4096

static const guint8 magic[] = { 'H', 'L', 'D', 2 };

UpdReader upd_reader(const guint8 *data, gsize size)
{
    static const guint8 nothing[1];

    return size == 0 ? (UpdReader){ nothing, nothing } : (UpdReader){ data, data + size };
}

void upd_put_number(GByteArray *out, guint32 value)
{
    guint8 byte;

    for (; value >= 0x80; value >>= 7) {
        byte = (guint8)(value | 0x80);
        g_byte_array_append(out, &byte, 1);
    }
    byte = (guint8)value;
    g_byte_array_append(out, &byte, 1);
}

bool upd_get_number(UpdReader *in, guint32 max, guint32 *value, const char *what, GError **error)
{
    guint64 result = 0;

    for (unsigned shift = 0; shift < 35; shift += 7) {
        guint8 byte;

        if (in->at == in->end)
            return hl_fail(error, HL_ERROR_INVALID, "the delta is cut short in its %s", what);
        byte = *in->at++;
        result |= (guint64)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (result > max)
                return hl_fail(error, HL_ERROR_LIMIT, "the delta's %s is %" G_GUINT64_FORMAT ", at most %u is allowed",
                               what, result, max);
            *value = (guint32)result;
            return true;
        }
    }
    return hl_fail(error, HL_ERROR_INVALID, "the delta's %s is not a number", what);
}

bool upd_get_bytes(UpdReader *in, guint32 size, const guint8 **bytes, const char *what, GError **error)
{
    if ((gsize)(in->end - in->at) < size)
        return hl_fail(error, HL_ERROR_INVALID, "the delta is cut short in its %s", what);
    *bytes = in->at;
    in->at += size;
    return true;
}

void upd_put_header(GByteArray *out, const UpdDeltaInfo *info)
{
    guint8 format = (guint8)info->format;

    g_byte_array_append(out, magic, sizeof magic);
    g_byte_array_append(out, &format, 1);
    upd_put_number(out, (guint32)info->base_length);
    upd_put_number(out, (guint32)info->out_length);
}

bool upd_get_header(UpdReader *in, UpdDeltaInfo *info, GError **error)
{
    const guint8 *bytes = in->at;
    guint32 base_length = 0;
    guint32 out_length = 0;

    if (!upd_get_bytes(in, sizeof magic + 1, &bytes, "header", error))
        return false;
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return hl_fail(error, HL_ERROR_INVALID, "this is not a delta, or one of a later format");
    if (bytes[4] != UPD_DELTA_LINES && bytes[4] != UPD_DELTA_BLOCKS)
        return hl_fail(error, HL_ERROR_INVALID, "the delta's format %u is not known to this version", bytes[4]);
    if (!upd_get_number(in, (guint32)UPD_DELTA_MAX_FILE, &base_length, "base length", error) ||
        !upd_get_number(in, (guint32)UPD_DELTA_MAX_FILE, &out_length, "result length", error))
        return false;
    *info = (UpdDeltaInfo){ .format = (UpdDeltaFormat)bytes[4], .base_length = base_length, .out_length = out_length };
    return true;
}

bool upd_delta_inspect(GBytes *delta, UpdDeltaInfo *info, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(delta, &size);
    UpdReader in = upd_reader(data, size);

    return upd_get_header(&in, info, error);
}

static gint compare_spans(gconstpointer a, gconstpointer b)
{
    const UpdSpan *x = a;
    const UpdSpan *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

/* Joins sorted spans that touch; returns what they hold together. */
static guint64 join_spans(GArray *spans)
{
    guint n = 0;
    guint64 total = 0;

    for (guint i = 0; i < spans->len; i++) {
        UpdSpan span = g_array_index(spans, UpdSpan, i);
        UpdSpan *last = n > 0 ? &g_array_index(spans, UpdSpan, n - 1) : NULL;

        if (last != NULL && span.from <= last->from + last->size) {
            guint32 end = MAX(last->from + last->size, span.from + span.size);

            total += end - last->from - last->size;
            last->size = end - last->from;
        } else {
            total += span.size;
            g_array_index(spans, UpdSpan, n++) = span;
        }
    }
    g_array_set_size(spans, n);
    return total;
}

static GArray *plan(const UpdStep *steps, guint32 n, guint32 base_length, guint32 before, guint32 after)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(UpdSpan));
    guint32 place = 0;

    for (guint32 i = 0; i < n; i++) {
        if (steps[i].literals > 0) {
            guint32 from = place > before ? place - before : 0;
            UpdSpan span = { from, MIN(base_length - place, after) + (place - from) };

            g_array_append_val(spans, span);
        }
        place = steps[i].from + steps[i].size;
    }
    return spans;
}

GArray *upd_primer_plan(const UpdStep *steps, guint32 n, guint32 base_length)
{
    /* many places share the room: halve what each gets until all fit; 2^18 places with 4 + 1 bytes do */
    for (unsigned shift = 0;; shift++) {
        GArray *spans = plan(steps, n, base_length, PRIMER_BEFORE >> shift, PRIMER_AFTER >> shift);

        g_array_sort(spans, compare_spans);
        if (join_spans(spans) <= UPD_MAX_PRIMER)
            return spans;
        g_array_unref(spans);
    }
}
