/* SPDX-License-Identifier: Apache-2.0 */
/* The local control socket of a daemon, server side: frames (frame.h) over a Unix stream socket, on the GLib loop.
 *
 * Tells who the peer is (SO_PEERCRED); what that peer may do is the handler's business.  Bounded: clients, frame
 * length, bytes waiting for a slow reader, idle time.  A peer that exceeds a bound is disconnected, with a
 * (rate-limited) line in the log. */
#ifndef LIB_CTL_SERVER_H
#define LIB_CTL_SERVER_H

#include <sys/types.h>

#include "lib/base/clock.h"

typedef struct HlCtlServer HlCtlServer;
typedef struct HlCtlPeer HlCtlPeer; /* valid until closed has been called for it */

/* frame is borrowed; fd (-1: none) is the handler's to close.  peer may be kept, to answer later, until closed. */
typedef void (*HlCtlHandler)(HlCtlPeer *peer, GBytes *frame, int fd, gpointer user);

/* The connection is gone; hl_ctl_send does nothing from here on, and peer must not be used after this call. */
typedef void (*HlCtlClosed)(HlCtlPeer *peer, gpointer user);

/* All that was queued for this peer has gone out, after some of it had to wait. */
typedef void (*HlCtlDrained)(HlCtlPeer *peer, gpointer user);

typedef struct {
    const char *path;      /* at most 107 bytes; its directory must exist */
    mode_t mode;           /* of the socket: who may connect at all */
    GMainContext *context; /* NULL: the default context */
    HlCtlHandler handler;
    HlCtlClosed closed;   /* may be NULL */
    HlCtlDrained drained; /* may be NULL */
    gpointer user;
    guint max_peers; /* 0: 32; a user other than root gets at most half of them, and all of them an eighth less */
    HlTime idle;     /* a peer with no traffic for this long is disconnected; 0: 10 minutes */
    gsize max_queue; /* bytes waiting for one peer; 0: 4 MiB */
} HlCtlOptions;

/* A socket left behind by a dead process is replaced; one with a live owner is HL_ERROR_CONFLICT.  NULL on failure. */
HlCtlServer *hl_ctl_server_new(const HlCtlOptions *options, GError **error);

/* Closes all peers (closed is called) and removes the socket. */
void hl_ctl_server_free(HlCtlServer *server);

/* Queues a frame.  false: the connection is gone, or was closed now because its reader is too slow. */
bool hl_ctl_send(HlCtlPeer *peer, GBytes *frame);

/* The peer waits for an answer that may take longer than it may be idle: until as many releases it is not.  Who holds
 * it bounds the time. */
void hl_ctl_hold(HlCtlPeer *peer);
void hl_ctl_release(HlCtlPeer *peer);

/* The peer is no longer one of those that make a call and go: it is never disconnected for being idle, and takes none
 * of the places of max_peers, of its user or of all.  The caller bounds how many it keeps, and what else they may ask.
 */
void hl_ctl_keep(HlCtlPeer *peer);

/* Whether something waits for the peer to read. */
bool hl_ctl_is_waiting(const HlCtlPeer *peer);

uid_t hl_ctl_peer_uid(const HlCtlPeer *peer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlCtlServer, hl_ctl_server_free)

#endif
