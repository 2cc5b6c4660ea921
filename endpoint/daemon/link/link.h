/* The line to the server: birth, will, heartbeats, echo, and what comes down (docs/protocol.md, "The line of an
 * endpoint"). */
#ifndef ENDPOINT_DAEMON_LINK_LINK_H
#define ENDPOINT_DAEMON_LINK_LINK_H

#include "endpoint/daemon/daemon.h"
#include "lib/bus/bus.h"

/* Starts to connect.  NULL on failure. */
EpLink *ep_link_new(EpDaemon *daemon, GError **error);
void ep_link_free(EpLink *link);

/* The spool's way out (EpSpoolSend); user is the daemon. */
bool ep_link_send_report(GBytes *report, gpointer daemon);

/* Heartbeat interval and broker addresses may be others now. */
void ep_link_settings_changed(EpLink *link);

/* Connects anew: other certificate, other session.  With the will dropped nobody is told: the line is as good as up. */
void ep_link_reconnect(EpLink *link, HlBusWill will);

/* Birth and unacknowledged reports again, at random inside this time. */
void ep_link_repeat_birth(EpLink *link, HlTime within);

/* Publishes the clean stop; done comes when the broker has it, or at once when the line is down. */
void ep_link_say_goodbye(EpLink *link, GSourceFunc done, gpointer user);

typedef enum { EP_LEAVE_UNINSTALLED, EP_LEAVE_MOVED } EpLeave;

/* Announces that this machine leaves its server for good (B10), just before the line is freed; a line that is down says
 * nothing. */
void ep_link_announce_leave(EpLink *link, EpLeave leave);

typedef struct {
    HlBusState state;
    const char *broker; /* of the link or the attempt; may be NULL */
    uint64_t session;
    HlTime since;           /* wall: of the state up or down; 0: never was up */
    const char *last_error; /* NULL: none since it was up */
    HlTime next_attempt;    /* wall; 0: none planned */
    uint64_t attempts;      /* failed ones since it was up */
} EpLinkView;

EpLinkView ep_link_view(const EpLink *link);

#endif
