/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: a new one protects; one that exists keeps what it has through every upgrade of the registry. */
#include <string.h>

#include "lib/base/file.h"
#include "lib/store/stmt.h"
#include "manager/store/groups.h"
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

/* For a page that shows some settings of all groups: by one request, and none but those. */
static void test_list(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) plain = NULL;
    g_autoptr(json_t) some = NULL;
    g_autoptr(json_t) refused = NULL;
    const json_t *settings;

    parts_add_group(parts, "lab", "update.schedule=hourly");
    parts_call(parts, "group list", NULL);
    plain = parts_expect_reply(parts, "");
    g_assert_null(json_object_get(json_array_get(json_object_get(plain, "groups"), 0), "settings"));
    parts_call(parts, "group list", "settings", "update.schedule,scan.method", NULL);
    some = parts_expect_reply(parts, "");
    settings = json_object_get(json_array_get(json_object_get(some, "groups"), 0), "settings");
    g_assert_cmpuint(json_object_size(settings), ==, 2);
    g_assert_cmpstr(json_string_value(json_object_get(settings, "update.schedule")), ==, "hourly");
    parts_call(parts, "group list", "settings", "update.schedule,colour", NULL);
    refused = parts_expect_reply(parts, "invalid");
}

/* A registry of that version with one group, in a file. */
static void make_old(const char *path, int version)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = mgr_registry_make_model(version, &error);

    g_assert_no_error(error);
    g_assert_true(hl_db_run(db, NULL, &error,
                            version < 16 ? "INSERT INTO grp VALUES ('old', 5, 44, ?, 1001, 'root')"
                            : version < 25
                                ? "INSERT INTO grp VALUES ('old', 5, 44, ?, 1001, 'root', '')"     /* display name */
                                : "INSERT INTO grp VALUES ('old', 5, 44, ?, 1001, 'root', '', 0)", /* tried */
                            "t", OLD_SETTINGS));
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

/* --------------------------------------------------------------------------------------------------------- versions */

static json_t *answer(Parts *parts, const char *code)
{
    parts_commit(parts);
    return parts_expect_reply(parts, code);
}

static json_int_t version_now(const Parts *parts)
{
    return (json_int_t)mgr_fleet_group(&parts->fleet, "office")->record.version;
}

static json_int_t int_of(const json_t *document, const char *member)
{
    return json_integer_value(json_object_get(document, member));
}

/* By its tag a caller has seen one save, also where a restore has taken the versions back. */
static void test_tags(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *seen = NULL;
    g_autofree char *lost = NULL;
    json_t *reply;

    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=5m", NULL);
    reply = answer(parts, "");
    seen = g_strdup(json_string_value(json_object_get(reply, "tag")));
    lost = g_strdup_printf("%" JSON_INTEGER_FORMAT "-1", int_of(reply, "version"));
    json_decref(reply);
    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=6m", "version", lost, NULL);
    json_decref(answer(parts, "conflict"));
    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=6m", "version", seen, NULL);
    json_decref(answer(parts, ""));
    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=7m", "version", seen, NULL);
    json_decref(answer(parts, "conflict"));
}

static void test_no_change(void)
{
    g_autoptr(Parts) parts = parts_new();
    json_int_t before = version_now(parts);
    json_t *reply;

    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=5m", NULL);
    reply = answer(parts, "");
    g_assert_cmpint(int_of(reply, "version"), ==, before + 1);
    g_assert_null(json_object_get(reply, "unchanged"));
    json_decref(reply);
    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=300s", NULL);
    reply = answer(parts, "");
    g_assert_cmpint(int_of(reply, "version"), ==, before + 1);
    g_assert_true(json_is_true(json_object_get(reply, "unchanged")));
    json_decref(reply);
    parts_check_registry(parts);
}

static void test_unset(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_call(parts, "group set", "name", "office", "setting", "update.schedule=off", "setting", "line.heartbeat=5m",
               NULL);
    json_decref(answer(parts, ""));
    parts_call(parts, "group unset", "name", "office", "setting", "update.schedule", NULL);
    json_decref(answer(parts, ""));
    g_assert_cmpstr(settings_of(parts, "office")->update_schedule, ==, "daily 00:00"); /* as in a new group */
    g_assert_cmpint(settings_of(parts, "office")->heartbeat, ==, 5 * HL_MINUTE);
    parts_call(parts, "group unset", "name", "office", "setting", "no.such-key", NULL);
    json_decref(answer(parts, "invalid"));
}

static void test_history(void)
{
    g_autoptr(Parts) parts = parts_new();
    const json_t *row;
    json_t *reply;

    parts_add_group(parts, "lab", NULL);
    parts_call(parts, "group set", "name", "lab", "setting", "line.heartbeat=5m", NULL);
    json_decref(answer(parts, ""));
    parts_call(parts, "group restore", "name", "lab", "to", "1", NULL);
    reply = answer(parts, "");
    g_assert_cmpint(int_of(reply, "version"), ==, 3);
    json_decref(reply);
    parts_call(parts, "group history", "name", "lab", NULL);
    reply = answer(parts, "");
    g_assert_cmpuint(json_array_size(json_object_get(reply, "versions")), ==, 3);
    row = json_array_get(json_object_get(reply, "versions"), 0); /* the newest */
    g_assert_cmpint(int_of(row, "version"), ==, 3);
    g_assert_cmpint(int_of(row, "restored"), ==, 1);
    g_assert_cmpstr(json_string_value(json_array_get(json_object_get(row, "keys"), 0)), ==, "line.heartbeat");
    row = json_array_get(json_object_get(reply, "versions"), 2);
    g_assert_true(json_is_null(json_object_get(row, "keys")));
    json_decref(reply);
    parts_call(parts, "group version", "name", "lab", "version", "2", NULL);
    reply = answer(parts, "");
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(reply, "settings"), "line.heartbeat")), ==, "5m");
    json_decref(reply);
    parts_check_registry(parts);
}

static void test_restore_refused(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_add_group(parts, "lab", NULL);
    parts_call(parts, "group restore", "name", "lab", "to", "7", NULL);
    json_decref(answer(parts, "not-found"));
    parts_call(parts, "group restore", "name", "lab", "to", "x", NULL);
    json_decref(answer(parts, "invalid"));
    parts_call(parts, "group restore", "name", "lab", "to", "1", "version", "9", NULL);
    json_decref(answer(parts, "conflict"));
    g_assert_cmpuint(mgr_fleet_group(&parts->fleet, "lab")->record.version, ==, 1);
}

/* What is kept is bounded, and goes with its group. */
static void test_history_ends(void)
{
    g_autoptr(Parts) parts = parts_new();
    json_t *reply;

    parts_add_group(parts, "lab", NULL);
    for (int i = 0; i < MGR_GROUP_VERSIONS + 2; i++) {
        g_autofree char *setting = g_strdup_printf("line.heartbeat=%ds", 60 + i);

        parts_call(parts, "group set", "name", "lab", "setting", setting, NULL);
        json_decref(answer(parts, ""));
    }
    parts_call(parts, "group history", "name", "lab", NULL);
    reply = answer(parts, "");
    g_assert_cmpuint(json_array_size(json_object_get(reply, "versions")), ==, MGR_GROUP_VERSIONS);
    json_decref(reply);
    parts_call(parts, "group delete", "name", "lab", NULL);
    json_decref(answer(parts, ""));
    parts_add_group(parts, "lab", NULL); /* another one of that name */
    parts_call(parts, "group history", "name", "lab", NULL);
    reply = answer(parts, "");
    g_assert_cmpuint(json_array_size(json_object_get(reply, "versions")), ==, 1);
    json_decref(reply);
}

/* ---------------------------------------------------------------------------------------------------- display names */

static void test_display_name(void)
{
    g_autoptr(Parts) parts = parts_new();
    json_int_t before = version_now(parts);
    json_t *reply;

    parts_add_endpoint(parts, "e-one");
    parts_call(parts, "group rename", "name", "office", "display_name", "総務部", NULL);
    reply = answer(parts, "");
    g_assert_cmpstr(json_string_value(json_object_get(reply, "display_name")), ==, "総務部");
    json_decref(reply);
    g_assert_cmpint(version_now(parts), ==, before); /* endpoints are told nothing */
    parts_call(parts, "endpoint show", "endpoint", "e-one", NULL);
    reply = answer(parts, "");
    g_assert_cmpstr(json_string_value(json_object_get(reply, "group_display")), ==, "総務部");
    g_assert_cmpstr(json_string_value(json_object_get(reply, "group")), ==, "office");
    json_decref(reply);
    parts_call(parts, "group show", "name", "総務部", NULL); /* wherever somebody types a group */
    json_decref(answer(parts, ""));
    parts_call(parts, "verify", "selector", "@総務部", NULL);
    json_decref(answer(parts, ""));
    parts_call(parts, "verify", "selector", "group=総務部", NULL);
    json_decref(answer(parts, ""));
    parts_call(parts, "verify", "selector", "group!=総務部", NULL);
    json_decref(answer(parts, "not-found"));
    parts_check_registry(parts);
    parts_call(parts, "group set", "name", "office", "display_name", "", "setting", "line.heartbeat=5m", NULL);
    json_decref(answer(parts, ""));
    g_assert_cmpstr(mgr_group_shown(mgr_fleet_group(&parts->fleet, "office")), ==, "office");
    g_assert_cmpint(version_now(parts), ==, before + 1);
    parts_check_registry(parts);
}

static void test_display_names_differ(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_add_group(parts, "lab", NULL);
    parts_call(parts, "group rename", "name", "office", "display_name", "ＬＡＢ", NULL); /* wide letters read alike */
    json_decref(answer(parts, "exists"));
    parts_call(parts, "group rename", "name", "office", "display_name", "営業部", NULL);
    json_decref(answer(parts, ""));
    parts_call(parts, "group rename", "name", "lab", "display_name", "営業部", NULL);
    json_decref(answer(parts, "exists"));
    parts_call(parts, "group rename", "name", "office", "display_name", "営業部", NULL); /* its own */
    json_decref(answer(parts, ""));
    parts_call(parts, "group rename", "name", "office", "display_name", "x\u202ey", NULL);
    json_decref(answer(parts, "invalid"));
}

static void expect_rename_by(Parts *parts, const char *who, const char *group, const char *name, const char *code)
{
    const char *const arguments[] = { "name", group, "display_name", name, NULL };
    g_autofree char *end = NULL;

    parts_request(parts,
                  &(PartsRequest){ .admin = who, .name = "group rename", .arguments = arguments, .correlation = name });
    parts_let_finish(parts);
    end = parts_end_of(parts, name);
    g_assert_cmpstr(end, ==, code);
}

/* Nor do those whom an account does not see: "group=lab" would take the members of both.  It is not told which. */
static void test_display_names_differ_from_hidden(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_add_group(parts, "lab", NULL);
    parts_add_group(parts, "shop", NULL);
    expect_rename_by(parts, "admin", "shop", "総務部", "");
    parts_call(parts, "admin create", "name", "lim", "csr", PARTS_CSR, "role", "administrator", "groups", "office",
               NULL);
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
    expect_rename_by(parts, "lim", "office", "lab", "exists");
    expect_rename_by(parts, "lim", "office", "総務部", "exists");
    g_assert_cmpstr(mgr_group_shown(mgr_fleet_group(&parts->fleet, "office")), ==, "office");
    expect_rename_by(parts, "lim", "office", "営業部", "");
}

/* A save that was written before another name came does not take that back. */
static void test_rename_meanwhile(void)
{
    g_autoptr(Parts) parts = parts_new();

    parts_call(parts, "group set", "name", "office", "setting", "line.heartbeat=5m", NULL);
    parts_call(parts, "group rename", "name", "office", "display_name", "総務部", NULL);
    parts_commit(parts);
    g_assert_cmpstr(mgr_fleet_group(&parts->fleet, "office")->record.display_name, ==, "総務部");
    g_assert_cmpint(settings_of(parts, "office")->heartbeat, ==, 5 * HL_MINUTE);
    parts_check_registry(parts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/groups/display-names-differ-from-hidden", test_display_names_differ_from_hidden);
    g_test_add_func("/manager/groups/new", test_new_group);
    g_test_add_func("/manager/groups/list", test_list);
    g_test_add_func("/manager/groups/upgrade", test_upgrade);
    g_test_add_func("/manager/groups/save-of-old", test_save_of_old);
    g_test_add_func("/manager/groups/no-change", test_no_change);
    g_test_add_func("/manager/groups/tags", test_tags);
    g_test_add_func("/manager/groups/unset", test_unset);
    g_test_add_func("/manager/groups/history", test_history);
    g_test_add_func("/manager/groups/restore-refused", test_restore_refused);
    g_test_add_func("/manager/groups/history-ends", test_history_ends);
    g_test_add_func("/manager/groups/display-name", test_display_name);
    g_test_add_func("/manager/groups/display-names-differ", test_display_names_differ);
    g_test_add_func("/manager/groups/rename-meanwhile", test_rename_meanwhile);
    return g_test_run();
}
