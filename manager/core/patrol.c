/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/patrol.h"

typedef struct {
    char *name;
    bool is_first, is_given;
    HlTime due;
} Visit;

struct MgrPatrol {
    GHashTable *visits; /* name -> Visit * */
    bool others_turn;
};

static void visit_free(gpointer item)
{
    Visit *visit = item;

    g_free(visit->name);
    g_free(visit);
}

MgrPatrol *mgr_patrol_new(void)
{
    MgrPatrol *patrol = g_new0(MgrPatrol, 1);

    patrol->visits = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, visit_free);
    return patrol;
}

void mgr_patrol_free(MgrPatrol *patrol)
{
    if (patrol == NULL)
        return;
    g_hash_table_unref(patrol->visits);
    g_free(patrol);
}

static HlTime due_after(HlTime now, uint64_t random)
{
    return now + MGR_PATROL_EVERY - (HlTime)(random % (uint64_t)MGR_PATROL_JITTER);
}

void mgr_patrol_begin(MgrPatrol *patrol)
{
    GHashTableIter iter;
    gpointer visit;

    g_hash_table_iter_init(&iter, patrol->visits);
    while (g_hash_table_iter_next(&iter, NULL, &visit))
        ((Visit *)visit)->is_given = false;
}

void mgr_patrol_give(MgrPatrol *patrol, const char *name, bool is_first, HlTime now, uint64_t random)
{
    Visit *visit = g_hash_table_lookup(patrol->visits, name);

    if (visit == NULL) {
        visit = g_new0(Visit, 1);
        visit->name = g_strdup(name);
        visit->due = due_after(now, random);
        g_hash_table_insert(patrol->visits, visit->name, visit);
    }
    visit->is_first = is_first;
    visit->is_given = true;
}

static gboolean is_gone(gpointer name G_GNUC_UNUSED, gpointer visit, gpointer user G_GNUC_UNUSED)
{
    return !((const Visit *)visit)->is_given;
}

void mgr_patrol_end(MgrPatrol *patrol)
{
    g_hash_table_foreach_remove(patrol->visits, is_gone, NULL);
}

const char *mgr_patrol_next(MgrPatrol *patrol, HlTime now, uint64_t random)
{
    Visit *longest[2] = { NULL, NULL }; /* those that come first, the others */
    GHashTableIter iter;
    gpointer value;
    Visit *next;

    g_hash_table_iter_init(&iter, patrol->visits);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Visit *visit = value;
        Visit **of = &longest[visit->is_first ? 0 : 1];

        if (visit->due <= now && (*of == NULL || visit->due < (*of)->due))
            *of = visit;
    }
    next = longest[0] == NULL || (longest[1] != NULL && patrol->others_turn) ? longest[1] : longest[0];
    if (next == NULL)
        return NULL;
    patrol->others_turn = next == longest[0];
    next->due = due_after(now, random);
    return next->name;
}
