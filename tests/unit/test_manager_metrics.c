/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/front/summary_metrics: whatever 'holdline status' counts or complains of is in /metrics as well. */
#include <string.h>

#include "manager/daemon/front/summary_metrics.h"
#include "tests/support/manager_parts.h"

#define MARK 987654321 /* no fleet has so many of anything */

/* Members of the summary that are no numbers, or are told by another metric. */
static const struct {
    const char *member, *reason;
} exceptions[] = {
    { "at", "when it was written: a scrape has a time of its own" },
    { "epoch", "orders documents" },
    { "revision", "orders documents" },
    { "endpoints", "the sum of holdline_endpoints_actual" },
    { "latest_patterns", "versions; holdline_patterns_published_timestamp_seconds is their day" },
    { "latest_program", "a version" },
    { "repository", "holdline_repository_ageing and holdline_repository_expires_seconds" },
    { "audit.hash", "no number" },
    { "rollouts_halted", "ids; holdline_rollouts{state=\"halted\"} counts them" },
    { "ends", "holdline_end_seconds" },
};

static const char *reason_of(const char *member)
{
    for (gsize i = 0; i < G_N_ELEMENTS(exceptions); i++)
        if (strcmp(exceptions[i].member, member) == 0)
            return exceptions[i].reason;
    return NULL;
}

static char *print(const json_t *summary)
{
    GString *out = g_string_new(NULL);

    mgr_summary_metrics_print(out, summary);
    return g_string_free(out, FALSE);
}

/* Something else of the kind that the member has; what is null may be a text. */
static json_t *changed(const json_t *value)
{
    if (json_is_integer(value))
        return json_integer(MARK);
    if (json_is_boolean(value))
        return json_boolean(!json_is_true(value));
    return json_is_null(value) ? json_string("odd") : json_null();
}

/* Whether a change of the member changes what is printed, a number to that number. */
static bool is_printed(const json_t *summary, json_t *object, const char *name)
{
    g_autofree char *before = print(summary);
    json_t *kept = json_incref(json_object_get(object, name));
    g_autofree char *after = NULL;

    json_object_set_new(object, name, changed(kept));
    after = print(summary);
    json_object_set_new(object, name, kept);
    return strcmp(before, after) != 0 && (!json_is_integer(kept) || strstr(after, " " G_STRINGIFY(MARK) "\n") != NULL);
}

static void expect_member(const json_t *summary, json_t *object, const char *name, const char *path)
{
    bool printed = is_printed(summary, object, name);

    if (!printed && reason_of(path) == NULL)
        g_error("%s of the summary is in no metric: add it to summary_metrics.c, or here with the reason", path);
    if (printed && reason_of(path) != NULL)
        g_error("%s of the summary is in a metric: the exception is no longer one", path);
}

static void expect_members(const json_t *summary, json_t *object, const char *above)
{
    g_autoptr(json_t) names = json_copy(object);
    const char *name;
    json_t *value;

    json_object_foreach(names, name, value)
    {
        g_autofree char *path = g_strconcat(above, name, NULL);
        g_autofree char *below = g_strconcat(path, ".", NULL);

        if (json_is_object(value) && reason_of(path) == NULL)
            expect_members(summary, json_object_get(object, name), below);
        else
            expect_member(summary, object, name, path);
    }
}

static void test_members(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) summary = NULL;

    parts_add_endpoint(parts, "e-one");
    mgr_status_set_audit(parts->status, json_pack("{s:i, s:s}", "rows", 7, "hash", "00"));
    summary = mgr_status_summary(parts->status, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(exceptions); i++)
        if (strchr(exceptions[i].member, '.') == NULL)
            g_assert_nonnull(json_object_get(summary, exceptions[i].member));
    expect_members(summary, summary, "");
}

static void expect_line(const char *text, const char *line)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    if (!g_strv_contains((const char *const *)lines, line))
        g_error("not there: %s in\n%s", line, text);
}

static void test_values(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) summary = NULL;
    g_autofree char *text = NULL;

    parts_add_endpoint(parts, "e-one");
    parts_add_endpoint(parts, "e-two");
    parts_add_endpoint(parts, "e-three");
    parts_birth(parts, "e-one", 1);
    parts_birth(parts, "e-two", 1);
    parts_will(parts, "e-two", 1);
    mgr_status_set_blind(parts->status, false);
    mgr_status_set_problem(parts->status, MGR_PROBLEM_CLOCK, "behind");
    summary = mgr_status_summary(parts->status, NULL);
    text = print(summary);
    expect_line(text, "holdline_endpoints_actual{actual=\"online\"} 1");
    expect_line(text, "holdline_endpoints_actual{actual=\"offline\"} 1");
    expect_line(text, "holdline_endpoints_actual{actual=\"never-seen\"} 1");
    expect_line(text, "holdline_server_blind 0");
    expect_line(text, "holdline_server_problem{problem=\"clock\"} 1");
    expect_line(text, "holdline_server_problem{problem=\"disk\"} 0");
}

/* Of each group what its own endpoints come to; those that left the console are in none of these. */
static void test_groups(void)
{
    g_autoptr(Parts) parts = parts_new();
    GString *out = g_string_new(NULL);
    g_autofree char *text = NULL;
    MgrFindings findings = { .open = 3, .end = MGR_SCAN_FAILED };
    MgrEndpoint *two;

    parts_add_endpoint(parts, "e-one");
    two = parts_add_endpoint(parts, "e-two");
    parts_add_endpoint(parts, "e-gone")->record.display.removed = true;
    parts_add_group(parts, "lab", NULL);
    parts_call(parts, "endpoint move", "selector", "e-one", "group", "lab", NULL);
    parts_commit(parts);
    parts_birth(parts, "e-one", 1);
    mgr_fleet_set_findings(&parts->fleet, two, &findings);
    mgr_status_touch(parts->status, two);
    mgr_group_metrics_print(out, &parts->fleet, parts->status);
    text = g_string_free(out, FALSE);
    expect_line(text, "holdline_group_endpoints{group=\"lab\"} 1");
    expect_line(text, "holdline_group_endpoints_actual{group=\"lab\",actual=\"online\"} 1");
    expect_line(text, "holdline_group_endpoints_actual{group=\"lab\",actual=\"never-seen\"} 0");
    expect_line(text, "holdline_group_endpoints_infected{group=\"lab\"} 0");
    expect_line(text, "holdline_group_endpoints_actual{group=\"office\",actual=\"never-seen\"} 1");
    expect_line(text, "holdline_group_endpoints_infected{group=\"office\"} 1");
    expect_line(text, "holdline_group_endpoints_scan_failed{group=\"office\"} 1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/metrics/members", test_members);
    g_test_add_func("/manager/metrics/values", test_values);
    g_test_add_func("/manager/metrics/groups", test_groups);
    return g_test_run();
}
