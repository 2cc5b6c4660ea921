/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/blocks.h"

#include "updater/delta/coder.h"
#include "updater/delta/descriptor.h"

void upd_blocks_encode(GByteArray *out, int level, const guint8 *base, guint32 base_size, const guint8 *target,
                       guint32 target_size)
{
    for (guint32 at = 0; at < target_size; at += UPD_BLOCK_SIZE) {
        g_autoptr(GByteArray) packed = g_byte_array_new();
        guint32 size = MIN(UPD_BLOCK_SIZE, target_size - at);
        guint32 prefix = MIN(UPD_BLOCK_PREFIX, base_size);
        /* the same part of the base, by proportion, with the prefix reaching as far before as behind it */
        gint64 from = (gint64)at * base_size / target_size - ((gint64)prefix - size) / 2;

        from = CLAMP(from, 0, (gint64)base_size - prefix);
        upd_zstd_pack(packed, level, base + from, prefix, target + at, size);
        upd_put_number(out, (guint32)from);
        upd_put_number(out, prefix);
        upd_put_number(out, size);
        upd_put_number(out, packed->len);
        g_byte_array_append(out, packed->data, packed->len);
    }
}

bool upd_blocks_apply(int base_fd, const UpdDeltaInfo *info, UpdReader *in, int out_fd, GError **error)
{
    g_autofree guint8 *prefix = g_malloc(MIN(UPD_BLOCK_PREFIX, info->base_length) + 1);
    g_autofree guint8 *piece = g_malloc(MIN(UPD_BLOCK_SIZE, info->out_length) + 1);
    guint32 left = (guint32)info->out_length;

    while (left > 0) {
        const guint8 *packed;
        guint32 from = 0;
        guint32 prefix_size = 0;
        guint32 size = 0;
        guint32 packed_size = 0;

        if (!upd_get_number(in, (guint32)info->base_length, &from, "prefix start", error) ||
            !upd_get_number(in, MIN(UPD_BLOCK_PREFIX, (guint32)info->base_length - from), &prefix_size, "prefix size",
                            error) ||
            !upd_get_number(in, MIN(UPD_BLOCK_SIZE, left), &size, "piece size", error) ||
            !upd_get_number(in, G_MAXUINT32, &packed_size, "packed size", error) ||
            !upd_get_bytes(in, packed_size, &packed, "pieces", error))
            return false;
        if (size == 0)
            return hl_fail(error, HL_ERROR_INVALID, "the delta holds an empty piece");
        if (!upd_read_at(base_fd, from, prefix, prefix_size, error) ||
            !upd_zstd_unpack(prefix, prefix_size, packed, packed_size, piece, size, error) ||
            !upd_write_all(out_fd, piece, size, error))
            return false;
        left -= size;
    }
    return true;
}
