/* SPDX-License-Identifier: Apache-2.0 */
/* What goes down to one endpoint: signed settings and commands, acknowledgements of its reports, probes.
 *
 * Decides whether it may go now (manager/core/path.h), not what it is.  Settings are state: sent until the endpoint
 * says that it has them.  Commands are sent to a line that is up, and again at each birth until they are final. */
#ifndef MANAGER_DAEMON_STATE_DELIVERY_H
#define MANAGER_DAEMON_STATE_DELIVERY_H

#include "lib/pki/cert.h"
#include "lib/pki/signing.h"
#include "manager/core/conf.h"
#include "manager/core/path.h"
#include "manager/daemon/ground/record.h"
#include "manager/daemon/ground/sealer.h"
#include "manager/daemon/state/notices.h"
#include "manager/daemon/state/payloads.h"
#include "manager/daemon/state/status.h"
#include "proto/messages.h"

typedef struct MgrDelivery MgrDelivery;

typedef struct {
    const MgrConf *conf; /* status.unreachable-poll */
    MgrFleet *fleet;
    MgrDown *down;
    MgrRecord *record;
    MgrStatus *status;
    const MgrSealer *sealer;
} MgrDeliveryOptions;

MgrDelivery *mgr_delivery_new(const MgrDeliveryOptions *options);
void mgr_delivery_free(MgrDelivery *delivery);

/* How a group is delivered to, for one of it that is not enrolled yet. */
MgrRecipient mgr_delivery_newcomer(const MgrGroup *group);

/* The same for one that is, and what holds it back. */
MgrRecipient mgr_delivery_recipient(const MgrEndpoint *endpoint);

/* The signed settings of a group, for the addressee.  Free with hl_wire_free. */
HlMsgEnvelope *mgr_delivery_envelope(const MgrDelivery *delivery, MgrGroup *group, const MgrAddressee *to);

/* Sends the settings if the endpoint is up, does not have them, and its group's delivery allows it on this occasion. */
void mgr_delivery_settings(MgrDelivery *delivery, MgrEndpoint *endpoint, MgrOccasion occasion);

/* Whether a command would go to it now. */
bool mgr_delivery_reaches(const MgrEndpoint *endpoint, MgrOccasion occasion);

/* Sends one open command, or its cancellation, under the same conditions.  What is queued is written as sent first and
 * goes after the commit: whatever happens to the manager, the registry never says that an endpoint cannot have it. */
void mgr_delivery_command(MgrDelivery *delivery, MgrTarget *target, MgrOccasion occasion);

/* ---- what concerns many: it goes in slices between the loop's other work, no faster than the broker takes it, the
 * endpoint that was put in first before the others of its broker.  Nothing of it leaves before mgr_delivery_pump. */

/* A new command that was written as sent; if it cannot leave when its turn comes it is taken back to queued. */
void mgr_delivery_push_command(MgrDelivery *delivery, MgrTarget *target);

/* As mgr_delivery_regroup. */
void mgr_delivery_push_settings(MgrDelivery *delivery, MgrEndpoint *endpoint);

/* Everything that is missing, to one that the broker says is up: its own word comes later, with those of all others
 * spread over a time, when the manager was away.  Leaves by itself. */
void mgr_delivery_push_missing(MgrDelivery *delivery, MgrEndpoint *endpoint);

/* At a birth: everything that is missing, but for commands that this session was sent since the manager's start. */
void mgr_delivery_born(MgrDelivery *delivery, MgrEndpoint *endpoint);

/* Sends a slice, and the rest later by itself. */
void mgr_delivery_pump(MgrDelivery *delivery);
/* Something of it is still to go. */
bool mgr_delivery_is_busy(const MgrDelivery *delivery);

/* Everything that is missing: at a birth, or at an occasion for work.  An endpoint that asks too often waits, until its
 * quota (manager/core/quota.h) is back. */
void mgr_delivery_all(MgrDelivery *delivery, MgrEndpoint *endpoint, MgrOccasion occasion);

/* Its group's settings changed, or its group: sends what is missing, or, where the line is not the way of delivery,
 * withdraws what the broker still keeps for it. */
void mgr_delivery_regroup(MgrDelivery *delivery, MgrEndpoint *endpoint);

/* The broker keeps no settings for it. */
void mgr_delivery_withdraw(MgrDelivery *delivery, const MgrEndpoint *endpoint);

/* Another key signs from now on: what the broker keeps for endpoints was signed with the one before, and would be
 * refused. It is withdrawn, and those on line are sent what they lack. */
void mgr_delivery_resign(MgrDelivery *delivery);

/* A new certificate, as a signed command. */
void mgr_delivery_certificate(MgrDelivery *delivery, MgrEndpoint *endpoint, const HlCert *cert);

/* Empties the retained topics of an id that is not, or no longer, in the fleet. */
void mgr_delivery_clear_retained(MgrDelivery *delivery, const char *id);

/* Empties those that are kept for an endpoint that is revoked. */
void mgr_delivery_withdraw_all(MgrDelivery *delivery, const MgrEndpoint *endpoint);

/* The notices that go between the rest: answers to births, acknowledgements. */
MgrNotices *mgr_delivery_notices(const MgrDelivery *delivery);

/* Some fifty times a second: notices that were gathered, and deliveries that waited. */
void mgr_delivery_flush_acks(MgrDelivery *delivery);

/* Asks down the line for an echo of this number. */
void mgr_delivery_probe(MgrDelivery *delivery, const MgrEndpoint *endpoint, uint64_t nonce);

/* The endpoint is about to be removed from the fleet. */
void mgr_delivery_forget(MgrDelivery *delivery, MgrEndpoint *endpoint);

typedef struct {
    uint64_t settings, commands; /* sent */
    uint64_t signatures;         /* made: one may be for many */
} MgrDeliveryCounts;

MgrDeliveryCounts mgr_delivery_count(const MgrDelivery *delivery);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrDelivery, mgr_delivery_free)

#endif
