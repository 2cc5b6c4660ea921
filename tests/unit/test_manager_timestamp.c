/* SPDX-License-Identifier: Apache-2.0 */
/* The repository's timestamp: renewed in time where the key is here, and warned of from half of its life on; and of
 * patterns, their age. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "manager/site/site.h"
#include "tests/support/child_fake.h"
#include "tests/support/manager_parts.h"

#define LIFE (72 * HL_HOUR)

static void test_age(void)
{
    static const struct {
        HlTime signed_at, expires, now;
        MgrSignatureAge age;
        bool due;
    } rows[] = {
        { 0, 0, 1000, MGR_SIGNATURE_NONE, false },
        { 1000, 5000, 1000, MGR_SIGNATURE_GOOD, false },
        { 1000, 5000, 1999, MGR_SIGNATURE_GOOD, false },
        { 1000, 5000, 2000, MGR_SIGNATURE_GOOD, true },
        { 1000, 5000, 2999, MGR_SIGNATURE_GOOD, true },
        { 1000, 5000, 3000, MGR_SIGNATURE_AGEING, true },
        { 1000, 5000, 4999, MGR_SIGNATURE_AGEING, true },
        { 1000, 5000, 5000, MGR_SIGNATURE_EXPIRED, true },
        { 6000, 5000, 4000, MGR_SIGNATURE_GOOD, false }, /* a file newer than its end: all that counts is the end */
        { 6000, 5000, 5000, MGR_SIGNATURE_EXPIRED, true },
        { 1000, 5000, 10, MGR_SIGNATURE_GOOD, false }, /* a clock that was set back */
        { HL_HOUR, HL_HOUR + LIFE, 0, MGR_SIGNATURE_GOOD, false },
        { HL_HOUR + 1, HL_HOUR + 1 + LIFE, 0, MGR_SIGNATURE_AHEAD, true },
        { 3650 * HL_DAY, 3650 * HL_DAY + LIFE, 5, MGR_SIGNATURE_AHEAD, true },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpint(mgr_signature_age(rows[i].signed_at, rows[i].expires, rows[i].now), ==, rows[i].age);
        g_assert_true(mgr_signature_is_due(rows[i].signed_at, rows[i].expires, rows[i].now) == rows[i].due);
    }
}

/* The repository, its timestamp signed now; read by the patterns. */
static void sign(Parts *parts)
{
    g_autofree char *path = mgr_site_path(parts->dir, "repo/metadata/timestamp.json");
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *expires = hl_time_format(hl_clock_wall() + LIFE);
    g_autofree char *later = hl_time_format(hl_clock_wall() + 2 * LIFE);
    g_autofree char *versions =
        g_strdup_printf("{\"components\":{},\"expires\":\"%s\",\"ends\":{\"snapshot\":\"%s\"}}", expires, later);
    const struct timespec now = { .tv_sec = hl_clock_wall() / HL_SECOND };
    const struct timespec times[] = { now, now };

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_true(hl_file_write_text(path, "{}", 0644, NULL));
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
    mgr_patterns_tick(parts->patterns);
    g_assert_nonnull(child_fake_last());
    child_fake_exit(child_fake_last(), 0, versions, NULL);
    mgr_timestamp_tick(parts->timestamp);
}

static void put_key(const Parts *parts, const char *pem)
{
    g_autofree char *path = mgr_site_path(parts->dir, "repo/private/keys/timestamp-1.pem");
    g_autofree char *directory = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_true(hl_file_write_text(path, pem, 0600, NULL));
}

static void pass(Parts *parts, HlTime time)
{
    clock_fake_advance(time);
    mgr_timestamp_tick(parts->timestamp);
}

/* "from>to remedy" of the next event about the repository; "" if there is none. */
static char *next_event(Parts *parts)
{
    g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, "holdline/v1/status/event");
    gsize size;
    const char *text;
    g_autoptr(json_t) event = NULL;

    if (message == NULL)
        return g_strdup("");
    text = g_bytes_get_data(message->payload, &size);
    event = hl_json_parse("event", text, size, NULL);
    g_assert_cmpstr(json_string_value(json_object_get(event, "what")), ==, "repository");
    return g_strdup_printf("%s>%s %s", json_string_value(json_object_get(event, "from")),
                           json_string_value(json_object_get(event, "to")),
                           json_string_value(json_object_get(event, "reason")));
}

static void expect_event(Parts *parts, const char *wanted, const char *remedy)
{
    g_autofree char *event = next_event(parts);

    g_assert_true(g_str_has_prefix(event, wanted));
    g_assert_nonnull(strstr(event, remedy));
    g_assert_true(*wanted != '\0' || *event == '\0');
}

static void expect_state(const Parts *parts, const char *state, bool remedy)
{
    g_autoptr(json_t) summary = mgr_status_summary(parts->status, NULL);
    const json_t *repository = json_object_get(summary, "repository");

    g_assert_cmpstr(json_string_value(json_object_get(repository, "state")), ==, state);
    g_assert_true((*json_string_value(json_object_get(repository, "remedy")) != '\0') == remedy);
    g_assert_true(json_is_string(json_object_get(repository, "expires")));
}

static void test_renewed(void)
{
    g_autoptr(Parts) parts = parts_new();
    const char *const *argv;

    put_key(parts, "-----BEGIN PRIVATE KEY-----\n");
    sign(parts);
    expect_state(parts, "good", false);
    pass(parts, LIFE / 4 - HL_MINUTE);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    pass(parts, HL_MINUTE);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    argv = child_fake_argv(child_fake_last());
    g_assert_cmpstr(argv[1], ==, "repo");
    g_assert_cmpstr(argv[2], ==, "resign");
    g_assert_true(g_str_has_suffix(argv[3], "/repo"));
    pass(parts, HL_SECOND); /* one is enough */
    g_assert_cmpuint(child_fake_running(), ==, 1);
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    sign(parts);
    pass(parts, HL_MINUTE);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    expect_event(parts, "", "");
    /* the server was off for days: what it mends at once is no news */
    clock_fake_advance(LIFE);
    mgr_timestamp_tick(parts->timestamp);
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    mgr_timestamp_tick(parts->timestamp);
    sign(parts);
    expect_event(parts, "", "");
    child_fake_reset();
}

/* What the summary says of the snapshot; "" where it says nothing.  Caller frees. */
static char *snapshot_state(Parts *parts)
{
    g_autoptr(json_t) summary = NULL;
    const json_t *row;
    size_t i;

    mgr_ends_tick(parts->ends);
    summary = mgr_status_summary(parts->status, NULL);
    json_array_foreach(json_object_get(summary, "ends"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "kind")), "snapshot") == 0)
            return g_strdup(json_string_value(json_object_get(row, "state")));
    }
    return g_strdup("");
}

/* Events that are about the snapshot, since they were counted last. */
static guint snapshot_events(Parts *parts)
{
    for (guint n = 0;;) {
        g_autoptr(HlBusMessage) message = bus_fake_take(parts->bus, "holdline/v1/status/event");
        gsize size;
        const char *text;

        if (message == NULL)
            return n;
        text = g_bytes_get_data(message->payload, &size);
        n += g_strstr_len(text, (gssize)size, "snapshot") != NULL;
    }
}

static void expect_snapshot(Parts *parts, const char *state, guint events)
{
    g_autofree char *seen = snapshot_state(parts);

    g_assert_cmpstr(seen, ==, state);
    g_assert_cmpuint(snapshot_events(parts), ==, events);
}

/* What is renewed with it is no news either, until that fails. */
static void test_all_renewed(void)
{
    g_autoptr(Parts) parts = parts_new();

    put_key(parts, "-----BEGIN PRIVATE KEY-----\n");
    sign(parts);
    expect_snapshot(parts, "", 0);
    pass(parts, 3 * LIFE); /* the server was off */
    g_assert_cmpuint(child_fake_running(), ==, 1);
    expect_snapshot(parts, "", 0);
    child_fake_exit(child_fake_last(), 0, NULL, NULL);
    sign(parts);
    expect_snapshot(parts, "", 0);
    pass(parts, 3 * LIFE);
    expect_snapshot(parts, "", 0);
    child_fake_exit(child_fake_last(), 1, NULL, "no space left");
    expect_snapshot(parts, "past", 1);
    g_assert_cmpint(mgr_timestamp_view(parts->timestamp).refused_from, <, hl_clock_wall());
    g_assert_nonnull(
        strstr(mgr_timestamp_view(parts->timestamp).roles_ended, "the pattern repository's snapshot ended"));
    g_assert_nonnull(
        strstr(mgr_timestamp_view(parts->timestamp).roles_ended, "; remedy: holdline-updater repo resign /"));
    child_fake_reset();
}

static void test_renewal_fails(void)
{
    g_autoptr(Parts) parts = parts_new();

    put_key(parts, "-----BEGIN PRIVATE KEY-----\n");
    sign(parts);
    pass(parts, LIFE / 4);
    child_fake_exit(child_fake_last(), 1, NULL, "no space left");
    pass(parts, 9 * HL_MINUTE);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    child_fake_refuse();
    pass(parts, HL_MINUTE); /* tried again, and it does not start */
    expect_event(parts, "", "");
    clock_fake_advance(LIFE / 4 - 10 * HL_MINUTE);
    child_fake_refuse();
    mgr_timestamp_tick(parts->timestamp);
    expect_event(parts, "good>ageing", "holdline-updater repo resign /");
    expect_state(parts, "ageing", true);
    child_fake_reset();
}

/* The keys are somebody else's: nothing is tried, everything is told. */
static void test_warned(void)
{
    g_autoptr(Parts) parts = parts_new();

    put_key(parts, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    sign(parts);
    pass(parts, LIFE / 2 - HL_SECOND);
    expect_event(parts, "", "");
    pass(parts, HL_SECOND);
    expect_event(parts, "good>ageing", "holdline-updater repo resign /");
    expect_state(parts, "ageing", true);
    pass(parts, HL_SECOND);
    expect_event(parts, "", "");
    pass(parts, LIFE / 2);
    expect_event(parts, "ageing>expired", "holdline-updater repo resign /");
    expect_state(parts, "expired", true);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    sign(parts);
    expect_event(parts, "expired>good ", "");
    expect_state(parts, "good", false);
    child_fake_reset();
}

/* What the summary tells after the next look; text NULL: nothing. */
static void expect_missing(Parts *parts, const char *text)
{
    g_autoptr(json_t) summary = NULL;
    const char *told;

    clock_fake_advance(10 * HL_SECOND);
    mgr_patterns_tick(parts->patterns);
    summary = mgr_status_summary(parts->status, NULL);
    told = json_string_value(json_object_get(summary, "repository_problem"));
    g_assert_true(text != NULL ? told != NULL && strstr(told, text) != NULL : told == NULL);
}

/* A copy is renewed where the original is. */
static void test_mirror(void)
{
    g_autoptr(Parts) parts = parts_new();

    put_key(parts, "-----BEGIN PRIVATE KEY-----\n"); /* left over from before it became one */
    g_free(parts->conf.activeupdate_url);
    parts->conf.activeupdate_url = g_strdup("https://patterns.example.com/");
    parts->conf.sync_every = 0;
    sign(parts);
    pass(parts, LIFE / 2);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    expect_event(parts, "good>ageing", "holdline pattern sync");
    child_fake_reset();
}

/* A file of the repository is gone: told after the second look, and no longer once it is back. */
static void test_missing(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *snapshot = mgr_site_path(parts->dir, "repo/metadata/1.snapshot.json");
    g_autofree char *timestamp = mgr_site_path(parts->dir, "repo/metadata/timestamp.json");

    sign(parts);
    g_assert_true(hl_file_write_text(snapshot, "{}", 0644, NULL));
    g_assert_cmpint(remove(timestamp), ==, 0);
    expect_missing(parts, NULL);
    expect_missing(parts, "repo/metadata/timestamp.json is missing: endpoints cannot update from this server; "
                          "holdline-updater repo repair ");
    g_assert_true(hl_file_write_text(timestamp, "{}", 0644, NULL));
    expect_missing(parts, NULL);
    g_assert_cmpint(remove(timestamp), ==, 0);
    expect_missing(parts, NULL);
}

/* Days without new patterns: told of when they are old, for as long as they are. */
static void test_patterns_age(void)
{
    static const struct {
        int days; /* since the end of the day of the oldest */
        HlTime after;
        bool is_copy;
        const char *told;
    } cases[] = {
        { 2, 7 * HL_DAY, false, NULL },   { 7, 7 * HL_DAY, false, "holdline-repo-import" },
        { 30, 7 * HL_DAY, true, "sync" }, { 30, 40 * HL_DAY, false, NULL },
        { 3650, 0, false, NULL },         { -3, HL_DAY, false, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Parts) parts = parts_new();
        HlTime day = hl_clock_wall() / HL_DAY * HL_DAY - (cases[i].days + 1) * HL_DAY;
        g_autofree char *date = hl_time_format(day);
        g_autofree char *old = g_strdup_printf("%.4s%.2s%.2s01", date, date + 5, date + 8);
        g_autoptr(json_t) summary = NULL;
        const char *told;

        parts->conf.patterns_old_after = cases[i].after;
        if (cases[i].is_copy) {
            g_free(parts->conf.activeupdate_url);
            parts->conf.activeupdate_url = g_strdup("https://patterns.example.com/");
            parts->conf.sync_every = 0;
        }
        g_free(parts->fleet.latest);
        parts->fleet.latest = g_strdup_printf("agent=9999010101 rules=1990010101 virus=%s", old); /* rules may be old */
        mgr_patterns_tick(parts->patterns);
        g_assert_cmpint(mgr_patterns_published(parts->patterns), ==, day);
        summary = mgr_status_summary(parts->status, NULL);
        told = json_string_value(json_object_get(summary, "patterns_old"));
        g_assert_true((told != NULL) == (cases[i].told != NULL));
        if (told == NULL)
            continue;
        g_assert_nonnull(strstr(told, cases[i].told));
        date[10] = '\0';
        g_assert_nonnull(strstr(told, date));
        g_assert_nonnull(strstr(told, "(virus)")); /* who publishes agent alone would wonder */
        g_free(parts->fleet.latest);
        parts->fleet.latest = g_strdup("virus=9999010101");
        mgr_patterns_tick(parts->patterns);
        g_assert_null(mgr_status_view(parts->status).problems[MGR_PROBLEM_PATTERNS_OLD]);
        child_fake_reset();
    }
}

/* Patterns that are old because their source cannot be copied: the reader is sent to where the reason is, and that
 * names the option as it is called in manager.conf. */
static void test_copy_fails(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autofree char *ca = mgr_site_path(parts->dir, "source-ca.pem");
    g_autoptr(json_t) summary = NULL;
    HlChild *copy;

    g_free(parts->conf.activeupdate_url);
    g_free(parts->conf.patterns_ca_file);
    parts->conf.activeupdate_url = g_strdup("https://patterns.example.com/");
    parts->conf.patterns_ca_file = g_strdup("source-ca.pem");
    parts->conf.patterns_old_after = 7 * HL_DAY;
    g_free(parts->fleet.latest);
    parts->fleet.latest = g_strdup("virus=2001010101");
    clock_fake_advance(2 * parts->conf.sync_every);
    mgr_patterns_tick(parts->patterns);
    copy = child_fake_find("mirror");
    g_assert_nonnull(copy);
    g_assert_cmpstr(child_fake_option(copy, "--ca-file"), ==, ca);
    g_assert_cmpstr(child_fake_option(copy, "--ca-option"), ==, "patterns.ca-file");
    child_fake_exit(copy, 8, NULL, "its authority is not trusted");
    mgr_patterns_tick(parts->patterns);
    summary = mgr_status_summary(parts->status, NULL);
    g_assert_nonnull(strstr(json_string_value(json_object_get(summary, "patterns_old")),
                            "their source cannot be copied, and 'holdline pattern list' says why"));
    child_fake_reset();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/timestamp/age", test_age);
    g_test_add_func("/manager/timestamp/renewed", test_renewed);
    g_test_add_func("/manager/timestamp/all-renewed", test_all_renewed);
    g_test_add_func("/manager/timestamp/renewal-fails", test_renewal_fails);
    g_test_add_func("/manager/timestamp/warned", test_warned);
    g_test_add_func("/manager/timestamp/mirror", test_mirror);
    g_test_add_func("/manager/timestamp/missing", test_missing);
    g_test_add_func("/manager/timestamp/patterns-age", test_patterns_age);
    g_test_add_func("/manager/timestamp/copy-fails", test_copy_fails);
    return g_test_run();
}
