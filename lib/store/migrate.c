/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/migrate.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/store/internal.h"
#include "lib/store/txn.h"

static bool check_version(HlDb *db, int version, gsize count, GError **error)
{
    int64_t tables = 0;

    if (version < 0)
        return false;
    if ((gsize)version > count)
        return hl_fail(
            error, HL_ERROR_CONFLICT,
            _("database %s has version %d, this program knows up to %d: install the newer program, or restore "
              "the copy that was made before the upgrade"),
            hl_db_path(db), version, (int)count);
    if (version > 0)
        return true;
    if (!hl_db_query_int(db, 0, &tables, error, "SELECT count(*) FROM sqlite_schema", ""))
        return false;
    if (tables > 0)
        return hl_fail(error, HL_ERROR_INVALID,
                       _("database %s has tables but no version: it belongs to another program; choose another path"),
                       hl_db_path(db));
    return true;
}

static bool copy_before(HlDb *db, int version, GError **error)
{
    g_autofree char *copy = g_strdup_printf("%s.before-v%d", hl_db_path(db), version);
    g_autofree char *partial = g_strdup_printf("%s.partial", copy);
    g_autofree char *directory = g_path_get_dirname(copy);

    if (unlink(partial) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, _("cannot replace %s"), partial);
    if (!hl_db_copy(db, partial, error))
        return false;
    if (rename(partial, copy) != 0)
        return hl_fail_errno(error, errno, _("cannot rename the copy to %s"), copy);
    hl_info("store", "copied %s to %s before upgrading it", hl_db_path(db), copy);
    return hl_dir_sync(directory, error);
}

static bool apply(HlDb *db, const HlMigration *migration, GError **error)
{
    g_autofree char *version = g_strdup_printf("PRAGMA user_version = %d", migration->version);
    g_auto(HlTxn) txn = HL_TXN_INIT;

    if (!hl_txn_begin(&txn, db, error) || !hl_db_exec(db, migration->sql, error) ||
        !hl_db_check_references(db, error) || !hl_db_exec(db, version, error))
        return false;
    if (sqlite3_get_autocommit(db->handle) != 0)
        g_error("migration %d (%s) ends its own transaction", migration->version, migration->name);
    return hl_txn_commit(&txn, error);
}

static bool apply_all(HlDb *db, int version, const HlMigration *migrations, gsize count, GError **error)
{
    for (gsize i = (gsize)version; i < count; i++) {
        if (!apply(db, &migrations[i], error))
            return hl_error_prefix(error, _("database %s stays at version %d: migration %d (%s)"), hl_db_path(db),
                                   (int)i, migrations[i].version, migrations[i].name);
        hl_debug("store", "%s is now at version %d (%s)", hl_db_path(db), migrations[i].version, migrations[i].name);
    }
    return true;
}

bool hl_migrate(HlDb *db, const HlMigration *migrations, gsize count, GError **error)
{
    int version = hl_db_version(db, error);
    bool applied;

    for (gsize i = 0; i < count; i++)
        g_assert(migrations[i].version == (int)i + 1);
    if (!check_version(db, version, count, error))
        return false;
    if ((gsize)version == count)
        return true;
    if (version > 0 && !copy_before(db, version + 1, error))
        return hl_error_prefix(error, _("database %s stays at version %d, because it is copied before an upgrade"),
                               hl_db_path(db), version);
    /* has no effect inside a transaction, hence around all of them */
    if (!hl_db_exec(db, "PRAGMA foreign_keys = OFF", error))
        return false;
    applied = apply_all(db, version, migrations, count, error);
    return hl_db_exec(db, "PRAGMA foreign_keys = ON", applied ? error : NULL) && applied;
}
