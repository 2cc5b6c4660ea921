/* SPDX-License-Identifier: Apache-2.0 */
/* Infected files, out of the way: a directory that only its owner (root) reads.
 *
 * A file has two files there, ID.crate (the content, see crate.h) and ID.json (record.h); the second is what makes it
 * count.  Taking a file: content copied from the descriptor, record written, the original renamed to a private name in
 * its directory, looked at again there, removed.  Restoring is the reverse.  A kill or power cut between any two steps
 * leaves the content in the quarantine or at its place, and ep_quarantine_open settles which.  The original goes only
 * after the crate is durable, the crate only after the file at its place was read and is whole.
 *
 * Put back are content, name, owner, mode, and the times of access and change of content; not extended attributes and
 * access lists, nor the time of change of status, which nobody can set.
 *
 * Blocking: a file is read three times.  Not for the loop thread; one thread at a time. */
#ifndef ENDPOINT_SCAN_QUARANTINE_H
#define ENDPOINT_SCAN_QUARANTINE_H

#include "endpoint/scan/record.h"

/* Beside the bound in bytes.  A file takes an inode pair and memory even if it is empty. */
#define EP_QUARANTINE_MAX_FILES 10000

typedef struct EpQuarantine EpQuarantine;

typedef struct {
    int64_t max_bytes; /* of all contents; a larger file is refused */
    HlTime max_age;    /* 0: for ever */
    HlTime patience;   /* how long to wait for another process that has it open */
} EpQuarantineBounds;

/* What the scanner saw: the file that its descriptor referred to when its content was examined. */
typedef struct {
    uint64_t dev, ino;
    int64_t size;
    struct timespec modified, changed; /* st_mtim, st_ctim */
    const char *sha256;                /* hexadecimal, lower case */
    const char *directory;             /* absolute path as bytes, without links (as /proc/self/fd has it) */
    const char *signature;
    const char *scan; /* ScanResult.id; "" if there is none */
} EpFind;

/* Makes the directory (mode 0700) if there is none, and settles what a killed process left.  HL_ERROR_CONFLICT if
 * another process still has it open; HL_ERROR_UNTRUSTED if it belongs to somebody else.  NULL on failure. */
EpQuarantine *ep_quarantine_open(const char *directory, EpQuarantineBounds bounds, GError **error);
void ep_quarantine_close(EpQuarantine *quarantine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpQuarantine, ep_quarantine_close)

/* Moves the file `name` in the open directory, which `file` refers to (open for reading), into the quarantine.  *id:
 * caller frees.  On failure the file is at its place, unless the message says under which name it is beside it:
 *
 *   HL_ERROR_CONFLICT  not the file that was examined: written to, replaced, renamed, removed, in another directory
 *   HL_ERROR_INVALID   not a regular file, or one with several names (hard links), of which the others would stay
 *   HL_ERROR_LIMIT     larger than the whole quarantine may be
 *   HL_ERROR_FULL      no space, or no room within the bounds, of which one user other than the quarantine's has half:
 *                      none is made, for what is there may be wanted back
 *   HL_ERROR_DENIED    immutable, or a directory that is
 *   HL_ERROR_IO        a read-only file system, and what else the system reports */
bool ep_quarantine_take(EpQuarantine *quarantine, int directory, const char *name, int file, const EpFind *find,
                        HlTime now, char **id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All records, the oldest first: EpRecord *, borrowed until the next call that changes the quarantine. */
const GPtrArray *ep_quarantine_list(const EpQuarantine *quarantine);

/* Puts a file back to where it was.  *sha256: what the caller now excludes; caller frees.  On failure it stays in the
 * quarantine:
 *
 *   HL_ERROR_NOT_FOUND  no such id, or its directory is no longer there
 *   HL_ERROR_EXISTS     there is a file of that name, which is left alone
 *   HL_ERROR_CONFLICT   a part of its path has become a link
 *   HL_ERROR_UNTRUSTED  the stored content is damaged */
bool ep_quarantine_restore(EpQuarantine *quarantine, const char *id, char **sha256,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For good.  HL_ERROR_NOT_FOUND: no such id. */
bool ep_quarantine_delete(EpQuarantine *quarantine, const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Deletes what is past its age.  Returns how many it deleted; what cannot be deleted is logged and stays. */
guint ep_quarantine_prune(EpQuarantine *quarantine, HlTime now);

#endif
