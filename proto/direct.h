/* SPDX-License-Identifier: Apache-2.0 */
/* The direct dial: what the manager says to an endpoint's direct port, over mutual TLS, and nothing else.
 *
 * A request is 16 bytes, and so is its answer; one connection may carry several requests, one after the other.
 *
 *   0..3  "HLD1"   4  kind   5  answer (0 in a request)   6..7  zero   8..15  number, returned unchanged
 *
 * No payload: "settings changed" and "update now" only tell the endpoint to ask on its own line. */
#ifndef PROTO_DIRECT_H
#define PROTO_DIRECT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HL_DIRECT_SIZE 16

typedef enum {
    HL_DIRECT_PING = 1,
    HL_DIRECT_SETTINGS_CHANGED = 2,
    HL_DIRECT_UPDATE_NOW = 3,
} HlDirectKind;

typedef enum {
    HL_DIRECT_REQUEST = 0,
    HL_DIRECT_TAKEN = 1,
    HL_DIRECT_BUSY = 2,    /* too many requests in a short time */
    HL_DIRECT_UNKNOWN = 3, /* a kind unknown to this version */
} HlDirectAnswer;

typedef struct {
    uint8_t kind;   /* HlDirectKind; any other is answered with HL_DIRECT_UNKNOWN */
    uint8_t answer; /* HlDirectAnswer */
    uint64_t number;
} HlDirectFrame;

static inline void hl_direct_pack(const HlDirectFrame *frame, uint8_t bytes[HL_DIRECT_SIZE])
{
    memcpy(bytes, "HLD1", 4);
    bytes[4] = frame->kind;
    bytes[5] = frame->answer;
    bytes[6] = bytes[7] = 0;
    for (int i = 0; i < 8; i++)
        bytes[8 + i] = (uint8_t)(frame->number >> (56 - 8 * i));
}

/* false: not a frame of this protocol. */
static inline bool hl_direct_unpack(const uint8_t bytes[HL_DIRECT_SIZE], HlDirectFrame *frame)
{
    if (memcmp(bytes, "HLD1", 4) != 0 || bytes[6] != 0 || bytes[7] != 0)
        return false;
    *frame = (HlDirectFrame){ .kind = bytes[4], .answer = bytes[5] };
    for (int i = 0; i < 8; i++)
        frame->number = frame->number << 8 | bytes[8 + i];
    return true;
}

#endif
