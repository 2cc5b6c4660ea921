/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager refuses, as a client words it that got it from another process. */
#include <errno.h>
#include <string.h>

#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "lib/base/value_fault.h"
#include "manager/console/core/fault.h"
#include "manager/core/refusal.h"
#include "proto/fault.h"

/* All that holdline and the console word. */
static const HlFaultTable *const tables[] = { &mgr_refusals, &hl_value_faults, &hl_proto_faults, &con_faults, NULL };

/* A word alone is an argument's. */
static const char *in_brackets(const char *message)
{
    static char text[4096];

    if (strchr(message, ' ') == NULL)
        return strcmp(message, "halted") == 0 ? "<halted>" : message;
    g_snprintf(text, sizeof text, "<%s>", message);
    return text;
}

static char *received(const GError *error, HlFaultLanguage language)
{
    g_autoptr(json_t) said = hl_said_json(error);
    g_autofree char *json = hl_json_print(said);
    g_autoptr(GError) there = NULL;

    hl_said_fail(&there, hl_error_code(error), error->message, json);
    return hl_fault_word(tables, there, language);
}

static void try_row(const HlFault *row, GHashTable *codes)
{
    static const char *const values[HL_FAULT_VALUES_MAX + 1] = { "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", NULL };
    g_autoptr(GError) error = NULL;
    g_autofree char *worded = NULL;
    g_autofree char *expected = NULL;

    g_assert_false(hl_fault_fail(&error, row, values));
    g_test_message("%s: %s", row->sentence, error->message);
    g_assert_error(error, HL_ERROR, (int)row->code);
    g_assert_null(strpbrk(error->message, "{}"));
    g_assert_cmpstr(hl_error_sentence(error), ==, row->sentence);
    g_assert_null(hl_error_argument(error, "what")); /* which fault.c has a use of its own for */
    g_assert_true(g_hash_table_add(codes, hl_unconst(row->sentence)));
    worded = received(error, in_brackets);
    expected = g_strdup_printf("<%s>", error->message);
    g_assert_cmpstr(worded, ==, expected);
}

/* Each row, with a value for each of its arguments: whole, and nothing in braces is left; no code is in two tables. */
static void test_rows(void)
{
    g_autoptr(GHashTable) codes = g_hash_table_new(g_str_hash, g_str_equal);

    for (const HlFaultTable *const *table = tables; *table != NULL; table++)
        for (gsize i = 0; i < (*table)->n; i++)
            try_row(&(*table)->rows[i], codes);
}

static void test_values(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) few = NULL;
    g_autoptr(GError) other = NULL;
    g_autofree char *worded = NULL;
    g_autofree char *unknown = NULL;
    g_autofree char *many = g_strnfill(100000, 'x');

    mgr_refuse(&error, MGR_REFUSE_GROUP_STALE, "{expected}\x1b", HL_NUMBER(7), "{name}", NULL);
    g_assert_cmpstr(
        error->message, ==,
        "group '{expected}\357\277\275' is at version 7, not {name}: somebody changed it; review it and try "
        "again"); /* what a value holds is no text */
    hl_error_prefix(&error, "ring %d", 1);
    hl_error_prefix(&error, "all");
    g_assert_cmpstr(hl_error_argument(error, "prefix"), ==, "all: ring 1");
    g_assert_cmpstr(hl_error_argument(error, "version"), ==, "7");
    worded = received(error, in_brackets);
    g_assert_true(g_str_has_prefix(worded, "all: ring 1: <group '{expected}"));
    mgr_refuse(&few, MGR_REFUSE_GROUP_STALE, many, NULL);
    g_assert_cmpuint(strlen(few->message), <, 1000);
    g_assert_nonnull(strstr(few->message, "xxx...' is at version , not : "));
    hl_fail(&other, HL_ERROR_FAILED, "something");
    unknown = hl_fault_word(tables, other, in_brackets);
    g_assert_null(unknown);
}

/* Words of ours that stand in the place of an argument are in the reader's language too; what somebody wrote is not. */
static void test_terms(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) denied = NULL;
    g_autofree char *worded = NULL;
    g_autofree char *roles = NULL;

    mgr_refuse(&error, MGR_REFUSE_ROLLOUT_STATE, "halted", "halted", "resumed", NULL);
    g_assert_cmpstr(error->message, ==, "roll-out 'halted' is halted, and cannot be resumed");
    worded = received(error, in_brackets);
    g_assert_cmpstr(worded, ==, "<roll-out 'halted' is <halted>, and cannot be resumed>");
    g_assert_cmpstr(hl_error_argument(error, "state"), ==, "halted");
    mgr_refuse(&denied, MGR_REFUSE_DENIED_ROLE_HERE, "audit list", "halted/owner", "halted", "halted", "ann", NULL);
    roles = received(denied, in_brackets);
    g_assert_cmpstr(roles, ==,
                    "<'audit list' needs the role <halted>/owner; 'halted' is <halted> here: ask an owner (ann)>");
}

/* After them who looks again may go on; after another conflict that changes nothing. */
static void test_stale(void)
{
    static const MgrRefusal stale[] = { MGR_REFUSE_GROUP_CHANGED,        MGR_REFUSE_GROUP_CHANGED_SOME,
                                        MGR_REFUSE_GROUP_OTHER_VERSION,  MGR_REFUSE_GROUP_STALE,
                                        MGR_REFUSE_NOTIFICATION_CHANGED, MGR_REFUSE_NOTIFICATION_STALE };
    guint n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(stale); i++)
        g_assert_true(mgr_refusal_is_stale(mgr_refusals.rows[stale[i]].sentence));
    for (int i = 0; i < MGR_N_REFUSALS; i++)
        n += mgr_refusal_is_stale(mgr_refusals.rows[i].sentence);
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(stale));
    g_assert_false(mgr_refusal_is_stale(NULL));
}

/* A file that the server may not open is no matter of the caller's rights, neither in words nor by the code. */
static void test_told(void)
{
    g_autoptr(GError) file = NULL;
    g_autoptr(GError) role = NULL;
    g_autoptr(GError) missing = NULL;
    GError *told;

    hl_fail_errno(&file, EACCES, "cannot read /site/password");
    g_assert_error(file, HL_ERROR, HL_ERROR_DENIED);
    told = mgr_refusal_told(file);
    g_assert_error(told, HL_ERROR, HL_ERROR_IO);
    g_assert_nonnull(strstr(told->message, "the server lacks a permission"));
    g_assert_nonnull(strstr(told->message, "cannot read /site/password: Permission denied"));
    g_error_free(told);
    mgr_refuse(&role, MGR_REFUSE_DENIED_MONITOR, "a", "b", NULL);
    told = mgr_refusal_told(role);
    g_assert_error(told, HL_ERROR, HL_ERROR_DENIED);
    g_assert_cmpstr(hl_error_sentence(told), ==, "denied.monitor");
    g_error_free(told);
    hl_fail_errno(&missing, ENOENT, "cannot read /site/password");
    told = mgr_refusal_told(missing);
    g_assert_error(told, HL_ERROR, HL_ERROR_NOT_FOUND);
    g_error_free(told);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/refusal/rows", test_rows);
    g_test_add_func("/refusal/values", test_values);
    g_test_add_func("/refusal/terms", test_terms);
    g_test_add_func("/refusal/stale", test_stale);
    g_test_add_func("/refusal/told", test_told);
    return g_test_run();
}
