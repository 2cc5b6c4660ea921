/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/command.h"

#include <string.h>

static const char *const kind_names[HL_N_KINDS] = {
    [HL_KIND_UNKNOWN] = "unknown",
    [HL_KIND_UPDATE_NOW] = "update-now",
    [HL_KIND_CANCEL] = "cancel",
    [HL_KIND_CERTIFICATE] = "certificate",
    [HL_KIND_ROLLBACK] = "rollback",
    [HL_KIND_SYNCHRONIZE] = "synchronize",
    [HL_KIND_SCAN] = "scan",
    [HL_KIND_STOP_SCAN] = "stop-scan",
    [HL_KIND_RESTORE] = "quarantine-restore",
    [HL_KIND_DELETE] = "quarantine-delete",
};

static const char *const state_names[HL_N_STATES] = {
    [HL_STATE_UNKNOWN] = "unknown",   [HL_STATE_QUEUED] = "queued",       [HL_STATE_SENT] = "sent",
    [HL_STATE_RECEIVED] = "received", [HL_STATE_STARTED] = "started",     [HL_STATE_SUCCEEDED] = "succeeded",
    [HL_STATE_FAILED] = "failed",     [HL_STATE_REJECTED] = "rejected",   [HL_STATE_TIMED_OUT] = "timed-out",
    [HL_STATE_EXPIRED] = "expired",   [HL_STATE_CANCELLED] = "cancelled",
};

/* The first and the last of each; between them both count up by one. */
G_STATIC_ASSERT((int)HL_KIND_UPDATE_NOW == (int)HOLDLINE__V1__COMMAND_KIND__KIND_UPDATE_NOW);
G_STATIC_ASSERT((int)HL_KIND_DELETE == (int)HOLDLINE__V1__COMMAND_KIND__KIND_DELETE);
G_STATIC_ASSERT((int)HL_STATE_QUEUED == (int)HOLDLINE__V1__COMMAND_STATE__COMMAND_QUEUED);
G_STATIC_ASSERT((int)HL_STATE_CANCELLED == (int)HOLDLINE__V1__COMMAND_STATE__COMMAND_CANCELLED);

/* 0, "unknown", is not a name that anything is stored under. */
static int value_of(const char *const *names, int count, const char *name)
{
    for (int i = 1; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return 0;
}

const char *hl_command_kind_name(HlCommandKind kind)
{
    g_assert(kind < HL_N_KINDS);
    return kind_names[kind];
}

const char *hl_command_state_name(HlCommandState state)
{
    g_assert(state < HL_N_STATES);
    return state_names[state];
}

HlCommandKind hl_command_kind_from_name(const char *name)
{
    return (HlCommandKind)value_of(kind_names, HL_N_KINDS, name);
}

HlCommandState hl_command_state_from_name(const char *name)
{
    return (HlCommandState)value_of(state_names, HL_N_STATES, name);
}

bool hl_command_state_is_final(HlCommandState state)
{
    return state >= HL_STATE_SUCCEEDED;
}

bool hl_command_state_may_follow(HlCommandState from, HlCommandState to)
{
    if (hl_command_state_is_final(from) || to == HL_STATE_UNKNOWN)
        return false;
    return to > from || (to == from && to == HL_STATE_STARTED);
}

bool hl_command_state_may_correct(HlCommandState presumed, HlCommandState reported)
{
    static const bool may[HL_N_STATES][HL_N_STATES] = {
        [HL_STATE_EXPIRED] = { [HL_STATE_SUCCEEDED] = true,
                               [HL_STATE_FAILED] = true,
                               [HL_STATE_REJECTED] = true,
                               [HL_STATE_TIMED_OUT] = true,
                               [HL_STATE_CANCELLED] = true },
        [HL_STATE_CANCELLED] = { [HL_STATE_SUCCEEDED] = true,
                                 [HL_STATE_FAILED] = true,
                                 [HL_STATE_REJECTED] = true,
                                 [HL_STATE_TIMED_OUT] = true },
        [HL_STATE_TIMED_OUT] = { [HL_STATE_SUCCEEDED] = true, [HL_STATE_FAILED] = true, [HL_STATE_REJECTED] = true },
    };

    return presumed < HL_N_STATES && reported < HL_N_STATES && may[presumed][reported];
}

HlCommandKind hl_command_kind_from_wire(int value)
{
    return value > 0 && value < HL_N_KINDS ? (HlCommandKind)value : HL_KIND_UNKNOWN;
}

HlCommandState hl_command_state_from_wire(int value)
{
    return value > 0 && value < HL_N_STATES ? (HlCommandState)value : HL_STATE_UNKNOWN;
}

Holdline__V1__CommandKind hl_command_kind_to_wire(HlCommandKind kind)
{
    return (Holdline__V1__CommandKind)kind;
}

Holdline__V1__CommandState hl_command_state_to_wire(HlCommandState state)
{
    return (Holdline__V1__CommandState)state;
}
