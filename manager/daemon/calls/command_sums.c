/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/command_sums.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/store/stmt.h"

#define MAX_KEPT   1000 /* five lists; 60 kB */
#define MAX_COLD   200  /* as many as a list has */
#define WARM_EVERY HL_SECOND

struct MgrCommandSums {
    const MgrFleet *fleet;
    MgrRecord *record;
    GHashTable *known; /* id -> MgrCommandSum * */
    GPtrArray *cold;   /* ids that are still to be counted, the newest last; NULL: not asked for yet */
    HlTime warmed;     /* mono */
    MgrCommandSum live;
    guint counted;
};

MgrCommandSums *mgr_command_sums_new(const MgrFleet *fleet, MgrRecord *record)
{
    MgrCommandSums *sums = g_new0(MgrCommandSums, 1);

    sums->fleet = fleet;
    sums->record = record;
    sums->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return sums;
}

void mgr_command_sums_free(MgrCommandSums *sums)
{
    if (sums == NULL)
        return;
    g_clear_pointer(&sums->cold, g_ptr_array_unref);
    g_hash_table_unref(sums->known);
    g_free(sums);
}

guint mgr_command_sums_counted(const MgrCommandSums *sums)
{
    return sums->counted;
}

static const MgrCommandSum *keep(MgrCommandSums *sums, const char *id, const MgrCommandSum *sum)
{
    MgrCommandSum *kept = g_new(MgrCommandSum, 1);

    if (g_hash_table_size(sums->known) >= MAX_KEPT) /* hardly ever: they are counted again as they are asked for */
        g_hash_table_remove_all(sums->known);
    *kept = *sum;
    g_hash_table_replace(sums->known, g_strdup(id), kept);
    return kept;
}

/* Columns of the count. */
enum { C_STATE, C_COUNT };

static bool on_count(HlStmt *row, gpointer user)
{
    MgrCommandSum *sum = user;

    sum->counts[hl_command_state_from_name(hl_stmt_text(row, C_STATE))] += (guint)hl_stmt_int(row, C_COUNT);
    return true;
}

const MgrCommandSum *mgr_command_sums_get(MgrCommandSums *sums, const char *id, GError **error)
{
    const MgrCommand *open = mgr_fleet_command(sums->fleet, id);
    const MgrCommandSum *known = g_hash_table_lookup(sums->known, id);
    MgrCommandSum sum = { 0 };

    if (open != NULL) {
        for (HlCommandState state = 0; state < HL_N_STATES; state++)
            sums->live.counts[state] = open->counts[state];
        return &sums->live;
    }
    if (known != NULL)
        return known;
    sums->counted++;
    if (!hl_db_query(mgr_record_reader(sums->record), on_count, &sum, error,
                     "SELECT state, count(*) FROM target WHERE command = ? GROUP BY state", "t", id))
        return NULL;
    return keep(sums, id, &sum);
}

void mgr_command_sums_note(MgrCommandSums *sums, const MgrCommand *command)
{
    MgrCommandSum sum;

    for (HlCommandState state = 0; state < HL_N_STATES; state++)
        sum.counts[state] = command->counts[state];
    keep(sums, command->record.id, &sum);
}

void mgr_command_sums_forget(MgrCommandSums *sums, const char *id)
{
    g_hash_table_remove(sums->known, id);
}

static bool on_id(HlStmt *row, gpointer user)
{
    g_ptr_array_insert(user, 0, g_strdup(hl_stmt_text(row, 0)));
    return true;
}

static void find_cold(MgrCommandSums *sums)
{
    g_autoptr(GError) error = NULL;

    sums->cold = g_ptr_array_new_with_free_func(g_free);
    if (!hl_db_query(mgr_record_reader(sums->record), on_id, sums->cold, &error,
                     "SELECT id FROM command ORDER BY issued_at DESC, id LIMIT ?", "i", (int64_t)MAX_COLD))
        hl_warn("command", "the commands that ended are counted when they are asked for: %s", error->message);
}

void mgr_command_sums_warm(MgrCommandSums *sums)
{
    HlTime now = hl_clock_mono();

    if (sums->cold == NULL)
        find_cold(sums);
    if (sums->cold->len == 0 || now - sums->warmed < WARM_EVERY)
        return;
    sums->warmed = now;
    while (sums->cold->len > 0) {
        g_autofree char *id = g_ptr_array_steal_index(sums->cold, sums->cold->len - 1);

        if (mgr_fleet_command(sums->fleet, id) != NULL || g_hash_table_contains(sums->known, id))
            continue;
        mgr_command_sums_get(sums, id, NULL); /* else when it is asked for */
        return;
    }
}
