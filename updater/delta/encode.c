/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "updater/delta/blocks.h"
#include "updater/delta/coder.h"
#include "updater/delta/lines.h"
#include "updater/delta/mix.h"

/* See mix_budget: bytes that mix in 45 ms, and what is mixed whatever the base. */
#define MIX_TIME     ((gint64)176 << 10)
#define MIX_MIN_SIZE ((gint64)24 << 10)

/* The operations as planes; see wire.h. */
typedef struct {
    GByteArray *literals, *moves, *counts, *jumps;
} Planes;

static void planes_clear(Planes *planes)
{
    g_byte_array_unref(planes->literals);
    g_byte_array_unref(planes->moves);
    g_byte_array_unref(planes->counts);
    g_byte_array_unref(planes->jumps);
}

static void put_move(Planes *planes, const UpdLines *base, guint32 place, guint32 to)
{
    guint8 move = UPD_MOVE_JUMP;
    guint32 distance;

    if (to >= place && to - place < UPD_MOVE_JUMP && base->start[to] - base->start[place] <= UPD_MAX_SKIP) {
        move = (guint8)(to - place);
        g_byte_array_append(planes->moves, &move, 1);
        return;
    }
    g_byte_array_append(planes->moves, &move, 1);
    if (to >= place)
        distance = (base->start[to] - base->start[place]) << 1;
    else
        distance = (base->start[place] - base->start[to]) << 1 | 1;
    upd_put_number(planes->jumps, distance);
}

static Planes make_planes(const UpdLines *base, const GArray *runs)
{
    Planes planes = { g_byte_array_new(), g_byte_array_new(), g_byte_array_new(), g_byte_array_new() };
    guint32 place = 0;

    for (guint i = 0; i < runs->len; i++) {
        const UpdRun *run = &g_array_index(runs, UpdRun, i);

        upd_put_number(planes.literals, run->literals);
        upd_put_number(planes.counts, run->count);
        put_move(&planes, base, place, run->count > 0 ? run->first : place);
        place = run->count > 0 ? run->first + run->count : place;
    }
    return planes;
}

/* The new lines one after another. */
static GByteArray *collect_literals(const UpdLines *target, const GArray *runs)
{
    GByteArray *literals = g_byte_array_new();
    guint32 line = 0;

    for (guint i = 0; i < runs->len; i++) {
        const UpdRun *run = &g_array_index(runs, UpdRun, i);

        g_byte_array_append(literals, (const guint8 *)target->data + target->start[line],
                            target->start[line + run->literals] - target->start[line]);
        line += run->literals + run->count;
    }
    return literals;
}

static GArray *make_steps(const UpdLines *base, const GArray *runs)
{
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(UpdStep));
    guint32 place = 0;

    for (guint i = 0; i < runs->len; i++) {
        const UpdRun *run = &g_array_index(runs, UpdRun, i);
        guint32 first = run->count > 0 ? run->first : place;
        UpdStep step = { run->literals, base->start[first], base->start[first + run->count] - base->start[first] };

        g_array_append_val(steps, step);
        place = first + run->count;
    }
    return steps;
}

static GByteArray *make_primer(const UpdLines *base, const GArray *steps)
{
    g_autoptr(GArray) spans =
        upd_primer_plan((const UpdStep *)(const void *)steps->data, steps->len, base->start[base->n]);
    GByteArray *primer = g_byte_array_new();

    for (guint i = 0; i < spans->len; i++) {
        const UpdSpan *span = &g_array_index(spans, UpdSpan, i);

        g_byte_array_append(primer, (const guint8 *)base->data + span->from, span->size);
    }
    return primer;
}

/* How many bytes the mixing coder may take, so that applying keeps to a twentieth of a CPU second where it can: a byte
 * costs it as much as copying 420 of them does. */
static guint32 mix_budget(guint32 base_size, const Planes *planes)
{
    gint64 planned = planes->literals->len + planes->moves->len + planes->counts->len + planes->jumps->len;

    return (guint32)CLAMP(MIX_TIME - base_size / 420 - planned, MIX_MIN_SIZE, (gint64)UPD_MIX_MAX);
}

static void put_planes(GByteArray *out, const Planes *planes)
{
    const GByteArray *const all[] = { planes->literals, planes->moves, planes->counts, planes->jumps };

    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        upd_section_put(out, NULL, all[i]->data, all[i]->len, false);
}

/* As much as the budget allows from the better coder, the rest from the faster one, to which the former is known. */
static void put_literals(GByteArray *out, GByteArray *primer, const GByteArray *literals, guint32 budget)
{
    guint32 n = MIN(literals->len, budget);

    upd_section_put(out, primer, literals->data, n, false);
    g_byte_array_append(primer, literals->data, n);
    upd_section_put(out, primer, literals->data + n, literals->len - n, true);
}

/* False if the files differ too much for the bounds of this format; *n_literals tells how many bytes were new. */
static bool encode_lines(GByteArray *out, const UpdLines *base, const UpdLines *target, guint32 *n_literals)
{
    g_autoptr(GArray) runs = upd_lines_diff(base, target);
    g_autoptr(GByteArray) literals = collect_literals(target, runs);
    g_autoptr(GArray) steps = NULL;
    g_autoptr(GByteArray) primer = NULL;
    Planes planes;

    *n_literals = literals->len;
    if (runs->len > UPD_MAX_STEPS || literals->len > UPD_MAX_LITERALS)
        return false;
    steps = make_steps(base, runs);
    primer = make_primer(base, steps);
    planes = make_planes(base, runs);
    upd_put_number(out, runs->len);
    put_planes(out, &planes);
    put_literals(out, primer, literals, mix_budget(base->start[base->n], &planes));
    planes_clear(&planes);
    return true;
}

static GByteArray *new_delta(UpdDeltaFormat format, gsize base_size, gsize target_size)
{
    UpdDeltaInfo info = { .format = format, .base_length = base_size, .out_length = target_size };
    GByteArray *out = g_byte_array_new();

    upd_put_header(out, &info);
    return out;
}

GBytes *upd_delta_encode(GBytes *base, GBytes *target, GError **error)
{
    gsize base_size;
    gsize target_size;
    const char *base_data = g_bytes_get_data(base, &base_size);
    const char *target_data = g_bytes_get_data(target, &target_size);
    g_autoptr(GByteArray) lines = NULL;
    g_autoptr(GByteArray) blocks = NULL;
    UpdLines base_lines;
    UpdLines target_lines;
    guint32 n_literals = 0;
    bool fits;

    if (base_size > UPD_DELTA_MAX_FILE || target_size > UPD_DELTA_MAX_FILE) {
        hl_fail(error, HL_ERROR_LIMIT,
                "a file of %zu bytes is too long for a delta, at most %" G_GUINT64_FORMAT " are taken",
                MAX(base_size, target_size), UPD_DELTA_MAX_FILE);
        return NULL;
    }
    lines = new_delta(UPD_DELTA_LINES, base_size, target_size);
    upd_lines_init(&base_lines, base_data, (guint32)base_size);
    upd_lines_init(&target_lines, target_data, (guint32)target_size);
    fits = encode_lines(lines, &base_lines, &target_lines, &n_literals);
    upd_lines_clear(&base_lines);
    upd_lines_clear(&target_lines);
    /* where most lines stayed, nothing beats copying them; else the search for a smaller delta is worth its time */
    if (fits && n_literals < target_size / 8)
        return g_byte_array_free_to_bytes(g_steal_pointer(&lines));
    blocks = new_delta(UPD_DELTA_BLOCKS, base_size, target_size);
    upd_blocks_encode(blocks, (const guint8 *)base_data, (guint32)base_size, (const guint8 *)target_data,
                      (guint32)target_size);
    return g_byte_array_free_to_bytes(fits && lines->len <= blocks->len ? g_steal_pointer(&lines)
                                                                        : g_steal_pointer(&blocks));
}
