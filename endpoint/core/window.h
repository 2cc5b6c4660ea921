/* SPDX-License-Identifier: Apache-2.0 */
/* The window over the report spool: which number goes out next, what an acknowledgement means.  See docs/protocol.md,
 * "Reports".  Only numbers; the reports themselves are rows in the daemon's database.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_WINDOW_H
#define ENDPOINT_CORE_WINDOW_H

#include "lib/base/clock.h"

#define EP_WINDOW_SIZE   64        /* reports under way at the same time */
#define EP_WINDOW_DAMPER HL_SECOND /* a burst of repeated acknowledgements causes one step back, not one each */
#define EP_WINDOW_STALL  (30 * HL_SECOND)

typedef struct {
    uint64_t acked; /* everything up to this is committed by the manager and forgotten here */
    uint64_t sent;  /* highest number sent since the line came up or went back; acked <= sent <= last */
    uint64_t last;  /* highest number spooled */
    bool up;
    HlTime moved_at;   /* when the window was opened, sent into while empty, or acknowledged */
    HlTime rewound_at; /* 0: not since the last progress */
} EpWindow;

typedef enum {
    EP_ACK_IGNORED, /* older than what is known */
    EP_ACK_FORGET,  /* acked moved: forget everything up to it */
    EP_ACK_REWOUND, /* the manager misses something: sent went back to acked */
    EP_ACK_STRANGE, /* it acknowledges what was never spooled: this database is older than what the manager knows */
} EpAck;

/* The line or a new manager is up: everything not acknowledged goes out again. */
void ep_window_open(EpWindow *window, HlTime now);
void ep_window_close(EpWindow *window);

/* The number to send now; false if there is none or the window is full. */
bool ep_window_next(const EpWindow *window, uint64_t *seq);
void ep_window_sent(EpWindow *window, uint64_t seq, HlTime now);

EpAck ep_window_ack(EpWindow *window, uint64_t seq, HlTime now);

/* Something is under way and nothing was acknowledged for EP_WINDOW_STALL: sent went back to acked. */
bool ep_window_stalled(EpWindow *window, HlTime now);

#endif
