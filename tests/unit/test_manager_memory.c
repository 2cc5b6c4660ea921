/* SPDX-License-Identifier: Apache-2.0 */
/* What a registered endpoint that is away takes of the manager's memory, counted in bytes of the heap: a million of
 * them are to fit a gigabyte, with the program and its caches. */
#include <malloc.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/daemon/ground/loading.h"
#include "tests/support/manager_parts.h"

/* Just past the size at which GLib doubles a table: no other number of them takes more of it for each. */
#define COUNT    (32768 - 32768 / 16 + 8)
#define BYTES    930 /* with malloc's own and the tables in which it is found */
#define PATTERNS "'agent=2026112201 network=2026112203 virus=2026112205'"

/* COUNT of them, as a year leaves them: each with a certificate, an address, settings, patterns, a last heartbeat. */
static HlDb *make_registry(void)
{
    const char *sql[] = {
        "INSERT INTO grp VALUES ('default', 1, 1, '', 1, 'root', '', 0)",
        "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " G_STRINGIFY(
            COUNT) ") SELECT i FROM n",
        "INSERT INTO endpoint (number, id, grp, host, fingerprint, addresses, direct_port, os, program, observed,"
        " observed_by, enrolled_at, moved_counter, serial, cert_expires, applied_group, applied_version,"
        " applied_counter, applied_digest, applied_path, applied_at, patterns, updated_at, update_result,"
        " update_source, spool, report_seq, report_mark) SELECT i, printf('e-%020x', i), 'default',"
        " printf('pc-%07d', i), printf('%064x', i), printf('10.1.%d.%d', i >> 8, i & 255), 0, 'Debian GNU/Linux 12',"
        " '1.0.0', printf('10.1.%d.%d', i >> 8, i & 255), 'broker', i, 1, printf('%032x', i), 9000000000000,"
        " 'default', 1, 1, zeroblob(32), 'channel', i, " PATTERNS ", i, 'updated', 'server', printf('%016x', i), 12, 77"
        " FROM n",
        "INSERT INTO presence SELECT i, i, i, 0, 0, 0, i, i, i, i, 60000, 'offline', 'line-lost', 0, 0, 0 FROM n",
        "INSERT INTO display SELECT i, 'offline', 0, i, i, 1, 0, 0, 0, 0, 0, 0, 'unknown', 0 FROM n",
        ("INSERT INTO certificate (serial, name, kind, issued_at, expires_at) SELECT printf('%032x', i),"
         " printf('e-%020x', i), 'endpoint', i, 9000000000000 FROM n"),
    };
    g_autoptr(GError) error = NULL;
    HlDb *db = mgr_registry_make_model(mgr_registry_version(), &error);

    g_assert_no_error(error);
    for (gsize i = 0; i < G_N_ELEMENTS(sql); i++) {
        if (!hl_db_exec(db, sql[i], &error))
            g_error("%s: %s", sql[i], error->message);
    }
    return db;
}

static gsize heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void test_each(gconstpointer what)
{
    bool is_behind = what != NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlDb) db = make_registry();
    g_autoptr(GBytes) digest = hl_settings_digest("");
    MgrFleet fleet = { 0 };
    gsize before;
    double each;

    g_assert_true(is_behind || hl_db_run(db, NULL, &error, "UPDATE endpoint SET applied_digest = ?", "b", digest));
    before = heap();
    g_assert_true(mgr_fleet_load(&fleet, db, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(g_hash_table_size(fleet.endpoints), ==, COUNT);
    if (before == 0) {
        g_test_skip("a sanitizer's heap counts nothing");
        mgr_fleet_clear(&fleet);
        return;
    }
    each = (double)(heap() - before) / COUNT;
    g_test_message("%.1f bytes each", each);
    g_assert_cmpfloat(each, <, BYTES);
    mgr_fleet_clear(&fleet);
}

static void tell_update(Parts *parts, const char *id)
{
    HlMsgComponent virus = HOLDLINE__V1__COMPONENT__INIT;
    HlMsgComponent *patterns[] = { &virus };
    HlMsgUpdateNotification body = HOLDLINE__V1__UPDATE_NOTIFICATION__INIT;
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    virus.name = hl_unconst("virus");
    virus.version = 2026112201;
    body.trigger = hl_unconst("schedule");
    body.succeeded = true;
    body.source = hl_unconst("https://server.example");
    body.patterns = patterns;
    body.n_patterns = 1;
    report.body_case = HOLDLINE__V1__REPORT__BODY_UPDATE;
    report.update = &body;
    parts_report(parts, id, 1, &report);
}

static void tell_settings(Parts *parts, const char *id)
{
    HlMsgAppliedSettings body = HOLDLINE__V1__APPLIED_SETTINGS__INIT;
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    body.group = hl_unconst("office");
    body.version = body.counter = 1;
    body.path = hl_unconst("live");
    report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    report.settings = &body;
    parts_report(parts, id, 2, &report);
}

/* What most of a fleet says alike is kept once, also of those that said it since the start. */
static void test_alike(void)
{
    static const char *const ids[] = { "e-one", "e-two" };
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpointRecord *r[2];

    for (guint i = 0; i < 2; i++) {
        r[i] = &parts_add_endpoint(parts, ids[i])->record;
        parts_birth(parts, ids[i], 1);
        tell_update(parts, ids[i]);
        tell_settings(parts, ids[i]);
    }
    parts_commit(parts);
    g_assert_cmpstr(r[0]->patterns, ==, "virus=2026112201");
    g_assert_true(r[0]->patterns == r[1]->patterns);
    g_assert_cmpstr(r[0]->update_source, ==, "https://server.example");
    g_assert_true(r[0]->update_source == r[1]->update_source);
    g_assert_true(r[0]->update_result == r[1]->update_result);
    g_assert_cmpstr(r[0]->applied.path, ==, "live");
    g_assert_true(r[0]->applied.path == r[1]->applied.path);
    g_assert_true(r[0]->applied.digest == r[1]->applied.digest);
}

static void test_observed(void)
{
    MgrEndpointRecord record = { .addresses = g_strdup("192.0.2.7"), .observed = g_strdup("192.0.2.7") };

    mgr_endpoint_keep_observed_once(&record);
    g_assert_null(record.observed);
    g_assert_cmpstr(mgr_endpoint_observed(&record), ==, "192.0.2.7");
    g_assert_false(mgr_endpoint_set_observed(&record, "192.0.2.7"));
    g_assert_true(
        mgr_endpoint_set_addresses(&record, "192.0.2.8")); /* a NAT came between, or the broker's log is late */
    g_assert_cmpstr(mgr_endpoint_observed(&record), ==, "192.0.2.7");
    g_assert_cmpstr(record.addresses, ==, "192.0.2.8");
    g_assert_true(mgr_endpoint_set_addresses(&record, "192.0.2.9"));
    g_assert_cmpstr(mgr_endpoint_observed(&record), ==, "192.0.2.7");
    g_assert_true(mgr_endpoint_set_observed(&record, "192.0.2.9"));
    g_assert_null(record.observed);
    g_assert_false(mgr_endpoint_set_addresses(&record, "192.0.2.9"));
    mgr_endpoint_record_clear(&record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/manager/memory/each", NULL, test_each);
    g_test_add_data_func("/manager/memory/behind", "behind", test_each); /* all have settings of before */
    g_test_add_func("/manager/memory/alike", test_alike);
    g_test_add_func("/manager/memory/observed", test_observed);
    return g_test_run();
}
