/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/rounds: who was revoked is taken over again, at an external broker, although nothing is heard.
 */
#include "manager/daemon/state/rounds.h"

#include "manager/daemon/ground/accounts.h"
#include "tests/support/manager_parts.h"
#include "tests/support/timer_fake.h"

static void set_conf(Parts *parts, const char *name, const char *value)
{
    g_assert_true(hl_option_set(hl_option_find(mgr_conf_table(), name), &parts->conf, value, NULL));
}

static void certify_as(Parts *parts, const char *serial, const char *name, const char *kind, HlTime revoked,
                       HlTime expires)
{
    MgrCertificateRecord record = { .serial = g_strdup(serial),
                                    .name = g_strdup(name),
                                    .kind = g_strdup(kind),
                                    .issued_at = 1,
                                    .revoked_at = revoked,
                                    .expires_at = expires };

    mgr_fleet_add_certificate(&parts->fleet, &record);
}

static void certify(Parts *parts, const char *name, const char *kind, HlTime expires)
{
    certify_as(parts, "0a", name, kind, 2, expires);
}

/* Whether the name is taken within so long a time from now; it is left again. */
static bool is_visited(const char *name, HlTime time)
{
    for (HlTime passed = 0; passed < time; passed += HL_SECOND) {
        HlBus *bus = bus_fake_find(name);

        if (bus != NULL) {
            bus_fake_up(bus);
            timer_fake_advance(11 * HL_SECOND);
            g_assert_null(bus_fake_find(name));
            return true;
        }
        timer_fake_advance(HL_SECOND);
    }
    return false;
}

static void test_again(void)
{
    static const char *const kinds[] = { "endpoint", "monitor", "admin", "console" };

    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(Parts) parts = parts_new();
        g_autoptr(MgrRounds) rounds G_GNUC_UNUSED = mgr_rounds_new(&parts->fleet, parts->pki, parts->down);
        HlTime end = hl_clock_wall() + HL_HOUR;

        set_conf(parts, "broker.mode", "external");
        set_conf(parts, "broker.addresses", "one:1");
        certify(parts, "gone", kinds[i], end);
        for (guint n = 0; n < 5; n++)
            g_assert_true(is_visited("gone", 75 * HL_SECOND));
        timer_fake_advance(end - hl_clock_wall() + 10 * HL_SECOND);
        (void)is_visited("gone", HL_SECOND); /* one that began before */
        timer_fake_advance(HL_MINUTE);
        g_assert_false(is_visited("gone", 5 * HL_MINUTE)); /* it cannot connect any more */
    }
}

/* Nobody who has a certificate in force; nobody while there is no broker. */
static void test_spared(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrRounds) rounds G_GNUC_UNUSED = mgr_rounds_new(&parts->fleet, parts->pki, parts->down);

    set_conf(parts, "broker.mode", "external");
    set_conf(parts, "broker.addresses", "one:1");
    certify(parts, "back", "monitor", hl_clock_wall() + HL_DAY);
    certify_as(parts, "0b", "back", "monitor", 0, hl_clock_wall() + HL_DAY);
    g_assert_false(is_visited("back", 3 * HL_MINUTE));
    certify_as(parts, "0c", "gone", "monitor", 2, hl_clock_wall() + HL_DAY);
    bus_fake_down(parts->bus, "lost");
    g_assert_false(is_visited("gone", 3 * HL_MINUTE));
}

/* One that is revoked later, until it has another certificate. */
static void test_later(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrRounds) rounds G_GNUC_UNUSED = mgr_rounds_new(&parts->fleet, parts->pki, parts->down);

    set_conf(parts, "broker.mode", "external");
    set_conf(parts, "broker.addresses", "one:1");
    certify_as(parts, "0a", "eye", "monitor", 0, hl_clock_wall() + HL_DAY);
    g_assert_false(is_visited("eye", 2 * HL_MINUTE));
    mgr_pki_fold_revocations(parts->pki, "eye", NULL, hl_clock_wall(), NULL);
    for (guint n = 0; n < 3; n++)
        g_assert_true(is_visited("eye", 75 * HL_SECOND));
    certify_as(parts, "0b", "eye", "monitor", 0, hl_clock_wall() + HL_DAY);
    g_assert_false(is_visited("eye", 3 * HL_MINUTE));
}

/* An account that is disabled, until it is enabled: its certificate stays in force.  One that is limited to groups has
 * work to do on its line, and is left alone. */
static void test_disabled(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(MgrRounds) rounds = NULL;

    set_conf(parts, "broker.mode", "external");
    set_conf(parts, "broker.addresses", "one:1");
    parts_add_group(parts, "lab", NULL);
    parts_call(parts, "account create", "name", "zoe", "role", "auditor", NULL);
    parts_commit(parts);
    parts_call(parts, "account create", "name", "lim", "role", "auditor", "groups", "lab", NULL);
    parts_commit(parts);
    g_assert_nonnull(mgr_accounts_get(parts->fleet.accounts, "lim"));
    certify_as(parts, "0a", "zoe", "admin", 0, hl_clock_wall() + HL_DAY);
    certify_as(parts, "0b", "lim", "admin", 0, hl_clock_wall() + HL_DAY);
    parts_call(parts, "account disable", "name", "zoe", NULL);
    parts_commit(parts);
    g_assert_cmpuint(parts->fleet.disablings, ==, 1); /* by which a look at once is due */
    timer_fake_advance(HL_MINUTE);                    /* what the call itself ends is over */
    rounds = mgr_rounds_new(&parts->fleet, parts->pki, parts->down);
    for (guint n = 0; n < 3; n++)
        g_assert_true(is_visited("zoe", 75 * HL_SECOND));
    g_assert_false(is_visited("lim", 2 * HL_MINUTE));
    parts_call(parts, "account enable", "name", "zoe", NULL);
    parts_commit(parts);
    timer_fake_advance(HL_MINUTE);
    g_assert_false(is_visited("zoe", 3 * HL_MINUTE));
}

/* What is kept for a revoked endpoint would be read by it. */
static void test_emptied(void)
{
    static const HlTopic topics[] = { HL_TOPIC_SETTINGS, HL_TOPIC_SERVER };
    g_autoptr(Parts) parts = parts_new();

    parts_add_endpoint(parts, "e-one");
    parts_call(parts, "endpoint revoke", "endpoint", "e-one", NULL);
    parts_commit(parts);
    for (gsize i = 0; i < G_N_ELEMENTS(topics); i++) {
        g_autofree char *topic = hl_topic_name(topics[i], "e-one");
        g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, topic);

        g_assert_nonnull(message);
        g_assert_cmpuint(g_bytes_get_size(message->payload), ==, 0);
        g_assert_true(message->retained);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/rounds/again", test_again);
    g_test_add_func("/manager/rounds/spared", test_spared);
    g_test_add_func("/manager/rounds/later", test_later);
    g_test_add_func("/manager/rounds/disabled", test_disabled);
    g_test_add_func("/manager/rounds/emptied", test_emptied);
    return g_test_run();
}
