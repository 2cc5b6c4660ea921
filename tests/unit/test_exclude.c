/* SPDX-License-Identifier: Apache-2.0 */
/* scan.exclude: which rows are taken, and what they exclude. */
#include <string.h>

#include "proto/exclude.h"

#define HEX "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"

static HlExcludes *one(const char *row, GError **error)
{
    const char *const rows[] = { row, NULL };

    return hl_excludes_new(rows, error);
}

static void test_paths(void)
{
    static const struct {
        const char *row, *path;
        bool excluded;
    } rows[] = {
        { "/srv/x", "/srv/x", true },
        { "/srv/x", "/srv/x/y/z", true },
        { "/srv/x/", "/srv/x", true },
        { "/srv/x", "/srv/xy", false },
        { "/srv/x", "/srv", false },
        { "/srv/x", "/a/srv/x", false },
        { "/srv/X", "/srv/x", false },
        { "*.iso", "/a/b.iso", true },
        { "*.iso", "/b.iso", true },
        { "*.iso", "/a/.iso", true },
        { "*.iso", "/a/b.iso.exe", false },
        { "*.iso", "/a/dir.iso/file", true },
        { "/a/*.iso", "/a/b.iso", true },
        { "/a/*.iso", "/a/b/c.iso", false },
        { "/a/b*", "/a/b", true },
        { "/home/*/cache", "/home/u/cache/x", true },
        { "/home/*/cache", "/home/u/v/cache", false },
        { "/home/*/cache", "/home//cache", true },
        { "/var/**/x", "/var/x", true },
        { "/var/**/x", "/var/a/x", true },
        { "/var/**/x", "/var/a/b/c/x/y", true },
        { "/var/**/x", "/var/ax", false },
        { "/var/**/x", "/varx", false },
        { "/var/**", "/var/a/b", true },
        { "/var/**", "/var", false },
        { "/var/a**z", "/var/ab/cz", true },
        { "/**/core", "/core", true },
        { "/**/core", "/a/b/core", true },
        { "/**/core", "/a/b/score", false },
        { "/a/?", "/a/b", true },
        { "/a/?", "/a/\xc3\xa9", true },
        { "/a/?", "/a/\xe9", true },
        { "/a/?b", "/a//b", false },
        { "/a/??", "/a/\xc3\xa9", false },
        { "/a/[b-d]", "/a/c", true },
        { "/a/[b-d]", "/a/e", false },
        { "/a/[!b-d]", "/a/e", true },
        { "/a/[^b-d]", "/a/c", false },
        { "/a[!b]c", "/a/c", false },
        { "/a/[]]x", "/a/]x", true },
        { "/a/[b-]", "/a/-", true },
        { "/a/[\xc3\xa0-\xc3\xaf]", "/a/\xc3\xa9", true },
        { "/a/[\\x2d]", "/a/-", true },
        { "/a/\\x2a", "/a/*", true },
        { "/a/\\x2a", "/a/b", false },
        { "/a/b\\x2cc", "/a/b,c", true },
        { "/a/\\\\x41", "/a/\\x41", true },
        { "/a/caf\\xe9", "/a/caf\xe9", true },
        { "/a/caf\\xc3\\xa9", "/a/caf\xc3\xa9", true },
        { "/a/\\xe2\\x80\\xaex", "/a/\xe2\x80\xaex", true },
        { "/a/x\\x0ay", "/a/x\ny/z", true },
        { "/a/caf*", "/a/caf\xe9\xff", true },
        { "/a/b:c", "/a/b:c", true },
        { "sha256:" HEX, "/" HEX, false },
        { "signature:*x", "/x", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(HlExcludes) excludes = one(rows[i].row, &error);
        const char *by;

        g_assert_no_error(error);
        by = hl_excludes_path(excludes, rows[i].path);
        if ((by != NULL) != rows[i].excluded)
            g_error("%s and %s", rows[i].row, rows[i].path);
        g_assert_true(by == NULL || strcmp(by, rows[i].row) == 0);
    }
}

static void test_others(void)
{
    static const char *const rows[] = { "sha256:275A021BBFB6489E54D471899F7DB9D1663FC695EC2FE2A2C4538AABF651FD0F",
                                        "signature:Win.Test.EICAR_HDB-1",
                                        "signature:PUA.*",
                                        "signature:A/?-[12]",
                                        "/srv",
                                        NULL };
    g_autoptr(HlExcludes) excludes = hl_excludes_new(rows, NULL);

    g_assert_nonnull(excludes);
    g_assert_cmpstr(hl_excludes_sha256(excludes, HEX), ==, rows[0]);
    g_assert_null(hl_excludes_sha256(excludes, "275a"));
    g_assert_cmpstr(hl_excludes_signature(excludes, "Win.Test.EICAR_HDB-1"), ==, rows[1]);
    g_assert_null(hl_excludes_signature(excludes, "Win.Test.EICAR_HDB-1/x"));
    g_assert_null(hl_excludes_signature(excludes, "win.test.eicar_hdb-1"));
    g_assert_cmpstr(hl_excludes_signature(excludes, "PUA.Win/Tool-1"), ==, rows[2]);
    g_assert_cmpstr(hl_excludes_signature(excludes, "A//-2"), ==, rows[3]);
    g_assert_null(hl_excludes_signature(excludes, "A/b-3"));
    g_assert_cmpstr(hl_excludes_path(excludes, "/srv/x"), ==, rows[4]);
    g_assert_null(hl_excludes_signature(excludes, "/srv"));
}

/* The message names the row and says what to write. */
static void test_refused(void)
{
    static const struct {
        const char *row, *says;
        HlErrorCode code;
    } rows[] = {
        { "", "is not an exclusion", HL_ERROR_INVALID },
        { "/", "would exclude everything", HL_ERROR_INVALID },
        { "*", "would exclude everything", HL_ERROR_INVALID },
        { "**", "would exclude everything", HL_ERROR_INVALID },
        { "/*", "would exclude everything", HL_ERROR_INVALID },
        { "/**", "would exclude everything", HL_ERROR_INVALID },
        { "/**/*", "would exclude everything", HL_ERROR_INVALID },
        { "/?*", "would exclude everything", HL_ERROR_INVALID },
        { "signature:", "would exclude everything", HL_ERROR_INVALID },
        { "signature:*", "would exclude everything", HL_ERROR_INVALID },
        { "srv/x", "begin it with '/'", HL_ERROR_INVALID },
        { "x", "/**/NAME", HL_ERROR_INVALID },
        { "sha1:*", "sha256:HEX", HL_ERROR_INVALID },
        { "sha256=" HEX, "sha256:HEX", HL_ERROR_INVALID },
        { "sha256:275a", "64 hexadecimal digits", HL_ERROR_INVALID },
        { "sha256:" HEX "0", "64 hexadecimal digits", HL_ERROR_INVALID },
        { "/a//b", "give the path itself", HL_ERROR_INVALID },
        { "/a/./b", "give the path itself", HL_ERROR_INVALID },
        { "/a/../b", "give the path itself", HL_ERROR_INVALID },
        { "//", "would exclude everything", HL_ERROR_INVALID },
        { "/a/[b", "\\x5b", HL_ERROR_INVALID },
        { "/a/[", "\\x5b", HL_ERROR_INVALID },
        { "/a/[]", "\\x5b", HL_ERROR_INVALID },
        { "/a/[z-a]", "\\x5b", HL_ERROR_INVALID },
        { "/a/\\*", "\\x2a", HL_ERROR_INVALID },
        { "/a/\\", "\\x2a", HL_ERROR_INVALID },
        { "/a/\\x0", "\\x2a", HL_ERROR_INVALID },
        { "/a/\\x00", "\\x2a", HL_ERROR_INVALID },
        { "/a/caf\xe9", "\\xNN", HL_ERROR_INVALID },
        { "/a/b\nc", "\\xNN", HL_ERROR_INVALID },
    };
    g_autofree char *longest = g_strnfill(HL_EXCLUDE_MAX_SIZE + 1, 'x');
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) refusal = NULL;
        g_autoptr(HlExcludes) excludes = one(rows[i].row, &refusal);

        if (excludes != NULL || strstr(refusal->message, rows[i].says) == NULL)
            g_error("%s: %s", rows[i].row, excludes != NULL ? "taken" : refusal->message);
        g_assert_error(refusal, HL_ERROR, (int)rows[i].code);
    }
    longest[0] = '/';
    g_assert_null(one(longest, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    longest[HL_EXCLUDE_MAX_SIZE] = '\0';
    {
        g_autoptr(HlExcludes) excludes = one(longest, NULL);

        g_assert_cmpstr(hl_excludes_path(excludes, longest), ==, longest);
    }
}

/* As a setting has it. */
static void test_list(void)
{
    g_autoptr(GString) many = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_excludes_check("", &error));
    g_assert_true(hl_excludes_check(" /srv/x, *.iso,,sha256:" HEX ", signature:PUA.* ", &error));
    g_assert_no_error(error);
    g_assert_false(hl_excludes_check("/srv/x,srv/y", &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "'srv/y'"));
    g_clear_error(&error);
    for (guint i = 0; i < HL_EXCLUDE_MAX_ROWS; i++)
        g_string_append_printf(many, "/srv/%u,", i);
    g_assert_true(hl_excludes_check(many->str, &error));
    g_string_append(many, "/srv/x");
    g_assert_false(hl_excludes_check(many->str, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* A name that makes matchers which try again take for ever. */
static void test_linear(void)
{
    g_autofree char *path = g_strnfill(4095, 'a');
    g_autofree char *row = g_strnfill(HL_EXCLUDE_MAX_SIZE, 'a');
    g_autoptr(HlExcludes) excludes = NULL;

    path[0] = row[0] = '/';
    for (gsize i = 1; i < HL_EXCLUDE_MAX_SIZE - 1; i += 2)
        row[i] = '*';
    row[HL_EXCLUDE_MAX_SIZE - 1] = 'b';
    excludes = one(row, NULL);
    g_assert_nonnull(excludes);
    g_assert_null(hl_excludes_path(excludes, path));
    path[4094] = 'b';
    g_assert_nonnull(hl_excludes_path(excludes, path));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exclude/paths", test_paths);
    g_test_add_func("/exclude/others", test_others);
    g_test_add_func("/exclude/refused", test_refused);
    g_test_add_func("/exclude/list", test_list);
    g_test_add_func("/exclude/linear", test_linear);
    return g_test_run();
}
