/* SPDX-License-Identifier: Apache-2.0 */
/* From words to endpoints: names, their beginnings, conditions; and that a condition asks for what the status document
 * says. */
#include <string.h>

#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "manager/daemon/ground/columns.h"
#include "manager/daemon/ground/rows.h"
#include "manager/daemon/ground/selector.h"
#include "tests/support/manager_parts.h"

static void name_host(MgrEndpoint *endpoint, const char *host)
{
    g_free(endpoint->record.host);
    endpoint->record.host = g_strdup(host);
}

/* A fleet: e-1 pc-1.lab.example, e-2 pc-10.lab.example, e-3 PRINTER, e-4 pc-1.far.example; e-4 was removed. */
static Parts *make_fleet(void)
{
    static const char *const hosts[] = { "pc-1.lab.example", "pc-10.lab.example", "PRINTER", "gone.far.example" };
    Parts *parts = parts_new();

    for (int i = 0; i < 4; i++) {
        g_autofree char *id = g_strdup_printf("e-%d", i + 1);
        MgrEndpoint *endpoint = parts_add_endpoint(parts, id);

        name_host(endpoint, hosts[i]);
        endpoint->record.display.removed = i == 3;
        hl_common_free(endpoint->record.program);
        endpoint->record.program = g_strdup(i == 1 ? "0.3.0" : "0.2.0");
    }
    parts_birth(parts, "e-1", 1);
    return parts;
}

/* "e-1 e-2", or the error's code. */
static char *selected(const Parts *parts, const char *selector)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = mgr_selector_filter(&parts->fleet, NULL, selector, &error);
    GString *text = g_string_new(NULL);

    if (found == NULL)
        return g_string_free(g_string_append(text, hl_error_name(hl_error_code(error))), FALSE);
    for (guint i = 0; i < found->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", ((const MgrEndpoint *)found->pdata[i])->record.id);
    return g_string_free(text, FALSE);
}

static void test_selectors(void)
{
    static const char *const cases[][2] = {
        { "all", "e-1 e-2 e-3" },
        { "e-1,e-3", "e-1 e-3" },
        { "printer", "e-3" },
        { "pc-1", "e-1" }, /* the whole first label, though pc-10 begins with it */
        { "pri", "e-3" },  /* a beginning */
        { "pc-", "conflict" },
        { "pc-*", "e-1 e-2" },
        { "pc-*,printer", "e-1 e-2 e-3" },
        { "nobody", "not-found" },
        { "@nobody", "not-found" },
        { "@@@office", "not-found" },
        { "online", "e-1" },
        { "not online", "e-2 e-3" },
        { "online,never-seen", "e-1 e-2 e-3" },
        { "version<0.3", "e-1 e-3" },
        { "version<0.3,host~pc-*", "e-1" },
        { "pc-10,version<0.3", "" },
        { "all,version>=0.3", "e-2" },
        { "e-1,(e-1,e-3)", "e-1" }, /* what is in brackets narrows names too */
        { "e-1,(e-3)", "" },
        { "(e-1,e-3)", "e-1 e-3" },
        { "(e-1,pri),(printer,pc-10)", "e-3" },
        { "@office,(pc-10,printer)", "e-2 e-3" },
        { "pc-*,(online,stale)", "e-1" },
        { "online,(never-seen)", "" },
        { "pc-1,(@office)", "e-1" },
        { "all,(@office),(pc-*,e-3),(version<0.3)", "e-1 e-3" },
        { "e-1,(nobody)", "not-found" },
        { "e-1,(pc-)", "conflict" },
        { "e-1,(e-3", "invalid" },
        { "e-4", "e-4" }, /* who names it sees it */
        { "removed", "e-4" },
        { "gone*", "" },
        { "not nobody", "not-found" },
        { "never-seen -printer", "e-2" },
        { "colour:red", "invalid" },
        { "", "" },
        { ",", "" },
        { "all,*,pc-*,@office,e-1", "e-1 e-2 e-3 e-4" }, /* each once */
        { "Printer,PC-1,pc-10.LAB,pri,e-3", "e-1 e-2 e-3" },
        { "printer,pc-,pc-1", "conflict" },
        { "pc-1,\"\"", "not-found" },
    };
    g_autoptr(Parts) parts = make_fleet();

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = selected(parts, cases[i][0]);

        g_test_message("%s", cases[i][0]);
        g_assert_cmpstr(found, ==, cases[i][1]);
    }
}

/* A state that was mistyped is no name that nobody has: the error says what is near. */
static void test_mistyped(void)
{
    static const char *const cases[][2] = {
        { "offlin", "there is no endpoint 'offlin'; did you mean 'offline'?" },
        { "Onlnie", "there is no endpoint 'Onlnie'; did you mean 'online'?" },
        { "al", "there is no endpoint 'al'; did you mean 'all'?" },
        { "not infectd", "there is no endpoint 'infectd'; did you mean 'infected'?" },
        { "pc-1,outdate", "there is no endpoint 'outdate'; did you mean 'outdated'?" },
        { "office", "there is no endpoint 'office'; the endpoints of the group of that name are '@office'" },
        { "nobody", "there is no endpoint 'nobody'; 'holdline endpoint list' lists them" },
    };
    g_autoptr(Parts) parts = make_fleet();
    g_autoptr(GPtrArray) by_name = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) found = mgr_selector_filter(&parts->fleet, NULL, cases[i][0], &error);

        g_assert_null(found);
        g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
        g_assert_cmpstr(error->message, ==, cases[i][1]);
    }
    name_host(mgr_fleet_endpoint(&parts->fleet, "e-3"), "offlin");
    by_name = mgr_selector_filter(&parts->fleet, NULL, "offlin", NULL);
    g_assert_cmpuint(by_name->len, ==, 1);
}

static char *message_of(const Parts *parts, const MgrCaller *caller, const char *selector)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = mgr_selector_filter(&parts->fleet, caller, selector, &error);

    g_assert_null(found);
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
    return g_strdup(error->message);
}

/* A name that one slip away from another's is told with it, but not to somebody who may not see that one. */
static void test_near(void)
{
    char *groups[] = { (char[]){ "none-of-them" }, NULL };
    const MgrCaller other = { (char[]){ "ann" }, MGR_ROLE_OPERATOR, groups };
    static const struct {
        const char *typed, *near, *unseen;
    } cases[] = {
        { "desktpo", "there is no endpoint 'desktpo'; did you mean desktop.example.org (e-3)?",
          "there is no endpoint 'desktpo'; 'holdline endpoint list' lists them" },
        { "Desktop.exampel.org", "there is no endpoint 'Desktop.exampel.org'; did you mean desktop.example.org (e-3)?",
          "there is no endpoint 'Desktop.exampel.org'; 'holdline endpoint list' lists them" },
        { "@offcie", "there is no group 'offcie'; did you mean office?",
          "there is no group 'offcie'; 'holdline group list' lists them" },
    };
    g_autoptr(Parts) parts = make_fleet();

    name_host(mgr_fleet_endpoint(&parts->fleet, "e-3"), "desktop.example.org");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *near = message_of(parts, NULL, cases[i].typed);
        g_autofree char *unseen = message_of(parts, &other, cases[i].typed);

        g_assert_cmpstr(near, ==, cases[i].near);
        g_assert_cmpstr(unseen, ==, cases[i].unseen);
    }
}

/* The same as a list with that filter: words are looked for, whatever they would be as names. */
static void test_searches(void)
{
    static const char *const cases[][2] = {
        { "filter:pc", "e-1 e-2" },
        { "filter:PRINT", "e-3" },
        { "filter:", "e-1 e-2 e-3" },
        { "filter: ", "e-1 e-2 e-3" },
        { "filter:lab version:0.2.0", "e-1" },
        { "filter:office", "e-1 e-2 e-3 e-4" }, /* the group's name; a list shows those that were removed */
        { "filter:group:office -lab", "e-3 e-4" },
        { "filter:nobody", "" },
        { "except:e-1,e-3 filter:", "e-2" },
        { "except:e-1 filter:group:office", "e-2 e-3 e-4" },
        { "except:e-9 filter:lab", "e-1 e-2" }, /* gone meanwhile */
        { "in:office filter:(pc)or(print)", "e-1 e-2 e-3" },
        { "in:office filter:", "e-1 e-2 e-3 e-4" }, /* as its name: also those that were removed */
        { "in:office except:e-1 filter:lab,pc", "e-2" },
        { "in:sales filter:(pc)or(print)", "" },
        { "in:sales filter:", "" },
        { "in:office filter:pc) or (print", "invalid" },
        { "in:office", "invalid" },
        { "in: filter:pc", "not-found" },
        { "in:nowhere filter:pc", "not-found" },
        { "except:e-1 in:office filter:pc", "invalid" },
        { "except:e-1", "invalid" },
        { "except: filter:lab", "invalid" },
        { "except:e-1,,e-2 filter:lab", "invalid" },
        { "except:e-1  filter:lab", "invalid" },
        { "except:e-1 except:e-2 filter:lab", "invalid" },
        { "filter:colour:red", "invalid" },
        { "filter:(", "invalid" },
        { "e-1,filter:lab", "invalid" },
    };
    g_autoptr(Parts) parts = make_fleet();

    parts_add_group(parts, "sales", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = selected(parts, cases[i][0]);

        g_test_message("%s", cases[i][0]);
        g_assert_cmpstr(found, ==, cases[i][1]);
    }
}

/* However many there are; and for whom is limited to groups only theirs. */
static void test_search_scope(void)
{
    g_autoptr(Parts) parts = make_fleet();
    g_auto(MgrCaller) office = { 0 };
    g_auto(MgrCaller) sales = { 0 };
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < 1500; i++) {
        g_autofree char *id = g_strdup_printf("x-%d", i);

        name_host(parts_add_endpoint(parts, id), "lab-box");
    }
    mgr_caller_init(&office, "ann", MGR_ROLE_OPERATOR, "office");
    mgr_caller_init(&sales, "ben", MGR_ROLE_OPERATOR, "sales");
    all = mgr_selector_select(&parts->fleet, &office, "filter:lab", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, 1502);
    none = mgr_selector_select(&parts->fleet, &sales, "filter:lab", &error);
    g_assert_null(none);
    g_assert_error(error, HL_ERROR, HL_ERROR_NOT_FOUND);
}

/* Whole names are looked up by one walk and may be many; each beginning takes a walk of its own. */
static void test_many_names(void)
{
    g_autoptr(Parts) parts = make_fleet();
    g_autoptr(GString) whole = g_string_new("e-1");
    g_autoptr(GString) beginnings = g_string_new("e-1");
    g_autofree char *twins = NULL;
    g_autofree char *found = NULL;
    g_autofree char *refused = NULL;

    for (int i = 0; i < 2000; i++)
        g_string_append(whole, i % 2 == 0 ? ",printer" : ",PC-10");
    for (int i = 0; i <= MGR_MAX_TERMS; i++)
        g_string_append(beginnings, ",prin");
    found = selected(parts, whole->str);
    g_assert_cmpstr(found, ==, "e-1 e-2 e-3");
    refused = selected(parts, beginnings->str);
    g_assert_cmpstr(refused, ==, "invalid");
    name_host(parts_add_endpoint(parts, "e-5"), "printer");
    twins = selected(parts, "pc-1,printer");
    g_assert_cmpstr(twins, ==, "conflict");
}

/* What is ambiguous names those that it may be; what cannot be undone takes no beginning. */
static void test_candidates(void)
{
    g_autoptr(Parts) parts = make_fleet();
    g_autoptr(GError) many = NULL;
    g_autoptr(GError) part = NULL;

    g_assert_null(mgr_selector_find(&parts->fleet, NULL, "pc-", &many));
    g_assert_error(many, HL_ERROR, HL_ERROR_CONFLICT);
    g_assert_nonnull(strstr(many->message, "pc-1.lab.example (e-1), pc-10.lab.example (e-2)"));
    g_assert_null(mgr_selector_find_whole(&parts->fleet, NULL, "pri", &part));
    g_assert_error(part, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(part->message, "did you mean PRINTER (e-3)?"));
    g_assert_nonnull(mgr_selector_find_whole(&parts->fleet, NULL, "pc-1", NULL));
    g_assert_nonnull(mgr_selector_find_whole(&parts->fleet, NULL, "e-3", NULL));
}

static const json_t *descend(const json_t *document, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);

    for (gsize i = 0; names[i] != NULL; i++)
        document = json_object_get(document, names[i]);
    return document;
}

static void compare_value(const MgrColumn *column, MgrValue value, const json_t *said)
{
    HlTime time = 0;
    int64_t version;

    switch (column->kind) {
    case MGR_TEXT:
    case MGR_WORD:
    case MGR_VERSION:
        g_assert_cmpstr(value.text, ==, json_is_string(said) ? json_string_value(said) : "");
        break;
    case MGR_NUMBER:
        g_assert_cmpint(value.number, ==, json_integer_value(said));
        break;
    case MGR_FLAG:
        g_assert_cmpint(value.number, ==, json_is_true(said));
        break;
    case MGR_TIME:
        if (json_is_string(said))
            g_assert_true(hl_time_parse(json_string_value(said), &time, NULL));
        g_assert_cmpint(value.number / HL_SECOND, ==, time / HL_SECOND);
        break;
    case MGR_SET:
        g_assert_cmpuint(json_object_size(said), ==, 2);
        g_assert_true(mgr_set_find(value.text, "virus", &version));
        g_assert_cmpint(version, ==, json_integer_value(json_object_get(said, "virus")));
        break;
    }
}

/* Selector, console and list must not tell three stories. */
static void test_columns(void)
{
    g_autoptr(Parts) parts = make_fleet();
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-1");
    MgrFilterRows rows = mgr_column_rows(&parts->fleet);
    MgrFindings findings = {
        .open = 2, .end = MGR_SCAN_COMPLETED, .ended_at = hl_clock_wall(), .files = 9, .found = 3
    };
    g_autoptr(json_t) document = NULL;

    mgr_set_text(&endpoint->record.patterns, "rules=3 virus=2026112701");
    mgr_set_text(&endpoint->record.update_result, "succeeded");
    mgr_set_text(&endpoint->record.update_source, "server");
    mgr_endpoint_set_observed(&endpoint->record, "192.0.2.7");
    mgr_endpoint_set_addresses(&endpoint->record, "192.168.1.7");
    endpoint->record.updated_at = hl_clock_wall() - HL_HOUR;
    endpoint->record.dialled_at = hl_clock_wall() - HL_MINUTE;
    endpoint->record.cert_expires = hl_clock_wall() + HL_DAY;
    endpoint->record.direct_port = 61000;
    endpoint->broker = 1;
    mgr_endpoint_make_contact(endpoint)->skew = 1500;
    mgr_endpoint_make_contact(endpoint)->held_off_until = hl_clock_wall() + HL_HOUR;
    mgr_endpoint_make_contact(endpoint)->lost_heartbeats = 2;
    mgr_endpoint_make_contact(endpoint)->refused = 5;
    mgr_endpoint_make_contact(endpoint)->late = MGR_LATE_TOO_LATE;
    mgr_endpoint_make_contact(endpoint)->late_at = hl_clock_wall() - HL_MINUTE;
    mgr_set_text(&mgr_endpoint_make_seldom(&endpoint->record)->upgrade_end, "back");
    mgr_set_text(&mgr_endpoint_make_seldom(&endpoint->record)->upgrade_to, "0.3.1");
    mgr_endpoint_make_seldom(&endpoint->record)->upgraded_at = hl_clock_wall() - HL_MINUTE;
    mgr_fleet_set_findings(&parts->fleet, endpoint, &findings);
    document = mgr_status_endpoint(parts->status, endpoint);
    for (int i = 0; i < MGR_N_COLUMNS; i++) {
        g_autofree char *owned = NULL;

        g_test_message("%s", mgr_columns[i].name);
        g_assert_nonnull(descend(document, mgr_columns[i].path));
        compare_value(&mgr_columns[i], rows.value(endpoint, i, rows.user, &owned),
                      descend(document, mgr_columns[i].path));
    }
    for (int i = 0; i < MGR_N_COLUMNS; i++) { /* and of one that nothing is known of */
        const MgrEndpoint *blank = mgr_fleet_endpoint(&parts->fleet, "e-3");
        g_autoptr(json_t) other = mgr_status_endpoint(parts->status, blank);
        g_autofree char *owned = NULL;

        if (i != MGR_COLUMN_PATTERNS)
            compare_value(&mgr_columns[i], rows.value(blank, i, rows.user, &owned),
                          descend(other, mgr_columns[i].path));
    }
}

/* Each member of the documents is a column, or refused as itself and with a reason; none is unknown. */
static void check_members(const char *before, const json_t *document)
{
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(document), name, value)
    {
        g_autofree char *path = g_strconcat(before, name, NULL);
        g_autofree char *condition = g_strconcat(path, ":", NULL);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", path);
        g_assert_null(mgr_filter_parse(condition, MGR_FILTER_SELECT, 0, &error)); /* no column lacks a value */
        g_assert_cmpstr(hl_error_sentence(error), !=, "filter.column");
        g_assert_cmpstr(hl_error_sentence(error), !=, "filter.nearest");
        g_assert_cmpint(strcmp(hl_error_sentence(error), "filter.value") == 0, ==,
                        mgr_column_find(path) >= 0 || strcmp(before, "patterns.") == 0);
        if (json_is_object(value)) {
            g_autofree char *inside = g_strconcat(path, ".", NULL);

            check_members(inside, value);
        }
    }
}

static void test_members(void)
{
    g_autoptr(Parts) parts = make_fleet();
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-1");
    MgrFindings findings = { .end = MGR_SCAN_COMPLETED, .ended_at = hl_clock_wall() };
    g_autoptr(json_t) shown = NULL;

    mgr_fleet_set_findings(&parts->fleet, endpoint, &findings);
    mgr_set_text(&endpoint->record.patterns, "rules=3 virus=2026112701");
    mgr_set_text(&mgr_endpoint_make_seldom(&endpoint->record)->upgrade_end, "back");
    mgr_endpoint_make_contact(endpoint)->late_at = hl_clock_wall();
    parts_call(parts, "endpoint show", "endpoint", "e-1", NULL);
    shown = parts_expect_reply(parts, "");
    g_assert_true(json_is_object(json_object_get(shown, "last_upgrade")));
    g_assert_true(json_is_object(json_object_get(shown, "late_renewal")));
    check_members("", shown);
}

/* "e-2 e-1": the ids of a list in that order, or the error's code. */
static char *listed(Parts *parts, const char *sort, const char *limit)
{
    g_autoptr(json_t) reply = NULL;
    GString *text = g_string_new(NULL);
    const json_t *row;
    size_t i;

    parts_call(parts, "endpoint list", "sort", sort, "limit", limit, NULL);
    reply = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(reply, "endpoints"), i, row)
    {
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", json_string_value(json_object_get(row, "id")));
    }
    return g_string_free(text, FALSE);
}

static void test_order(void)
{
    static const char *const cases[][3] = {
        { "host", "9", "e-1 e-2 e-3" },                                    /* without case, and 1 before 10 */
        { "-host", "9", "e-3 e-2 e-1" },          { "-host", "1", "e-3" }, /* the first of the order, not of the list */
        { "program", "9", "e-1 e-3 e-2" },                                 /* equal ones as they were */
        { "-program,-host", "9", "e-2 e-3 e-1" }, { "-last_seen", "2", "e-1 e-2" }, /* never is the least */
        { "actual,id", "9", "e-2 e-3 e-1" },
    };
    g_autoptr(Parts) parts = make_fleet();
    g_autoptr(json_t) refused = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *ids = listed(parts, cases[i][0], cases[i][1]);

        g_assert_cmpstr(ids, ==, cases[i][2]);
    }
    parts_call(parts, "endpoint list", "sort", "colour", NULL);
    refused = parts_expect_reply(parts, "invalid");
    parts_call(parts, "endpoint list", "columns", "id,-host", NULL);
    json_decref(parts_expect_reply(parts, "invalid"));
    parts_call(parts, "endpoint list", "limit", "0", NULL);
    json_decref(parts_expect_reply(parts, "invalid"));
}

/* What a row says is what the document says, at the same place; and the counts are of all that a selector takes. */
static void test_rows(void)
{
    g_autoptr(Parts) parts = make_fleet();
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, "e-1");
    MgrFindings findings = { .end = MGR_SCAN_COMPLETED, .ended_at = hl_clock_wall(), .files = 9 };
    g_autoptr(json_t) some = NULL;
    g_autoptr(json_t) rest = NULL;

    mgr_set_text(&endpoint->record.patterns, "rules=3 virus=2026112701");
    mgr_fleet_set_findings(&parts->fleet, endpoint, &findings);
    for (int i = 0; i < MGR_N_COLUMNS; i++) {
        MgrRowWish wish;
        g_autoptr(json_t) document = mgr_status_endpoint(parts->status, endpoint);
        g_autoptr(json_t) row = NULL;
        const json_t *said = descend(document, mgr_columns[i].path);

        g_test_message("%s", mgr_columns[i].name);
        g_assert_true(mgr_row_wish_parse(&wish, NULL, NULL, mgr_columns[i].name, NULL));
        row = mgr_row_document(&parts->fleet, &wish.chosen, endpoint);
        g_assert_cmpuint(json_object_size(row), <=, 1);
        if (json_object_size(row) == 1)
            g_assert_true(json_equal(descend(row, mgr_columns[i].path), said));
        else
            g_assert_true(said == NULL || json_is_null(said) || *json_string_value(said) == '\0');
    }
    parts_call(parts, "endpoint list", "selector", "all", "limit", "1", "columns", "id,last_scan_end", NULL);
    some = parts_expect_reply(parts, "");
    rest = json_pack("[{s:s, s:{s:s}}]", "id", "e-1", "last_scan", "end", "completed");
    g_assert_true(json_equal(json_object_get(some, "endpoints"), rest));
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(some, "summary"), "endpoints")), ==, 3);
}

static json_int_t count(const json_t *summary, const char *name)
{
    return json_integer_value(json_object_get(summary, name));
}

/* The counts beside a list are of what is in it. */
static void test_summary(void)
{
    g_autoptr(Parts) parts = make_fleet();
    g_autoptr(json_t) some = NULL;
    g_autoptr(json_t) all = NULL;
    const json_t *summary;

    parts_call(parts, "endpoint list", "selector", "never-seen", NULL);
    some = parts_expect_reply(parts, "");
    summary = json_object_get(some, "summary");
    g_assert_cmpint(count(summary, "endpoints"), ==, 2);
    g_assert_cmpint(count(summary, "online"), ==, 0);
    g_assert_cmpint(count(summary, "never-seen"), ==, 2);
    parts_call(parts, "endpoint list", NULL);
    all = parts_expect_reply(parts, "");
    summary = json_object_get(all, "summary");
    g_assert_cmpint(count(summary, "endpoints"), ==, 3);
    g_assert_cmpint(count(summary, "online"), ==, 1);
    g_assert_cmpint(count(summary, "removed"), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/selector/selectors", test_selectors);
    g_test_add_func("/manager/selector/mistyped", test_mistyped);
    g_test_add_func("/manager/selector/near", test_near);
    g_test_add_func("/manager/selector/searches", test_searches);
    g_test_add_func("/manager/selector/search-scope", test_search_scope);
    g_test_add_func("/manager/selector/many_names", test_many_names);
    g_test_add_func("/manager/selector/candidates", test_candidates);
    g_test_add_func("/manager/selector/columns", test_columns);
    g_test_add_func("/manager/selector/members", test_members);
    g_test_add_func("/manager/selector/summary", test_summary);
    g_test_add_func("/manager/selector/order", test_order);
    g_test_add_func("/manager/selector/rows", test_rows);
    return g_test_run();
}
