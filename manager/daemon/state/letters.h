/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager signs for endpoints, on its way down.
 *
 * A signature costs more than all else that a command needs.  So what is sent between mgr_letters_gather and
 * mgr_letters_flush waits for the flush, and is signed together (lib/pki/batch.h); the order stays.  Not for endpoints
 * that do not open such envelopes, and not outside of the two: that goes at once, each with a signature of its own. */
#ifndef MANAGER_DAEMON_STATE_LETTERS_H
#define MANAGER_DAEMON_STATE_LETTERS_H

#include "manager/daemon/ground/down.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/sealer.h"

typedef struct MgrLetters MgrLetters;

/* Whether it went down; user and item are the letter's. */
typedef void (*MgrLetterDone)(bool sent, gpointer user, gpointer item);

typedef struct {
    const MgrEndpoint *endpoint; /* in the fleet until it is flushed */
    HlTopic topic;
    const char *context;
    GBytes *payload; /* encoded; borrowed */
    HlTime expiry;
    MgrLetterDone done; /* once: before mgr_letters_send returns, or in the flush; NULL: nobody asks */
    gpointer user, item;
} MgrLetter;

MgrLetters *mgr_letters_new(MgrDown *down, const MgrSealer *sealer);
void mgr_letters_free(MgrLetters *letters);

/* What follows waits, until as many as one signature is good for are there, or the flush. */
void mgr_letters_gather(MgrLetters *letters);
void mgr_letters_flush(MgrLetters *letters);

/* front: of HL_TOPIC_ACK, whose envelope goes inside of an Ack, the rest of that (encoded; borrowed); else NULL. */
void mgr_letters_send(MgrLetters *letters, const MgrLetter *letter, GBytes *front);

/* Signatures made. */
uint64_t mgr_letters_signatures(const MgrLetters *letters);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLetters, mgr_letters_free)

#endif
