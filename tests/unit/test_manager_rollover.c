/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a sealing key where the disk is full, or the manager is killed in the middle of it. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "manager/daemon/calls/rollover_calls.h"
#include "manager/site/site.h"
#include "proto/envelope.h"
#include "proto/server.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

/* "state holding/of keys" */
/* Announced; two endpoints do not hold it. */
static Parts *with_rollover(void)
{
    Parts *parts = parts_new();

    parts_add_endpoint(parts, "e-late");
    parts_add_endpoint(parts, "e-one");
    parts_roll(parts, "start", NULL, "");
    return parts;
}

/* Said by the owner on a full disk: the old key signs on, nobody is left behind, and with room it goes on. */
static void test_full(void)
{
    g_autoptr(Parts) parts = with_rollover();
    const HlSigningKey *key = mgr_sealer_key(parts->sealer);

    writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
    parts_roll(parts, "finish", "yes", "full");
    g_assert_true(mgr_sealer_key(parts->sealer) == key);
    parts_expect_rollover(parts, "announced 0/2 2");
    parts_roll(parts, "finish", "yes", "");
    parts_expect_rollover(parts, "none 0/2 1");
    parts_check_registry(parts);
}

/* Looks so often, with a full disk; how many lines of the log say so. */
static guint look_in_vain(Parts *parts, guint looks)
{
    int was = dup(STDERR_FILENO), file = memfd_create("log", MFD_CLOEXEC);
    g_autofree char *text = NULL;
    off_t size;
    guint lines = 0;

    g_assert_cmpint(dup2(file, STDERR_FILENO), ==, STDERR_FILENO);
    for (guint i = 0; i < looks; i++) {
        writer_fake_fail_at(parts->writer, 1, HL_ERROR_FULL);
        timer_fake_advance(10 * HL_SECOND);
        parts_commit(parts);
    }
    g_assert_cmpint(dup2(was, STDERR_FILENO), ==, STDERR_FILENO);
    size = lseek(file, 0, SEEK_END);
    text = g_malloc0((gsize)size + 1);
    g_assert_cmpint(pread(file, text, (gsize)size, 0), ==, size);
    hl_fd_clear(&was);
    hl_fd_clear(&file);
    for (const char *at = text; (at = strstr(at, "rollover of the sealing key cannot be finished")) != NULL; at++)
        lines++;
    return lines;
}

/* By itself, every 10 s: the log says so once an hour. */
static void test_full_for_long(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_roll(parts, "start", NULL, "");
    g_assert_cmpuint(look_in_vain(parts, 100), ==, 1);
    g_assert_cmpuint(look_in_vain(parts, 300), ==, 1);
    parts_expect_rollover(parts, "announced 0/0 2");
    writer_fake_fail_at(parts->writer, 0, HL_ERROR_FULL);
    timer_fake_advance(10 * HL_SECOND);
    parts_commit(parts);
    parts_expect_rollover(parts, "none 0/0 1");
    parts_check_registry(parts);
}

/* Killed after the registry was written and before the file was moved: the next one signs with the new key, and moves
 * it. */
static void test_killed(void)
{
    g_autoptr(Parts) parts = with_rollover();
    g_autoptr(MgrDispatch) dispatch = mgr_dispatch_new(&parts->fleet, parts->calls);
    g_autoptr(MgrRolloverCalls) calls = NULL;
    g_autoptr(MgrSealer) sealer = NULL;
    g_autoptr(GBytes) new_key = g_bytes_ref(mgr_sealer_next(parts->sealer));
    g_autofree char *path = mgr_site_path(parts->dir, "pki/sealing.key");
    g_autofree char *next = mgr_site_path(parts->dir, MGR_SITE_NEXT_SEALING_KEY);
    g_autofree char *old = hl_file_read_text(path, 10000, NULL);

    parts_roll(parts, "finish", "yes", "");
    g_assert_cmpint(rename(path, next), ==, 0); /* as it was before */
    g_assert_true(hl_file_write_text(path, old, 0600, NULL));
    sealer = mgr_sealer_new(parts->dir, NULL);
    g_assert_true(g_bytes_equal(mgr_sealer_next(sealer), new_key));
    calls = mgr_rollover_calls_new(&(MgrRolloverCallsOptions){ &parts->fleet, parts->record, sealer, parts->delivery,
                                                               parts->down, parts->location, parts->calls },
                                   dispatch);
    g_assert_true(g_bytes_equal(hl_signing_key_public(mgr_sealer_key(sealer)), new_key));
    g_assert_true(g_file_test(next, G_FILE_TEST_EXISTS)); /* what the broker keeps comes first */
    timer_fake_advance(11 * HL_SECOND);
    g_assert_false(g_file_test(next, G_FILE_TEST_EXISTS));
    g_clear_pointer(&sealer, mgr_sealer_free);
    sealer = mgr_sealer_new(parts->dir, NULL);
    g_assert_true(g_bytes_equal(hl_signing_key_public(mgr_sealer_key(sealer)), new_key));
}

static HlMsgServerDocument *take_document(Parts *parts, const char *id)
{
    g_autoptr(HlMsgEnvelope) envelope =
        parts_take(parts, HL_TOPIC_SERVER, id, &holdline__v1__signed_envelope__descriptor);

    g_assert_nonnull(envelope);
    return hl_envelope_open(envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_SERVER,
                            &holdline__v1__server_document__descriptor, NULL);
}

static void move(Parts *parts, const char *broker)
{
    timer_fake_advance(HL_MINUTE);
    parts_call(parts, "server set", "brokers", broker, "force", "yes", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

/* "ID " of each that the end of the old key is said to shut out. */
static char *finish_by_force(Parts *parts)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    g_autoptr(json_t) answer = NULL;
    const json_t *left;

    parts_call(parts, "server rollover finish", "force", "yes", NULL);
    parts_commit(parts);
    answer = parts_expect_reply(parts, "");
    left = json_object_get(json_object_get(answer, "shut_out"), "left");
    for (size_t i = 0; i < json_array_size(left); i++)
        g_string_append_printf(ids, "%s ", json_string_value(json_object_get(json_array_get(left, i), "id")));
    return g_string_free(g_steal_pointer(&ids), FALSE);
}

/* e-one took the next key, and sleeps while the server moves: it is behind, and not shut out.  e-late knows of another
 * place from before the key was announced. */
static void test_shut_out(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(HlMsgServerDocument) before = NULL;
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autofree char *shut_out = NULL;

    parts_add_endpoint(parts, "e-late");
    parts_add_endpoint(parts, "e-never");
    parts_add_endpoint(parts, "e-one");
    parts_born_with(parts, "e-late", 1, NULL, NULL);
    move(parts, "localhost:1");
    before = take_document(parts, "e-late");
    parts_born_with(parts, "e-late", 2, before, NULL);
    timer_fake_advance(HL_MINUTE);
    parts_roll(parts, "start", NULL, "");
    parts_born_with(parts, "e-one", 1, NULL, NULL);
    both = take_document(parts, "e-one");
    parts_born_with(parts, "e-one", 2, both, NULL);
    parts_expect_rollover(parts, "announced 1/3 2");
    move(parts, "localhost:2");
    parts_expect_rollover(parts, "announced 0/3 2");
    parts_born_with(parts, "e-late", 3, before, NULL); /* says so again */
    shut_out = finish_by_force(parts);
    g_assert_cmpstr(shut_out, ==, "e-late e-never ");
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/rollover/full", test_full);
    g_test_add_func("/manager/rollover/full-for-long", test_full_for_long);
    g_test_add_func("/manager/rollover/killed", test_killed);
    g_test_add_func("/manager/rollover/shut-out", test_shut_out);
    return g_test_run();
}
