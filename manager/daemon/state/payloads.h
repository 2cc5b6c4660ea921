/* SPDX-License-Identifier: Apache-2.0 */
/* What goes down to endpoints, encoded and not signed yet. */
#ifndef MANAGER_DAEMON_STATE_PAYLOADS_H
#define MANAGER_DAEMON_STATE_PAYLOADS_H

#include "manager/core/path.h"
#include "manager/daemon/ground/fleet.h"
#include "proto/messages.h"

typedef struct {
    const char *endpoint; /* "" for a bundle */
    uint64_t counter;
    uint64_t session; /* of the line that it goes down; 0: of none */
    MgrPath path;
} MgrAddressee;

/* Two parts of one encoded message: its fields may come in any order, and in parts.  Neither is NULL. */
GBytes *mgr_payload_join(GBytes *one, GBytes *other);

/* A SettingsDocument. */
GBytes *mgr_payload_settings(MgrGroup *group, const MgrAddressee *to);

/* A Command; its endpoint is there. */
GBytes *mgr_payload_command(const MgrTarget *target);
GBytes *mgr_payload_cancel(const MgrTarget *target);

/* What a signed notice says, in the old fields of Ack, which endpoints of 0.1.0 read and newer ones do not. */
GBytes *mgr_payload_front(const HlMsgLineNotice *notice);

#endif
