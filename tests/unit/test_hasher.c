/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/ground/hasher with real threads and the real argon2id. */
#include <string.h>

#include "manager/daemon/ground/hasher.h"

typedef struct {
    guint calls, dropped;
    char *encoded;
    bool is_same;
} Result;

static void on_done(const char *encoded, bool is_same, gpointer user)
{
    Result *result = user;

    g_free(result->encoded);
    result->encoded = g_strdup(encoded);
    result->is_same = is_same;
    result->calls++;
}

static void on_drop(gpointer user)
{
    ((Result *)user)->dropped++;
}

static void wait_for(const Result *result, guint calls)
{
    while (result->calls < calls)
        g_main_context_iteration(NULL, TRUE);
}

static void test_same(void)
{
    static const struct {
        const char *password;
        bool same;
    } rows[] = { { "correct horse", true }, { "correct hors", false }, { "", false } };
    g_autoptr(MgrHasher) hasher = mgr_hasher_new(on_drop);
    g_autoptr(GError) error = NULL;
    g_autofree char *made = NULL;
    Result result = { 0 };

    g_assert_true(mgr_hasher_make(hasher, "correct horse", on_done, &result, &error));
    g_assert_cmpuint(result.calls, ==, 0); /* later, never from inside */
    wait_for(&result, 1);
    g_assert_true(g_str_has_prefix(result.encoded, "$argon2id$v=19$m=19456,t=2,p=1$"));
    made = g_strdup(result.encoded);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(mgr_hasher_check(hasher, made, rows[i].password, on_done, &result, &error));
        wait_for(&result, 2 + (guint)i);
        g_assert_cmpint(result.is_same, ==, rows[i].same);
    }
    g_clear_pointer(&result.encoded, g_free);
    g_assert_true(mgr_hasher_check(hasher, NULL, "correct horse", on_done, &result, &error));
    wait_for(&result, 5);
    g_assert_false(result.is_same);
    /* a name that nobody has takes the same work: its answer comes no sooner */
    g_assert_true(g_str_has_prefix(result.encoded, "$argon2id$v=19$m=19456,t=2,p=1$"));
    g_assert_true(mgr_hasher_check(hasher, "no hash at all", "correct horse", on_done, &result, &error));
    wait_for(&result, 6);
    g_assert_false(result.is_same);
    g_free(result.encoded);
}

/* Two at a time; and those at work when it ends are dropped, not answered. */
static void test_bound(void)
{
    MgrHasher *hasher = mgr_hasher_new(on_drop);
    g_autoptr(GError) error = NULL;
    Result result = { 0 };

    for (guint i = 0; i < MGR_HASHER_MOST; i++)
        g_assert_true(mgr_hasher_make(hasher, "correct horse", on_done, &result, &error));
    g_assert_false(mgr_hasher_make(hasher, "correct horse", on_done, &result, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    mgr_hasher_free(hasher);
    g_assert_cmpuint(result.calls, ==, 0);
    g_assert_cmpuint(result.dropped, ==, MGR_HASHER_MOST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hasher/same", test_same);
    g_test_add_func("/hasher/bound", test_bound);
    return g_test_run();
}
