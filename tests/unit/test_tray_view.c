/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/tray/view.c: the daemon's document, whole, in parts, and hostile. */
#include <string.h>

#include "endpoint/tray/view.h"
#include "lib/base/text.h"

static const char whole[] =
    "{\"enrolled\":true,\"line\":\"up\",\"independent\":true,"
    "\"may\":{\"update-now\":true,\"toggle-schedule\":true,\"scan\":true,\"skip-scan\":true,\"stop\":true},"
    "\"patterns\":{\"virus\":2026112702,\"rules\":12},\"patterns_since\":\"2026-11-27T03:31:01Z\","
    "\"update\":{\"running\":true,\"percent\":40,\"what\":\"virus from server\",\"trigger\":\"manual\","
    "\"last_at\":\"2026-11-27T03:31:02Z\",\"last_succeeded\":true,\"last_trigger\":\"command\","
    "\"last_detail\":\"installed\",\"succeeded_at\":\"2026-11-27T03:31:03Z\",\"schedule\":\"daily 12:00\","
    "\"schedule_off_by_user\":true},"
    "\"scan\":{\"running\":true,\"last\":{\"ended\":\"2026-11-27T03:31:04Z\",\"how\":\"schedule\",\"end\":"
    "\"completed\",\"detail\":\"all\",\"files\":10,\"found\":2,\"not_looked_at\":3}},"
    "\"finds\":{\"total\":4,\"count\":5,\"last\":{\"at\":\"2026-11-27T03:31:05Z\",\"signature\":\"Eicar\","
    "\"path\":\"/tmp/a\",\"action\":\"quarantined\"}},\"problem\":\"the disk is full\"}";

#define AT(second) (1795750260 * HL_SECOND + (second)*HL_SECOND) /* 2026-11-27T03:31:00Z */

static void parse(TrView *view, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) document = hl_json_parse("the test", text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_true(tr_view_parse(view, document, &error));
    g_assert_no_error(error);
}

static void check_whole(const TrView *view)
{
    g_assert_true(view->here && view->independent);
    g_assert_cmpint(view->line, ==, TR_LINE_UP);
    g_assert_true(view->may.update_now && view->may.toggle_schedule && view->may.scan && view->may.skip_scan &&
                  view->may.stop);
    g_assert_cmpstr(view->patterns, ==, "virus 2026112702, rules 12");
    g_assert_cmpint(view->patterns_since, ==, AT(1));
    g_assert_true(view->update.running);
    g_assert_cmpuint(view->update.percent, ==, 40);
    g_assert_cmpstr(view->update.what, ==, "virus from server");
    g_assert_cmpstr(view->update.trigger, ==, "manual");
    g_assert_cmpint(view->last_update.at, ==, AT(2));
    g_assert_true(view->last_update.succeeded);
    g_assert_cmpstr(view->last_update.trigger, ==, "command");
    g_assert_cmpstr(view->last_update.detail, ==, "installed");
    g_assert_cmpint(view->succeeded_at, ==, AT(3));
    g_assert_cmpstr(view->schedule, ==, "daily 12:00");
    g_assert_true(view->schedule_off && view->scan_running);
    g_assert_cmpint(view->last_scan.ended, ==, AT(4));
    g_assert_cmpstr(view->last_scan.how, ==, "schedule");
    g_assert_cmpstr(view->last_scan.end, ==, "completed");
    g_assert_cmpstr(view->last_scan.detail, ==, "all");
    g_assert_cmpuint(view->last_scan.files, ==, 10);
    g_assert_cmpuint(view->last_scan.found, ==, 2);
    g_assert_cmpuint(view->last_scan.not_looked_at, ==, 3);
    g_assert_cmpuint(view->finds.total, ==, 4);
    g_assert_cmpuint(view->finds.count, ==, 5);
    g_assert_cmpint(view->finds.at, ==, AT(5));
    g_assert_cmpstr(view->finds.signature, ==, "Eicar");
    g_assert_cmpstr(view->finds.path, ==, "/tmp/a");
    g_assert_cmpstr(view->finds.action, ==, "quarantined");
    g_assert_cmpstr(view->problem, ==, "the disk is full");
}

static void test_whole(void)
{
    g_auto(TrView) view = { 0 };
    g_auto(TrView) copy = { 0 };

    parse(&view, whole);
    check_whole(&view);
    parse(&copy, "{\"problem\":\"is overwritten\"}");
    tr_view_copy(&copy, &view);
    tr_view_copy(&copy, &copy);
    tr_view_clear(&view);
    g_assert_null(view.problem);
    check_whole(&copy);
}

/* What a document does not say, or says in another type, is zero; nothing of an earlier one stays. */
static void test_missing(void)
{
    static const char *const documents[] = {
        "{}",
        "{\"line\":null,\"patterns\":null,\"update\":null,\"scan\":null,\"finds\":null,\"may\":null,\"problem\":null}",
        "{\"line\":1,\"patterns\":[1],\"update\":[],\"scan\":\"x\",\"finds\":true,\"may\":[],\"problem\":{}}",
        "{\"patterns\":{\"virus\":\"new\"},\"update\":{\"percent\":-1,\"last_at\":\"today\",\"running\":1},"
        "\"scan\":{\"last\":null},\"finds\":{\"total\":-5,\"count\":\"3\",\"last\":[]},\"enrolled\":false,\"line\":"
        "\"up\"}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(documents); i++) {
        g_auto(TrView) view = { 0 };

        parse(&view, whole);
        parse(&view, documents[i]);
        g_assert_true(view.here);
        g_assert_false(view.independent || view.may.stop || view.update.running || view.scan_running);
        g_assert_cmpint(view.line, ==, TR_LINE_NONE);
        g_assert_cmpstr(view.patterns, ==, "");
        g_assert_cmpstr(view.problem, ==, "");
        g_assert_cmpstr(view.finds.path, ==, "");
        g_assert_cmpint(view.last_update.at, ==, 0);
        g_assert_cmpuint(view.update.percent, ==, 0);
        g_assert_cmpuint(view.finds.total, ==, 0);
        g_assert_cmpuint(view.finds.count, ==, 0);
    }
}

static void test_no_object(void)
{
    g_auto(TrView) view = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) list = json_array();

    parse(&view, whole);
    g_assert_false(tr_view_parse(&view, list, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_assert_false(view.here);
    g_clear_error(&error);
    g_assert_false(tr_view_parse(&view, NULL, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

static void test_line(void)
{
    static const struct {
        const char *document;
        TrLine line;
    } cases[] = {
        { "{\"enrolled\":true,\"line\":\"up\"}", TR_LINE_UP },
        { "{\"enrolled\":true,\"line\":\"connecting\"}", TR_LINE_CONNECTING },
        { "{\"enrolled\":true,\"line\":\"down\"}", TR_LINE_DOWN },
        { "{\"enrolled\":true,\"line\":null}", TR_LINE_DOWN },
        { "{\"enrolled\":true,\"line\":\"sideways\"}", TR_LINE_DOWN },
        { "{\"line\":\"up\"}", TR_LINE_NONE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(TrView) view = { 0 };

        parse(&view, cases[i].document);
        g_assert_cmpint(view.line, ==, cases[i].line);
    }
}

static void check_harmless(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_cmpuint(strlen(text), <=, TR_MAX_TEXT);
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        g_assert_false(hl_char_is_deceptive(g_utf8_get_char(at)));
}

static void test_hostile(void)
{
    static const char *const texts[] = {
        "line\nfeed\ttab\033[31mred\a",
        "\xe2\x80\xaegpj.exe\xe2\x81\xa6\xe2\x81\xa9",
        "not UTF-8: \xff\xc3(",
        "cut in a character \xe2\x80",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = tr_text(texts[i]);

        check_harmless(text);
    }
    {
        g_autofree char *none = tr_text(NULL);
        g_autofree char *markup = tr_text("<b>&amp;_x</b>");
        g_autofree char *spoofed = tr_text("a\xe2\x80\xaegpj.exe");

        g_assert_cmpstr(none, ==, "");
        g_assert_cmpstr(markup, ==, "<b>&amp;_x</b>"); /* the bus side's to escape */
        g_assert_cmpstr(spoofed, ==, "a\xef\xbf\xbdgpj.exe");
    }
}

/* A megabyte of anything is a short text; a path keeps the name of its file. */
static void test_long(void)
{
    static const char *const units[] = { "a", "\xe3\x81\x82", "\xf0\x9f\x90\x9b", "\xff", "\xe2\x80\xae", "x://y@" };

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        for (gsize shift = 0; shift < 4; shift++) {
            g_autoptr(GString) long_text = g_string_new("");
            g_autofree char *text = NULL;
            g_autofree char *path = NULL;
            g_autoptr(json_t) document = NULL;
            g_auto(TrView) view = { 0 };

            while (long_text->len < 1000000)
                g_string_append(long_text, long_text->len < shift ? "b" : units[i]);
            text = tr_text(long_text->str);
            check_harmless(text);
            g_assert_true(g_str_has_suffix(text, "…"));
            path = g_strconcat("/", long_text->str, "/virus.exe", NULL);
            document = json_pack("{s:{s:{s:o}}}", "finds", "last", "path", json_stringn_nocheck(path, strlen(path)));
            g_assert_true(tr_view_parse(&view, document, NULL));
            check_harmless(view.finds.path);
            g_assert_true(g_str_has_prefix(view.finds.path, "/"));
            g_assert_true(g_str_has_suffix(view.finds.path, "/virus.exe"));
        }
}

static void test_exact_length(void)
{
    g_autofree char *fits = g_strnfill(TR_MAX_TEXT, 'a');
    g_autofree char *longer = g_strnfill(TR_MAX_TEXT + 1, 'a');
    g_autofree char *same = tr_text(fits);
    g_autofree char *cut = tr_text(longer);

    g_assert_cmpstr(same, ==, fits);
    g_assert_cmpuint(strlen(cut), ==, TR_MAX_TEXT);
    g_assert_true(g_str_has_suffix(cut, "a…"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tray-view/whole", test_whole);
    g_test_add_func("/tray-view/missing", test_missing);
    g_test_add_func("/tray-view/no-object", test_no_object);
    g_test_add_func("/tray-view/line", test_line);
    g_test_add_func("/tray-view/hostile", test_hostile);
    g_test_add_func("/tray-view/long", test_long);
    g_test_add_func("/tray-view/exact-length", test_exact_length);
    return g_test_run();
}
