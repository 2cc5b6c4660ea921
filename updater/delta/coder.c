/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/coder.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "updater/delta/descriptor.h"
#include "updater/delta/lzma_coder.h"
#include "updater/delta/mix.h"

/* Full files: the window bounds what unpacking holds. */
#define FULL_LEVEL      19
#define FULL_WINDOW_LOG 23

/* Shorter sections are not worth the mixing coder's set-up. */
#define MIX_MIN 64

#define NOISE_MIN ((guint32)4 << 10)

#define LONG_PREFIX ((gsize)2 << 20)

static const guint8 zstd_magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

typedef ZSTD_CCtx Compressor;
typedef ZSTD_DCtx Decompressor;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Compressor, ZSTD_freeCCtx)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decompressor, ZSTD_freeDCtx)

static void must(size_t result)
{
    if (ZSTD_isError(result)) /* settings and sizes are ours: only memory can be short, and then GLib aborts as well */
        g_error("zstd: %s", ZSTD_getErrorName(result));
}

static int window_log(gsize size)
{
    int log = 10;

    while (((gsize)1 << log) < size && log < 27)
        log++;
    return log;
}

void upd_zstd_pack(GByteArray *out, int level, const void *prefix, gsize prefix_size, const void *data, gsize size)
{
    g_autoptr(Compressor) context = ZSTD_createCCtx();
    g_autofree guint8 *frame = g_malloc(ZSTD_compressBound(size));
    size_t n;

    must(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level));
    must(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0));
    must(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log(prefix_size + size)));
    if (prefix_size >= LONG_PREFIX) /* the level's own tables reach back some MiB only */
        must(ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1));
    must(ZSTD_CCtx_refPrefix(context, prefix, prefix_size));
    n = ZSTD_compress2(context, frame, ZSTD_compressBound(size), data, size);
    must(n);
    g_byte_array_append(out, frame + sizeof zstd_magic, (guint)(n - sizeof zstd_magic));
}

bool upd_zstd_unpack(const void *prefix, gsize prefix_size, const void *packed, gsize packed_size, void *data,
                     gsize size, GError **error)
{
    g_autoptr(Decompressor) context = ZSTD_createDCtx();
    g_autofree guint8 *frame = g_malloc(packed_size + sizeof zstd_magic);
    size_t n;

    memcpy(frame, zstd_magic, sizeof zstd_magic);
    memcpy(frame + sizeof zstd_magic, packed, packed_size);
    must(ZSTD_DCtx_refPrefix(context, prefix, prefix_size));
    n = ZSTD_decompressDCtx(context, data, size, frame, packed_size + sizeof zstd_magic);
    if (ZSTD_isError(n))
        return hl_fail(error, HL_ERROR_INVALID, "compressed data is damaged: %s", ZSTD_getErrorName(n));
    if (n != size)
        return hl_fail(error, HL_ERROR_INVALID, "compressed data holds %zu bytes, %zu were announced", n, size);
    return true;
}

/* What is left to choose from: one coding of a section. */
typedef struct {
    GByteArray *packed;
    guint64 cost; /* ns to unpack */
} Coding;

static guint64 cost_of(UpdCoder coder, const UpdSection *section, guint packed)
{
    gsize primer = section->primer == NULL ? 0 : section->primer->len;

    switch (coder) {
    case UPD_CODER_RAW:
        return 0;
    case UPD_CODER_ZSTD:
        return (guint64)section->size * 2 + (guint64)packed * 8;
    case UPD_CODER_MIX:
        return upd_mix_cost(primer, section->size);
    case UPD_CODER_LZMA:
        return (guint64)section->size * 2 + (guint64)packed * 100;
    }
    g_assert_not_reached();
}

static Coding code(UpdCoder coder, const UpdSection *section, guint64 budget)
{
    const void *prefix = section->primer == NULL ? NULL : section->primer->data;
    gsize prefix_size = section->primer == NULL ? 0 : section->primer->len;
    Coding coding = { .packed = g_byte_array_new() };

    switch (coder) {
    case UPD_CODER_RAW:
        g_byte_array_append(coding.packed, section->data, section->size);
        break;
    case UPD_CODER_ZSTD:
        upd_zstd_pack(coding.packed, 22, prefix, prefix_size, section->data, section->size);
        break;
    case UPD_CODER_MIX:
        if (section->size < MIX_MIN || section->size > UPD_MIX_MAX || cost_of(coder, section, 0) > budget)
            g_clear_pointer(&coding.packed, g_byte_array_unref);
        else
            upd_mix_pack(coding.packed, prefix, prefix_size, section->data, section->size);
        break;
    case UPD_CODER_LZMA:
        upd_lzma_pack(coding.packed, prefix, prefix_size, section->data, section->size);
        break;
    }
    coding.cost = coding.packed == NULL ? 0 : cost_of(coder, section, coding.packed->len);
    return coding;
}

typedef struct {
    Coding codings[UPD_CODERS];
    UpdCoder chosen;
} Choice;

/* What zstd cannot make smaller is noise to the others as well.  zstd is always within the time: it is what others
 * take.
 */
static void code_all(Choice *choice, const UpdSection *section, guint64 budget)
{
    choice->codings[UPD_CODER_RAW] = code(UPD_CODER_RAW, section, budget);
    choice->codings[UPD_CODER_ZSTD] = code(UPD_CODER_ZSTD, section, budget);
    if (section->size >= NOISE_MIN && choice->codings[UPD_CODER_ZSTD].packed->len >= section->size)
        return;
    choice->codings[UPD_CODER_LZMA] = code(UPD_CODER_LZMA, section, budget);
    choice->codings[UPD_CODER_MIX] = code(UPD_CODER_MIX, section, budget);
    if (choice->codings[UPD_CODER_ZSTD].packed->len < section->size)
        choice->chosen = UPD_CODER_ZSTD;
}

/* The change of one choice that saves most bytes for its time; false if nothing fits the time. */
static bool improve(Choice *choices, guint n, guint64 *budget)
{
    Choice *where = NULL;
    UpdCoder to = UPD_CODER_RAW;
    double best = 0;

    for (guint i = 0; i < n; i++) {
        const Coding *now = &choices[i].codings[choices[i].chosen];

        for (UpdCoder coder = UPD_CODER_RAW; coder < UPD_CODERS; coder++) {
            const Coding *then = &choices[i].codings[coder];
            guint64 more = then->cost > now->cost ? then->cost - now->cost : 0;

            if (then->packed == NULL || then->packed->len >= now->packed->len || more > *budget)
                continue;
            if ((now->packed->len - then->packed->len) / (double)(more + 1) > best) {
                best = (now->packed->len - then->packed->len) / (double)(more + 1);
                where = &choices[i];
                to = coder;
            }
        }
    }
    if (where == NULL)
        return false;
    *budget += where->codings[where->chosen].cost;
    where->chosen = to;
    *budget -= where->codings[to].cost;
    return true;
}

static void put_choice(GByteArray *out, const UpdSection *section, const Choice *choice)
{
    const GByteArray *packed = choice->codings[choice->chosen].packed;

    upd_put_number(out, section->size);
    if (section->size == 0)
        return;
    upd_put_number(out, packed->len << 2 | choice->chosen);
    g_byte_array_append(out, packed->data, packed->len);
}

guint64 upd_sections_put(GByteArray *out, const UpdSection *sections, guint n, guint64 budget)
{
    Choice choices[UPD_SECTIONS_MAX] = { 0 };
    guint64 left = budget;

    g_assert(n <= UPD_SECTIONS_MAX);
    for (guint i = 0; i < n; i++) {
        if (sections[i].size > 0)
            code_all(&choices[i], &sections[i], budget);
        left -= MIN(left, choices[i].codings[choices[i].chosen].cost);
    }
    while (improve(choices, n, &left))
        ;
    for (guint i = 0; i < n; i++) {
        put_choice(out, &sections[i], &choices[i]);
        for (gsize k = 0; k < UPD_CODERS; k++)
            g_clear_pointer(&choices[i].codings[k].packed, g_byte_array_unref);
    }
    return left;
}

static bool unpack_mix(const void *prefix, gsize prefix_size, const void *packed, gsize packed_size, void *data,
                       gsize size, GError **error)
{
    if (size > UPD_MIX_MAX)
        return hl_fail(error, HL_ERROR_LIMIT, "%zu bytes are too long for their coder", size);
    return upd_mix_unpack(prefix, prefix_size, packed, packed_size, data, size, error);
}

static bool unpack_raw(const void *prefix G_GNUC_UNUSED, gsize prefix_size G_GNUC_UNUSED, const void *packed,
                       gsize packed_size, void *data, gsize size, GError **error)
{
    if (packed_size != size)
        return hl_fail(error, HL_ERROR_INVALID, "%zu bytes were announced, %zu are there", size, packed_size);
    memcpy(data, packed, size);
    return true;
}

static bool (*const unpackers[UPD_CODERS])(const void *prefix, gsize prefix_size, const void *packed, gsize packed_size,
                                           void *data, gsize size, GError **error) = {
    [UPD_CODER_RAW] = unpack_raw,
    [UPD_CODER_ZSTD] = upd_zstd_unpack,
    [UPD_CODER_MIX] = unpack_mix,
    [UPD_CODER_LZMA] = upd_lzma_unpack,
};

GByteArray *upd_section_get(UpdReader *in, const GByteArray *primer, guint32 max, const char *what, GError **error)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    gsize primer_size = primer == NULL ? 0 : primer->len;
    const void *prefix = primer == NULL ? NULL : primer->data;
    const guint8 *packed;
    guint32 size;
    guint32 form = 0;

    if (!upd_get_number(in, max, &size, what, error))
        return NULL;
    if (size == 0)
        return g_steal_pointer(&data);
    if (!upd_get_number(in, G_MAXUINT32, &form, what, error) || !upd_get_bytes(in, form >> 2, &packed, what, error))
        return NULL;
    g_byte_array_set_size(data, size);
    if (!unpackers[form & 3](prefix, primer_size, packed, form >> 2, data->data, size, error)) {
        hl_error_prefix(error, "the delta's %s", what);
        return NULL;
    }
    return g_steal_pointer(&data);
}

GBytes *upd_full_pack(GBytes *content, GError **error)
{
    g_autoptr(Compressor) context = ZSTD_createCCtx();
    gsize size;
    const void *data = g_bytes_get_data(content, &size);
    g_autofree guint8 *frame = NULL;
    size_t n;

    if (size > UPD_DELTA_MAX_FILE) {
        hl_fail(error, HL_ERROR_LIMIT,
                "%zu bytes are too long for a pattern file, at most %" G_GUINT64_FORMAT " are taken", size,
                UPD_DELTA_MAX_FILE);
        return NULL;
    }
    frame = g_malloc(ZSTD_compressBound(size));
    must(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, FULL_LEVEL));
    must(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, MIN(FULL_WINDOW_LOG, window_log(size))));
    must(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1));
    n = ZSTD_compress2(context, frame, ZSTD_compressBound(size), data, size);
    must(n);
    return g_bytes_new_take(g_realloc(g_steal_pointer(&frame), n), n);
}

bool upd_full_unpack(int packed_fd, int out_fd, guint64 out_length, GError **error)
{
    g_autoptr(Decompressor) context = ZSTD_createDCtx();
    gsize in_size = ZSTD_DStreamInSize();
    gsize out_size = ZSTD_DStreamOutSize();
    g_autofree guint8 *in_buffer = g_malloc(in_size);
    g_autofree guint8 *out_buffer = g_malloc(out_size);
    guint64 written = 0;
    size_t left = 1; /* 0: the frame ended */
    gssize n;

    must(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, FULL_WINDOW_LOG));
    while ((n = upd_read_some(packed_fd, in_buffer, in_size)) > 0) {
        ZSTD_inBuffer in = { in_buffer, (size_t)n, 0 };
        ZSTD_outBuffer out = { out_buffer, out_size, 0 };

        while (in.pos < in.size || (left != 0 && out.pos == out_size)) { /* a full output may hide more */
            out.pos = 0;
            if (left == 0)
                return hl_fail(error, HL_ERROR_INVALID, "the packed file goes on after its end");
            left = ZSTD_decompressStream(context, &out, &in);
            if (ZSTD_isError(left))
                return hl_fail(error, HL_ERROR_INVALID, "the packed file is damaged: %s", ZSTD_getErrorName(left));
            if (out.pos > out_length - written)
                return hl_fail(error, HL_ERROR_LIMIT,
                               "the packed file unpacks to more than the announced %" G_GUINT64_FORMAT " bytes",
                               out_length);
            if (!upd_write_all(out_fd, out_buffer, out.pos, error))
                return false;
            written += out.pos;
        }
    }
    if (n < 0)
        return hl_fail_errno(error, errno, "cannot read the packed file");
    if (left != 0 || written != out_length)
        return hl_fail(error, HL_ERROR_INVALID,
                       "the packed file ends after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes", written,
                       out_length);
    return true;
}
