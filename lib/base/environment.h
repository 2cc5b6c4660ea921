/* SPDX-License-Identifier: Apache-2.0 */
/* Variables that a library in this process must not see, but programs that it starts must. */
#ifndef LIB_BASE_ENVIRONMENT_H
#define LIB_BASE_ENVIRONMENT_H

#include <glib.h>

/* Takes a variable out of this process's environment, for good; children get it all the same (lib/base/exec.h).  Before
 * main or as its first act: another thread may be reading the environment later. */
void hl_environment_withhold(const char *name);

/* What a child gets: the environment and what was withheld from it.  Caller frees with g_strfreev. */
char **hl_environment_for_child(void);

#endif
