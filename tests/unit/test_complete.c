/* SPDX-License-Identifier: Apache-2.0 */
/* lib/base/complete: what Tab offers. */
#include <string.h>

#include "lib/base/complete.h"

static bool run(HlInvocation *call G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

static const HlFlag flags[] = {
    { "json", NULL, "" }, { "sort", "COLUMN", "" }, { "output", "FILE", "" }, { "o", "FORM", "" }, { "wait", NULL, "" },
};
static const char *const global_flags[] = { "json", NULL };
static const char *const list_flags[] = { "sort", "o", NULL };
static const char *const make_flags[] = { "output", NULL };
static const HlCommand commands[] = {
    { "thing list", "[SELECTOR] [--sort COLUMN]", "", run, 0, 1, list_flags },
    { "thing show", "THING", "", run, 1, 1, NULL },
    { "thing clone keep", "THING", "", run, 1, 1, NULL },
    { "set", "GROUP KEY=VALUE...", "", run, 2, HL_ARGS_ANY, NULL },
    { "make", "[DIR | --output FILE]", "", run, 0, 1, make_flags },
};

/* Says what it was asked, and what a shell would take for more than a word. */
static void suggest(HlInvocation *call, const char *what, const char *typed, GPtrArray *found)
{
    char *asked = g_strdup_printf("%s%s/%d/%s", typed, what, call->n_args, call->command->name);

    g_ptr_array_add(found, g_strdelimit(asked, " ", '-'));
    g_ptr_array_add(found, g_strconcat(typed, "$(reboot)", NULL));
    g_ptr_array_add(found, g_strconcat(typed, "a\tb", NULL));
    if (*typed != '\0')
        g_ptr_array_add(found, g_strdup("\001nothing that begins so"));
}

static const HlProgram program = { .name = "prog-x",
                                   .summary = "test",
                                   .commands = commands,
                                   .n_commands = G_N_ELEMENTS(commands),
                                   .flags = flags,
                                   .n_flags = G_N_ELEMENTS(flags),
                                   .global_flags = global_flags,
                                   .suggest = suggest };

static void test_candidates(void)
{
    static const char *const rows[][2] = {
        { "", "thing set make" },
        { "th", "thing" },
        { "thing|", "list show clone" },
        { "thing|cl", "clone" },
        { "thing|clone|", "keep" },
        { "nonsense|", "" },
        { "completion|", "bash zsh fish" },
        { "help|th", "thing" },
        { "help|thing|", "list show clone" },
        { "thing|show|", "THING/0/thing-show" },
        { "thing|show|a|", "--json" }, /* no further argument: what is left are options */
        { "thing|list|--", "--json --sort" },
        { "thing|list|-", "--json --sort -o" },
        { "thing|list|--sort|", "--sort/0/thing-list" },
        { "thing|list|--sort|x|", "SELECTOR/0/thing-list" },
        { "thing|list|-o|", "--o/0/thing-list" },
        { "set|", "GROUP/0/set" },
        { "set|g|k", "kKEY=VALUE.../1/set" },
        { "set|g|k=\"$x|", "KEY=VALUE.../2/set" },
        { "set|g|\"$x", "\"$xKEY=VALUE.../1/set" }, /* what was typed is the typist's */
        { "set|g|a=1|b=2|", "KEY=VALUE.../3/set" },
        { "make|--output|", NULL }, /* a file */
        { "make|", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) words = g_strsplit(rows[i][0], "|", -1);
        int n = (int)g_strv_length(words);
        char *nothing[] = { (char[]){ "" }, NULL };
        g_auto(GStrv) found = hl_complete(&program, n > 0 ? words : nothing, MAX(n, 1));
        g_autofree char *line = found != NULL ? g_strjoinv(" ", found) : NULL;

        g_test_message("%s", rows[i][0]);
        g_assert_cmpstr(line, ==, rows[i][1]);
    }
}

/* A name of two words is one: the shells quote it. */
static void suggest_calls(HlInvocation *call G_GNUC_UNUSED, const char *what, const char *typed G_GNUC_UNUSED,
                          GPtrArray *found)
{
    g_assert_cmpstr(what, ==, "--sort");
    g_ptr_array_add(found, g_strdup("group set"));
    g_ptr_array_add(found, g_strdup("group $(reboot)"));
}

static void test_blanks(void)
{
    HlProgram calls = program;
    char *words[] = { (char[]){ "thing" }, (char[]){ "list" }, (char[]){ "--sort" }, (char[]){ "group s" }, NULL };
    g_auto(GStrv) found = NULL;
    g_autofree char *line = NULL;

    calls.suggest = suggest_calls;
    found = hl_complete(&calls, words, 4);
    line = g_strjoinv("|", found);
    g_assert_cmpstr(line, ==, "group set");
}

/* What every program knows is explained like its own commands. */
static void test_help(void)
{
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        { "prog-x help", 0 },       { "prog-x help help", 0 },         { "prog-x help version", 0 },
        { "prog-x help thing", 0 }, { "prog-x completion --help", 0 }, { "prog-x help dance", 2 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) argv = g_strsplit(cases[i].line, " ", -1);

        g_test_message("%s", cases[i].line);
        g_assert_cmpint(hl_cli_main(&program, (int)g_strv_length(argv), argv, NULL), ==, cases[i].status);
    }
}

/* What is a file where nobody can suggest names. */
static void test_files(void)
{
    static const HlCommand file_commands[] = {
        { "enrol", "BUNDLE [--replace]", "", run, 1, 1, NULL },
        { "scan", "PATH... [--json]", "", run, 1, HL_ARGS_ANY, NULL },
        { "restore", "ID", "", run, 1, 1, NULL },
    };
    HlProgram files = program;
    char *enrol[] = { (char[]){ "enrol" }, (char[]){ "b" }, NULL };
    char *scan[] = { (char[]){ "scan" }, (char[]){ "/home" }, (char[]){ "/o" }, NULL };
    char *restore[] = { (char[]){ "restore" }, (char[]){ "7" }, NULL };
    g_auto(GStrv) ids = NULL;

    files.commands = file_commands;
    files.n_commands = G_N_ELEMENTS(file_commands);
    files.suggest = NULL;
    g_assert_null(hl_complete(&files, enrol, 2));
    g_assert_null(hl_complete(&files, scan, 3));
    ids = hl_complete(&files, restore, 2);
    g_assert_nonnull(ids);
    g_assert_null(ids[0]);
    files.suggest = suggest; /* then it is the name of one */
    g_strfreev(ids);
    ids = hl_complete(&files, enrol, 2);
    g_assert_cmpstr(ids[0], ==, "bBUNDLE/0/enrol");
}

static void test_plain(void)
{
    static const char *const plain[] = { "", "pc-7.example.org", "@sales", "a=b,c", "50%", "x+y:/z_" };
    static const char *const others[] = { "$(id)", "`id`", "a b", "a;b", "a|b", "a>b",
                                          "~a",    "a\nb", "*",   "{a}", "総",  "'" };

    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        g_assert_true(hl_complete_is_plain(plain[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_false(hl_complete_is_plain(others[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/complete/candidates", test_candidates);
    g_test_add_func("/complete/blanks", test_blanks);
    g_test_add_func("/complete/files", test_files);
    g_test_add_func("/complete/help", test_help);
    g_test_add_func("/complete/plain", test_plain);
    return g_test_run();
}
