/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of holdline-endpoint; call->user is an EpTool. */
#ifndef ENDPOINT_CLI_COMMANDS_H
#define ENDPOINT_CLI_COMMANDS_H

#include "endpoint/core/conf.h"
#include "lib/base/cli.h"

typedef struct {
    EpConf conf;
    int status; /* exit status of a call that did not fail: `scan` reports by it whether it found something */
} EpTool;

/* Reads the configuration file and the options that override it. */
bool ep_tool_load(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool ep_cmd_enrol(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_status(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_doctor(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_update_now(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_upgrade(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_rollback(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_scan(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_detections(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_quarantine_list(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_quarantine_restore(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_quarantine_delete(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_cmd_simple(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* schedule, skip-scan, stop */
bool ep_cmd_history(HlInvocation *call, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
