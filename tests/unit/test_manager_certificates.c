/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of an account, and what each is good for, day by day. */
#include <string.h>

#include "tests/support/people.h"

#define LIFE 730 /* days */

/* Of the account's certificates, in their order; those that were revoked say when. */
static void expect_states(Parts *parts, const char *states)
{
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(json_t) account = NULL;
    const json_t *row;
    size_t i;

    parts_call(parts, "account show", "name", "ann", NULL);
    account = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(account, "certificates"), i, row)
    {
        const char *state = json_string_value(json_object_get(row, "state"));
        bool says_when = json_is_string(json_object_get(row, "revoked"));

        g_string_append_printf(found, "%s%s", i > 0 ? " " : "", state);
        g_assert_true(says_when == (strcmp(state, "revoked") == 0));
    }
    g_assert_cmpstr(found->str, ==, states);
}

/* In the list of all certificates, without those that were revoked. */
static void expect_listed(Parts *parts, const char *state)
{
    g_autoptr(json_t) list = NULL;
    const json_t *row;
    size_t i;
    guint n = 0;

    parts_call(parts, "admin list", NULL);
    list = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(list, "certificates"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "name")), "ann") != 0)
            continue;
        g_assert_cmpstr(json_string_value(json_object_get(row, "state")), ==, state);
        n++;
    }
    g_assert_cmpuint(n, ==, 1);
}

static void test_states(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);

    PEOPLE_OF_ADMIN(parts, "admin create", "name", "ann", "role", "auditor", "csr", csr);
    clock_fake_advance(LIFE * 2 / 3 * HL_DAY);
    expect_states(parts, "valid");
    expect_listed(parts, "valid");
    clock_fake_advance(HL_DAY);
    expect_states(parts, "renewal-due");
    expect_listed(parts, "renewal-due");
    PEOPLE_OF_ADMIN(parts, "account disable", "name", "ann");
    expect_listed(parts, "disabled");
    PEOPLE_OF_ADMIN(parts, "account enable", "name", "ann");
    clock_fake_advance((LIFE / 3 + 1) * HL_DAY);
    expect_states(parts, "expired");
    expect_listed(parts, "expired");
    PEOPLE_OF_ADMIN(parts, "account certificate", "name", "ann", "csr", csr);
    expect_states(parts, "expired valid");
}

/* What was revoked is still named, but for what another account of this name had. */
static void test_revoked(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);

    PEOPLE_OF_ADMIN(parts, "admin create", "name", "ann", "role", "auditor", "csr", csr);
    PEOPLE_OF_ADMIN(parts, "account certificate", "name", "ann", "csr", csr, "replace", "yes");
    expect_states(parts, "valid revoked");
    expect_listed(parts, "valid");
    PEOPLE_OF_ADMIN(parts, "account delete", "name", "ann");
    PEOPLE_OF_ADMIN(parts, "account create", "name", "ann", "role", "auditor");
    expect_states(parts, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/certificates/states", test_states);
    g_test_add_func("/manager/certificates/revoked", test_revoked);
    return g_test_run();
}
