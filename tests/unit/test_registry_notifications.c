/* SPDX-License-Identifier: Apache-2.0 */
/* manager/store/notifications: what a write set stores is what is read back; what happened is read on from where it was
 * left; nothing outlives its rule or its endpoint. */
#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/store/notifications.h"
#include "manager/store/registry.h"
#include "tests/support/registry_fixture.h"

static MgrRuleRecord make_rule(uint64_t version)
{
    return (MgrRuleRecord){ .name = hl_unconst("it"),
                            .version = version,
                            .options = hl_unconst("to=syslog:\n"),
                            .secret = hl_unconst("s3cret"),
                            .changed_at = 7001,
                            .changed_by = hl_unconst("ann") };
}

static MgrMessageRecord make_message(const char *id, MgrMessageState state, HlTime ended_at)
{
    return (MgrMessageRecord){ .id = hl_unconst(id),
                               .rule = hl_unconst("it"),
                               .state = state,
                               .notes = hl_unconst("{}"),
                               .begun_at = 1,
                               .closed_at = state == MGR_MESSAGE_GATHERING ? 0 : 2,
                               .attempts = 3,
                               .said = hl_unconst("250 ok"),
                               .replies = hl_unconst(state == MGR_MESSAGE_WAITING ? "{\"a@x\":\"250\"}" : "{}"),
                               .ended_at = ended_at };
}

static int64_t count(Fixture *fixture, const char *table)
{
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);
    int64_t n = -1;

    g_assert_true(hl_db_query_int(fixture->db, -1, &n, NULL, sql, ""));
    return n;
}

static void add_rule(MgrRuleRecord *record, gpointer user)
{
    GString *out = user;

    ADD_TEXT(name);
    ADD_NUMBER(version);
    ADD_TEXT(options);
    ADD_TEXT(secret);
    ADD_NUMBER(changed_at);
    ADD_TEXT(changed_by);
}

static void add_message(MgrMessageRecord *record, gpointer user)
{
    g_string_append_printf(user, "%s %s %s %s %d %d %d %s %d %s\n", record->id, record->rule,
                           mgr_message_state_name(record->state), record->notes, (int)record->begun_at,
                           (int)record->closed_at, (int)record->attempts, record->said, (int)record->ended_at,
                           record->replies);
}

static void put_rule(Fixture *fixture, uint64_t version, uint64_t base)
{
    MgrRuleRecord rule = make_rule(version);

    mgr_write_rule(fixture->set, &rule, base);
}

static void put_message(Fixture *fixture, const char *id, MgrMessageState state, HlTime ended_at)
{
    MgrMessageRecord message = make_message(id, state, ended_at);

    mgr_write_message(fixture->set, &message);
}

/* Who saves last over somebody else's change is told so. */
static void test_rule(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    put_rule(fixture, 1, 0);
    fixture_commit(fixture);
    put_rule(fixture, 1, 0);
    fixture_commit_fails(fixture);
    put_rule(fixture, 2, 1);
    fixture_commit(fixture);
    put_rule(fixture, 2, 1);
    fixture_commit_fails(fixture);
    g_assert_true(mgr_registry_load_rules(fixture->db, add_rule, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==,
                    "name=it\nversion=2\noptions=to=syslog:\n\nsecret=s3cret\nchanged_at=7001\nchanged_by=ann\n");
    mgr_write_rule_removal(fixture->set, "it");
    fixture_commit(fixture);
    put_rule(fixture, 3, 2);
    fixture_commit_fails(fixture); /* it is gone, and does not come back by a save */
    mgr_write_rule_removal(fixture->set, "it");
    fixture_commit_fails(fixture);
}

static uint64_t first_version(Fixture *fixture)
{
    uint64_t version = 0;

    g_assert_true(mgr_registry_first_version(fixture->db, MGR_ENDED_RULE, &version, NULL));
    return version;
}

/* A name that comes again begins past all that it had, also when one with lower versions was removed since. */
static void test_versions(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_assert_cmpuint(first_version(fixture), ==, 1);
    for (uint64_t version = 1; version <= 3; version++)
        put_rule(fixture, version, version - 1);
    fixture_commit(fixture);
    g_assert_cmpuint(first_version(fixture), ==, 1);
    mgr_write_rule_removal(fixture->set, "it");
    fixture_commit(fixture);
    g_assert_cmpuint(first_version(fixture), ==, 4);
    put_rule(fixture, 2, 0); /* as one of before versions were kept */
    mgr_write_rule_removal(fixture->set, "it");
    fixture_commit(fixture);
    g_assert_cmpuint(first_version(fixture), ==, 4);
}

static void test_messages(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    HlTime closed = -1;
    g_autofree char *replies = NULL;

    put_message(fixture, "n-0", MGR_MESSAGE_WAITING, 0); /* of a rule that is not there */
    put_rule(fixture, 1, 0);
    fixture_commit(fixture);
    g_assert_cmpint(count(fixture, "notification_message"), ==, 0);
    put_message(fixture, "n-1", MGR_MESSAGE_GATHERING, 0);
    put_message(fixture, "n-2", MGR_MESSAGE_SENT, 9);
    put_message(fixture, "n-1", MGR_MESSAGE_WAITING, 0);
    fixture_commit(fixture);
    g_assert_true(mgr_registry_load_messages(fixture->db, add_message, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, "n-1 it waiting {} 1 2 3 250 ok 0 {\"a@x\":\"250\"}\n");
    g_string_truncate(fixture->loaded, 0);
    g_assert_true(mgr_registry_list_messages(fixture->db, NULL, 10, add_message, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==,
                    "n-2 it sent {} 1 2 3 250 ok 9 {}\nn-1 it waiting {} 1 2 3 250 ok 0 {\"a@x\":\"250\"}\n");
    g_assert_true(mgr_registry_last_replies(fixture->db, "it", &replies, NULL));
    g_assert_cmpstr(replies, ==, "{}"); /* n-2: it is the later one */
    g_assert_true(mgr_registry_last_closed(fixture->db, "it", &closed, NULL));
    g_assert_cmpint(closed, ==, 2);
    for (guint i = 0; i < 150; i++) {
        g_autofree char *id = g_strdup_printf("m-%u", i);

        put_message(fixture, id, MGR_MESSAGE_GIVEN_UP, 100);
    }
    fixture_commit(fixture);
    mgr_write_prune_messages(fixture->set, 10);
    fixture_commit(fixture);
    g_assert_cmpint(count(fixture, "notification_message"), ==, 101); /* and n-1, which waits */
    mgr_write_message_removal(fixture->set, "n-1");
    fixture_commit(fixture);
    g_assert_cmpint(count(fixture, "notification_message"), ==, 100);
    mgr_write_rule_removal(fixture->set, "it");
    fixture_commit(fixture);
    g_assert_cmpint(count(fixture, "notification_message"), ==, 0);
}

static void put_endpoint(Fixture *fixture)
{
    MgrGroupRecord office = {
        .name = hl_unconst("office"), .version = 1, .settings = hl_unconst(""), .changed_by = hl_unconst("root")
    };
    MgrEndpointRecord endpoint = { .number = 5,
                                   .id = hl_unconst("e-one"),
                                   .group = hl_unconst("office"),
                                   .host = hl_unconst("pc-7"),
                                   .fingerprint = hl_unconst("f"),
                                   .addresses = hl_unconst(""),
                                   .os = hl_unconst(""),
                                   .program = hl_unconst(""),
                                   .observed = hl_unconst(""),
                                   .serial = hl_unconst("01") };

    mgr_write_group(fixture->set, &office);
    mgr_write_endpoint(fixture->set, &endpoint);
}

static void add_known(const char *rule, const char *kind, int64_t endpoint, const char *key, gpointer user)
{
    g_string_append_printf(user, "%s %s %d '%s'\n", rule, kind, (int)endpoint, key);
}

static void test_known(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    put_rule(fixture, 1, 0);
    put_endpoint(fixture);
    mgr_write_known(fixture->set, "it", "offline", 5, "", true);
    mgr_write_known(fixture->set, "it", "offline", 5, "", true);
    mgr_write_known(fixture->set, "it", "offline", 6, "", true); /* removed meanwhile */
    mgr_write_known(fixture->set, "it", "end", 0, "admin ann", true);
    mgr_write_known(fixture->set, "it", "disk", 0, "", true);
    mgr_write_known(fixture->set, "it", "disk", 0, "", false);
    fixture_commit(fixture);
    g_assert_true(mgr_registry_load_known(fixture->db, add_known, fixture->loaded, NULL));
    g_assert_cmpstr(fixture->loaded->str, ==, "it end 0 'admin ann'\nit offline 5 ''\n");
    mgr_write_unknown(fixture->set, "it", "end");
    hl_write_set_add(fixture->set, "DELETE FROM endpoint WHERE number = 5", "");
    fixture_commit(fixture);
    g_assert_cmpint(count(fixture, "notification_known"), ==, 0);
}

static void add_happening(const MgrHappening *happening, gpointer user)
{
    g_string_append_printf(user, "%d %s %s %s\n", (int)happening->number, happening->endpoint, happening->what,
                           happening->detail);
}

/* A part at a time, and on from there. */
static void test_happened(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    MgrSeen seen, last;
    bool is_there = true;
    int64_t until = 0;

    for (guint i = 0; i < 3; i++) {
        mgr_write_history(fixture->set, 1, "e-one", "status", "noise");
        mgr_write_history(fixture->set, 1, "e-one", "enrolled", "by a token");
    }
    mgr_write_history(fixture->set, 1, "e-one", "status", "noise");
    fixture_commit(fixture);
    g_assert_true(mgr_registry_read_seen(fixture->db, &seen, &is_there, NULL));
    g_assert_false(is_there);
    g_assert_true(mgr_registry_read_last(fixture->db, &last, NULL));
    g_assert_cmpint(last.history, ==, 7);
    g_assert_cmpint(last.audit, ==, 0);
    g_assert_true(mgr_registry_happened_history(fixture->db, 2, 7, 1, add_happening, fixture->loaded, &until, NULL));
    g_assert_cmpint(until, ==, 4);
    g_assert_true(
        mgr_registry_happened_history(fixture->db, until, 7, 9, add_happening, fixture->loaded, &until, NULL));
    g_assert_cmpint(until, ==, 7);
    g_assert_cmpstr(fixture->loaded->str, ==, "4 e-one enrolled by a token\n6 e-one enrolled by a token\n");
    g_assert_true(mgr_registry_happened_detection(fixture->db, 0, 7, 9, add_happening, fixture->loaded, &until, NULL));
    g_assert_true(mgr_registry_happened_audit(fixture->db, 0, 7, 9, add_happening, fixture->loaded, &until, NULL));
    mgr_write_seen(fixture->set, &(MgrSeen){ 7, 8, 9 });
    mgr_write_seen(fixture->set, &(MgrSeen){ 70, 80, 90 });
    fixture_commit(fixture);
    g_assert_true(mgr_registry_read_seen(fixture->db, &seen, &is_there, NULL));
    g_assert_true(is_there);
    g_assert_cmpint(seen.history * 10000 + seen.detection * 100 + seen.audit, ==, 708090);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/registry-notifications/rule", Fixture, NULL, fixture_set_up, test_rule, fixture_tear_down);
    g_test_add("/registry-notifications/versions", Fixture, NULL, fixture_set_up, test_versions, fixture_tear_down);
    g_test_add("/registry-notifications/messages", Fixture, NULL, fixture_set_up, test_messages, fixture_tear_down);
    g_test_add("/registry-notifications/known", Fixture, NULL, fixture_set_up, test_known, fixture_tear_down);
    g_test_add("/registry-notifications/happened", Fixture, NULL, fixture_set_up, test_happened, fixture_tear_down);
    return g_test_run();
}
