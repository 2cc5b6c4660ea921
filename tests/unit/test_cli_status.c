/* SPDX-License-Identifier: Apache-2.0 */
/* `holdline status` against servers of several ages: what it asks, and what it makes of a refusal. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/endpoint_columns.h"
#include "manager/cli/watch.h"

typedef struct {
    HlErrorCode refuses; /* "snapshot"; HL_ERROR_N_CODES: it knows it */
    bool refuses_wishes; /* arguments beside the selector */
    bool is_asked_more;
    GString *asked;
} Server;

static Server server;

json_t *cli_call(HlInvocation *call G_GNUC_UNUSED, const char *name, const char *const *arguments, GError **error)
{
    g_string_append_printf(server.asked, "%s%s", server.asked->len > 0 ? ", " : "", name);
    for (gsize i = 0; arguments[i] != NULL; i += 2) {
        bool is_table = strcmp(arguments[i], "columns") == 0;

        if (arguments[i + 1] != NULL && strcmp(arguments[i], "selector") == 0)
            g_string_append_printf(server.asked, " %s", arguments[i + 1]);
        else if (arguments[i + 1] != NULL)
            g_string_append_printf(server.asked, " %s=%s", arguments[i], is_table ? "table" : arguments[i + 1]);
        server.is_asked_more |= arguments[i + 1] != NULL && strcmp(arguments[i], "selector") != 0;
    }
    if (server.refuses_wishes && server.is_asked_more) {
        server.is_asked_more = false;
        hl_fail(error, HL_ERROR_INVALID,
                "'%s' takes no argument 'sort' here; is this server older than the program that asks?", name);
        return NULL;
    }
    if (strcmp(name, "snapshot") == 0 && server.refuses != HL_ERROR_N_CODES) {
        hl_fail(error, server.refuses,
                "there is no call 'snapshot' here; is this server older than the program that asks?");
        return NULL;
    }
    return json_pack("{s:{s:i}, s:[]}", "summary", "endpoints", 0, "endpoints");
}

/* In two parts, the first of which is as the server prints it. */
json_t *cli_call_elements(HlInvocation *call, const char *name, const char *const *arguments, CliElements *elements,
                          GError **error)
{
    g_autoptr(json_t) document = cli_call(call, name, arguments, error);
    g_autoptr(json_t) part = NULL;

    if (document == NULL)
        return NULL;
    part = cli_elements_take(elements, "{\"endpoints\":[{\"id\":\"e-2\"},{\"id\":\"e-1\",\"removed\":true}]}", NULL);
    g_assert_nonnull(part);
    return cli_elements_take(elements, "{\"summary\":{\"endpoints\":3},\"endpoints\":[{\"id\":\"e-0\"}]}", NULL);
}

bool cli_watch(HlInvocation *call G_GNUC_UNUSED, const char *selector G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

/* The exit status; what was asked is compared with asked.  words: of the command line, after "status"; may be NULL. */
static int run_with(Server kind, const char *words, const char *asked)
{
    static const char *const taken[] = { "sort", "limit", "columns", "o", "json", "where", "outdated", NULL };
    static const HlFlag flags[] = {
        { "sort", "C", "" },  { "limit", "N", "" }, { "columns", "C", "" },   { "o", "FORM", "" },
        { "json", NULL, "" }, { "where", "C", "" }, { "outdated", NULL, "" },
    };
    static const HlCommand commands[] = { { "status", "[SELECTOR]", "", cmd_status, 0, 1, taken } };
    static const HlProgram program = {
        .name = "holdline", .commands = commands, .n_commands = 1, .flags = flags, .n_flags = G_N_ELEMENTS(flags)
    };
    g_autofree char *line =
        g_strdup_printf("holdline status%s%s", words != NULL ? " " : "", words != NULL ? words : "");
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    int status;

    server = kind;
    server.asked = g_string_new(NULL);
    status = hl_cli_main(&program, (int)g_strv_length(argv), argv, NULL);
    g_assert_cmpstr(server.asked->str, ==, asked);
    g_string_free(server.asked, TRUE);
    return status;
}

static int run(HlErrorCode refuses, const char *words, const char *asked)
{
    return run_with((Server){ .refuses = refuses }, words, asked);
}

static void test_ages(void)
{
    Server older = { .refuses = HL_ERROR_N_CODES, .refuses_wishes = true };

    g_assert_cmpint(run(HL_ERROR_N_CODES, NULL, "snapshot columns=table removed=no"), ==, 0);
    g_assert_cmpint(run(HL_ERROR_N_CODES, "outdated", "endpoint list outdated columns=table"), ==, 0);
    /* it is older than the call, or than its arguments */
    g_assert_cmpint(run(HL_ERROR_INVALID, "--json", "snapshot, snapshot, endpoint list"), ==, 0);
    g_assert_cmpint(run_with(older, NULL, "snapshot columns=table removed=no, snapshot"), ==, 0);
    g_assert_cmpint(run_with(older, "x --limit 2", "endpoint list x sort=host limit=2 columns=table, endpoint list x"),
                    ==, 0);
    g_assert_cmpint(run(HL_ERROR_DENIED, "--json", "snapshot"), !=, 0);
    g_assert_cmpint(run(HL_ERROR_UNAVAILABLE, "--json", "snapshot"), !=, 0);
}

/* What the server does of it, so that a page of a large fleet is not made of all of it; what it cannot, comes whole. */
static void test_wishes(void)
{
    static const char *const cases[][2] = {
        { "--json --limit 9", "snapshot limit=9" },
        { "--limit 9", "snapshot sort=host limit=9 columns=table removed=no" },
        { "-o json --sort -last_seen", "snapshot sort=-last_seen removed=no" },
        { "--limit 9 --sort -INFECTED,host", "snapshot sort=-open_detections,host limit=9 columns=table removed=no" },
        { "--sort version --columns host,VERSION", "snapshot sort=program columns=table removed=no" },
        { "--limit 9 --sort patterns", "snapshot columns=table removed=no" }, /* a set has no order */
        { "--limit 9 --sort explanation", "snapshot columns=table removed=no" },
        { "--columns host,explanation", "snapshot removed=no" },
        { "-o csv --limit 9", "snapshot limit=9 removed=no" },
        { "--where certificate-expires<30d", "endpoint list certificate-expires<30d" }, /* no table has it otherwise */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        run(HL_ERROR_N_CODES, cases[i][0], cases[i][1]);
}

/* A comma alone would have @hr beside @sales, and stale beside offline. */
static void test_narrower(void)
{
    static const char *const cases[][2] = {
        { "@sales --json", "endpoint list @sales" },
        { "--where offline,stale --json", "endpoint list offline,stale" },
        { "@sales --where @hr,pc-1 --json", "endpoint list @sales,(@hr,pc-1)" },
        { "pc-1,pc-2 --where stale --outdated --json", "endpoint list pc-1,pc-2,(stale),(outdated)" },
        { "--where stale --outdated --json", "endpoint list stale,(outdated)" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        run(HL_ERROR_N_CODES, cases[i][0], cases[i][1]);
}

static bool keep_about(HlInvocation *call, GError **error G_GNUC_UNUSED)
{
    g_autofree const char **about = cli_endpoint_about(call);
    g_autofree CliColumn *columns = NULL;
    GString *out = call->user;
    gsize n;

    columns = cli_endpoint_columns(NULL, false, about, &n);
    for (gsize i = 0; i < n; i++)
        if (g_strv_contains(about, columns[i].member))
            g_string_append_printf(out, "%s|", columns[i].heading);
    return true;
}

/* What is typed while one watches asks for columns beside those of the selector; a mere word does not. */
static void test_about_search(void)
{
    g_autoptr(MgrFilter) selector = mgr_filter_parse("outdated-program", MGR_FILTER_SELECT, HL_DAY, NULL);
    g_autoptr(MgrFilter) search = mgr_filter_parse("broker:2", MGR_FILTER_SEARCH, HL_DAY, NULL);
    g_autoptr(MgrFilter) word = mgr_filter_parse("pc-7", MGR_FILTER_SEARCH, HL_DAY, NULL);
    g_autofree const char **both = cli_endpoint_about_filters(selector, search);
    g_autofree const char **one = cli_endpoint_about_filters(selector, word);
    g_autofree const char **none = cli_endpoint_about_filters(NULL, NULL);
    g_autofree char *joined = g_strjoinv("|", (char **)hl_unconst(both));
    g_autofree char *alone = g_strjoinv("|", (char **)hl_unconst(one));

    g_assert_cmpstr(joined, ==, "program|broker");
    g_assert_cmpstr(alone, ==, "program");
    g_assert_null(none[0]);
}

/* The columns that a selector asks for are there, and nothing of what is the same in each row. */
static void test_about(void)
{
    static const char *const cases[][2] = {
        { "outdated-program", "VERSION|" },
        { "outdated", "PATTERNS|" },
        { "behind,pc-1", "SETTINGS|" },
        { "never-scanned", "INFECTED|" },
        { "inactive", "DISPLAYED|" }, /* though nobody dials it */
        { "revoked", "" },
        { "pc-7,@sales", "" },
        { "all --sort -version,broker", "VERSION|BROKER|" },
        { "broker:2 --where last-seen>30d", "LAST SEEN|BROKER|" },
        { "certificate-expires<30d", "certificate_expires|" },
        { "host~(", "" }, /* the server says what is wrong */
    };
    static const char *const taken[] = { "sort", "where", NULL };
    static const HlFlag flags[] = { { "sort", "C", "" }, { "where", "C", "" } };
    static const HlCommand commands[] = { { "status", "[SELECTOR]", "", keep_about, 0, 1, taken } };
    static const HlProgram program = {
        .name = "holdline", .commands = commands, .n_commands = 1, .flags = flags, .n_flags = G_N_ELEMENTS(flags)
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = g_strconcat("holdline status ", cases[i][0], NULL);
        g_auto(GStrv) argv = g_strsplit(line, " ", -1);
        g_autoptr(GString) out = g_string_new(NULL);

        g_test_message("%s", cases[i][0]);
        g_assert_cmpint(hl_cli_main(&program, (int)g_strv_length(argv), argv, out), ==, 0);
        g_assert_cmpstr(out->str, ==, cases[i][1]);
    }
}

/* What would only say that nobody dials it is "-"; what a rule says of it stays. */
static void test_dialled(void)
{
    static const struct {
        const char *displayed, *delivery;
        int port;
        const char *cells;
    } cases[] = {
        { "Offline", "channel", 0, "- - -" },
        { "Online", "channel", 0, "- - -" },
        { "Offline", "channel", 61000, "Offline unverified not-probed" },
        { "Offline", "documented", 0, "Offline unverified not-probed" },
        { "Inactive", "channel", 0, "Inactive unverified -" },
        { "Unreachable/Online", "channel", 0, "Unreachable/Online unverified -" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) rows =
            json_pack("[{s:s, s:s, s:s, s:s, s:i}]", "displayed", cases[i].displayed, "verdict", "unverified",
                      "reachability", "not-probed", "delivery", cases[i].delivery, "direct_port", cases[i].port);
        json_t *row = json_array_get(rows, 0);
        g_autofree char *shown = NULL;
        g_autoptr(GString) cells = g_string_new(NULL);
        g_autofree CliColumn *columns = NULL;
        gsize n;

        columns = cli_endpoint_columns(rows, true, NULL, &n);
        for (gsize c = 0; c < n; c++) {
            g_autofree char *cell = NULL;

            if (strcmp(columns[c].heading, "DISPLAYED") != 0 && strcmp(columns[c].heading, "VERDICT") != 0 &&
                strcmp(columns[c].heading, "DIAL") != 0)
                continue;
            cell = columns[c].format(json_object_get(row, columns[c].member), row);
            g_string_append_printf(cells, "%s%s", cells->len > 0 ? " " : "", cell);
        }
        g_assert_cmpstr(cells->str, ==, cases[i].cells);
        cli_dash_undialled(row); /* shown alone it is the same */
        shown = g_strdup_printf("%s %s %s", json_string_value(json_object_get(row, "displayed")),
                                json_string_value(json_object_get(row, "verdict")),
                                json_string_value(json_object_get(row, "reachability")));
        g_assert_cmpstr(shown, ==, cases[i].cells);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/status/ages", test_ages);
    g_test_add_func("/cli/status/wishes", test_wishes);
    g_test_add_func("/cli/status/narrower", test_narrower);
    g_test_add_func("/cli/status/dialled", test_dialled);
    g_test_add_func("/cli/status/about", test_about);
    g_test_add_func("/cli/status/about-search", test_about_search);
    return g_test_run();
}
