/* Down the line: signed settings and commands for one endpoint. */
#ifndef MANAGER_DAEMON_DELIVERY_H
#define MANAGER_DAEMON_DELIVERY_H

#include "manager/core/path.h"
#include "manager/daemon/manager.h"

/* How its group is delivered to, what holds it back. */
MgrRecipient mgr_delivery_recipient(const MgrEndpoint *endpoint);

/* The signed settings of its group, addressed to the endpoint ("" for a bundle).  Free with hl_wire_free. */
HlMsgEnvelope *mgr_delivery_settings(const Manager *manager, const MgrGroup *group, const char *endpoint,
                                     uint64_t counter, MgrPath path);

/* Sends the settings if the endpoint is up, does not have them, and its group's delivery allows it on this occasion. */
void mgr_delivery_push_settings(Manager *manager, MgrEndpoint *endpoint, MgrOccasion occasion);

/* Sends one open command, under the same conditions. */
void mgr_delivery_push_command(Manager *manager, MgrTarget *target, MgrOccasion occasion);

/* Everything that is missing: at a birth, or at an occasion for work. */
void mgr_delivery_push_all(Manager *manager, MgrEndpoint *endpoint, MgrOccasion occasion);

/* Its group's settings changed, or its group: sends what is missing, or, where the line is not the way of delivery,
 * withdraws what the broker still keeps for it. */
void mgr_delivery_regroup(Manager *manager, MgrEndpoint *endpoint);

/* A new certificate, as a signed command. */
void mgr_delivery_push_certificate(Manager *manager, MgrEndpoint *endpoint, const HlCert *cert);

/* Empties the retained topics of an endpoint that was removed. */
void mgr_delivery_forget(Manager *manager, const char *endpoint);

#endif
