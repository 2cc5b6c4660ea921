/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ctl/frame.h"

#define WITH_FD 0x80000000u

void hl_frame_parser_init(HlFrameParser *parser)
{
    *parser = (HlFrameParser){ g_byte_array_new(), 0 };
}

void hl_frame_parser_clear(HlFrameParser *parser)
{
    g_clear_pointer(&parser->buffer, g_byte_array_unref);
    parser->used = 0;
}

void hl_frame_parser_feed(HlFrameParser *parser, const void *data, gsize size)
{
    if (parser->used > 0)
        g_byte_array_remove_range(parser->buffer, 0, (guint)parser->used);
    parser->used = 0;
    g_byte_array_append(parser->buffer, data, (guint)size);
}

static uint32_t read_length(const guint8 *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

HlFrameResult hl_frame_parser_next(HlFrameParser *parser, GBytes **frame, bool *with_fd, uint32_t *length)
{
    const guint8 *at; /* an empty buffer has none */
    gsize have = parser->buffer->len - parser->used;
    uint32_t head;
    uint32_t size;

    if (have < HL_FRAME_HEADER)
        return HL_FRAME_MORE;
    at = parser->buffer->data + parser->used;
    head = read_length(at);
    size = head & ~WITH_FD;
    *length = size;
    if (size > HL_FRAME_MAX)
        return HL_FRAME_TOO_LONG;
    if (have - HL_FRAME_HEADER < size)
        return HL_FRAME_MORE;
    *frame = g_bytes_new(at + HL_FRAME_HEADER, size);
    *with_fd = (head & WITH_FD) != 0;
    parser->used += HL_FRAME_HEADER + size;
    return HL_FRAME_READY;
}

GBytes *hl_frame_pack(GBytes *payload, bool with_fd)
{
    gsize size = g_bytes_get_size(payload);
    uint32_t head = (uint32_t)size | (with_fd ? WITH_FD : 0);
    const guint8 header[HL_FRAME_HEADER] = { (guint8)(head >> 24), (guint8)(head >> 16), (guint8)(head >> 8),
                                             (guint8)head };
    GByteArray *bytes;

    g_assert(size <= HL_FRAME_MAX);
    bytes = g_byte_array_sized_new((guint)(HL_FRAME_HEADER + size));
    g_byte_array_append(bytes, header, HL_FRAME_HEADER);
    if (size > 0)
        g_byte_array_append(bytes, g_bytes_get_data(payload, NULL), (guint)size);
    return g_byte_array_free_to_bytes(bytes);
}
