/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager keeps of an endpoint with which it has had to do since it started: what it heard of its line, sent
 * down it, dialled.  Nothing of it is stored.  Most of a large fleet is away, so this is there only for the others.
 *
 * Part of the fleet (fleet.h), on the loop thread; each member belongs to the part that its comment names. */
#ifndef MANAGER_DAEMON_GROUND_CONTACT_H
#define MANAGER_DAEMON_GROUND_CONTACT_H

#include <stdint.h>

#include <glib.h>

#include "manager/core/late_renewal.h"
#include "manager/core/notify.h"
#include "manager/core/quota.h"

/* All zero: nothing happened. */
typedef struct {
    HlTime skew;         /* its clock against the server's, at the last birth or heartbeat */
    bool has_told_clock; /* else skew is 0 */
    uint64_t refused, lost_heartbeats;

    /* reports: the last one that was submitted to the writer, perhaps not committed; spool NULL: none was, or it could
     * not be stored (mgr_endpoint_accepted) */
    char *accepted_spool;
    uint64_t accepted_seq, accepted_mark;
    MgrBucket report_pace; /* what they have used of the quota: it sets the pace of the acknowledgements */

    /* tracker: the probe under way, 0: none; how long the last one took */
    uint64_t probe_nonce;
    HlTime probe_mono, echo_ms;

    /* console state: what the last dial met with, for people; NULL: not dialled since the manager's start */
    char *reach_detail;
    HlTime dial_due_mono; /* 0: no dial was put off */
    HlTime dialled_mono;
    MgrNotify notify;

    /* floods: wall, 0: it is not held off; how often it was */
    HlTime held_off_until;
    uint64_t floods;

    /* late renewals: how it came back after its certificate had ended, and when (wall); 0: not as far as is known, or
     * it has another certificate since */
    HlTime late_at;
    MgrLateOutcome late;

    /* reports: number of the settings that it refused last, as invalid; 0: none */
    uint64_t refused_counter;

    /* status: last seen as the topic says it; 0: nothing yet */
    HlTime seen_told;

    /* registration */
    HlTime claim_due_mono; /* that it tells another's fingerprint is not noted again before */

    /* delivery */
    MgrBucket deliveries;
    uint64_t missing_session; /* that was sent what it lacked before its birth was heard; 0: none */
    uint64_t ack_session;     /* that the acknowledgement which is due answers */
    uint64_t heard_session;   /* of the last birth or report: what a notice answers; 0: none */
    GList *outgoing;          /* its place in a queue of what goes in slices; NULL: in none */
    GList *greeting;       /* notices: its place among those whose birth is to be answered; NULL: it has its answer */
    uint64_t born_session; /* notices: what that answer answers */
    guint late_occasions;  /* a bit each: what asked for more than its quota, and waits; 0: not in that queue */
    uint8_t outgoing_at;   /* number of that queue, as broker was when it was put in */
} MgrContact;

/* A report of an endpoint: its spool, number and mark. */
typedef struct {
    const char *spool;
    uint64_t seq, mark;
} MgrAccepted;

/* Copied; NULL: what was on its way to the registry was not stored. */
void mgr_contact_accept(MgrContact *contact, const MgrAccepted *accepted);

/* NULL is allowed. */
void mgr_contact_free(MgrContact *contact);

#endif
