/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/ground/rereader and its use by state/pki: an external broker reads what was published, who waits for a
 * publication waits for that too, and what fails is told and tried again. */
#include <string.h>

#include "tests/support/child_fake.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

static void set_conf(Parts *parts, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_option_set(hl_option_find(mgr_conf_table(), name), &parts->conf, value, &error));
    g_assert_no_error(error);
}

static Parts *make_parts(void)
{
    Parts *parts = parts_new();

    set_conf(parts, "broker.mode", "external");
    set_conf(parts, "broker.addresses", "one:1");
    set_conf(parts, "broker.reload-command", "tell-broker reread 'the lists'");
    return parts;
}

static HlBus *eviction(void)
{
    return bus_fake_find("e-one");
}

static void revoke_it(Parts *parts)
{
    parts->keeps_out = true;
    parts_add_endpoint(parts, "e-one");
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(parts);
}

static char *answer(Parts *parts)
{
    g_autoptr(HlMsgCallReply) reply = parts_reply(parts);

    return reply != NULL ? g_strdup_printf("%s: %s", reply->code, reply->message) : NULL;
}

static const char *problem(const Parts *parts)
{
    return mgr_rereader_problem(mgr_pki_rereader(parts->pki));
}

/* The session ends at once; only when the broker knows why is the caller answered. */
static void test_revoked(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autoptr(json_t) document = NULL;
    const char *const *argv;

    revoke_it(parts);
    argv = child_fake_argv(child_fake_last());
    g_assert_cmpstr(argv[0], ==, "tell-broker");
    g_assert_cmpstr(argv[1], ==, "reread");
    g_assert_cmpstr(argv[2], ==, "the lists"); /* no shell has split it */
    g_assert_null(argv[3]);
    bus_fake_up(eviction());
    timer_fake_advance(HL_SECOND);
    g_assert_null(answer(parts));
    g_assert_cmpint(mgr_pki_until_published(parts->pki), >, 0);
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    g_assert_cmpint(mgr_pki_until_published(parts->pki), ==, 0);
    document = parts_expect_reply(parts, "");
    g_assert_false(json_is_true(json_object_get(document, "tell_broker")));
    g_assert_cmpstr(json_string_value(json_object_get(document, "broker")), ==, "told");
    g_assert_null(problem(parts));
}

/* Said to the caller, in the summary and beside each answer; tried again at longer and longer intervals, and then the
 * session is ended once more. */
static void test_failed(void)
{
    static const HlTime delays[] = { 5 * HL_SECOND, 10 * HL_SECOND, 20 * HL_SECOND };
    g_autoptr(Parts) parts = make_parts();
    const MgrCaller owner = { .account = "admin", .role = MGR_ROLE_OWNER };
    g_auto(GStrv) warnings = NULL;
    g_autofree char *text = NULL;

    revoke_it(parts);
    child_fake_exit(child_fake_last(), 3, NULL, "no such\nprocess");
    text = answer(parts);
    g_assert_nonnull(strstr(text, "the end of e-one is in the registry, but the broker does not know of it yet"));
    g_assert_nonnull(strstr(text, "ended with status 3: no such; process"));
    g_assert_nonnull(strstr(problem(parts), "remedy: run broker.reload-command by hand"));
    warnings = mgr_ends_warnings(parts->ends, &owner);
    g_assert_cmpstr(warnings[0], ==, problem(parts));
    bus_fake_up(eviction());
    timer_fake_advance(0);
    for (gsize i = 0; i < G_N_ELEMENTS(delays); i++) {
        timer_fake_advance(delays[i] - 1);
        g_assert_cmpuint(child_fake_running(), ==, 0);
        timer_fake_advance(1);
        g_assert_cmpuint(child_fake_running(), ==, 1);
        child_fake_exit(child_fake_last(), i + 1 < G_N_ELEMENTS(delays), NULL, NULL);
    }
    g_assert_nonnull(eviction());
    g_assert_null(problem(parts));
    g_assert_cmpuint(mgr_rereader_count(mgr_pki_rereader(parts->pki)).runs, ==, 4);
    g_assert_cmpuint(mgr_rereader_count(mgr_pki_rereader(parts->pki)).failures, ==, 3);
}

/* A program that is not there, and one that never ends: nobody waits for ever. */
static void test_unbegun(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *text = NULL;

    child_fake_refuse();
    revoke_it(parts);
    g_assert_cmpint(mgr_pki_until_published(parts->pki), ==, 0);
    timer_fake_advance(0);
    text = answer(parts);
    g_assert_nonnull(strstr(text, "the broker does not know of it yet"));
    timer_fake_advance(5 * HL_SECOND);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    g_assert_cmpint(mgr_pki_until_published(parts->pki), >, 0);
    timer_fake_advance(8 * HL_SECOND);
    g_assert_cmpint(mgr_pki_until_published(parts->pki), ==, 0);
    child_fake_time_out(child_fake_last());
    g_assert_nonnull(strstr(problem(parts), "took longer than 60 s"));
}

/* A slow one is not ended: the caller is told meanwhile, as is one who waits for the run behind it, and the sessions
 * end once it is through. */
static void test_slow(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *text = NULL;

    revoke_it(parts);
    bus_fake_up(eviction());
    timer_fake_advance(7 * HL_SECOND);
    g_assert_null(answer(parts));
    timer_fake_advance(HL_SECOND);
    text = answer(parts);
    g_assert_nonnull(strstr(text, "has been running for 8 s"));
    g_assert_nonnull(strstr(problem(parts), "has been running for 8 s"));
    timer_fake_advance(10 * HL_SECOND); /* the eviction of before is over */
    g_assert_null(eviction());
    g_assert_cmpuint(child_fake_running(), ==, 1);
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    g_assert_null(problem(parts));
    g_assert_nonnull(eviction());
    g_assert_cmpuint(mgr_rereader_count(mgr_pki_rereader(parts->pki)).failures, ==, 0);
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* What is published while it runs may not have been read: one more run, however many publications. */
static void test_behind(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 4; i++)
        g_assert_true(mgr_pki_publish(parts->pki, &error));
    mgr_pki_hold_off(parts->pki, "e-one");
    mgr_pki_renew_broker(parts->pki);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    child_fake_exit(child_fake_last(), 0, "done", NULL);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    g_assert_cmpint(mgr_pki_until_published(parts->pki), >, 0);
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* A listing that waits for a publication is answered behind the run. */
static void test_listing(void)
{
    g_autoptr(Parts) parts = make_parts();
    g_autofree char *csr = g_strdup(PARTS_CSR);
    g_autoptr(json_t) document = NULL;

    parts_call(parts, "monitor create", "name", "eye", "csr", csr, NULL);
    parts_commit(parts);
    timer_fake_advance(5 * HL_SECOND);
    g_assert_null(answer(parts));
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    timer_fake_advance(HL_SECOND);
    document = parts_expect_reply(parts, "");
}

/* No command, or a broker of the manager's own: nothing is run, and the caller hears what is left to do. */
static void test_unset(void)
{
    static const char *const names[] = { "broker.reload-command", "broker.mode" };
    static const char *const values[] = { "", "managed" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(Parts) parts = make_parts();
        g_autoptr(json_t) document = NULL;

        set_conf(parts, names[i], values[i]);
        revoke_it(parts);
        g_assert_cmpuint(child_fake_running(), ==, 0);
        bus_fake_up(eviction());
        document = parts_expect_reply(parts, "");
        g_assert_true(json_is_true(json_object_get(document, "tell_broker")));
        g_assert_cmpstr(json_string_value(json_object_get(document, "broker")), ==, "untold");
    }
}

/* Calls that wait are dropped with the manager, and so is the run. */
static void test_stopped(void)
{
    Parts *parts = make_parts();

    revoke_it(parts);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    parts_free(parts);
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* What would give the broker older files than it has is not run, and not asked to be run by hand; once nobody objects
 * it is, without being asked again. */
typedef struct {
    const char *why;
    uint64_t read;
    char *problem;
} Objector;

static const char *object_to(gpointer user)
{
    return ((const Objector *)user)->why;
}

static void on_objected(uint64_t read, const GError *problem, gpointer user)
{
    Objector *objector = user;

    objector->read = read;
    g_free(objector->problem);
    objector->problem = problem != NULL ? g_strdup(problem->message) : NULL;
}

static void test_objected(void)
{
    g_autoptr(Parts) parts = make_parts();
    Objector objector = { .why = "this copy is too old" };
    g_autoptr(MgrRereader) rereader = mgr_rereader_new(&parts->conf, on_objected, &objector);

    mgr_rereader_mind(rereader, object_to, &objector);
    g_assert_cmpuint(mgr_rereader_ask(rereader), ==, 1);
    timer_fake_advance(0);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    g_assert_cmpuint(objector.read, ==, 1);
    g_assert_cmpstr(objector.problem, ==, "this copy is too old");
    g_assert_cmpstr(mgr_rereader_problem(rereader), ==,
                    "this copy is too old; broker.reload-command is not run meanwhile");
    timer_fake_advance(5 * HL_SECOND);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    objector.why = NULL;
    timer_fake_advance(10 * HL_SECOND);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    g_assert_null(objector.problem);
    g_assert_null(mgr_rereader_problem(rereader));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/rereader/revoked", test_revoked);
    g_test_add_func("/manager/rereader/failed", test_failed);
    g_test_add_func("/manager/rereader/unbegun", test_unbegun);
    g_test_add_func("/manager/rereader/slow", test_slow);
    g_test_add_func("/manager/rereader/behind", test_behind);
    g_test_add_func("/manager/rereader/objected", test_objected);
    g_test_add_func("/manager/rereader/listing", test_listing);
    g_test_add_func("/manager/rereader/unset", test_unset);
    g_test_add_func("/manager/rereader/stopped", test_stopped);
    return g_test_run();
}
