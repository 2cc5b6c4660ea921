/* SPDX-License-Identifier: Apache-2.0 */
/* lib/ctl: the frame parser on any split. */
#include <string.h>

#include "lib/ctl/frame.h"

static void append(GByteArray *stream, const char *text, gsize size, bool with_fd)
{
    g_autoptr(GBytes) payload = g_bytes_new(text, size);
    g_autoptr(GBytes) packed = hl_frame_pack(payload, with_fd);

    g_byte_array_append(stream, g_bytes_get_data(packed, NULL), (guint)g_bytes_get_size(packed));
}

/* Three frames, cut at every pair of places: always the same three frames. */
static void test_frame_splits(void)
{
    static const char *const texts[] = { "first", "", "third" };
    g_autoptr(GByteArray) stream = g_byte_array_new();

    for (int i = 0; i < 3; i++)
        append(stream, texts[i], strlen(texts[i]), i == 2);
    for (guint first = 0; first <= stream->len; first++)
        for (guint second = first; second <= stream->len; second++) {
            const guint cuts[] = { 0, first, second, stream->len };
            HlFrameParser parser;
            int found = 0;

            hl_frame_parser_init(&parser);
            for (int part = 0; part < 3; part++) {
                GBytes *frame = NULL;
                bool with_fd = false;
                uint32_t length = 0;

                hl_frame_parser_feed(&parser, stream->data + cuts[part], cuts[part + 1] - cuts[part]);
                while (hl_frame_parser_next(&parser, &frame, &with_fd, &length) == HL_FRAME_READY) {
                    g_assert_cmpmem(g_bytes_get_data(frame, NULL), g_bytes_get_size(frame), texts[found],
                                    strlen(texts[found]));
                    g_assert_true(with_fd == (found == 2));
                    found++;
                    g_bytes_unref(frame);
                }
            }
            g_assert_cmpint(found, ==, 3);
            hl_frame_parser_clear(&parser);
        }
}

static void test_frame_bounds(void)
{
    static const guint8 largest[] = { 0x00, 0x04, 0x00, 0x00 };
    static const guint8 too_long[] = { 0x00, 0x04, 0x00, 0x01 };
    static const guint8 huge[] = { 0xff, 0xff, 0xff, 0xff };
    const struct {
        const guint8 *head;
        HlFrameResult result;
        uint32_t length;
    } rows[] = { { largest, HL_FRAME_MORE, HL_FRAME_MAX },
                 { too_long, HL_FRAME_TOO_LONG, HL_FRAME_MAX + 1 },
                 { huge, HL_FRAME_TOO_LONG, 0x7fffffff } };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        HlFrameParser parser;
        GBytes *frame = NULL;
        bool with_fd = false;
        uint32_t length = 0;

        hl_frame_parser_init(&parser);
        hl_frame_parser_feed(&parser, rows[i].head, HL_FRAME_HEADER);
        g_assert_cmpint(hl_frame_parser_next(&parser, &frame, &with_fd, &length), ==, rows[i].result);
        g_assert_cmpuint(length, ==, rows[i].length);
        g_assert_cmpint(hl_frame_parser_next(&parser, &frame, &with_fd, &length), ==, rows[i].result);
        hl_frame_parser_clear(&parser);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ctl/frame/splits", test_frame_splits);
    g_test_add_func("/ctl/frame/bounds", test_frame_bounds);
    return g_test_run();
}
