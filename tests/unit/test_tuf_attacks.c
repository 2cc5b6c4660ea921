/* SPDX-License-Identifier: Apache-2.0 */
/* The attacks that TUF section 1.5.2 names, and what section 5 of the specification says of each: against the whole
 * client, with a repository in memory. */
#include <string.h>
#include <unistd.h>

#include "tests/support/tuf_fixture.h"

/* Serves a chain signed by somebody who has none of the keys. */
static void test_arbitrary_installation(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    static const char *const roles[] = { "timestamp", "snapshot", "targets" };

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autoptr(GPtrArray) strangers = g_ptr_array_new_with_free_func((GDestroyNotify)tuf_private_key_free);
        g_autofree char *path = g_strdup_printf("metadata/%s%s.json", i == 0 ? "" : "1.", roles[i]);
        GBytes *genuine = g_bytes_ref(tuf_sim_served(sim, path));

        g_ptr_array_add(strangers, tuf_private_key_generate());
        tuf_sim_serve(sim, path, tuf_sim_sign(tuf_sim_body(sim, roles[i]), strangers));
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "signed by 0 of the 1 keys");
        g_assert_cmpint(fixture_version(fixture, roles[i]), ==, -1);
        tuf_sim_serve(sim, path, genuine);
    }
    fixture_accept(fixture);
}

/* The key is named, the signature is another's. */
static void test_forged_signature(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    gsize size;
    const char *data = g_bytes_get_data(tuf_sim_served(sim, "metadata/timestamp.json"), &size);
    g_autofree char *text = g_strndup(data, size);
    char *changed = strstr(text, "\"version\":1}}");

    g_assert_nonnull(changed);
    changed[10] = '2'; /* snapshot version 2 instead of 1 */
    tuf_sim_serve(sim, "metadata/timestamp.json", g_bytes_new(text, size));
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "signed by 0 of the 1 keys");
}

static void test_arbitrary_target(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *path = NULL;

    tuf_sim_add_target(sim, "targets", "a/file", "genuine");
    tuf_sim_publish_chain(sim);
    path = tuf_sim_target_path(sim, "targets", "a/file");
    tuf_sim_serve(sim, path, g_bytes_new_static("genuin!", 7)); /* same length */
    fixture_get_refused(fixture, "a/file", HL_ERROR_UNTRUSTED, "hash");
    g_assert_false(g_file_test(fixture->out, G_FILE_TEST_EXISTS));
    tuf_sim_serve(sim, path, g_bytes_new_static("gen", 3)); /* cut */
    fixture_get_refused(fixture, "a/file", HL_ERROR_UNTRUSTED, "7 bytes");
    tuf_sim_serve(sim, path, g_bytes_new_static("genuine", 7));
    fixture_get(fixture, "a/file", "genuine");
}

/* The hash is right, the length is not: both count. */
static void test_target_length(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *targets = json_object_get(tuf_sim_body(sim, "targets"), "targets");

    tuf_sim_add_target(sim, "targets", "file", "content");
    json_object_set_new(json_object_get(targets, "file"), "length", json_integer(8));
    tuf_sim_publish_chain(sim);
    fixture_get_refused(fixture, "file", HL_ERROR_UNTRUSTED, "8 bytes");
}

/* Endless data: every request has a bound, and the bound is the listed length where there is one. */
static void test_endless_data(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *huge = g_malloc0(32 << 20);
    static const char *const paths[] = { "metadata/2.root.json", "metadata/timestamp.json", "metadata/1.snapshot.json",
                                         "metadata/1.targets.json" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        GBytes *genuine = tuf_sim_served(sim, paths[i]);

        if (genuine != NULL)
            g_bytes_ref(genuine);
        tuf_sim_serve(sim, paths[i], g_bytes_new_static(huge, 32 << 20));
        fixture_refuse(fixture, HL_ERROR_LIMIT, "longer than the limit");
        g_hash_table_remove(sim->served, paths[i]);
        if (genuine != NULL)
            tuf_sim_serve(sim, paths[i], genuine);
    }
    tuf_sim_add_target(sim, "targets", "file", "12345");
    sim->list_hashes = true;
    tuf_sim_publish_chain(sim);
    fixture_accept(fixture);
    g_hash_table_insert(sim->served, tuf_sim_target_path(sim, "targets", "file"), g_bytes_new_static("123456", 6));
    fixture_get_refused(fixture, "file", HL_ERROR_LIMIT, "longer than the limit");
    tuf_sim_publish_chain(sim);
    tuf_sim_serve(sim, "metadata/3.snapshot.json",
                  g_bytes_new_static(huge, g_bytes_get_size(tuf_sim_served(sim, "metadata/3.snapshot.json")) + 1));
    fixture_refuse(fixture, HL_ERROR_LIMIT, "longer than the limit");
}

/* A listed length beyond any bound is not a bound. */
static void test_listed_length_bounded(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    json_t *meta = json_object_get(tuf_sim_body(fixture->sim, "timestamp"), "meta");

    json_object_set_new(json_object_get(meta, "snapshot.json"), "length", json_integer((json_int_t)1 << 40));
    tuf_sim_publish(fixture->sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_LIMIT, "bytes are listed, at most");
}

static void test_timestamp_rollback(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_publish(sim, "timestamp");
    fixture_accept(fixture);
    tuf_sim_set_version(sim, "timestamp", 1);
    tuf_sim_republish(sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "2 was trusted before (rollback)");
    g_assert_cmpint(fixture_version(fixture, "timestamp"), ==, 2);
}

/* The timestamp rises, the snapshot that it lists goes back. */
static void test_snapshot_rollback(void)
{
    for (int hashes = 0; hashes < 2; hashes++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;

        sim->list_hashes = hashes;
        tuf_sim_publish_chain(sim);
        fixture_accept(fixture);
        tuf_sim_set_version(sim, "snapshot", 1);
        tuf_sim_republish(sim, "snapshot");
        tuf_sim_publish(sim, "timestamp");
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "2 was listed before (rollback)");
        g_assert_cmpint(fixture_version(fixture, "timestamp"), ==, 2);
    }
}

/* Even when the timestamp of before is lost, the snapshot of before remembers. */
static void test_snapshot_rollback_without_timestamp(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    g_autofree char *lost = fixture_path(fixture, "timestamp.json");

    tuf_sim_publish_chain(sim);
    fixture_accept(fixture);
    g_assert_cmpint(unlink(lost), ==, 0);
    tuf_sim_set_version(sim, "snapshot", 1);
    tuf_sim_republish(sim, "snapshot");
    tuf_sim_republish(sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "snapshot.json: it is version 1, but 2 was trusted before (rollback)");
}

static void test_targets_rollback(void)
{
    for (int hashes = 0; hashes < 2; hashes++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;

        sim->list_hashes = hashes;
        tuf_sim_publish_chain(sim);
        fixture_accept(fixture);
        tuf_sim_set_version(sim, "targets", 1);
        tuf_sim_republish(sim, "targets");
        tuf_sim_publish(sim, "snapshot");
        tuf_sim_publish(sim, "timestamp");
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "lists 'targets.json' with version 1, but 2 was listed before");
        g_assert_cmpint(fixture_version(fixture, "snapshot"), ==, 2);
        g_assert_cmpint(fixture_version(fixture, "targets"), ==, 2);
    }
}

static void test_delegated_rollback(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_delegate(sim, "targets", "virus", "virus/*", true);
    tuf_sim_publish(sim, "virus");
    tuf_sim_publish(sim, "virus");
    tuf_sim_publish_chain(sim);
    fixture_accept(fixture);
    tuf_sim_set_version(sim, "virus", 1);
    tuf_sim_republish(sim, "virus");
    tuf_sim_publish_chain(sim);
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "lists 'virus.json' with version 1, but 2 was listed before");
}

/* A role that is no longer listed could come back with any version. */
static void test_vanished_role(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_delegate(sim, "targets", "virus", "virus/*", true);
    tuf_sim_publish(sim, "virus");
    tuf_sim_publish_chain(sim);
    fixture_accept(fixture);
    json_object_del(json_object_get(tuf_sim_body(sim, "snapshot"), "meta"), "virus.json");
    tuf_sim_publish_chain(sim);
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "no longer lists 'virus.json'");
}

/* The attacker had the keys, drove the versions up, and was thrown out by a rotation: the genuine low versions count.
 */
static void test_fast_forward_recovery(const char *const *rotated)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_set_version(sim, "targets", 99998);
    tuf_sim_set_version(sim, "snapshot", 99998);
    tuf_sim_set_version(sim, "timestamp", 99998);
    tuf_sim_publish_chain(sim);
    fixture_accept(fixture);
    for (; *rotated != NULL; rotated++)
        tuf_sim_rotate(sim, *rotated);
    tuf_sim_publish(sim, "root");
    tuf_sim_set_version(sim, "targets", 1);
    tuf_sim_set_version(sim, "snapshot", 1);
    tuf_sim_set_version(sim, "timestamp", 1);
    tuf_sim_publish_chain(sim);
    fixture_accept(fixture);
    g_assert_cmpint(fixture_version(fixture, "targets"), ==, 2);
    g_assert_cmpint(fixture_version(fixture, "snapshot"), ==, 2);
    g_assert_cmpint(fixture_version(fixture, "timestamp"), ==, 2);
}

static void test_fast_forward(void)
{
    test_fast_forward_recovery((const char *const[]){ "timestamp", NULL });
    test_fast_forward_recovery((const char *const[]){ "snapshot", NULL });
    test_fast_forward_recovery((const char *const[]){ "timestamp", "snapshot", NULL });
}

/* One key of two is replaced, and the one that stays has signed what the client remembers: its signature still holds,
 * but the memory must go.  The root that brings the rotation is expired when it comes, and is renewed only later. */
static void test_fast_forward_partial_rotation(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *keyids = json_object_get(tuf_sim_role_entry(sim, "root", "timestamp"), "keyids");

    tuf_sim_add_key(sim, "root", "timestamp");
    tuf_sim_publish(sim, "root");
    tuf_sim_set_version(sim, "timestamp", 99998);
    tuf_sim_publish(sim, "timestamp");
    fixture_accept(fixture);
    json_array_remove(keyids, 0);
    g_ptr_array_remove_index(tuf_sim_signers(sim, "timestamp"), 0);
    tuf_sim_set_expires(sim, "root", sim->now - HL_DAY);
    tuf_sim_publish(sim, "root");
    tuf_sim_set_version(sim, "timestamp", 1);
    tuf_sim_publish(sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_EXPIRED, "root version 3 expired");
    tuf_sim_set_expires(sim, "root", sim->now + HL_DAY);
    tuf_sim_publish(sim, "root");
    fixture_accept(fixture);
    g_assert_cmpint(fixture_version(fixture, "timestamp"), ==, 2);
}

/* Without a rotation, what is high stays. */
static void test_fast_forward_without_rotation(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_set_version(sim, "timestamp", 99998);
    tuf_sim_publish(sim, "timestamp");
    fixture_accept(fixture);
    tuf_sim_publish(sim, "root");
    tuf_sim_set_version(sim, "timestamp", 1);
    tuf_sim_publish(sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "rollback");
}

/* A key more, or a lower threshold, accuses nobody: the keys that signed what is remembered are still trusted. */
static void test_fast_forward_key_added(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    tuf_sim_add_key(sim, "root", "timestamp");
    tuf_sim_set_threshold(sim, "root", "timestamp", 2);
    tuf_sim_publish(sim, "root");
    tuf_sim_set_version(sim, "timestamp", 99998);
    tuf_sim_publish(sim, "timestamp");
    fixture_accept(fixture);
    tuf_sim_add_key(sim, "root", "timestamp");
    tuf_sim_set_threshold(sim, "root", "timestamp", 1);
    tuf_sim_publish(sim, "root");
    tuf_sim_set_version(sim, "timestamp", 1);
    tuf_sim_publish(sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "rollback");
}

/* Freeze: the same files for ever.  Each role's own expiry ends it. */
static void test_freeze(void)
{
    static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;
        g_autofree char *words = g_strdup_printf("%s version 2 expired at", roles[i]);

        fixture_accept(fixture);
        tuf_sim_set_expires(sim, roles[i], sim->now); /* must be later than the update start time */
        if (i == 0)
            tuf_sim_publish(sim, "root");
        tuf_sim_publish_chain(sim);
        fixture_refuse(fixture, HL_ERROR_EXPIRED, words);
        fixture_refuse(fixture, HL_ERROR_EXPIRED, "frozen repository?");
        g_assert_cmpint(fixture_version(fixture, roles[i]), ==, i == 0 ? 2 : 1);
    }
}

/* The client has everything already; time passes, and nothing new comes. */
static void test_freeze_of_local_files(void)
{
    static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;
        g_autofree char *words = g_strdup_printf("%s version 2 expired at", roles[i]);

        tuf_sim_set_expires(sim, roles[i], sim->now + HL_DAY);
        tuf_sim_publish(sim, "root");
        tuf_sim_publish_chain(sim);
        fixture_accept(fixture);
        sim->now += HL_DAY;
        fixture_refuse(fixture, HL_ERROR_EXPIRED, words);
    }
}

/* The same failure has another cause when this machine's clock is wrong. */
static void test_clock(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;

    sim->server_date = sim->now;
    sim->now += 40 * HL_DAY;
    fixture_refuse(fixture, HL_ERROR_EXPIRED, "clock? this machine's is 40 d ahead of the server's");
    sim->server_date = sim->now;
    fixture_refuse(fixture, HL_ERROR_EXPIRED, "frozen repository?");
}

/* Files that are each genuine, but never stood together. */
static void test_mix_and_match(void)
{
    for (int hashes = 0; hashes < 2; hashes++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;
        const char *words = hashes ? "its hash is not the listed one" : "it is version 2, but 3 is listed";

        sim->list_hashes = hashes;
        tuf_sim_publish_chain(sim);
        tuf_sim_publish_chain(sim);
        tuf_sim_serve(sim, "metadata/3.snapshot.json", g_bytes_ref(tuf_sim_served(sim, "metadata/2.snapshot.json")));
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED, words);
        g_assert_cmpint(fixture_version(fixture, "snapshot"), ==, -1);
        tuf_sim_republish(sim, "snapshot");
        tuf_sim_serve(sim, "metadata/3.targets.json", g_bytes_ref(tuf_sim_served(sim, "metadata/2.targets.json")));
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED, words);
        g_assert_cmpint(fixture_version(fixture, "targets"), ==, -1);
    }
}

/* Only a length is listed: another genuine signature round does not fit. */
static void test_listed_length(void)
{
    g_autoptr(Fixture) fixture = fixture_new();
    TufSim *sim = fixture->sim;
    json_t *meta = json_object_get(tuf_sim_body(sim, "timestamp"), "meta");

    json_object_set_new(json_object_get(meta, "snapshot.json"), "length", json_integer(4000));
    tuf_sim_publish(sim, "timestamp");
    fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "but 4000 are listed");
}

/* The keys of one role are worth nothing for another: not even root's. */
static void test_wrong_role_key(void)
{
    static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

    for (gsize of = 0; of < G_N_ELEMENTS(roles); of++)
        for (gsize on = 1; on < G_N_ELEMENTS(roles); on++) {
            g_autoptr(Fixture) fixture = fixture_new();
            TufSim *sim = fixture->sim;
            g_autofree char *path = g_strdup_printf("metadata/%s%s.json", on == 1 ? "" : "1.", roles[on]);

            if (of == on)
                continue;
            tuf_sim_serve(sim, path, tuf_sim_sign(tuf_sim_body(sim, roles[on]), tuf_sim_signers(sim, roles[of])));
            fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "signed by 0 of the 1 keys");
        }
}

/* Compromise and recovery: the old key signs no more once root has replaced it, for every role. */
static void test_key_compromise(void)
{
    static const char *const roles[] = { "timestamp", "snapshot", "targets" };

    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++) {
        g_autoptr(Fixture) fixture = fixture_new();
        TufSim *sim = fixture->sim;
        g_autoptr(GPtrArray) stolen = g_ptr_array_ref(tuf_sim_signers(sim, roles[i]));
        g_autofree char *path = g_strdup_printf("metadata/%s%s.json", i == 0 ? "" : "2.", roles[i]);
        GBytes *genuine;

        fixture_accept(fixture);
        g_hash_table_insert(sim->signers, g_strdup(roles[i]),
                            g_ptr_array_new_with_free_func((GDestroyNotify)tuf_private_key_free));
        tuf_sim_rotate(sim, roles[i]);
        tuf_sim_publish(sim, "root");
        tuf_sim_publish_chain(sim);
        genuine = g_bytes_ref(tuf_sim_served(sim, path));
        tuf_sim_serve(sim, path, tuf_sim_sign(tuf_sim_body(sim, roles[i]), stolen));
        fixture_refuse(fixture, HL_ERROR_UNTRUSTED, "signed by 0 of the 1 keys");
        tuf_sim_serve(sim, path, genuine);
        fixture_accept(fixture);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tuf/attack/arbitrary-installation", test_arbitrary_installation);
    g_test_add_func("/tuf/attack/forged-signature", test_forged_signature);
    g_test_add_func("/tuf/attack/arbitrary-target", test_arbitrary_target);
    g_test_add_func("/tuf/attack/target-length", test_target_length);
    g_test_add_func("/tuf/attack/endless-data", test_endless_data);
    g_test_add_func("/tuf/attack/listed-length-bounded", test_listed_length_bounded);
    g_test_add_func("/tuf/attack/timestamp-rollback", test_timestamp_rollback);
    g_test_add_func("/tuf/attack/snapshot-rollback", test_snapshot_rollback);
    g_test_add_func("/tuf/attack/snapshot-rollback-without-timestamp", test_snapshot_rollback_without_timestamp);
    g_test_add_func("/tuf/attack/targets-rollback", test_targets_rollback);
    g_test_add_func("/tuf/attack/delegated-rollback", test_delegated_rollback);
    g_test_add_func("/tuf/attack/vanished-role", test_vanished_role);
    g_test_add_func("/tuf/attack/fast-forward", test_fast_forward);
    g_test_add_func("/tuf/attack/fast-forward-partial-rotation", test_fast_forward_partial_rotation);
    g_test_add_func("/tuf/attack/fast-forward-key-added", test_fast_forward_key_added);
    g_test_add_func("/tuf/attack/fast-forward-without-rotation", test_fast_forward_without_rotation);
    g_test_add_func("/tuf/attack/freeze", test_freeze);
    g_test_add_func("/tuf/attack/freeze-of-local-files", test_freeze_of_local_files);
    g_test_add_func("/tuf/attack/clock", test_clock);
    g_test_add_func("/tuf/attack/mix-and-match", test_mix_and_match);
    g_test_add_func("/tuf/attack/listed-length", test_listed_length);
    g_test_add_func("/tuf/attack/wrong-role-key", test_wrong_role_key);
    g_test_add_func("/tuf/attack/key-compromise", test_key_compromise);
    return g_test_run();
}
