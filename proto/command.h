/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as the programs know them: kinds, states, their names.  The wire's own numbers are in holdline.proto; code
 * that reads or writes messages translates with the functions at the end, and nothing else knows those names.
 *
 * The values are those of the wire, which the endpoint's journal also stores (checked in command.c): they never
 * change. */
#ifndef PROTO_COMMAND_H
#define PROTO_COMMAND_H

#include <stdbool.h>

#include "proto/messages.h"

typedef enum {
    HL_KIND_UNKNOWN, /* from a later version */
    HL_KIND_UPDATE_NOW,
    HL_KIND_CANCEL,
    HL_KIND_CERTIFICATE,
    HL_KIND_ROLLBACK,
    HL_KIND_SYNCHRONIZE,
    HL_KIND_SCAN,
    HL_KIND_STOP_SCAN,
    HL_KIND_RESTORE,
    HL_KIND_DELETE,
    HL_N_KINDS,
} HlCommandKind;

/* In the order of a command's life; HL_STATE_SUCCEEDED and all after it are final. */
typedef enum {
    HL_STATE_UNKNOWN,
    HL_STATE_QUEUED,
    HL_STATE_SENT,
    HL_STATE_RECEIVED,
    HL_STATE_STARTED,
    HL_STATE_SUCCEEDED,
    HL_STATE_FAILED,
    HL_STATE_REJECTED,
    HL_STATE_TIMED_OUT,
    HL_STATE_EXPIRED,
    HL_STATE_CANCELLED,
    HL_N_STATES,
} HlCommandState;

/* As shown and stored: "update-now", "timed-out".  "unknown" for HL_KIND_UNKNOWN and HL_STATE_UNKNOWN. */
const char *hl_command_kind_name(HlCommandKind kind);
const char *hl_command_state_name(HlCommandState state);

/* _UNKNOWN for a name unknown to this version. */
HlCommandKind hl_command_kind_from_name(const char *name);
HlCommandState hl_command_state_from_name(const char *name);

/* Whether the life of a command ends there. */
bool hl_command_state_is_final(HlCommandState state);

/* Whether a report may move a command from one state to another: only forward, never out of a final state; started may
 * be repeated (progress). */
bool hl_command_state_may_follow(HlCommandState from, HlCommandState to);

/* Whether a report may correct an end that the manager presumed (expired, timed out, cancelled) because it had heard
 * nothing: what the endpoint says it did is true, however late it comes.  No two states correct each other. */
bool hl_command_state_may_correct(HlCommandState presumed, HlCommandState reported);

/* From and to the wire; _UNKNOWN for a number unknown to this version. */
HlCommandKind hl_command_kind_from_wire(int value);
HlCommandState hl_command_state_from_wire(int value);
Holdline__V1__CommandKind hl_command_kind_to_wire(HlCommandKind kind);
Holdline__V1__CommandState hl_command_state_to_wire(HlCommandState state);

#endif
