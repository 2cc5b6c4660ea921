/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: what each sender may send (manager/core/quota.h), asked in the thread that brings the messages, before they
 * are copied; so that nobody's flood fills the way to the loop.
 *
 * Anyone who floods is shut out at once and told of on the loop; what is done about it is floods.h.  A sender is the
 * name in the topic: the broker's access list makes that its certificate's.  Only those who used something within the
 * last minute take memory. */
#ifndef MANAGER_DAEMON_GROUND_GATE_H
#define MANAGER_DAEMON_GROUND_GATE_H

#include "lib/bus/bus.h"
#include "manager/core/quota.h"

typedef struct MgrGate MgrGate;

/* On the loop: this sender floods, or, being shut out, goes on (once a second at most). */
typedef void (*MgrGateFlooded)(const char *sender, MgrQuotaKind kind, gpointer user);

MgrGate *mgr_gate_new(void);

/* The loop's side, and only once nobody asks any longer. */
void mgr_gate_free(MgrGate *gate);

/* Who is told of floods; before the first message. */
void mgr_gate_attach(MgrGate *gate, MgrGateFlooded flooded, gpointer user);

/* Any thread; user is the gate: HlBusEntrance.  Calls come before what endpoints say: somebody waits for the answer,
 * and after a start everybody else is heard of first. */
HlBusAdmission mgr_gate_admit(const char *topic, gsize size, gpointer user);

/* A sender that was shut out may send again. */
void mgr_gate_open(MgrGate *gate, const char *sender);

/* Once a second: forgets who has used nothing lately. */
void mgr_gate_tick(MgrGate *gate);

typedef struct {
    uint64_t refused; /* messages */
    gsize senders;    /* in memory */
} MgrGateCounts;

MgrGateCounts mgr_gate_count(MgrGate *gate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrGate, mgr_gate_free)

#endif
