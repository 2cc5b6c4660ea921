/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/lzma_coder.h"

#include <lzma.h>

/* Literal context, literal position and position bits that are tried. */
static const struct {
    guint8 lc, lp, pb;
} shapes[] = { { 3, 0, 0 }, { 0, 0, 0 }, { 3, 0, 2 } };

/* Of data that is longer one shape is as good as another: it is not worth the publisher's time. */
#define SHAPES_MAX ((gsize)1 << 20)

static bool make_options(lzma_options_lzma *options, guint8 shape, const void *prefix, gsize prefix_size, gsize size)
{
    gsize used = MIN(prefix_size, UPD_LZMA_DICTIONARY);

    if (shape >= 9 * 5 * 5 || lzma_lzma_preset(options, 9 | LZMA_PRESET_EXTREME))
        return false;
    options->dict_size = LZMA_DICT_SIZE_MIN; /* no more than can be referred to */
    while (options->dict_size < UPD_LZMA_DICTIONARY && options->dict_size < used + size)
        options->dict_size *= 2;
    options->lc = shape % 9;
    options->lp = shape / 9 % 5;
    options->pb = shape / 45;
    options->preset_dict = used == 0 ? NULL : (const guint8 *)prefix + prefix_size - used;
    options->preset_dict_size = (guint32)used;
    return options->lc + options->lp <= LZMA_LCLP_MAX;
}

void upd_lzma_pack(GByteArray *out, const void *prefix, gsize prefix_size, const void *data, gsize size)
{
    gsize room = size + size / 8 + 1024;
    g_autofree guint8 *packed = g_malloc(room);
    guint before = out->len;

    for (gsize i = 0; i < (size > SHAPES_MAX ? 1 : G_N_ELEMENTS(shapes)); i++) {
        guint8 shape = (guint8)((shapes[i].pb * 5 + shapes[i].lp) * 9 + shapes[i].lc);
        lzma_options_lzma options;
        lzma_filter filters[] = { { LZMA_FILTER_LZMA1, &options }, { LZMA_VLI_UNKNOWN, NULL } };
        size_t n = 0;

        if (!make_options(&options, shape, prefix, prefix_size, size) ||
            lzma_raw_buffer_encode(filters, NULL, data, size, packed, &n, room) != LZMA_OK)
            g_error("lzma: cannot pack"); /* settings and sizes are ours: only memory can be short */
        if (i > 0 && n + 1 >= out->len - before)
            continue;
        g_byte_array_set_size(out, before);
        g_byte_array_append(out, &shape, 1);
        g_byte_array_append(out, packed, (guint)n);
    }
}

bool upd_lzma_unpack(const void *prefix, gsize prefix_size, const void *packed, gsize packed_size, void *data,
                     gsize size, GError **error)
{
    const guint8 *in = packed;
    lzma_options_lzma options;
    lzma_filter filters[] = { { LZMA_FILTER_LZMA1, &options }, { LZMA_VLI_UNKNOWN, NULL } };
    size_t at = 1;
    size_t n = 0;

    if (packed_size == 0 || !make_options(&options, in[0], prefix, prefix_size, size))
        return hl_fail(error, HL_ERROR_INVALID, "compressed data is of a shape that does not exist");
    if (lzma_raw_buffer_decode(filters, NULL, in, &at, packed_size, data, &n, size) != LZMA_OK || at != packed_size)
        return hl_fail(error, HL_ERROR_INVALID, "compressed data is damaged");
    if (n != size)
        return hl_fail(error, HL_ERROR_INVALID, "compressed data holds %zu bytes, %zu were announced", n, size);
    return true;
}
