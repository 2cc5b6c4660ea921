/* SPDX-License-Identifier: Apache-2.0 */
/* scan.exclude and the paths that it is held against: first line the setting, then a path.  What is taken leaves
 * something to be scanned, and excludes what lies below what it excludes; path bytes come back from their text. */
#include <string.h>

#include "lib/base/escape.h"
#include "proto/exclude.h"
#include "tests/fuzz/fuzz.h"

static void try_escape(const char *bytes)
{
    g_autofree char *text = hl_escape(bytes);
    g_autofree char *back = hl_unescape(text);
    char *any = hl_unescape(bytes); /* anything, or none; not a crash */

    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(strlen(text), <=, HL_ESCAPE_GROWTH * strlen(bytes));
    g_assert_cmpstr(back, ==, bytes);
    g_free(any);
}

/* The bytes of a path that a row without wildcards names, in which anything may be escaped, are excluded by it. */
static void try_path_row(const char *path)
{
    g_autofree char *row = hl_escape(path);
    const char *const rows[] = { row, NULL };
    g_autoptr(HlExcludes) excludes = *path == '/' && strpbrk(path, "*?[") == NULL ? hl_excludes_new(rows, NULL) : NULL;

    if (excludes != NULL && !g_str_has_suffix(path, "/"))
        g_assert_cmpstr(hl_excludes_path(excludes, path), ==, row);
}

static void try_setting(const char *setting, const char *path)
{
    g_auto(GStrv) rows = g_strsplit(setting, ",", -1);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlExcludes) excludes = hl_excludes_new((const char *const *)rows, &error);
    g_autofree char *below = g_strconcat(path, "/below", NULL);

    g_assert_true((excludes == NULL) == (error != NULL));
    if (excludes == NULL)
        return;
    g_assert_null(hl_excludes_path(excludes, "/"));
    hl_excludes_signature(excludes, path);
    hl_excludes_sha256(excludes, path);
    if (hl_excludes_path(excludes, path) != NULL)
        g_assert_nonnull(hl_excludes_path(excludes, below));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 2);
    const char *setting = lines[0] == NULL ? "" : lines[0];
    const char *path = lines[0] == NULL || lines[1] == NULL ? "" : lines[1];

    if (hl_excludes_check(setting, NULL))
        try_setting(setting, path);
    try_escape(text);
    try_path_row(path);
    return 0;
}
