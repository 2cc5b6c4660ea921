/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "updater/delta/blocks.h"
#include "updater/delta/bytes.h"
#include "updater/delta/coder.h"
#include "updater/delta/lines.h"
#include "updater/delta/mix.h"
#include "updater/delta/patch.h"

/* How far round their places new lines are primed: tried in turn, for few places want more than many. */
static const guint32 reaches[] = { UPD_REACH_LINES, 64, 512, 4096 };

/* A quick coding tells what a slow one is worth: it makes nothing smaller than a third.  The slow one is spared where
 * even that would not be the smallest. */
#define TRIAL_LEVEL  6
#define TRIAL_FACTOR 3
#define BLOCKS_WORTH 32

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

/* The time (ns) that applying may take beside copying: about what zstd needs for a target of this size. */
static guint64 budget_of(guint32 target_size)
{
    return 8000000 + (guint64)target_size * 2;
}

static guint64 put_planes(GByteArray *out, const Planes *planes, guint64 budget)
{
    const UpdSection sections[] = {
        { .data = planes->literals->data, .size = planes->literals->len },
        { .data = planes->moves->data, .size = planes->moves->len },
        { .data = planes->counts->data, .size = planes->counts->len },
        { .data = planes->jumps->data, .size = planes->jumps->len },
    };

    return upd_sections_put(out, sections, G_N_ELEMENTS(sections), budget);
}

/* As much as the budget allows from the better coder, the rest from the faster one, to which the former is known. */
static void put_literals(GByteArray *out, GByteArray *primer, const GByteArray *literals, guint64 budget)
{
    guint32 n = (guint32)MIN(literals->len, upd_mix_affords(primer->len, budget));
    UpdSection first = { primer, literals->data, n };
    UpdSection rest = { primer, literals->data + n, literals->len - n };
    guint64 left = upd_sections_put(out, &first, 1, budget);

    g_byte_array_append(primer, literals->data, n);
    upd_sections_put(out, &rest, 1, left);
}

/* The primer in whose reach a quick coder makes the new lines smallest; *size: how small.  Takes over nothing. */
static GByteArray *choose_primer(const UpdLines *base, const GArray *steps, const GByteArray *literals, guint32 *reach,
                                 guint *size)
{
    GByteArray *best = NULL;
    guint before = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(reaches); i++) {
        g_autoptr(GByteArray) primer =
            upd_primer_take((const guint8 *)base->data, base->start[base->n], steps, reaches[i], UPD_MAX_PRIMER);
        g_autoptr(GByteArray) packed = g_byte_array_new();

        if (i > 0 && primer->len == before) /* there is no more, or no room for more */
            break;
        before = primer->len;
        upd_zstd_pack(packed, TRIAL_LEVEL, primer->data, primer->len, literals->data, literals->len);
        if (best != NULL && packed->len >= *size)
            continue;
        g_clear_pointer(&best, g_byte_array_unref);
        best = g_steal_pointer(&primer);
        *reach = reaches[i];
        *size = packed->len;
    }
    return best;
}

/* False if the files differ too much for the bounds of this format, or for it to come out below `limit`. */
static bool encode_lines(GByteArray *out, const UpdLines *base, const UpdLines *target, guint64 budget, guint limit)
{
    g_autoptr(GArray) runs = upd_lines_diff(base, target);
    g_autoptr(GByteArray) literals = collect_literals(target, runs);
    g_autoptr(GByteArray) primer = NULL;
    g_autoptr(GArray) steps = NULL;
    guint32 reach = 0;
    guint size = 0;
    Planes planes;

    if (runs->len > UPD_MAX_STEPS || literals->len > UPD_MAX_LITERALS)
        return false;
    steps = make_steps(base, runs);
    primer = choose_primer(base, steps, literals, &reach, &size);
    if (size / TRIAL_FACTOR > limit)
        return false;
    planes = make_planes(base, runs);
    upd_put_number(out, reach);
    upd_put_number(out, runs->len);
    budget = put_planes(out, &planes, budget);
    put_literals(out, primer, literals, budget);
    planes_clear(&planes);
    return true;
}

typedef struct {
    const guint8 *base, *target;
    guint32 base_size, target_size;
} Pair;

static bool try_lines(GByteArray *out, const Pair *pair, guint limit)
{
    UpdLines base;
    UpdLines target;
    bool fits;

    upd_lines_init(&base, (const char *)pair->base, pair->base_size);
    upd_lines_init(&target, (const char *)pair->target, pair->target_size);
    fits = encode_lines(out, &base, &target, budget_of(pair->target_size), limit);
    upd_lines_clear(&base);
    upd_lines_clear(&target);
    return fits;
}

static bool try_patch(GByteArray *out, const Pair *pair, guint limit G_GNUC_UNUSED)
{
    if (pair->base_size == 0 || pair->base_size > UPD_BYTES_MAX)
        return false;
    upd_patch_encode(out, pair->base, pair->base_size, pair->target, pair->target_size, budget_of(pair->target_size));
    return true;
}

static bool try_blocks(GByteArray *out, const Pair *pair, guint limit)
{
    g_autoptr(GByteArray) trial = g_byte_array_new();

    /* the dearest method, seconds for each MiB: it has its chance where the others found little to copy */
    if (limit < pair->target_size / BLOCKS_WORTH)
        return false;
    upd_blocks_encode(trial, TRIAL_LEVEL, pair->base, pair->base_size, pair->target, pair->target_size);
    if (trial->len / TRIAL_FACTOR > limit)
        return false;
    upd_blocks_encode(out, 19, pair->base, pair->base_size, pair->target, pair->target_size);
    return true;
}

/* limit: what others came to. False: not for these files, or clearly above it. */
static const struct {
    UpdDeltaFormat format;
    bool (*encode)(GByteArray *out, const Pair *pair, guint limit);
} methods[] = {
    { UPD_DELTA_PATCH, try_patch },
    { UPD_DELTA_LINES, try_lines },
    { UPD_DELTA_BLOCKS, try_blocks },
};

GBytes *upd_delta_encode(GBytes *base, GBytes *target, GError **error)
{
    gsize base_size;
    gsize target_size;
    const guint8 *base_data = g_bytes_get_data(base, &base_size);
    const guint8 *target_data = g_bytes_get_data(target, &target_size);
    Pair pair = { base_data, target_data, (guint32)base_size, (guint32)target_size };
    g_autoptr(GByteArray) best = NULL;

    if (base_size > UPD_DELTA_MAX_FILE || target_size > UPD_DELTA_MAX_FILE) {
        hl_fail(error, HL_ERROR_LIMIT,
                "a file of %zu bytes is too long for a delta, at most %" G_GUINT64_FORMAT " are taken",
                MAX(base_size, target_size), UPD_DELTA_MAX_FILE);
        return NULL;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
        UpdDeltaInfo info = { UPD_DELTA_VERSION, methods[i].format, base_size, target_size };
        g_autoptr(GByteArray) out = g_byte_array_new();

        upd_put_header(out, &info);
        if (methods[i].encode(out, &pair, best == NULL ? G_MAXUINT : best->len) &&
            (best == NULL || out->len < best->len)) {
            g_clear_pointer(&best, g_byte_array_unref);
            best = g_steal_pointer(&out);
        }
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&best));
}
