/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a gzip stream so far: one that has not ended, as a browser reads it.  Fails the test where it is none. */
#ifndef TESTS_SUPPORT_GUNZIP_H
#define TESTS_SUPPORT_GUNZIP_H

#include <gio/gio.h>

/* Caller frees. */
static inline char *gunzip(const void *data, gsize size)
{
    g_autoptr(GZlibDecompressor) converter = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    GString *text = g_string_new(NULL);
    const guint8 *at = data;

    while (size > 0) {
        char buffer[4096];
        gsize read = 0;
        gsize written = 0;
        g_autoptr(GError) error = NULL;

        g_converter_convert(G_CONVERTER(converter), at, size, buffer, sizeof buffer, G_CONVERTER_NO_FLAGS, &read,
                            &written, &error);
        g_assert_no_error(error);
        g_string_append_len(text, buffer, (gssize)written);
        at += read;
        size -= read;
    }
    for (;;) { /* what it has not given yet */
        char buffer[4096];
        gsize read = 0;
        gsize written = 0;

        if (g_converter_convert(G_CONVERTER(converter), "", 0, buffer, sizeof buffer, G_CONVERTER_NO_FLAGS, &read,
                                &written, NULL) == G_CONVERTER_ERROR)
            break;
        g_string_append_len(text, buffer, (gssize)written);
    }
    return g_string_free(text, FALSE);
}

#endif
