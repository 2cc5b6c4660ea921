/* SPDX-License-Identifier: Apache-2.0 */
/* A pattern repository of a test, as its publisher fills it and its clients read it: without a web server, and without
 * an engine. */
#ifndef TESTS_SUPPORT_REPOSITORY_WORLD_H
#define TESTS_SUPPORT_REPOSITORY_WORLD_H

#include "updater/client/client.h"
#include "updater/publisher/repo.h"

#define REPOSITORY_URL   "http://repository/"
#define REPOSITORY_FIRST 2026010101 /* version of the first release */

/* Replaces what is there. */
void repository_copy(const char *from, const char *to);

/* UpdClientOptions.get; user: the directory that is served at REPOSITORY_URL. */
bool repository_get(gpointer user, const HlFetchRequest *request, HlFetchResult *result,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The newest version of "virus" that a client with this metadata finds in the directory; all that is listed there must
 * be there, or the test fails. */
gint64 repository_read(const char *directory, const char *metadata);

/* A new client, with the root of this file. */
gint64 repository_read_anew(const char *directory, const char *root_file);

/* Content of that version, straight into the staging directory of "virus". */
void repository_stage(const UpdRepo *repo, gint64 version);

/* Publishes what is staged of "virus". */
bool repository_publish(const UpdRepo *repo, UpdState *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
