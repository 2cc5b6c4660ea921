/* SPDX-License-Identifier: Apache-2.0 */
/* Files: bounded reads, atomic writes, locks, trees.  Blocking; the loop thread uses them only at start and for small
 * files.  What is read must be a regular file: another one is refused (HL_ERROR_INVALID), and never waited for. */
#ifndef LIB_BASE_FILE_H
#define LIB_BASE_FILE_H

#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"

/* The whole file; HL_ERROR_LIMIT if it is longer than max_size.  NULL on failure. */
GBytes *hl_file_read(const char *path, gsize max_size, GError **error);
/* The same of what is behind so many bytes; none if it is not that long. */
GBytes *hl_file_read_from(const char *path, guint64 offset, gsize max_size, GError **error);

/* The same in two steps, for a program that may open the file now and not later: opened for reading, -1 on failure; and
 * read, under the name by which a failure calls it.  The descriptor stays the caller's. */
int hl_file_open(const char *path, GError **error);
GBytes *hl_file_read_open(int fd, const char *path, guint64 offset, gsize max_size, GError **error);

/* The same as NUL-terminated text; refused if it contains a NUL.  Caller frees. */
char *hl_file_read_text(const char *path, gsize max_size, GError **error);

/* Atomic and durable: a temporary file in the same directory, fsync, rename, fsync of the directory.  After a crash the
 * file has its old or its new content, never a mixture.  By root: it belongs to the owner of the file that it replaces,
 * else to that of the directory. */
bool hl_file_write(const char *path, const void *data, gsize size, mode_t mode,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool hl_file_write_text(const char *path, const char *text, mode_t mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether nothing has that name yet, no broken link either: HL_ERROR_EXISTS if something has. */
bool hl_file_check_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The text in a file that nobody had before; on failure there is none.  HL_ERROR_EXISTS for whatever has that name, a
 * device or a link as well. */
bool hl_file_create_text(const char *path, const char *text, mode_t mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The SHA-256 of a file in hexadecimal, whatever its size; NULL on failure.  Caller frees. */
char *hl_file_digest(const char *path, GError **error);

/* Copies a regular file, durably, to a path that must not exist.  Returns the SHA-256 of what was copied, as
 * hl_file_digest; NULL on failure. */
char *hl_file_copy(const char *from, const char *to, mode_t mode, GError **error);

/* Makes a rename or unlink in this directory durable. */
bool hl_dir_sync(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts the directory prepared at place, durably, and removes with all that is in it what was at place; both are in
 * directory.  Exchanged, not removed first: at every moment there is one of the two at place. */
bool hl_dir_replace(const char *directory, const char *prepared, const char *place,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Like mkdir -p; an existing directory is fine and keeps its mode.  HL_ERROR_EXISTS for whatever else has that name. */
bool hl_dir_make(const char *path, mode_t mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Like rm -rf, without following links; a missing path is fine. */
bool hl_tree_remove(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An exclusive lock (flock) for as long as the descriptor is open; the file is created if needed and contains the
 * owner's pid.  HL_ERROR_CONFLICT, naming that pid, if another process holds it.  -1 on failure. */
int hl_file_lock(const char *path, GError **error);

/* hl_file_lock whose message begins with these words where another process holds it: "a manager already runs on /x". */
int hl_file_lock_as(const char *path, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* hl_file_lock, but waits for it, at most for patience. */
int hl_file_lock_wait(const char *path, HlTime patience, GError **error);

/* A file descriptor that closes itself: hl_autofd int fd = -1; */
void hl_fd_clear(int *fd);
int hl_fd_steal(int *fd);
#define hl_autofd __attribute__((cleanup(hl_fd_clear)))

#endif
