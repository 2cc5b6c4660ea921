/* SPDX-License-Identifier: Apache-2.0 */
/* proto/settings and proto/schedule: the table itself, its text form, entries and digest, every check. */
#include <string.h>

#include "lib/base/said.h"
#include "lib/pki/digest.h"
#include "proto/schedule.h"
#include "proto/settings.h"

static void init(HlSettings *settings)
{
    memset(settings, 0, sizeof *settings);
    hl_settings_init(settings);
}

/* The digest is over entries sorted by strcmp; print goes through the table in its order, so the two must be one. */
static void test_sorted(void)
{
    HlOptionTable table = hl_settings_table();

    for (size_t i = 1; i < table.count; i++)
        g_assert_cmpint(strcmp(table.rows[i - 1].name, table.rows[i].name), <, 0);
}

static const struct {
    const char *key, *value;
} changes[] = {
    { "privilege.update-now", "yes" },
    { "update.schedule", "weekly mon 12:30" },
    { "update.sources", "10.20.0.0/16=https://branch.example/repo/,activeupdate,https://mirror.example/x?a=b,server" },
    { "update.activeupdate-url", "https://updates.example/path=1" },
    { "scan.method", "smart" },
    { "scan.on-write", "on" },
    { "scan.paths", "/home,/srv/data files" },
    { "line.brokers", "a.example:8883,b.example:443" },
    { "line.heartbeat", "10m" },
    { "delivery.mode", "documented" },
    { "direct.port", "4711" },
};

static void change_all(HlSettings *settings)
{
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(GError) error = NULL;

        if (hl_option_find(hl_settings_table(), changes[i].key) == NULL)
            continue; /* asserted by test_round_trip's count */
        if (!hl_options_set(hl_settings_table(), settings, changes[i].key, changes[i].value, &error))
            g_error("%s", error->message);
    }
}

static void test_round_trip(void)
{
    g_auto(HlSettings) defaults = { 0 };
    g_auto(HlSettings) settings = { 0 };
    g_auto(HlSettings) parsed = { 0 };
    g_auto(HlSettings) copy = { 0 };
    g_autofree char *plain = NULL;
    g_autofree char *text = NULL;
    g_autofree char *again = NULL;
    g_autofree char *copied = NULL;
    g_autoptr(GError) error = NULL;

    init(&defaults);
    init(&settings);
    init(&parsed);
    change_all(&settings);
    plain = hl_settings_print(&defaults);
    text = hl_settings_print(&settings);
    g_assert_cmpstr(plain, !=, text);
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *line = g_strdup_printf("%s=%s\n", changes[i].key, changes[i].value);

        if (strstr(text, line) == NULL)
            g_error("'%s=%s' is not in the text form", changes[i].key, changes[i].value);
    }
    if (!hl_settings_parse(&parsed, text, &error))
        g_error("%s", error->message);
    again = hl_settings_print(&parsed);
    g_assert_cmpstr(again, ==, text);
    hl_settings_copy(&copy, &settings);
    copied = hl_settings_print(&copy);
    g_assert_cmpstr(copied, ==, text);
}

/* Every other key of a new group is what a document that lacks it means. */
static void test_new_group(void)
{
    static const char *const protecting[] = { "scan.period", "scan.schedule", "update.on-start", "update.period",
                                              "update.schedule" };
    g_auto(HlSettings) settings = { 0 };
    g_auto(HlSettings) fallbacks = { 0 };
    gsize n = 0;

    hl_settings_init_group(&settings);
    hl_settings_init(&fallbacks);
    for (size_t i = 0; i < hl_settings_table().count; i++) {
        const HlOption *row = &hl_settings_table().rows[i];
        g_autofree char *value = hl_option_get(row, &settings);
        g_autofree char *fallback = hl_option_get(row, &fallbacks);
        bool differs = n < G_N_ELEMENTS(protecting) && strcmp(row->name, protecting[n]) == 0;

        g_assert_cmpstr(hl_settings_of_new_group(row), ==, differs ? value : row->fallback);
        g_assert_cmpint(strcmp(value, fallback) != 0, ==, differs);
        n += differs;
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(protecting));
}

static void test_entries(void)
{
    g_auto(HlSettings) settings = { 0 };
    g_autofree char *text = NULL;
    g_autofree char *back = NULL;
    HlMsgSetting **entries;
    HlMsgSetting *first;
    size_t n;

    init(&settings);
    change_all(&settings);
    text = hl_settings_print(&settings);
    entries = hl_settings_entries(text, &n);
    g_assert_cmpuint(n, ==, hl_settings_table().count);
    first = entries[0]; /* order on the wire does not matter */
    entries[0] = entries[n - 1];
    entries[n - 1] = first;
    back = hl_settings_text_of_entries(entries, n);
    g_assert_cmpstr(back, ==, text);
    hl_settings_entries_free(entries, n);
    g_free(back);
    back = hl_settings_text_of_entries(NULL, 0);
    g_assert_cmpstr(back, ==, "");
}

static void test_digest(void)
{
    static const char text[] = "a.key=1\nb.key=2\n";
    g_autoptr(GBytes) digest = hl_settings_digest(text);
    g_autoptr(GBytes) other = hl_settings_digest("a.key=1\nb.key=3\n");
    HlDigest expected = hl_sha256(text, strlen(text));

    g_assert_cmpmem(g_bytes_get_data(digest, NULL), g_bytes_get_size(digest), expected.bytes, sizeof expected.bytes);
    g_assert_false(g_bytes_equal(digest, other));
}

/* A newer manager's key is part of what was sent, so of the digest, and no error. */
static void test_unknown_key(void)
{
    g_auto(HlSettings) settings = { 0 };
    HlMsgSetting known = HOLDLINE__V1__SETTING__INIT;
    HlMsgSetting unknown = HOLDLINE__V1__SETTING__INIT;
    HlMsgSetting *entries[] = { &known, &unknown };
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    known.key = (char *)"privilege.scan";
    known.value = (char *)"no";
    unknown.key = (char *)"future.thing";
    unknown.value = (char *)"x=y";
    text = hl_settings_text_of_entries(entries, 2);
    g_assert_cmpstr(text, ==, "future.thing=x=y\nprivilege.scan=no\n");
    init(&settings);
    g_assert_true(settings.allow_scan);
    if (!hl_settings_parse(&settings, text, &error))
        g_error("%s", error->message);
    g_assert_false(settings.allow_scan);
}

static void test_refused(void)
{
    static const char *const bad[][2] = {
        { "privilege.update-now", "maybe" },
        { "privilege.update-now", "" },
        { "update.schedule", "sometimes" },
        { "scan.schedule", "daily 25:00" },
        { "update.sources", "" },
        { "update.sources", "ftp://x" },
        { "update.sources", "server,other" },
        { "update.sources", "10.0.0.1/8=server" },
        { "update.sources", "office=server" },
        { "update.sources", "10.0.0.0/8=other" },
        { "update.sources", "server,server,server,server,server,server,server,server,server" },
        { "line.brokers", "one.example:8883" },
        { "line.brokers", "a:1,b" },
        { "line.brokers", "a:1,b:0" },
        { "line.brokers", "a:1,b:65536" },
        { "line.brokers", "a:1,:2" },
        { "line.heartbeat", "60" },
        { "line.heartbeat", "1ms" },
        { "line.heartbeat", "2d" },
        { "direct.port", "65536" },
        { "direct.port", "-1" },
        { "scan.method", "fast" },
        { "delivery.mode", "pigeon" },
        { "update.period", "2d" },
        /* a line break would be a second line of the text form: another setting */
        { "update.activeupdate-url", "x\nprivilege.stop=yes" },
        { "scan.paths", "/home\nprivilege.stop=yes" },
        { "update.sources", "https://x\nprivilege.stop=yes" },
        { "update.activeupdate-url", "\x1b[2J" },
        { "update.activeupdate-url", "\xff" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(HlSettings) settings = { 0 };
        g_autofree char *before = NULL;
        g_autofree char *after = NULL;
        g_autoptr(GError) error = NULL;

        init(&settings);
        before = hl_settings_print(&settings);
        if (hl_options_set(hl_settings_table(), &settings, bad[i][0], bad[i][1], &error))
            g_error("%s took '%s'", bad[i][0], bad[i][1]);
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        if (!g_str_has_prefix(error->message, bad[i][0]))
            g_error("the message does not name %s: %s", bad[i][0], error->message);
        after = hl_settings_print(&settings);
        g_assert_cmpstr(after, ==, before);
    }
}

static void test_refused_text(void)
{
    static const char *const bad[] = { "no equals sign", "privilege.scan=perhaps\n", "update.schedule=\n" };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(HlSettings) settings = { 0 };
        g_autoptr(GError) error = NULL;

        init(&settings);
        g_assert_false(hl_settings_parse(&settings, bad[i], &error));
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
}

static void set_sources(HlSettings *settings, const char *sources, const char *url)
{
    g_autoptr(GError) error = NULL;

    hl_settings_init(settings);
    if (!hl_options_set(hl_settings_table(), settings, "update.sources", sources, &error))
        g_error("%s", error->message);
    if (!hl_options_set(hl_settings_table(), settings, "update.activeupdate-url", url, &error))
        g_error("%s", error->message);
}

/* What would stop every update of a group, or tell a password, is refused where it is set. */
static void test_change(void)
{
    static const struct {
        const char *sources, *url, *says; /* says NULL: taken */
    } rows[] = {
        { "server", "", NULL },
        { "server,https://mirror.example/x/,http://10.0.0.1:8080", "", NULL },
        { "https://[::1]:8443/repo/", "", NULL },
        { "https://a.example/user@host/", "", NULL },
        { "activeupdate,server", "https://updates.example/", NULL },
        { "server", "https://updates.example/", NULL },
        { "server,server", "", "appears twice" },
        { "activeupdate,server,activeupdate", "https://u.example", "appears twice" },
        { "https://a.example/,server,https://a.example", "", "appears twice" },
        { "http://", "", "form" },
        { "http:///path", "", "form" },
        { "http://x y", "", "form" },
        { "http://x/a b", "", "form" },
        { "http://1.2.3.4:99999/", "", "form" },
        { "http://1.2.3.4:0/", "", "form" },
        { "http://a:b:c/", "", "form" },
        { "https://a.example/?x=1", "", "'?'" },
        { "https://a.example/#x", "", "'?'" },
        { "https://me:secret@a.example/", "", "user name or password" },
        { "https://secret@a.example:99999/", "", "user name or password" },
        { "server", "https://me:secret@a.example/", "update.activeupdate-url: a URL must not contain a user name" },
        { "server", "https://", "update.activeupdate-url: 'https://'" },
        { "server", "https://a.example?x", "update.activeupdate-url" },
        { "server,activeupdate", "", "update.activeupdate-url is empty" },
        { "10.0.0.0/8=server,server", "", NULL },
        { "https://h.example/x=activeupdate", "", NULL },
        { "fd00::/8=https://a.example/,10.0.0.0/8=https://a.example/", "", NULL },
        { "10.0.0.0/8=server,10.0.0.0/8=server", "", "appears twice" },
        { "10.0.0.0/8=activeupdate,server", "", "update.activeupdate-url is empty" },
        { "10.0.0.0/8=https://me:secret@a.example/", "", "user name or password" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(HlSettings) was = { 0 };
        g_auto(HlSettings) now = { 0 };
        g_autoptr(GError) error = NULL;

        hl_settings_init(&was);
        set_sources(&now, rows[i].sources, rows[i].url);
        if (hl_settings_check_change(&was, &now, &error) != (rows[i].says == NULL))
            g_error("'%s' with '%s': %s", rows[i].sources, rows[i].url, error != NULL ? error->message : "taken");
        if (rows[i].says == NULL)
            continue;
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        if (strstr(error->message, rows[i].says) == NULL || strstr(error->message, "secret") != NULL)
            g_error("'%s' with '%s': %s", rows[i].sources, rows[i].url, error->message);
        g_assert_true(hl_settings_check_change(&now, &now, NULL)); /* it stood before this version: no obstacle */
    }
}

static void test_change_of_url(void)
{
    g_auto(HlSettings) was = { 0 };
    g_auto(HlSettings) now = { 0 };

    set_sources(&was, "server,activeupdate", "https://updates.example/");
    set_sources(&now, "server,activeupdate", "");
    g_assert_false(hl_settings_check_change(&was, &now, NULL));
    hl_settings_clear(&now);
    set_sources(&now, "server", "");
    g_assert_true(hl_settings_check_change(&was, &now, NULL));
}

static void test_schedule(void)
{
    static const struct {
        const char *text;
        HlSchedule schedule;
    } good[] = {
        { "off", { HL_SCHEDULE_OFF, 0, 0, 0 } },
        { "hourly", { HL_SCHEDULE_EVERY, HL_HOUR, 0, 0 } },
        { "every 1m", { HL_SCHEDULE_EVERY, HL_MINUTE, 0, 0 } },
        { "every 1d", { HL_SCHEDULE_EVERY, HL_DAY, 0, 0 } },
        { "daily 00:00", { HL_SCHEDULE_DAILY, 0, 0, 0 } },
        { "daily 23:59", { HL_SCHEDULE_DAILY, 0, 0, 1439 } },
        { "weekly sun 12:30", { HL_SCHEDULE_WEEKLY, 0, 0, 750 } },
        { "weekly sat 01:05", { HL_SCHEDULE_WEEKLY, 0, 6, 65 } },
    };
    static const char *const bad[] = {
        "",
        "Off",
        "every",
        "every 59s",
        "every 25h",
        "every 30",
        "daily",
        "daily 1:00",
        "daily 24:00",
        "daily 12:60",
        "daily 12.30",
        "weekly 12:30",
        "weekly xyz 12:30",
        "weekly mon",
        "daily +1:00",
        "off off",
        " off",
        "daily 12:300",
        "weekly mon 12:30 x",
        "every -1h",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        HlSchedule schedule;
        g_autoptr(GError) error = NULL;

        if (!hl_schedule_parse(good[i].text, &schedule, &error))
            g_error("%s", error->message);
        g_assert_cmpint(schedule.kind, ==, good[i].schedule.kind);
        g_assert_cmpint(schedule.every, ==, good[i].schedule.every);
        g_assert_cmpint(schedule.weekday, ==, good[i].schedule.weekday);
        g_assert_cmpint(schedule.minute, ==, good[i].schedule.minute);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        HlSchedule schedule;
        g_autoptr(GError) error = NULL;

        if (hl_schedule_parse(bad[i], &schedule, &error))
            g_error("'%s' was taken for a schedule", bad[i]);
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
    }
}

/* What an update leaves as it is: by scan method, settings, and what it is about. */
static void test_kept(void)
{
    static const struct {
        const char *lines, *only, *kept;
    } cases[] = {
        { "", NULL, "" },
        { "update.by-rollout=virus\n", NULL, "virus" },
        { "update.by-rollout=agent,rules\n", NULL, "rules" },
        { "scan.method=smart\nupdate.by-rollout=agent\n", NULL, "agent" },
        { "update.by-rollout=virus\n", "virus", "rules" },
        { "", "rules", "virus" },
        { "scan.method=smart\n", "rules", "agent" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(HlSettings) settings = { 0 };
        g_autofree char *kept = NULL;

        hl_settings_init(&settings);
        g_assert_true(hl_settings_parse(&settings, cases[i].lines, NULL));
        kept = hl_settings_kept_components(&settings, cases[i].only);
        g_assert_cmpstr(kept, ==, cases[i].kept);
        g_assert_cmpint(hl_settings_has_component(&settings, "virus"), ==, strstr(cases[i].lines, "smart") == NULL);
    }
}

/* A scan would look at nothing; what was saved before stays as it is. */
static void test_relative_paths(void)
{
    g_auto(HlSettings) was = { 0 };
    g_auto(HlSettings) now = { 0 };
    g_autoptr(GError) error = NULL;

    hl_settings_init(&was);
    hl_settings_init(&now);
    g_assert_true(hl_options_set(hl_settings_table(), &now, "scan.paths", "/home,srv/data", NULL));
    g_assert_false(hl_settings_check_change(&was, &now, &error));
    g_assert_cmpstr(error->message, ==, "scan.paths: 'srv/data' is not an absolute path: begin it with '/'");
    g_assert_cmpstr(hl_error_argument(error, "prefix"), ==, "scan.paths"); /* the form marks the field by it */
    g_assert_true(hl_settings_check_change(&now, &now, NULL));
    g_assert_true(hl_settings_check_change(&now, &was, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/sorted", test_sorted);
    g_test_add_func("/settings/round-trip", test_round_trip);
    g_test_add_func("/settings/new-group", test_new_group);
    g_test_add_func("/settings/entries", test_entries);
    g_test_add_func("/settings/digest", test_digest);
    g_test_add_func("/settings/unknown-key", test_unknown_key);
    g_test_add_func("/settings/refused", test_refused);
    g_test_add_func("/settings/refused-text", test_refused_text);
    g_test_add_func("/settings/change", test_change);
    g_test_add_func("/settings/change-of-url", test_change_of_url);
    g_test_add_func("/settings/kept", test_kept);
    g_test_add_func("/settings/schedule", test_schedule);
    g_test_add_func("/settings/relative-paths", test_relative_paths);
    return g_test_run();
}
