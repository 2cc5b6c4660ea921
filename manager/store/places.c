/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/store/places.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/store/stmt.h"
#include "manager/store/journal.h"

#define INT(value) ((int64_t)(value))

void mgr_place_record_clear(MgrPlaceRecord *record)
{
    g_strfreev(record->brokers);
    g_strfreev(record->servers);
    g_strfreev(record->keys);
    g_strfreev(record->authorities);
    g_free(record->changed_by);
    json_decref(record->ended);
    memset(record, 0, sizeof *record);
}

MgrPlaceRecord mgr_place_record_copy(const MgrPlaceRecord *record)
{
    MgrPlaceRecord copy = *record;

    copy.brokers = g_strdupv(record->brokers);
    copy.servers = g_strdupv(record->servers);
    copy.keys = g_strdupv(record->keys);
    copy.authorities = g_strdupv(record->authorities);
    copy.changed_by = g_strdup(record->changed_by);
    json_incref(copy.ended);
    return copy;
}

bool mgr_place_has_ended(const MgrPlaceRecord *record, const char *authority)
{
    const char *const *now = (const char *const *)record->authorities;

    return *authority != '\0' && now != NULL && *now != NULL && **now != '\0' && !g_strv_contains(now, authority);
}

json_t *mgr_place_ended(const MgrPlaceRecord *before, char *const *after, HlTime at)
{
    json_t *ended = before->ended != NULL ? json_copy(before->ended) : json_object();

    for (char **authority = before->authorities; authority != NULL && *authority != NULL; authority++)
        if (**authority != '\0' && !g_strv_contains((const char *const *)after, *authority))
            json_object_set_new(ended, *authority, json_integer(at));
    return ended;
}

/* Where a restore has lost when the authority ended, that is known until another one is announced; after that, not
 * before the present one began, which was announced long before the other one ended, nor before the certificate was
 * used. */
HlTime mgr_place_end_of(const MgrPlaceRecord *record, const MgrCertificateRecord *certificate, HlTime began)
{
    const char *authority = mgr_certificate_authority(certificate);
    const json_t *ended = json_object_get(record->ended, authority);
    HlTime since = record->authorities_since != 0 ? record->authorities_since : record->changed_at;

    if (!mgr_place_has_ended(record, authority))
        return certificate->expires_at;
    if (ended != NULL)
        since = json_integer_value(ended);
    else if (g_strv_length(record->authorities) > 1)
        since = MAX(began, MAX(certificate->issued_at, certificate->used_at));
    return MIN(certificate->expires_at, since);
}

void mgr_told_record_clear(MgrToldRecord *record)
{
    g_clear_pointer(&record->digest, g_bytes_unref);
    g_free(record->state);
    g_free(record->detail);
    g_free(record->serial);
    memset(record, 0, sizeof *record);
}

static bool on_place(HlStmt *row, gpointer user)
{
    MgrPlaceRecord *record = user;

    *record = (MgrPlaceRecord){ .counter = (uint64_t)hl_stmt_int(row, 0),
                                .brokers = g_strsplit(hl_stmt_text(row, 1), ",", -1),
                                .servers = g_strsplit(hl_stmt_text(row, 2), ",", -1),
                                .changed_at = hl_stmt_int(row, 3),
                                .changed_by = g_utf8_make_valid(hl_stmt_text(row, 4), -1),
                                .keys = g_strsplit(hl_stmt_text(row, 5), ",", -1),
                                .authorities = g_strsplit(hl_stmt_text(row, 6), ",", -1),
                                .keys_since = hl_stmt_int(row, 7),
                                .authorities_since = hl_stmt_int(row, 8),
                                .ended = json_loads(hl_stmt_text(row, 9), 0, NULL) };
    return true;
}

#define PLACE "SELECT counter, brokers, servers, changed_at, changed_by, keys, authorities"

bool mgr_registry_load_place(HlDb *db, MgrPlaceRecord *record, GError **error)
{
    int version = hl_db_version(db, error);

    if (version < MGR_KEYS_SINCE) /* looked at before it is migrated, or in a backup */
        return version >= 0 && hl_db_query(db, on_place, record, error, PLACE ", 0, 0, '{}' FROM place", "");
    if (version < MGR_ENDED_SINCE)
        return hl_db_query(db, on_place, record, error, PLACE ", keys_since, authorities_since, '{}' FROM place", "");
    return hl_db_query(db, on_place, record, error, PLACE ", keys_since, authorities_since, ended FROM place", "");
}

static char *join(char **list)
{
    return list != NULL ? g_strjoinv(",", list) : g_strdup("");
}

bool mgr_registry_put_place(HlDb *db, const MgrPlaceRecord *r, GError **error)
{
    g_autofree char *brokers = join(r->brokers);
    g_autofree char *servers = join(r->servers);
    g_autofree char *keys = join(r->keys);
    g_autofree char *authorities = join(r->authorities);

    return hl_db_run(db, NULL, error,
                     "INSERT INTO place (one, counter, brokers, servers, changed_at, changed_by, keys, authorities,"
                     " keys_since, authorities_since) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4, ?4)"
                     " ON CONFLICT (one) DO UPDATE SET counter = ?1, changed_at = ?4, changed_by = ?5, keys = ?6,"
                     " authorities = ?7, keys_since = iif(keys = ?6, keys_since, ?4),"
                     " authorities_since = iif(authorities = ?7, authorities_since, ?4)",
                     "ittittt", INT(r->counter), brokers, servers, INT(r->changed_at), r->changed_by, keys,
                     authorities);
}

static bool on_brokers(HlStmt *row, gpointer user)
{
    char ***brokers = user;

    g_strfreev(*brokers);
    *brokers = g_strsplit(hl_stmt_text(row, 0), ",", -1);
    return true;
}

char **mgr_registry_peek_brokers(const char *path)
{
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_READ_ONLY, NULL);
    char **brokers = g_new0(char *, 1);

    /* one that cannot be read is told by who opens it next, with the remedy */
    if (db == NULL || !hl_db_query(db, on_brokers, &brokers, NULL, "SELECT brokers FROM place", ""))
        hl_debug("fence", "%s does not say where endpoints are told that the broker is", path);
    return brokers;
}

typedef struct {
    MgrToldFn fn;
    gpointer user;
} Receiver;

static bool on_told(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    g_auto(MgrToldRecord) record = { .counter = (uint64_t)hl_stmt_int(row, 1),
                                     .digest = hl_stmt_blob(row, 2),
                                     .state = g_utf8_make_valid(hl_stmt_text(row, 3), -1),
                                     .detail = g_utf8_make_valid(hl_stmt_text(row, 4), -1),
                                     .at = hl_stmt_int(row, 5),
                                     .serial = g_utf8_make_valid(hl_stmt_text(row, 6), -1) };

    to->fn(hl_stmt_int(row, 0), &record, to->user);
    return true;
}

bool mgr_registry_load_told(HlDb *db, MgrToldFn fn, gpointer user, GError **error)
{
    Receiver to = { fn, user };

    return hl_db_query(db, on_told, &to, error,
                       "SELECT endpoint, counter, digest, state, detail, told_at, serial FROM endpoint_place", "");
}

void mgr_write_place(HlWriteSet *set, const MgrPlaceRecord *r)
{
    g_autofree char *line = mgr_journal_place(r);
    g_autofree char *brokers = join(r->brokers);
    g_autofree char *servers = join(r->servers);
    g_autofree char *keys = join(r->keys);
    g_autofree char *authorities = join(r->authorities);
    g_autofree char *ended = r->ended != NULL ? hl_json_print(r->ended) : g_strdup("{}");

    hl_write_set_note(set, line);
    hl_write_set_add(set,
                     "INSERT INTO place (one, counter, brokers, servers, changed_at, changed_by, keys, authorities,"
                     " keys_since, authorities_since, ended) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?8, ?9, ?10, ?11)"
                     " ON CONFLICT (one) DO UPDATE SET counter = ?1, brokers = ?2, servers = ?3, changed_at = ?4,"
                     " changed_by = ?5, keys = ?6, authorities = ?8, keys_since = ?9, authorities_since = ?10,"
                     " ended = ?11 WHERE counter = ?7",
                     "ittittitiit", INT(r->counter), brokers, servers, INT(r->changed_at), r->changed_by, keys,
                     INT(r->base), authorities, INT(r->keys_since), INT(r->authorities_since), ended);
    hl_write_set_require(set);
}

void mgr_write_told(HlWriteSet *set, int64_t endpoint, const MgrToldRecord *r)
{
    hl_write_set_add(set,
                     "INSERT OR REPLACE INTO endpoint_place (endpoint, counter, digest, state, detail, told_at, serial)"
                     " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM endpoint WHERE number = ?1)",
                     "iibttit", endpoint, INT(r->counter), r->digest, r->state, r->detail, INT(r->at),
                     r->serial != NULL ? r->serial : "");
}

void mgr_write_untold(HlWriteSet *set, int64_t endpoint)
{
    hl_write_set_add(set, "DELETE FROM endpoint_place WHERE endpoint = ?", "i", endpoint);
}
