/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/schema.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/text.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"

#define MAX_NAMED 8 /* differences in one message */

/* One line a thing, and "table T: ..." for what is part of one.  Not the text of the statements: SQLite rewrites it
 * when a column is renamed or added, and not every version of it in the same way. */
static const char lines[] =
    "WITH own AS (SELECT type, name FROM sqlite_schema"
    "  WHERE type <> 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')"
    " SELECT type || ' ' || name FROM own"
    " UNION ALL SELECT printf('table %s: column %s %s%s%s', own.name, c.name, c.type,"
    "  iif(c.\"notnull\", ' not null', ''), iif(c.pk, ' key ' || c.pk, ''))"
    " FROM own JOIN pragma_table_xinfo(own.name) c WHERE own.type = 'table'"
    " UNION ALL SELECT printf('table %s: reference of %s to %s', own.name, f.\"from\", f.\"table\")"
    " FROM own JOIN pragma_foreign_key_list(own.name) f WHERE own.type = 'table'"
    /* also the nameless ones that UNIQUE makes */
    " UNION ALL SELECT printf('table %s: %s%sindex on %s', own.name, iif(i.partial, 'partial ', ''),"
    "  iif(i.\"unique\", 'unique ', ''), (SELECT group_concat(name, ', ') FROM pragma_index_info(i.name)))"
    " FROM own JOIN pragma_index_list(own.name) i WHERE own.type = 'table'";

static bool on_line(HlStmt *row, gpointer user)
{
    g_hash_table_add(user, g_strdup(hl_stmt_text(row, 0)));
    return true;
}

static GHashTable *describe(HlDb *db, GError **error)
{
    g_autoptr(GHashTable) set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    return hl_db_query(db, on_line, set, error, lines, "") ? g_steal_pointer(&set) : NULL;
}

static bool is_part_of(const char *line, const char *whole)
{
    size_t length = strlen(whole);

    return strncmp(line, whole, length) == 0 && line[length] == ':';
}

/* Those of one set that the other has not, sorted; of a whole table only its name. */
static GPtrArray *less(GHashTable *set, GHashTable *other)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    GPtrArray *named = g_ptr_array_new();
    GHashTableIter iter;
    gpointer line;

    g_hash_table_iter_init(&iter, set);
    while (g_hash_table_iter_next(&iter, &line, NULL))
        if (!g_hash_table_contains(other, line))
            g_ptr_array_add(missing, line);
    g_ptr_array_sort(missing, hl_text_compare);
    for (guint i = 0; i < missing->len; i++)
        if (named->len == 0 || !is_part_of(missing->pdata[i], named->pdata[named->len - 1]))
            g_ptr_array_add(named, missing->pdata[i]);
    return named;
}

static void name_lines(GString *out, const char *verb, const GPtrArray *found)
{
    if (found->len == 0)
        return;
    g_string_append_printf(out, "%s%s ", out->len > 0 ? "; " : "", verb);
    for (guint i = 0; i < MIN(found->len, MAX_NAMED); i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", (const char *)found->pdata[i]);
    if (found->len > MAX_NAMED)
        g_string_append_printf(out, " and %u more", found->len - MAX_NAMED);
}

static bool compare(HlDb *db, HlDb *model, GError **error)
{
    g_autoptr(GHashTable) expected = describe(model, error);
    g_autoptr(GHashTable) found = expected != NULL ? describe(db, error) : NULL;
    g_autoptr(GPtrArray) missing = NULL;
    g_autoptr(GPtrArray) foreign = NULL;
    g_autoptr(GString) text = g_string_new(NULL);

    if (found == NULL)
        return false;
    missing = less(expected, found);
    foreign = less(found, expected);
    name_lines(text, "it lacks", missing);
    name_lines(text, "it has what no manager made:", foreign);
    return text->len == 0 ||
           hl_fail(error, HL_ERROR_INVALID, _("database %s is not of the shape that a manager made: %s"),
                   hl_db_path(db), text->str);
}

bool mgr_schema_check(HlDb *db, GError **error)
{
    int version = hl_db_version(db, error);
    g_autoptr(HlDb) model = NULL;

    if (version < 0)
        return false;
    if (version > mgr_registry_version())
        return hl_fail(error, HL_ERROR_CONFLICT, _("database %s has version %d, this program knows up to %d"),
                       hl_db_path(db), version, mgr_registry_version());
    if (version == 0)
        return hl_fail(error, HL_ERROR_INVALID, _("database %s has no version: no manager has made it"),
                       hl_db_path(db));
    model = mgr_registry_make_model(version, error);
    return model != NULL && compare(db, model, error);
}
