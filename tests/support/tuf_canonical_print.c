/* SPDX-License-Identifier: Apache-2.0 */
/* Reads JSON, one document a line; prints the canonical form of each in hexadecimal and its SHA-256.  For the
 * comparison with another implementation (tests/integration/tuf-canonical). */
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/ident.h"
#include "updater/tuf/canonical.h"
#include "updater/tuf/verify.h"

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    while ((size = getline(&line, &room, stdin)) > 0) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) document = hl_json_parse("line", line, (gsize)size, &error);
        g_autoptr(GBytes) canonical = document == NULL ? NULL : tuf_canonical(document, &error);
        g_autofree char *hex = NULL;
        g_autofree char *hash = NULL;
        gsize length;
        const void *data;

        if (canonical == NULL) {
            printf("- %s\n", error->message);
            continue;
        }
        data = g_bytes_get_data(canonical, &length);
        hex = hl_hex(data, length);
        hash = tuf_hash_hex(TUF_HASH_SHA256, data, length);
        printf("%s %s\n", hex, hash);
    }
    free(line);
    return 0;
}
