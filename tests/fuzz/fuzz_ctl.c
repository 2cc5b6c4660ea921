/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the control socket.  The first byte says in which pieces the rest arrives; whatever the pieces, the frames
 * are those that arrive in one, and packing them gives back what came. */
#include "lib/ctl/frame.h"
#include "tests/fuzz/fuzz.h"

/* What the parser gave out, as bytes again; *end is its last answer. */
static GByteArray *frames_of(const uint8_t *data, size_t size, size_t piece, HlFrameResult *end)
{
    GByteArray *out = g_byte_array_new();
    HlFrameParser parser;

    *end = HL_FRAME_MORE;
    hl_frame_parser_init(&parser);
    for (size_t at = 0; at < size && *end == HL_FRAME_MORE; at += piece) {
        GBytes *frame = NULL;
        bool with_fd = false;
        uint32_t length = 0;

        hl_frame_parser_feed(&parser, data + at, MIN(piece, size - at));
        while ((*end = hl_frame_parser_next(&parser, &frame, &with_fd, &length)) == HL_FRAME_READY) {
            g_autoptr(GBytes) packed = hl_frame_pack(frame, with_fd);

            g_assert_cmpuint(g_bytes_get_size(frame), ==, length);
            g_byte_array_append(out, g_bytes_get_data(packed, NULL), (guint)g_bytes_get_size(packed));
            g_bytes_unref(frame);
        }
        g_assert_true(*end != HL_FRAME_TOO_LONG || length > HL_FRAME_MAX);
    }
    hl_frame_parser_clear(&parser);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HlFrameResult end;
    HlFrameResult end_whole;

    if (size < 2)
        return 0;
    g_autoptr(GByteArray) whole = frames_of(data + 1, size - 1, size, &end_whole);
    g_autoptr(GByteArray) pieces = frames_of(data + 1, size - 1, (size_t)data[0] + 1, &end);

    g_assert_cmpint(end, ==, end_whole);
    g_assert_cmpmem(pieces->data, pieces->len, whole->data, whole->len);
    g_assert_cmpuint(whole->len, <=, size - 1);
    g_assert_cmpmem(whole->data, whole->len, data + 1, whole->len);
    return 0;
}
