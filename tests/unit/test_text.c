/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base: text that comes from outside, and what is made of it: JSON, hashes, printable forms, tables. */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/base/hash.h"
#include "lib/base/json_out.h"
#include "lib/base/said.h"
#include "lib/base/table.h"
#include "lib/base/text.h"

static void test_json(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) value = hl_json_parse("x", "{\"a\":9007199254740993}", 22, &error);

    g_assert_cmpint(json_integer_value(json_object_get(value, "a")), ==, 9007199254740993);
    g_assert_null(hl_json_parse("x", "{\"a\":1,\"a\":2}", 13, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* What is wrong with it is a sentence of ours, whose code and place travel: none of the library's words. */
static void test_json_faults(void)
{
    static const struct {
        const char *text, *sentence, *line;
    } cases[] = {
        { "", "json.end", NULL },
        { "{", "json.end", NULL },
        { "{\"a\": [1,", "json.end", NULL },
        { "{\n\"a\" 1}", "json.syntax", "2" },
        { "{} x", "json.syntax", "1" },
        { "{\"a\":1,\n\"a\":2}", "json.twice", "2" },
        { "{\"a\":\"\xff\"}", "json.text", "1" },
        { "{\"a\":\"\\u0000\"}", "json.text", "1" },
        { "{\"a\":99999999999999999999}", "json.number", "1" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", cases[i].text);
        g_assert_null(hl_json_parse_bounded("it", cases[i].text, strlen(cases[i].text), G_MAXSIZE, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_cmpstr(hl_error_sentence(error), ==, cases[i].sentence);
        g_assert_cmpstr(hl_error_argument(error, "name"), ==, "it");
        g_assert_cmpstr(hl_error_argument(error, "line"), ==, cases[i].line);
        g_assert_true(g_str_has_prefix(error->message, "it is not valid JSON: "));
    }
}

static gsize json_live;

static void *counted_malloc(size_t size)
{
    gsize *block = malloc(size + sizeof *block);

    g_assert_nonnull(block);
    *block = malloc_usable_size(block) + sizeof *block; /* with the allocator's own word */
    json_live += *block;
    return block + 1;
}

static void counted_free(void *memory)
{
    gsize *block = memory;

    if (block == NULL)
        return;
    json_live -= block[-1];
    free(block - 1);
}

/* The estimate is no less than what jansson takes, and for what is dense no more than thrice that. */
static void test_json_cost(void)
{
    static const struct {
        const char *before, *each, *after;
    } shapes[] = {
        { "[", "{},", "{}]" },         { "[", "[],", "[]]" },
        { "[", "{\"a\":{}},", "{}]" }, { "[", "{\"a\":\"b\",\"c\":1},", "0]" },
        { "[", "1,", "2]" },           { "[", "\"ab\",", "\"\"]" },
        { "[", "[[[[]]]],", "[]]" },   { "{\"a\":\"{[,:\\\"{{{{\",\"b\":[", "{\"cde\":[1,{}]},", "0]}" },
    };

    json_set_alloc_funcs(counted_malloc, counted_free);
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++) {
        g_autoptr(GString) text = g_string_new(shapes[i].before);
        json_t *value;
        gsize cost;

        for (int n = 0; n < 3000; n++)
            g_string_append(text, shapes[i].each);
        g_string_append(text, shapes[i].after);
        cost = hl_json_cost(text->str, text->len);
        json_live = 0;
        value = hl_json_parse("x", text->str, text->len, NULL);
        g_assert_nonnull(value);
        g_test_message("%s: %u bytes, cost %u, taken %u", shapes[i].each, (guint)text->len, (guint)cost,
                       (guint)json_live);
        g_assert_cmpuint(json_live, <=, cost + text->len);
        if (shapes[i].each[0] == '{')
            g_assert_cmpuint(cost, <=, 3 * json_live);
        json_decref(value);
        g_assert_cmpuint(json_live, ==, 0);
    }
    json_set_alloc_funcs(malloc, free);
}

static void test_json_bounds(void)
{
    static const char *const taken[] = { "[1,2,3]", "{\"a\":[{},{}]}", "\"{{{{{{{{{{{{{{{{{{,,,,\"",
                                         "[\"\\\"{{{{{{\",1]" };
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) deep = g_string_new(NULL);
    g_autoptr(json_t) value = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(taken); i++) {
        gsize size = strlen(taken[i]), cost = hl_json_cost(taken[i], size);
        g_autoptr(json_t) just = hl_json_parse_bounded("x", taken[i], size, cost, &error);

        if (taken[i][0] == '"') { /* a text alone is no document of ours, and costs nothing here */
            g_assert_cmpuint(cost, ==, 0);
            g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
            g_clear_error(&error);
            continue;
        }
        g_assert_no_error(error);
        g_assert_nonnull(just);
        g_assert_null(hl_json_parse_bounded("x", taken[i], size, cost - 1, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
        g_clear_error(&error);
    }
    for (int i = 0; i < HL_JSON_DEPTH; i++)
        g_string_append_c(deep, '[');
    for (int i = 0; i < HL_JSON_DEPTH; i++)
        g_string_append_c(deep, ']');
    value = hl_json_parse_bounded("x", deep->str, deep->len, G_MAXSIZE, &error);
    g_assert_no_error(error);
    g_string_prepend_c(deep, '[');
    g_string_append_c(deep, ']');
    g_assert_null(hl_json_parse_bounded("x", deep->str, deep->len, G_MAXSIZE, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(hl_json_parse_bounded("x", "{\"a\":1]}}]", 11, G_MAXSIZE, &error)); /* closes more than it opens */
    g_clear_error(&error);
    g_assert_null(hl_json_parse_bounded("x", "[\"a\\u0000b\"]", 12, G_MAXSIZE, &error)); /* is no "a" */
    g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
}

/* Names that g_str_hash cannot tell apart are spread, and by another process otherwise. */
static void test_hash(void)
{
    g_autoptr(GHashTable) values = g_hash_table_new(NULL, NULL);

    for (guint n = 0; n < 4096; n++) {
        char name[25];

        for (guint bit = 0; bit < 12; bit++)
            memcpy(name + 2 * bit, n >> bit & 1 ? "ab" : "bA", 2);
        name[24] = '\0';
        g_assert_cmpuint(g_str_hash(name), ==, g_str_hash("bAbAbAbAbAbAbAbAbAbAbAbA"));
        g_assert_cmpuint(hl_text_hash(name), ==, hl_text_hash(name));
        g_hash_table_add(values, GUINT_TO_POINTER(hl_text_hash(name)));
    }
    g_assert_cmpuint(g_hash_table_size(values), >=, 4090);
    for (gsize size = 0; size < 20; size++) { /* every tail counts, to its last byte */
        g_autofree char *text = g_strnfill(size, 'x');
        guint before = hl_text_hash(text);

        g_assert_cmpuint(before, !=, hl_text_hash("y"));
        for (gsize i = 0; i < size; i++) {
            text[i] = 'y';
            g_assert_cmpuint(hl_text_hash(text), !=, before);
            text[i] = 'x';
        }
    }
}

/* What a stranger sent must neither move the cursor nor begin a line, in messages as in records. */
static void test_printable(void)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        { "plain, Größe, 更新", "plain, Größe, 更新" },
        { "\033[2Jgone\a", "\uFFFD[2Jgone\uFFFD" },
        { "two\nlines\r\ttab", "two lines  tab" },
        { "C1 \302\233 and \302\205", "C1 \uFFFD and \uFFFD" },
        { "cut \xe2\x82", "cut \uFFFD\uFFFD" },
        { "\u202Egnp.exe\u2066\u2028", "\uFFFDgnp.exe\uFFFD " },
        { "a\u200Bb\uFEFFc\U000E0041d", "a\uFFFDb\uFFFDc\uFFFDd" },
        { "نمی\u200Cخواهم", "نمی\u200Cخواهم" },
        { "cannot get https://me:secret@a.example/x, nor http://b/",
          "cannot get https://***@a.example/x, nor http://b/" },
        { "source=http://secret@a:1/", "source=http://***@a:1/" },
        { "'http://me:sec@ret@a'", "'http://***@a'" },
        { "http://me:sec/ret@a/x failed", "http://***@a/x failed" },
        { "http://me:s?#x@a failed @ b", "http://***@a failed @ b" },
        { "write http(s)://HOST[:PORT][/PATH], not @", "write http(s)://HOST[:PORT][/PATH], not @" },
        { "http://127.0.0.1:80/a@b and http://[::1]/a@b", "http://127.0.0.1:80/a@b and http://[::1]/a@b" },
        { "mail a@b", "mail a@b" },
        { "http://:pw@a", "http://***@a" },
        { "", "" },
    };
    static const struct {
        const char *url, *shown;
    } urls[] = {
        { "https://me:secret@a/x", "https://***@a/x" },
        { "https://me:sec ret@a/x", "https://***@a/x" },
        { "me:secret@a:3128", "***@a:3128" },
        { "http://a:80/x@y", "http://a:80/x@y" },
        { "http://me:sec/r\"e@t@[::1]/", "http://***@[::1]/" },
        { "ftp://a", "ftp://a" },
        { "server=me:secret@a", "***@a" },
        { "", "" },
    };
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = hl_text_printable(cases[i].text);

        g_assert_cmpstr(shown, ==, cases[i].shown);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autofree char *shown = hl_text_url(urls[i].url);

        g_assert_cmpstr(shown, ==, urls[i].shown);
    }
    g_assert_false(hl_fail(&error, HL_ERROR_INVALID, "'%s' is wrong", "\033[2J"));
    hl_error_prefix(&error, "%s", "a\nb");
    g_assert_cmpstr(error->message, ==, "a b: '\uFFFD[2J' is wrong");
}

/* To people as above, to programs as it is, and to a terminal nothing either way. */
static void test_json_shown(void)
{
    static const char text[] =
        "{\"na\\u202eme\":[\"a\\nb\\u0085\\u202e\",{\"x\":\"https://me:pw@h/\"},1,true,\"\\udb40\\udc41 é\"]}";
    g_autoptr(json_t) value = hl_json_parse("x", text, strlen(text), NULL);
    g_autoptr(json_t) shown = hl_json_printable(value);
    g_autofree char *plain = hl_json_print(shown);
    g_autofree char *printed = hl_json_print(value);
    g_autoptr(json_t) again = hl_json_parse("x", printed, strlen(printed), NULL);

    g_assert_cmpstr(plain, ==, "{\"na\uFFFDme\":[\"a b\uFFFD\uFFFD\",{\"x\":\"https://***@h/\"},1,true,\"\uFFFD é\"]}");
    g_assert_cmpstr(
        printed, ==,
        "{\"na\\u202eme\":[\"a\\nb\\u0085\\u202e\",{\"x\":\"https://me:pw@h/\"},1,true,\"\\udb40\\udc41 é\"]}");
    g_assert_true(json_equal(value, again));
    g_assert_null(hl_json_print(NULL));
}

/* Around the room that is there at first, and beyond; only the last character is one that is escaped. */
static void test_json_sizes(void)
{
    static const gsize sizes[] = { 1, 4000, 4093, 4094, 4095, 4096, 8192, 100000 };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *filler = g_strnfill(sizes[i], 'x');
        g_autoptr(json_t) value = json_pack("[s, s]", filler, "\u202e");
        g_autofree char *printed = hl_json_print(value);
        g_autofree char *expected = g_strdup_printf("[\"%s\",\"\\u202e\"]", filler);
        g_autoptr(json_t) plain = json_string(filler);
        g_autofree char *printed_plain = hl_json_print(plain);
        g_autofree char *expected_plain = g_strdup_printf("\"%s\"", filler);

        g_assert_cmpstr(printed, ==, expected);
        g_assert_cmpstr(printed_plain, ==, expected_plain);
    }
}

static void put_sample(HlJsonOut *out, const json_t *more)
{
    hl_json_out_init(out);
    hl_json_out_open(out, NULL, '{');
    hl_json_out_open(out, "empty", '{');
    hl_json_out_close(out, '}');
    hl_json_out_open(out, "list", '[');
    hl_json_out_text(out, NULL, "[");
    hl_json_out_text(out, NULL, NULL);
    hl_json_out_open(out, NULL, '[');
    hl_json_out_close(out, ']');
    hl_json_out_close(out, ']');
    hl_json_out_text(out, "a\"b", "x\n{");
    hl_json_out_integer(out, "least", G_MININT64);
    hl_json_out_bool(out, "yes", true);
    hl_json_out_value(out, "tree", more);
    hl_json_out_members(out, more);
    hl_json_out_close(out, '}');
}

/* Written member by member it is what the same tree prints. */
static void test_json_out(void)
{
    g_autoptr(json_t) more = json_pack("{s:[{s:i}, {}], s:f}", "m", "n", 1, "r", 0.5);
    g_autoptr(json_t) tree = json_pack("{s:{}, s:[s, n, []], s:s, s:I, s:b, s:O}", "empty", "list", "[", "a\"b", "x\n{",
                                       "least", (json_int_t)G_MININT64, "yes", 1, "tree", more);
    g_autofree char *expected = NULL;
    g_autofree char *text = NULL;
    g_auto(HlJsonOut) out;

    json_object_update(tree, more);
    expected = json_dumps(tree, JSON_COMPACT);
    put_sample(&out, more);
    text = hl_json_out_print(&out);
    g_assert_cmpstr(text, ==, expected);
}

static void test_json_out_broken(void)
{
    g_auto(HlJsonOut) out;

    hl_json_out_init(&out);
    hl_json_out_text(&out, NULL, "\xff");
    g_assert_null(hl_json_out_print(&out));
    hl_json_out_init(&out);
    hl_json_out_value(&out, NULL, NULL);
    g_assert_null(hl_json_out_print(&out));
}

/* Byte for byte what the library itself prints. */
static void test_json_as_library(void)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "[[],{},[{}]]",
        "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"\\u0001\":true,\"d\\\"e\":false}",
        "[0,-1,9,10,-10,9223372036854775807,-9223372036854775808]",
        "[0.1,-0.0,1e300,1.5,123456789.125,5e-324]",
        "\"a\\u0000b\"",
        "\"\\u00e9\\ud83d\\ude00/\\/\"",
        "null",
    };
    char controls[256];
    gsize n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(json_t) value = json_loads(texts[i], JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
        g_autofree char *printed = hl_json_print(value);
        char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        g_assert_cmpstr(printed, ==, expected);
        free(expected);
    }
    for (char c = 1; c < 0x7f; c++)
        controls[n++] = c;
    for (gsize from = 0; from < n; from++) {
        g_autoptr(json_t) value = json_stringn(controls + from, n - from);
        g_autofree char *printed = hl_json_print(value);
        char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

        g_assert_cmpstr(printed, ==, expected);
        free(expected);
    }
}

/* Made by hand: not UTF-8, which no reader takes. */
static void test_json_not_utf8(void)
{
    g_autoptr(json_t) value = json_stringn_nocheck("a\xc3", 2);

    g_assert_null(hl_json_print(value));
}

/* A cell holds no line feed and no cursor movement, keeps our colours, and the next column stands where it belongs. */
static void test_table(void)
{
    static const char *const headings[] = { "HOST", "STATE", NULL };
    g_autoptr(HlTable) table = hl_table_new(headings);
    g_autofree char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    hl_table_add(table, (const char *const[]){ "a\nb\u202E\302\205\033[2J\033]0;x\a", "\033[31mbad\033[0m", NULL });
    hl_table_add(table, (const char *const[]){ "更新", "good", NULL });
    hl_table_print(table, out);
    fclose(out);
    g_assert_cmpstr(text, ==,
                    "HOST             STATE\n"
                    "a b\uFFFD\uFFFD\uFFFD[2J\uFFFD]0;x\uFFFD  \033[31mbad\033[0m\n"
                    "更新             good\n");
}

static void test_width(void)
{
    static const char *const headings[] = { "NAME", "STATE", NULL };
    static const char *const rows[][2] = { { "abc", "x" }, { "クライアント", NULL }, { "\033[31mred\033[0m", "y" } };
    g_autoptr(HlTable) table = hl_table_new(headings);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        hl_table_add(table, rows[i]);
    g_assert_cmpuint(hl_table_print(table, out), ==, 2);
    g_assert_cmpint(fclose(out), ==, 0);
    g_assert_cmpstr(text, ==,
                    "NAME          STATE\n"
                    "abc           x\n"
                    "クライアント  -\n"
                    "\033[31mred\033[0m           y\n");
    free(text);
}

/* Two for what is wide, none for what joins the character before it, one where Unicode leaves it open. */
static void test_wrap(void)
{
    static const struct {
        const char *text;
        int cells;
        const char *lines;
    } cases[] = {
        { "one two three", G_MAXINT, "one two three" },
        { "one two three", 13, "one two three" },
        { "one two three", 12, "one two\n  three" },
        { "one two three", 7, "one two\n  three" },
        { "one two three", 6, "one\n  two\n  three" },
        { "\033[32m10 online\033[0m, 2", 10, "\033[32m10 online\033[0m,\n  2" },
        { "総務部 総務部", 9, "総務部 総\n  務部" },
        { "総務部の端末", 8, "総務部の\n  端末" },
        { "総務部。「端末」です", 7, "総務\n  部。\n  「端\n  末」\n  です" }, /* no line begins with a full stop */
        { "更新 now", 6, "更新\n  now" },
        { "muchtoolong a", 4, "muchtoolong\n  a" },
        { "run 'holdline a b' now", 12, "run\n  'holdline a b'\n  now" }, /* what is copied stays whole */
        { "は'holdline a b'を見る", 12, "は\n  'holdline a b'\n  を見る" },
        { "「'holdline a'」", 4, "「'holdline a'」" },
        { "in /srv/総務部/見積書 of", 8, "in\n  /srv/総務部/見積書\n  of" },
        { "sign it: holdline-updater repo resign s, or not", 12,
          "sign it:\n  holdline-updater repo resign s,\n  or not" },
        { "the holdline-updater repo is away", 20, "the holdline-updater\n  repo is away" },
        { "don't 'holdline", 6, "don't\n  'holdline" },
        { "", 4, "" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *lines = hl_text_wrap(cases[i].text, cases[i].cells);

        g_assert_cmpstr(lines, ==, cases[i].lines);
    }
}

static void test_hang(void)
{
    g_autofree char *lines = hl_text_hang("one two three", 10, 4);
    g_autofree char *japanese = hl_text_hang("総務部の端末", 10, 4);
    g_autofree char *whole = hl_text_hang("one two three", G_MAXINT, 4);

    g_assert_cmpstr(lines, ==, "one\n    two\n    three");
    g_assert_cmpstr(japanese, ==, "総務部\n    の端末");
    g_assert_cmpstr(whole, ==, "one two three");
}

/* Beside a label the lines begin in its column, where that leaves them room. */
static void test_fit(void)
{
    static const struct {
        const char *text;
        int cells;
        const char *lines;
    } cases[] = {
        { "state    halted, too many failed\n", 20, "state    halted, too\n         many failed\n" },
        { "\033[2mstate\033[0m    halted, too many", 20, "\033[2mstate\033[0m    halted, too\n         many" },
        { "状態     停止、失敗が多い", 18, "状態     停止、失\n         敗が多い" },
        { "a label that is long  and more", 22, "a label that is long  and\n  more" },
        { "  pc-1: it is off", 12, "  pc-1: it\n    is off" },
        { "         it is off now", 18, "         it is off\n         now" },
        { "It is off.  Switch it on", 16, "It is off. \n  Switch it on" }, /* no label, but a sentence */
        { "digest   0123456789", 12, "digest   0123456789" },              /* nowhere to break it */
        { "Then run\n  holdline check --site s\nthere", 9, "Then run\n  holdline check --site s\nthere" },
        { "one two\n\nthree four", 5, "one\n  two\n\nthree\n  four" },
        { "one  two three", G_MAXINT, "one  two three" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *lines = hl_text_fit(cases[i].text, cases[i].cells);

        g_assert_cmpstr(lines, ==, cases[i].lines);
    }
}

static void test_cells(void)
{
    static const struct {
        const char *text;
        int cells;
    } cases[] = {
        { "", 0 },
        { "abc", 3 },
        { "パターン", 8 },
        { "ﾊﾟﾀｰﾝ", 5 },
        { "か\u3099", 2 },
        { "e\u0301", 1 },
        { "…", 1 },
        { "─", 1 },
        { "①", 1 },
        { "～", 2 },
        { "、。", 4 },
        { "virus 更新", 10 },
        { "\033[31m赤\033[0m", 2 },
        { "\xff", 1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *filled = hl_text_fill(cases[i].text, 12);

        g_assert_cmpint(hl_text_cells(cases[i].text), ==, cases[i].cells);
        g_assert_cmpint(hl_text_cells(filled), ==, 12);
        g_assert_true(g_str_has_prefix(filled, cases[i].text));
    }
}

/* A terminal of so many columns, as stdio sees it; *other is where what it is sent can be read. */
static FILE *open_terminal(int columns, int *other)
{
    struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
    int fd;

    *other = posix_openpt(O_RDWR | O_NOCTTY);
    g_assert_cmpint(*other, >=, 0);
    g_assert_cmpint(grantpt(*other), ==, 0);
    g_assert_cmpint(unlockpt(*other), ==, 0);
    fd = open(ptsname(*other), O_RDWR | O_NOCTTY);
    g_assert_cmpint(ioctl(fd, TIOCSWINSZ, &size), ==, 0);
    return fdopen(fd, "r+");
}

/* The bar with a long Japanese detail, as a terminal of so many columns gets it.  Caller frees. */
static char *draw(int columns)
{
    static const char begin[] = "\r\033[K";
    char text[1024] = "";
    int other;
    FILE *out = open_terminal(columns, &other);

    hl_progress_show(out, "アップデート中", 7, 100, "新しいパターンファイルを読み込んでいます");
    g_assert_cmpint(fflush(out), ==, 0);
    g_assert_cmpint(read(other, text, sizeof text - 1), >, 0);
    g_assert_true(g_str_has_prefix(text, begin));
    fclose(out);
    close(other);
    return g_strdup(text + strlen(begin));
}

/* At whatever column the edge is, no wide character is cut in two and no line wraps. */
static void test_edge(void)
{
    for (int columns = 1; columns < 100; columns++) {
        g_autofree char *line = draw(columns);
        bool whole = g_str_has_suffix(line, "います");

        g_assert_true(g_utf8_validate(line, -1, NULL));
        g_assert_cmpint(hl_text_cells(line), <=, columns);
        g_assert_true(whole || (g_str_has_suffix(line, "…") && hl_text_cells(line) >= columns - 1));
        g_assert_true(whole == (columns >= 89));
    }
}

/* What is plain is what the long way leaves as it is. */
static void test_plain(void)
{
    static const char *const texts[] = { "",          "{\"id\":\"e-1\"}", "http:/x", "a\tb",
                                         "a\\u202eb", "\303\244",         "x\177",   "https://me:secret@host/" };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *shown = hl_text_printable(texts[i]);

        g_assert_cmpint(hl_text_is_plain(texts[i]), ==, i < 3);
        g_assert_true(i >= 3 || strcmp(shown, texts[i]) == 0);
    }
}

/* The short way for ASCII gives what the tables of characters give. */
static void test_deceptive(void)
{
    for (gunichar c = 0; c < 0x100; c++)
        g_assert_cmpint(hl_char_is_deceptive(c), ==, g_unichar_iscntrl(c) != 0);
    g_assert_true(hl_char_is_deceptive(0x202e));
    g_assert_true(hl_char_is_deceptive(0x2028));
    g_assert_true(hl_char_is_deceptive(0xfeff));
    g_assert_false(hl_char_is_deceptive(0x200d));
    g_assert_false(hl_char_is_deceptive(0x65e5));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/json", test_json);
    g_test_add_func("/text/json-faults", test_json_faults);
    g_test_add_func("/text/json-sizes", test_json_sizes);
    g_test_add_func("/text/json-as-library", test_json_as_library);
    g_test_add_func("/text/json-out", test_json_out);
    g_test_add_func("/text/json-out-broken", test_json_out_broken);
    g_test_add_func("/text/json-not-utf8", test_json_not_utf8);
    g_test_add_func("/text/json-cost", test_json_cost);
    g_test_add_func("/text/json-bounds", test_json_bounds);
    g_test_add_func("/text/json-shown", test_json_shown);
    g_test_add_func("/text/hash", test_hash);
    g_test_add_func("/text/printable", test_printable);
    g_test_add_func("/text/table", test_table);
    g_test_add_func("/text/width", test_width);
    g_test_add_func("/text/cells", test_cells);
    g_test_add_func("/text/wrap", test_wrap);
    g_test_add_func("/text/hang", test_hang);
    g_test_add_func("/text/fit", test_fit);
    g_test_add_func("/text/edge", test_edge);
    g_test_add_func("/text/deceptive", test_deceptive);
    g_test_add_func("/text/plain", test_plain);
    return g_test_run();
}
