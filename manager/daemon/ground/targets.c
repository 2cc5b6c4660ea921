/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/targets.h"

#include <string.h>

static void free_target(gpointer item)
{
    MgrTarget *target = item;

    hl_common_free(target->record.code);
    hl_common_free(target->record.detail);
    g_free(target);
}

/* Of a million there is one block each: the endpoint's id is behind it, which outlives the endpoint; the command's is
 * borrowed. */
static MgrTarget *new_target(const MgrCommand *command, const char *endpoint)
{
    gsize size = strlen(endpoint) + 1;
    MgrTarget *target = g_malloc(sizeof *target + size);

    *target = (MgrTarget){ .record = { .command = command->record.id, .endpoint = (char *)(target + 1) } };
    memcpy(target->record.endpoint, endpoint, size);
    return target;
}

static MgrCommand *new_command(MgrCommandRecord *record)
{
    MgrCommand *command = g_new0(MgrCommand, 1);

    command->record = *record;
    memset(record, 0, sizeof *record);
    command->known = mgr_now();
    command->targets = g_ptr_array_new_with_free_func(free_target);
    return command;
}

static void count_target(MgrCommand *command, MgrTarget *target)
{
    target->command = command;
    g_ptr_array_add(command->targets, target);
    command->counts[target->record.state]++;
    command->open += !hl_command_state_is_final(target->record.state);
}

/* Among the open ones of its endpoint, if it is one. */
static void attach(MgrTarget *target)
{
    target->command->attached++;
    if (target->endpoint != NULL && !hl_command_state_is_final(target->record.state))
        mgr_endpoint_put_target(target->endpoint, target);
}

MgrCommand *mgr_fleet_add_command(MgrFleet *fleet, MgrCommandRecord *record)
{
    MgrCommand *command = new_command(record);

    g_hash_table_insert(fleet->commands, command->record.id, command);
    return command;
}

MgrTarget *mgr_fleet_add_target(MgrFleet *fleet, MgrTargetRecord *record)
{
    MgrCommand *command = mgr_fleet_command(fleet, record->command);
    MgrTarget *target;

    if (command == NULL)
        return NULL;
    target = new_target(command, record->endpoint);
    target->endpoint = mgr_fleet_endpoint(fleet, record->endpoint);
    target->record.state = record->state;
    target->record.code = g_steal_pointer(&record->code);
    target->record.detail = g_steal_pointer(&record->detail);
    target->record.changed_at = record->changed_at;
    mgr_target_record_clear(record);
    count_target(command, target);
    attach(target);
    return target;
}

MgrCommand *mgr_fleet_make_command(MgrFleet *fleet, MgrCommandRecord *record)
{
    MgrCommand *command = new_command(record);

    g_ptr_array_add(fleet->unattached, command);
    return command;
}

MgrTarget *mgr_command_make_target(MgrCommand *command, MgrEndpoint *endpoint, HlCommandState state, HlTime at)
{
    MgrTarget *target = new_target(command, endpoint->record.id);

    target->endpoint = endpoint;
    target->record.state = state;
    target->record.code = hl_common_dup("");
    target->record.detail = hl_common_dup("");
    target->record.changed_at = at;
    count_target(command, target);
    return target;
}

void mgr_fleet_put_command(MgrFleet *fleet, MgrCommand *command)
{
    command->known = mgr_now();
    g_hash_table_insert(fleet->commands, command->record.id, command);
}

void mgr_fleet_unmake_command(MgrFleet *fleet, MgrCommand *command)
{
    g_ptr_array_remove_fast(fleet->unattached, command);
    mgr_command_free(command);
}

MgrTarget *mgr_command_attach(MgrFleet *fleet, MgrCommand *command)
{
    MgrTarget *target;

    if (command->attached == command->targets->len)
        return NULL;
    target = command->targets->pdata[command->attached];
    attach(target);
    if (command->attached == command->targets->len)
        g_ptr_array_remove_fast(fleet->unattached, command);
    return target;
}

static void take_step(MgrTarget *target, const MgrTargetStep *step)
{
    MgrCommand *command = target->command;

    command->counts[target->record.state]--;
    command->counts[step->state]++;
    target->record.state = step->state;
    target->record.changed_at = step->at;
    mgr_set_text(&target->record.code, step->code);
    mgr_set_text(&target->record.detail, step->detail);
}

void mgr_target_correct(MgrTarget *target, const MgrTargetStep *step)
{
    g_assert(hl_command_state_is_final(target->record.state) && hl_command_state_is_final(step->state));
    take_step(target, step);
}

bool mgr_target_move(MgrTarget *target, const MgrTargetStep *step)
{
    MgrCommand *command = target->command;

    take_step(target, step);
    if (!hl_command_state_is_final(step->state))
        return false;
    if (target->endpoint != NULL)
        mgr_endpoint_drop_target(target->endpoint, target);
    return --command->open == 0;
}

void mgr_fleet_drop_command(MgrFleet *fleet, MgrCommand *command)
{
    g_assert(command->open == 0);
    g_hash_table_remove(fleet->commands, command->record.id);
}
