/* SPDX-License-Identifier: Apache-2.0 */
/* What a killed process left in a quarantine, and beside the files that it was about to take or put back. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/origin.h"
#include "endpoint/scan/quarantine_internal.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"

/* -1: not there now.  It may be on a disk that is not mounted yet, so that another directory is at its path. */
static int open_directory(const EpRecord *record)
{
    g_autoptr(GError) error = NULL;
    hl_autofd int fd = ep_origin_open(record->directory, &error);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_dev != record->directory_dev || st.st_ino != record->directory_ino) {
        g_autofree char *shown = hl_escape(record->directory);

        hl_warn("quarantine", "%s of %s is unfinished: %s", record->id, shown,
                error != NULL ? error->message : "another directory is where its own was");
        return -1;
    }
    return hl_fd_steal(&fd);
}

/* The content is where it was before anything was done, or only in the quarantine, or also under its private name. */
static EpSettled settle_taking(int directory, const EpRecord *record)
{
    g_autofree char *private = ep_origin_taking_name(record);
    EpOriginSight beside = ep_origin_look(directory, private, record, EP_ORIGIN_SAME_FILE);
    g_autoptr(GError) error = NULL;
    bool good = true;

    if (beside == EP_ORIGIN_SAME) /* the last step: its place is free, or has the other name of a half-done move */
        good = ep_origin_remove(directory, private, &error);
    else if (beside == EP_ORIGIN_OTHER) /* swapped or written to before we could look: not ours */
        good = ep_origin_move(directory, private, record->name, &error);
    if (!good)
        hl_warn("quarantine", "%s: %s", record->id, error->message);
    return ep_origin_look(directory, record->name, record, EP_ORIGIN_SAME_FILE) == EP_ORIGIN_SAME ? EP_SETTLED_RETURNED
                                                                                                  : EP_SETTLED_HELD;
}

/* The private name is our own half-written copy. */
static EpSettled settle_restoring(int directory, const EpRecord *record)
{
    g_autofree char *private = ep_origin_restoring_name(record);

    if (unlinkat(directory, private, 0) != 0 && errno != ENOENT)
        hl_warn("quarantine", "%s: cannot remove %s: %s", record->id, private, g_strerror(errno));
    return ep_origin_look(directory, record->name, record, EP_ORIGIN_SAME_CONTENT) == EP_ORIGIN_SAME
               ? EP_SETTLED_RETURNED
               : EP_SETTLED_HELD;
}

EpSettled ep_quarantine_settle(EpQuarantine *quarantine, EpRecord *record)
{
    hl_autofd int directory = record->state == EP_RECORD_HELD ? -1 : open_directory(record);
    g_autoptr(GError) error = NULL;
    EpSettled settled;

    if (directory < 0)
        return EP_SETTLED_HELD;
    settled =
        record->state == EP_RECORD_TAKING ? settle_taking(directory, record) : settle_restoring(directory, record);
    HL_IGNORE(fsync(directory) == 0); /* what a power cut undoes is settled again */
    if (settled == EP_SETTLED_HELD && !ep_quarantine_note(quarantine, record, EP_RECORD_HELD, &error))
        hl_warn("quarantine", "%s stays unfinished: %s", record->id, error->message);
    return settled;
}

/* NULL: damaged, which is said, and left for a person to look at. */
static EpRecord *load(const EpQuarantine *quarantine, const char *id)
{
    g_autofree char *path = ep_quarantine_path(quarantine, id, EP_RECORD_SUFFIX);
    g_autofree char *crate = ep_quarantine_path(quarantine, id, EP_CRATE_SUFFIX);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = hl_file_read(path, EP_RECORD_MAX_SIZE, &error);
    g_autoptr(EpRecord) record = NULL;

    if (bytes != NULL)
        record = ep_record_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &error);
    if (record != NULL && strcmp(record->id, id) != 0)
        hl_fail(&error, HL_ERROR_INVALID, "it is about '%s'", record->id);
    else if (record != NULL && access(crate, F_OK) != 0)
        hl_fail(&error, HL_ERROR_INVALID, "its content is missing");
    if (error == NULL)
        return g_steal_pointer(&record);
    hl_warn("quarantine", "%s cannot be used: %s", path, error->message);
    return NULL;
}

static void take_in(EpQuarantine *quarantine, const char *id)
{
    EpRecord *record = load(quarantine, id);
    g_autoptr(GError) error = NULL;

    if (record == NULL)
        return;
    ep_quarantine_add(quarantine, record);
    if (ep_quarantine_settle(quarantine, record) == EP_SETTLED_RETURNED &&
        !ep_quarantine_discard(quarantine, record, &error))
        hl_warn("quarantine", "%s", error->message);
}

/* "ID.json" gives ID; NULL if it does not end like that.  Caller frees. */
static char *id_of(const char *name, const char *suffix)
{
    g_autofree char *id = g_str_has_suffix(name, suffix) ? g_strndup(name, strlen(name) - strlen(suffix)) : NULL;

    return id != NULL && hl_ident_is_valid(id) ? g_steal_pointer(&id) : NULL;
}

/* A crate that never got a record, or whose record was removed; a record that was never renamed to its name. */
static void sweep(const EpQuarantine *quarantine, const char *name)
{
    g_autofree char *path = ep_quarantine_path(quarantine, name, "");
    g_autofree char *id = id_of(name, EP_CRATE_SUFFIX);
    g_autofree char *record = id == NULL ? NULL : ep_quarantine_path(quarantine, id, EP_RECORD_SUFFIX);
    bool orphan = record != NULL && access(record, F_OK) != 0 && errno == ENOENT;

    if (!orphan && strstr(name, EP_RECORD_SUFFIX ".") == NULL)
        return;
    if (unlink(path) != 0 && errno != ENOENT) /* it went with a record that was settled */
        hl_warn("quarantine", "cannot remove %s: %s", path, g_strerror(errno));
}

bool ep_quarantine_recover(EpQuarantine *quarantine, GError **error)
{
    g_autoptr(GDir) directory = g_dir_open(quarantine->directory, 0, error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (directory == NULL)
        return hl_error_prefix(error, "cannot read the quarantine");
    while ((name = g_dir_read_name(directory)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *id = id_of(g_ptr_array_index(names, i), EP_RECORD_SUFFIX);

        if (id != NULL)
            take_in(quarantine, id);
    }
    for (guint i = 0; i < names->len; i++)
        sweep(quarantine, g_ptr_array_index(names, i));
    return true;
}
