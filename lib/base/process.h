/* SPDX-License-Identifier: Apache-2.0 */
/* What this process keeps to itself, and what it gives back. */
#ifndef LIB_BASE_PROCESS_H
#define LIB_BASE_PROCESS_H

#include "lib/base/error.h"

/* No core dump of this process or of its children, and no debugger but root's: keys and tokens are in their memory.
 * Children that are not ours can be debugged, but are not dumped either.  First act of main. */
void hl_process_keep_secrets(void);

/* For a command of root on files of somebody else: gives up root for good and goes on as the owner of path (or, if that
 * does not exist yet, of the directory that it would lie in), with their groups, and says so on stderr.  What it writes
 * is then theirs, as if they had run it, and what they may not open fails with their name (hl_error_name_user): open
 * before what root alone may read.  Nothing happens to other users, nor where the owner is root.  Before there are
 * threads.  DENIED: this root may not become that user. */
bool hl_process_become_owner(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives free memory back to the kernel.  By itself the allocator does so only at the end of the heap, so that what a
 * burst took stays with the process for as long as anything behind it lives.  Takes milliseconds, in which allocations
 * of other threads may wait. */
void hl_process_return_memory(void);

#endif
