/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/front/summary_metrics.h"

#include <string.h>

#include "manager/daemon/front/metric_text.h"

#define MAX_GROUPS 200

typedef struct {
    const char *name, *help, *member;
} Counted;

typedef struct {
    const char *name, *help, *label, *member;
} Labelled;

typedef struct {
    const char *name, *help;
    gsize offset; /* of a guint in MgrTotals */
} ByGroup;

static const Counted counted[] = {
    { "endpoints_removed", "Endpoints that left the console because they were away for long", "removed" },
    { "endpoints_outdated", "Endpoints with patterns behind the server's", "outdated" },
    { "endpoints_outdated_program", "Endpoints with a version of the program before the one that is offered",
      "outdated_program" },
    { "endpoints_settings_behind", "Endpoints without the settings that they should have", "settings_behind" },
    { "endpoints_flooding", "Endpoints that are held off because they sent too much", "flooding" },
    { "endpoints_undialled", "Endpoints that the server does not dial: they have no displayed status", "undialled" },
    { "endpoints_certificate_ended", "Endpoints whose certificate has ended while they were away",
      "certificates_ended" },
    { "endpoints_infected", "Endpoints with open detections", "infected" },
    { "endpoints_scan_failed", "Endpoints whose last scan failed", "scans_failed" },
    { "endpoints_never_scanned", "Endpoints that never reported a scan", "never_scanned" },
    { "detections_open", "Detections that nobody has acknowledged", "open_detections" },
    { "commands_open", "Commands with an endpoint that is not done", "open_commands" },
    { "server_blind", "1 while the manager cannot hear its endpoints", "server_blind" },
};

/* Members that are objects of counts: a label for each, from a fixed set of words. */
static const Labelled labelled[] = {
    { "endpoints_displayed", "Endpoints by what the console shows", "displayed", "displayed" },
    { "endpoints_verdict", "Endpoints by verdict", "verdict", "verdicts" },
};

static const ByGroup by_group[] = {
    { "group_endpoints_outdated", "Endpoints of a group with patterns behind the server's",
      offsetof(MgrTotals, outdated) },
    { "group_endpoints_outdated_program", "Endpoints of a group with an old version of the program",
      offsetof(MgrTotals, program_outdated) },
    { "group_endpoints_settings_behind", "Endpoints of a group without the settings that they should have",
      offsetof(MgrTotals, settings_behind) },
    { "group_endpoints_infected", "Endpoints of a group with open detections", offsetof(MgrTotals, infected) },
    { "group_endpoints_scan_failed", "Endpoints of a group whose last scan failed", offsetof(MgrTotals, scans_failed) },
};

/* What is true, or is said of a problem, is 1. */
static uint64_t value_of(const json_t *member)
{
    if (json_is_integer(member))
        return (uint64_t)json_integer_value(member);
    return json_is_true(member) || json_is_string(member);
}

static void add_word(GString *out, const char *name, const char *label, const char *word, const json_t *member)
{
    g_string_append_printf(out, "holdline_%s{%s=\"%s\"} %" G_GUINT64_FORMAT "\n", name, label, word, value_of(member));
}

/* Members of the summary itself, each under a word of its own. */
static void add_words(GString *out, const json_t *summary)
{
    mgr_metric_begin(out, "endpoints_actual", "Endpoints in the console by actual status");
    for (int i = 0; i < MGR_ACTUAL_N; i++) {
        const char *word = mgr_actual_name((MgrActual)i);

        add_word(out, "endpoints_actual", "actual", word, json_object_get(summary, word));
    }
    mgr_metric_begin(out, "server_problem", "1 while 'holdline status' has something to say of this");
    for (int i = 0; i < MGR_PROBLEMS; i++) {
        const char *word = mgr_problem_name((MgrProblem)i);

        add_word(out, "server_problem", "problem", word, json_object_get(summary, word));
    }
}

void mgr_summary_metrics_print(GString *out, const json_t *summary)
{
    for (gsize i = 0; i < G_N_ELEMENTS(counted); i++)
        mgr_metrics_add(
            out,
            &(MgrMetric){ counted[i].name, counted[i].help, value_of(json_object_get(summary, counted[i].member)) }, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(labelled); i++) {
        const char *word;
        json_t *count;

        mgr_metric_begin(out, labelled[i].name, labelled[i].help);
        json_object_foreach(json_object_get(summary, labelled[i].member), word, count)
            add_word(out, labelled[i].name, labelled[i].label, word, count);
    }
    add_words(out, summary);
    mgr_metrics_add(out,
                    &(MgrMetric){ "audit_rows", "Rows of the audit log",
                                  value_of(json_object_get(json_object_get(summary, "audit"), "rows")) },
                    1);
}

static gint by_members(gconstpointer a, gconstpointer b)
{
    const MgrGroup *one = *(MgrGroup *const *)a, *other = *(MgrGroup *const *)b;

    return one->members != other->members ? (one->members < other->members ? 1 : -1)
                                          : strcmp(one->record.name, other->record.name);
}

/* Names of groups are identifiers: nothing in them has to be escaped. */
void mgr_group_metrics_print(GString *out, const MgrFleet *fleet, const MgrStatus *status)
{
    g_autoptr(GPtrArray) groups = mgr_fleet_values(fleet->groups);
    guint n = MIN(groups->len, MAX_GROUPS);

    mgr_status_recount(status);
    g_ptr_array_sort(groups, by_members);
    mgr_metric_begin(out, "group_endpoints", "Endpoints of each group, the 200 largest");
    for (guint i = 0; i < n; i++) {
        const MgrGroup *group = groups->pdata[i];

        g_string_append_printf(out, "holdline_group_endpoints{group=\"%s\"} %u\n", group->record.name, group->members);
    }
    mgr_metric_begin(out, "group_endpoints_actual", "Endpoints of a group by actual status");
    for (guint i = 0; i < n * MGR_ACTUAL_N; i++) {
        const MgrGroup *group = groups->pdata[i / MGR_ACTUAL_N];
        MgrActual actual = (MgrActual)(i % MGR_ACTUAL_N);

        g_string_append_printf(out, "holdline_group_endpoints_actual{group=\"%s\",actual=\"%s\"} %u\n",
                               group->record.name, mgr_actual_name(actual), group->totals.by_actual[actual]);
    }
    for (gsize k = 0; k < G_N_ELEMENTS(by_group); k++) {
        mgr_metric_begin(out, by_group[k].name, by_group[k].help);
        for (guint i = 0; i < n; i++) {
            const MgrGroup *group = groups->pdata[i];

            g_string_append_printf(out, "holdline_%s{group=\"%s\"} %u\n", by_group[k].name, group->record.name,
                                   G_STRUCT_MEMBER(guint, &group->totals, by_group[k].offset));
        }
    }
}
