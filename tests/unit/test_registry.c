/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store: what a write set stores is what the loaders give back, member by member.  Every value differs from
 * every other, so that two columns that changed places show. */
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"
#include "tests/support/registry_fixture.h"

static MgrGroupRecord group(const char *name)
{
    return (MgrGroupRecord){ .name = hl_unconst(name),
                             .version = 3,
                             .counter = 44,
                             .settings = (char *)"privilege.scan=no\n",
                             .changed_at = 1001,
                             .changed_by = (char *)"root" };
}

static void on_group(MgrGroupRecord *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(name);
    ADD_NUMBER(version);
    ADD_NUMBER(counter);
    ADD_TEXT(settings);
    ADD_NUMBER(changed_at);
    ADD_TEXT(changed_by);
}

static void test_group(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrGroupRecord first = group("first");
    MgrGroupRecord second = group("second");
    g_autoptr(GString) expected = g_string_new(NULL);

    mgr_write_group(fixture->set, &second);
    mgr_write_group(fixture->set, &first);
    fixture_commit(fixture);
    on_group(&first, expected);
    on_group(&second, expected);
    g_assert_true(mgr_registry_load_groups(fixture->db, on_group, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, expected->str);
    g_assert_cmpuint(fixture->loaded->len, >, 100);
}

/* The next of its name begins past it. */
static void test_group_removal(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrGroupRecord first = group("first");
    uint64_t version = 0;

    mgr_write_group(fixture->set, &first);
    fixture_commit(fixture);
    mgr_write_group_removal(fixture->set, "first");
    fixture_commit(fixture);
    g_assert_true(mgr_registry_first_version(fixture->db, MGR_ENDED_GROUP, &version, NULL));
    g_assert_cmpuint(version, ==, first.version + 1);
    mgr_write_group_removal(fixture->set, "first");
    fixture_commit_fails(fixture);
}

static void add_endpoint(MgrEndpointRecord *record, GString *out)
{
    const MgrSeldom *seldom = mgr_endpoint_seldom(record);

    ADD_NUMBER(number);
    ADD_TEXT(id);
    ADD_TEXT(group);
    ADD_TEXT(host);
    ADD_TEXT(fingerprint);
    g_string_append_printf(out, "enrolled as %s\n", mgr_endpoint_enrolled_as(record));
    ADD_TEXT(addresses);
    ADD_TEXT(os);
    ADD_TEXT(program);
    ADD_TEXT(observed);
    ADD_TEXT(observed_by);
    ADD_TEXT(serial);
    ADD_NUMBER(direct_port);
    ADD_NUMBER(enrolled_at);
    ADD_NUMBER(cert_expires);
    ADD_NUMBER(revoked_at);
    ADD_NUMBER(moved_counter);
    ADD_TEXT(applied.group);
    ADD_NUMBER(applied.version);
    ADD_NUMBER(applied.counter);
    ADD_TEXT(applied.path);
    ADD_NUMBER(applied.at);
    if (record->applied.digest != NULL)
        g_string_append_printf(out, "digest of %zu\n", g_bytes_get_size(record->applied.digest));
    ADD_TEXT(patterns);
    ADD_NUMBER(updated_at);
    ADD_TEXT(update_result);
    ADD_TEXT(update_source);
    g_string_append_printf(out, "%s, %s, %s, %s, %" G_GINT64_FORMAT "\n", seldom->update_error, seldom->upgrade_end,
                           seldom->upgrade_to, seldom->upgrade_detail, seldom->upgraded_at);
    ADD_TEXT(spool);
    ADD_NUMBER(report_seq);
    ADD_NUMBER(reach);
    ADD_NUMBER(dialled_at);
}

static void add_status(MgrEndpointRecord *record, GString *out)
{
    ADD_NUMBER(presence.session);
    ADD_NUMBER(presence.born_session);
    ADD_NUMBER(presence.boot);
    ADD_NUMBER(presence.machine);
    ADD_NUMBER(presence.previous_boot);
    ADD_NUMBER(presence.other_machine);
    ADD_NUMBER(presence.kept_machine);
    ADD_NUMBER(presence.since_wall);
    ADD_NUMBER(presence.seen_wall);
    ADD_NUMBER(presence.heartbeat_ms);
    ADD_NUMBER(presence.actual);
    ADD_NUMBER(presence.reason);
    ADD_NUMBER(presence.clone);
    ADD_NUMBER(presence.ended);
    ADD_NUMBER(presence.retired);
    ADD_NUMBER(display.shown);
    ADD_NUMBER(display.cause);
    ADD_NUMBER(display.since_wall);
    ADD_NUMBER(display.contact_wall);
    ADD_NUMBER(display.registered);
    ADD_NUMBER(display.up);
    ADD_NUMBER(display.in_unreachable_net);
    ADD_NUMBER(display.independent);
    ADD_NUMBER(display.dialling);
    ADD_NUMBER(display.inactive);
    ADD_NUMBER(display.removed);
}

static void on_endpoint(MgrEndpointRecord *record, gpointer user)
{
    add_endpoint(record, user);
    add_status(record, user);
}

static MgrEndpointRecord endpoint(GBytes *digest)
{
    static MgrSeldom seldom;

    seldom = (MgrSeldom){ .enrolled_as = (char *)"print",
                          .update_error = (char *)"no space",
                          .upgrade_end = (char *)"back",
                          .upgrade_to = (char *)"0.2.0-1",
                          .upgrade_detail = (char *)"its line did not come up",
                          .upgraded_at = 77 };
    return (MgrEndpointRecord){
        .number = 7,
        .id = (char *)"e-7",
        .group = (char *)"first",
        .host = (char *)"pc-7",
        .fingerprint = (char *)"print",
        .seldom = &seldom,
        .addresses = (char *)"192.0.2.7",
        .os = (char *)"Debian 12",
        .program = (char *)"0.1.0",
        .observed = (char *)"192.0.2.8",
        .observed_by = (char *)"broker",
        .serial = (char *)"0a0b",
        .direct_port = 61000,
        .enrolled_at = 2001,
        .cert_expires = 2002,
        .revoked_at = 2003,
        .moved_counter = 2004,
        .applied = { (char *)"second", 2005, 2006, digest, (char *)"live", 2007 },
        .patterns = (char *)"rules=1 virus=2",
        .updated_at = 2008,
        .update_result = (char *)"failed",
        .update_source = (char *)"server",
        .spool = (char *)"spool-1",
        .report_seq = 2009,
        .reach = MGR_REACH_TIMEOUT,
        .dialled_at = 2010,
        .presence = { .session = 3001,
                      .born_session = 3002,
                      .boot = UINT64_MAX - 3,
                      .machine = 3004,
                      .previous_boot = 3005,
                      .other_machine = 3006,
                      .kept_machine = 3007,
                      .since_wall = 3008,
                      .seen_wall = 3009,
                      .heartbeat_ms = 3010,
                      .actual = MGR_ACTUAL_STALE,
                      .reason = MGR_REASON_KEEPALIVE,
                      .clone = MGR_CLONE_SUSPECTED },
        .display = { .shown = MGR_DISPLAYED_INDEPENDENT,
                     .cause = MGR_DISPLAY_POLL,
                     .since_wall = 4001,
                     .contact_wall = 4002 },
    };
}

static void write_endpoint(Fixture *fixture, const MgrEndpointRecord *record)
{
    const MgrSeldom *seldom = mgr_endpoint_seldom(record);

    mgr_write_endpoint_registration(fixture->set, record);
    mgr_write_endpoint_revocation(fixture->set, record->number, record->revoked_at);
    mgr_write_applied(fixture->set, record->number, &record->applied);
    mgr_write_update(fixture->set, record->number,
                     &(MgrUpdateStep){ record->patterns, record->update_result, record->update_source,
                                       seldom->update_error, record->updated_at });
    mgr_write_upgrade(
        fixture->set, record->number,
        &(MgrUpgradeStep){ seldom->upgrade_end, seldom->upgrade_to, seldom->upgrade_detail, seldom->upgraded_at });
    mgr_write_presence(fixture->set, record->number, &record->presence);
    mgr_write_display(fixture->set, record);
}

static void check_endpoint(Fixture *fixture, MgrEndpointRecord *record)
{
    g_autoptr(GString) expected = g_string_new(NULL);

    on_endpoint(record, expected);
    g_string_truncate(fixture->loaded, 0);
    g_assert_true(mgr_registry_load_endpoints(fixture->db, on_endpoint, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, expected->str);
}

static void on_identity(MgrEndpointRecord *record, gpointer user)
{
    const MgrEndpointRecord *expected = user;

    g_assert_cmpstr(record->id, ==, expected->id);
    g_assert_cmpstr(record->group, ==, expected->group);
    g_assert_cmpstr(record->host, ==, expected->host);
    g_assert_cmpstr(record->fingerprint, ==, expected->fingerprint);
    g_assert_cmpstr(record->serial, ==, expected->serial);
    g_assert_cmpint(record->enrolled_at, ==, expected->enrolled_at);
    g_assert_cmpint(record->revoked_at, ==, expected->revoked_at);
}

static void test_endpoint(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) digest = g_bytes_new_static("0123456789abcdef0123456789abcdef", 32);
    MgrGroupRecord first = group("first");
    MgrEndpointRecord record = endpoint(digest);
    const MgrDisplay shown[] = { { .registered = true },  { .up = true },       { .in_unreachable_net = true },
                                 { .independent = true }, { .dialling = true }, { .inactive = true },
                                 { .removed = true } };
    bool *const flags[] = { &record.presence.ended, &record.presence.retired };

    mgr_write_group(fixture->set, &first);
    mgr_write_endpoint(fixture->set, &record);
    mgr_write_report(fixture->set, record.number,
                     &(MgrReportStep){ "", record.spool, 0, record.report_seq, record.report_mark });
    write_endpoint(fixture, &record);
    fixture_commit(fixture);
    check_endpoint(fixture, &record);
    g_assert_true(mgr_registry_load_identities(fixture->db, on_identity, &record, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(flags); i++) { /* one at a time: which of them it is shows only so */
        *flags[i] = true;
        write_endpoint(fixture, &record);
        fixture_commit(fixture);
        check_endpoint(fixture, &record);
        *flags[i] = false;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(shown); i++) {
        record.display = shown[i];
        write_endpoint(fixture, &record);
        fixture_commit(fixture);
        check_endpoint(fixture, &record);
    }
}

/* A birth tells another fingerprint, an enrolment has one; only who may ends a revocation. */
static void test_enrolled_again(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(GBytes) digest = g_bytes_new_static("0123456789abcdef0123456789abcdef", 32);
    MgrGroupRecord first = group("first");
    MgrEndpointRecord record = endpoint(digest);
    MgrEnrolmentStep step = { "0c0d", 9001, "moved", false };

    mgr_write_group(fixture->set, &first);
    mgr_write_endpoint(fixture->set, &record);
    mgr_write_report(fixture->set, record.number,
                     &(MgrReportStep){ "", record.spool, 0, record.report_seq, record.report_mark });
    record.fingerprint = (char *)"told";
    write_endpoint(fixture, &record);
    fixture_commit(fixture);
    check_endpoint(fixture, &record);
    mgr_write_endpoint_enrolment(fixture->set, record.number, &step);
    fixture_commit_fails(fixture);
    check_endpoint(fixture, &record);
    step.ends_revocation = true;
    mgr_write_endpoint_enrolment(fixture->set, record.number, &step);
    fixture_commit(fixture);
    record.revoked_at = 0;
    record.serial = (char *)"0c0d";
    record.cert_expires = 9001;
    record.fingerprint = record.seldom->enrolled_as = (char *)"moved";
    check_endpoint(fixture, &record);
}

static void on_machine(MgrEndpointRecord *record, gpointer user)
{
    g_assert_cmpstr(record->fingerprint, ==, "print");
    g_assert_null(mgr_endpoint_seldom(record)->enrolled_as); /* kept once */
    g_assert_cmpstr(mgr_endpoint_enrolled_as(record), ==, "print");
    g_assert_false(mgr_endpoint_set_fingerprint(record, "print"));
    g_assert_true(mgr_endpoint_set_fingerprint(record, "told"));
    g_assert_cmpstr(mgr_endpoint_enrolled_as(record), ==, "print");
    g_assert_true(mgr_endpoint_set_fingerprint(record, "told again"));
    g_assert_cmpstr(record->fingerprint, ==, "told again");
    g_assert_cmpstr(mgr_endpoint_enrolled_as(record), ==, "print");
    g_assert_true(mgr_endpoint_set_fingerprint(record, mgr_endpoint_enrolled_as(record)));
    g_assert_cmpstr(record->fingerprint, ==, "print");
    g_assert_null(mgr_endpoint_seldom(record)->enrolled_as);
    g_assert_true(mgr_endpoint_set_fingerprint(record, "told"));
    g_assert_true(mgr_endpoint_enrol_as_told(record));
    g_assert_false(mgr_endpoint_enrol_as_told(record));
    g_assert_cmpstr(mgr_endpoint_enrolled_as(record), ==, "told");
    (*(guint *)user)++;
}

static void test_machine(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrGroupRecord first = group("first");
    MgrEndpointRecord record = endpoint(NULL);
    guint loaded = 0;

    mgr_write_group(fixture->set, &first);
    mgr_write_endpoint(fixture->set, &record);
    fixture_commit(fixture);
    g_assert_true(mgr_registry_load_endpoints(fixture->db, on_machine, &loaded, NULL));
    g_assert_cmpuint(loaded, ==, 1);
}

/* One that was enrolled and never seen: no row of presence or display, no digest. */
static void test_never_seen(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrGroupRecord first = group("first");
    MgrEndpointRecord record = { .number = 1,
                                 .id = (char *)"e-1",
                                 .group = (char *)"first",
                                 .host = (char *)"",
                                 .fingerprint = (char *)"print",
                                 .addresses = (char *)"",
                                 .os = (char *)"",
                                 .program = (char *)"",
                                 .observed = (char *)"",
                                 .observed_by = (char *)"https",
                                 .serial = (char *)"01",
                                 .applied = { .group = (char *)"", .path = (char *)"" },
                                 .patterns = (char *)"",
                                 .update_result = (char *)"",
                                 .update_source = (char *)"",
                                 .spool = (char *)"" };

    mgr_write_group(fixture->set, &first);
    mgr_write_endpoint(fixture->set, &record);
    fixture_commit(fixture);
    check_endpoint(fixture, &record);
}

static void on_command(MgrCommandRecord *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(id);
    ADD_TEXT(selector);
    ADD_TEXT(issuer);
    ADD_NUMBER(kind);
    ADD_NUMBER(issued_at);
    ADD_NUMBER(expires_at);
    ADD_NUMBER(cancelled_at);
    ADD_NUMBER(window_ms);
    ADD_NUMBER(timeout_ms);
}

static void on_target(MgrTargetRecord *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(command);
    ADD_TEXT(endpoint);
    ADD_NUMBER(state);
    ADD_TEXT(code);
    ADD_TEXT(detail);
    ADD_NUMBER(changed_at);
}

static void put_new(Fixture *fixture, MgrTargetRecord *t)
{
    GPtrArray ids = { (gpointer *)&t->endpoint, 1 };
    mgr_write_new_targets(fixture->set, t->command, t->state, t->changed_at, &ids);
}

static void test_command(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrCommandRecord open = { .id = (char *)"c-1",
                              .selector = (char *)"@all",
                              .issuer = (char *)"root",
                              .scope = (char *)"",
                              .kind = HL_KIND_ROLLBACK,
                              .issued_at = 5001,
                              .expires_at = 5002,
                              .window_ms = 5003,
                              .timeout_ms = 5004 };
    MgrCommandRecord over = open;
    MgrTargetRecord target = { .command = (char *)"c-1",
                               .endpoint = (char *)"e-1",
                               .state = HL_STATE_QUEUED,
                               .code = (char *)"",
                               .detail = (char *)"",
                               .changed_at = 5005 };
    MgrTargetRecord finished = target;
    g_autoptr(GString) expected = g_string_new(NULL);

    over.id = (char *)"c-0";
    mgr_write_command(fixture->set, &open);
    mgr_write_command(fixture->set, &over);
    put_new(fixture, &target);
    finished.command = over.id;
    put_new(fixture, &finished);
    finished.state = HL_STATE_SUCCEEDED;
    mgr_write_target(fixture->set, &finished);
    target.state = HL_STATE_STARTED;
    target.code = (char *)"progress";
    target.detail = (char *)"40 %";
    target.changed_at = 5006;
    mgr_write_target(fixture->set, &target);
    open.cancelled_at = 5007;
    mgr_write_command_cancel(fixture->set, open.id, open.cancelled_at);
    fixture_commit(fixture);
    on_command(&open, expected);
    on_target(&target, expected);
    g_assert_true(mgr_registry_load_open_commands(fixture->db, on_command, fixture->loaded, NULL));
    g_assert_true(mgr_registry_load_open_targets(fixture->db, on_target, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, expected->str);
}

/* An end that two reports tell is one row of the history, though both are in one transaction. */
static void test_end_told_twice(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrCommandRecord command = { .id = (char *)"c-1",
                                 .selector = (char *)"@all",
                                 .issuer = (char *)"root",
                                 .scope = (char *)"",
                                 .kind = HL_KIND_ROLLBACK,
                                 .issued_at = 5001 };
    MgrTargetRecord target = { .command = (char *)"c-1",
                               .endpoint = (char *)"e-1",
                               .state = HL_STATE_SENT,
                               .code = (char *)"",
                               .detail = (char *)"",
                               .changed_at = 5002 };
    int64_t rows = 0;

    mgr_write_command(fixture->set, &command);
    put_new(fixture, &target);
    target.state = HL_STATE_SUCCEEDED;
    for (guint i = 0; i < 2; i++) {
        target.changed_at++;
        mgr_write_target_history(fixture->set, &target, command.kind);
        mgr_write_target(fixture->set, &target);
    }
    fixture_commit(fixture);
    g_assert_true(hl_db_query_int(fixture->db, 0, &rows, NULL, "SELECT count(*) FROM history", ""));
    g_assert_cmpint(rows, ==, 1);
    g_assert_true(hl_db_query_int(fixture->db, 0, &rows, NULL,
                                  "SELECT at FROM history WHERE what = 'rollback' AND detail = 'succeeded'", ""));
    g_assert_cmpint(rows, ==, 5003);
}

static void on_token(MgrTokenRecord *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(id);
    ADD_TEXT(digest);
    ADD_TEXT(group);
    ADD_TEXT(endpoint);
    ADD_TEXT(created_by);
    ADD_NUMBER(uses_left);
    ADD_NUMBER(expires_at);
    ADD_NUMBER(created_at);
    ADD_NUMBER(withdrawn_at);
}

static void on_certificate(MgrCertificateRecord *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(serial);
    ADD_TEXT(name);
    ADD_TEXT(kind);
    ADD_NUMBER(issued_at);
    ADD_NUMBER(expires_at);
    ADD_NUMBER(revoked_at);
}

static void test_token_certificate(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrGroupRecord first = group("first");
    MgrTokenRecord token = { .id = (char *)"t-1",
                             .digest = (char *)"00ff",
                             .group = (char *)"first",
                             .endpoint = (char *)"e-7",
                             .created_by = (char *)"root",
                             .uses_left = 6001,
                             .expires_at = 6002,
                             .created_at = 6003 };
    MgrCertificateRecord certificate = {
        .serial = (char *)"0c", .name = (char *)"e-1", .kind = (char *)"endpoint", .issued_at = 6005, .expires_at = 6006
    };
    g_autoptr(GString) expected = g_string_new(NULL);
    uint64_t counter = 0;

    mgr_write_group(fixture->set, &first);
    mgr_write_token(fixture->set, &token);
    token.uses_left--;
    token.withdrawn_at = 6004;
    mgr_write_token_use(fixture->set, token.id);
    mgr_write_token_withdrawal(fixture->set, token.id, token.withdrawn_at);
    mgr_write_certificate(fixture->set, &certificate);
    certificate.revoked_at = 6007;
    mgr_write_revocations(fixture->set, certificate.name, NULL, certificate.revoked_at);
    mgr_write_counter(fixture->set, "settings", 6008);
    mgr_write_counter(fixture->set, "settings", 12); /* never back */
    fixture_commit(fixture);
    on_token(&token, expected);
    on_certificate(&certificate, expected);
    g_assert_true(mgr_registry_load_tokens(fixture->db, on_token, fixture->loaded, NULL));
    g_assert_true(mgr_registry_load_certificates(fixture->db, on_certificate, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, expected->str);
    g_assert_true(mgr_registry_load_counter(fixture->db, "settings", &counter, NULL));
    g_assert_cmpuint(counter, ==, 6008);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/registry/group", Fixture, NULL, fixture_set_up, test_group, fixture_tear_down);
    g_test_add("/registry/group-removal", Fixture, NULL, fixture_set_up, test_group_removal, fixture_tear_down);
    g_test_add("/registry/endpoint", Fixture, NULL, fixture_set_up, test_endpoint, fixture_tear_down);
    g_test_add("/registry/enrolled-again", Fixture, NULL, fixture_set_up, test_enrolled_again, fixture_tear_down);
    g_test_add("/registry/machine", Fixture, NULL, fixture_set_up, test_machine, fixture_tear_down);
    g_test_add("/registry/never-seen", Fixture, NULL, fixture_set_up, test_never_seen, fixture_tear_down);
    g_test_add("/registry/command", Fixture, NULL, fixture_set_up, test_command, fixture_tear_down);
    g_test_add("/registry/end-told-twice", Fixture, NULL, fixture_set_up, test_end_told_twice, fixture_tear_down);
    g_test_add("/registry/token-certificate", Fixture, NULL, fixture_set_up, test_token_certificate, fixture_tear_down);
    return g_test_run();
}
