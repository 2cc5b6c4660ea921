/* SPDX-License-Identifier: Apache-2.0 */
/* Why the broker cannot be reached, and the sentence that a person reads about it.  Pure. */
#ifndef LIB_BUS_CAUSE_H
#define LIB_BUS_CAUSE_H

#include "lib/base/clock.h"

/* In the order in which diagnosis.c looks for them: what stands in the way first is what must be repaired first. */
typedef enum {
    HL_CAUSE_NONE,     /* the second look found nothing wrong */
    HL_CAUSE_UNUSABLE, /* the own files */
    HL_CAUSE_OWN_ENDED,
    HL_CAUSE_OWN_NOT_YET,
    HL_CAUSE_NO_NAME,
    HL_CAUSE_NAME_SERVERS, /* that of them which do not answer */
    HL_CAUSE_REFUSED,
    HL_CAUSE_NO_ROUTE,
    HL_CAUSE_SILENT,
    HL_CAUSE_BROKEN,
    HL_CAUSE_PROXY_LOGIN,
    HL_CAUSE_PROXY_DENIES,
    HL_CAUSE_PROXY_FAILS,
    HL_CAUSE_PROXY_STRANGE,
    HL_CAUSE_PROXY_SILENT,
    HL_CAUSE_OTHER_AUTHORITY,
    HL_CAUSE_OTHER_NAMES,
    HL_CAUSE_SERVER_ENDED,
    HL_CAUSE_SERVER_NOT_YET,
    HL_CAUSE_SERVER_INVALID,
    HL_CAUSE_TURNED_AWAY,
    HL_CAUSE_UNKNOWN_AUTHORITY,
    HL_CAUSE_NO_AGREEMENT,
    HL_CAUSE_NOT_TLS,
    HL_CAUSE_CLOSED,
    HL_CAUSE_STALLED,
    HL_N_CAUSES,
} HlCause;

/* What a sentence may need; "" or 0 where it does not.  Borrowed. */
typedef struct {
    const char *place;  /* whom the connection was made to: "that address", "the proxy HOST:PORT" */
    const char *host;   /* that was resolved, or that the certificate must be for */
    const char *file;   /* the own certificate, or the authority's */
    const char *detail; /* in the words of the system, the other side or paho */
    HlTime date;        /* of a certificate */
    HlTime now;         /* this machine's clock */
} HlCauseFacts;

/* Whether nobody was met who could have said anything: nothing that this machine sent was found wanting. */
bool hl_cause_is_absence(HlCause cause);

/* "refused", "other-authority", ...: for programs. */
const char *hl_cause_name(HlCause cause);

/* One printable line without a full stop, to follow the broker's address and a colon.  Caller frees. */
char *hl_cause_sentence(HlCause cause, const HlCauseFacts *facts);

#endif
