/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: a new one protects; one that exists keeps what it has through every upgrade of the registry. */
#include <string.h>

#include "lib/base/file.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"
#include "tests/support/manager_parts.h"

/* What 0.1.0 stored for a group that nobody had changed: every key that it knew. */
#define OLD_SETTINGS                                                                                    \
    "delivery.mode=channel\ndirect.port=0\nline.brokers=\nline.heartbeat=1m\nmode.independent=no\n"     \
    "privilege.scan=yes\nprivilege.skip-scan=no\nprivilege.stop=no\nprivilege.toggle-schedule=no\n"     \
    "privilege.update-now=no\nscan.method=conventional\nscan.paths=/home\nscan.schedule=off\n"          \
    "update.activeupdate-url=\nupdate.block-program=no\nupdate.on-start=no\nupdate.on-start-delay=5m\n" \
    "update.period=1h\nupdate.schedule=off\nupdate.settings-once-a-day=no\nupdate.sources=server\n"

static const HlSettings *settings_of(const Parts *parts, const char *group)
{
    return &mgr_fleet_group(&parts->fleet, group)->settings;
}

static void test_new_group(void)
{
    g_autoptr(Parts) parts = parts_new();
    const HlSettings *settings;

    parts_add_group(parts, "sales", NULL);
    settings = settings_of(parts, "sales");
    g_assert_cmpstr(settings->update_schedule, ==, "daily 00:00");
    g_assert_cmpint(settings->update_period, ==, HL_DAY); /* spread over the day */
    g_assert_true(settings->update_on_start);
    g_assert_cmpstr(settings->scan_schedule, ==, "weekly wed 12:00");
    g_assert_cmpint(settings->scan_period, ==, 4 * HL_HOUR);

    parts_add_group(parts, "lab", "update.schedule=off"); /* what is said counts */
    g_assert_cmpstr(settings_of(parts, "lab")->update_schedule, ==, "off");
    g_assert_true(settings_of(parts, "lab")->update_on_start);
    parts_check_registry(parts);
}

/* A registry of that version with one group, in a file. */
static void make_old(const char *path, int version)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = mgr_registry_make_model(version, &error);

    g_assert_no_error(error);
    g_assert_true(
        hl_db_run(db, NULL, &error, "INSERT INTO grp VALUES ('old', 5, 44, ?, 1001, 'root')", "t", OLD_SETTINGS));
    g_assert_true(hl_db_run(db, NULL, &error, "VACUUM INTO ?", "t", path));
}

static void check_upgraded(const char *path)
{
    MgrFleet fleet = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = mgr_registry_open(path, &error);
    g_autoptr(GBytes) digest = hl_settings_digest(OLD_SETTINGS);
    g_autofree char *effective = NULL;
    g_auto(GStrv) lines = g_strsplit(OLD_SETTINGS, "\n", -1);
    const MgrGroup *group;

    g_assert_no_error(error);
    g_assert_true(mgr_fleet_load(&fleet, db, &error));
    group = mgr_fleet_group(&fleet, "old");
    g_assert_cmpuint(group->record.version, ==, 5);
    g_assert_cmpstr(group->record.settings, ==, OLD_SETTINGS);
    g_assert_true(g_bytes_equal(group->digest, digest)); /* no endpoint is sent anything */
    effective = hl_settings_print(&group->settings);
    for (gsize i = 0; *lines[i] != '\0'; i++)
        if (strstr(effective, lines[i]) == NULL)
            g_error("'%s' no longer holds: %s", lines[i], effective);
    g_assert_cmpint(group->settings.scan_period, ==, 0); /* what it had never heard of changes nothing either */
    mgr_fleet_clear(&fleet);
}

static void test_upgrade(void)
{
    for (int version = 1; version <= mgr_registry_version(); version++) {
        g_autofree char *directory = g_dir_make_tmp("hl-groups-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(directory, "registry.db", NULL);

        make_old(path, version);
        check_upgraded(path);
        g_assert_true(hl_tree_remove(directory, NULL));
    }
}

/* A save of an old group changes what is saved, and writes the rest down as it was. */
static void test_save_of_old(void)
{
    g_autoptr(Parts) parts = parts_new(); /* its group is from before */

    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=5m", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    g_assert_cmpint(settings_of(parts, "office")->heartbeat, ==, 5 * HL_MINUTE);
    g_assert_cmpstr(settings_of(parts, "office")->update_schedule, ==, "off");
    g_assert_cmpstr(settings_of(parts, "office")->scan_schedule, ==, "off");
    g_assert_false(settings_of(parts, "office")->update_on_start);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/groups/new", test_new_group);
    g_test_add_func("/manager/groups/upgrade", test_upgrade);
    g_test_add_func("/manager/groups/save-of-old", test_save_of_old);
    return g_test_run();
}
