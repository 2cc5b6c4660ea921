/* SPDX-License-Identifier: Apache-2.0 */
/* scan.exclude: what a scan passes over.  Pure.
 *
 *   /srv/x            this file, or this directory with all that is below it
 *   /var/lib/x-*.img  the same with wildcards
 *   /var/ ** /cache   in /var or at any depth below it (without the blanks, which a comment in C needs)
 *   *.iso             a name in any directory; without wildcards it is written / ** /NAME
 *   sha256:HEX        a file with this content
 *   signature:NAME    what this signature finds; wildcards allowed
 *
 * `*` is any number of characters but '/', `?` is one of them, `[a-z]` one of a set, `[!a-z]` one that is not in it;
 * in the name of a signature '/' is a character like others.  A path is written as reports show it (lib/base/escape.h):
 * a backslash as \\, a byte as \xNN, which is also how a wildcard (\x2a), a comma (\x2c) or a blank at an end (\x20) is
 * taken for itself.  Upper and lower case differ.  Unlike in fnmatch, a leading dot is nothing special, what lies below
 * a directory that matches is excluded with it, and time is linear in the length of the path. */
#ifndef PROTO_EXCLUDE_H
#define PROTO_EXCLUDE_H

#include <stdbool.h>

#include "lib/base/error.h"

#define HL_EXCLUDE_MAX_ROWS 64
#define HL_EXCLUDE_MAX_SIZE 255 /* bytes of a row */

typedef struct HlExcludes HlExcludes;

/* Of a NULL-terminated list.  NULL if one of the rows is malformed or would exclude everything: the message names it
 * and says what to write. */
HlExcludes *hl_excludes_new(const char *const *rows, GError **error);
void hl_excludes_free(HlExcludes *excludes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlExcludes, hl_excludes_free)

/* The same for the comma-separated text of a setting; as HlOption.check. */
bool hl_excludes_check(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The row that excludes it, as it was written; NULL if there is none.  Borrowed.
 *
 * path: the bytes of an absolute path, of a file or a directory; a walker does not enter one that is excluded. */
const char *hl_excludes_path(const HlExcludes *excludes, const char *path);

/* In hexadecimal, lower case. */
const char *hl_excludes_sha256(const HlExcludes *excludes, const char *sha256);

const char *hl_excludes_signature(const HlExcludes *excludes, const char *name);

#endif
