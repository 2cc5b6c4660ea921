/* SPDX-License-Identifier: Apache-2.0 */
/* Those who watch an endpoint: when they are told, and how often; how many there may be; what the document says to
 * whom, and that it survives a restart. */
#include <string.h>
#include <unistd.h>

#include "endpoint/daemon/front/status.h"
#include "endpoint/daemon/front/watchers.h"
#include "endpoint/daemon/ground/store.h"
#include "lib/base/file.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define USER ((uid_t)40000) /* neither root nor who runs this */

/* -------------------------------------------------------------------------------------------- who is told, and when */

typedef struct {
    guint told;
    guint last; /* version */
    bool is_behind, leaves;
} Peer;

typedef struct {
    EpPulse *pulse;
    EpWatchers *watchers;
    guint version, made; /* of the document; how many were made */
    Peer peers[EP_WATCHERS_MAX + 1];
} Fixture;

static char *on_document(uid_t caller G_GNUC_UNUSED, gpointer user)
{
    Fixture *f = user;

    f->made++;
    return g_strdup_printf("%u", f->version);
}

static bool on_is_behind(gpointer peer, gpointer user G_GNUC_UNUSED)
{
    return ((Peer *)peer)->is_behind;
}

static void on_tell(gpointer data, const char *document, gpointer user)
{
    Fixture *f = user;
    Peer *peer = data;

    peer->told++;
    peer->last = (guint)g_ascii_strtoull(document, NULL, 10);
    if (peer->leaves)
        ep_watchers_remove(f->watchers, peer);
}

static void set_up(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    clock_fake_set(CLOCK_FAKE_WALL, CLOCK_FAKE_MONO);
    f->pulse = ep_pulse_new();
    f->watchers = ep_watchers_new(&(EpWatchersOptions){ f->pulse, on_document, on_is_behind, on_tell, f });
}

static void tear_down(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    ep_watchers_free(f->watchers);
    ep_pulse_free(f->pulse);
    timer_fake_reset();
}

static void add(Fixture *f, guint peer, uid_t uid)
{
    g_autoptr(GError) error = NULL;

    HL_IGNORE(ep_watchers_add(f->watchers, &f->peers[peer], uid, &error));
    g_assert_no_error(error);
}

static void change(Fixture *f)
{
    f->version++;
    ep_pulse_changed(f->pulse);
}

/* At once, then at the next turn of the loop after a change; in between there is nothing to wake up for. */
static void test_told(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    add(f, 0, USER);
    g_assert_cmpuint(f->peers[0].told, ==, 1);
    g_assert_cmpuint(timer_fake_count(), ==, 0);
    timer_fake_advance(HL_HOUR);
    g_assert_cmpuint(f->made, ==, 1);
    change(f);
    g_assert_cmpuint(f->peers[0].told, ==, 1); /* not in the middle of what changes */
    timer_fake_advance(0);
    g_assert_cmpuint(f->peers[0].told, ==, 2);
    g_assert_cmpuint(f->peers[0].last, ==, 1);
    g_assert_cmpuint(timer_fake_count(), ==, 0);
}

/* What looks the same is not told again; who came in between is told the change, but not twice. */
static void test_same(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    add(f, 0, USER);
    ep_pulse_changed(f->pulse);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(f->made, ==, 2);
    g_assert_cmpuint(f->peers[0].told, ==, 1);
    change(f);
    add(f, 1, USER);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(f->peers[0].told, ==, 2);
    g_assert_cmpuint(f->peers[1].told, ==, 1);
    g_assert_cmpuint(f->peers[1].last, ==, 1);
}

static void test_flood(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    add(f, 0, USER);
    for (guint i = 0; i < 1000; i++) {
        change(f);
        g_assert_cmpuint(timer_fake_count(), <=, 1);
        timer_fake_advance(1);
    }
    g_assert_cmpuint(f->peers[0].told - 1, >=, 4);
    g_assert_cmpuint(f->peers[0].told - 1, <=, 5);
    timer_fake_advance(EP_PULSE_REST);
    g_assert_cmpuint(f->peers[0].last, ==, 1000);
    g_assert_cmpuint(f->peers[0].told - 1, <=, 5);
    g_assert_cmpuint(timer_fake_count(), ==, 0);
}

/* One document for each kind of user, however many watch. */
static void test_kinds(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    for (guint i = 0; i < 40; i++)
        add(f, i, i < 2 ? 0 : i < 4 ? getuid() : USER + i / 4);
    f->made = 0;
    change(f);
    timer_fake_advance(0);
    g_assert_cmpuint(f->made, ==, getuid() == 0 ? 2 : 3);
    for (guint i = 0; i < 40; i++)
        g_assert_cmpuint(f->peers[i].last, ==, 1);
}

static void check_refused(Fixture *f, guint peer, uid_t uid, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(ep_watchers_add(f->watchers, &f->peers[peer], uid, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_LIMIT);
    g_assert_cmpstr(error->message, ==, message);
    g_assert_cmpuint(f->peers[peer].told, ==, 0);
    g_assert_false(ep_watchers_has(f->watchers, &f->peers[peer]));
}

static void test_bounds(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    for (guint i = 0; i < EP_WATCHERS_OWN; i++)
        add(f, i, USER);
    check_refused(f, EP_WATCHERS_OWN, USER,
                  "4 connections of this user watch already, and no user may have more: close one of them");
    ep_watchers_remove(f->watchers, &f->peers[2]);
    ep_watchers_remove(f->watchers, &f->peers[2]); /* it does not watch: nothing */
    add(f, 2, USER);
    for (guint i = EP_WATCHERS_OWN; i < EP_WATCHERS_MAX; i++)
        add(f, i, USER + i);
    check_refused(f, EP_WATCHERS_MAX, 0,
                  "64 connections watch already, and there may be no more: try again when one of them is closed");
}

/* Who does not read is told nothing more; when they have read, the newest and nothing in between. */
static void test_behind(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    add(f, 0, USER);
    add(f, 1, USER);
    f->peers[0].is_behind = true;
    for (guint i = 0; i < 3; i++) {
        change(f);
        timer_fake_advance(HL_SECOND);
    }
    g_assert_cmpuint(f->peers[0].told, ==, 1);
    g_assert_cmpuint(f->peers[1].told, ==, 4);
    f->peers[0].is_behind = false;
    ep_watchers_caught_up(f->watchers, &f->peers[0]);
    ep_watchers_caught_up(f->watchers, &f->peers[7]); /* it does not watch */
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(f->peers[0].told, ==, 2);
    g_assert_cmpuint(f->peers[0].last, ==, 3);
    g_assert_cmpuint(f->peers[1].told, ==, 4);
}

/* Each connection may turn out to be gone as it is told; nobody else is passed over for that. */
static void test_gone(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    for (guint i = 0; i < 6; i++)
        add(f, i, USER + i);
    f->peers[0].leaves = f->peers[3].leaves = f->peers[5].leaves = true;
    change(f);
    timer_fake_advance(0);
    for (guint i = 0; i < 6; i++) {
        g_assert_cmpuint(f->peers[i].told, ==, 2);
        g_assert_cmpint(ep_watchers_has(f->watchers, &f->peers[i]), ==, !f->peers[i].leaves);
    }
    f->peers[1].leaves = f->peers[2].leaves = f->peers[4].leaves = true;
    change(f);
    timer_fake_advance(HL_SECOND);
    for (guint i = 0; i < 6; i++)
        g_assert_false(ep_watchers_has(f->watchers, &f->peers[i]));
}

/* Nobody watches: a change costs nothing, and one that is pending is dropped. */
static void test_nobody(Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
    change(f);
    g_assert_cmpuint(timer_fake_count(), ==, 0);
    add(f, 0, USER);
    change(f);
    g_assert_cmpuint(timer_fake_count(), ==, 1);
    ep_watchers_remove(f->watchers, &f->peers[0]);
    g_assert_cmpuint(timer_fake_count(), ==, 0);
    ep_pulse_changed(NULL);
}

/* ----------------------------------------------------------------------------------------------------- the document */

static json_t *document(EndpointParts *parts, uid_t caller)
{
    EpScheduler *scheduler = ep_scheduler_new(
        &(EpSchedulerOptions){ parts->db, parts->trouble, parts->settings, parts->updates, parts->orders, NULL });
    EpStatusView view = { .db = parts->db,
                          .trouble = parts->trouble,
                          .refused = &parts->refused,
                          .settings = parts->settings,
                          .program = parts->program,
                          .updates = parts->updates,
                          .finds = parts->finds,
                          .scans = parts->scans,
                          .orders = parts->orders,
                          .scheduler = scheduler };
    json_t *json = ep_watch_json(&view, (EpWho){ .caller = caller, .daemon = USER + 1 });

    ep_scheduler_free(scheduler);
    return json;
}

/* One member, by its path, as JSON. */
static void check(EndpointParts *parts, uid_t caller, const char *path, const char *expected)
{
    g_autoptr(json_t) root = document(parts, caller);
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    const json_t *value = root;
    g_autofree char *text = NULL;

    for (gsize i = 0; names[i] != NULL; i++)
        value = json_object_get(value, names[i]);
    g_assert_nonnull(value);
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
    g_assert_cmpstr(text, ==, expected);
}

static void apply(EndpointParts *parts, const char *lines, uint64_t counter)
{
    g_autoptr(GBytes) envelope = parts_settings(parts, (PartsSettings){ .lines = lines, .counter = counter });

    g_assert_cmpint(ep_intake_offer(parts->intake, envelope, "channel", 0), ==, EP_INTAKE_IN_FORCE);
}

static void test_fresh(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    check(parts, USER, "enrolled", "false");
    check(parts, USER, "line", "null");
    check(parts, USER, "independent", "false");
    check(parts, USER, "patterns", "{\"rules\":7,\"virus\":2026112201}");
    check(parts, USER, "patterns_since", "null");
    check(parts, USER, "update",
          "{\"last_at\":null,\"last_detail\":null,\"last_succeeded\":false,\"last_trigger\":\"\",\"percent\":0,"
          "\"running\":false,\"schedule\":\"off\",\"schedule_off_by_user\":false,\"succeeded_at\":null,"
          "\"trigger\":\"\",\"what\":\"\"}");
    check(parts, USER, "scan", "{\"last\":null,\"running\":false}");
    check(parts, USER, "finds", "{\"count\":0,\"last\":null,\"total\":0}");
    check(parts, USER, "problem", "null");
}

/* The administrator decides, for root as well; but root may always scan. */
static void test_may(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    check(parts, USER, "may",
          "{\"scan\":true,\"skip-scan\":false,\"stop\":false,\"toggle-schedule\":false,\"update-now\":false}");
    apply(parts, "privilege.scan=no\nprivilege.update-now=yes\nprivilege.skip-scan=yes\nmode.independent=yes\n", 3);
    check(parts, USER, "may",
          "{\"scan\":false,\"skip-scan\":true,\"stop\":false,\"toggle-schedule\":false,\"update-now\":true}");
    check(parts, USER, "independent", "true");
    check(parts, 0, "may",
          "{\"scan\":true,\"skip-scan\":true,\"stop\":false,\"toggle-schedule\":false,\"update-now\":true}");
}

static void on_done(const EpUpdateEnd *end G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

static void request(EndpointParts *parts, EpUpdateWork work)
{
    EpUpdateRequest wanted = { .work = work, .trigger = "manual", .done = on_done };

    ep_updates_request(parts->updates, &wanted);
}

/* What succeeded, and since when the patterns are active, outlive what fails, a roll-back and a restart. */
static void test_update(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    request(parts, EP_UPDATE_UPDATE);
    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    check(parts, USER, "update.running", "true");
    check(parts, USER, "update.percent", "40");
    check(parts, USER, "update.trigger", "\"manual\"");
    parts_update_ends(NULL, "updated", "virus=2026112202");
    check(parts, USER, "update.trigger", "\"\"");
    check(parts, USER, "patterns_since", "\"2026-11-22T21:45:00Z\"");
    check(parts, USER, "update.succeeded_at", "\"2026-11-22T21:45:00Z\"");
    timer_fake_advance(HL_MINUTE);
    request(parts, EP_UPDATE_UPDATE);
    parts_update_ends(NULL, "up to date", "virus=2026112202");
    check(parts, USER, "patterns_since", "\"2026-11-22T21:45:00Z\"");
    check(parts, USER, "update.succeeded_at", "\"2026-11-22T21:46:00Z\"");
    timer_fake_advance(HL_MINUTE);
    request(parts, EP_UPDATE_ROLLBACK);
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    request(parts, EP_UPDATE_UPDATE);
    parts_update_ends("untrusted", "hash of virus", PARTS_PATTERNS);
    parts_restart(parts);
    check(parts, USER, "update.last_succeeded", "false");
    check(parts, USER, "update.last_at", "\"2026-11-22T21:47:00Z\"");
    check(parts, USER, "update.succeeded_at", "\"2026-11-22T21:46:00Z\"");
    check(parts, USER, "patterns_since", "\"2026-11-22T21:47:00Z\"");
}

/* What an earlier release stored; and a set that somebody has made active by hand. */
static void test_update_before(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    g_assert_true(ep_store_set(parts->db, "last-update",
                               "{\"at_ms\":1795383000000,\"succeeded\":true,\"trigger\":\"schedule\",\"detail\":\"d\","
                               "\"source\":\"server\"}",
                               NULL));
    parts_restart(parts);
    check(parts, USER, "update.succeeded_at", "\"2026-11-22T21:30:00Z\"");
    check(parts, USER, "patterns_since", "null");
    parts_line_up(parts);
    request(parts, EP_UPDATE_UPDATE);
    parts_update_ends(NULL, "updated", "virus=2026112202");
    check(parts, USER, "patterns_since", "\"2026-11-22T21:45:00Z\"");
    parts_restart(parts); /* whose 'show' says PARTS_PATTERNS */
    check(parts, USER, "patterns_since", "null");
}

static void find(EndpointParts *parts, const char *path, HlTime at)
{
    EpDetection find = { .path = path,
                         .sha256 = "",
                         .owner = "",
                         .signature = "S",
                         .component = "",
                         .how = "schedule",
                         .action = "reported",
                         .detail = "",
                         .scan = "s-1",
                         .at = at };

    ep_finds_add(parts->finds, &find);
}

/* The same file found again is one file, and news. */
static void test_finds(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    find(parts, "/srv/a", hl_clock_wall());
    find(parts, "/srv/b", hl_clock_wall() + HL_SECOND);
    find(parts, "/srv/a", hl_clock_wall() + 2 * HL_SECOND);
    check(parts, USER, "finds",
          "{\"count\":3,\"last\":{\"action\":\"reported\",\"at\":\"2026-11-22T21:45:02Z\",\"path\":\"/srv/a\","
          "\"signature\":\"S\"},\"total\":2}");
    g_assert_true(hl_db_exec(parts->db, "DELETE FROM detection", NULL));
    g_assert_true(ep_store_set_int(parts->db, "connect-window", HL_MINUTE, NULL)); /* of that server's fleet */
    g_assert_true(ep_store_forget_identity(parts->db, NULL));
    g_assert_cmpint(ep_store_get_int(parts->db, "connect-window", 0), ==, 0);
    parts_restart(parts);
    check(parts, USER, "finds", "{\"count\":3,\"last\":null,\"total\":0}");
}

/* What a scan by command needs beside the fakes. */
static void make_set(EndpointParts *parts)
{
    g_autofree char *set = g_build_filename(parts->dir, "patterns/active", NULL);

    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "scan.user", "nobody", NULL));
    g_assert_true(hl_dir_make(set, 0755, NULL));
}

static void test_scan(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpScanRecord record = { .id = "s-1",
                            .how = "schedule",
                            .started = CLOCK_FAKE_WALL,
                            .ended = CLOCK_FAKE_WALL + HL_MINUTE,
                            .end = "completed",
                            .detail = "",
                            .patterns = "",
                            .tally = { .files = 9, .found = 2, .gaps = { 3 } } };

    ep_finds_scan_ended(parts->finds, &record);
    check(parts, USER, "scan",
          "{\"last\":{\"detail\":\"\",\"end\":\"completed\",\"ended\":\"2026-11-22T21:46:00Z\",\"files\":9,\"found\":2,"
          "\"how\":\"schedule\",\"not_looked_at\":3},\"running\":false}");
    make_set(parts);
    parts_order_of(parts, "c-1", HL_KIND_SCAN, "/srv");
    check(parts, USER, "scan.running", "true"); /* by command, too */
}

/* Else there would be a difference to be told although nothing has changed. */
static void test_time_alone(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(json_t) before = NULL;
    g_autoptr(json_t) after = NULL;

    apply(parts, "update.schedule=daily 12:00\n", 3);
    before = document(parts, USER);
    timer_fake_advance(3 * HL_HOUR);
    after = document(parts, USER);
    g_assert_true(json_equal(before, after));
}

/* ---------------------------------------------------------------------------------------- what says that it changed */

static void on_beat(gpointer user)
{
    ++*(guint *)user;
}

static void check_beat(guint *beats, guint expected)
{
    timer_fake_advance(EP_PULSE_REST);
    g_assert_cmpuint(*beats, ==, expected);
    *beats = 0;
}

static void test_pulse(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GError) error = g_error_new(HL_ERROR, HL_ERROR_IO, "full");
    guint beats = 0;

    ep_pulse_follow(parts->pulse, on_beat, &beats);
    parts_line_up(parts);
    check_beat(&beats, 0);
    request(parts, EP_UPDATE_UPDATE);
    check_beat(&beats, 1);
    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    check_beat(&beats, 1);
    parts_update_ends(NULL, "updated", "virus=2026112202");
    check_beat(&beats, 1);
    find(parts, "/srv/a", hl_clock_wall());
    check_beat(&beats, 1);
    make_set(parts);
    parts_order_of(parts, "c-1", HL_KIND_SCAN, "/srv"); /* it runs */
    check_beat(&beats, 1);
    child_fake_die(child_fake_last(), 9);
    check_beat(&beats, 1);
    ep_trouble_store_failed(parts->trouble, "a find", error);
    check_beat(&beats, 1);
    ep_trouble_store_failed(parts->trouble, "a find", error);
    check_beat(&beats, 0);
    ep_trouble_store_worked(parts->trouble);
    check_beat(&beats, 1);
    ep_trouble_store_worked(parts->trouble);
    check_beat(&beats, 0);
}

#define ADD(path, function) g_test_add("/endpoint-watch/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("told", test_told);
    ADD("same", test_same);
    ADD("flood", test_flood);
    ADD("kinds", test_kinds);
    ADD("bounds", test_bounds);
    ADD("behind", test_behind);
    ADD("gone", test_gone);
    ADD("nobody", test_nobody);
    g_test_add_func("/endpoint-watch/document/fresh", test_fresh);
    g_test_add_func("/endpoint-watch/document/may", test_may);
    g_test_add_func("/endpoint-watch/document/update", test_update);
    g_test_add_func("/endpoint-watch/document/update-before", test_update_before);
    g_test_add_func("/endpoint-watch/document/finds", test_finds);
    g_test_add_func("/endpoint-watch/document/scan", test_scan);
    g_test_add_func("/endpoint-watch/document/time-alone", test_time_alone);
    g_test_add_func("/endpoint-watch/pulse", test_pulse);
    return g_test_run();
}
