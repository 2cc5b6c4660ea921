/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in another order, with other columns. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/cli/glossary.h"
#include "manager/cli/said.h"
#include "manager/cli/view.h"
#include "manager/core/rollout.h"
#include "manager/store/audit.h"
#include "proto/command.h"

static const CliColumn usual[] = { { "HOST", "host", NULL },
                                   { "LAST SEEN", "last_seen", NULL },
                                   { "SETTINGS", "settings.version", NULL } };

static json_t *rows(void)
{
    return json_loads(
        "[{\"host\": \"pc10\", \"last_seen\": \"2026-11-02\", \"settings\": {\"version\": 3}, \"epoch\": 2},"
        " {\"host\": \"PC2\", \"last_seen\": null, \"settings\": {\"version\": 10}},"
        " {\"host\": \"pc1\", \"last_seen\": \"2026-11-01\", \"settings\": {\"version\": 3}}]",
        0, NULL);
}

static char *hosts_of(const json_t *list)
{
    GString *out = g_string_new(NULL);
    const json_t *row;
    size_t i;

    json_array_foreach(list, i, row)
    {
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", cli_text(row, "host"));
    }
    return g_string_free(out, FALSE);
}

static const char *in_brackets(const char *text)
{
    static char brackets[200];

    g_snprintf(brackets, sizeof brackets, "<%s>", text);
    return brackets;
}

static const char *untranslated(const char *text)
{
    return text;
}

static void expect_word(const char *code)
{
    g_test_message("%s", code);
    g_assert_cmpstr(cli_state_word(code, untranslated), ==, code);
    g_assert_cmpint(*cli_state_word(code, in_brackets), ==, '<');
}

/* Each code that a column STATE may have is a word in a language that has words; English keeps the code, which is what
 * people type.  What the glossary explains is all of them. */
static void test_states(void)
{
    guint n = 0;

    for (HlCommandState state = HL_STATE_UNKNOWN; state < HL_N_STATES; state++)
        expect_word(hl_command_state_name(state));
    for (MgrRolloutState state = MGR_ROLLOUT_RUNNING; state < MGR_ROLLOUT_N_STATES; state++)
        expect_word(mgr_rollout_state_name(state));
    for (gsize i = 0; i < cli_n_terms; i++)
        if (g_str_has_prefix(cli_terms[i].where, "STATE ")) {
            expect_word(cli_terms[i].word);
            n++;
        }
    g_assert_cmpuint(n, >, (guint)HL_N_STATES + (guint)MGR_ROLLOUT_N_STATES);
    g_assert_cmpstr(cli_state_word("of-a-newer-server", in_brackets), ==, "of-a-newer-server");
}

/* Rings of a roll-out: a text in the lists of an earlier manager. */
static void test_rings(void)
{
    g_autoptr(json_t) rings =
        json_loads("[{\"percent\": 1, \"members\": 5}, {\"percent\": 100, \"members\": 40}]", 0, NULL);
    g_autoptr(json_t) text = json_string("1%,10%,100%");
    g_autofree char *of_rings = cli_format_rings(rings, NULL);
    g_autofree char *of_text = cli_format_rings(text, NULL);

    g_assert_cmpstr(of_rings, ==, "1%,100%");
    g_assert_cmpstr(of_text, ==, "1%,10%,100%");
}

/* --watch refuses what it does not do, rather than to do without. */
static void test_watch(void)
{
    static const struct {
        const char *flag, *value;
        bool is_good;
    } cases[] = {
        { "watch", "", true },   { "json", "", true },       { "o", "json", true },  { "o", "table", true },
        { "o", "csv", false },   { "o", "wide", false },     { "o", "xml", false },  { "sort", "host", false },
        { "limit", "3", false }, { "columns", "id", false }, { "rows", "3", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GPtrArray) value = g_ptr_array_new();
        HlInvocation call = { .values = values };
        g_autoptr(GError) error = NULL;

        g_ptr_array_add(value, hl_unconst(cases[i].value));
        g_hash_table_insert(values, hl_unconst(cases[i].flag), value);
        g_test_message("%s %s", cases[i].flag, cases[i].value);
        g_assert_true(cli_view_check_watch(&call, &error) == cases[i].is_good);
        if (!cases[i].is_good)
            g_assert_error(error, HL_ERROR, HL_ERROR_USAGE);
    }
}

/* A variable that a script left empty: no table without columns, and no list of nobody. */
static void test_empty(void)
{
    static const char *const flags[] = { "where", "sort", "columns" };

    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GPtrArray) value = g_ptr_array_new();
        HlInvocation call = { .values = values };
        g_autoptr(GError) error = NULL;
        CliView view;

        g_ptr_array_add(value, hl_unconst(""));
        g_hash_table_insert(values, hl_unconst(flags[i]), value);
        g_assert_false(cli_view_read(&view, &call, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, flags[i]));
    }
}

/* A list that was cut says so; one that is whole does not. */
static void test_more(void)
{
    static const struct {
        guint limit;
        gsize shown, total;
        const char *remedy;
        const char *text;
    } cases[] = {
        { 0, 3, 3, NULL, NULL },
        { 0, 3, 9, NULL, NULL }, /* not by --limit */
        { 3, 3, 3, NULL, NULL },
        { 4, 3, 3, NULL, NULL },
        { 4, 3, 9, NULL, NULL }, /* some went meanwhile */
        { 3, 3, 0, NULL, NULL }, /* an older server does not count */
        { 3, 3, 4, NULL, "3 of 4 are shown: a larger --limit, or none, shows the rest" },
        { 20, 20, 20000, NULL, "20 of 20000 are shown: a larger --limit, or none, shows the rest" },
        { 0, 100, 100, "--since", NULL },
        { 0, 100, 2345, "--since chooses", "100 of 2345 are shown: --since chooses" }, /* by the server */
        { 0, 100, MGR_MAX_COUNTED + 1, "--since", "100 of more than 50000 are shown: --since" },
        { 500, 100, 2345, "--since chooses", "100 of 2345 are shown: --since chooses" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CliView view = { .limit = cases[i].limit };
        g_autofree char *text = cli_view_more(&view, cases[i].shown, cases[i].total, cases[i].remedy);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void show_in(const char *form)
{
    static const HlCommand command = { .name = "status" };
    g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) value = g_ptr_array_new();
    HlInvocation call = { .command = &command, .values = values };
    g_autoptr(json_t) document = json_pack("{s:o}", "endpoints", rows());
    CliColumns columns = { .all = usual, .n_all = 1, .shown = usual, .n_shown = 1, .order = "host" };

    g_ptr_array_add(value, hl_unconst(form));
    g_hash_table_insert(values, hl_unconst("o"), value);
    g_assert_true(cli_show_chosen(&call, document, "endpoints", &columns, NULL));
}

/* A table that nobody asked an order of has its own; what programs read comes as the server has it. */
static void test_own_order(void)
{
    if (g_test_subprocess()) {
        show_in("table");
        show_in("csv");
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*HOST\npc1\nPC2\npc10\n*\"pc10\"*\"PC2\"*\"pc1\"*");
}

static void test_order(void)
{
    static const struct {
        const char *order;
        guint limit;
        const char *hosts;
    } cases[] = {
        { "", 0, "pc10 PC2 pc1" },
        { "host", 0, "pc1 PC2 pc10" },
        { "-HOST", 0, "pc10 PC2 pc1" },
        { "last seen", 0, "PC2 pc1 pc10" }, /* what is missing comes first */
        { "last_seen", 2, "PC2 pc1" },
        { "settings", 0, "pc10 pc1 PC2" }, /* as numbers, and equal ones as they came */
        { "-settings.version,host", 0, "PC2 pc1 pc10" },
        { "epoch", 1, "PC2" }, /* a member that only some have */
    };
    g_autoptr(json_t) all = rows();

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) order = *cases[i].order != '\0' ? g_strsplit(cases[i].order, ",", -1) : NULL;
        const CliView view = { .order = order, .limit = cases[i].limit };
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) sorted = cli_view_rows(&view, usual, G_N_ELEMENTS(usual), all, &error);
        g_autofree char *hosts = hosts_of(sorted);

        g_test_message("%s", cases[i].order);
        g_assert_no_error(error);
        g_assert_cmpstr(hosts, ==, cases[i].hosts);
    }
}

static void test_columns(void)
{
    const char *const names[] = { "settings", "epoch", "Last-Seen", NULL };
    const CliView view = { .columns = hl_unconst(names) };
    const CliView none = { .form = CLI_AS_TABLE };
    g_autoptr(json_t) all = rows();
    g_autoptr(GError) error = NULL;
    gsize n = 0;
    g_autofree CliColumn *columns = cli_view_columns(&view, usual, G_N_ELEMENTS(usual), all, &n, &error);
    g_autofree CliColumn *same = NULL;

    g_assert_no_error(error);
    g_assert_cmpuint(n, ==, 3);
    g_assert_cmpstr(columns[0].member, ==, "settings.version");
    g_assert_cmpstr(columns[1].heading, ==, "epoch");
    g_assert_cmpstr(columns[2].heading, ==, "LAST SEEN");
    same = cli_view_columns(&none, usual, G_N_ELEMENTS(usual), all, &n, &error);
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(usual));
    g_assert_cmpstr(same[2].member, ==, "settings.version");
}

/* A script's list is empty on a good day, and its columns are right then too. */
static void test_columns_of_none(void)
{
    const char *const names[] = { "host", "last_scan.end", NULL };
    const CliView view = { .columns = hl_unconst(names) };
    g_autoptr(json_t) none = json_array();
    g_autoptr(GError) error = NULL;
    gsize n = 0;
    g_autofree CliColumn *columns = cli_view_columns(&view, usual, G_N_ELEMENTS(usual), none, &n, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpstr(columns[1].heading, ==, "last_scan.end");
}

static void expect_refused(const char *name, const char *text)
{
    const char *const names[] = { name, NULL };
    const CliView view = { .columns = hl_unconst(names), .order = hl_unconst(names) };
    g_autoptr(json_t) all = rows();
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) other = NULL;
    gsize n;

    g_assert_null(cli_view_columns(&view, usual, G_N_ELEMENTS(usual), all, &n, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, text));
    g_assert_null(cli_view_rows(&view, usual, G_N_ELEMENTS(usual), all, &other));
    g_assert_error(other, HL_ERROR, HL_ERROR_USAGE);
}

static void test_refused(void)
{
    expect_refused("hots", "did you mean 'host'?");
    expect_refused("colour", "there are host, last_seen, settings.version, epoch");
    expect_refused("", "there is no column ''");
}

/* As many as an endpoint has do not fit in one line. */
static void test_many(void)
{
    static const char *const names[] = { "zzzzzzzz", NULL };
    const CliView view = { .columns = hl_unconst(names) };
    g_autoptr(json_t) all = json_pack("[{}]");
    g_autoptr(GError) error = NULL;
    gsize n;

    for (int i = 0; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("member_%d", i);

        json_object_set_new(json_array_get(all, 0), name, json_null());
    }
    g_assert_null(cli_view_columns(&view, usual, G_N_ELEMENTS(usual), all, &n, &error));
    g_assert_nonnull(strstr(error->message, "; there are host, last_seen, settings.version, member_0, "));
    g_assert_true(g_str_has_suffix(error->message, " and 38 more: -o json shows all"));
}

/* Objects have words, or are lists of their members, in a table. */
static void print_objects(void)
{
    static const CliColumn columns[] = { { "UPGRADE", "last_upgrade", NULL }, { "SCAN", "last_scan", NULL } };
    g_autoptr(json_t) document =
        json_loads("{\"rows\": [{\"last_upgrade\": {\"at\": \"2026-11-29\", \"end\": \"back\", "
                   "\"to\": \"0.2.0\", \"detail\": \"\"},"
                   " \"last_scan\": {\"files\": 7, \"names\": []}}]}",
                   0, NULL);

    cli_show_table(document, "rows", columns, G_N_ELEMENTS(columns), NULL);
}

static void test_objects(void)
{
    if (g_test_subprocess()) {
        print_objects();
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_test_trap_assert_stdout("*0.2.0: back at 2026-11-29*files 7*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli-view/states", test_states);
    g_test_add_func("/cli-view/rings", test_rings);
    g_test_add_func("/cli-view/watch", test_watch);
    g_test_add_func("/cli-view/order", test_order);
    g_test_add_func("/cli-view/own-order", test_own_order);
    g_test_add_func("/cli-view/empty", test_empty);
    g_test_add_func("/cli-view/more", test_more);
    g_test_add_func("/cli-view/columns", test_columns);
    g_test_add_func("/cli-view/columns-of-none", test_columns_of_none);
    g_test_add_func("/cli-view/refused", test_refused);
    g_test_add_func("/cli-view/objects", test_objects);
    g_test_add_func("/cli-view/many", test_many);
    return g_test_run();
}
