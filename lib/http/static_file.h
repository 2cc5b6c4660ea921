/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of which file answer a GET: path, range, validators and cache headers, apart from the HTTP library.
 *
 * A path is walked component by component without following symbolic links; "..", hidden names and anything that is not
 * a regular file are simply not found.  Only the directory itself may be a link.  Blocking, any thread. */
#ifndef LIB_HTTP_STATIC_FILE_H
#define LIB_HTTP_STATIC_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *range, *if_range, *if_none_match; /* headers; NULL: not sent */
} HlStaticQuery;

typedef struct {
    guint status;            /* 200, 206, 304, 404, 416 */
    int fd;                  /* -1 unless 200 or 206; the caller's */
    uint64_t size;           /* of the file */
    uint64_t offset, length; /* the part to send */
    char etag[72];           /* "" when not found */
    const char *content_type, *cache_control;
} HlStaticFile;

/* rest is the decoded path below the directory, without a slash in front. */
HlStaticFile hl_static_open(const char *directory, const char *rest, const HlStaticQuery *query);

#endif
