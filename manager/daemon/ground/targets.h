/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the fleet and their targets: how they come, move, and go. */
#ifndef MANAGER_DAEMON_GROUND_TARGETS_H
#define MANAGER_DAEMON_GROUND_TARGETS_H

#include "manager/daemon/ground/fleet.h"

/* What is given as a record is taken, and left empty. */
MgrCommand *mgr_fleet_add_command(MgrFleet *fleet, MgrCommandRecord *record);
/* NULL, and nothing taken, when its command is not there. */
MgrTarget *mgr_fleet_add_target(MgrFleet *fleet, MgrTargetRecord *record);

/* A new command for many, a piece at a time: made with its targets while nobody sees it, put into the fleet when it is
 * stored, and then each target attached to its endpoint.  Until that nothing happens to it but that its endpoint may
 * go: it stays as open as it was made. */
MgrCommand *mgr_fleet_make_command(MgrFleet *fleet, MgrCommandRecord *record);
MgrTarget *mgr_command_make_target(MgrCommand *command, MgrEndpoint *endpoint, HlCommandState state, HlTime at);
/* It is stored. */
void mgr_fleet_put_command(MgrFleet *fleet, MgrCommand *command);
/* It is not. */
void mgr_fleet_unmake_command(MgrFleet *fleet, MgrCommand *command);
/* The next one, which is attached now; NULL: all are. */
MgrTarget *mgr_command_attach(MgrFleet *fleet, MgrCommand *command);
/* Every target is final. */
void mgr_fleet_drop_command(MgrFleet *fleet, MgrCommand *command);

/* What moves a target: one value for registry and memory. */
typedef struct {
    HlCommandState state;
    const char *code, *detail;
    HlTime at; /* wall */
} MgrTargetStep;

/* true when it was the last open one of its command, which is then to be dropped from the fleet. */
bool mgr_target_move(MgrTarget *target, const MgrTargetStep *step);
/* From one final state to another; the command stays as open as it was. */
void mgr_target_correct(MgrTarget *target, const MgrTargetStep *step);

#endif
