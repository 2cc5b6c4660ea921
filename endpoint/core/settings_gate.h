/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a settings document is accepted.  The signature has been checked before (that needs the pinned key), the
 * values are parsed afterwards; this decides on addressee, expiry, counter and digest.  See docs/protocol.md,
 * "Settings".
 *
 * A higher counter is newer: nothing that was sent before comes back.  Counters follow the manager's clock, so one that
 * is more than a day ahead of the manager's time, as its notices for this connection give it, was issued by a wrong
 * clock, and would keep everything else out for as long.  It is superseded by a document whose counter is possible and
 * that was signed for this connection: an old document cannot have been.
 *
 * Pure. */
#ifndef ENDPOINT_CORE_SETTINGS_GATE_H
#define ENDPOINT_CORE_SETTINGS_GATE_H

#include "lib/base/clock.h"

typedef struct {
    const char *endpoint; /* addressee */
    uint64_t counter;
    uint64_t session; /* of the line that it was signed for; 0: none */
    HlTime expires;   /* 0: never */
    GBytes *digest;   /* as stated in the document */
    GBytes *computed; /* over its content */
    const char *path;
    bool independent; /* what it says about independent mode */
} EpSettingsOffer;

typedef struct {
    const char *endpoint;
    bool applied; /* something is in force: */
    uint64_t counter;
    GBytes *digest;
    const char *path;
    bool independent;
    uint64_t session; /* of the line that it came down; 0: none */
    HlTime server;    /* the manager's time as its notices tell it; 0: not known */
    HlTime now;       /* wall */
} EpSettingsView;

typedef enum {
    EP_SETTINGS_TAKE,
    EP_SETTINGS_ALREADY,        /* already in force, came again by the same path: nothing to do */
    EP_SETTINGS_ALREADY_REPORT, /* already in force, came by a new path: report it */
    EP_SETTINGS_INDEPENDENT,    /* independent mode accepts no settings except those that end it */
    EP_SETTINGS_WRONG_ENDPOINT,
    EP_SETTINGS_EXPIRED,
    EP_SETTINGS_REPLAYED,
    EP_SETTINGS_COLLIDES, /* another document under the counter in force: the registry was restored from a backup */
    EP_SETTINGS_INVALID,  /* the digest does not match the values */
} EpSettingsVerdict;

EpSettingsVerdict ep_settings_judge(const EpSettingsOffer *offer, const EpSettingsView *view);

#endif
