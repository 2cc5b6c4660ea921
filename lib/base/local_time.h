/* SPDX-License-Identifier: Apache-2.0 */
/* Times for people: what the programs say to each other is in UTC, and who reads it has a clock on the wall.
 *
 * The zone is the environment's (TZ, else the system's).  Where it is not ahead of or behind UTC at that moment,
 * nothing changes. */
#ifndef LIB_BASE_LOCAL_TIME_H
#define LIB_BASE_LOCAL_TIME_H

#include <glib.h>

/* Text with the local time behind each time in UTC, "2026-11-27T03:31:01Z (12:31:01 JST)", with the day where that is
 * another one.  What is part of a name, or ends a command in quotes, stays as it is.  Caller frees. */
char *hl_local_beside(const char *text);

/* For a column, which has no room for both: "2026-11-27 12:31:01 JST" of a text that is one time in UTC and nothing
 * else; another one as it is.  Caller frees. */
char *hl_local_instead(const char *text);

#endif
