/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on a byte stream: a length of four bytes, big-endian, then the payload.  The top bit of the length says that a
 * file descriptor comes with the frame (SCM_RIGHTS).  Pure: bytes in, frames out, any split. */
#ifndef LIB_CTL_FRAME_H
#define LIB_CTL_FRAME_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HL_FRAME_HEADER 4
#define HL_FRAME_MAX    (256 * 1024) /* a listing of some thousand rows */

typedef struct {
    GByteArray *buffer; /* received and not yet handed out: at most one frame and one read */
    gsize used;         /* of buffer, already handed out */
} HlFrameParser;

typedef enum {
    HL_FRAME_READY,
    HL_FRAME_MORE,     /* not complete yet */
    HL_FRAME_TOO_LONG, /* the length exceeds HL_FRAME_MAX: the stream cannot be used any further */
} HlFrameResult;

void hl_frame_parser_init(HlFrameParser *parser);
void hl_frame_parser_clear(HlFrameParser *parser);

void hl_frame_parser_feed(HlFrameParser *parser, const void *data, gsize size);

/* The next whole frame; *frame is the caller's.  On HL_FRAME_TOO_LONG *length is the length that was refused. */
HlFrameResult hl_frame_parser_next(HlFrameParser *parser, GBytes **frame, bool *with_fd, uint32_t *length);

/* Header and payload for the wire. */
GBytes *hl_frame_pack(GBytes *payload, bool with_fd);

#endif
