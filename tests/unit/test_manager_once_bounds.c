/* SPDX-License-Identifier: Apache-2.0 */
/* How many keys an account has (manager/daemon/calls/once), and for how long: those of tokens and sessions, and those
 * that come with its own certificate. */
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/daemon/calls/once.h"
#include "tests/support/manager_parts.h"

static int64_t count(const Parts *parts, const char *sql)
{
    int64_t n = -1;
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_db_query_int(mgr_record_committed(parts->record), 0, &n, &error, sql, ""));
    return n;
}

/* Asks with a token, or with the account's own certificate (NULL); what is first is done. */
static MgrOnceResult claim_as(Parts *parts, MgrOnce *once, const char *pass, const char *key)
{
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    g_auto(MgrCaller) caller = { 0 };
    g_auto(MgrOnceAnswer) answer = { 0 };
    HlWriteSet *set;
    MgrClaim *claim = NULL;
    MgrOnceResult result;

    message.name = hl_unconst("group create");
    message.once = hl_unconst(key);
    mgr_caller_init(&caller, "admin", MGR_ROLE_OWNER, "");
    result = mgr_once_claim(once, &caller, pass, &message, hl_clock_wall(), &claim, &answer, NULL);
    if (claim == NULL) /* not the first, or without a key */
        return result;
    set = hl_write_set_new();
    mgr_claim_keep(claim, set, NULL, NULL);
    mgr_record_write(parts->record, set);
    mgr_claim_end(claim, MGR_CLAIM_DONE);
    parts_commit(parts);
    return result;
}

static void claim_many(Parts *parts, MgrOnce *once, const char *pass, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        g_autofree char *key = g_strdup_printf("key-%u", i);

        g_assert_cmpint(claim_as(parts, once, pass, key), ==, MGR_ONCE_FIRST);
        clock_fake_advance(1);
    }
}

/* A day, and so many of an account. */
static void test_bounds(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrOnce) once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });

    claim_many(parts, once, "t-1", 0, MGR_ONCE_MAX_KEYS);
    g_assert_cmpint(claim_as(parts, once, "t-1", "one-more"), ==, MGR_ONCE_REFUSED);
    g_assert_cmpint(claim_as(parts, once, "t-2", "one-more"), ==, MGR_ONCE_REFUSED);
    g_assert_cmpint(claim_as(parts, once, "s-1", "page"), ==, MGR_ONCE_FIRST);    /* whatever scripts do */
    g_assert_cmpint(claim_as(parts, once, NULL, "one-more"), ==, MGR_ONCE_FIRST); /* the CLI has room of its own */
    g_assert_cmpint(claim_as(parts, once, NULL, "one-more"), ==, MGR_ONCE_AGAIN);
    g_assert_cmpint(claim_as(parts, once, "t-1", "key-0"), ==, MGR_ONCE_AGAIN);
    clock_fake_advance(MGR_ONCE_LIFE + HL_MINUTE);
    g_assert_cmpint(claim_as(parts, once, "t-1", "key-0"), ==, MGR_ONCE_FIRST); /* forgotten, and done */
    mgr_record_flush(parts->record);
    parts_commit(parts);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 1);
}

/* The keys of one's own certificate take nobody's place, and give way themselves, the oldest first; the same after a
 * restart.  They last an hour. */
static void test_own(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrOnce) once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });

    claim_many(parts, once, "t-1", 0, 10);
    claim_many(parts, once, NULL, 10, MGR_ONCE_MAX_KEYS + 12);
    g_assert_cmpint(claim_as(parts, once, "t-1", "key-0"), ==, MGR_ONCE_AGAIN);
    g_assert_cmpint(claim_as(parts, once, NULL, "key-12"), ==, MGR_ONCE_AGAIN);
    mgr_record_flush(parts->record);
    parts_commit(parts);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, MGR_ONCE_MAX_KEYS + 10);
    g_clear_pointer(&once, mgr_once_free);
    once = mgr_once_new(&(MgrOnceOptions){ parts->record, &parts->fleet });
    g_assert_cmpint(claim_as(parts, once, NULL, "key-12"), ==, MGR_ONCE_AGAIN);
    g_assert_cmpint(claim_as(parts, once, NULL, "key-10"), ==, MGR_ONCE_FIRST); /* in the place of 12 */
    g_assert_cmpint(claim_as(parts, once, "t-1", "another"), ==, MGR_ONCE_FIRST);
    g_assert_cmpint(claim_as(parts, once, NULL, "key-12"), ==, MGR_ONCE_FIRST);
    clock_fake_advance(MGR_ONCE_OWN_LIFE + HL_MINUTE);
    g_assert_cmpint(claim_as(parts, once, NULL, "key-20"), ==, MGR_ONCE_FIRST);
    g_assert_cmpint(claim_as(parts, once, "t-1", "key-0"), ==, MGR_ONCE_AGAIN);
    mgr_record_flush(parts->record);
    parts_commit(parts);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM once"), ==, 12);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/once/bounds", test_bounds);
    g_test_add_func("/manager/once/own", test_own);
    return g_test_run();
}
