/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/squeeze.h"

#include <string.h>

#define LEVEL 1   /* rows are much alike: 6 takes three times as long for a sixth less */
#define ROOM  256 /* for what does not become shorter, and the end */

GBytes *con_squeeze_head(void)
{
    static const guint8 head[] = { 0x1f, 0x8b, 8 /* deflate */, 0, 0, 0, 0, 0 /* no time */, 0, 3 /* of Unix */ };
    static GBytes *bytes = NULL;

    if (bytes == NULL)
        bytes = g_bytes_new_static(head, sizeof head);
    return bytes;
}

GConverter *con_squeeze_new(void)
{
    return G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, LEVEL));
}

GBytes *con_squeeze(GConverter *squeeze, const char *text)
{
    gsize left = strlen(text);
    GByteArray *out = g_byte_array_new();
    GConverterResult result = G_CONVERTER_CONVERTED;
    guint used = 0;

    g_converter_reset(squeeze); /* it refers to nothing before it */
    do {
        gsize read = 0;
        gsize written = 0;

        g_byte_array_set_size(out, used + (guint)left / 2 + ROOM);
        result = g_converter_convert(squeeze, text, left, out->data + used, out->len - used, G_CONVERTER_FLUSH, &read,
                                     &written, NULL);
        g_assert(result == G_CONVERTER_CONVERTED ||
                 result == G_CONVERTER_FLUSHED); /* it has room, and takes any text */
        text += read;
        left -= read;
        used += (guint)written;
    } while (result != G_CONVERTER_FLUSHED);
    g_byte_array_set_size(out, used);
    return g_byte_array_free_to_bytes(out);
}
