/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/patch.h"

#include "updater/delta/coder.h"
#include "updater/delta/stream.h"

static const struct {
    const char *name;
    guint32 max;
} planes[UPD_PATCH_PLANES] = {
    [UPD_PATCH_COPIES] = { "copy sizes", UPD_PATCH_STEPS * 5 },
    [UPD_PATCH_NEW_SIZES] = { "new sizes", UPD_PATCH_STEPS * 5 },
    [UPD_PATCH_JUMPS] = { "jumps", UPD_PATCH_STEPS * 5 },
    [UPD_PATCH_GAPS] = { "gaps", UPD_PATCH_RUNS },
    [UPD_PATCH_LENGTHS] = { "run lengths", UPD_PATCH_RUNS },
    [UPD_PATCH_CORRECTIONS] = { "corrections", UPD_PATCH_BYTES },
    [UPD_PATCH_NEW] = { "new bytes", UPD_PATCH_BYTES },
};

/* One part, unpacked. */
typedef struct {
    guint32 n_steps;
    GByteArray *planes[UPD_PATCH_PLANES];
    GArray *steps; /* UpdStep */
    guint64 copied, made;
} Part;

/* Walks the corrections along the copied bytes. */
typedef struct {
    UpdReader gaps, lengths;
    const guint8 *corrections;
    guint32 gap, length; /* left: bytes to leave as they are, then bytes to correct */
} Corrector;

static void part_clear(Part *part)
{
    for (gsize i = 0; i < UPD_PATCH_PLANES; i++)
        g_clear_pointer(&part->planes[i], g_byte_array_unref);
    g_clear_pointer(&part->steps, g_array_unref);
}

static UpdReader plane_reader(const Part *part, gsize plane)
{
    return upd_reader(part->planes[plane]->data, part->planes[plane]->len);
}

static bool plane_ends(UpdReader reader, gsize plane, GError **error)
{
    return reader.at == reader.end ||
           hl_fail(error, HL_ERROR_INVALID, "the delta's %s go on after their end", planes[plane].name);
}

static bool jump(guint32 distance, guint32 base_length, guint32 *place, GError **error)
{
    gint64 to = (gint64)*place + ((distance & 1) ? -(gint64)(distance >> 1) : (gint64)(distance >> 1));

    if (to < 0 || to > base_length)
        return hl_fail(error, HL_ERROR_INVALID, "the delta jumps out of its base");
    *place = (guint32)to;
    return true;
}

/* The steps of the part, from this place of the base on; what they make is held against what is left to make. */
static bool read_steps(Part *part, const UpdBase *base, guint32 *place, guint32 left, GError **error)
{
    UpdReader copies = plane_reader(part, UPD_PATCH_COPIES);
    UpdReader news = plane_reader(part, UPD_PATCH_NEW_SIZES);
    UpdReader jumps = plane_reader(part, UPD_PATCH_JUMPS);

    part->steps = g_array_sized_new(FALSE, FALSE, sizeof(UpdStep), part->n_steps);
    for (guint32 i = 0; i < part->n_steps; i++) {
        UpdStep step = { 0 };
        guint32 distance = 0;

        if (!upd_get_number(&jumps, G_MAXUINT32, &distance, planes[UPD_PATCH_JUMPS].name, error) ||
            !jump(distance, base->length, place, error) ||
            !upd_get_number(&copies, base->length - *place, &step.size, "copy size", error) ||
            !upd_get_number(&news, left, &step.literals, "new size", error))
            return false;
        step.from = *place;
        *place += step.size;
        part->copied += step.size;
        part->made += (guint64)step.size + step.literals;
        if (part->made > left || step.size + step.literals == 0)
            return hl_fail(error, HL_ERROR_INVALID, "the delta's steps make more than its result holds, or nothing");
        g_array_append_val(part->steps, step);
    }
    return plane_ends(copies, UPD_PATCH_COPIES, error) && plane_ends(news, UPD_PATCH_NEW_SIZES, error) &&
           plane_ends(jumps, UPD_PATCH_JUMPS, error);
}

/* Every run is well-formed, lies within what is copied, and has its corrections. */
static bool check_runs(const Part *part, GError **error)
{
    UpdReader gaps = plane_reader(part, UPD_PATCH_GAPS);
    UpdReader lengths = plane_reader(part, UPD_PATCH_LENGTHS);
    guint64 at = 0;
    guint64 corrected = 0;

    while (gaps.at < gaps.end) {
        guint32 gap = 0;
        guint32 length = 0;

        if (!upd_get_number(&gaps, G_MAXUINT32, &gap, "gap", error) ||
            !upd_get_number(&lengths, G_MAXUINT32, &length, "run length", error))
            return false;
        at += (guint64)gap + length;
        corrected += length;
        if (length == 0 || at > part->copied)
            return hl_fail(error, HL_ERROR_INVALID, "the delta corrects nothing, or more than it copies");
    }
    return plane_ends(lengths, UPD_PATCH_LENGTHS, error) &&
           (corrected == part->planes[UPD_PATCH_CORRECTIONS]->len ||
            hl_fail(error, HL_ERROR_INVALID, "the delta's runs do not have as many bytes as its corrections"));
}

static bool read_new(Part *part, const UpdBase *base, guint32 reach, UpdReader *in, GError **error)
{
    guint64 size = part->made - part->copied;
    g_autoptr(GByteArray) primer = NULL;
    GByteArray *data;

    if (reach > 0) {
        primer = upd_primer_read(base, part->steps, reach, UPD_PATCH_PRIMER, error);
        if (primer == NULL)
            return false;
    }
    data = upd_section_get(in, primer, (guint32)MIN(UPD_PATCH_BYTES, size), planes[UPD_PATCH_NEW].name, error);
    part->planes[UPD_PATCH_NEW] = data;
    return data != NULL && (data->len == size ||
                            hl_fail(error, HL_ERROR_INVALID, "the delta holds fewer new bytes than its steps take"));
}

static bool read_part(Part *part, const UpdBase *base, UpdReader *in, guint32 *place, guint32 left, GError **error)
{
    guint32 reach = 0;

    if (!upd_get_number(in, MIN(UPD_PATCH_STEPS, left), &part->n_steps, "number of steps", error) ||
        !upd_get_number(in, UPD_REACH_MAX, &reach, "reach", error))
        return false;
    if (part->n_steps == 0)
        return hl_fail(error, HL_ERROR_INVALID, "the delta has a part without steps");
    for (gsize i = 0; i < UPD_PATCH_NEW; i++) {
        guint32 max = i <= UPD_PATCH_JUMPS ? part->n_steps * 5 : MIN(planes[i].max, left);

        part->planes[i] = upd_section_get(in, NULL, max, planes[i].name, error);
        if (part->planes[i] == NULL)
            return false;
    }
    if (!read_steps(part, base, place, left, error) || !check_runs(part, error))
        return false;
    /* a part has its price, so what it makes has to be worth it, also in a hostile delta */
    if (part->made < MIN(UPD_PATCH_STEPS, left))
        return hl_fail(error, HL_ERROR_INVALID, "the delta has a part that makes %" G_GUINT64_FORMAT " bytes only",
                       part->made);
    return read_new(part, base, reach, in, error);
}

static void next_run(Corrector *corrector)
{
    /* check_runs has seen that they are well-formed */
    if (corrector->gaps.at == corrector->gaps.end ||
        !upd_get_number(&corrector->gaps, G_MAXUINT32, &corrector->gap, "gap", NULL) ||
        !upd_get_number(&corrector->lengths, G_MAXUINT32, &corrector->length, "run length", NULL))
        corrector->gap = G_MAXUINT32; /* no more of them: more than a part can copy */
}

static void correct(guint8 *bytes, gsize n, gpointer user)
{
    Corrector *corrector = user;

    while (n > 0) {
        guint32 gap = (guint32)MIN(corrector->gap, n);
        guint32 length;

        bytes += gap;
        n -= gap;
        corrector->gap -= gap;
        length = (guint32)MIN(corrector->length, n);
        for (guint32 i = 0; i < length; i++)
            bytes[i] = (guint8)(bytes[i] + corrector->corrections[i]);
        bytes += length;
        n -= length;
        if (length > 0) /* without corrections there is no array of them either */
            corrector->corrections += length;
        corrector->length -= length;
        if (corrector->gap == 0 && corrector->length == 0)
            next_run(corrector);
    }
}

static bool write_part(const Part *part, UpdBase *base, UpdSink *sink, GError **error)
{
    Corrector corrector = { .gaps = plane_reader(part, UPD_PATCH_GAPS),
                            .lengths = plane_reader(part, UPD_PATCH_LENGTHS),
                            .corrections = part->planes[UPD_PATCH_CORRECTIONS]->data };
    const guint8 *literals = part->planes[UPD_PATCH_NEW]->data;

    next_run(&corrector);
    for (guint i = 0; i < part->steps->len; i++) {
        const UpdStep *step = &g_array_index(part->steps, UpdStep, i);

        if (!upd_sink_put(sink, literals, step->literals, error) ||
            !upd_sink_copy(sink, base, step->from, step->size, correct, &corrector, error))
            return false;
        literals = step->literals > 0 ? literals + step->literals : literals;
    }
    return true;
}

bool upd_patch_apply(int base_fd, const UpdDeltaInfo *info, UpdReader *in, int out_fd, GError **error)
{
    g_autofree guint8 *in_buffer = g_malloc(UPD_STREAM_BUFFER);
    g_autofree guint8 *out_buffer = g_malloc(UPD_STREAM_BUFFER);
    UpdBase base = { .fd = base_fd, .length = (guint32)info->base_length, .buffer = in_buffer };
    UpdSink sink = { .fd = out_fd, .buffer = out_buffer };
    guint32 left = (guint32)info->out_length;
    guint32 place = 0;

    while (left > 0) {
        Part part = { 0 };
        bool ok = read_part(&part, &base, in, &place, left, error) && write_part(&part, &base, &sink, error);

        part_clear(&part);
        if (!ok)
            return false;
        left -= (guint32)part.made;
    }
    return upd_sink_flush(&sink, error);
}
