/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 between any two changes of the disk, during an update that changes everything: the next run works, and has
 * forgotten what a rotation of keys must make it forget. */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/mutants.h"
#include "tests/support/tuf_fixture.h"

/* After a fast-forward attack the timestamp key that the attacker had is replaced, and much else is new. */
static void prepare(Fixture *fixture)
{
    TufSim *sim = fixture->sim;
    json_t *keyids = json_object_get(tuf_sim_role_entry(sim, "root", "timestamp"), "keyids");

    tuf_sim_add_key(sim, "root", "timestamp");
    tuf_sim_publish(sim, "root");
    tuf_sim_add_target(sim, "targets", "file", "old");
    tuf_sim_set_version(sim, "timestamp", 99998);
    tuf_sim_publish_chain(sim);
    fixture_get(fixture, "file", "old");
    json_array_remove(keyids, 0);
    g_ptr_array_remove_index(tuf_sim_signers(sim, "timestamp"), 0);
    tuf_sim_publish(sim, "root");
    tuf_sim_publish(sim, "root");
    tuf_sim_delegate(sim, "targets", "virus", "virus/*", true);
    tuf_sim_add_target(sim, "virus", "virus/x", "new");
    tuf_sim_publish(sim, "virus");
    tuf_sim_set_version(sim, "timestamp", 1);
    tuf_sim_publish_chain(sim);
}

/* Whether the run got to its end before its n-th change. */
static bool run_until(Fixture *fixture, int n)
{
    int status;
    pid_t child = fork();

    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        mutants_die_at(n);
        fixture_get(fixture, "virus/x", "new");
        _exit(0);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 0)
        return true;
    g_assert_cmpint(WEXITSTATUS(status), ==, MUTANTS_DEAD);
    return false;
}

static void test_kill_anywhere(void)
{
    bool ended = false;
    int n;

    for (n = 1; !ended; n++) {
        g_autoptr(Fixture) fixture = fixture_new();

        prepare(fixture);
        ended = run_until(fixture, n);
        fixture_get(fixture, "virus/x", "new");
        g_assert_cmpint(fixture_version(fixture, "timestamp"), ==, 2);
        g_assert_cmpint(fixture_version(fixture, "root"), ==, 4);
    }
    g_assert_cmpint(n, >, 10); /* root twice, two forgotten, timestamp, snapshot, targets, role, target */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tuf/crash/kill-anywhere", test_kill_anywhere);
    return g_test_run();
}
