/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/wire.h"

#include <string.h>

static const guint8 magic[] = { 'H', 'L', 'D' };

/* What each version of the container is called in signed metadata, and its formats. */
static const struct {
    guint8 version;
    const char *name, *formats;
} versions[] = { { 2, "holdline-delta-2", "LB" }, { 3, UPD_DELTA_FORMAT, "LBP" } };

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
    const guint8 kind[] = { info->version, (guint8)info->format };

    g_byte_array_append(out, magic, sizeof magic);
    g_byte_array_append(out, kind, sizeof kind);
    upd_put_number(out, (guint32)info->base_length);
    upd_put_number(out, (guint32)info->out_length);
}

/* The formats that this version of the container may have; NULL if it is not known. */
static const char *formats_of(guint8 version)
{
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++)
        if (versions[i].version == version)
            return versions[i].formats;
    return NULL;
}

bool upd_get_header(UpdReader *in, UpdDeltaInfo *info, GError **error)
{
    const guint8 *bytes = in->at;
    const char *formats = NULL;
    guint32 base_length = 0;
    guint32 out_length = 0;

    if (!upd_get_bytes(in, sizeof magic + 2, &bytes, "header", error))
        return false;
    if (memcmp(bytes, magic, sizeof magic) == 0)
        formats = formats_of(bytes[3]);
    if (formats == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "this is not a delta, or one of a later format");
    if (bytes[4] == '\0' || strchr(formats, bytes[4]) == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "the delta's format %u is not known to this version", bytes[4]);
    if (!upd_get_number(in, (guint32)UPD_DELTA_MAX_FILE, &base_length, "base length", error) ||
        !upd_get_number(in, (guint32)UPD_DELTA_MAX_FILE, &out_length, "result length", error))
        return false;
    *info = (UpdDeltaInfo){
        .version = bytes[3], .format = (UpdDeltaFormat)bytes[4], .base_length = base_length, .out_length = out_length
    };
    return true;
}

bool upd_delta_knows(const char *format)
{
    for (gsize i = 0; i < G_N_ELEMENTS(versions); i++)
        if (strcmp(versions[i].name, format) == 0)
            return true;
    return false;
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

static GArray *plan(const GArray *steps, guint32 base_length, guint32 before, guint32 after)
{
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(UpdSpan));
    guint32 place = 0;

    for (guint i = 0; i < steps->len; i++) {
        const UpdStep *step = &g_array_index(steps, UpdStep, i);

        if (step->literals > 0) {
            guint32 from = place > before ? place - before : 0;
            UpdSpan span = { from, MIN(base_length - place, after) + (place - from) };

            g_array_append_val(spans, span);
        }
        place = step->from + step->size;
    }
    return spans;
}

GArray *upd_primer_plan(const GArray *steps, guint32 base_length, guint32 reach, guint32 max)
{
    /* halve what each place gets until all fit; for 2^18 places with a byte or two it does */
    for (unsigned shift = 0;; shift++) {
        GArray *spans = plan(steps, base_length, (reach << 10) >> shift, ((reach << 10) / 3) >> shift);

        g_array_sort(spans, compare_spans);
        if (join_spans(spans) <= max)
            return spans;
        g_array_unref(spans);
    }
}

GByteArray *upd_primer_take(const guint8 *base, guint32 base_length, const GArray *steps, guint32 reach, guint32 max)
{
    g_autoptr(GArray) spans = upd_primer_plan(steps, base_length, reach, max);
    GByteArray *primer = g_byte_array_new();

    for (guint i = 0; i < spans->len; i++) {
        const UpdSpan *span = &g_array_index(spans, UpdSpan, i);

        g_byte_array_append(primer, base + span->from, span->size);
    }
    return primer;
}
