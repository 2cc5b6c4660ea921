/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/keeper: what the server hears of the quarantine, and what it orders. */
#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/bounds.h"
#include "tests/support/child_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define HASH "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"

/* The next child, which is there a little later. */
static HlChild *wait_for_child(const char *mode)
{
    timer_fake_advance(HL_SECOND);
    g_assert_nonnull(child_fake_last());
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, mode);
    return child_fake_last();
}

static void list(HlChild *lister, const char *end)
{
    child_fake_say(lister, "{\"file\":{\"id\":\"q-one\",\"path\":\"/home/x\",\"size\":3,\"sha256\":\"" HASH
                           "\",\"signature\":\"Eicar\",\"taken\":1000}}");
    child_fake_say(lister, end);
    child_fake_exit(lister, 0, "", "");
}

static void test_told(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    const HlMsgQuarantine *told;

    parts_line_up(parts);
    ep_keeper_enrol(parts->keeper, parts->spool);
    list(wait_for_child("list"), "{\"end\":{\"total\":3,\"bytes\":40}}");
    told = parts_last(parts, HOLDLINE__V1__REPORT__BODY_QUARANTINE)->quarantine;
    g_assert_cmpuint(told->n_files, ==, 1);
    g_assert_cmpuint(told->total, ==, 3);
    g_assert_cmpuint(told->bytes, ==, 40);
    g_assert_cmpstr(told->files[0]->id, ==, "q-one");
    g_assert_cmpstr(told->files[0]->path, ==, "/home/x");
    g_assert_cmpuint(told->files[0]->sha256.len, ==, 32);
    g_assert_cmpint(told->files[0]->taken_ms, ==, 1000);
}

/* As long as names can be, of as many files as are told of: it fits into a message, or it would jam the spool. */
static void test_long_names(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autofree char *path = g_strnfill(4 * HL_MAX_TEXT, 'x');
    HlChild *lister;

    parts_line_up(parts);
    ep_keeper_enrol(parts->keeper, parts->spool);
    lister = wait_for_child("list");
    for (guint i = 0; i < HL_MAX_QUARANTINED + 1; i++) {
        g_autofree char *line =
            g_strdup_printf("{\"file\":{\"id\":\"q-%u\",\"path\":\"/%s\",\"size\":3,\"sha256\":\"" HASH
                            "\",\"signature\":\"%.255s\",\"taken\":1000}}",
                            i, path, path);

        child_fake_say(lister, line);
    }
    child_fake_say(lister, "{\"end\":{\"total\":101,\"bytes\":40}}");
    child_fake_exit(lister, 0, "", "");
    g_assert_cmpuint(parts_last(parts, HOLDLINE__V1__REPORT__BODY_QUARANTINE)->quarantine->n_files, ==,
                     HL_MAX_QUARANTINED);
}

/* A list that failed is asked for again. */
static void test_failed(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    ep_keeper_enrol(parts->keeper, parts->spool);
    child_fake_exit(wait_for_child("list"), 7, "", "holdline-scanner: no memory\n");
    g_assert_null(child_fake_last());
    timer_fake_advance(HL_MINUTE);
    list(child_fake_last(), "{\"end\":{\"total\":1,\"bytes\":3}}");
    g_assert_nonnull(parts_last(parts, HOLDLINE__V1__REPORT__BODY_QUARANTINE));
}

/* A machine that leaves its server does not do later what that server wanted of its files. */
static void test_left(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    parts_order_of(parts, "c-1", HL_KIND_RESTORE, "all");
    parts_leave(parts);
    timer_fake_advance(HL_MINUTE);
    g_assert_null(child_fake_last());
}

/* The same list again is no news, and an empty one at the start is none either. */
static void test_no_news(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *lister;

    parts_line_up(parts);
    ep_keeper_enrol(parts->keeper, parts->spool);
    lister = wait_for_child("list");
    child_fake_say(lister, "{\"end\":{\"total\":0,\"bytes\":0}}");
    child_fake_exit(lister, 0, "", "");
    g_assert_null(parts_last(parts, HOLDLINE__V1__REPORT__BODY_QUARANTINE));
}

/* A change by anybody is seen: by the administrator of the machine, say. */
static void test_watched(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autofree char *file = g_build_filename(parts->dir, EP_QUARANTINE_DIRECTORY, "q-x.json", NULL);
    HlChild *lister;

    parts_line_up(parts);
    ep_keeper_enrol(parts->keeper, parts->spool);
    lister = wait_for_child("list");
    child_fake_say(lister, "{\"end\":{\"total\":0,\"bytes\":0}}");
    child_fake_exit(lister, 0, "", "");
    g_assert_true(hl_file_write_text(file, "{}", 0600, NULL));
    g_main_context_iteration(NULL, FALSE);
    timer_fake_advance(10 * HL_SECOND); /* no oftener than that */
    list(child_fake_last(), "{\"end\":{\"total\":1,\"bytes\":3}}");
    g_assert_nonnull(parts_last(parts, HOLDLINE__V1__REPORT__BODY_QUARANTINE));
}

static void test_ordered(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *child;

    parts_line_up(parts);
    parts_order_of(parts, "c-none", HL_KIND_RESTORE, "");
    parts_check_last(parts, "c-none", HL_STATE_FAILED, "invalid",
                     "name what is meant of the quarantine: an id (q-...), sha256:HEX, signature:NAME, a path, or all");
    parts_order_of(parts, "c-1", HL_KIND_RESTORE, "signature:Eicar");
    parts_order_of(parts, "c-2", HL_KIND_DELETE, "all");
    child = wait_for_child("restore");
    g_assert_cmpstr(child_fake_option(child, "--scope"), ==, "signature:Eicar");
    g_assert_nonnull(child_fake_option(child, "--allowed"));
    child_fake_say(child, "{\"end\":{\"matched\":2,\"done\":1,\"why\":\"q-a: there is a file of that name\"}}");
    child_fake_exit(child, 0, "", "");
    parts_check_last(parts, "c-1", HL_STATE_FAILED, "failed", "1 of 2 restored; q-a: there is a file of that name");
    child = wait_for_child("delete");
    g_assert_null(child_fake_option(child, "--allowed"));
    child_fake_say(child, "{\"end\":{\"matched\":0,\"done\":0,\"why\":\"\"}}");
    child_fake_exit(child, 0, "", "");
    parts_check_last(parts, "c-2", HL_STATE_SUCCEEDED, "", "nothing in the quarantine is meant");
    parts_order_of(parts, "c-3", HL_KIND_DELETE, "all");
    child_fake_exit(wait_for_child("delete"), 7, "", "holdline-scanner: a scan uses it\n");
    parts_check_last(parts, "c-3", HL_STATE_FAILED, "failed", "holdline-scanner: a scan uses it");
}

static void count(gpointer user)
{
    ++*(guint *)user;
}

static void change(const EndpointParts *parts, const char *name)
{
    g_autofree char *file = g_build_filename(parts->dir, EP_QUARANTINE_DIRECTORY, name, NULL);

    g_assert_true(hl_file_write_text(file, "{}", 0600, NULL));
}

/* Who asks after a change waits for a list that shows it, which is made at once; what others change meanwhile is not
 * waited for. */
static void test_settled(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    guint told = 0;

    parts_line_up(parts);
    ep_keeper_settle(parts->keeper, count, &told); /* not enrolled */
    g_assert_cmpuint(told, ==, 1);
    ep_keeper_enrol(parts->keeper, parts->spool);
    list(wait_for_child("list"), "{\"end\":{\"total\":1,\"bytes\":3}}");
    ep_keeper_settle(parts->keeper, count, &told); /* nothing has changed */
    g_assert_cmpuint(told, ==, 2);
    change(parts, "q-x.json");
    ep_keeper_settle(parts->keeper, count, &told);
    timer_fake_advance(0);
    g_assert_nonnull(child_fake_last());
    change(parts, "q-y.json");
    g_assert_cmpuint(told, ==, 2);
    list(child_fake_last(), "{\"end\":{\"total\":2,\"bytes\":6}}");
    g_assert_cmpuint(told, ==, 3);
    g_assert_cmpuint(parts_last(parts, HOLDLINE__V1__REPORT__BODY_QUARANTINE)->quarantine->total, ==, 2);
}

static void test_impatient(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    guint told = 0;
    guint forgotten = 0;

    parts_line_up(parts);
    ep_keeper_enrol(parts->keeper, parts->spool);
    ep_keeper_settle(parts->keeper, count, &told);
    ep_keeper_settle(parts->keeper, count, &forgotten);
    ep_keeper_forget(parts->keeper, &forgotten);
    timer_fake_advance(10 * HL_SECOND);
    g_assert_cmpuint(told, ==, 1);
    g_assert_cmpuint(forgotten, ==, 0);
}

/* A command ends after the list that shows what it did. */
static void test_end_after_list(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *child;

    parts_line_up(parts);
    ep_keeper_enrol(parts->keeper, parts->spool);
    list(wait_for_child("list"), "{\"end\":{\"total\":1,\"bytes\":3}}");
    parts_order_of(parts, "c-1", HL_KIND_DELETE, "all");
    child = wait_for_child("delete");
    change(parts, "q-gone.json");
    child_fake_say(child, "{\"end\":{\"matched\":1,\"done\":1,\"why\":\"\"}}");
    child_fake_exit(child, 0, "", "");
    timer_fake_advance(0);
    child = child_fake_last();
    child_fake_say(child, "{\"end\":{\"total\":0,\"bytes\":0}}");
    child_fake_exit(child, 0, "", "");
    g_assert_cmpuint(parts_last(parts, HOLDLINE__V1__REPORT__BODY_QUARANTINE)->quarantine->total, ==, 0);
    parts_check_last(parts, "c-1", HL_STATE_SUCCEEDED, "", "1 deleted");
}

/* What is done is not done again by a process that comes after one that waited for the list: it only says how it ended.
 */
static void test_done_once(void)
{
    static const struct {
        const char *end, *code, *detail;
        HlCommandState state;
    } cases[] = {
        { "{\"end\":{\"matched\":1,\"done\":1,\"why\":\"\"}}", "", "1 deleted", HL_STATE_SUCCEEDED },
        { "{\"end\":{\"matched\":2,\"done\":1,\"why\":\"x\"}}", "failed", "1 of 2 deleted; x", HL_STATE_FAILED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(EndpointParts) parts = parts_new();
        HlMsgCommand command = parts_command("c-1", HL_KIND_DELETE);
        HlChild *child;

        command.scope = hl_unconst("all");
        parts_line_up(parts);
        ep_keeper_enrol(parts->keeper, parts->spool);
        list(wait_for_child("list"), "{\"end\":{\"total\":2,\"bytes\":3}}");
        parts_offer(parts, &command);
        child = wait_for_child("delete");
        change(parts, "q-gone.json");
        child_fake_say(child, cases[i].end);
        child_fake_exit(child, 0, "", "");
        parts_offer(parts, &command); /* told again of what has not ended */
        parts_check_last(parts, "c-1", HL_STATE_STARTED, "", cases[i].detail);
        parts_restart(parts);
        parts_line_up(parts);
        timer_fake_advance(0);
        g_assert_null(child_fake_last());
        parts_check_last(parts, "c-1", cases[i].state, cases[i].code, cases[i].detail);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/keeper/told", test_told);
    g_test_add_func("/endpoint/keeper/long-names", test_long_names);
    g_test_add_func("/endpoint/keeper/failed", test_failed);
    g_test_add_func("/endpoint/keeper/left", test_left);
    g_test_add_func("/endpoint/keeper/no-news", test_no_news);
    g_test_add_func("/endpoint/keeper/watched", test_watched);
    g_test_add_func("/endpoint/keeper/ordered", test_ordered);
    g_test_add_func("/endpoint/keeper/settled", test_settled);
    g_test_add_func("/endpoint/keeper/impatient", test_impatient);
    g_test_add_func("/endpoint/keeper/end-after-list", test_end_after_list);
    g_test_add_func("/endpoint/keeper/done-once", test_done_once);
    return g_test_run();
}
