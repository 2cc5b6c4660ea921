/* SPDX-License-Identifier: Apache-2.0 */
/* Turning staged content into targets: full files, increments from the versions before, and the component's role. */
#ifndef UPDATER_PUBLISHER_CONTENT_H
#define UPDATER_PUBLISHER_CONTENT_H

#include "updater/publisher/repo.h"

/* Increments go straight from each of this many versions to the newest. */
#define UPD_INCREMENTS 14

typedef struct {
    gint64 version;
    guint64 full_bytes; /* what a new client fetches */
    guint64 step_bytes; /* what a client one version behind fetches; 0 if there was no version before */
    guint files, increments;
} UpdPublished;

/* The version that a component's role lists; 0 if it is empty. */
gint64 upd_content_version(const json_t *envelope);

/* How many signatures that content has; 0 if it is empty. */
gint64 upd_content_signatures(const json_t *envelope);

/* One line of progress; done of total files and increments. */
typedef void (*UpdProgress)(const char *component, guint done, guint total, const char *what, void *user);

/* Names of the files of the newest release; empty if there is none.  Caller frees with g_strfreev. */
GStrv upd_content_files(const UpdRepo *repo, const char *component);

/* The version of the newest release that the history has; 0: none. */
gint64 upd_content_newest(const UpdRepo *repo, const char *component);

/* Whether these files, by name and content, are the newest release; one that cannot be read is not. */
bool upd_content_matches(const UpdRepo *repo, const char *component, const char *const *paths, gsize n);

/* Whether the component has content waiting. */
bool upd_content_is_staged(const UpdRepo *repo, const char *component);

/* Writes the targets of the staged content and puts them into the component's role in memory; the caller releases the
 * role and then calls upd_content_commit.  Nothing that clients see changes before. */
bool upd_content_prepare(const UpdRepo *repo, UpdState *state, const char *component, UpdProgress progress, void *user,
                         UpdPublished *published, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Before something else is staged: commits what the role lists already, because a publish was killed right before. */
bool upd_content_settle(const UpdRepo *repo, const json_t *role, const char *component,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Records the release in the history and removes the staging. */
bool upd_content_commit(const UpdRepo *repo, const char *component, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The content of a past release as an unnamed file in memory, its hash checked; -1 on failure. */
int upd_content_open(const UpdRepo *repo, const char *component, const char *sha256, GError **error);

/* An unnamed file in memory that holds these bytes (NULL: none), at its start; -1 on failure.  And what such a file
 * holds. */
int upd_content_memory(GBytes *bytes, GError **error);
GBytes *upd_content_map(int fd, guint64 size, GError **error);

#endif
