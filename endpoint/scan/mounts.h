/* SPDX-License-Identifier: Apache-2.0 */
/* Which mounted file systems hold no files, only the kernel's words (/proc, /sys), by the kernel's own list: asking the
 * file system itself could hang. */
#ifndef ENDPOINT_SCAN_MOUNTS_H
#define ENDPOINT_SCAN_MOUNTS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct EpMounts EpMounts;

/* text: proc_pid_mountinfo(5).  Rows that cannot be read are skipped.  Pure; never NULL. */
EpMounts *ep_mounts_parse(const char *text);

/* Those of this process now; if they cannot be read, none is known. */
EpMounts *ep_mounts_read(void);
void ep_mounts_free(EpMounts *mounts);

/* false for a device that is not mounted here. */
bool ep_mounts_is_special(const EpMounts *mounts, dev_t device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpMounts, ep_mounts_free)

#endif
