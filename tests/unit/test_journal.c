/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/journal: what was appended is there, in whatever state the end of the file was left; damage is counted, and
 * costs no other line. */
#include "lib/base/journal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"

typedef struct {
    char *dir, *path;
    GPtrArray *lines; /* that were read */
    HlJournalState state;
} Fixture;

static void set_up(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    f->dir = g_dir_make_tmp("holdline-journal-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "journal", NULL);
    f->lines = g_ptr_array_new_with_free_func(g_free);
}

static void tear_down(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_true(hl_tree_remove(f->dir, NULL));
    g_ptr_array_unref(f->lines);
    g_free(f->dir);
    g_free(f->path);
}

static void keep(const char *line, gpointer lines)
{
    g_ptr_array_add(lines, g_strdup(line));
}

static guint read_all(Fixture *f)
{
    g_ptr_array_set_size(f->lines, 0);
    g_assert_true(hl_journal_read(f->path, keep, f->lines, &f->state, NULL));
    g_assert_cmpuint(f->state.lines, ==, f->lines->len);
    return f->lines->len;
}

static void append(HlJournal *journal, const char *line)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(lines, g_strdup(line));
    g_ptr_array_add(lines, g_strconcat(line, " too", NULL));
    g_assert_true(hl_journal_append(journal, lines, NULL));
}

static void append_once(Fixture *f, const char *line)
{
    g_autoptr(HlJournal) journal = hl_journal_open(f->path, NULL, NULL, &f->state, NULL);

    g_assert_nonnull(journal);
    append(journal, line);
}

static void test_append(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    struct stat st;

    g_assert_cmpuint(read_all(f), ==, 0);
    append_once(f, "one");
    append_once(f, "日本 \"two\"");
    g_assert_cmpuint(read_all(f), ==, 4);
    g_assert_cmpstr(f->lines->pdata[0], ==, "one");
    g_assert_cmpstr(f->lines->pdata[1], ==, "one too");
    g_assert_cmpstr(f->lines->pdata[2], ==, "日本 \"two\"");
    g_assert_cmpuint(f->state.damaged + f->state.gaps, ==, 0);
    g_assert_cmpuint(f->state.torn, ==, 0);
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
}

/* Cut after each byte: the lines before are there, the rest goes with the next open, and what follows is sound. */
static void test_torn(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) whole = NULL;
    gsize size;
    const char *data;

    append_once(f, "one");
    whole = hl_file_read(f->path, 10000, NULL);
    data = g_bytes_get_data(whole, &size);
    for (gsize cut = 0; cut <= size; cut++) {
        guint sound = 0;
        gsize end = 0;

        for (gsize i = 0; i < cut; i++)
            if (data[i] == '\n') {
                sound++;
                end = i + 1;
            }
        g_assert_true(hl_file_write(f->path, data, cut, 0600, NULL));
        g_assert_cmpuint(read_all(f), ==, sound);
        g_assert_cmpuint(f->state.torn, ==, cut - end);
        g_assert_cmpuint(f->state.damaged, ==, 0);
        append_once(f, "after");
        g_assert_cmpuint(read_all(f), ==, sound + 2);
        g_assert_cmpuint(f->state.torn + f->state.damaged + f->state.gaps, ==, 0);
    }
}

/* Each byte changed: never another text than was written, and only its own line is lost. */
static void test_damaged(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) whole = NULL;
    g_autofree char *copy = NULL;
    gsize size;
    const char *data;

    append_once(f, "one");
    append_once(f, "two");
    whole = hl_file_read(f->path, 10000, NULL);
    data = g_bytes_get_data(whole, &size);
    copy = g_memdup2(data, size);
    for (gsize i = 0; i < size; i++) {
        copy[i] ^= 1;
        g_assert_true(hl_file_write(f->path, copy, size, 0600, NULL));
        g_assert_cmpuint(read_all(f), >=, data[i] == '\n' ? 2 : 3);
        g_assert_true(f->state.damaged > 0 || f->state.torn > 0);
        for (guint k = 0; k < f->lines->len; k++) {
            const char *line = f->lines->pdata[k];

            g_assert_true(strcmp(line, "one") == 0 || strcmp(line, "one too") == 0 || strcmp(line, "two") == 0 ||
                          strcmp(line, "two too") == 0);
        }
        copy[i] ^= 1;
    }
}

static void test_gap(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    g_autofree char *text = NULL;
    char *second;

    append_once(f, "one");
    append_once(f, "two");
    text = hl_file_read_text(f->path, 10000, NULL);
    second = strchr(text, '\n') + 1;
    memmove(second, strchr(second, '\n') + 1, strlen(strchr(second, '\n')));
    g_assert_true(hl_file_write_text(f->path, text, 0600, NULL));
    g_assert_cmpuint(read_all(f), ==, 3);
    g_assert_cmpuint(f->state.gaps, ==, 1);
    g_assert_cmpuint(f->state.damaged, ==, 0);
}

static void test_take_back(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlJournal) journal = hl_journal_open(f->path, NULL, NULL, &f->state, NULL);

    g_assert_false(hl_journal_take_back(journal)); /* nothing to take back */
    append(journal, "one");
    append(journal, "two");
    g_assert_true(hl_journal_take_back(journal));
    g_assert_false(hl_journal_take_back(journal)); /* the last one alone */
    append(journal, "three");
    g_assert_cmpuint(read_all(f), ==, 4);
    g_assert_cmpstr(f->lines->pdata[2], ==, "three");
    g_assert_cmpuint(f->state.damaged + f->state.gaps, ==, 0);
}

/* The form of a line is fixed: its check is of what stands there, and a number has one spelling. */
static void test_form(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    /* the first 16 digits of SHA-256 of "1 one", and of "01 one" */
    static const struct {
        const char *line;
        guint sound;
    } rows[] = {
        { "1 dd982210e11dcf0f one\n", 1 },  { "01 d358aec0de3f1886 one\n", 0 }, { "1  dd982210e11dcf0f one\n", 0 },
        { " 1 dd982210e11dcf0f one\n", 0 }, { "1 dd982210e11dcf0f one \n", 0 }, { "\n", 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(hl_file_write(f->path, rows[i].line, strlen(rows[i].line), 0600, NULL));
        g_assert_cmpuint(read_all(f), ==, rows[i].sound);
    }
}

/* Opened, it tells its lines, as a reader would. */
static void test_open_tells(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlJournal) journal = NULL;

    append_once(f, "one");
    g_ptr_array_set_size(f->lines, 0);
    journal = hl_journal_open(f->path, keep, f->lines, &f->state, NULL);
    g_assert_nonnull(journal);
    g_assert_cmpuint(f->lines->len, ==, 2);
    g_assert_cmpstr(f->lines->pdata[1], ==, "one too");
}

static guint open_from(Fixture *f, HlJournalPlace from)
{
    g_autoptr(HlJournal) journal = NULL;

    g_ptr_array_set_size(f->lines, 0);
    journal = hl_journal_open_from(f->path, from, keep, f->lines, &f->state, NULL);
    g_assert_nonnull(journal);
    append(journal, "next");
    return f->lines->len;
}

/* From a line that is there, and what is appended then goes on; what names no line is from the beginning. */
static void test_from(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    HlJournal *journal = hl_journal_open(f->path, NULL, NULL, &f->state, NULL);
    HlJournalPlace empty = hl_journal_end(journal);
    HlJournalPlace second, end;

    append(journal, "one");
    second = hl_journal_end(journal);
    append(journal, "two");
    end = hl_journal_end(journal);
    hl_journal_free(journal);
    g_assert_cmpuint(second.number, ==, 3);
    g_assert_cmpuint(open_from(f, second), ==, 2);
    g_assert_cmpstr(f->lines->pdata[0], ==, "two");
    g_assert_cmpuint(f->state.left, ==, second.at);
    g_assert_cmpuint(f->state.lines, ==, 2);
    g_assert_cmpuint(open_from(f, end), ==, 2);
    g_assert_cmpstr(f->lines->pdata[0], ==, "next");
    g_assert_cmpuint(open_from(f, empty), ==, 8);
    g_assert_cmpuint(open_from(f, (HlJournalPlace){ second.at + 1, second.number }), ==, 10);
    g_assert_cmpuint(f->state.left, ==, 0);
    g_assert_cmpuint(open_from(f, (HlJournalPlace){ second.at, second.number + 1 }), ==, 12);
    g_assert_cmpuint(open_from(f, (HlJournalPlace){ 1 << 20, 99 }), ==, 14);
    g_assert_cmpuint(read_all(f), ==, 16);
    g_assert_cmpuint(f->state.damaged + f->state.gaps, ==, 0);
}

/* What was not finished is cut off behind it, and what it leaves out is not. */
static void test_from_torn(Fixture *f, gconstpointer user G_GNUC_UNUSED)
{
    HlJournal *journal = hl_journal_open(f->path, NULL, NULL, &f->state, NULL);
    HlJournalPlace second;
    struct stat st;

    append(journal, "one");
    second = hl_journal_end(journal);
    append(journal, "two");
    hl_journal_free(journal);
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpint(truncate(f->path, st.st_size - 3), ==, 0);
    g_assert_cmpuint(open_from(f, second), ==, 1);
    g_assert_cmpuint(f->state.torn, >, 0);
    g_assert_cmpuint(read_all(f), ==, 5);
    g_assert_cmpuint(f->state.damaged + f->state.gaps, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/journal/append", Fixture, NULL, set_up, test_append, tear_down);
    g_test_add("/journal/torn", Fixture, NULL, set_up, test_torn, tear_down);
    g_test_add("/journal/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
    g_test_add("/journal/gap", Fixture, NULL, set_up, test_gap, tear_down);
    g_test_add("/journal/form", Fixture, NULL, set_up, test_form, tear_down);
    g_test_add("/journal/open-tells", Fixture, NULL, set_up, test_open_tells, tear_down);
    g_test_add("/journal/from", Fixture, NULL, set_up, test_from, tear_down);
    g_test_add("/journal/from-torn", Fixture, NULL, set_up, test_from_torn, tear_down);
    g_test_add("/journal/take-back", Fixture, NULL, set_up, test_take_back, tear_down);
    return g_test_run();
}
