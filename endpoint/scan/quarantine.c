/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/quarantine_internal.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

#define LOCK_PAUSE 20 /* ms */

char *ep_quarantine_path(const EpQuarantine *quarantine, const char *id, const char *suffix)
{
    return g_strdup_printf("%s/%s%s", quarantine->directory, id, suffix);
}

/* Tried, not waited for: flock has no deadline. */
static bool lock(const EpQuarantine *quarantine)
{
    HlTime until = hl_clock_mono() + quarantine->bounds.patience;

    while (flock(quarantine->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK || hl_clock_mono() >= until)
            return false;
        g_usleep(LOCK_PAUSE * 1000);
    }
    return true;
}

/* Only we may read it, and only one of us at a time. */
static bool claim(EpQuarantine *quarantine, GError **error)
{
    struct stat st;

    quarantine->lock = open(quarantine->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (quarantine->lock < 0 || fstat(quarantine->lock, &st) != 0)
        return hl_fail_errno(error, errno, "cannot open the quarantine %s", quarantine->directory);
    if (st.st_uid != geteuid())
        return hl_fail(error, HL_ERROR_UNTRUSTED,
                       "the quarantine %s belongs to user %u: remove it, or give it to user %u", quarantine->directory,
                       (unsigned)st.st_uid, (unsigned)geteuid());
    if ((st.st_mode & 07777) != 0700 && fchmod(quarantine->lock, 0700) != 0)
        return hl_fail_errno(error, errno, "cannot close the quarantine %s to others", quarantine->directory);
    if (lock(quarantine))
        return true;
    if (errno == EWOULDBLOCK)
        return hl_fail(error, HL_ERROR_CONFLICT, "another process has the quarantine %s open", quarantine->directory);
    return hl_fail_errno(error, errno, "cannot lock the quarantine %s", quarantine->directory);
}

EpQuarantine *ep_quarantine_open(const char *directory, EpQuarantineBounds bounds, GError **error)
{
    g_autoptr(EpQuarantine) quarantine = g_new0(EpQuarantine, 1);

    quarantine->lock = -1;
    quarantine->directory = g_strdup(directory);
    quarantine->bounds = bounds;
    quarantine->records = g_ptr_array_new_with_free_func((GDestroyNotify)ep_record_free);
    if (!hl_dir_make(directory, 0700, error) || !claim(quarantine, error) || !ep_quarantine_recover(quarantine, error))
        return NULL;
    return g_steal_pointer(&quarantine);
}

void ep_quarantine_close(EpQuarantine *quarantine)
{
    hl_fd_clear(&quarantine->lock);
    g_ptr_array_unref(quarantine->records);
    g_free(quarantine->directory);
    g_free(quarantine);
}

const GPtrArray *ep_quarantine_list(const EpQuarantine *quarantine)
{
    return quarantine->records;
}

bool ep_quarantine_note(EpQuarantine *quarantine, EpRecord *record, EpRecordState state, GError **error)
{
    g_autofree char *path = ep_quarantine_path(quarantine, record->id, EP_RECORD_SUFFIX);
    EpRecordState before = record->state;
    g_autofree char *text = NULL;

    record->state = state;
    text = ep_record_print(record);
    if (hl_file_write_text(path, text, 0600, error))
        return true;
    record->state = before;
    return false;
}

static bool is_older(const EpRecord *a, const EpRecord *b)
{
    return a->taken != b->taken ? a->taken < b->taken : strcmp(a->id, b->id) < 0;
}

void ep_quarantine_add(EpQuarantine *quarantine, EpRecord *record)
{
    guint at = quarantine->records->len;

    while (at > 0 && is_older(record, g_ptr_array_index(quarantine->records, at - 1)))
        at--;
    g_ptr_array_insert(quarantine->records, (gint)at, record);
    quarantine->bytes += record->size;
}

EpRecord *ep_quarantine_find(const EpQuarantine *quarantine, const char *id, GError **error)
{
    for (guint i = 0; i < quarantine->records->len; i++) {
        EpRecord *record = g_ptr_array_index(quarantine->records, i);

        if (strcmp(record->id, id) == 0)
            return record;
    }
    hl_fail(error, HL_ERROR_NOT_FOUND, "the quarantine has no file '%s'", id);
    return NULL;
}

bool ep_quarantine_erase(EpQuarantine *quarantine, const char *id, GError **error)
{
    g_autofree char *record = ep_quarantine_path(quarantine, id, EP_RECORD_SUFFIX);
    g_autofree char *crate = ep_quarantine_path(quarantine, id, EP_CRATE_SUFFIX);

    if (unlink(record) != 0 && errno != ENOENT)
        return hl_fail_errno(error, errno, "cannot remove %s", record);
    HL_IGNORE(hl_dir_sync(quarantine->directory, NULL)); /* undone by a power cut, the record would be settled again */
    if (unlink(crate) != 0 && errno != ENOENT)
        hl_warn("quarantine", "%s stays until the next start: %s", crate, g_strerror(errno));
    return true;
}

bool ep_quarantine_discard(EpQuarantine *quarantine, EpRecord *record, GError **error)
{
    if (!ep_quarantine_erase(quarantine, record->id, error))
        return false;
    quarantine->bytes -= record->size;
    g_ptr_array_remove(quarantine->records, record);
    return true;
}

/* One that is half taken may have its original beside its place, where nobody would look for it. */
static bool delete_record(EpQuarantine *quarantine, EpRecord *record, GError **error)
{
    if (record->state != EP_RECORD_HELD)
        ep_quarantine_settle(quarantine, record);
    return ep_quarantine_discard(quarantine, record, error);
}

bool ep_quarantine_delete(EpQuarantine *quarantine, const char *id, GError **error)
{
    EpRecord *record = ep_quarantine_find(quarantine, id, error);

    return record != NULL && delete_record(quarantine, record, error);
}

/* What a person may still want back goes by its age alone: room for a file of one user is not made by destroying
 * another's.  One that cannot be deleted ends it: the next would fail the same. */
guint ep_quarantine_prune(EpQuarantine *quarantine, HlTime now)
{
    HlTime max_age = quarantine->bounds.max_age;
    guint n = 0;

    while (max_age > 0 && quarantine->records->len > 0) {
        EpRecord *oldest = g_ptr_array_index(quarantine->records, 0);
        g_autoptr(GError) error = NULL;

        if (oldest->taken >= now - max_age)
            break;
        if (!delete_record(quarantine, oldest, &error)) {
            hl_warn("quarantine", "%s", error->message);
            break;
        }
        n++;
    }
    return n;
}

static bool has_room(const EpQuarantine *quarantine, int64_t size)
{
    return quarantine->bytes <= quarantine->bounds.max_bytes - size &&
           quarantine->records->len < EP_QUARANTINE_MAX_FILES;
}

/* What a user would have with one more. */
typedef struct {
    guint files;
    int64_t bytes;
} Share;

static Share share_with(const EpQuarantine *quarantine, uint32_t uid, int64_t size)
{
    Share share = { 1, size };

    for (guint i = 0; i < quarantine->records->len; i++) {
        const EpRecord *record = g_ptr_array_index(quarantine->records, i);

        if (record->uid != uid)
            continue;
        share.files++;
        share.bytes += record->size;
    }
    return share;
}

/* Nobody fills it for all others; whose it is (root) may. */
static bool check_share(const EpQuarantine *quarantine, uint32_t uid, int64_t size, GError **error)
{
    int64_t most = quarantine->bounds.max_bytes / 2;
    Share share = share_with(quarantine, uid, size);

    if (uid == geteuid() || (share.files <= EP_QUARANTINE_MAX_FILES / 2 && share.bytes <= most))
        return true;
    return hl_fail(error, HL_ERROR_FULL,
                   "with it user %u would have %u files of %" G_GINT64_FORMAT
                   " bytes in the quarantine, and half of it is the most for one (%d and %" G_GINT64_FORMAT
                   "): delete what nobody needs, or raise scan.quarantine-size",
                   uid, share.files, (gint64)share.bytes, EP_QUARANTINE_MAX_FILES / 2, (gint64)most);
}

bool ep_quarantine_check_room(EpQuarantine *quarantine, uint32_t uid, int64_t size, HlTime now, GError **error)
{
    if (!has_room(quarantine, size) || !check_share(quarantine, uid, size, NULL))
        ep_quarantine_prune(quarantine, now);
    if (!has_room(quarantine, size))
        return hl_fail(error, HL_ERROR_FULL,
                       "the quarantine is full (%u files of %" G_GINT64_FORMAT
                       " bytes, of at most %d and %" G_GINT64_FORMAT
                       "): delete what nobody needs, or raise scan.quarantine-size",
                       quarantine->records->len, (gint64)quarantine->bytes, EP_QUARANTINE_MAX_FILES,
                       (gint64)quarantine->bounds.max_bytes);
    return check_share(quarantine, uid, size, error);
}
