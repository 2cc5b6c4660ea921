/* SPDX-License-Identifier: Apache-2.0 */
/* Nagle's algorithm holds a short message back until the other side has acknowledged the one before, and the other side
 * delays that by 40 ms: an answer behind a PUBACK would wait for it.  paho neither switches it off nor hands out its
 * socket, so the socket is looked for. */
#ifndef LIB_BUS_NODELAY_H
#define LIB_BUS_NODELAY_H

#include <stdint.h>

/* Sets TCP_NODELAY for each TCP connection of this process to that port (host byte order), no matter who the peer is:
 * for one that is not the caller's it changes no more than when its segments leave.  Returns how many there are.  Any
 * thread.
 */
unsigned hl_nodelay_to(uint16_t port);

#endif
