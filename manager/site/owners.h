/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the files of a site are.  The manager runs as the site's owner, so a file that a command left there as somebody
 * else (root, mostly) is one that it cannot replace, or read.  Changes nothing. */
#ifndef MANAGER_SITE_OWNERS_H
#define MANAGER_SITE_OWNERS_H

#include <glib.h>
#include <stdbool.h>

/* Each looks at everything below the site, without following links, at most at 200,000 things, and says how many of
 * them are wrong and names the first five; NULL: none is.  console/ is left out: its service may have a user of its
 * own. Caller frees.
 *
 * What belongs to another user; and what its owner may not read, or not change although it is written where it lies,
 * which root does not notice. */
char *mgr_site_describe_foreign(const char *dir);
char *mgr_site_describe_barred(const char *dir);

/* What helps a manager of this process's user that was refused a file: it runs as another one than the site's owner, or
 * the two above have something to say.  NULL: neither, so it is no file of the site.  Caller frees. */
char *mgr_site_start_remedy(const char *dir);

/* The name of the site's owner, or its number; NULL: there is no such directory.  Caller frees. */
char *mgr_site_owner(const char *dir);

/* What gives them back to the owner, and leaves the console's its own; and what lets the owner use them.  Caller frees.
 */
char *mgr_site_own_remedy(const char *dir);
char *mgr_site_mode_remedy(const char *dir);

#endif
