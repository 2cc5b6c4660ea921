/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/calls/succession_calls: a new authority is announced, issues for those who hold it, and ends the old
 * one when all have a certificate of it; at an external broker, which has to be told. */
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/store/stmt.h"
#include "manager/site/site.h"
#include "proto/envelope.h"
#include "proto/server.h"
#include "tests/support/child_fake.h"
#include "tests/support/succession_world.h"
#include "tests/support/timer_fake.h"

#define ID SUCCESSION_ID

static void call(Parts *parts, const char *what, const char *force, const char *code)
{
    g_autofree char *name = g_strconcat("server authority ", what, NULL);

    parts_call(parts, name, force != NULL ? "force" : NULL, force, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, code));
}

/* "state through/of authorities" */
static void expect_state(Parts *parts, const char *expected)
{
    g_autoptr(json_t) shown = NULL;
    g_autofree char *text = NULL;

    parts_call(parts, "server authority status", NULL);
    shown = parts_expect_reply(parts, "");
    text = g_strdup_printf("%s %d/%d %d", json_string_value(json_object_get(shown, "state")),
                           (int)json_integer_value(json_object_get(shown, "through")),
                           (int)json_integer_value(json_object_get(shown, "of")),
                           (int)json_array_size(json_object_get(shown, "authorities")));
    g_assert_cmpstr(text, ==, expected);
}

static void wait_a_look(Parts *parts)
{
    timer_fake_advance(6 * HL_SECOND);
    parts_commit(parts);
    succession_read_lists();
}

/* The serial of what it is given; "": nothing. */
static char *renew(Parts *parts)
{
    MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, ID);
    g_autofree char *before = g_strdup(endpoint->record.serial);
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, ID, NULL);

    mgr_renewals_request(parts->renewals, endpoint, csr);
    parts_commit(parts);
    return g_strdup(strcmp(before, endpoint->record.serial) != 0 ? endpoint->record.serial : "");
}

static void expect_renewal(Parts *parts, bool is_given)
{
    g_autofree char *serial = renew(parts);

    g_assert_true((*serial != '\0') == is_given);
}

/* The administrator makes a call with this certificate. */
static void come_with(Parts *parts, const char *serial)
{
    parts_request(parts, &(PartsRequest){ .name = "server authority status", .certificate = serial });
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
}

/* The administrator's, who asks with one (NULL: does not say): by the next one only for a program that takes what the
 * answer says of authorities.  The serial of what came; NULL: nothing did.  Caller frees. */
static char *renew_account_with(Parts *parts, const char *serial, const char *authorities, const char *code,
                                guint trusted)
{
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, "admin", NULL);
    g_autofree char *text = g_base64_encode(g_bytes_get_data(csr, NULL), g_bytes_get_size(csr));
    g_autoptr(json_t) answer = NULL;
    const char *ca;

    parts_request(parts,
                  &(PartsRequest){ .name = "account renew",
                                   .arguments = (const char *const[]){ "name", "admin", "csr", text,
                                                                       authorities != NULL ? "authorities" : NULL,
                                                                       authorities, NULL },
                                   .certificate = serial });
    parts_commit(parts);
    succession_read_lists();
    timer_fake_advance(HL_SECOND);
    answer = parts_expect_reply(parts, code);
    ca = json_string_value(json_object_get(answer, "ca"));
    if (ca != NULL) {
        g_autoptr(HlTrust) trust = hl_trust_parse("ca", ca, strlen(ca), NULL);

        g_assert_cmpuint(hl_trust_count(trust), ==, trusted);
    }
    return g_strdup(json_string_value(json_object_get(answer, "serial")));
}

static void renew_account(Parts *parts, const char *authorities, const char *code, guint trusted)
{
    g_free(renew_account_with(parts, NULL, authorities, code, trusted));
}

static const char *authority_of(Parts *parts, const char *serial)
{
    return mgr_certificate_authority(mgr_fleet_certificate(&parts->fleet, serial));
}

/* Of the sealing key; what is announced then. */
static void roll_key(Parts *parts, const char *what, HlMsgServerDocument **document)
{
    g_autofree char *name = g_strconcat("server rollover ", what, NULL);

    parts_call(parts, name, NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    hl_wire_free(*document);
    *document = succession_take_document(parts);
}

static void test_life(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(HlMsgServerDocument) one = NULL;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    g_autofree char *next = NULL;
    g_autofree char *account = NULL;

    succession_born(parts, 1, NULL, "");
    expect_state(parts, "none 0/0 1");
    call(parts, "start", NULL, "");
    g_assert_cmpuint(parts->authorities_changed, ==, 1);
    both = succession_take_document(parts);
    g_assert_cmpuint(both->n_authorities, ==, 2);
    next = hl_trust_id(mgr_pki_next(parts->pki));
    call(parts, "start", NULL, "exists");
    roll_key(parts, "start", &both); /* beside it, and withdrawn again */
    g_assert_cmpuint(both->n_signing_keys, ==, 2);
    g_assert_cmpuint(both->n_authorities, ==, 2);
    roll_key(parts, "cancel", &both);
    g_assert_cmpuint(both->n_signing_keys, ==, 1);
    g_assert_cmpuint(both->n_authorities, ==, 2);
    succession_read_lists();
    first = renew(parts); /* due by its dates; it holds the old one alone */
    g_assert_cmpstr(authority_of(parts, first), !=, next);
    succession_born(parts, 2, both, first);
    expect_state(parts, "announced 0/1 2");
    call(parts, "finish", NULL, "conflict");
    second = renew(parts);
    g_assert_cmpstr(authority_of(parts, second), ==, next);
    g_assert_cmpstr(authority_of(parts, second), !=, "");
    call(parts, "cancel", NULL, "conflict");
    wait_a_look(parts);
    expect_state(parts, "announced 0/1 2"); /* it has not come with that yet */
    succession_born(parts, 3, both, second);
    expect_state(parts, "announced 1/1 2");
    wait_a_look(parts);
    expect_state(parts, "announced 1/1 2"); /* the administrator is left */
    account = renew_account_with(parts, NULL, "both", "", 2);
    timer_fake_advance(HL_DAY);
    wait_a_look(parts);
    wait_a_look(parts);
    expect_state(parts, "announced 1/1 2"); /* the answer may be lost */
    come_with(parts, account);
    wait_a_look(parts); /* the server's own certificates */
    wait_a_look(parts); /* and the broker has read them */
    expect_state(parts, "none 0/0 1");
    one = succession_take_document(parts);
    g_assert_cmpuint(one->n_authorities, ==, 1);
    g_assert_cmpstr(one->authorities[0], ==, both->authorities[0]);
    g_assert_cmpuint(one->counter, >, both->counter);
    call(parts, "finish", NULL, "invalid");
    parts_check_registry(parts);
}

/* What an account was given got lost, or another machine has a copy of its old certificate: it is given one again, and
 * nothing ends while it may be asking in vain. */
static void test_asked_again(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autofree char *serial = NULL;
    g_autofree char *account = NULL;

    succession_born(parts, 1, NULL, "");
    call(parts, "start", NULL, "");
    succession_read_lists();
    both = succession_take_document(parts);
    succession_born(parts, 2, both, "");
    serial = renew(parts);
    succession_born(parts, 3, both, serial);
    for (guint n = 0; n < 3; n++)
        renew_account(parts, "both", "", 2);
    renew_account(parts, "both", "exists", 0);
    timer_fake_advance(61 * HL_MINUTE);
    wait_a_look(parts);
    expect_state(parts, "announced 1/1 2");
    account = renew_account_with(parts, NULL, "both", "", 2);
    come_with(parts, account);
    wait_a_look(parts);
    expect_state(parts, "announced 1/1 2"); /* another machine may have been refused one */
    timer_fake_advance(2 * HL_HOUR);
    wait_a_look(parts);
    wait_a_look(parts);
    expect_state(parts, "none 0/0 1");
}

/* By the owner's word, who calls with this certificate. */
static void finish_with(Parts *parts, const char *serial, const char *code)
{
    parts_request(parts, &(PartsRequest){ .name = "server authority finish",
                                          .arguments = (const char *const[]){ "force", "yes", NULL },
                                          .certificate = serial });
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, code));
}

/* Names of the accounts, monitors and consoles that are left, with how many machines of each; caller frees. */
static char *left(Parts *parts)
{
    g_autoptr(json_t) shown = NULL;
    const json_t *people;
    GString *out = g_string_new("");

    parts_call(parts, "server authority status", NULL);
    shown = parts_expect_reply(parts, "");
    people = json_object_get(shown, "people");
    for (size_t i = 0; i < json_array_size(people); i++)
        g_string_append_printf(out, "%s %d;", json_string_value(json_object_get(json_array_get(people, i), "name")),
                               (int)json_array_size(json_object_get(json_array_get(people, i), "certificates")));
    return g_string_free(out, FALSE);
}

static char *make_second(Parts *parts)
{
    g_autofree char *csr = g_strdup(PARTS_CSR);
    g_autoptr(json_t) answer = NULL;

    parts_call(parts, "account certificate", "name", "admin", "csr", csr, NULL);
    parts_commit(parts);
    succession_read_lists();
    timer_fake_advance(HL_SECOND);
    answer = parts_expect_reply(parts, "");
    return g_strdup(json_string_value(json_object_get(answer, "serial")));
}

/* Two machines of one account, each with a certificate of its own: neither counts for the other.  What a restart would
 * find is the same. */
static void test_two_machines(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autofree char *one = make_second(parts);
    g_autofree char *two = make_second(parts);
    g_autofree char *unused = make_second(parts);
    g_autofree char *lost = NULL;
    g_autofree char *next = NULL;
    g_autofree char *of_two = NULL;
    g_autofree char *before = NULL;
    g_autofree char *halfway = NULL;
    g_autofree char *after = NULL;

    g_assert_nonnull(unused);
    come_with(parts, one);
    come_with(parts, two);
    call(parts, "start", NULL, "");
    succession_read_lists();
    before = left(parts);
    g_assert_cmpstr(before, ==, "admin 2;");
    lost = renew_account_with(parts, one, "both", "", 2);
    next = renew_account_with(parts, one, "both", "", 2);
    come_with(parts, next);
    halfway = left(parts);
    g_assert_cmpstr(halfway, ==, "admin 1;");
    come_with(parts, lost); /* late, after all */
    parts_request(parts, &(PartsRequest){ .name = "server authority status", .certificate = "1234abc" });
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "denied")); /* it is nobody's */
    timer_fake_advance(3 * HL_HOUR);
    parts_commit(parts);
    of_two = renew_account_with(parts, two, "both", "", 2);
    come_with(parts, of_two);
    after = left(parts);
    g_assert_cmpstr(after, ==, "");
    parts_check_registry(parts);
}

/* Until it has read pki/ca.pem and pki/crl.pem the broker refuses what the new one signs; and a broker that nobody can
 * tell would for ever. */
static void test_broker(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autofree char *serial = NULL;
    g_autofree char *account = NULL;

    succession_set_conf(parts, "broker.reload-command", "");
    call(parts, "start", NULL, "invalid");
    succession_set_conf(parts, "broker.reload-command", "tell-broker");
    succession_born(parts, 1, NULL, "");
    call(parts, "start", NULL, "");
    both = succession_take_document(parts);
    succession_born(parts, 2, both, "");
    serial = renew(parts);
    g_assert_cmpstr(serial, !=, "");
    g_assert_false(mgr_pki_is_next_ready(parts->pki));
    succession_read_lists();
    g_assert_true(mgr_pki_is_next_ready(parts->pki));
    expect_renewal(parts, true);              /* sooner than its dates say */
    call(parts, "finish", "yes", "conflict"); /* who says so would be shut out */
    account = renew_account_with(parts, NULL, "both", "", 2);
    call(parts, "finish", "yes", "conflict");   /* nor may the one that was given be lost */
    finish_with(parts, account, "unavailable"); /* signed now */
    mgr_pki_renew_broker(parts->pki);           /* as the part that is told of that does; not read yet */
    finish_with(parts, account, "unavailable");
    succession_read_lists();
    finish_with(parts, account, "");
    expect_state(parts, "none 0/0 1");
}

/* One that asks before the broker has read the new authority, or whose request overtakes the report that it holds that,
 * is not refused, nor given one of the old: it gets its certificate when both is so. */
static void test_early(gconstpointer overtakes)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autofree char *first = renew(parts);
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, ID);

    clock_fake_advance(parts->conf.certificate_lifetime / 4); /* by its age it could have another one */
    succession_born(parts, 1, NULL, "");
    call(parts, "start", NULL, "");
    both = succession_take_document(parts);
    if (overtakes != NULL)
        succession_read_lists();
    else
        succession_born(parts, 2, both, first);
    expect_renewal(parts, false);
    if (overtakes != NULL)
        succession_born(parts, 2, both, first);
    else
        succession_read_lists();
    timer_fake_advance(2 * HL_SECOND);
    parts_commit(parts);
    g_assert_cmpstr(endpoint->record.serial, !=, first);
    succession_born(parts, 3, both, endpoint->record.serial);
    expect_state(parts, "announced 1/1 2");
    g_assert_cmpuint(mgr_renewals_refused(parts->renewals), ==, 0);
    parts_check_registry(parts);
}

/* The answer is lost, with the broker's database say: it comes with the old one, and gets another at once; then less
 * and less often, until it uses one. */
static void test_lost_answer(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autofree char *first = renew(parts);
    g_autofree char *later = NULL;

    succession_born(parts, 1, NULL, "");
    call(parts, "start", NULL, "");
    succession_read_lists();
    both = succession_take_document(parts);
    succession_born(parts, 2, both, first);
    clock_fake_advance(HL_HOUR);
    expect_renewal(parts, true);
    expect_renewal(parts, true);
    expect_renewal(parts, false);
    clock_fake_advance(HL_HOUR);
    later = renew(parts);
    g_assert_cmpstr(later, !=, "");
    succession_born(parts, 3, both, later);
    expect_state(parts, "announced 1/1 2");
    parts_check_registry(parts);
}

static void ask_with(Parts *parts, GBytes *csr)
{
    mgr_renewals_request(parts->renewals, mgr_fleet_endpoint(&parts->fleet, ID), csr);
    parts_commit(parts);
}

static void expect_sent(Parts *parts, const char *serial)
{
    g_autoptr(HlMsgCommand) command = parts_take_command(parts, ID);
    g_autoptr(HlCert) cert = hl_cert_parse("", command->certificate.data, command->certificate.len, NULL);

    g_assert_cmpstr(hl_cert_info(cert)->serial, ==, serial);
}

/* It comes back late, and loses the answer again and again, as its parts are remade each time: with the key of its
 * request it gets the same one each time, and no other one is issued. */
static void test_lost_again_and_again(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autofree char *first = renew(parts);
    const MgrEndpoint *endpoint = mgr_fleet_endpoint(&parts->fleet, ID);
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, ID, NULL);
    g_autofree char *given = NULL;

    succession_born(parts, 1, NULL, "");
    call(parts, "start", NULL, "");
    succession_read_lists();
    both = succession_take_document(parts);
    succession_born(parts, 2, both, first);
    hl_wire_free(parts_take_command(parts, ID)); /* the first one */
    ask_with(parts, csr);
    given = g_strdup(endpoint->record.serial);
    g_assert_cmpstr(given, !=, first);
    expect_sent(parts, given);
    for (guint i = 0; i < 10; i++) {
        clock_fake_advance(HL_SECOND);
        ask_with(parts, csr);
        g_assert_cmpstr(endpoint->record.serial, ==, given);
        expect_sent(parts, given);
    }
    expect_renewal(parts, false); /* another key: that is somebody else, or an hour too early */
    g_assert_cmpuint(mgr_renewals_refused(parts->renewals), ==, 1);
    g_assert_null(parts_take_command(parts, ID));
    clock_fake_advance(HL_HOUR);
    ask_with(parts, csr);
    g_assert_cmpstr(endpoint->record.serial, !=, given); /* no longer in memory: another one, by the quota */
    parts_check_registry(parts);
}

/* The answer was lost, and then a rollover is announced of which it does not hear: what it uses is near its end. */
static void test_lost_before(gconstpointer is_told)
{
    const HlMsgServerDocument none = HOLDLINE__V1__SERVER_DOCUMENT__INIT;
    g_autoptr(Parts) parts = succession_make_parts();
    g_autofree char *first = renew(parts);

    succession_born(parts, 1, is_told != NULL ? &none : NULL, first);
    clock_fake_advance(parts->conf.certificate_lifetime * 3 / 4);
    expect_renewal(parts, true);
    call(parts, "start", NULL, "");
    clock_fake_advance(is_told != NULL ? HL_MINUTE : parts->conf.certificate_lifetime / 8); /* else when it is due */
    expect_renewal(parts, true);
}

/* Killed between the files and the registry: what is announced follows, and nobody is told two things under one
 * counter. */
static void test_interrupted(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(HlMsgServerDocument) again = NULL;
    g_autoptr(HlMsgServerDocument) one = NULL;

    succession_born(parts, 1, NULL, "");
    g_assert_true(mgr_pki_begin_next(parts->pki, NULL));
    g_assert_true(mgr_location_is_behind(parts->location));
    g_assert_null(succession_take_document(parts));
    wait_a_look(parts);
    both = succession_take_document(parts);
    g_assert_cmpuint(both->n_authorities, ==, 2);
    g_assert_true(mgr_pki_end_present(parts->pki, NULL));
    succession_born(parts, 2, NULL, ""); /* is told what was announced, under its counter */
    again = succession_take_document(parts);
    g_assert_cmpuint(again->counter, ==, both->counter);
    g_assert_cmpuint(again->n_authorities, ==, 2);
    wait_a_look(parts);
    one = succession_take_document(parts);
    g_assert_cmpuint(one->n_authorities, ==, 1);
    g_assert_cmpstr(one->authorities[0], ==, both->authorities[0]);
    g_assert_cmpuint(one->counter, >, both->counter);
}

static int64_t count(Parts *parts, const char *sql)
{
    g_autoptr(GError) error = NULL;
    int64_t n = 0;

    g_assert_true(hl_db_query_int(mgr_record_reader(parts->record), 0, &n, &error, sql, ""));
    g_assert_no_error(error);
    return n;
}

/* Killed while one was withdrawn: that is no end, and bundles are as good as before. */
static void test_interrupted_cancel(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(HlMsgServerDocument) one = NULL;

    parts_call(parts, "bundle create", "group", "office", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    succession_born(parts, 1, NULL, "");
    call(parts, "start", NULL, "");
    both = succession_take_document(parts);
    g_assert_true(mgr_pki_cancel_next(parts->pki, NULL));
    wait_a_look(parts);
    one = succession_take_document(parts);
    g_assert_cmpuint(one->n_authorities, ==, 1);
    g_assert_cmpstr(one->authorities[0], ==, both->authorities[1]);
    g_assert_cmpint(count(parts, "SELECT count(*) FROM token WHERE withdrawn_at > 0"), ==, 0);
    g_assert_cmpint(
        count(parts, "SELECT count(*) FROM audit WHERE account = '@site' AND text LIKE '%no longer announced'"), ==, 1);
    parts_check_registry(parts);
}

static void use_up_changes(Parts *parts)
{
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    MgrOrigin origin = { .caller = { .account = g_strdup("admin") },
                         .name = g_strdup("admin"),
                         .certificates = g_strdup("") };
    g_autoptr(GBytes) payload = NULL;
    MgrCall *one;

    message.name = hl_unconst("bundle create");
    payload = HL_WIRE_ENCODE(&message);
    one =
        mgr_call_new(parts->calls, &origin, NULL, hl_wire_decode_bytes(&holdline__v1__call__descriptor, payload, NULL));
    while (mgr_call_may_change(one, NULL))
        continue;
}

/* Who has made too many changes is refused before anything is done. */
static void test_too_many(void)
{
    g_autoptr(Parts) parts = succession_make_parts();

    succession_born(parts, 1, NULL, "");
    call(parts, "start", NULL, "");
    use_up_changes(parts);
    call(parts, "cancel", NULL, "limit");
    g_assert_nonnull(mgr_pki_next(parts->pki));
    g_assert_false(mgr_location_is_behind(parts->location));
    expect_state(parts, "announced 0/1 2");
}

static void test_cancel(void)
{
    g_autoptr(Parts) parts = succession_make_parts();
    g_autoptr(HlMsgServerDocument) both = NULL;
    g_autoptr(HlMsgServerDocument) one = NULL;

    succession_born(parts, 1, NULL, "");
    call(parts, "cancel", NULL, "invalid");
    call(parts, "start", NULL, "");
    both = succession_take_document(parts);
    call(parts, "cancel", NULL, "");
    one = succession_take_document(parts);
    g_assert_cmpuint(one->n_authorities, ==, 1);
    g_assert_cmpstr(one->authorities[0], ==, both->authorities[1]);
    expect_state(parts, "none 0/0 1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/succession/life", test_life);
    g_test_add_func("/manager/succession/broker", test_broker);
    g_test_add_data_func("/manager/succession/early", NULL, test_early);
    g_test_add_data_func("/manager/succession/overtaken", "yes", test_early);
    g_test_add_func("/manager/succession/lost-answer", test_lost_answer);
    g_test_add_func("/manager/succession/lost-again-and-again", test_lost_again_and_again);
    g_test_add_data_func("/manager/succession/lost-before", NULL, test_lost_before);
    g_test_add_data_func("/manager/succession/lost-before-told", "yes", test_lost_before);
    g_test_add_func("/manager/succession/interrupted", test_interrupted);
    g_test_add_func("/manager/succession/cancel", test_cancel);
    g_test_add_func("/manager/succession/asked-again", test_asked_again);
    g_test_add_func("/manager/succession/two-machines", test_two_machines);
    g_test_add_func("/manager/succession/interrupted-cancel", test_interrupted_cancel);
    g_test_add_func("/manager/succession/too-many", test_too_many);
    return g_test_run();
}
