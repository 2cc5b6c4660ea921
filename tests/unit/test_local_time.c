/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/local_time, and where it is put in: hl_say is like hl_table, which prints to a file here. */
#include "lib/base/local_time.h"

#include "lib/base/table.h"

#define SINCE "since 2026-11-27T03:31:01Z"

typedef struct {
    const char *text, *beside;
} Case;

static void check(const char *zone, const Case *cases, gsize n)
{
    g_setenv("TZ", zone, TRUE);
    for (gsize i = 0; i < n; i++) {
        g_autofree char *beside = hl_local_beside(cases[i].text);

        g_assert_cmpstr(beside, ==, cases[i].beside);
    }
}

static void test_beside(void)
{
    static const Case tokyo[] = {
        { "", "" },
        { SINCE, SINCE " (12:31:01 JST)" },
        { SINCE ", by ann", SINCE " (12:31:01 JST), by ann" },
        { "2026-11-27T15:31:01Z", "2026-11-27T15:31:01Z (2026-11-28 00:31:01 JST)" }, /* another day */
        { "2026-11-27T03:31:01Z 2026-11-27T03:31:02Z.",
          "2026-11-27T03:31:01Z (12:31:01 JST) 2026-11-27T03:31:02Z (12:31:02 JST)." },
        { "は2026-11-27T03:31:01Zに", "は2026-11-27T03:31:01Z (12:31:01 JST)に" },
        /* no times of their own */
        { "site-2026-11-27T03:31:01Z.tar", "site-2026-11-27T03:31:01Z.tar" },
        { "/b/2026-11-27T03:31:01Z", "/b/2026-11-27T03:31:01Z" },
        { "'audit list --since 2026-11-27T03:31:01Z'", "'audit list --since 2026-11-27T03:31:01Z'" },
        { "2026-11-27T03:31:01", "2026-11-27T03:31:01" },
        { "2026-13-47T03:31:01Z", "2026-13-47T03:31:01Z" },
    };
    static const Case utc[] = { { SINCE, SINCE } };
    static const Case newfoundland[] = { { SINCE, SINCE " (00:01:01 NST)" } };

    check("JST-9", tokyo, G_N_ELEMENTS(tokyo));
    check("UTC", utc, G_N_ELEMENTS(utc));
    check("NST3:30", newfoundland, G_N_ELEMENTS(newfoundland));
}

static char *printed(const char *cell)
{
    static const char *const headings[] = { "AT", NULL };
    g_autoptr(HlTable) table = hl_table_new(headings);
    FILE *file = tmpfile();
    char text[200] = { 0 };

    g_assert_nonnull(file);
    hl_table_add(table, (const char *const[]){ cell, NULL });
    hl_table_print(table, file);
    rewind(file);
    g_assert_cmpuint(fread(text, 1, sizeof text - 1, file), >, 0);
    fclose(file);
    return g_strdup(text);
}

/* One time where two have no room; a sentence in a cell stays as it was said. */
static void test_columns(void)
{
    g_autofree char *none = NULL;
    g_autofree char *time = NULL;
    g_autofree char *sentence = NULL;
    g_autofree char *utc = NULL;

    g_setenv("TZ", "JST-9", TRUE);
    none = printed(NULL);
    time = printed("2026-11-27T15:31:01Z");
    sentence = printed("ends 2026-11-27T15:31:01Z");
    g_setenv("TZ", "UTC", TRUE);
    utc = printed("2026-11-27T15:31:01Z");
    g_assert_cmpstr(none, ==, "AT\n-\n");
    g_assert_cmpstr(time, ==, "AT\n2026-11-28 00:31:01 JST\n");
    g_assert_cmpstr(sentence, ==, "AT\nends 2026-11-27T15:31:01Z\n");
    g_assert_cmpstr(utc, ==, "AT\n2026-11-27T15:31:01Z\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/local-time/beside", test_beside);
    g_test_add_func("/local-time/columns", test_columns);
    return g_test_run();
}
