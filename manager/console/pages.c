/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/pages.h"

#include <string.h>

#include "manager/console/core/credentials.h"
#include "manager/console/core/fault.h"
#include "manager/console/request.h"

/* All files are at the top; what is below is a link into the page, like /groups/sales.tokyo/update. */
static const ConPage *find(const char *path)
{
    if (strchr(path, '.') == NULL || strchr(path + 1, '/') != NULL)
        path = "/";
    for (const ConPage *page = con_pages; page->path != NULL; page++)
        if (strcmp(page->path, path) == 0)
            return page;
    return NULL;
}

static void answer_none(HlHttpRequest *http)
{
    g_autoptr(GError) error = NULL;

    con_fail(&error, CON_FAULT_PAGE_UNKNOWN, NULL);
    con_answer_problem(http, 404, error, NULL);
}

static void answer_method(HlHttpRequest *http)
{
    static const char *const headers[] = { "Allow", "GET, HEAD", NULL };
    g_autoptr(GError) error = NULL;

    con_fail(&error, CON_FAULT_PAGE_METHOD, NULL);
    con_answer_problem(http, 405, error, headers);
}

/* no-cache: kept, and asked for at each use; so an upgrade of the console is seen at once, for 304 is cheap. */
void con_pages_answer(HlHttpRequest *http)
{
    const ConPage *page = find(http->path);
    bool packed = con_accepts(hl_http_request_header(http, "accept-encoding"), "gzip");
    const char *headers[] = { "Cache-Control", "no-cache", "Vary", "Accept-Encoding", "ETag", NULL, NULL, NULL, NULL };
    g_autoptr(GBytes) body = NULL;

    if (strcmp(http->method, "GET") != 0 && strcmp(http->method, "HEAD") != 0) {
        answer_method(http);
        return;
    }
    if (page == NULL) {
        answer_none(http);
        return;
    }
    headers[5] = page->tag;
    if (con_tag_matches(hl_http_request_header(http, "if-none-match"), page->tag)) {
        hl_http_answer(http, 304, NULL, NULL, headers);
        return;
    }
    headers[6] = packed ? "Content-Encoding" : NULL;
    headers[7] = packed ? "gzip" : NULL;
    body = packed ? g_bytes_new_static(page->packed, page->packed_size)
                  : g_bytes_new_static(page->plain, page->plain_size);
    hl_http_answer(http, 200, page->type, body, headers);
}
