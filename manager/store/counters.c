/* SPDX-License-Identifier: Apache-2.0 */
/* Loading single numbers of the registry: its counters, and what is kept among them. */
#include "lib/store/stmt.h"
#include "manager/store/registry.h"

bool mgr_registry_load_counter(HlDb *db, const char *name, uint64_t *value, GError **error)
{
    int64_t stored = 0;

    if (!hl_db_query_int(db, 0, &stored, error, "SELECT value FROM counter WHERE name = ?", "t", name))
        return false;
    *value = (uint64_t)stored;
    return true;
}

bool mgr_registry_first_version(HlDb *db, const char *ended, uint64_t *version, GError **error)
{
    if (!mgr_registry_load_counter(db, ended, version, error))
        return false;
    ++*version;
    return true;
}

bool mgr_registry_load_mark(HlDb *db, HlTime *mark, GError **error)
{
    int64_t stored = 0;

    if (!hl_db_query_int(db, 0, &stored, error,
                         "SELECT value FROM counter WHERE name IN ('clock', 'alive')"
                         " ORDER BY name = 'clock' DESC LIMIT 1",
                         ""))
        return false;
    *mark = stored;
    return true;
}

bool mgr_registry_load_lived(HlDb *db, HlTime *lived, GError **error)
{
    int64_t stored = 0;

    if (!hl_db_query_int(db, 0, &stored, error,
                         "SELECT value FROM counter WHERE name IN ('lived', 'alive')"
                         " ORDER BY name = 'lived' DESC LIMIT 1",
                         ""))
        return false;
    *lived = stored;
    return true;
}

bool mgr_registry_load_times(HlDb *db, HlTime *lived, HlTime *mark, GError **error)
{
    return mgr_registry_load_lived(db, lived, error) && mgr_registry_load_mark(db, mark, error);
}
