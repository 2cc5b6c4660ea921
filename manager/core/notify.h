/* SPDX-License-Identifier: Apache-2.0 */
/* Documented notification (B16): the server dials an endpoint to say "settings changed" or "update now".
 *
 * One lane per endpoint: a plain struct with its own attempts and its own next time, and no queue that a dead endpoint
 * could block.  (The prober keeps first attempts ahead of repeats for the same reason.)  Pure. */
#ifndef MANAGER_CORE_NOTIFY_H
#define MANAGER_CORE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/now.h"

#define MGR_NOTIFY_INTERVAL (15 * HL_MINUTE)
#define MGR_NOTIFY_RETRIES  5 /* after the first attempt */

typedef enum { MGR_NOTIFY_SETTINGS = 1 << 0, MGR_NOTIFY_UPDATE_NOW = 1 << 1 } MgrNotifyWhat;

/* Zeroed: nothing to tell.  Not stored: after a restart it follows from comparing desired with applied settings. */
typedef struct {
    uint8_t wanted;   /* MgrNotifyWhat, or-ed: all told in one dial */
    uint8_t told;     /* what the dial under way tells */
    uint8_t attempts; /* failed so far */
    bool dialling;
    HlTime next_mono; /* of the next attempt while not dialling */
} MgrNotify;

typedef enum {
    MGR_NOTIFY_WANT,     /* what; restarts the attempts: somebody has just saved or clicked */
    MGR_NOTIFY_ANSWERED, /* the endpoint accepted what it was told */
    MGR_NOTIFY_FAILED,   /* the dial failed */
    MGR_NOTIFY_SETTLED,  /* what: it got there by another path (update notification, poll), or is no longer wanted */
    MGR_NOTIFY_TICK,
} MgrNotifyEventKind;

typedef struct {
    uint8_t dial;     /* dial now and tell this (or-ed); 0: no */
    bool retry;       /* with dial: not the first attempt */
    uint8_t given_up; /* what from now on waits for the endpoint's own next occasion */
} MgrNotifyEffects;

MgrNotifyEffects mgr_notify_step(MgrNotify *notify, MgrNotifyEventKind kind, uint8_t what, MgrNow now);

#endif
