/* SPDX-License-Identifier: Apache-2.0 */
/* One place from which patterns come: a TUF repository behind a URL, with the metadata that is kept of it.
 *
 * The bytes that come are counted.  A server that is busy (503 with Retry-After) is waited for, up to a bound, and
 * longer than it asks by a random share, because it told many the same.  Blocking, one thread. */
#ifndef UPDATER_INSTALL_SOURCE_H
#define UPDATER_INSTALL_SOURCE_H

#include "updater/client/client.h"

typedef struct {
    char *name; /* safe as a file name */
    char *url;  /* ends with a slash; metadata/ and targets/ are below it */
} UpdSourceSpec;

/* NAME=URL. */
bool upd_source_parse(const char *text, UpdSourceSpec *spec, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void upd_source_spec_clear(UpdSourceSpec *spec);

/* How to reach it. */
typedef struct {
    HlFetchOptions http;
    UpdGet get; /* NULL: over the network, with http */
    gpointer get_user;
    GBytes *root;    /* the root metadata that is trusted at first */
    HlTime patience; /* the longest wait for a busy server, or for one that is away */
    bool *busy;      /* becomes true when one asked to be left alone for longer than that; may be NULL */
    void (*waits)(HlTime wait, gpointer user); /* a busy server is now left alone for this long; may be NULL */
    gpointer waits_user;
    HlTime until; /* mono: then the source is given up as too slow; 0: never */
} UpdSourceAccess;

typedef struct UpdSource UpdSource;

/* Opens the metadata in directory (made if missing; started over if it was started from another root), and brings it up
 * to date.  What comes, metadata included, is added to *bytes, which must outlive the source. */
UpdSource *upd_source_open(const UpdSourceSpec *spec, const UpdSourceAccess *access, const char *directory,
                           uint64_t *bytes, GError **error);
void upd_source_free(UpdSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UpdSource, upd_source_free)

/* The targets of a component; empty when it was emptied, NULL when the repository does not know it: what a server
 * merely withholds must not look like a withdrawal.  Caller unrefs; the targets are borrowed. */
GPtrArray *upd_source_list(UpdSource *source, const char *component, GError **error);

/* As upd_client_download, taking a broken connection up again as long as it brings something. */
bool upd_source_download(UpdSource *source, const TufTarget *target, const char *path, HlFetchProgress progress,
                         gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A file below the source's URL, as it comes: nothing vouches for it.  NULL on failure, HL_ERROR_NOT_FOUND when it is
 * not there. */
GBytes *upd_source_fetch(UpdSource *source, const char *name, gsize max_size, GError **error);

/* Its client, refreshed; borrowed. */
UpdClient *upd_source_client(UpdSource *source);

#endif
