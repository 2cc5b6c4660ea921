/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked once is done once: calls that come with a key (Idempotency-Key of the REST interface; the CLI has one
 * for each call that changes something, and asks again where its line broke).
 *
 * A key is an account's, for a day.  One that came with the account's own certificate is of a program that waits for
 * the answer: it lasts an hour, and the oldest of them give way.  Its first call claims it.  That it was done is
 * in the registry with the change itself, what was answered before the answer goes out; so a call that comes again with
 * the key is answered the same, also by a manager that has started since, and does nothing.  A call that did nothing
 * gives its key back.
 *
 * Answers with secrets stay in memory alone, as what they tell is nowhere else either.  Loop thread. */
#ifndef MANAGER_DAEMON_CALLS_ONCE_H
#define MANAGER_DAEMON_CALLS_ONCE_H

#include "lib/base/json.h"
#include "manager/core/role.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "proto/messages.h"

/* Bounds of an account: so much with sessions, and as much each with tokens and with its own certificate. */
#define MGR_ONCE_LIFE       HL_DAY
#define MGR_ONCE_OWN_LIFE   HL_HOUR /* with the own certificate */
#define MGR_ONCE_MAX_KEYS   1000
#define MGR_ONCE_MAX_BYTES  (8 * 1024 * 1024)   /* of their answers */
#define MGR_ONCE_MAX_ANSWER ((gsize)128 * 1024) /* a longer one is not kept: half of what a message holds */

typedef struct MgrOnce MgrOnce;

typedef struct {
    MgrRecord *record;
    const MgrFleet *fleet;
} MgrOnceOptions;

/* What cannot be read is logged, and is done again if it is asked for again. */
MgrOnce *mgr_once_new(const MgrOnceOptions *options);
/* After the calls that hold claims. */
void mgr_once_free(MgrOnce *once);

/* What was answered; code "": success. */
typedef struct {
    char *code, *message, *json;
    bool is_under_way; /* nothing yet: the first call with the key is not over */
} MgrOnceAnswer;

void mgr_once_answer_clear(MgrOnceAnswer *answer);

/* A key that belongs to a call under way. */
typedef struct MgrClaim MgrClaim;

typedef enum {
    MGR_ONCE_FIRST,   /* *claim is the caller's */
    MGR_ONCE_AGAIN,   /* *answer is what was answered */
    MGR_ONCE_REFUSED, /* *error: EXISTS (for another call, still under way, which *answer says, or the answer is not
                         known any more), LIMIT, INVALID */
} MgrOnceResult;

/* Whether a key of this call counts: not where what is answered is good for one only, the last. */
bool mgr_once_takes(const HlMsgCall *message);

/* A call with a key, after it was checked that the caller may make it.  pass: id of the session or token that it came
 * with; the key is the token's, or of all sessions of the account; NULL: none.  now: wall. */
MgrOnceResult mgr_once_claim(MgrOnce *once, const MgrCaller *caller, const char *pass, const HlMsgCall *message,
                             HlTime now, MgrClaim **claim, MgrOnceAnswer *answer, GError **error);

/* With the change, in its set. */
void mgr_claim_note(const MgrClaim *claim, HlWriteSet *set);

/* A part of the answer that has gone out, with its size.  Arrays of one name are one, as for who receives them. Nothing
 * is held of an answer that is too long to be kept. */
void mgr_claim_gather(MgrClaim *claim, const json_t *part, gsize size);

/* Whether the change is in the registry. */
bool mgr_claim_is_done(const MgrClaim *claim);

/* It was noted, and came to nothing: what is on its way to the registry does not stay there. */
void mgr_claim_take_back(const MgrClaim *claim);

/* The answer: the parts and the last one (NULL: nothing), or an error. */
void mgr_claim_keep(MgrClaim *claim, HlWriteSet *set, const GError *error, const json_t *last);

typedef enum { MGR_CLAIM_UNDONE, MGR_CLAIM_DONE } MgrClaimEnd;

/* Takes the claim: nothing was done, or what mgr_claim_keep wrote is committed. */
void mgr_claim_end(MgrClaim *claim, MgrClaimEnd end);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrOnce, mgr_once_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrOnceAnswer, mgr_once_answer_clear)

#endif
