/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the web page, compressed into the program (cmake/pages.py).  They are the same for everybody, signed in
 * or not: what they show they ask the REST interface for. */
#ifndef MANAGER_CONSOLE_PAGES_H
#define MANAGER_CONSOLE_PAGES_H

#include <stddef.h>

#include "lib/http/serve.h"

typedef struct {
    const char *path; /* "/", "/console.js" */
    const char *type;
    const char *tag; /* of its content, for ETag */
    const unsigned char *plain;
    size_t plain_size;
    const unsigned char *packed; /* gzip */
    size_t packed_size;
} ConPage;

extern const ConPage con_pages[]; /* the last one has no path */

/* Any path without a dot in it is the page itself ("/"), which shows by its address what is wanted: a link to an
 * endpoint works. */
void con_pages_answer(HlHttpRequest *http);

#endif
