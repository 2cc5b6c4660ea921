/* SPDX-License-Identifier: Apache-2.0 */
/* What a narrow column shows of names: those that differ look different. */
#include "lib/base/names.h"
#include "lib/base/table.h"
#include "lib/base/unconst.h"

#define MOST 6

typedef struct {
    const char *names[MOST], *shown[MOST]; /* end with NULL */
} Case;

static GStrv copy(const Case *with, gsize *n)
{
    *n = g_strv_length(hl_unconst(with->names));
    return g_strdupv(hl_unconst(with->names));
}

static void expect(const GStrv names, const Case *with)
{
    for (gsize i = 0; names[i] != NULL; i++)
        g_assert_cmpstr(names[i], ==, with->shown[i]);
}

static void test_shorten(void)
{
    static const Case cases[] = {
        { { "pc-1.example.org", "pc-2.example.org", NULL }, { "pc-1", "pc-2", NULL } },
        { { "pc-1.a.example", "PC-1.b.example", "pc-2.b.example", NULL },
          { "pc-1.a.example", "PC-1.b.example", "pc-2" } },
        { { "pc-1", "pc-1.example.org", NULL }, { "pc-1", "pc-1.example.org" } },
        { { "pc-1.example.org", "PC-1.example.org", NULL }, { "pc-1", "PC-1" } }, /* one host, twice */
        { { "192.168.1.10", "192.168.1.11", "fd00::1", "-", NULL },
          { "192.168.1.10", "192.168.1.11", "fd00::1", "-" } },
        { { "営業-1.example.jp", "営業-2.example.jp", NULL }, { "営業-1", "営業-2" } },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize n;
        g_auto(GStrv) names = copy(&cases[i], &n);

        hl_names_shorten(names, n);
        expect(names, &cases[i]);
    }
}

static void test_middle(void)
{
    static const struct {
        const char *text;
        int cells, end;
        const char *shown;
    } cases[] = {
        { "dept-accounting-floor3-pc-0001", 16, 7, "dept-acc…pc-0001" },
        { "dept-accounting-floor3-pc-0001", 16, 0, "dept-accounting…" },
        { "short", 16, 7, "short" },
        { "営業部第一課の端末その一", 12, 5, "営業部…の一" }, /* half a character is none */
        { "営業部第一課の端末その一", 13, 6, "営業部…その一" },
        { "\033[31mdept-accounting\033[0m", 8, 3, "\033[31mdept…ing\033[0m" },
        { "e\314\201e\314\201e\314\201e\314\201e\314\201", 3, 1,
          "e\314\201…e\314\201" }, /* accents go with their letters */
        { "abc", 1, 0, "…" },
        { "abc", 0, 0, "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = hl_text_clip_middle(cases[i].text, cases[i].cells, cases[i].end);

        g_test_message("%s", cases[i].text);
        g_assert_cmpstr(shown, ==, cases[i].shown);
        g_assert_cmpint(hl_text_cells(shown), <=, MAX(cases[i].cells, 0));
    }
}

static void test_clip(void)
{
    static const struct {
        Case of;
        HlClip clip;
    } cases[] = {
        { { { "dept-accounting-floor3-pc-0001", "dept-accounting-floor3-pc-0002", "pc-3", NULL },
            { "dept-acc…pc-0001", "dept-acc…pc-0002", "pc-3" } },
          HL_CLIP_MIDDLE },
        { { { "pc-0001.tokyo.example.co.jp", "pc-0001.osaka.example.co.jp", NULL },
            { "pc-0001.tokyo.e…", "pc-0001.osaka.e…" } },
          HL_CLIP_MIDDLE },
        { { { "it cannot be read", "it cannot be written: the disk is full", NULL },
            { "it cannot be re…", "it cannot be wr…" } },
          HL_CLIP_END },
        { { { "it cannot be written: the disk is full", "it cannot be written: it is read-only", NULL },
            { "it canno…is full", "it canno…ad-only" } },
          HL_CLIP_END },
        { { { "the same and the same", "the same and the same", "the s…he same", NULL },
            { "the same…he same", "the same…he same", "the s…he same" } },
          HL_CLIP_MIDDLE },
        { { { "営業部第一課の端末その一", "営業部第一課の端末その二", NULL },
            { "営業部第…その一", "営業部第…その二" } },
          HL_CLIP_MIDDLE },
        { { { "aaaaaaaaaaXaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaYaaaaaaaaaaaaaaaaaaa", NULL }, /* one end has it */
            { "aaaaaaaaaaXaaaa…", "aaaaaaaaaaYaaaa…" } },
          HL_CLIP_MIDDLE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize n;
        g_auto(GStrv) names = copy(&cases[i].of, &n);

        g_test_message("%s", names[0]);
        hl_names_clip(names, n, 16, cases[i].clip);
        expect(names, &cases[i].of);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/shorten", test_shorten);
    g_test_add_func("/names/middle", test_middle);
    g_test_add_func("/names/clip", test_clip);
    return g_test_run();
}
