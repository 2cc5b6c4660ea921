/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata from anybody: the first byte says what the rest is.
 *   '0' to '3'  a file of that type (root, timestamp, snapshot, targets): parsed; a root also as the one that is
 * trusted, and as its own successor; targets also searched through '4'         a pattern and a path, a line each */
#include <string.h>

#include "lib/base/ident.h"
#include "tests/fuzz/fuzz.h"
#include "updater/tuf/canonical.h"
#include "updater/tuf/delegation.h"
#include "updater/tuf/trusted.h"

static void try_root(GBytes *bytes)
{
    g_auto(TufTrusted) trusted = { 0 };
    bool rotated;

    if (tuf_trusted_init(&trusted, bytes, HL_DAY, NULL)) {
        g_assert_false(tuf_trusted_update_root(&trusted, bytes, &rotated, NULL)); /* never its own successor */
        HL_IGNORE(tuf_trusted_check_root(&trusted, NULL));                        /* whether it has expired */
    }
}

static void try_search(const TufMetadata *metadata)
{
    static const char *const paths[] = { "file", "dir/file", "virus/x.zst", "" };
    TufWalkEvent event;

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_auto(TufWalk) walk = { 0 };
        TufWalkStep step;
        int steps = 0;

        tuf_walk_init(&walk, paths[i]);
        do /* every role delegates as this one does */
            step = tuf_walk_enter(&walk, metadata, &event);
        while (step == TUF_WALK_WANTS && ++steps <= TUF_WALK_ROLES_MAX);
        g_assert_cmpint(steps, <=, TUF_WALK_ROLES_MAX);
    }
}

static void try_file(TufRole type, const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(TufMetadata) metadata = tuf_metadata_parse(type, bytes, &error);

    g_assert_true((metadata == NULL) == (error != NULL));
    if (type == TUF_ROOT)
        try_root(bytes);
    if (metadata != NULL && type == TUF_TARGETS)
        try_search(metadata);
}

static void try_pattern(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char *path = strchr(text, '\n');

    if (path == NULL || !g_utf8_validate(text, -1, NULL)) /* what comes out of JSON is valid UTF-8 */
        return;
    *path++ = '\0';
    if (tuf_path_matches(text, path))
        g_assert_true(strpbrk(text, "*?[") != NULL || strcmp(text, path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] >= '0' && data[0] <= '3')
        try_file((TufRole)(data[0] - '0'), data + 1, size - 1);
    else if (size > 0 && data[0] == '4')
        try_pattern(data + 1, size - 1);
    return 0;
}
