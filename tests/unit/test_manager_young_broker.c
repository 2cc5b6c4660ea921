/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/pki with a managed broker that has just been started, which may not be told yet to read its
 * lists again: who waits for a revocation waits for that. */
#include <gio/gio.h>
#include <string.h>

#include "lib/base/file.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

static void set_conf(Parts *parts, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_option_set(hl_option_find(mgr_conf_table(), name), &parts->conf, value, &error));
    g_assert_no_error(error);
}

/* A port that nobody has. */
static void choose_port(Parts *parts)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    g_autofree char *port = g_strdup_printf("%u", (unsigned)g_socket_listener_add_any_inet_port(listener, NULL, NULL));

    set_conf(parts, "broker.port", port);
    g_socket_listener_close(listener);
}

/* A program that does nothing in its place. */
static MgrBrokers *start(Parts *parts)
{
    g_autofree char *program = g_build_filename(parts->dir, "idle-broker", NULL);
    g_autoptr(GError) error = NULL;
    MgrBrokers *brokers;

    g_assert_true(hl_file_write_text(program, "#!/bin/sh\ntrap '' HUP\nexec sleep 600\n", 0700, NULL));
    set_conf(parts, "broker.program", program);
    set_conf(parts, "broker.listen", "127.0.0.1");
    choose_port(parts);
    brokers = mgr_brokers_start(parts->dir, &parts->conf, &error);
    g_assert_no_error(error);
    mgr_pki_attach_brokers(parts->pki, brokers);
    return brokers;
}

static bool is_answered(Parts *parts)
{
    g_autoptr(HlMsgCallReply) reply = parts_reply(parts);

    if (reply != NULL)
        g_assert_cmpstr(reply->code, ==, "");
    return reply != NULL;
}

/* The session ends at once, and once more when the broker keeps it out; only then is the caller answered. */
static void test_revoked(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrBrokers *brokers = start(parts);

    parts->keeps_out = true;
    parts_add_endpoint(parts, "e-one");
    timer_fake_advance(HL_SECOND / 2);
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(parts);
    bus_fake_up(bus_fake_find("e-one"));
    timer_fake_advance(HL_SECOND);
    g_assert_false(is_answered(parts));
    g_assert_cmpint(mgr_pki_until_published(parts->pki), >, 0);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpint(mgr_pki_until_published(parts->pki), ==, 0);
    g_assert_true(is_answered(parts));
    mgr_pki_attach_brokers(parts->pki, NULL);
    mgr_brokers_free(brokers, MGR_BROKER_END);
}

/* One that is not young any more has read it by then. */
static void test_grown(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrBrokers *brokers = start(parts);

    parts->keeps_out = true;
    parts_add_endpoint(parts, "e-one");
    timer_fake_advance(3 * HL_SECOND);
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(parts);
    g_assert_false(is_answered(parts));
    bus_fake_up(bus_fake_find("e-one"));
    g_assert_true(is_answered(parts));
    mgr_pki_attach_brokers(parts->pki, NULL);
    mgr_brokers_free(brokers, MGR_BROKER_END);
}

/* mosquitto is to be installed only where there is no program: one whose interpreter is missing is there. */
static void test_missing(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *program = g_build_filename(parts->dir, "no-broker", NULL);

    set_conf(parts, "broker.program", program);
    set_conf(parts, "broker.listen", "127.0.0.1");
    choose_port(parts);
    for (int is_there = 0; is_there < 2; is_there++) {
        g_autoptr(GError) error = NULL;

        if (is_there)
            g_assert_true(hl_file_write_text(program, "#!/no/interpreter\n", 0700, NULL));
        g_assert_null(mgr_brokers_start(parts->dir, &parts->conf, &error));
        g_assert_nonnull(error);
        g_assert_nonnull(strstr(error->message, "cannot start"));
        g_assert_cmpint(strstr(error->message, "which the package mosquitto has") == NULL, ==, is_there);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/young-broker/revoked", test_revoked);
    g_test_add_func("/manager/young-broker/grown", test_grown);
    g_test_add_func("/manager/young-broker/missing", test_missing);
    return g_test_run();
}
