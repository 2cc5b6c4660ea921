/* SPDX-License-Identifier: Apache-2.0 */
/* proto/updater_lines: the bytes that are written, what is read back from them, and what is made of lines that are off.
 */
#include "proto/updater_lines.h"

#include <string.h>

static HlUpdaterLineKind parse(const char *text, HlUpdaterLine *line)
{
    return hl_updater_line_parse(text, line);
}

/* --------------------------------------------------------------------------------------------------------- making */

static void test_bytes(void)
{
    g_autofree char *progress = hl_updater_line_progress(40, "virus from server");
    HlUpdaterResult result = { .outcome = HL_UPDATER_UPDATED,
                               .message = (char[]){ "virus 2026112203 was installed" },
                               .source = (char[]){ "server" },
                               .components = (char[]){ "virus=2026112203 rules=2026112201" },
                               .bytes = 52,
                               .added = 3,
                               .removed = 1 };
    g_autofree char *updated = hl_updater_line_updated(&result);
    g_autofree char *mirrored = hl_updater_line_mirrored(&result);
    g_autofree char *failed = NULL;
    g_autofree char *not_mirrored = NULL;

    g_assert_cmpstr(progress, ==, "{\"progress\":40,\"what\":\"virus from server\"}");
    g_assert_cmpstr(updated, ==,
                    "{\"result\":\"updated\",\"components\":{\"virus\":2026112203,\"rules\":2026112201},"
                    "\"source\":\"server\",\"bytes\":52,\"message\":\"virus 2026112203 was installed\"}");
    g_assert_cmpstr(mirrored, ==,
                    "{\"result\":\"updated\",\"components\":{\"virus\":2026112203,\"rules\":2026112201},"
                    "\"bytes\":52,\"added\":3,\"removed\":1,\"message\":\"virus 2026112203 was installed\"}");
    result = (HlUpdaterResult){ .outcome = HL_UPDATER_FAILED,
                                .code = (char[]){ "untrusted" },
                                .message = (char[]){ "bad" } };
    failed = hl_updater_line_updated(&result);
    not_mirrored = hl_updater_line_mirrored(&result);
    g_assert_cmpstr(failed, ==,
                    "{\"result\":\"failed\",\"components\":{},\"source\":\"\",\"bytes\":0,\"code\":\"untrusted\","
                    "\"message\":\"bad\"}");
    g_assert_cmpstr(not_mirrored, ==,
                    "{\"result\":\"failed\",\"components\":{},\"bytes\":0,\"added\":0,\"removed\":0,"
                    "\"message\":\"bad\",\"code\":\"untrusted\"}");
}

static void test_shown_bytes(void)
{
    HlUpdaterShown shown = { .components = "", .previous = "", .held = "virus=7" };
    g_autofree char *nothing = hl_updater_line_shown(&shown);
    g_autofree char *something = NULL;

    g_assert_cmpstr(nothing, ==, "{\"result\":\"current\",\"components\":{},\"previous\":{},\"held\":{\"virus\":7}}");
    shown = (HlUpdaterShown){ .components = "virus=2",
                              .previous = "virus=1",
                              .held = "",
                              .set = 5,
                              .source = "server",
                              .installed = 86400 * HL_SECOND,
                              .age = 90500 };
    something = hl_updater_line_shown(&shown);
    g_assert_cmpstr(something, ==,
                    "{\"result\":\"current\",\"components\":{\"virus\":2},\"previous\":{\"virus\":1},\"held\":{},"
                    "\"set\":5,\"source\":\"server\",\"installed\":\"1970-01-02T00:00:00Z\",\"age_seconds\":90}");
}

/* A source's name comes from the command line: whatever it is, there is a line. */
static void test_bytes_not_utf8(void)
{
    HlUpdaterResult result = { .outcome = HL_UPDATER_CURRENT,
                               .source = (char[]){ "a\xff" },
                               .message = (char[]){ "b\xfe" } };
    g_autofree char *progress = hl_updater_line_progress(1, "virus from a\xff");
    g_autofree char *updated = hl_updater_line_updated(&result);
    g_autofree char *mirrored = hl_updater_line_mirrored(&result);

    g_assert_cmpstr(progress, ==, "{\"progress\":1,\"what\":\"virus from a\xef\xbf\xbd\"}");
    g_assert_nonnull(strstr(updated, "\"source\":\"a\xef\xbf\xbd\""));
    g_assert_nonnull(strstr(mirrored, "\"message\":\"b\xef\xbf\xbd\""));
}

/* -------------------------------------------------------------------------------------------------------- reading */

static void test_read_back(void)
{
    HlUpdaterResult made = { .outcome = HL_UPDATER_FAILED,
                             .code = (char[]){ "full" },
                             .message = (char[]){ "no space" },
                             .source = (char[]){ "server" },
                             .components = (char[]){ "virus=2 agent=1" },
                             .bytes = 1,
                             .added = 2,
                             .removed = 3 };
    g_autofree char *updated = hl_updater_line_updated(&made);
    g_autofree char *mirrored = hl_updater_line_mirrored(&made);
    g_autofree char *progress = hl_updater_line_progress(100, "done");
    g_auto(HlUpdaterLine) first = { 0 };
    g_auto(HlUpdaterLine) second = { 0 };
    g_auto(HlUpdaterLine) third = { 0 };
    g_auto(HlUpdaterResult) stolen = { 0 };

    g_assert_cmpint(parse(updated, &first), ==, HL_UPDATER_LINE_RESULT);
    g_assert_null(first.progress.what);
    g_assert_cmpstr(first.result.source, ==, "server");
    stolen = hl_updater_line_steal(&first);
    g_assert_null(first.result.message);
    g_assert_cmpint(stolen.outcome, ==, HL_UPDATER_FAILED);
    g_assert_cmpstr(stolen.code, ==, "full");
    g_assert_cmpstr(stolen.message, ==, "no space");
    g_assert_cmpstr(stolen.components, ==, "agent=1 virus=2"); /* sorted, however it was written */
    g_assert_cmpuint(stolen.bytes, ==, 1);
    g_assert_cmpint(parse(mirrored, &second), ==, HL_UPDATER_LINE_RESULT);
    g_assert_cmpuint(second.result.added, ==, 2);
    g_assert_cmpuint(second.result.removed, ==, 3);
    g_assert_cmpint(parse(progress, &third), ==, HL_UPDATER_LINE_PROGRESS);
    g_assert_cmpuint(third.progress.percent, ==, 100);
    g_assert_cmpstr(third.progress.what, ==, "done");
}

static void test_outcomes(void)
{
    static const struct {
        const char *line;
        HlUpdaterOutcome outcome;
        const char *code, *message;
    } cases[] = {
        { "{\"result\":\"updated\",\"message\":\"m\"}", HL_UPDATER_UPDATED, "", "m" },
        { "{\"result\":\"current\"}", HL_UPDATER_CURRENT, "", "current" },
        { "{\"result\":\"of a newer version\",\"code\":\"x\"}", HL_UPDATER_CURRENT, "", "of a newer version" },
        { "{\"result\":\"failed\"}", HL_UPDATER_FAILED, "failed", "failed" },
        { "{\"result\":\"failed\",\"code\":\"io\",\"message\":\"\"}", HL_UPDATER_FAILED, "io", "failed" },
        { "{\"result\":\"failed\",\"code\":7,\"message\":[]}", HL_UPDATER_FAILED, "failed", "failed" },
        { "{\"result\":1}", HL_UPDATER_FAILED, "failed", "" },
        { "{\"progress\":5,\"result\":\"updated\"}", HL_UPDATER_UPDATED, "", "updated" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(HlUpdaterLine) line = { 0 };

        g_assert_cmpint(parse(cases[i].line, &line), ==, HL_UPDATER_LINE_RESULT);
        g_assert_cmpint(line.result.outcome, ==, cases[i].outcome);
        g_assert_cmpstr(line.result.code, ==, cases[i].code);
        g_assert_cmpstr(line.result.message, ==, cases[i].message);
        g_assert_cmpstr(line.result.source, ==, "");
        g_assert_null(line.result.components);
    }
}

static void test_other(void)
{
    static const char *const lines[] = { "",
                                         "Loading signatures...",
                                         "{\"progress\":1",
                                         "[1,2]",
                                         "\"result\"",
                                         "7",
                                         "{}",
                                         "{\"progress\":\"50\",\"what\":\"x\"}",
                                         "{\"progress\":1.5}",
                                         "{\"result\":\"updated\",\"result\":\"failed\"}" };

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(HlUpdaterLine) line = { 0 };

        g_assert_cmpint(parse(lines[i], &line), ==, HL_UPDATER_LINE_OTHER);
        g_assert_null(line.progress.what);
        g_assert_null(line.result.message);
    }
}

static void test_percent(void)
{
    static const struct {
        const char *line;
        guint percent;
    } cases[] = { { "{\"progress\":-1}", 0 },
                  { "{\"progress\":101}", 100 },
                  { "{\"progress\":9223372036854775807}", 100 } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(HlUpdaterLine) line = { 0 };

        g_assert_cmpint(parse(cases[i].line, &line), ==, HL_UPDATER_LINE_PROGRESS);
        g_assert_cmpuint(line.progress.percent, ==, cases[i].percent);
        g_assert_cmpstr(line.progress.what, ==, "");
    }
}

static void test_components(void)
{
    static const struct {
        const char *components, *text;
    } cases[] = {
        { "{}", "" },
        { "{\"virus\":18446744073709551615}", NULL }, /* no JSON for jansson: the whole line is OTHER */
        { "{\"virus\":9223372036854775807}", "virus=9223372036854775807" },
        { "{\"b\":2,\"a-b\":3,\"a\":0}", "a=0 a-b=3 b=2" },
        { "{\"virus=1 x\":5,\"Virus\":1,\"\":2,\"a b\":3}", "" },
        { "{\"a\":-1,\"b\":\"2\",\"c\":1.0,\"d\":null,\"e\":4}", "e=4" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"result\":\"current\",\"components\":%s}", cases[i].components);
        g_auto(HlUpdaterLine) line = { 0 };

        parse(text, &line);
        g_assert_cmpstr(line.result.components, ==, cases[i].text);
    }
}

static void test_too_many_components(void)
{
    g_autoptr(GString) text = g_string_new("{\"result\":\"current\",\"components\":{\"c0\":1");
    g_auto(HlUpdaterLine) line = { 0 };
    g_auto(GStrv) words = NULL;

    for (int i = 1; i < 1000; i++)
        g_string_append_printf(text, ",\"c%d\":1", i);
    g_string_append(text, "}}");
    g_assert_cmpint(parse(text->str, &line), ==, HL_UPDATER_LINE_RESULT);
    words = g_strsplit(line.result.components, " ", -1);
    g_assert_cmpuint(g_strv_length(words), ==, HL_UPDATER_MAX_COMPONENTS);
}

/* Bounded, cut between characters, and nothing in it that a terminal or the wire would not take. */
static void test_texts(void)
{
    g_autofree char *padding = g_strnfill(HL_UPDATER_MAX_TEXT - 1, 'x');
    g_autofree char *text = g_strdup_printf("{\"result\":\"failed\",\"message\":\"%s\xc3\xa4\",\"source\":\"%sab\","
                                            "\"code\":\"a\\u001b[2Jb\\nc\\u0000d\"}",
                                            padding, padding);
    g_autofree char *cut = g_strdup_printf("%sa", padding);
    g_auto(HlUpdaterLine) line = { 0 };

    g_assert_cmpint(parse(text, &line), ==, HL_UPDATER_LINE_RESULT);
    g_assert_cmpstr(line.result.message, ==, padding);
    g_assert_cmpstr(line.result.source, ==, cut);
    g_assert_cmpstr(line.result.code, ==, "a\xef\xbf\xbd[2Jb c");
}

/* ------------------------------------------------------------------------------------------------------- versions */

static void test_versions(void)
{
    g_auto(HlUpdaterVersions) made = { 0 };
    g_auto(HlUpdaterVersions) read = { 0 };
    g_autofree char *text = NULL;
    g_autofree char *latest = NULL;
    g_autoptr(GError) error = NULL;
    const HlUpdaterVersion *component;

    hl_updater_versions_init(&made);
    hl_updater_versions_add(&made, "rules", 2026112201, 100, 3);
    hl_updater_versions_add(&made, "virus", 2026112203, 9, 0);
    made.expires = g_strdup("2026-11-30T00:00:00Z");
    hl_updater_versions_add_end(&made, "root", 86400 * HL_SECOND);
    hl_updater_versions_add_end(&made, "virus", 2 * 86400 * HL_SECOND);
    text = hl_updater_versions_print(&made);
    g_assert_cmpstr(text, ==,
                    "{\"components\":{\"rules\":{\"version\":2026112201,\"size\":100,\"increments\":3},"
                    "\"virus\":{\"version\":2026112203,\"size\":9,\"increments\":0}},"
                    "\"expires\":\"2026-11-30T00:00:00Z\","
                    "\"ends\":{\"root\":\"1970-01-02T00:00:00Z\",\"virus\":\"1970-01-03T00:00:00Z\"}}");
    g_assert_true(hl_updater_versions_parse(text, &read, &error));
    g_assert_no_error(error);
    latest = hl_updater_versions_latest(&read);
    g_assert_cmpstr(latest, ==, "rules=2026112201 virus=2026112203");
    g_assert_cmpstr(read.expires, ==, "2026-11-30T00:00:00Z");
    component = read.components->pdata[0];
    g_assert_cmpuint(component->size, ==, 100);
    g_assert_cmpuint(component->increments, ==, 3);
    g_assert_cmpuint(read.ends->len, ==, 2);
    g_assert_cmpstr(((const HlUpdaterEnd *)read.ends->pdata[1])->role, ==, "virus");
    g_assert_cmpint(((const HlUpdaterEnd *)read.ends->pdata[1])->end, ==, 2 * 86400 * HL_SECOND);
}

/* What is no end of a role is left out; what there is too much of too. */
static void test_ends_off(void)
{
    g_autoptr(GString) text = g_string_new("{\"components\":{},\"ends\":{\"a b\":\"1970-01-02T00:00:00Z\","
                                           "\"root\":\"soon\",\"targets\":7,\"snapshot\":null");
    g_auto(HlUpdaterVersions) versions = { 0 };

    g_assert_true(hl_updater_versions_parse("{\"components\":{},\"ends\":[]}", &versions, NULL));
    g_assert_cmpuint(versions.ends->len, ==, 0);
    for (guint i = 0; i < 2 * HL_UPDATER_MAX_ENDS; i++)
        g_string_append_printf(text, ",\"c%u\":\"1970-01-02T00:00:00Z\"", i);
    g_string_append(text, "}}");
    g_assert_true(hl_updater_versions_parse(text->str, &versions, NULL));
    g_assert_cmpuint(versions.ends->len, ==, HL_UPDATER_MAX_ENDS);
}

static void test_versions_off(void)
{
    g_auto(HlUpdaterVersions) versions = { 0 };
    g_autofree char *latest = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_updater_versions_parse("{\"components\":{\"b\":{\"version\":2,\"size\":-1},\"a\":{\"version\":1},"
                                            "\"c\":{\"version\":0},\"d\":{},\"e\":[],\"f\":7,\"X\":{\"version\":1},"
                                            "\"g=1 h\":{\"version\":1},\"i\":{\"version\":\"5\"}},\"expires\":5}",
                                            &versions, &error));
    g_assert_no_error(error);
    latest = hl_updater_versions_latest(&versions);
    g_assert_cmpstr(latest, ==, "a=1 b=2");
    g_assert_cmpuint(((const HlUpdaterVersion *)versions.components->pdata[1])->size, ==, 0);
    g_assert_null(versions.expires);
}

static void test_versions_refused(void)
{
    static const char *const texts[] = { "", "[]", "{}", "{\"components\":[]}", "{\"components\":{}} more", "x" };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_auto(HlUpdaterVersions) versions = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_false(hl_updater_versions_parse(texts[i], &versions, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_cmpuint(versions.components->len, ==, 0);
    }
}

/* The program's step is told beside the patterns, whatever became of those. */
static void test_program(void)
{
    HlUpdaterResult result = { .outcome = HL_UPDATER_FAILED,
                               .code = (char[]){ "unavailable" },
                               .message = (char[]){ "away" },
                               .program = { .outcome = HL_UPDATER_PROGRAM_OFFERED,
                                            .version = (char[]){ "1:0.2.0~rc1-1" },
                                            .message = (char[]){ "it lies there" } } };
    g_autofree char *text = hl_updater_line_updated(&result);
    g_auto(HlUpdaterLine) line = { 0 };
    g_auto(HlUpdaterLine) odd = { 0 };

    g_assert_nonnull(strstr(text, ",\"program\":{\"outcome\":\"offered\",\"version\":\"1:0.2.0~rc1-1\","
                                  "\"message\":\"it lies there\"}}"));
    parse(text, &line);
    g_assert_cmpint(line.result.program.outcome, ==, HL_UPDATER_PROGRAM_OFFERED);
    g_assert_cmpstr(line.result.program.version, ==, "1:0.2.0~rc1-1");
    g_assert_cmpstr(line.result.program.message, ==, "it lies there");
    parse("{\"result\":\"current\",\"program\":{\"outcome\":\"sold\",\"version\":\"../1\",\"message\":7}}", &odd);
    g_assert_cmpint(odd.result.program.outcome, ==, HL_UPDATER_PROGRAM_UNTOLD);
    g_assert_cmpstr(odd.result.program.version, ==, "");
    g_assert_cmpstr(odd.result.program.message, ==, "");
    for (int i = HL_UPDATER_PROGRAM_CURRENT; i <= HL_UPDATER_PROGRAM_FAILED; i++) {
        HlUpdaterResult each = { .program = { .outcome = (HlUpdaterProgramOutcome)i } };
        g_autofree char *words = hl_updater_line_updated(&each);
        g_auto(HlUpdaterLine) again = { 0 };

        parse(words, &again);
        g_assert_cmpint(again.result.program.outcome, ==, i);
    }
}

static void test_versions_program(void)
{
    g_auto(HlUpdaterVersions) versions = { 0 };
    g_auto(HlUpdaterVersions) again = { 0 };
    g_autofree char *text = NULL;

    g_assert_true(
        hl_updater_versions_parse("{\"components\":{},\"program\":{\"version\":\"0.2.0-1\"}}", &versions, NULL));
    g_assert_cmpstr(versions.program, ==, "0.2.0-1");
    text = hl_updater_versions_print(&versions);
    g_assert_true(hl_updater_versions_parse(text, &again, NULL));
    g_assert_cmpstr(again.program, ==, "0.2.0-1");
    g_assert_true(hl_updater_versions_parse("{\"components\":{},\"program\":{\"version\":\"x\"}}", &again, NULL));
    g_assert_null(again.program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/updater-lines/bytes", test_bytes);
    g_test_add_func("/updater-lines/shown-bytes", test_shown_bytes);
    g_test_add_func("/updater-lines/bytes-not-utf8", test_bytes_not_utf8);
    g_test_add_func("/updater-lines/read-back", test_read_back);
    g_test_add_func("/updater-lines/outcomes", test_outcomes);
    g_test_add_func("/updater-lines/other", test_other);
    g_test_add_func("/updater-lines/percent", test_percent);
    g_test_add_func("/updater-lines/components", test_components);
    g_test_add_func("/updater-lines/too-many-components", test_too_many_components);
    g_test_add_func("/updater-lines/texts", test_texts);
    g_test_add_func("/updater-lines/versions", test_versions);
    g_test_add_func("/updater-lines/versions-off", test_versions_off);
    g_test_add_func("/updater-lines/ends-off", test_ends_off);
    g_test_add_func("/updater-lines/versions-refused", test_versions_refused);
    g_test_add_func("/updater-lines/program", test_program);
    g_test_add_func("/updater-lines/versions-program", test_versions_program);
    return g_test_run();
}
