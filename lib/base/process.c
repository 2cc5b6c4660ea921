/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/process.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The limit is inherited, but a handler of core dumps (core_pattern with a pipe) may not ask for it; the attribute
 * keeps the kernel from making one at all, and ends with exec.  Neither fails for a process that only gives up. */
void hl_process_keep_secrets(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    prctl(PR_SET_DUMPABLE, 0);
}

void hl_process_return_memory(void)
{
    malloc_trim(0);
}
