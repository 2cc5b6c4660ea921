/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps the endpoint from its work, for the status: a store that cannot be written, an identity that cannot be
 * used.
 *
 * A part that fails to store something says so here and abandons the change: nothing was acknowledged, so the manager
 * sends it again.  A minute later the retry callback asks for that.  Loop thread. */
#ifndef ENDPOINT_DAEMON_GROUND_TROUBLE_H
#define ENDPOINT_DAEMON_GROUND_TROUBLE_H

#include "endpoint/daemon/ground/pulse.h"

#define EP_TROUBLE_RETRY HL_MINUTE

typedef struct EpTrouble EpTrouble;

typedef struct {
    EpPulse *pulse;               /* borrowed; may be NULL */
    void (*retry)(gpointer user); /* once, EP_TROUBLE_RETRY after the first failure since the last retry */
    gpointer user;
} EpTroubleOptions;

/* Never NULL. */
EpTrouble *ep_trouble_new(const EpTroubleOptions *options);
void ep_trouble_free(EpTrouble *trouble);

/* what: the object in words, "a command". */
void ep_trouble_store_failed(EpTrouble *trouble, const char *what, const GError *error);
void ep_trouble_store_worked(EpTrouble *trouble);

/* The identity on disk cannot be used, and why; NULL: it can. */
void ep_trouble_set_identity(EpTrouble *trouble, const char *problem);

typedef struct {
    const char *text; /* NULL: no trouble */
    HlTime at;        /* wall: of the last failure */
} EpTroubleView;

/* The worst: without an identity nothing else matters.  Borrowed until the next call. */
EpTroubleView ep_trouble_view(const EpTrouble *trouble);

#endif
