/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the files of a site are.  The manager runs as the site's owner, so a file that a command left there as somebody
 * else (root, mostly) is one that it cannot replace, or read.  Changes nothing. */
#ifndef MANAGER_SITE_OWNERS_H
#define MANAGER_SITE_OWNERS_H

#include <glib.h>
#include <stdbool.h>

/* Looks at everything below the site, without following links, at most at 200,000 things; calls found for the first max
 * of those that belong to another user, with the path.  Returns how many there are.  console/ is left out: its service
 * may have a user of its own. */
guint mgr_site_find_foreign(const char *dir, guint max, void (*found)(const char *path, gpointer user), gpointer user);

/* The name of the site's owner, or its number; NULL: there is no such directory.  Caller frees. */
char *mgr_site_owner(const char *dir);

/* What gives them back to the owner, and leaves the console's its own.  Caller frees. */
char *mgr_site_own_remedy(const char *dir, const char *owner);

#endif
