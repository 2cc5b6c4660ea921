/* SPDX-License-Identifier: Apache-2.0 */
/* manager/filter: selectors and conditions; the language as the console searches with it is in test_console_table.c. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/filter/fault.h"
#include "manager/filter/filter.h"

#define ANY "; every member of an endpoint's status is one, such as last_seen and settings.desired"
#define NOW (1795750260 * HL_SECOND) /* 2026-11-27T03:31:00Z */

/* A row is an array of values. */
static MgrValue value_of(gconstpointer row, int column, gpointer user G_GNUC_UNUSED, char **owned G_GNUC_UNUSED)
{
    return ((const MgrValue *)row)[column];
}

static const char *searched(gconstpointer row, gpointer user G_GNUC_UNUSED)
{
    return ((const MgrValue *)row)[MGR_COLUMN_HOST].text;
}

static const MgrFilterRows rows = { value_of, searched, NULL };

/* pc-7 in sales, offline since 40 days, outdated, version 0.2.10, certificate ends in 20 days. */
static void fill(MgrValue *row)
{
    for (int i = 0; i < MGR_N_COLUMNS; i++)
        if (mgr_column_is_text(i))
            row[i].text = "";
    row[MGR_COLUMN_ID].text = "e-7";
    row[MGR_COLUMN_HOST].text = "PC-7.example.org";
    row[MGR_COLUMN_GROUP].text = "sales";
    row[MGR_COLUMN_ACTUAL].text = "offline";
    row[MGR_COLUMN_DISPLAYED].text = "Unreachable/Offline";
    row[MGR_COLUMN_REASON].text = "revoked";
    row[MGR_COLUMN_LAST_SEEN].number = NOW - 40 * HL_DAY;
    row[MGR_COLUMN_OUTDATED].number = 1;
    row[MGR_COLUMN_OPEN_DETECTIONS].number = 2;
    row[MGR_COLUMN_PROGRAM].text = "0.2.10";
    row[MGR_COLUMN_CERTIFICATE].number = NOW + 20 * HL_DAY;
    row[MGR_COLUMN_SETTINGS_DESIRED].number = 4;
    row[MGR_COLUMN_PATTERNS].text = "rules=12 virus=2026112701";
    row[MGR_COLUMN_SCAN].number = NOW - HL_DAY;
    row[MGR_COLUMN_LOST_HEARTBEATS].number = 3;
    row[MGR_COLUMN_UPDATE_ERROR].text = "the server did not answer";
    row[MGR_COLUMN_UPGRADE].text = "back";
    row[MGR_COLUMN_HELD_OFF].number = NOW + HL_HOUR;
}

static void test_conditions(void)
{
    static const struct {
        const char *selector;
        bool takes;
    } cases[] = {
        { "offline", true },
        { "OFFLINE", true },
        { "online", false },
        { "offline,stale", true }, /* of one kind: any of them */
        { "stale,online", false },
        { "offline,outdated", true }, /* of different kinds: all of them */
        { "offline,revoked", false },
        { "infected", true },
        { "unreachable", true },
        { "offline outdated", true },
        { "online or outdated", true },
        { "not online", true },
        { "-offline", false },
        { "last-seen>30d", true },
        { "last_seen>50d", false },
        { "last-seen<30d", false },
        { "last-seen<-30d", true },
        { "certificate-expires<30d", true }, /* ahead, not ago */
        { "certificate-expires<10d", false },
        { "ended", false },
        { "host~pc-*", true },
        { "host~pc-?", false },
        { "host~PC-?.*", true },
        { "host~srv-*,pc-*", true }, /* values of one column */
        { "host~srv-*,offline", false },
        { "version<0.3", true },
        { "version<0.2.9", false }, /* numbers, not letters */
        { "version>=0.2.10", true },
        { "version:0.2.10.0", true },
        { "version!=0.2.10", false },
        { "version~0.2*", true },
        { "group:sales,outdated", true }, /* outdated is no group here */
        { "group:hr,outdated", false },
        { "group:hr,\"outdated\",sales", true },
        { "group:hr,sales", true },
        { "actual:offline,stale", true },
        { "actual:stale,outdated", false },
        { "displayed:online,offline,inactive", false },
        { "reason:flooding,revoked", true }, /* two reasons */
        { "group:sales,last-seen>30d", true },
        { "group:sales,last-seen<30d", false },
        { "offline,,outdated,", true },
        { "offline,(stale)", false }, /* in brackets: a condition of its own, whatever its kind */
        { "(offline,stale),(offline,online)", true },
        { "(offline,stale),(stale,online)", false },
        { "(offline,stale) outdated", true },
        { "online or (offline,outdated)", true },
        { "not (offline,outdated)", false },
        { "not (offline,revoked)", true },
        { "((stale,offline),outdated,)", true },
        { "(group:hr,sales)", true },
        { "group:sales,(online)", false }, /* a bracket is no value */
        { "host~pc-*,(offline)", true },
        { "(pc-*),(srv-*)", false }, /* patterns too */
        { "(srv-*,pc-*),(pc-?.*)", true },
        { "(all),(online)", false },
        { "settings.desired>=4", true }, /* by the member's own name */
        { "settings-desired<4", false },
        { "Settings.Applied-At:never", true },
        { "patterns.virus<2026112702", true },
        { "pattern.virus<2026112701", false },
        { "last_scan.ended>2h,lost-heartbeats>2", true },
        { "lost_heartbeats>3", false },
        { "last_update_error:answer", true },
        { "last-upgrade:back,last_upgrade.end:back", true },
        { "held-off-until<2h", true }, /* ahead */
        { "group:sales,settings.desired>=5", false },
        { "offline,stale,inactive,never-seen,outdated,infected,revoked,last-seen>30d,host~pc-*,version<0.3", false },
        { "offline,stale,never-seen,outdated,infected,last-seen>30d,host~pc-*,version<0.3", true },
    };
    MgrValue row[MGR_N_COLUMNS] = { 0 };

    fill(row);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MgrFilter) filter = mgr_filter_parse(cases[i].selector, MGR_FILTER_SELECT, NOW, &error);

        g_test_message("%s", cases[i].selector);
        g_assert_no_error(error);
        g_assert_true(mgr_filter_has_conditions(filter));
        g_assert_cmpstr(mgr_filter_names(filter)[0], ==, NULL);
        g_assert_true(mgr_filter_takes(filter, &rows, row) == cases[i].takes);
    }
}

/* Every word is in the language, and stands for something that a row can be. */
static void test_words(void)
{
    gsize n;
    const MgrFilterWord *words = mgr_filter_words(&n);
    MgrValue row[MGR_N_COLUMNS] = { 0 };

    fill(row);
    for (gsize i = 0; i < n; i++) {
        g_autofree char *negated = g_strdup_printf("not %s", words[i].word);
        g_autoptr(MgrFilter) filter = mgr_filter_parse(words[i].word, MGR_FILTER_SELECT, NOW, NULL);
        g_autoptr(MgrFilter) means = mgr_filter_parse(words[i].means, MGR_FILTER_SELECT, NOW, NULL);
        g_autoptr(MgrFilter) other = mgr_filter_parse(negated, MGR_FILTER_SEARCH, NOW, NULL);

        g_test_message("%s", words[i].word);
        g_assert_true(filter != NULL && means != NULL && other != NULL);
        g_assert_true(mgr_filter_takes(filter, &rows, row) == mgr_filter_takes(means, &rows, row));
        g_assert_true(mgr_filter_takes(filter, &rows, row) != mgr_filter_takes(other, &rows, row));
    }
}

static void test_names(void)
{
    static const struct {
        const char *selector, *names;
        bool has_conditions;
    } cases[] = {
        { "pc-7", "pc-7", false },
        { "pc-7, e-1 ,@sales", "pc-7 e-1 @sales", false },
        { "all", "all", false },
        { "pc-*,srv-?", "pc-* srv-?", false },
        { "\"offline\",\"my pc\"", "offline my pc", false }, /* quoted, a name */
        { "@sales,outdated", "@sales", true },
        { "outdated,@sales,pc-7", "@sales pc-7", true },
        { "pc-7,", "pc-7", false },
        { "", "", false },
        { " , ", "", false },
        { "総務-1", "総務-1", false },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MgrFilter) filter = mgr_filter_parse(cases[i].selector, MGR_FILTER_SELECT, NOW, &error);
        g_autofree char *names = filter != NULL ? g_strjoinv(" ", hl_unconst(mgr_filter_names(filter))) : NULL;

        g_test_message("%s", cases[i].selector);
        g_assert_no_error(error);
        g_assert_cmpstr(names, ==, cases[i].names);
        g_assert_true(mgr_filter_has_conditions(filter) == cases[i].has_conditions);
    }
}

static char *bind(const char *name, gpointer user, GError **error)
{
    GString *asked = user;

    g_string_append_printf(asked, "%s ", name);
    if (strcmp(name, "nobody") == 0) {
        hl_fail(error, HL_ERROR_NOT_FOUND, "there is no endpoint '%s'", name);
        return NULL;
    }
    return g_strdup(*name == '@' ? name : "e-7");
}

/* A name inside a condition is asked for before anything is judged: a slip takes nothing, instead of everything. */
static void test_bind(void)
{
    MgrValue row[MGR_N_COLUMNS] = { 0 };
    g_autoptr(GString) asked = g_string_new(NULL);
    g_autoptr(MgrFilter) filter = mgr_filter_parse("offline not (pc-9 or @hr)", MGR_FILTER_SELECT, NOW, NULL);
    g_autoptr(MgrFilter) group = mgr_filter_parse("online or @sales", MGR_FILTER_SELECT, NOW, NULL);
    g_autoptr(MgrFilter) slip = mgr_filter_parse("not nobody", MGR_FILTER_SELECT, NOW, NULL);

    fill(row);
    g_assert_true(mgr_filter_bind(filter, bind, asked, NULL));
    g_assert_cmpstr(asked->str, ==, "pc-9 @hr ");
    g_assert_false(mgr_filter_takes(filter, &rows, row));
    g_assert_true(mgr_filter_bind(group, bind, asked, NULL));
    g_assert_true(mgr_filter_takes(group, &rows, row));
    g_assert_true(mgr_filter_asks(group, MGR_COLUMN_GROUP));
    g_assert_false(mgr_filter_asks(group, MGR_COLUMN_REMOVED));
    g_assert_false(mgr_filter_bind(slip, bind, asked, NULL));
}

/* Who calls a group as another's id is, or as it is with other letters, comes into no selector by that. */
static void test_bound_group(void)
{
    static const char *const selectors[] = { "offline and @sales", "online or @sales" };
    MgrValue row[MGR_N_COLUMNS] = { 0 };
    g_autoptr(GString) asked = g_string_new(NULL);
    g_autoptr(MgrFilter) listed = mgr_filter_parse("@sales,@sa*,pc-7", MGR_FILTER_SELECT, NOW, NULL);

    fill(row);
    row[MGR_COLUMN_GROUP_DISPLAY].text = "sales";
    for (gsize i = 0; i < G_N_ELEMENTS(selectors); i++) {
        g_autoptr(MgrFilter) filter = mgr_filter_parse(selectors[i], MGR_FILTER_SELECT, NOW, NULL);

        g_assert_true(mgr_filter_bind(filter, bind, asked, NULL));
        row[MGR_COLUMN_GROUP].text = "sales";
        g_assert_true(mgr_filter_takes(filter, &rows, row));
        row[MGR_COLUMN_GROUP].text = "hr";
        g_assert_false(mgr_filter_takes(filter, &rows, row));
        row[MGR_COLUMN_GROUP].text = "SALES";
        g_assert_false(mgr_filter_takes(filter, &rows, row));
    }
    g_string_truncate(asked, 0);
    g_assert_true(mgr_filter_bind(listed, bind, asked, NULL));
    g_assert_cmpstr(asked->str, ==, "@sales "); /* a group alone in the list is one too */
}

/* n times the name. */
static GError *refused(const char *name, int n)
{
    g_autoptr(GString) text = g_string_new("pc-1");
    g_autoptr(MgrFilter) filter = NULL;
    GError *error = NULL;

    for (int i = 0; i < n; i++)
        g_string_append_printf(text, ",%s", name);
    filter = mgr_filter_parse(text->str, MGR_FILTER_SELECT, NOW, &error);
    g_assert_true((filter == NULL) == (error != NULL));
    return error;
}

/* What is held against every endpoint is counted, however it is written. */
static void test_wide(void)
{
    static const char *const names[] = { "all", "*", "pc-?", "@sales", "\"@sa*\"" };
    g_autofree char *stars = g_strnfill(MGR_MAX_FILTER + 1, '*');
    g_autoptr(GError) long_one = refused(stars, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) none = refused(names[i], MGR_MAX_TERMS);
        g_autoptr(GError) error = refused(names[i], MGR_MAX_TERMS + 1);

        g_assert_no_error(none);
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
    g_assert_error(long_one, HL_ERROR, HL_ERROR_INVALID);
}

static void test_bad(void)
{
    static const struct {
        const char *selector, *says;
    } cases[] = {
        { "colour:red", "there is no such column" },
        { "hots~pc", "did you mean 'host'?" },
        { "status:offlin", "this column never says that; did you mean 'offline'?" },
        { "displayed:Independant,Online", "did you mean 'Independent'?" },
        { "settings>3", "'settings>3', character 1: this has members: name one of them, as in settings.desired" },
        { "explanation:NAT", "this is a sentence made of other columns" },
        { "revision>3", "this orders status documents" },
        { "Certificate-Serial:7", "only 'holdline endpoint show' tells this" },
        { "version<new", "as in version<0.3" },
        { "last-seen~30d", "'~' is for texts" },
        { "last-seen>soon", "a time belongs before this" },
        { "actual:", "a value is missing" },
        { "actual:a,", "a value is missing" },
        { "(offline", "a closing bracket is missing" },
        { "(offline,outdated", "a closing bracket is missing" },
        { "()", "a value is missing" },
        { "offline,(,)", "a value is missing" },
        { "(offline,or)", "before this" },
        { "offline)", "this bracket closes nothing" },
        { "offline or", "a value is missing" },
        { "\"offline", "the quotation mark is not closed" },
    };
    g_autoptr(GString) many = g_string_new("pc-1");
    g_autofree char *deep = g_strnfill(MGR_MAX_DEPTH + 1, '(');

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", cases[i].selector);
        g_assert_null(mgr_filter_parse(cases[i].selector, MGR_FILTER_SELECT, NOW, &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
    g_assert_null(mgr_filter_parse(deep, MGR_FILTER_SELECT, NOW, NULL));
    for (int i = 0; i < 2000; i++)
        g_string_append_printf(many, ",pc-%d", i);
    g_autoptr(MgrFilter) names = mgr_filter_parse(many->str, MGR_FILTER_SELECT, NOW, NULL);

    g_assert_nonnull(names); /* a list of names is as long as it must be */
    for (int i = 0; i < MGR_MAX_TERMS; i++)
        g_string_append(many, ",not offline");
    g_assert_null(mgr_filter_parse(many->str, MGR_FILTER_SELECT, NOW, NULL));
}

static const char *in_capitals(const char *message)
{
    return strcmp(message, "there is no such column; did you mean '{nearest}'?") == 0 ? "NO COLUMN, BUT {nearest}"
           : strcmp(message, "the filter at '{near}', character {at}: {what}") == 0   ? "{what} AT {at} ({near})"
           : strcmp(message, "a filter is text of at most {max} bytes") == 0          ? "MORE THAN {max}"
                                                                                      : message;
}

/* As a client does that got it from another process. */
static char *worded_elsewhere(const GError *error)
{
    g_autoptr(json_t) said = hl_said_json(error);
    g_autofree char *json = hl_json_print(said);
    g_autoptr(GError) received = NULL;

    g_assert_false(hl_said_fail(&received, hl_error_code(error), error->message, json));
    g_assert_cmpstr(hl_error_sentence(received), ==, hl_error_sentence(error));
    return mgr_fault_say(received, in_capitals);
}

static void test_faults(void)
{
    static const struct {
        const char *filter, *message, *worded;
    } cases[] = {
        { "総務 hots~pc", "the filter at 'hots~pc', character 4: there is no such column; did you mean 'host'?",
          "NO COLUMN, BUT host AT 4 (hots~pc)" },
        { "{near}~{at} hots~{what}",
          "the filter at '{near}~{at} hots~{what}', character 1: there is no such column" ANY,
          "there is no such column" ANY " AT 1 ({near}~{at} hots~{what})" },
        { "offline or", "the filter, at its end: a value is missing", "the filter, at its end: a value is missing" },
    };
    g_autofree char *huge = g_strnfill(MGR_MAX_FILTER + 1, 'x');
    g_autoptr(GError) limit = NULL;
    g_autofree char *unworded = NULL;
    g_autoptr(GError) other = g_error_new_literal(HL_ERROR, HL_ERROR_FAILED, "something else");
    g_autofree char *text = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *worded = NULL;
        g_autofree char *prefixed = NULL;
        g_autofree char *with_prefix = g_strconcat("ring 1: ", cases[i].worded, NULL);

        g_assert_null(mgr_filter_parse(cases[i].filter, MGR_FILTER_SEARCH, NOW, &error));
        g_assert_cmpstr(error->message, ==, cases[i].message);
        worded = worded_elsewhere(error);
        g_assert_cmpstr(worded, ==, cases[i].worded);
        hl_error_prefix(&error, "ring 1");
        prefixed = worded_elsewhere(error);
        g_assert_cmpstr(prefixed, ==, with_prefix);
    }
    g_assert_null(mgr_filter_parse(huge, MGR_FILTER_SEARCH, NOW, &limit));
    text = worded_elsewhere(limit);
    g_assert_cmpstr(text, ==, "MORE THAN 1000");
    unworded = mgr_fault_say(other, in_capitals);
    g_assert_cmpstr(unworded, ==, other->message);
}

/* What comes from elsewhere says nothing, or only what it may. */
static void test_said(void)
{
    static const char *const nothing[] = { "", "{}", "[1]", "{\"sentence\": 7}", "{\"args\": {\"a\": \"b\"}}", "{" };
    g_autoptr(GError) odd = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(nothing); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(hl_said_fail(&error, HL_ERROR_INVALID, "no", nothing[i]));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_null(hl_error_sentence(error));
        g_assert_null(hl_error_arguments(error)[0]);
    }
    hl_said_fail(&odd, HL_ERROR_INVALID, "no", "{\"sentence\": \"a.b\", \"args\": {\"n\": 1, \"t\": \"x\\u001by\"}}");
    g_assert_cmpstr(hl_error_sentence(odd), ==, "a.b");
    g_assert_null(hl_error_argument(odd, "n"));
    g_assert_cmpstr(hl_error_argument(odd, "t"), ==, "x\357\277\275y"); /* nothing that a terminal obeys */
}

static void test_fit(void)
{
    static const struct {
        const char *name;
        MgrNameFit fit;
    } cases[] = {
        { "e-7k3m", MGR_NAME_ID },
        { "pc-1.example.org", MGR_NAME_HOST },
        { "PC-1.EXAMPLE.ORG", MGR_NAME_HOST },
        { "pc-1", MGR_NAME_SHORT },
        { "pc", MGR_NAME_PREFIX },
        { "pc-1.ex", MGR_NAME_PREFIX },
        { "e-7", MGR_NAME_PREFIX },
        { "E-7", MGR_NAME_NONE },
        { "c-1", MGR_NAME_NONE },
        { "pc-1.example.org.", MGR_NAME_NONE },
        { "", MGR_NAME_NONE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        g_assert_cmpint(mgr_name_fit(cases[i].name, "e-7k3m", "pc-1.example.org"), ==, cases[i].fit);
    }
}

static void test_like(void)
{
    g_autofree char *stars = g_strnfill(200, '*');
    g_autoptr(GString) hard = g_string_new(NULL);
    g_autofree char *text = g_strnfill(1000, 'a');

    g_assert_true(mgr_name_is_like("pc-10", "pc-*"));
    g_assert_true(mgr_name_is_like("pc-10", "*c*0"));
    g_assert_true(mgr_name_is_like("総務-1", "総?-1"));
    g_assert_true(mgr_name_is_like("", "*"));
    g_assert_true(mgr_name_is_like("a", stars));
    g_assert_false(mgr_name_is_like("", "?"));
    g_assert_false(mgr_name_is_like("pc-10", "pc-1"));
    for (int i = 0; i < 300; i++)
        g_string_append(hard, "a*");
    g_string_append(hard, "b");
    g_assert_false(mgr_name_is_like(text, hard->str)); /* not for hours */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filter/conditions", test_conditions);
    g_test_add_func("/filter/words", test_words);
    g_test_add_func("/filter/names", test_names);
    g_test_add_func("/filter/bind", test_bind);
    g_test_add_func("/filter/bound_group", test_bound_group);
    g_test_add_func("/filter/wide", test_wide);
    g_test_add_func("/filter/bad", test_bad);
    g_test_add_func("/filter/faults", test_faults);
    g_test_add_func("/filter/said", test_said);
    g_test_add_func("/filter/fit", test_fit);
    g_test_add_func("/filter/like", test_like);
    return g_test_run();
}
