/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base: text that comes from outside, and what is made of it: hashes, printable forms, tables. */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/json_out.h"
#include "lib/base/said.h"
#include "lib/base/table.h"
#include "lib/base/text.h"

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
    g_assert_true(hl_table_print(table, out)); /* all columns */
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

/* What strftime() makes of it. */
static void test_times(void)
{
    for (HlTime wall = 1; wall < 10100LL * 365 * HL_DAY; wall += wall / 1000 + 7 * HL_HOUR + 61001) {
        time_t seconds = (time_t)(wall / HL_SECOND);
        g_autofree char *text = hl_time_format(wall);
        char expected[32];
        struct tm tm;

        g_assert_nonnull(gmtime_r(&seconds, &tm));
        g_assert_cmpuint(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%SZ", &tm), >, 0);
        g_assert_cmpstr(text, ==, expected);
    }
}

static const char *const quoted[] = { "'holdline", NULL };
static const char *const bare[] = { "holdline-updater repo ", NULL };
static const HlCopied copied = { quoted, bare, "holdline" };

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    hl_text_set_copied(&copied);
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
    g_test_add_func("/text/times", test_times);
    return g_test_run();
}
