/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/bytes.h"
#include "updater/delta/coder.h"
#include "updater/delta/patch.h"

/* A run that takes longer is two. */
#define RUN_MAX ((guint32)64 << 10)

/* How far round their places the new bytes are primed: tried in turn. */
static const guint32 reaches[] = { 0, 4, 64, 1024 };

/* Equal bytes between two corrections that are taken for corrections by nothing, so that both are one run: what pays
 * depends on how regular the changes are.  Tried in turn. */
static const guint32 bridges[] = { 0, 6, RUN_MAX };

/* The files, and the part that is being filled. */
typedef struct {
    GByteArray *out;
    const guint8 *base, *target;
    guint32 base_size, target_size;
    guint64 budget;
    guint32 bridge;
    GByteArray *planes[UPD_PATCH_PLANES];
    GArray *steps;   /* UpdStep */
    guint32 gap;     /* copied unchanged since the last run */
    guint32 place;   /* where the last copy ended */
    guint32 pending; /* new bytes that no step takes yet */
    guint64 made;
} Encoder;

/* The new bytes, primed as far as it helps a quick coder. */
static guint32 choose_reach(const Encoder *encoder, GByteArray **primer)
{
    const GByteArray *data = encoder->planes[UPD_PATCH_NEW];
    guint best = G_MAXUINT;
    guint32 reach = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(reaches) && data->len > 0; i++) {
        g_autoptr(GByteArray) packed = g_byte_array_new();
        GByteArray *candidate =
            upd_primer_take(encoder->base, encoder->base_size, encoder->steps, reaches[i], UPD_PATCH_PRIMER);

        upd_zstd_pack(packed, 6, candidate->data, candidate->len, data->data, data->len);
        if (packed->len < best) {
            best = packed->len;
            reach = reaches[i];
            g_byte_array_unref(*primer);
            *primer = g_steal_pointer(&candidate);
        } else {
            g_byte_array_unref(candidate);
        }
    }
    return reach;
}

/* Codes the part and begins another one. */
static void flush(Encoder *encoder)
{
    GByteArray *primer = g_byte_array_new();
    guint32 reach = choose_reach(encoder, &primer);
    UpdSection sections[UPD_PATCH_PLANES];

    for (gsize i = 0; i < UPD_PATCH_PLANES; i++)
        sections[i] = (UpdSection){ .data = encoder->planes[i]->data, .size = encoder->planes[i]->len };
    sections[UPD_PATCH_NEW].primer = primer;
    upd_put_number(encoder->out, encoder->steps->len);
    upd_put_number(encoder->out, reach);
    upd_sections_put(encoder->out, sections, UPD_PATCH_PLANES,
                     encoder->budget * encoder->made / MAX(encoder->target_size, 1));
    for (gsize i = 0; i < UPD_PATCH_PLANES; i++)
        g_byte_array_set_size(encoder->planes[i], 0);
    g_array_set_size(encoder->steps, 0);
    encoder->gap = 0;
    encoder->made = 0;
    g_byte_array_unref(primer);
}

/* Where one more run might not find room. */
static bool is_full(const Encoder *encoder)
{
    return encoder->planes[UPD_PATCH_GAPS]->len + 8 > UPD_PATCH_RUNS ||
           encoder->planes[UPD_PATCH_LENGTHS]->len + 8 > UPD_PATCH_RUNS ||
           encoder->planes[UPD_PATCH_CORRECTIONS]->len + RUN_MAX > UPD_PATCH_BYTES;
}

/* Takes the new bytes that are pending, and copies. */
static void put_step(Encoder *encoder, guint32 from, guint32 size)
{
    gint64 distance = (gint64)from - encoder->place;
    UpdStep step = { encoder->pending, from, size };

    if (step.literals + step.size == 0)
        return;
    upd_put_number(encoder->planes[UPD_PATCH_NEW_SIZES], step.literals);
    upd_put_number(encoder->planes[UPD_PATCH_COPIES], step.size);
    upd_put_number(encoder->planes[UPD_PATCH_JUMPS],
                   distance < 0 ? (guint32)-distance << 1 | 1 : (guint32)distance << 1);
    g_array_append_val(encoder->steps, step);
    encoder->place = from + size;
    encoder->made += (guint64)step.literals + step.size;
    encoder->pending = 0;
    if (encoder->steps->len == UPD_PATCH_STEPS)
        flush(encoder);
}

/* Ends the part. */
static void put_end(Encoder *encoder, guint32 from, guint32 size)
{
    put_step(encoder, from, size);
    if (encoder->steps->len > 0)
        flush(encoder);
}

static void put_new(Encoder *encoder, const guint8 *target, guint32 size)
{
    GByteArray *plane = encoder->planes[UPD_PATCH_NEW];

    while (plane->len + size > UPD_PATCH_BYTES) {
        guint32 n = UPD_PATCH_BYTES - plane->len;

        g_byte_array_append(plane, target, n);
        encoder->pending += n;
        put_end(encoder, encoder->place, 0);
        target += n;
        size -= n;
    }
    g_byte_array_append(plane, target, size);
    encoder->pending += size;
}

static void put_run(Encoder *encoder, const guint8 *base, const guint8 *target, guint32 size)
{
    for (guint32 i = 0; i < size; i++) {
        guint8 correction = (guint8)(target[i] - base[i]);

        g_byte_array_append(encoder->planes[UPD_PATCH_CORRECTIONS], &correction, 1);
    }
    upd_put_number(encoder->planes[UPD_PATCH_GAPS], encoder->gap);
    upd_put_number(encoder->planes[UPD_PATCH_LENGTHS], size);
    encoder->gap = 0;
}

/* Where the run that begins at i ends. */
static guint32 run_end(const Encoder *encoder, const guint8 *base, const guint8 *target, guint32 i, guint32 size)
{
    guint32 most = MIN(size - i, RUN_MAX);
    guint32 end = 1;

    for (guint32 k = 1; k < most && k - end <= encoder->bridge; k++)
        if (base[i + k] != target[i + k])
            end = k + 1;
    return i + end;
}

/* A copy with its corrections. */
static void put_copy(Encoder *encoder, guint32 from, const guint8 *target, guint32 size)
{
    const guint8 *base = encoder->base + from;
    guint32 begin = 0;

    for (guint32 i = 0; i < size;) {
        guint32 end;

        if (base[i] == target[i]) {
            encoder->gap++;
            i++;
            continue;
        }
        if (is_full(encoder)) {
            put_end(encoder, from + begin, i - begin);
            begin = i;
        }
        end = run_end(encoder, base, target, i, size);
        put_run(encoder, base + i, target + i, end - i);
        i = end;
    }
    put_step(encoder, from + begin, size - begin);
}

static GByteArray *encode(Encoder encoder, const GArray *matches)
{
    guint32 at = 0;

    encoder.out = g_byte_array_new();
    encoder.steps = g_array_new(FALSE, FALSE, sizeof(UpdStep));
    for (gsize i = 0; i < UPD_PATCH_PLANES; i++)
        encoder.planes[i] = g_byte_array_new();
    for (guint i = 0; i < matches->len; i++) {
        const UpdMatch *match = &g_array_index(matches, UpdMatch, i);

        if (match->size > 0)
            put_copy(&encoder, match->from, encoder.target + at, match->size);
        at += match->size;
        put_new(&encoder, encoder.target + at, match->literals);
        at += match->literals;
    }
    put_end(&encoder, encoder.place, 0);
    for (gsize i = 0; i < UPD_PATCH_PLANES; i++)
        g_byte_array_unref(encoder.planes[i]);
    g_array_unref(encoder.steps);
    return encoder.out;
}

void upd_patch_encode(GByteArray *out, const guint8 *base, guint32 base_size, const guint8 *target, guint32 target_size,
                      guint64 budget)
{
    g_autoptr(GArray) matches = upd_bytes_diff(base, base_size, target, target_size);
    g_autoptr(GByteArray) best = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(bridges); i++) {
        Encoder encoder = { .base = base,
                            .target = target,
                            .base_size = base_size,
                            .target_size = target_size,
                            .budget = budget,
                            .bridge = bridges[i] };
        g_autoptr(GByteArray) candidate = encode(encoder, matches);

        if (best == NULL || candidate->len < best->len) {
            g_clear_pointer(&best, g_byte_array_unref);
            best = g_steal_pointer(&candidate);
        }
    }
    g_byte_array_append(out, best->data, best->len);
}
