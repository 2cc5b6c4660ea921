/* SPDX-License-Identifier: Apache-2.0 */
/* What the classic console would show: feeds the displayed status (manager/core/displayed.h), has endpoints dialled,
 * notifies, verifies, and hands out work on the documented occasions.
 *
 * Never touches the actual status.  The dialling itself is not here: a function that posts a dial is given at creation,
 * and its result comes back by mgr_console_dialled. */
#ifndef MANAGER_DAEMON_STATE_CONSOLE_STATE_H
#define MANAGER_DAEMON_STATE_CONSOLE_STATE_H

#include "manager/daemon/ground/prober.h"
#include "manager/daemon/state/delivery.h"

typedef struct MgrConsole MgrConsole;

/* Options of [status], checked; taken over by mgr_console_apply. */
typedef struct {
    MgrUnreachable unreachable;
    HlTime inactive_after, remove_after, verification;
} MgrConsolePolicy;

/* The message names the option that breaks a rule.  *policy is zeroed before; clear it whatever comes. */
bool mgr_console_policy_init(MgrConsolePolicy *policy, const MgrConf *conf, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_console_policy_clear(MgrConsolePolicy *policy);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrConsolePolicy, mgr_console_policy_clear)

/* false: too many dials wait already. */
typedef bool (*MgrConsoleDial)(const MgrDial *dial, gpointer user);

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    MgrDelivery *delivery;
    MgrConsoleDial dial;
    gpointer user; /* for dial */
} MgrConsoleOptions;

MgrConsole *mgr_console_new(const MgrConsoleOptions *options);
void mgr_console_free(MgrConsole *console);

/* Takes the policy's contents; before the start, and at a reload, where all endpoints are judged again. */
void mgr_console_apply(MgrConsole *console, MgrConsolePolicy *policy);

/* Takes up what the registry says was under way. */
void mgr_console_start(MgrConsole *console);

/* Something happened to this endpoint that the console may show. */
void mgr_console_feed(MgrConsole *console, MgrEndpoint *endpoint, MgrDisplayEventKind kind);

/* Its registration was told: whether its own address is in an unreachable network may have changed. */
typedef enum { MGR_REGISTERED_AGAIN, MGR_REGISTERED_ANNOUNCED, MGR_REGISTERED_CHANGED } MgrRegistered;
void mgr_console_registered(MgrConsole *console, MgrEndpoint *endpoint, MgrRegistered how);

/* Settings were saved or a command was given (MgrNotifyWhat): documented groups are dialled. */
void mgr_console_want(MgrConsole *console, MgrEndpoint *endpoint, uint8_t what);

/* It has got there by another way. */
void mgr_console_settled(MgrConsole *console, MgrEndpoint *endpoint, uint8_t what);

/* The end of a dial. */
void mgr_console_dialled(MgrConsole *console, const MgrDialResult *result);

/* Dials these (MgrEndpoint *) now.  done is called when every one has answered or failed, perhaps before this returns;
 * destroy after it, or alone by mgr_console_free. */
typedef void (*MgrVerified)(gpointer user);
void mgr_console_verify(MgrConsole *console, const GPtrArray *endpoints, MgrVerified done, gpointer user,
                        GDestroyNotify destroy);

/* Once a second. */
void mgr_console_tick(MgrConsole *console);
/* Several times a second: the rest of what a tick has looked at a part of. */
void mgr_console_go_on(MgrConsole *console);

/* How many endpoints ticks have looked at since the start: as many as something was due for, however large the fleet
 * is. */
uint64_t mgr_console_looks(const MgrConsole *console);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrConsole, mgr_console_free)

#endif
