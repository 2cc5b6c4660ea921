/* SPDX-License-Identifier: Apache-2.0 */
/* One update of an endpoint: what is asked for, in which order, and what is reported about it.
 *
 * Settings, then patterns, then the program (B17).  No step waits for another to succeed: settings that do not come
 * cost a few seconds, patterns that fail leave the program's step to be reported, and a program upgrade that is blocked
 * or not offered holds up nothing.  Pure; times are mono. */
#ifndef ENDPOINT_CORE_ROUND_H
#define ENDPOINT_CORE_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "lib/base/clock.h"

/* ---------------------------------------------------------------------------------------------------- the sources */

/* Where patterns may come from, in the group's order (B15). */
typedef struct {
    char *name; /* server, activeupdate, or source-N: its position in the list */
    char *url;  /* metadata/ and targets/ are below it */
} EpSource;

typedef struct {
    const char *const *sources;   /* as in the settings (proto/source.h); ends with NULL */
    const char *const *addresses; /* this machine's own; ends with NULL */
    const char *activeupdate;     /* its URL; "": not set */
    const char *const *servers;   /* URLs of the server, in the order of attempts; ends with NULL */
} EpSourcesWanted;

/* "server" is there once for each of its URLs: one repository at several places.  Left out: what is for other networks,
 * what has no known URL, and what is already in the list.  Free with g_ptr_array_unref. */
GPtrArray *ep_round_sources(const EpSourcesWanted *wanted);

/* ------------------------------------------------------------------------------------------------------ the steps */

/* How long an update that nobody waits for gives the line to come up and bring settings, after the machine started or
 * woke up.  What is already on its way down the line arrives within a fraction of the grace. */
#define EP_ROUND_PATIENCE (10 * HL_SECOND)
#define EP_ROUND_GRACE    HL_SECOND

typedef struct {
    HlTime until;    /* until when to wait for settings */
    HlTime up_since; /* when the line was first seen up; 0: never */
} EpRound;

/* eager: somebody is waiting, or the order came down the line. */
void ep_round_begin(EpRound *round, bool eager, HlTime now);

/* Whether the settings' step is over, because its result is known or no longer waited for. */
bool ep_round_settings_done(EpRound *round, bool line_up, HlTime now);

typedef struct {
    const char *patterns; /* what became of them, for people */
    const char *group;    /* of the settings in force; NULL: none */
    uint64_t version;
    bool line_up;
    const char *program; /* what becomes of it, for people (ep_upgrade_tell) */
} EpRoundFacts;

/* The three results in order, as in the update notification.  Caller frees. */
char *ep_round_tell(const EpRoundFacts *facts);

#endif
