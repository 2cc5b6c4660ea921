/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "endpoint/scan/crate.h"
#include "endpoint/scan/origin.h"
#include "endpoint/scan/quarantine_internal.h"
#include "lib/base/escape.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

/* A file made as its owner, because the shipped unit has no CAP_CHOWN.  Being somebody else for files takes away what
 * root may do with them; that is taken back, for the directory may not be theirs. */
static int create_as(uid_t uid, gid_t gid, int directory, const char *name)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct rights[_LINUX_CAPABILITY_U32S_3] = { 0 };
    bool known = syscall(SYS_capget, &header, rights) == 0;
    gid_t own_gid = (gid_t)setfsgid(gid);
    uid_t own_uid = (uid_t)setfsuid(uid);
    struct stat st;
    int error;
    int fd;

    if (known)
        HL_IGNORE(syscall(SYS_capset, &header, rights) == 0); /* else the next line says what is missing */
    fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    error = errno;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_gid != gid) /* that of the directory, if it has the set-group-id bit */
        HL_IGNORE(fchown(fd, (uid_t)-1, gid) == 0);         /* dress sees to it */
    setfsuid(own_uid);
    setfsgid(own_gid);
    errno = error;
    return fd;
}

/* Owner before mode: a change of owner takes the set-user-id bit away.  Times last, durably. */
static bool dress(int fd, const EpRecord *record, GError **error)
{
    const struct timespec times[] = { record->accessed, record->modified };
    struct stat st;

    if (fstat(fd, &st) != 0)
        return hl_fail_errno(error, errno, "cannot look at it");
    if ((st.st_uid != record->uid || st.st_gid != record->gid) && fchown(fd, record->uid, record->gid) != 0)
        return hl_fail_errno(error, errno, "cannot give it to user %u and group %u", record->uid, record->gid);
    if (fchmod(fd, record->mode) != 0 || futimens(fd, times) != 0 || fsync(fd) != 0)
        return hl_fail_errno(error, errno, "cannot give it its mode and times");
    return true;
}

static bool unpack(const EpQuarantine *quarantine, const EpRecord *record, int directory, const char *private,
                   GError **error)
{
    g_autofree char *path = ep_quarantine_path(quarantine, record->id, EP_CRATE_SUFFIX);
    hl_autofd int crate = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    hl_autofd int fd = -1;
    g_autofree char *digest = NULL;

    if (crate < 0)
        return hl_fail_errno(error, errno, "cannot open %s", path);
    fd = create_as(record->uid, record->gid, directory, private);
    if (fd < 0)
        return hl_fail_errno(error, errno, "cannot create it");
    digest = ep_crate_unpack(crate, fd, error);
    if (digest == NULL)
        return false;
    if (strcmp(digest, record->sha256) != 0)
        return hl_fail(error, HL_ERROR_UNTRUSTED, "the stored content is damaged");
    return dress(fd, record, error);
}

static bool put_back(EpQuarantine *quarantine, EpRecord *record, int directory, GError **error)
{
    g_autofree char *private = ep_origin_restoring_name(record);
    g_autoptr(GError) late = NULL;

    if (unlinkat(directory, private, 0) != 0 && errno != ENOENT) /* of a try that could not be settled */
        return hl_fail_errno(error, errno, "cannot remove %s", private);
    if (!ep_quarantine_note(quarantine, record, EP_RECORD_RESTORING, error))
        return false;
    if (unpack(quarantine, record, directory, private, error) &&
        ep_origin_move(directory, private, record->name, error))
        return true;
    if (unlinkat(directory, private, 0) != 0 && errno != ENOENT)
        return false; /* stays RESTORING: settled at the next start */
    if (!ep_quarantine_note(quarantine, record, EP_RECORD_HELD, &late))
        hl_warn("quarantine", "%s is not finished before the next start: %s", record->id, late->message);
    return false;
}

/* Notes the directory too: it may be another one at the same path by now, and is where a kill is settled. */
static bool check_place(int directory, EpRecord *record, GError **error)
{
    struct stat st;

    if (fstat(directory, &st) != 0)
        return hl_fail_errno(error, errno, "cannot look at its directory");
    record->directory_dev = st.st_dev;
    record->directory_ino = st.st_ino;
    if (fstatat(directory, record->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return hl_fail(error, HL_ERROR_EXISTS, "there is a file of that name: move it away first");
    return errno == ENOENT || hl_fail_errno(error, errno, "cannot look at its place");
}

static bool restore(EpQuarantine *quarantine, EpRecord *record, char **sha256, GError **error)
{
    hl_autofd int directory = -1;
    g_autoptr(GError) late = NULL;

    if (record->state == EP_RECORD_TAKING)
        ep_quarantine_settle(quarantine, record); /* if it is at its place, check_place says so */
    directory = ep_origin_open(record->directory, error);
    if (directory < 0 || !check_place(directory, record, error) || !put_back(quarantine, record, directory, error))
        return false;
    HL_IGNORE(fsync(directory) == 0); /* undone by a power cut, the record's state brings it back */
    *sha256 = g_strdup(record->sha256);
    if (!ep_quarantine_discard(quarantine, record, &late))
        hl_warn("quarantine", "a restored file is listed until the next start: %s", late->message);
    return true;
}

bool ep_quarantine_restore(EpQuarantine *quarantine, const char *id, char **sha256, GError **error)
{
    EpRecord *record = ep_quarantine_find(quarantine, id, error);
    g_autofree char *directory = record == NULL ? NULL : hl_escape(record->directory);
    g_autofree char *name = record == NULL ? NULL : hl_escape(record->name);

    *sha256 = NULL;
    if (record == NULL)
        return false;
    return restore(quarantine, record, sha256, error) ||
           hl_error_prefix(error, "cannot restore %s/%s", directory, name);
}
