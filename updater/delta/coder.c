/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/coder.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "updater/delta/descriptor.h"
#include "updater/delta/mix.h"

/* Full files: the window bounds what unpacking holds. */
#define FULL_LEVEL      19
#define FULL_WINDOW_LOG 23

/* Shorter sections are not worth the mixing coder's set-up. */
#define MIX_MIN 64

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

void upd_section_put(GByteArray *out, const GByteArray *primer, const void *data, guint32 size, bool fast)
{
    g_autoptr(GByteArray) packed = g_byte_array_new();
    gsize primer_size = primer == NULL ? 0 : primer->len;
    const void *prefix = primer == NULL ? NULL : primer->data;
    UpdCoder coder = UPD_CODER_ZSTD;

    upd_put_number(out, size);
    if (size == 0)
        return;
    upd_zstd_pack(packed, 22, prefix, primer_size, data, size);
    if (packed->len >= size) {
        coder = UPD_CODER_RAW;
        g_byte_array_set_size(packed, 0);
        g_byte_array_append(packed, data, size);
    }
    if (!fast && size <= UPD_MIX_MAX && size >= MIX_MIN) {
        g_autoptr(GByteArray) mixed = g_byte_array_new();

        upd_mix_pack(mixed, prefix, primer_size, data, size);
        if (mixed->len < packed->len) {
            coder = UPD_CODER_MIX;
            g_byte_array_set_size(packed, 0);
            g_byte_array_append(packed, mixed->data, mixed->len);
        }
    }
    upd_put_number(out, packed->len << 2 | coder);
    g_byte_array_append(out, packed->data, packed->len);
}

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
    switch ((UpdCoder)(form & 3)) {
    case UPD_CODER_RAW:
        if (form >> 2 != size) {
            hl_fail(error, HL_ERROR_INVALID, "the delta's %s do not have the announced length", what);
            return NULL;
        }
        memcpy(data->data, packed, size);
        return g_steal_pointer(&data);
    case UPD_CODER_ZSTD:
        if (!upd_zstd_unpack(prefix, primer_size, packed, form >> 2, data->data, size, error)) {
            hl_error_prefix(error, "the delta's %s", what);
            return NULL;
        }
        return g_steal_pointer(&data);
    case UPD_CODER_MIX:
        if (size > UPD_MIX_MAX) {
            hl_fail(error, HL_ERROR_LIMIT, "the delta's %s are too long for their coder", what);
            return NULL;
        }
        if (!upd_mix_unpack(prefix, primer_size, packed, form >> 2, data->data, size, error)) {
            hl_error_prefix(error, "the delta's %s", what);
            return NULL;
        }
        return g_steal_pointer(&data);
    }
    hl_fail(error, HL_ERROR_INVALID, "the delta's %s use a coder that this version does not know", what);
    return NULL;
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
