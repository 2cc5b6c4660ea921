/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/work/finds and calls/detection_calls: what scans find is counted once, kept within a bound, and open
 * until somebody acknowledges it; registry, memory and topics tell one story. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "proto/bounds.h"
#include "tests/support/manager_parts.h"

#define EVENT "holdline/v1/status/event"
#define NONE  ((HlTime)-1)

/* ---------------------------------------------------------------------------------------------------------- reports */

typedef struct {
    Parts *parts;
    uint64_t seq; /* of the last report of "e-one" */
} World;

static World *world_new(void)
{
    World *world = g_new0(World, 1);

    world->parts = parts_new();
    parts_add_endpoint(world->parts, "e-one");
    parts_add_endpoint(world->parts, "e-two");
    clock_fake_advance(HL_DAY);
    parts_birth(world->parts, "e-one", 1);
    parts_commit(world->parts);
    bus_fake_forget(world->parts->bus);
    return world;
}

static void world_free(World *world)
{
    parts_check_registry(world->parts);
    parts_free(world->parts);
    g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static const MgrFindings *findings_of(const World *world, const char *id)
{
    return mgr_endpoint_findings(mgr_fleet_endpoint(&world->parts->fleet, id));
}

/* A report of "e-one" about a file; found NONE: now. */
static void send_find(World *world, const char *path, HlTime found, uint64_t mark)
{
    static guint8 digest[HL_DIGEST_SIZE] = { 1, 2, 3 };
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgDetection body = HOLDLINE__V1__DETECTION__INIT;

    body.path = hl_unconst(path);
    body.size = 68;
    body.sha256.data = digest;
    body.sha256.len = sizeof digest;
    body.owner = hl_unconst("alice");
    body.signature = hl_unconst("Eicar-Test-Signature");
    body.component = hl_unconst("virus");
    body.version = 7;
    body.how = hl_unconst("schedule");
    body.action = hl_unconst("quarantined");
    body.scan = hl_unconst("s-1");
    body.found_ms = found == NONE ? hl_clock_wall() : found;
    report.body_case = HOLDLINE__V1__REPORT__BODY_DETECTION;
    report.detection = &body;
    report.mark = mark;
    parts_report(world->parts, "e-one", ++world->seq, &report);
}

static void find(World *world, const char *path)
{
    send_find(world, path, NONE, 0);
    parts_commit(world->parts);
}

typedef struct {
    const char *how, *end, *detail;
    uint64_t files, found, not_looked_at;
} Scan;

static void scan(World *world, const Scan *told)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgScanResult body = HOLDLINE__V1__SCAN_RESULT__INIT;
    HlMsgScanGap gap = HOLDLINE__V1__SCAN_GAP__INIT;
    HlMsgScanGap *gaps[] = { &gap };

    gap.reason = hl_unconst("unreadable");
    gap.paths = told->not_looked_at;
    body.id = hl_unconst("s-1");
    body.how = hl_unconst(told->how);
    body.end = hl_unconst(told->end);
    body.detail = hl_unconst(told->detail);
    body.started_ms = hl_clock_wall() - HL_MINUTE;
    body.ended_ms = hl_clock_wall();
    body.files = told->files;
    body.found = told->found;
    body.not_looked_at = told->not_looked_at;
    body.gaps = gaps;
    body.n_gaps = 1;
    report.body_case = HOLDLINE__V1__REPORT__BODY_SCAN;
    report.scan = &body;
    parts_report(world->parts, "e-one", ++world->seq, &report);
    parts_commit(world->parts);
}

static json_t *take_event(World *world, const char *what)
{
    for (;;) {
        g_autoptr(HlBusMessage) message = bus_fake_take(world->parts->bus, EVENT);
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) document = NULL;
        gsize size;
        const void *data;

        if (message == NULL)
            return NULL;
        data = g_bytes_get_data(message->payload, &size);
        document = hl_json_parse(EVENT, data, size, &error);
        g_assert_no_error(error);
        if (strcmp(json_string_value(json_object_get(document, "what")), what) == 0)
            return json_incref(document);
    }
}

static const char *text_of(const json_t *document, const char *name)
{
    return json_string_value(json_object_get(document, name));
}

static int64_t query(const World *world, const char *sql)
{
    g_autoptr(GError) error = NULL;
    int64_t value = -1;

    g_assert_true(hl_db_query_int(mgr_record_committed(world->parts->record), -1, &value, &error, sql, ""));
    g_assert_no_error(error);
    return value;
}

static void acknowledge_all(World *world)
{
    parts_call(world->parts, "detection acknowledge", "selector", "e-one", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
}

/* ------------------------------------------------------------------------------------------------------ one, again */

static void test_found(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) event = NULL;
    g_autoptr(json_t) document = NULL;
    g_autoptr(json_t) summary = NULL;

    send_find(world, "/home/alice/eicar.com", NONE, 5);
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 0); /* not committed */
    parts_commit(world->parts);
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 1);
    g_assert_cmpuint(world->parts->fleet.open_detections, ==, 1);
    g_assert_cmpuint(world->parts->fleet.infected, ==, 1);
    event = take_event(world, "detection");
    g_assert_cmpstr(text_of(event, "id"), ==, "e-one");
    g_assert_cmpstr(text_of(event, "to"), ==, "Eicar-Test-Signature");
    g_assert_cmpstr(text_of(event, "reason"), ==, "quarantined");
    g_assert_cmpstr(text_of(event, "path"), ==, "/home/alice/eicar.com");
    g_assert_cmpstr(text_of(event, "detection"), ==, "d-1");
    document = mgr_status_endpoint(world->parts->status, mgr_fleet_endpoint(&world->parts->fleet, "e-one"));
    g_assert_cmpint(json_integer_value(json_object_get(document, "open_detections")), ==, 1);
    g_assert_true(json_is_null(json_object_get(document, "last_scan")));
    summary = mgr_status_summary(world->parts->status, NULL);
    g_assert_cmpint(json_integer_value(json_object_get(summary, "open_detections")), ==, 1);
    g_assert_cmpint(json_integer_value(json_object_get(summary, "infected")), ==, 1);
    g_assert_cmpint(json_integer_value(json_object_get(summary, "never_scanned")), ==, 2);
    g_assert_cmpint(query(world, "SELECT count(*) FROM history WHERE what = 'detection'"), ==, 1);
}

/* The same file again counts on its row; another hash, path or signature is another. */
static void test_again(void)
{
    g_autoptr(World) world = world_new();

    find(world, "/a");
    clock_fake_advance(HL_HOUR);
    find(world, "/a");
    find(world, "/b");
    g_assert_cmpint(query(world, "SELECT count(*) FROM detection"), ==, 2);
    g_assert_cmpint(query(world, "SELECT times FROM detection WHERE path = '/a'"), ==, 2);
    g_assert_cmpint(query(world, "SELECT last_at - first_at FROM detection WHERE path = '/a'"), ==, HL_HOUR);
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 2);
    g_assert_cmpuint(mgr_finds_count(world->parts->finds).detections, ==, 3);
}

/* A PC that was set back to a snapshot sends its last report once more, in a spool of its own. */
static void test_snapshot(void)
{
    g_autoptr(World) world = world_new();

    send_find(world, "/a", NONE, 77);
    parts_commit(world->parts);
    send_find(world, "/a", NONE, 77);
    parts_commit(world->parts);
    g_assert_cmpint(query(world, "SELECT times FROM detection"), ==, 1);
    g_assert_cmpint(query(world, "SELECT count(*) FROM history WHERE what = 'detection'"), ==, 1);
}

static void test_not_stored(void)
{
    g_autoptr(World) world = world_new();

    writer_fake_fail_at(world->parts->writer, 1, HL_ERROR_FULL);
    find(world, "/a");
    g_assert_true(writer_fake_failed(world->parts->writer));
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 0);
    parts_check_registry(world->parts);
    world->seq--; /* it is sent again */
    find(world, "/a");
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 1);
    g_assert_cmpint(query(world, "SELECT times FROM detection"), ==, 1);
}

/* --------------------------------------------------------------------------------------------------------- its time */

/* A find that was made before the acknowledgement, and is only told after it, is what was acknowledged. */
static void test_opened_again(void)
{
    static const struct {
        HlTime found; /* from the acknowledgement on */
        bool opens;
    } cases[] = { { -HL_MINUTE, false }, { HL_MINUTE, true } };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();
        HlTime acknowledged;

        find(world, "/a");
        clock_fake_advance(HL_HOUR);
        acknowledged = hl_clock_wall();
        acknowledge_all(world);
        g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 0);
        g_assert_cmpuint(world->parts->fleet.infected, ==, 0);
        clock_fake_advance(HL_HOUR);
        send_find(world, "/a", acknowledged + cases[i].found, 0);
        parts_commit(world->parts);
        g_assert_cmpuint(findings_of(world, "e-one")->open, ==, cases[i].opens);
        g_assert_cmpint(query(world, "SELECT times FROM detection"), ==, 2);
        g_assert_cmpint(query(world, "SELECT acknowledged_by = '' FROM detection"), ==, cases[i].opens);
    }
}

/* Whatever an endpoint tells, its finds are neither of the future nor older than itself. */
static void test_believed(void)
{
    static const HlTime told[] = { INT64_MIN, -1, 0, 1, CLOCK_FAKE_WALL + 365 * HL_DAY, INT64_MAX };

    for (gsize i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autoptr(World) world = world_new();
        HlTime now = hl_clock_wall();

        send_find(world, "/a", told[i], 0);
        parts_commit(world->parts);
        g_assert_cmpint(query(world, "SELECT first_at FROM detection"), ==,
                        told[i] == 1 ? CLOCK_FAKE_WALL : now); /* enrolled then */
        g_assert_cmpint(query(world, "SELECT told_at FROM detection"), ==, now);
    }
    /* a clock that is known to be off is set right */
    g_assert_cmpint(mgr_scan_time(5000, 1000, 0, 9000), ==, 4000);
    g_assert_cmpint(mgr_scan_time(9500, 1000, 0, 9000), ==, 8500);
    g_assert_cmpint(mgr_scan_time(5000, -1000, 0, 9000), ==, 6000);
    g_assert_cmpint(mgr_scan_time(8500, -1000, 0, 9000), ==, 9000);
    g_assert_cmpint(mgr_scan_time(5000, 0, 10000, 9000), ==, 9000); /* the server's clock was set back */
}

/* --------------------------------------------------------------------------------------------------------- how many */

/* Fills the rows of "e-one" as so many reports would. */
static void fill(World *world)
{
    g_autofree char *path = g_build_filename(world->parts->dir, "registry.db", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, &error);

    g_assert_no_error(error);
    g_assert_true(hl_db_run(db, NULL, &error, "INSERT OR IGNORE INTO findings (endpoint) VALUES (?)", "i",
                            mgr_fleet_endpoint(&world->parts->fleet, "e-one")->record.number));
    g_assert_true(hl_db_run(
        db, NULL, &error,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ? - (SELECT count(*) FROM "
        "detection))"
        " INSERT INTO detection (endpoint, host, find, path, size, sha256, owner, signature, component, version, how,"
        " action, detail, scan, first_at, last_at, told_at)"
        " SELECT 'e-one', 'one', i, '/' || i, 1, '', '', 's', '', 0, 'schedule', 'reported', '', '', 1, 1, 1 FROM n",
        "i", (int64_t)MGR_MAX_DETECTIONS));
    g_assert_no_error(error);
    mgr_finds_refresh(world->parts->finds, mgr_fleet_endpoint(&world->parts->fleet, "e-one"));
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, MGR_MAX_DETECTIONS);
}

/* All are open: none is dropped, and what there is no room for is counted.  A known one still counts on its row. */
static void test_full(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) event = NULL;

    find(world, "/first");
    fill(world);
    bus_fake_forget(world->parts->bus);
    find(world, "/new");
    find(world, "/new");
    event = take_event(world, "detection");
    g_assert_cmpstr(text_of(event, "path"), ==, "/new"); /* told all the same */
    g_assert_true(json_is_null(json_object_get(event, "detection")));
    g_assert_cmpuint(findings_of(world, "e-one")->left_out, ==, 2);
    find(world, "/first");
    g_assert_cmpuint(findings_of(world, "e-one")->left_out, ==, 2);
    g_assert_cmpint(query(world, "SELECT times FROM detection WHERE path = '/first'"), ==, 2);
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, MGR_MAX_DETECTIONS);
}

static void test_makes_room(void)
{
    g_autoptr(World) world = world_new();

    fill(world);
    parts_call(world->parts, "detection acknowledge", "ids", "d-7,d-9", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    for (guint i = 0; i < 3; i++) {
        g_autofree char *path = g_strdup_printf("/new-%u", i);

        find(world, path);
    }
    g_assert_cmpint(query(world, "SELECT count(*) FROM detection"), ==, MGR_MAX_DETECTIONS);
    g_assert_cmpint(query(world, "SELECT count(*) FROM detection WHERE number IN (7, 9)"), ==, 0);
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, MGR_MAX_DETECTIONS);
    g_assert_cmpuint(findings_of(world, "e-one")->left_out, ==, 1);
    acknowledge_all(world); /* also what was left out */
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 0);
    g_assert_cmpuint(findings_of(world, "e-one")->left_out, ==, 0);
}

/* What is found does not use up the room of what else happens, nor is it lost where that is used up. */
static void test_history_room(void)
{
    g_autoptr(World) world = world_new();

    while (mgr_record_has_room(world->parts->record, "e-one", 100))
        continue;
    for (guint i = 0; i < 100; i++) {
        g_autofree char *path = g_strdup_printf("/%u", i);

        find(world, path);
    }
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 100);
    g_assert_cmpint(query(world, "SELECT count(*) FROM history WHERE what = 'detection'"), ==, 0);
}

/* ------------------------------------------------------------------------------------------------------------ scans */

static void test_scans(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) event = NULL;
    g_autoptr(json_t) document = NULL;
    const json_t *last;

    scan(world, &(Scan){ "manual", "completed", "", 1, 0, 0 });
    g_assert_cmpint(findings_of(world, "e-one")->how, ==, MGR_SCAN_MANUAL);
    clock_fake_advance(HL_HOUR);
    scan(world, &(Scan){ "schedule", "failed", "the engine was killed", 3, 0, 9 });
    clock_fake_advance(HL_HOUR);
    scan(world, &(Scan){ "manual", "completed", "", 1, 0, 0 }); /* one user's: hides nothing */
    g_assert_cmpint(findings_of(world, "e-one")->end, ==, MGR_SCAN_FAILED);
    g_assert_cmpuint(world->parts->fleet.scans_failed, ==, 1);
    g_assert_cmpuint(mgr_finds_count(world->parts->finds).scans_failed, ==, 1);
    json_decref(take_event(world, "scan"));
    event = take_event(world, "scan");
    g_assert_cmpstr(text_of(event, "to"), ==, "failed");
    g_assert_cmpstr(text_of(event, "detail"), ==, "the engine was killed");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(event, "gaps"), "unreadable")), ==, 9);
    clock_fake_advance(HL_HOUR);
    scan(world, &(Scan){ "command", "completed", "", UINT64_MAX, 2, 1 });
    document = mgr_status_endpoint(world->parts->status, mgr_fleet_endpoint(&world->parts->fleet, "e-one"));
    last = json_object_get(document, "last_scan");
    g_assert_cmpstr(text_of(last, "end"), ==, "completed");
    g_assert_cmpstr(text_of(last, "how"), ==, "command");
    g_assert_cmpint(json_integer_value(json_object_get(last, "files")), ==, INT64_MAX);
    g_assert_cmpuint(world->parts->fleet.scans_failed, ==, 0);
    g_assert_cmpint(query(world, "SELECT count(*) FROM scan"), ==, 3);
}

/* Words of a later version are one word: a PC cannot make a row for each that it thinks of. */
static void test_later_words(void)
{
    g_autoptr(World) world = world_new();

    for (guint i = 0; i < 20; i++) {
        g_autofree char *word = g_strdup_printf("word-%u", i);

        scan(world, &(Scan){ word, word, "", i, 0, 0 });
    }
    g_assert_cmpint(query(world, "SELECT count(*) FROM scan"), ==, 1);
    g_assert_cmpint(findings_of(world, "e-one")->end, ==, MGR_SCAN_ENDED);
}

/* ------------------------------------------------------------------------------------------------------------ calls */

static json_t *list(World *world, const char *name, const char *value)
{
    parts_call(world->parts, "detection list", name, value, NULL);
    return parts_expect_reply(world->parts, "");
}

static void expect_list(World *world, const char *name, const char *value, guint n)
{
    g_autoptr(json_t) document = list(world, name, value);

    g_assert_cmpuint(json_array_size(json_object_get(document, "detections")), ==, n);
}

static void test_list(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) document = NULL;
    const json_t *first;

    find(world, "/old");
    clock_fake_advance(10 * HL_DAY);
    find(world, "/new");
    expect_list(world, "selector", "all", 2);
    expect_list(world, "selector", "e-two", 0);
    expect_list(world, "since", "7d", 1);
    parts_call(world->parts, "detection acknowledge", "ids", "d-1", "note", "reinstalled", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    expect_list(world, "open", "yes", 1);
    document = list(world, "selector", "@office");
    first = json_array_get(json_object_get(document, "detections"), 0);
    g_assert_cmpstr(text_of(first, "path"), ==, "/new"); /* the latest first */
    g_assert_cmpstr(text_of(first, "state"), ==, "open");
    g_assert_cmpint(query(world, "SELECT count(*) FROM history WHERE what = 'acknowledged'"), ==, 1);
}

/* More than an answer has: it says how many there are. */
static void test_list_cut(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) document = NULL;

    fill(world);
    hl_write_set_add(mgr_record_background(world->parts->record),
                     "INSERT INTO detection SELECT 20000 + i, 'e-gone', '', i, '/', 1, '', '', 's', '', 0, 'schedule',"
                     " 'reported', '', '', 1, 1, 1, 1, 0, 0, '', '' FROM (SELECT 1 AS i UNION SELECT 2)",
                     "");
    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
    document = list(world, NULL, NULL);
    g_assert_cmpint(json_integer_value(json_object_get(document, "total")), ==, MGR_MAX_DETECTIONS + 2);
}

static void test_show(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) document = NULL;

    find(world, "/a");
    parts_call(world->parts, "detection show", "detection", "d-1", NULL);
    document = parts_expect_reply(world->parts, "");
    g_assert_cmpstr(text_of(document, "owner"), ==, "alice");
    g_assert_cmpstr(text_of(document, "host"), ==, "one");
    g_assert_cmpstr(text_of(document, "sha256"), ==,
                    "0102030000000000000000000000000000000000000000000000000000000000");
    g_assert_cmpint(json_integer_value(json_object_get(document, "version")), ==, 7);
}

static void test_bad_calls(void)
{
    static const struct {
        const char *call, *name, *value, *code;
    } cases[] = {
        { "detection show", "detection", "d-9", "not-found" },
        { "detection show", "detection", "9", "invalid" },
        { "detection show", "detection", "d-", "invalid" },
        { "detection show", "detection", "d-1x", "invalid" },
        { "detection show", "detection", "d-99999999999999999999", "invalid" },
        { "detection acknowledge", "ids", "d-9", "not-found" },
        { "detection acknowledge", "ids", "", "invalid" },
        { "detection acknowledge", "selector", "nobody", "not-found" },
        { "detection acknowledge", "note", "why", "invalid" },
        { "detection list", "selector", "nobody", "not-found" },
        { "detection list", "since", "soon", "invalid" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(World) world = world_new();

        g_test_message("%s %s", cases[i].call, cases[i].value);
        parts_call(world->parts, cases[i].call, cases[i].name, cases[i].value, NULL);
        parts_commit(world->parts);
        json_decref(parts_expect_reply(world->parts, cases[i].code));
    }
}

/* The record stays, with the name of the host; but nothing waits for anybody any more. */
static void test_removed(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(json_t) document = NULL;

    find(world, "/a");
    parts_call(world->parts, "endpoint remove", "endpoint", "e-one", NULL);
    parts_commit(world->parts);
    timer_fake_advance(HL_SECOND);
    g_free(parts_end_of(world->parts, NULL));
    g_assert_cmpuint(world->parts->fleet.open_detections, ==, 0);
    expect_list(world, "open", "yes", 0);
    document = list(world, "since", "7d");
    g_assert_cmpstr(text_of(json_array_get(json_object_get(document, "detections"), 0), "state"), ==, "removed");
    g_assert_cmpstr(text_of(json_array_get(json_object_get(document, "detections"), 0), "host"), ==, "one");
}

/* It is removed between the report and its commit, or the acknowledgement and its. */
static void test_removed_meanwhile(void)
{
    for (guint order = 0; order < 2; order++) {
        g_autoptr(World) world = world_new();

        find(world, "/a");
        if (order == 0)
            parts_call(world->parts, "endpoint remove", "endpoint", "e-one", NULL);
        send_find(world, "/b", NONE, 0);
        parts_call(world->parts, "detection acknowledge", "selector", "e-one", NULL);
        if (order == 1)
            parts_call(world->parts, "endpoint remove", "endpoint", "e-one", NULL);
        parts_commit(world->parts);
        timer_fake_advance(HL_SECOND);
        bus_fake_forget(world->parts->bus);
        g_assert_cmpuint(world->parts->fleet.open_detections, ==, 0);
    }
}

static void prune(World *world, HlTime before)
{
    mgr_write_prune_detections(mgr_record_background(world->parts->record), before);
    mgr_record_flush(world->parts->record);
    parts_commit(world->parts);
}

static void test_prune(void)
{
    g_autoptr(World) world = world_new();

    find(world, "/open");
    find(world, "/settled");
    parts_call(world->parts, "detection acknowledge", "ids", "d-2", NULL);
    parts_commit(world->parts);
    json_decref(parts_expect_reply(world->parts, ""));
    prune(world, hl_clock_wall());
    g_assert_cmpint(query(world, "SELECT count(*) FROM detection"), ==, 2); /* acknowledged just now */
    clock_fake_advance(HL_DAY);
    prune(world, hl_clock_wall());
    g_assert_cmpint(query(world, "SELECT count(*) FROM detection"), ==, 1);
    g_assert_cmpint(query(world, "SELECT kept FROM findings"), ==, 1);
    g_assert_cmpuint(findings_of(world, "e-one")->open, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/finds/found", test_found);
    g_test_add_func("/manager/finds/again", test_again);
    g_test_add_func("/manager/finds/snapshot", test_snapshot);
    g_test_add_func("/manager/finds/not-stored", test_not_stored);
    g_test_add_func("/manager/finds/opened-again", test_opened_again);
    g_test_add_func("/manager/finds/believed", test_believed);
    g_test_add_func("/manager/finds/full", test_full);
    g_test_add_func("/manager/finds/makes-room", test_makes_room);
    g_test_add_func("/manager/finds/history-room", test_history_room);
    g_test_add_func("/manager/finds/scans", test_scans);
    g_test_add_func("/manager/finds/later-words", test_later_words);
    g_test_add_func("/manager/finds/list", test_list);
    g_test_add_func("/manager/finds/list-cut", test_list_cut);
    g_test_add_func("/manager/finds/show", test_show);
    g_test_add_func("/manager/finds/bad-calls", test_bad_calls);
    g_test_add_func("/manager/finds/removed", test_removed);
    g_test_add_func("/manager/finds/removed-meanwhile", test_removed_meanwhile);
    g_test_add_func("/manager/finds/prune", test_prune);
    return g_test_run();
}
