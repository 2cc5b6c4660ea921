/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine's user may do.  The privileges are the administrator's decision in the group's settings; they bind
 * every user of the machine, including root, so that what the console shows is what happens.  Two exceptions: roll-back
 * is no privilege of the settings but reserved for the machine's administrator, and root may always scan: anyone who
 * looks into an incident must not have to ask for it.  Pure. */
#ifndef ENDPOINT_CORE_PRIVILEGE_H
#define ENDPOINT_CORE_PRIVILEGE_H

#include <sys/types.h>

#include "lib/base/error.h"

typedef enum {
    EP_ACT_ANYBODY, /* looking: needs no privilege */
    EP_ACT_UPDATE_NOW,
    EP_ACT_TOGGLE_SCHEDULE,
    EP_ACT_SCAN,
    EP_ACT_SKIP_SCAN,
    EP_ACT_STOP,
    EP_ACT_ADMINISTER, /* root, or the user that the daemon runs as */
    EP_N_ACTS,
} EpAct;

typedef struct {
    bool update_now, toggle_schedule, scan, skip_scan, stop;
} EpPrivileges;

typedef struct {
    uid_t caller, daemon;
    bool is_stranger; /* the machine: it is not enrolled, and no group gives its users anything */
} EpWho;

/* HL_ERROR_DENIED, with what is missing and who can grant it; HL_ERROR_NOT_FOUND: nobody can before it is enrolled. */
bool ep_privilege_check(EpAct act, const EpPrivileges *privileges, EpWho who, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
