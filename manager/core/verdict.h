/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict: what the two statuses and the last dial say together, and the sentences that explain it.  Pure. */
#ifndef MANAGER_CORE_VERDICT_H
#define MANAGER_CORE_VERDICT_H

#include "manager/core/displayed.h"
#include "manager/core/presence.h"
#include "manager/core/reach.h"
#include "manager/core/sentence.h"

typedef enum {
    MGR_VERDICT_UNVERIFIED,
    MGR_VERDICT_AGREE_ONLINE,
    MGR_VERDICT_AGREE_OFFLINE,
    MGR_VERDICT_HIDDEN_BY_NAT, /* works, shown Offline: the dial cannot reach it */
    MGR_VERDICT_GHOST_ONLINE,  /* gone, still shown Online */
    MGR_VERDICT_WRONG_HOST,    /* from the server, the registered address belongs to another machine */
    MGR_VERDICT_N,
} MgrVerdict;

/* "hidden-by-nat", ... */
const char *mgr_verdict_name(MgrVerdict verdict);

typedef struct {
    const MgrPresence *presence;
    const MgrDisplay *display;
    MgrReach reach;
    const char *reach_detail; /* what the last dial met with; NULL: nothing to add */
    HlTime dialled_mono;      /* of the last dial; with reach other than not-probed */
    const char *address;      /* as registered; NULL or "": none */
    unsigned port;            /* 0: it does not listen */
    const char *late;    /* how it came back after its certificate had ended, as of late_renewal.h; NULL: it did not */
    HlTime late_wall;    /* when */
    bool is_left_behind; /* its certificate is of an authority that has ended */
} MgrVerdictFacts;

/* The verdict; MGR_VERDICT_UNVERIFIED while the actual status is merely kept. */
MgrVerdict mgr_verdict_of(const MgrVerdictFacts *facts);

/* Why it is shown as it is, what its line says, and what else is odd. */
typedef struct {
    MgrSentence sentences[MGR_SENTENCES_MAX]; /* borrowed from here and from the facts */
    gsize n;
    char *address;
} MgrExplanation;

void mgr_verdict_explain(const MgrVerdictFacts *facts, MgrNow now, MgrExplanation *explanation);
void mgr_explanation_clear(MgrExplanation *explanation);

/* In English: "shown Offline because 192.168.1.20:61000 did not answer (timeout); the endpoint's own line is up, last
 * heartbeat 12 s ago".  Caller frees. */
char *mgr_explanation_word(const MgrExplanation *explanation);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrExplanation, mgr_explanation_clear)

#endif
