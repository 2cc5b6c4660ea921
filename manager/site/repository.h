/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the files of a pattern repository are there that its metadata lists.  Names alone: whether what is there is
 * signed and intact, 'holdline-updater repo check' knows.  Any thread; what cannot be read as metadata is not judged
 * here. */
#ifndef MANAGER_SITE_REPOSITORY_H
#define MANAGER_SITE_REPOSITORY_H

#include <glib.h>
#include <stdbool.h>

typedef struct {
    guint listed;   /* files of all components */
    guint patterns; /* those of all components but the program's */
    guint missing;  /* of those that are listed */
    char *first;    /* the path that is missing: a file, or the topmost directory of it; NULL: nothing is */
    char *lost;     /* what was published there, if all of it is missing and that is known; else NULL */
} MgrRepositoryFiles;

/* *files was zeroed.  repo: the repository's directory; one that is not there, or has published nothing, lacks nothing,
 * unless it is known to have published something before: had_published is what that was (mgr_repository_noted), "" if
 * something, but not what, NULL if nothing is known. */
void mgr_repository_look(MgrRepositoryFiles *files, const char *repo, const char *had_published);

/* What the site's repository was last seen to have published, "virus 7, spyware 3", kept in the site, so that a loss is
 * known as one after a restart too.  Noting what is noted already writes nothing.  noted: "" if it never had anything;
 * caller frees. */
bool mgr_repository_note(const char *site, const char *published, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *mgr_repository_noted(const char *site);

/* "PATH is missing, with 3 of the 14 files that the repository lists"; NULL: nothing is.  Caller frees. */
char *mgr_repository_describe(const MgrRepositoryFiles *files);

/* What brings it back, as a sentence without its full stop; caller frees. */
char *mgr_repository_remedy(const char *repo, bool is_copy);

void mgr_repository_files_clear(MgrRepositoryFiles *files);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrRepositoryFiles, mgr_repository_files_clear)

#endif
