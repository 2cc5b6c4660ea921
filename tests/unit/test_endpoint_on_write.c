/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/on_write: when its scanner runs, what is said while it does not, and the numbers. */
#include <string.h>

#include "lib/base/file.h"
#include "tests/support/child_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

static void make_set(EndpointParts *parts)
{
    g_autofree char *set = g_build_filename(parts->dir, "patterns/active", NULL);

    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "scan.user", "nobody", NULL));
    g_assert_true(hl_dir_make(set, 0755, NULL));
}

static void apply(EndpointParts *parts, uint64_t counter, const char *lines)
{
    g_autoptr(GBytes) settings = parts_settings(parts, (PartsSettings){ .lines = lines, .counter = counter });

    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    ep_scans_settings_changed(parts->scans);
}

static HlChild *watcher(void)
{
    HlChild *child = child_fake_last();

    g_assert_nonnull(child);
    g_assert_cmpstr(child_fake_argv(child)[1], ==, "watch");
    return child;
}

static EpOnWriteView view(const EndpointParts *parts)
{
    return ep_scans_on_write(parts->scans);
}

static void test_on_and_off(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *child;

    parts_line_up(parts);
    make_set(parts);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    apply(parts, 2, "scan.on-write=on\nscan.paths=/srv,/home\n");
    child = watcher();
    g_assert_nonnull(child_fake_option(child, "--quarantine"));
    g_assert_cmpstr(child_fake_option(child, "--own"), ==, parts->dir);
    g_assert_true(view(parts).wanted && !view(parts).watching); /* its engine may still load its set */
    child_fake_say(child,
                   "{\"watch\":{\"written\":9,\"looked_at\":5,\"full\":1,\"overflows\":2,\"waiting\":3,\"rate\":4}}");
    g_assert_true(view(parts).watching);
    g_assert_cmpuint(view(parts).numbers.looked_at, ==, 5);
    g_assert_cmpuint(view(parts).numbers.rate, ==, 4);
    child_fake_say(child, "{\"found\":{\"path\":\"/srv/x\",\"uid\":0,\"signature\":\"S\",\"action\":\"quarantined\"}}");
    g_assert_cmpstr(parts_last(parts, HOLDLINE__V1__REPORT__BODY_DETECTION)->detection->how, ==, "write");
    apply(parts, 3, "scan.on-write=on\nscan.paths=/srv,/home\nline.heartbeat=30s\n");
    g_assert_false(child_fake_is_stopped(child)); /* nothing that concerns it */
    apply(parts, 4, "scan.on-write=on\nscan.paths=/opt\n");
    g_assert_true(child_fake_is_stopped(child));
    child_fake_die(child, 15);
    child = watcher(); /* at once, with the new words */
    child_fake_say(child, "{\"watch\":{\"looked_at\":2}}");
    g_assert_cmpuint(view(parts).numbers.looked_at, ==, 7);
    g_assert_cmpuint(view(parts).numbers.full, ==, 4); /* one had no room, three waited */
    g_assert_cmpuint(view(parts).breaks, ==, 0);
    apply(parts, 5, "scan.on-write=off\n");
    child_fake_die(child, 15);
    g_assert_false(view(parts).wanted);
    g_assert_null(view(parts).why);
    g_assert_cmpuint(child_fake_running(), ==, 1); /* the engine, for a while */
}

/* Never silently off. */
static void test_not_possible(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    apply(parts, 2, "scan.on-write=on\n");
    g_assert_false(view(parts).watching);
    g_assert_nonnull(strstr(view(parts).why, "no pattern set"));
    apply(parts, 3, "scan.on-write=on\nscan.paths=\n");
    timer_fake_advance(2 * HL_MINUTE);
    g_assert_nonnull(strstr(view(parts).why, "scan.paths of its group is empty"));
    apply(parts, 4, "scan.on-write=on\n");
    make_set(parts);
    ep_scans_set_changed(parts->scans); /* now there is one */
    child_fake_say(watcher(), "{\"end\":{\"failed\":\"this kernel does not tell of files\"}}");
    child_fake_exit(watcher(), 0, "", "");
    g_assert_cmpstr(view(parts).why, ==, "this kernel does not tell of files");
    g_assert_cmpuint(view(parts).breaks, ==, 1);
    timer_fake_advance(2 * HL_MINUTE); /* tried again */
    g_assert_false(view(parts).watching);
    g_assert_cmpstr(view(parts).why, ==, "this kernel does not tell of files");
    child_fake_say(watcher(), "{\"watch\":{\"looked_at\":1}}");
    g_assert_true(view(parts).watching);
    g_assert_null(view(parts).why);
}

static void test_silent(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *child;

    parts_line_up(parts);
    make_set(parts);
    apply(parts, 2, "scan.on-write=on\n");
    child = watcher();
    timer_fake_advance(20 * HL_MINUTE);
    g_assert_true(child_fake_is_stopped(child));
    child_fake_die(child, 9);
    g_assert_nonnull(strstr(view(parts).why, "nothing was heard of it"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/on-write/on-and-off", test_on_and_off);
    g_test_add_func("/endpoint/on-write/not-possible", test_not_possible);
    g_test_add_func("/endpoint/on-write/silent", test_silent);
    return g_test_run();
}
