/* SPDX-License-Identifier: Apache-2.0 */
/* The directory that a file was found in: what a quarantine does there.
 *
 * It may belong to a user who moves, swaps and links things while we look.  So nothing here follows a link, opens what
 * is no regular file, waits for a lease, or puts anything over an existing name.  Blocking. */
#ifndef ENDPOINT_SCAN_ORIGIN_H
#define ENDPOINT_SCAN_ORIGIN_H

#include "endpoint/scan/record.h"

/* For reading, by its absolute path, no part of which may be a link or "..".  -1 on failure. */
int ep_origin_open(const char *directory, GError **error);

typedef enum {
    EP_ORIGIN_NONE,  /* the name does not exist */
    EP_ORIGIN_SAME,  /* a regular file with the content of the record */
    EP_ORIGIN_OTHER, /* anything else, or what cannot be read */
} EpOriginSight;

/* What the name refers to.  EP_ORIGIN_SAME_FILE: it must be the very file that was taken, under this one name (or this
 * and the name that a move made beside it). */
typedef enum { EP_ORIGIN_SAME_CONTENT, EP_ORIGIN_SAME_FILE } EpOriginLook;
EpOriginSight ep_origin_look(int directory, const char *name, const EpRecord *record, EpOriginLook look);

/* Gives the file another name, never that of an existing one (HL_ERROR_EXISTS). */
bool ep_origin_move(int directory, const char *from, const char *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool ep_origin_remove(int directory, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The names that the file has while it is taken and while it is restored.  Caller frees. */
char *ep_origin_taking_name(const EpRecord *record);
char *ep_origin_restoring_name(const EpRecord *record);

#endif
