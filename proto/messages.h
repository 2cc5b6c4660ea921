/* SPDX-License-Identifier: Apache-2.0 */
/* The generated messages under short names, and g_autoptr for what hl_wire_decode returns: HlMsgLink, HL_TYPE_LINK. */
#ifndef PROTO_MESSAGES_H
#define PROTO_MESSAGES_H

#include <glib.h>

#include "proto/holdline.pb-c.h"

void hl_wire_free(gpointer message); /* proto/wire.h */

#define HL_MESSAGE(short_name, Generated)         \
    typedef Holdline__V1__##Generated short_name; \
    G_DEFINE_AUTOPTR_CLEANUP_FUNC(short_name, hl_wire_free)

HL_MESSAGE(HlMsgComponent, Component)
HL_MESSAGE(HlMsgRegistration, Registration)
HL_MESSAGE(HlMsgAppliedSettings, AppliedSettings)
HL_MESSAGE(HlMsgAppliedServer, AppliedServer)
HL_MESSAGE(HlMsgLink, Link)
HL_MESSAGE(HlMsgHeartbeat, Heartbeat)
HL_MESSAGE(HlMsgCommandReport, CommandReport)
HL_MESSAGE(HlMsgUpdateNotification, UpdateNotification)
HL_MESSAGE(HlMsgRefusal, Refusal)
HL_MESSAGE(HlMsgCertificateRequest, CertificateRequest)
HL_MESSAGE(HlMsgCertificateShown, CertificateShown)
HL_MESSAGE(HlMsgSettingsPoll, SettingsPoll)
HL_MESSAGE(HlMsgDetection, Detection)
HL_MESSAGE(HlMsgScanResult, ScanResult)
HL_MESSAGE(HlMsgQuarantine, Quarantine)
HL_MESSAGE(HlMsgQuarantinedFile, QuarantinedFile)
HL_MESSAGE(HlMsgScanGap, ScanGap)
HL_MESSAGE(HlMsgProgramUpgrade, ProgramUpgrade)
HL_MESSAGE(HlMsgReport, Report)
HL_MESSAGE(HlMsgEcho, Echo)
HL_MESSAGE(HlMsgAck, Ack)
HL_MESSAGE(HlMsgLineNotice, LineNotice)
HL_MESSAGE(HlMsgProbe, Probe)
HL_MESSAGE(HlMsgManagerState, ManagerState)
HL_MESSAGE(HlMsgEnvelope, SignedEnvelope)
HL_MESSAGE(HlMsgSetting, Setting)
HL_MESSAGE(HlMsgSettingsDocument, SettingsDocument)
HL_MESSAGE(HlMsgServerDocument, ServerDocument)
HL_MESSAGE(HlMsgCommand, Command)
HL_MESSAGE(HlMsgBundle, Bundle)
HL_MESSAGE(HlMsgEnrolRequest, EnrolRequest)
HL_MESSAGE(HlMsgRenewRequest, RenewRequest)
HL_MESSAGE(HlMsgEnrolReply, EnrolReply)
HL_MESSAGE(HlMsgArgument, Argument)
HL_MESSAGE(HlMsgCall, Call)
HL_MESSAGE(HlMsgCallReply, CallReply)

#endif
