/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "updater/delta/blocks.h"
#include "updater/delta/coder.h"
#include "updater/delta/descriptor.h"
#include "updater/delta/mix.h"
#include "updater/delta/patch.h"
#include "updater/delta/stream.h"

/* The sections of format L, unpacked. */
typedef struct {
    guint32 n_steps;
    GByteArray *planes[4]; /* literal line counts, moves, copied line counts, jumps */
    UpdReader readers[4];
    GArray *steps; /* UpdStep */
    GByteArray *literals;
} Lines;

enum { LITERALS, MOVES, COUNTS, JUMPS };

static const char *const plane_names[] = { "literal counts", "moves", "copy counts", "jumps" };

static void lines_clear(Lines *lines)
{
    for (gsize i = 0; i < G_N_ELEMENTS(lines->planes); i++)
        g_clear_pointer(&lines->planes[i], g_byte_array_unref);
    g_clear_pointer(&lines->steps, g_array_unref);
    g_clear_pointer(&lines->literals, g_byte_array_unref);
}

/* Moves the place n lines on. */
static bool base_skip(UpdBase *base, guint32 *place, guint32 n, GError **error)
{
    while (n > 0) {
        const guint8 *p;
        const guint8 *end;

        if (*place >= base->length)
            return hl_fail(error, HL_ERROR_INVALID, "the delta copies beyond the end of its base");
        if (!upd_base_fill(base, *place, error))
            return false;
        p = base->buffer + (*place - base->from);
        end = base->buffer + base->have;
        for (; n > 0 && p < end; n--) {
            const guint8 *newline = memchr(p, '\n', (gsize)(end - p));

            if (newline == NULL) {
                p = end;
                if (base->from + base->have == base->length)
                    n--; /* the last line has no newline */
                break;
            }
            p = newline + 1;
        }
        *place = base->from + (guint32)(p - base->buffer);
    }
    return true;
}

static bool jump(const UpdBase *base, guint32 distance, guint32 *place, GError **error)
{
    gint64 to = (gint64)*place + ((distance & 1) ? -(gint64)(distance >> 1) : (gint64)(distance >> 1));

    if (to < 0 || to > base->length)
        return hl_fail(error, HL_ERROR_INVALID, "the delta jumps out of its base");
    *place = (guint32)to;
    return true;
}

/* One step of the planes, in bytes of the base. */
static bool read_step(UpdBase *base, Lines *lines, guint32 *place, UpdStep *step, GError **error)
{
    const guint8 *move = NULL;
    guint32 count = 0;
    guint32 distance = 0;
    guint32 start = *place;

    if (!upd_get_number(&lines->readers[LITERALS], G_MAXUINT32, &step->literals, plane_names[LITERALS], error) ||
        !upd_get_bytes(&lines->readers[MOVES], 1, &move, plane_names[MOVES], error) ||
        !upd_get_number(&lines->readers[COUNTS], G_MAXUINT32, &count, plane_names[COUNTS], error))
        return false;
    if (*move != UPD_MOVE_JUMP && !base_skip(base, place, *move, error))
        return false;
    if (*move == UPD_MOVE_JUMP &&
        (!upd_get_number(&lines->readers[JUMPS], G_MAXUINT32, &distance, plane_names[JUMPS], error) ||
         !jump(base, distance, place, error)))
        return false;
    if (*move != UPD_MOVE_JUMP && *place - start > UPD_MAX_SKIP)
        return hl_fail(error, HL_ERROR_INVALID, "the delta skips too far");
    step->from = *place;
    if (!base_skip(base, place, count, error))
        return false;
    step->size = *place - step->from;
    return true;
}

/* All steps.  What they copy is bounded by the result's length, so that a small delta cannot cost much time; *left is
 * what they leave to the new lines. */
static bool read_steps(UpdBase *base, Lines *lines, guint64 out_length, guint64 *left, GError **error)
{
    guint64 copied = 0;
    guint32 place = 0;

    lines->steps = g_array_sized_new(FALSE, FALSE, sizeof(UpdStep), lines->n_steps);
    for (guint32 i = 0; i < lines->n_steps; i++) {
        UpdStep step;

        if (!read_step(base, lines, &place, &step, error))
            return false;
        copied += step.size;
        if (copied > out_length)
            return hl_fail(error, HL_ERROR_INVALID, "the delta copies more than its result holds");
        g_array_append_val(lines->steps, step);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lines->readers); i++)
        if (lines->readers[i].at != lines->readers[i].end)
            return hl_fail(error, HL_ERROR_INVALID, "the delta's %s go on after the last step", plane_names[i]);
    *left = out_length - copied;
    return true;
}

/* Two sections: the second one's primer goes on with what the first one holds.  max: of both together, checked before
 * they are unpacked, which is what takes time. */
static GByteArray *read_literals(UpdReader *in, GByteArray *primer, guint32 max, GError **error)
{
    g_autoptr(GByteArray) literals = upd_section_get(in, primer, MIN(UPD_MIX_MAX, max), "new lines", error);
    g_autoptr(GByteArray) rest = NULL;

    if (literals == NULL)
        return NULL;
    g_byte_array_append(primer, literals->data, literals->len);
    rest = upd_section_get(in, primer, max - literals->len, "new lines", error);
    if (rest == NULL)
        return NULL;
    g_byte_array_append(literals, rest->data, rest->len);
    return g_steal_pointer(&literals);
}

static bool read_lines(UpdBase *base, const UpdDeltaInfo *info, UpdReader *in, Lines *lines, GError **error)
{
    g_autoptr(GByteArray) primer = NULL;
    guint32 reach = UPD_REACH_LINES;
    guint64 left = 0;

    if (info->version > 2 && !upd_get_number(in, UPD_REACH_MAX, &reach, "reach", error))
        return false;
    if (!upd_get_number(in, (guint32)MIN(UPD_MAX_STEPS, info->out_length), &lines->n_steps, "number of steps", error))
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(lines->planes); i++) {
        lines->planes[i] = upd_section_get(in, NULL, lines->n_steps * 5, plane_names[i], error);
        if (lines->planes[i] == NULL)
            return false;
        lines->readers[i] = upd_reader(lines->planes[i]->data, lines->planes[i]->len);
    }
    if (!read_steps(base, lines, info->out_length, &left, error))
        return false;
    primer = upd_primer_read(base, lines->steps, reach, UPD_MAX_PRIMER, error);
    if (primer == NULL)
        return false;
    lines->literals = read_literals(in, primer, (guint32)MIN(UPD_MAX_LITERALS, left), error);
    return lines->literals != NULL;
}

/* How many bytes the first n lines hold; the last may lack its newline.  False if there are fewer. */
static bool measure_lines(const guint8 *data, gsize size, guint32 n, gsize *length)
{
    gsize at = 0;

    for (; n > 0 && at < size; n--) {
        const guint8 *newline = memchr(data + at, '\n', size - at);

        at = newline == NULL ? size : (gsize)(newline - data) + 1;
    }
    *length = at;
    return n == 0;
}

static bool write_lines(UpdBase *base, const UpdDeltaInfo *info, const Lines *lines, int out_fd, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(UPD_STREAM_BUFFER);
    UpdSink sink = { .fd = out_fd, .buffer = buffer };
    const guint8 *literals = lines->literals->data;
    gsize left = lines->literals->len;
    guint64 total = left;

    for (guint i = 0; i < lines->steps->len; i++)
        total += g_array_index(lines->steps, UpdStep, i).size;
    if (total != info->out_length)
        return hl_fail(error, HL_ERROR_INVALID,
                       "the delta's steps make %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " were announced",
                       total, info->out_length);
    for (guint i = 0; i < lines->steps->len; i++) {
        const UpdStep *step = &g_array_index(lines->steps, UpdStep, i);
        gsize size;

        if (!measure_lines(literals, left, step->literals, &size))
            return hl_fail(error, HL_ERROR_INVALID, "the delta holds fewer new lines than its steps take");
        if (!upd_sink_put(&sink, literals, size, error) ||
            !upd_sink_copy(&sink, base, step->from, step->size, NULL, NULL, error))
            return false;
        literals = size > 0 ? literals + size : literals;
        left -= size;
    }
    if (left > 0)
        return hl_fail(error, HL_ERROR_INVALID, "the delta holds more new lines than its steps take");
    return upd_sink_flush(&sink, error);
}

static bool apply_lines(int base_fd, const UpdDeltaInfo *info, UpdReader *in, int out_fd, GError **error)
{
    g_autofree guint8 *buffer = g_malloc(UPD_STREAM_BUFFER);
    UpdBase base = { .fd = base_fd, .length = (guint32)info->base_length, .buffer = buffer };
    Lines lines = { 0 };
    bool ok = read_lines(&base, info, in, &lines, error) && write_lines(&base, info, &lines, out_fd, error);

    lines_clear(&lines);
    return ok;
}

bool upd_delta_apply(int base_fd, GBytes *delta, int out_fd, guint64 out_length, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(delta, &size);
    UpdReader in = upd_reader(data, size);
    UpdDeltaInfo info;
    struct stat st;
    bool ok = false;

    if (!upd_get_header(&in, &info, error))
        return false;
    if (fstat(base_fd, &st) != 0)
        return hl_fail_errno(error, errno, "cannot look at the base");
    if (!S_ISREG(st.st_mode) || (guint64)st.st_size != info.base_length)
        return hl_fail(error, HL_ERROR_INVALID,
                       "the delta is not for this base: it expects a file of %" G_GUINT64_FORMAT
                       " bytes, this one has %" G_GINT64_FORMAT,
                       info.base_length, (gint64)st.st_size);
    if (info.out_length != out_length)
        return hl_fail(error, HL_ERROR_INVALID,
                       "the delta makes %" G_GUINT64_FORMAT " bytes, %" G_GUINT64_FORMAT " were announced",
                       info.out_length, out_length);
    switch (info.format) {
    case UPD_DELTA_LINES:
        ok = apply_lines(base_fd, &info, &in, out_fd, error);
        break;
    case UPD_DELTA_PATCH:
        ok = upd_patch_apply(base_fd, &info, &in, out_fd, error);
        break;
    case UPD_DELTA_BLOCKS:
        ok = upd_blocks_apply(base_fd, &info, &in, out_fd, error);
        break;
    }
    if (ok && in.at != in.end)
        return hl_fail(error, HL_ERROR_INVALID, "the delta goes on after its end");
    return ok;
}
