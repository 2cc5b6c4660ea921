/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/places.h"

static void free_told(gpointer item)
{
    mgr_told_record_clear(item);
    g_free(item);
}

static void on_told(int64_t number, MgrToldRecord *record, gpointer user)
{
    mgr_places_note(user, number, record);
}

bool mgr_places_load(MgrPlaces *places, HlDb *db, GError **error)
{
    places->told = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_told);
    return mgr_registry_load_place(db, &places->announced, error) && mgr_registry_load_told(db, on_told, places, error);
}

void mgr_places_clear(MgrPlaces *places)
{
    mgr_place_record_clear(&places->announced);
    g_clear_pointer(&places->told, g_hash_table_unref);
}

bool mgr_places_tell_authorities(const MgrPlaces *places)
{
    const char *const *now = (const char *const *)places->announced.authorities;

    return now != NULL && *now != NULL && **now != '\0';
}

bool mgr_places_has_ended(const MgrPlaces *places, const char *authority)
{
    return mgr_place_has_ended(&places->announced, authority);
}

const MgrToldRecord *mgr_places_told(const MgrPlaces *places, int64_t number)
{
    gint64 key = number;

    return g_hash_table_lookup(places->told, &key);
}

void mgr_places_note(MgrPlaces *places, int64_t number, MgrToldRecord *record)
{
    gint64 key = number;
    gint64 *kept;
    MgrToldRecord *own;

    if (record == NULL) {
        g_hash_table_remove(places->told, &key);
        return;
    }
    kept = g_new(gint64, 1);
    own = g_new(MgrToldRecord, 1);
    *kept = number;
    *own = *record;
    *record = (MgrToldRecord){ 0 };
    g_hash_table_insert(places->told, kept, own);
}
