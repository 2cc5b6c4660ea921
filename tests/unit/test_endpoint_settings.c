/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work: settings in force and their intake over a real store: each outcome, each verdict, what is in
 * force when something could not be stored, and what comes back after a restart. */
#include <string.h>

#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

static EpIntakeOutcome offer_by(EndpointParts *parts, const char *path, PartsSettings settings)
{
    g_autoptr(GBytes) envelope = parts_settings(parts, settings);

    return ep_intake_offer(parts->intake, envelope, path, 0);
}

static EpIntakeOutcome offer(EndpointParts *parts, PartsSettings settings)
{
    return offer_by(parts, "channel", settings);
}

static HlTime heartbeat(const EndpointParts *parts)
{
    return ep_settings_values(parts->settings)->heartbeat;
}

static guint count_reports(const EndpointParts *parts)
{
    guint n = 0;

    for (guint i = 0; i < parts->reports->len; i++)
        n += ((const HlMsgReport *)parts->reports->pdata[i])->body_case == HOLDLINE__V1__REPORT__BODY_SETTINGS;
    return n;
}

static void test_in_force(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    const EpSettingsOrigin *origin = ep_settings_origin(parts->settings);
    const HlMsgAppliedSettings *applied;

    parts_line_up(parts);
    g_assert_false(origin->applied);
    g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "line.heartbeat=42s\n", .counter = 7 }), ==,
                    EP_INTAKE_IN_FORCE);
    g_assert_cmpint(heartbeat(parts), ==, 42 * HL_SECOND);
    g_assert_cmpuint(parts->changes, ==, 1);
    g_assert_true(origin->applied);
    g_assert_cmpstr(origin->group, ==, "parts");
    g_assert_cmpuint(origin->counter, ==, 7);
    g_assert_cmpint(origin->at, ==, hl_clock_wall());
    applied = parts_last(parts, HOLDLINE__V1__REPORT__BODY_SETTINGS)->settings;
    g_assert_cmpuint(applied->counter, ==, 7);
    g_assert_cmpstr(applied->path, ==, "channel");
    g_assert_cmpint(applied->at_ms, ==, origin->at);
    parts_restart(parts);
    origin = ep_settings_origin(parts->settings);
    g_assert_cmpint(heartbeat(parts), ==, 42 * HL_SECOND);
    g_assert_cmpuint(origin->counter, ==, 7);
    g_assert_cmpint(origin->at, ==, applied->at_ms);
    g_assert_cmpstr(origin->path, ==, "channel");
}

static void test_unchanged(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    PartsSettings settings = { .counter = 7 };

    parts_line_up(parts);
    g_assert_cmpint(offer(parts, settings), ==, EP_INTAKE_IN_FORCE);
    g_assert_cmpint(offer(parts, settings), ==, EP_INTAKE_UNCHANGED);
    g_assert_cmpuint(count_reports(parts), ==, 1);
    settings.path = "enrol"; /* the same by another path, in the manager's words: that is news */
    g_assert_cmpint(offer(parts, settings), ==, EP_INTAKE_UNCHANGED);
    g_assert_cmpuint(count_reports(parts), ==, 2);
    g_assert_cmpstr(parts_last(parts, HOLDLINE__V1__REPORT__BODY_SETTINGS)->settings->path, ==, "enrol");
    g_assert_cmpuint(parts->changes, ==, 1);
    parts_restart(parts);
    g_assert_cmpstr(ep_settings_origin(parts->settings)->path, ==, "enrol");
}

static void test_declined(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "mode.independent=yes\n", .counter = 1 }), ==,
                    EP_INTAKE_IN_FORCE);
    g_assert_cmpint(
        offer(parts, (PartsSettings){ .lines = "line.heartbeat=42s\nmode.independent=yes\n", .counter = 2 }), ==,
        EP_INTAKE_DECLINED);
    g_assert_cmpuint(parts->refused.total, ==, 0);
    g_assert_cmpuint(ep_settings_origin(parts->settings)->counter, ==, 1);
    g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "line.heartbeat=42s\n", .counter = 3 }), ==,
                    EP_INTAKE_IN_FORCE); /* what ends independent mode */
}

static void test_refused(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) garbage = g_bytes_new_static("garbage", 7);
    const struct {
        PartsSettings settings;
        EpRefusedReason reason;
    } rows[] = {
        { { .counter = 9, .forged = true }, EP_REFUSED_UNTRUSTED },
        { { .counter = 9, .endpoint = "e-other" }, EP_REFUSED_WRONG_ENDPOINT },
        { { .counter = 9, .expires = hl_clock_wall() }, EP_REFUSED_EXPIRED },
        { { .counter = 4 }, EP_REFUSED_REPLAYED },
        { { .counter = 5 }, EP_REFUSED_COLLISION },
        { { .counter = 9, .wrong_digest = true }, EP_REFUSED_INVALID },
        { { .counter = 9, .lines = "line.heartbeat=never\n" }, EP_REFUSED_INVALID },
    };
    uint64_t invalid = 0;
    const HlMsgRefusal *told;

    parts_line_up(parts);
    g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "line.heartbeat=42s\n", .counter = 5 }), ==,
                    EP_INTAKE_IN_FORCE);
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpint(offer(parts, rows[i].settings), ==, EP_INTAKE_REFUSED);
        invalid += rows[i].reason == EP_REFUSED_INVALID;
        g_assert_cmpuint(parts_refused(parts, EP_REFUSED_SETTINGS, rows[i].reason), ==,
                         rows[i].reason == EP_REFUSED_INVALID ? invalid : 1);
        told = parts_last(parts, HOLDLINE__V1__REPORT__BODY_REFUSAL)->refusal;
        g_assert_cmpuint(told->counter, ==, rows[i].reason == EP_REFUSED_UNTRUSTED ? 0 : rows[i].settings.counter);
        g_assert_cmpint(heartbeat(parts), ==, 42 * HL_SECOND);
    }
    g_assert_cmpint(ep_intake_offer(parts->intake, garbage, "channel", 0), ==, EP_INTAKE_REFUSED);
    g_assert_cmpuint(parts->changes, ==, 1);
    g_assert_cmpuint(count_reports(parts), ==, 1);
    g_assert_cmpstr(parts_last(parts, HOLDLINE__V1__REPORT__BODY_REFUSAL)->refusal->what, ==, "settings");
}

/* The server's clock was ten years ahead when it gave the number in force; its registry was restored from before that.
 */
static void test_impossible_counter(void)
{
    const uint64_t now = (uint64_t)hl_clock_wall(), far = now + (uint64_t)(3650 * HL_DAY);
    PartsSettings settings = { .lines = "line.heartbeat=42s\n", .counter = now, .session = 9 };
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) envelope = NULL;

    parts_line_up(parts);
    g_assert_cmpint(offer(parts, (PartsSettings){ .counter = far }), ==, EP_INTAKE_IN_FORCE);
    envelope = parts_settings(parts, settings);
    /* the time of day that this machine has of itself decides nothing */
    g_assert_cmpint(ep_intake_offer(parts->intake, envelope, "channel", 9), ==, EP_INTAKE_REFUSED);
    ep_server_time_told(&parts->time, hl_clock_wall(), hl_clock_mono());
    g_assert_cmpint(ep_intake_offer(parts->intake, envelope, "channel", 10), ==, EP_INTAKE_REFUSED);
    g_assert_cmpint(ep_intake_offer(parts->intake, envelope, "channel", 9), ==, EP_INTAKE_IN_FORCE);
    g_assert_cmpint(heartbeat(parts), ==, 42 * HL_SECOND);
    settings.counter = now - 1; /* from here on a higher one is newer again */
    g_clear_pointer(&envelope, g_bytes_unref);
    envelope = parts_settings(parts, settings);
    g_assert_cmpint(ep_intake_offer(parts->intake, envelope, "channel", 9), ==, EP_INTAKE_REFUSED);
}

/* Each place that writes: not stored is not in force, and not reported; offered again it is all three. */
static void test_not_stored(void)
{
    EpIntakeOutcome outcome = EP_INTAKE_NOT_STORED;
    guint n;

    for (n = 1; outcome == EP_INTAKE_NOT_STORED; n++) {
        g_autoptr(EndpointParts) parts = parts_new();

        parts_line_up(parts);
        g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "line.heartbeat=42s\n", .counter = 5 }), ==,
                        EP_INTAKE_IN_FORCE);
        db_faults_at(DB_FAULTS_WRITES, n);
        outcome = offer(parts, (PartsSettings){ .lines = "line.heartbeat=43s\n", .counter = 6 });
        db_faults_at(DB_FAULTS_WRITES, 0);
        if (outcome == EP_INTAKE_NOT_STORED) {
            g_assert_cmpint(heartbeat(parts), ==, 42 * HL_SECOND);
            g_assert_cmpuint(ep_settings_origin(parts->settings)->counter, ==, 5);
            g_assert_cmpuint(parts->changes, ==, 1);
            g_assert_cmpuint(count_reports(parts), ==, 1);
            g_assert_nonnull(ep_trouble_view(parts->trouble).text);
            g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "line.heartbeat=43s\n", .counter = 6 }), ==,
                            EP_INTAKE_IN_FORCE);
        }
        g_assert_cmpint(heartbeat(parts), ==, 43 * HL_SECOND);
        g_assert_cmpuint(parts->changes, ==, 2);
        g_assert_cmpuint(count_reports(parts), ==, 2);
        g_assert_null(ep_trouble_view(parts->trouble).text);
        parts_restart(parts);
        g_assert_cmpint(heartbeat(parts), ==, 43 * HL_SECOND);
    }
    g_assert_cmpint(outcome, ==, EP_INTAKE_IN_FORCE);
    g_assert_cmpuint(n, >, 6);
}

/* The same for the path alone. */
static void test_path_not_stored(void)
{
    EpIntakeOutcome outcome = EP_INTAKE_NOT_STORED;

    for (guint n = 1; outcome == EP_INTAKE_NOT_STORED; n++) {
        g_autoptr(EndpointParts) parts = parts_new();

        parts_line_up(parts);
        g_assert_cmpint(offer(parts, (PartsSettings){ .counter = 5 }), ==, EP_INTAKE_IN_FORCE);
        db_faults_at(DB_FAULTS_WRITES, n);
        outcome = offer_by(parts, "bundle", (PartsSettings){ .counter = 5 });
        db_faults_at(DB_FAULTS_WRITES, 0);
        g_assert_cmpstr(ep_settings_origin(parts->settings)->path, ==,
                        outcome == EP_INTAKE_NOT_STORED ? "channel" : "bundle");
        g_assert_cmpuint(count_reports(parts), ==, outcome == EP_INTAKE_NOT_STORED ? 1 : 2);
    }
    g_assert_cmpint(outcome, ==, EP_INTAKE_UNCHANGED);
}

/* Settings that cannot be read are no reason to fall back to defaults, which may allow more. */
static void test_unreadable(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpSettingsOptions options = { .db = parts->db };
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(offer(parts, (PartsSettings){ .counter = 5 }), ==, EP_INTAKE_IN_FORCE);
    db_faults_at(DB_FAULTS_STATEMENTS, 1);
    g_assert_null(ep_settings_new(&options, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_FULL);
    g_clear_error(&error);
    g_assert_true(hl_db_exec(parts->db, "UPDATE settings SET text = 'line.heartbeat=never'", NULL));
    g_assert_null(ep_settings_new(&options, &error));
    g_assert_nonnull(strstr(error->message, "the stored settings"));
}

static void test_reset(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlTime fallback = heartbeat(parts);

    g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "line.heartbeat=42s\n", .counter = 5 }), ==,
                    EP_INTAKE_IN_FORCE);
    ep_settings_reset(parts->settings);
    g_assert_cmpint(heartbeat(parts), ==, fallback);
    g_assert_false(ep_settings_origin(parts->settings)->applied);
    g_assert_cmpuint(parts->changes, ==, 2);
}

/* What is in force changes under an update: its child goes on as it was started, the next one obeys. */
static void test_during_update(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlMsgCommand command = parts_command("c-1", HL_KIND_UPDATE_NOW);

    parts_line_up(parts);
    parts_offer(parts, &command);
    g_assert_nonnull(strstr(child_fake_option(child_fake_last(), "--source"), "server="));
    g_assert_cmpint(offer(parts, (PartsSettings){ .lines = "update.sources=https://mirror.example/\n", .counter = 5 }),
                    ==, EP_INTAKE_IN_FORCE);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 1);
    command = parts_command("c-2", HL_KIND_UPDATE_NOW);
    parts_offer(parts, &command);
    g_assert_cmpstr(child_fake_option(child_fake_last(), "--source"), ==, "source-1=https://mirror.example/");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint-settings/in-force", test_in_force);
    g_test_add_func("/endpoint-settings/unchanged", test_unchanged);
    g_test_add_func("/endpoint-settings/declined", test_declined);
    g_test_add_func("/endpoint-settings/refused", test_refused);
    g_test_add_func("/endpoint-settings/impossible-counter", test_impossible_counter);
    g_test_add_func("/endpoint-settings/not-stored", test_not_stored);
    g_test_add_func("/endpoint-settings/path-not-stored", test_path_not_stored);
    g_test_add_func("/endpoint-settings/unreadable", test_unreadable);
    g_test_add_func("/endpoint-settings/reset", test_reset);
    g_test_add_func("/endpoint-settings/during-update", test_during_update);
    return g_test_run();
}
