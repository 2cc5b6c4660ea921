/* SPDX-License-Identifier: Apache-2.0 */
/* One request through lib/http/fetch, for tests: fetch-try URL [NAME=VALUE...], printing what became of it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/http/fetch.h"

int main(int argc, char **argv)
{
    HlFetchOptions options = { 0 };
    const char *headers[] = { NULL, NULL };
    HlFetchRequest request = { .url = argv[1], .max_size = 1 << 20, .deadline = 20 * HL_SECOND, .headers = headers };
    const struct {
        const char *name;
        const char **place;
    } texts[] = {
        { "ca=", &options.ca_file },  { "cert=", &options.cert_file },    { "key=", &options.key_file },
        { "proxy=", &options.proxy }, { "type=", &request.content_type }, { "header=", &headers[0] },
    };
    g_autoptr(HlFetch) fetch = NULL;
    g_auto(HlFetchResult) result = { 0 };
    g_autoptr(GError) error = NULL;

    signal(SIGPIPE, SIG_IGN);
    for (int i = 2; i < argc; i++) {
        for (gsize k = 0; k < G_N_ELEMENTS(texts); k++)
            if (g_str_has_prefix(argv[i], texts[k].name))
                *texts[k].place = argv[i] + strlen(texts[k].name);
        if (g_str_has_prefix(argv[i], "max="))
            request.max_size = g_ascii_strtoull(argv[i] + 4, NULL, 10);
        if (g_str_has_prefix(argv[i], "from="))
            request.resume_from = g_ascii_strtoull(argv[i] + 5, NULL, 10);
        if (g_str_has_prefix(argv[i], "deadline="))
            request.deadline = (HlTime)g_ascii_strtoull(argv[i] + 9, NULL, 10);
        if (g_str_has_prefix(argv[i], "post=")) {
            request.body = argv[i] + 5;
            request.body_size = strlen(argv[i] + 5);
        }
    }
    fetch = hl_fetch_new(&options);
    if (!hl_fetch_run(fetch, &request, &result, &error)) {
        fprintf(stderr, "%s\n", error->message);
        printf("error %s\n", hl_error_name(hl_error_code(error)));
        return 1;
    }
    printf("status %ld\n", result.status);
    if (result.retry_after > 0)
        printf("retry-after %d\n", (int)(result.retry_after / HL_SECOND));
    printf("body %.*s\n", (int)g_bytes_get_size(result.body), (const char *)g_bytes_get_data(result.body, NULL));
    return 0;
}
