/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store/chain.h"

#include <string.h>

#include "lib/store/internal.h"

#define HASH_SIZE 32

static void add(GChecksum *checksum, const void *data, gsize size)
{
    guint64 length = GUINT64_TO_BE((guint64)size);

    g_checksum_update(checksum, (const guchar *)&length, sizeof length);
    if (size > 0)
        g_checksum_update(checksum, data, (gssize)size);
}

static void end(GChecksum *checksum, guint8 hash[HASH_SIZE])
{
    gsize size = HASH_SIZE;

    g_checksum_get_digest(checksum, hash, &size);
    g_checksum_free(checksum);
}

GBytes *hl_chain_hash(GBytes *before, const char *const *fields, gsize n)
{
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 hash[HASH_SIZE];
    gsize size = 0;
    const void *data = before != NULL ? g_bytes_get_data(before, &size) : NULL;

    add(checksum, data, size);
    for (gsize i = 0; i < n; i++)
        add(checksum, fields[i], fields[i] != NULL ? strlen(fields[i]) : 0);
    end(checksum, hash);
    return g_bytes_new(hash, sizeof hash);
}

static void on_chain(sqlite3_context *context, int n, sqlite3_value **values)
{
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 hash[HASH_SIZE];

    for (int i = 0; i < n; i++) {
        const void *data = i == 0 ? sqlite3_value_blob(values[i]) : sqlite3_value_text(values[i]);

        add(checksum, data, data != NULL ? (gsize)sqlite3_value_bytes(values[i]) : 0);
    }
    end(checksum, hash);
    sqlite3_result_blob(context, hash, sizeof hash, SQLITE_TRANSIENT);
}

bool hl_chain_register(HlDb *db)
{
    return sqlite3_create_function_v2(db->handle, "hl_chain", -1,
                                      SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL, on_chain, NULL,
                                      NULL, NULL) == SQLITE_OK;
}
