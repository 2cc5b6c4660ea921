/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment: each thing that can be wrong has its own message, and nothing is ever half enrolled. */
#include <signal.h>
#include <string.h>

#include "lib/base/file.h"
#include "tests/integration/endpoint_bench.h"

static void check_enrol(Bench *bench, const char *bundle, int status, const char *part)
{
    g_auto(BenchRun) run = bench_cli(bench, ARGS("enrol", bundle));

    g_test_message("%s", run.errors);
    g_assert_cmpint(run.status, ==, status);
    if (part != NULL && strstr(run.errors, part) == NULL)
        g_error("'%s' does not say '%s'", run.errors, part);
}

static void test_enrol_errors(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlTime now = hl_clock_wall();
    g_autofree char *good = bench_bundle(bench, now, now + HL_DAY, bench->ca);
    g_autofree char *future = bench_bundle(bench, now + 365 * HL_DAY, now + 370 * HL_DAY, bench->ca);
    g_autofree char *old = bench_bundle(bench, now - 9 * HL_DAY, now - HL_DAY, bench->ca);
    g_autoptr(HlKey) other_key = hl_key_generate(NULL);
    g_autoptr(HlCert) other = hl_cert_make_ca(other_key, "Other", now - HL_DAY, now + HL_DAY, NULL);
    g_autofree char *wrong_ca = bench_bundle(bench, now, now + HL_DAY, other);
    g_autofree char *damaged = g_build_filename(bench->dir, "damaged", NULL);
    g_autofree char *text = hl_file_read_text(good, 1 << 20, NULL);
    char *in_signed;

    bench->enrol_code = "denied";
    check_enrol(bench, good, 6, "wrong or withdrawn");
    bench->enrol_code = "limit";
    check_enrol(bench, good, 3, "used up");
    bench->enrol_code = "expired";
    check_enrol(bench, good, 8, "expired");
    bench->enrol_code = "exists";
    check_enrol(bench, good, 5, "knows this machine already (says the bench)");
    bench->enrol_code = "untrusted";
    check_enrol(bench, good, 8, "does not believe");
    bench->enrol_code = NULL;
    check_enrol(bench, future, 3, "clock is wrong");
    check_enrol(bench, old, 8, "expired"); /* and the server's clock agrees with ours */
    bench->skew = -365 * HL_DAY;
    check_enrol(bench, old, 3, "clock is wrong"); /* it does not: ours is a year ahead */
    bench->skew = 0;
    check_enrol(bench, wrong_ca, 8, "not the server of this bundle");
    in_signed = strstr(text, "\n-----END") - 20;
    *in_signed = *in_signed == 'A' ? 'B' : 'A';
    g_assert_true(hl_file_write_text(damaged, text, 0600, NULL));
    check_enrol(bench, damaged, 8, "changed or damaged");
    check_enrol(bench, bench->conf, 3, "is not a bundle");
    g_assert_cmpuint(bench->enrolments, ==, 0);
    check_enrol(bench, good, 0, NULL);
    check_enrol(bench, good, 5, bench->id);
    g_assert_cmpuint(bench->enrolments, ==, 1);
}

/* --replace shows the identity that is given up, and proves it; nobody else sees that. */
static void test_replace(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlTime now = hl_clock_wall();
    g_autofree char *bundle = bench_bundle(bench, now, now + HL_DAY, bench->ca);
    g_autofree char *pem = g_build_filename(bench->state, "identity", "endpoint.pem", NULL);
    const char *const again[] = { "enrol", "--replace", bundle, NULL };
    g_auto(BenchRun) fresh = bench_cli(bench, again);
    g_auto(BenchRun) proved = bench_cli(bench, again);
    g_autofree char *kept = hl_file_read_text(pem, 1 << 20, NULL);

    g_assert_cmpint(fresh.status, ==, 0);
    g_assert_cmpint(proved.status, ==, 0);
    g_assert_cmpint(bench->proof, ==, BENCH_PROOF);
    g_assert_cmpuint(bench->enrolments, ==, 2);
    bench->enrol_code = "exists"; /* what is refused leaves the identity as it was */
    {
        g_auto(BenchRun) refused = bench_cli(bench, again);
        g_autofree char *now_there = hl_file_read_text(pem, 1 << 20, NULL);

        g_assert_cmpint(refused.status, ==, 5);
        g_assert_cmpstr(now_there, ==, kept);
    }
    bench->enrol_code = NULL;
    g_assert_true(hl_file_write_text(pem, "damaged", 0600, NULL));
    {
        g_auto(BenchRun) lost = bench_cli(bench, again);

        g_assert_cmpint(lost.status, ==, 0); /* here the bench decides */
        g_assert_cmpint(bench->proof, ==, BENCH_NO_PROOF);
    }
}

/* Moving to another server: its administrator is not shown the old identity. */
static void test_other_server(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autoptr(Bench) other = bench_new();
    HlTime now = hl_clock_wall();
    g_autofree char *bundle = bench_bundle(bench, now, now + HL_DAY, bench->ca);
    g_autofree char *elsewhere = bench_bundle(other, now, now + HL_DAY, other->ca);
    g_auto(BenchRun) moved = { 0 };

    check_enrol(bench, bundle, 0, NULL);
    moved = bench_cli(bench, ARGS("enrol", "--replace", elsewhere));
    g_assert_cmpint(moved.status, ==, 0);
    g_assert_cmpuint(other->enrolments, ==, 1);
    g_assert_cmpint(other->proof, ==, BENCH_NO_PROOF);
}

/* A full disk before and during the enrolment: nothing is half enrolled.  Needs root for a small file system. */
static void test_enrol_disk_full(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlTime now = hl_clock_wall();
    g_autofree char *bundle = bench_bundle(bench, now, now + HL_DAY, bench->ca);
    g_autofree char *identity = g_build_filename(bench->state, "identity", NULL);

    g_assert_true(hl_dir_make(bench->state, 0711, NULL));
    if (!hl_exec(ARGS("mount", "-t", "tmpfs", "-o", "size=40k", "holdline-test", bench->state), NULL, NULL)) {
        g_test_skip("no right to mount a small file system");
        return;
    }
    check_enrol(bench, bundle, 1, "No space left");
    g_assert_false(g_file_test(identity, G_FILE_TEST_EXISTS));
    g_assert_true(hl_exec(ARGS("umount", bench->state), NULL, NULL));
    g_assert_cmpuint(bench->enrolments, ==, 0); /* the token is not spent */
}

static void test_not_enrolled_then_enrolled(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlTime now = hl_clock_wall();
    g_autofree char *bundle = bench_bundle(bench, now, now + HL_DAY, bench->ca);
    g_autoptr(json_t) status = NULL;

    bench_start_daemon(bench);
    status = bench_status(bench);
    g_assert_true(json_is_false(json_object_get(status, "enrolled")));
    check_enrol(bench, bundle, 0, NULL);
    bench_wait(bench, bench->links->len > 0); /* without a restart */
    g_assert_true(bench_last_link(bench)->online);
    g_assert_cmpstr(bench_last_link(bench)->applied->path, ==, "bundle");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/endpoint/enrol/errors", test_enrol_errors);
    g_test_add_func("/endpoint/enrol/replace", test_replace);
    g_test_add_func("/endpoint/enrol/other-server", test_other_server);
    g_test_add_func("/endpoint/enrol/disk-full", test_enrol_disk_full);
    g_test_add_func("/endpoint/enrol/picked-up", test_not_enrolled_then_enrolled);
    return g_test_run();
}
