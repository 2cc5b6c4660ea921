/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/release.h"

#include <stdio.h>
#include <string.h>

#include "endpoint/scan/allowed.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "proto/bounds.h"

#define RECORD_SUFFIX ".json"

static void tell(const char *name, json_t *value)
{
    g_autoptr(json_t) line = json_pack("{s:o}", name, value);
    g_autofree char *text = hl_json_print(line);

    printf("%s\n", text);
    fflush(stdout);
}

/* ------------------------------------------------------------------------------------------------------------- list */

static gint by_time(gconstpointer a, gconstpointer b)
{
    const EpRecord *x = *(EpRecord *const *)a;
    const EpRecord *y = *(EpRecord *const *)b;

    return x->taken != y->taken ? (x->taken < y->taken ? 1 : -1) : strcmp(x->id, y->id);
}

/* NULL: not one of a file that is held. */
static EpRecord *read_record(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autoptr(GBytes) bytes =
        g_str_has_suffix(name, RECORD_SUFFIX) ? hl_file_read(path, EP_RECORD_MAX_SIZE, NULL) : NULL;
    g_autoptr(EpRecord) record = NULL;

    if (bytes != NULL)
        record = ep_record_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
    return record != NULL && record->state == EP_RECORD_HELD ? g_steal_pointer(&record) : NULL;
}

static void tell_file(const EpRecord *record)
{
    g_autofree char *path = g_build_filename(record->directory, record->name, NULL);
    g_autofree char *shown = hl_scope_quote(path);

    hl_bound_cut(shown, HL_MAX_TEXT);
    tell("file",
         json_pack("{s:s, s:s, s:I, s:s, s:s, s:I}", "id", record->id, "path", shown, "size", (json_int_t)record->size,
                   "sha256", record->sha256, "signature", record->signature, "taken", (json_int_t)record->taken));
}

bool ep_release_list(const char *quarantine, GError **error)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)ep_record_free);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GDir) directory = g_dir_open(quarantine, 0, &problem);
    const char *name;
    int64_t bytes = 0;

    if (directory == NULL && !g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return hl_fail(error, HL_ERROR_IO, "cannot read the quarantine %s: %s", quarantine, problem->message);
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        EpRecord *record = read_record(quarantine, name);

        if (record == NULL)
            continue;
        bytes += record->size;
        g_ptr_array_add(records, record);
    }
    g_ptr_array_sort(records, by_time);
    for (guint i = 0; i < MIN(records->len, HL_MAX_QUARANTINED); i++)
        tell_file(records->pdata[i]);
    tell("end", json_pack("{s:I, s:I}", "total", (json_int_t)records->len, "bytes", (json_int_t)bytes));
    return true;
}

/* ---------------------------------------------------------------------------------------------------------- release */

/* Ids, because releasing one changes the list. */
static GPtrArray *meant(const EpQuarantine *quarantine, const HlPick *pick)
{
    const GPtrArray *records = ep_quarantine_list(quarantine);
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < records->len; i++) {
        const EpRecord *record = records->pdata[i];
        g_autofree char *path = g_build_filename(record->directory, record->name, NULL);

        if (hl_pick_takes(pick, record->id, path, record->sha256, record->signature))
            g_ptr_array_add(ids, g_strdup(record->id));
    }
    return ids;
}

/* NULL: there is no such file.  Caller frees. */
static char *hash_of(const EpQuarantine *quarantine, const char *id)
{
    const GPtrArray *records = ep_quarantine_list(quarantine);

    for (guint i = 0; i < records->len; i++) {
        const EpRecord *record = records->pdata[i];

        if (strcmp(record->id, id) == 0)
            return g_strdup(record->sha256);
    }
    return NULL;
}

/* What is allowed stays so only for a file that is back, or for one that was before. */
bool ep_release_restore(EpQuarantine *quarantine, const char *id, const char *allowed, GError **error)
{
    g_autofree char *hash = hash_of(quarantine, id);
    bool is_new = hash != NULL && !ep_allowed_has(allowed, hash);
    g_autofree char *sha256 = NULL;
    g_autoptr(GError) late = NULL;

    if (hash != NULL && !ep_allowed_add(allowed, hash, error))
        return hl_error_prefix(error, "it stays in the quarantine, because the next scan would find it again");
    if (ep_quarantine_restore(quarantine, id, &sha256, error))
        return true;
    if (is_new && !ep_allowed_remove(allowed, hash, &late))
        hl_warn("quarantine", "content that is not back is taken for clean: %s", late->message);
    return false;
}

bool ep_release(const EpRelease *release, GError **error)
{
    /* the other bounds are for who adds */
    g_autoptr(EpQuarantine) quarantine = ep_quarantine_open(
        release->quarantine, (EpQuarantineBounds){ .max_bytes = G_MAXINT64, .patience = release->patience }, error);
    g_autoptr(GPtrArray) ids = quarantine == NULL ? NULL : meant(quarantine, release->pick);
    g_autoptr(GError) first = NULL;
    guint done = 0;

    if (ids == NULL)
        return false;
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(GError) problem = NULL;
        const char *id = ids->pdata[i];

        if (release->allowed != NULL ? ep_release_restore(quarantine, id, release->allowed, &problem)
                                     : ep_quarantine_delete(quarantine, id, &problem))
            done++;
        else if (first == NULL)
            hl_fail(&first, hl_error_code(problem), "%s: %s", id, problem->message);
    }
    tell("end", json_pack("{s:I, s:I, s:s}", "matched", (json_int_t)ids->len, "done", (json_int_t)done, "why",
                          first != NULL ? first->message : ""));
    return true;
}
