/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-in through a console: passwords, sessions, how often somebody may try, and what ends them all. */
#include <string.h>

#include "lib/store/stmt.h"
#include "manager/core/signin.h"
#include "manager/core/totp.h"
#include "tests/support/people.h"

#define PASSWORD PEOPLE_PASSWORD
#define ADDRESS  PEOPLE_ADDRESS

static char *try_from(Parts *parts, const char *address, const char *name, const char *password)
{
    const char *const words[] = { "name", name, "password", password, NULL };
    char *code;

    json_decref(people_answer(parts, NULL, address, "session create", words, &code));
    return code;
}

static void expect_try(Parts *parts, const char *address, const char *name, const char *password, const char *expected)
{
    g_autofree char *code = try_from(parts, address, name, password);

    g_assert_cmpstr(code, ==, expected);
}

/* --------------------------------------------------------------------------------------------------------- sessions */

static void test_rights(void)
{
    g_autoptr(Parts) parts = people_new("ann", "auditor");
    g_autofree char *session = people_sign_in(parts, "ann");
    const char *const words[] = { "name", "new", NULL };
    g_autoptr(json_t) shown = people_expect(parts, session, "session show", NULL, "");

    g_assert_cmpuint(strlen(session), ==, 43);
    g_assert_cmpstr(json_string_value(json_object_get(shown, "account")), ==, "ann");
    g_assert_cmpstr(json_string_value(json_object_get(shown, "role")), ==, "auditor");
    g_assert_cmpstr(json_string_value(json_object_get(shown, "address")), ==, ADDRESS);
    g_assert_cmpint(json_integer_value(json_object_get(shown, "idle_ms")), ==, MGR_SESSION_IDLE);
    people_expect_end(parts, session, "group list", "");
    json_decref(people_expect(parts, session, "group create", words, "denied"));
    json_decref(people_expect(parts, session, "console renew", words, "denied"));
    people_expect_end(parts, "made-up", "group list", "expired");
    people_expect_end(parts, session, "session end", "");
    people_expect_end(parts, session, "group list", "expired");
    parts_check_registry(parts);
}

/* Half an hour counts from what a person did; what the page asks by itself does not count. */
static void test_time(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *idle = people_sign_in(parts, "ann");
    g_autofree char *busy = people_sign_in(parts, "ann");
    const char *const use[] = { "use", "yes", NULL };

    for (HlTime t = 0; t < MGR_SESSION_LIFE - 20 * HL_MINUTE; t += 20 * HL_MINUTE) {
        clock_fake_advance(20 * HL_MINUTE);
        people_expect_end(parts, busy, "group list", "");
        people_expect_end(parts, idle, "session show", t < 20 * HL_MINUTE ? "" : "expired");
    }
    clock_fake_advance(20 * HL_MINUTE);
    people_expect_end(parts, busy, "group list", "expired");
    g_free(idle);
    idle = people_sign_in(parts, "ann");
    clock_fake_advance(20 * HL_MINUTE);
    json_decref(people_expect(parts, idle, "session show", use, ""));
    clock_fake_advance(20 * HL_MINUTE);
    people_expect_end(parts, idle, "session show", "");
}

/* A page that nobody touches keeps no session alive, whatever it asks. */
static void test_idle(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session = people_sign_in(parts, "ann");
    g_autoptr(HlMsgCallReply) reply = NULL;

    clock_fake_advance(20 * HL_MINUTE);
    parts_request(
        parts,
        &(PartsRequest){ .admin = "web", .name = "group list", .session = session, .idle = true, .correlation = "c" });
    people_let_finish(parts);
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, "web", &holdline__v1__call_reply__descriptor);
    g_assert_cmpstr(reply->code, ==, "");
    clock_fake_advance(20 * HL_MINUTE);
    people_expect_end(parts, session, "group list", "expired");
}

/* After an outage it takes a while until the clock is believed: who signs in meanwhile stays signed in, whatever else
 * is swept away.  Of a clock that is only ahead nobody's session or token ends for good. */
static void test_swept_after_outage(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *before = people_sign_in(parts, "ann");
    g_autofree char *session = NULL;

    parts->fleet.lived = mgr_now();
    clock_fake_jump_wall(3 * HL_DAY);
    session = people_sign_in(parts, "ann");
    PEOPLE_OF_ADMIN(parts, "account create", "name", "bob", "role", "operator");
    people_expect_end(parts, session, "group list", "");
    clock_fake_jump_wall(-3 * HL_DAY);
    people_expect_end(parts, before, "group list", "");
}

/* What was used far in the future was used while the clock was ahead: it does not last until then. */
static void test_clock_was_ahead(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *near = people_sign_in(parts, "ann");
    g_autofree char *far = NULL;

    clock_fake_jump_wall(-5 * HL_MINUTE);
    people_expect_end(parts, near, "group list", "");
    clock_fake_jump_wall(365 * HL_DAY);
    far = people_sign_in(parts, "ann");
    people_expect_end(parts, far, "group list", "");
    clock_fake_jump_wall(-365 * HL_DAY);
    people_expect_end(parts, far, "group list", "expired");
    people_expect_end(parts, near, "group list", "");
}

/* A sign-in with the old password that is written right after its change: no session outlives the change. */
static void test_password_race(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    const char *const change[] = { "name", "ann", "password", "another long one", NULL };
    const char *const old[] = { "name", "ann", "password", PASSWORD, NULL };
    g_autoptr(HlMsgCallReply) changed = NULL;
    g_autoptr(HlMsgCallReply) signed_in = NULL;

    parts_request(parts, &(PartsRequest){ .name = "account password", .arguments = change, .correlation = "p" });
    parts_request(
        parts,
        &(PartsRequest){
            .admin = "web", .name = "session create", .arguments = old, .address = ADDRESS, .correlation = "s" });
    people_let_finish(parts);
    changed = parts_take(parts, HL_TOPIC_ADMIN_REPLY, "admin", &holdline__v1__call_reply__descriptor);
    signed_in = parts_take(parts, HL_TOPIC_ADMIN_REPLY, "web", &holdline__v1__call_reply__descriptor);
    g_assert_cmpstr(changed->code, ==, "");
    g_assert_cmpstr(signed_in->code, ==, "denied");
    parts_check_registry(parts);
}

/* Somebody who has the old password changes it while an owner gives another one: the owner's counts. */
static void test_own_password_race(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session = people_sign_in(parts, "ann");
    const char *const change[] = { "name", "ann", "password", "another long one", NULL };
    const char *const own[] = { "old", PASSWORD, "password", "a guest's long one", NULL };
    g_autoptr(HlMsgCallReply) changed = NULL;
    g_autoptr(HlMsgCallReply) tried = NULL;

    parts_request(parts, &(PartsRequest){ .name = "account password", .arguments = change, .correlation = "p" });
    parts_request(parts, &(PartsRequest){ .admin = "web",
                                          .name = "account password",
                                          .arguments = own,
                                          .session = session,
                                          .address = ADDRESS,
                                          .correlation = "s" });
    people_let_finish(parts);
    changed = parts_take(parts, HL_TOPIC_ADMIN_REPLY, "admin", &holdline__v1__call_reply__descriptor);
    tried = parts_take(parts, HL_TOPIC_ADMIN_REPLY, "web", &holdline__v1__call_reply__descriptor);
    g_assert_cmpstr(changed->code, ==, "");
    g_test_message("%s", tried->message);
    g_assert_cmpstr(tried->code, ==, "conflict");
    expect_try(parts, ADDRESS, "ann", "a guest's long one", "denied");
    expect_try(parts, ADDRESS, "ann", "another long one", "");
    parts_check_registry(parts);
}

static void test_ended_by_change(void)
{
    static const struct {
        const char *call, *argument, *value, *undo;
    } rows[] = {
        { "account password", "password", "another long one", NULL },
        { "account set", "role", "auditor", "operator" },
        { "account set", "groups", "office", "" },
        { "account disable", NULL, NULL, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Parts) parts = people_new("ann", "operator");
        g_autofree char *session = people_sign_in(parts, "ann");

        g_test_message("%s %s", rows[i].call, rows[i].argument);
        people_expect_end(parts, session, "group list", "");
        PEOPLE_OF_ADMIN(parts, rows[i].call, "name", "ann", rows[i].argument, rows[i].value);
        people_expect_end(parts, session, "group list", "expired");
        if (rows[i].argument == NULL)
            PEOPLE_OF_ADMIN(parts, "account enable", "name", "ann");
        else if (rows[i].undo != NULL)
            PEOPLE_OF_ADMIN(parts, rows[i].call, "name", "ann", rows[i].argument, rows[i].undo);
        people_expect_end(parts, session, "group list", "expired"); /* it does not come back with the undoing */
        parts_check_registry(parts);
    }
}

static void test_gone(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session = people_sign_in(parts, "ann");

    PEOPLE_OF_ADMIN(parts, "account delete", "name", "ann");
    people_expect_end(parts, session, "group list", "expired");
    expect_try(parts, ADDRESS, "ann", PASSWORD, "denied");
    PEOPLE_OF_ADMIN(parts, "account create", "name", "ann", "role", "owner");
    people_expect_end(parts, session, "group list", "expired");
    expect_try(parts, ADDRESS, "ann", PASSWORD, "denied"); /* the new one has no password */
    parts_check_registry(parts);
}

/* A restore may bring a password back whose account is gone: the manager that starts then removes it, and nobody who
 * gets the name gets the password. */
static void test_orphan(void)
{
    g_autoptr(Parts) parts = parts_new();
    HlWriteSet *set = hl_write_set_new();
    g_autoptr(MgrPasses) passes = NULL;
    g_autoptr(GError) error = NULL;
    int64_t n = 0;

    hl_write_set_add(set, "INSERT INTO secret (account, password, changed_at) VALUES ('ghost', 'x', 1)", "");
    hl_write_set_add(
        set, "INSERT INTO pass VALUES ('h', 'token', 't-1', 'ghost', '', 'owner', '', 1, 1, 9000000000000, '')", "");
    mgr_record_write(parts->record, set);
    parts_commit(parts);
    passes = mgr_passes_new(&(MgrPassesOptions){ .fleet = &parts->fleet, .record = parts->record });
    parts_commit(parts);
    g_assert_null(mgr_passes_password(passes, "ghost"));
    g_assert_true(hl_db_query_int(mgr_record_reader(parts->record), -1, &n, &error,
                                  "SELECT (SELECT count(*) FROM secret) + (SELECT count(*) FROM pass)", ""));
    g_assert_cmpint(n, ==, 0);
}

/* The newest stay. */
static void test_many(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *first = people_sign_in(parts, "ann");
    g_autofree char *second = NULL;
    g_autoptr(json_t) list = NULL;

    clock_fake_advance(HL_SECOND);
    second = people_sign_in(parts, "ann");
    for (guint i = 0; i < 19; i++) {
        clock_fake_advance(HL_SECOND);
        g_free(people_sign_in(parts, "ann"));
    }
    people_expect_end(parts, first, "group list", "expired");
    list = people_expect(parts, second, "session list", NULL, "");
    g_assert_cmpuint(json_array_size(json_object_get(list, "sessions")), ==, 20);
}

/* ------------------------------------------------------------------------------------------------------------ tries */

static void test_tries(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");

    for (guint i = 0; i < 5; i++)
        expect_try(parts, ADDRESS, "ann", "guess no. one", "denied");
    expect_try(parts, ADDRESS, "ann", PASSWORD, "limit");
    expect_try(parts, "198.51.100.1", "ann", PASSWORD, "limit"); /* the account, from anywhere */
    expect_try(parts, ADDRESS, "bob", PASSWORD, "limit");        /* and the address, for anybody */
    expect_try(parts, "198.51.100.1", "nobody", PASSWORD, "denied");
    clock_fake_advance(HL_SECOND);
    expect_try(parts, ADDRESS, "ann", "guess no. six", "denied");
    clock_fake_advance(HL_SECOND);
    expect_try(parts, ADDRESS, "ann", PASSWORD, "limit");
    clock_fake_advance(HL_SECOND);
    expect_try(parts, ADDRESS, "ann", PASSWORD, "");
    expect_try(parts, "198.51.100.1", "ann", "guess again", "denied"); /* the account starts over, */
    expect_try(parts, "198.51.100.1", "ann", PASSWORD, "");
    expect_try(parts, ADDRESS, "bob", "guess no. seven", "denied"); /* the address does not */
    expect_try(parts, ADDRESS, "ann", PASSWORD, "limit");
}

/* -------------------------------------------------------------------------------------------------------- passwords */

static void test_password(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session = people_sign_in(parts, "ann");
    const char *const of_other[] = { "name", "admin", "password", "another long one", NULL };
    const char *const without[] = { "password", "another long one", NULL };
    const char *const wrong[] = { "password", "another long one", "old", "not the old one", NULL };
    const char *const shorter[] = { "password", "too short", "old", PASSWORD, NULL };
    const char *const right[] = { "password", "another long one", "old", PASSWORD, NULL };

    json_decref(people_expect(parts, session, "account password", of_other, "denied"));
    json_decref(people_expect(parts, session, "account password", without, "invalid"));
    json_decref(people_expect(parts, session, "account password", wrong, "denied"));
    json_decref(people_expect(parts, session, "account password", shorter, "invalid"));
    json_decref(people_expect(parts, session, "account password", right, ""));
    expect_try(parts, ADDRESS, "ann", PASSWORD, "denied");
    expect_try(parts, ADDRESS, "ann", "another long one", "");
    parts_check_registry(parts);
}

/* Who changes a password is told what that ends, and what it does not. */
static void test_password_ends(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session = people_sign_in(parts, "ann");
    g_autofree char *other = people_sign_in(parts, "ann");
    const char *const token[] = { "name", "nightly", "password", PASSWORD, NULL };
    const char *const change[] = { "password", "another long one", "old", PASSWORD, NULL };
    g_autoptr(json_t) made = people_expect(parts, session, "token create", token, "");
    g_autoptr(json_t) told = people_expect(parts, session, "account password", change, "");

    g_assert_cmpint(json_integer_value(json_object_get(told, "sessions")), ==, 2);
    g_assert_cmpint(json_integer_value(json_object_get(told, "tokens")), ==, 1);
    people_expect_end(parts, session, "group list", "expired");
    people_expect_end(parts, other, "group list", "expired");
    people_expect_end(parts, json_string_value(json_object_get(made, "token")), "group list", "");
}

/* --------------------------------------------------------------------------------------------------- one-time codes */

/* What an app shows that has the key, in so many steps from now. */
static char *code_of(json_t *made, int steps)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t key[MGR_TOTP_KEY];
    gsize n = 0;
    unsigned bits = 0, held = 0;

    for (const char *c = json_string_value(json_object_get(made, "secret")); *c != '\0'; c++) {
        held = (held << 5 | (unsigned)(strchr(alphabet, *c) - alphabet)) & 0xfff;
        bits += 5;
        if (bits >= 8 && n < sizeof key) {
            bits -= 8;
            key[n++] = (uint8_t)(held >> bits);
        }
    }
    g_assert_cmpuint(n, ==, sizeof key);
    return g_strdup_printf("%06u", mgr_totp_at(key, n, hl_clock_wall() / (30 * HL_SECOND) + steps, MGR_TOTP_DIGITS));
}

/* Signs in with a password and a code; NULL: without one. */
static char *try_code(Parts *parts, const char *password, const char *code, const char *expected)
{
    const char *const words[] = { "name", "ann", "password", password, code != NULL ? "code" : NULL, code, NULL };
    g_autoptr(json_t) answer = people_expect(parts, NULL, "session create", words, expected);

    return g_strdup(json_string_value(json_object_get(answer, "session")));
}

static void expect_code_try(Parts *parts, const char *password, const char *code, const char *expected)
{
    g_free(try_code(parts, password, code, expected));
}

/* To oneself and to an owner. */
static void expect_shown(Parts *parts, const char *session, bool has_code)
{
    g_autoptr(json_t) own = people_expect(parts, session, "session show", NULL, "");
    g_autoptr(json_t) account = NULL;

    parts_call(parts, "account show", "name", "ann", NULL);
    account = parts_expect_reply(parts, "");
    g_assert_true(json_object_get(own, "codes") == json_boolean(has_code));
    g_assert_true(json_object_get(account, "codes") == json_boolean(has_code));
}

/* The key, in force from now on. */
static json_t *set_up_code(Parts *parts)
{
    g_autofree char *session = people_sign_in(parts, "ann");
    json_t *made = people_expect(parts, session, "code create", NULL, "");
    g_autofree char *code = code_of(made, 0);
    g_autofree char *far = code_of(made, 5);
    const char *const wrong[] = { "code", far, NULL };
    const char *const alone[] = { "code", code, NULL };
    const char *const guess[] = { "code", code, "password", "guess no. one", NULL };
    const char *const right[] = { "code", code, "password", PASSWORD, NULL };

    g_free(people_sign_in(parts, "ann")); /* not before it is confirmed */
    expect_shown(parts, session, false);
    json_decref(people_expect(parts, session, "code confirm", wrong, "invalid"));
    json_decref(
        people_expect(parts, session, "code confirm", alone, "invalid")); /* who found it open locks nobody out */
    json_decref(people_expect(parts, session, "code confirm", guess, "denied"));
    expect_shown(parts, session, false);
    json_decref(people_expect(parts, session, "code confirm", right, ""));
    json_decref(people_expect(parts, session, "code confirm", right, "not-found"));
    json_decref(people_expect(parts, session, "code create", NULL, "exists"));
    expect_shown(parts, session, true);
    expect_code_try(parts, PASSWORD, code, "denied"); /* it has counted */
    clock_fake_advance(HL_MINUTE);
    return made;
}

static void test_code(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autoptr(json_t) made = set_up_code(parts);
    g_autofree char *code = code_of(made, 0);
    g_autofree char *next = NULL;

    expect_code_try(parts, PASSWORD, NULL, "denied");
    expect_code_try(parts, "guess no. one", code, "denied"); /* and does not use it up */
    expect_code_try(parts, PASSWORD, code, "");
    expect_code_try(parts, PASSWORD, code, "denied");
    parts_check_registry(parts);
    PEOPLE_OF_ADMIN(parts, "account password", "name", "ann", "password", "another long one");
    clock_fake_advance(30 * HL_SECOND);
    expect_code_try(parts, "another long one", NULL, "denied"); /* another password does not end it */
    clock_fake_advance(30 * HL_SECOND);                         /* so many failed from there that the next one waits */
    next = code_of(made, 0);
    expect_code_try(parts, "another long one", next, "");
    parts_check_registry(parts);
}

/* What the registry has is what a manager knows that starts now. */
static void test_code_after_restart(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autoptr(json_t) made = set_up_code(parts);
    g_autofree char *code = code_of(made, 0);
    g_autoptr(MgrPasses) passes = NULL;

    expect_code_try(parts, PASSWORD, code, "");
    mgr_record_flush(parts->record);
    parts_commit(parts);
    passes = mgr_passes_new(&(MgrPassesOptions){ .fleet = &parts->fleet, .record = parts->record });
    g_assert_true(mgr_passes_has_code(passes, "ann"));
    g_assert_cmpint(mgr_passes_take_code(passes, "ann", code, hl_clock_wall()), ==, 0);
    clock_fake_advance(30 * HL_SECOND);
    g_free(code);
    code = code_of(made, 0);
    g_assert_cmpint(mgr_passes_take_code(passes, "ann", code, hl_clock_wall()), >, 0);
}

static void test_code_delete(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autoptr(json_t) made = set_up_code(parts);
    g_autofree char *code = code_of(made, 0);
    g_autofree char *session = try_code(parts, PASSWORD, code, "");
    const char *const own[] = { "name", "ann", NULL };
    const char *const other[] = { "name", "admin", NULL };
    const char *const used[] = { "name", "ann", "code", code, NULL };
    g_autoptr(HlMsgCallReply) none = NULL;

    json_decref(people_expect(parts, session, "code delete", own, "denied"));
    json_decref(people_expect(parts, session, "code delete", used, "denied"));
    json_decref(people_expect(parts, session, "code delete", other, "denied"));
    for (guint i = 0; i < 3; i++)
        json_decref(people_expect(parts, session, "code delete", own, "denied"));
    json_decref(people_expect(parts, session, "code delete", own, "limit"));
    PEOPLE_OF_ADMIN(parts, "code delete", "name", "ann"); /* the app is lost */
    parts_call(parts, "code delete", "name", "nobody", NULL);
    none = parts_reply(parts);
    g_assert_nonnull(strstr(none->message, "there is no account 'nobody'"));
    g_free(people_sign_in(parts, "ann"));
    parts_check_registry(parts);
}

/* ------------------------------------------------------------------------------------------------------------ audit */

static bool on_row(HlStmt *row, gpointer user G_GNUC_UNUSED)
{
    const char *text = hl_stmt_text(row, 0);

    g_assert_null(strstr(text, "correct"));
    g_assert_null(strstr(text, "guess"));
    return true;
}

static void test_secrets_stay_secret(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session = people_sign_in(parts, "ann");
    g_autoptr(GError) error = NULL;
    int64_t n = 0;
    HlDb *db;

    expect_try(parts, ADDRESS, "ann", "guess no. one", "denied");
    mgr_record_flush(parts->record);
    parts_commit(parts);
    db = mgr_record_reader(parts->record);
    g_assert_true(hl_db_query(db, on_row, NULL, &error, "SELECT arguments || text FROM audit", ""));
    g_assert_true(hl_db_query_int(db, 0, &n, &error, "SELECT count(*) FROM audit WHERE call = 'session create'", ""));
    g_assert_cmpint(n, ==, 2);
    g_assert_true(hl_db_query_int(db, 0, &n, &error, "SELECT count(*) FROM pass WHERE hash = ? OR id = ?", "tt",
                                  session, session));
    g_assert_cmpint(n, ==, 0);
}

static void expect_audited(Parts *parts, const char *account, guint sign_ins)
{
    g_autoptr(json_t) document = NULL;
    const json_t *row;
    size_t i;
    guint n = 0;

    bus_fake_forget(parts->bus);
    parts_call(parts, "audit list", "account", account, NULL);
    document = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(document, "rows"), i, row) n +=
        strcmp(json_string_value(json_object_get(row, "call")), "session create") == 0;
    g_assert_cmpuint(n, ==, sign_ins);
}

/* What an account did begins with its sign-in, which comes by the account of a console. */
static void test_audit_of_account(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session G_GNUC_UNUSED = people_sign_in(parts, "ann");

    expect_try(parts, ADDRESS, "ann", "guess no. one", "denied");
    expect_try(parts, ADDRESS, "anna", "guess no. one", "denied");
    people_let_finish(parts);
    expect_try(parts, ADDRESS, "x name=ann y", "guess no. one", "denied"); /* what is not theirs is not among theirs */
    people_let_finish(parts);
    expect_audited(parts, "ann", 2);
    expect_audited(parts, "an", 0);
    expect_audited(parts, "web", 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/sessions/rights", test_rights);
    g_test_add_func("/manager/sessions/time", test_time);
    g_test_add_func("/manager/sessions/idle", test_idle);
    g_test_add_func("/manager/sessions/swept-after-outage", test_swept_after_outage);
    g_test_add_func("/manager/sessions/clock-was-ahead", test_clock_was_ahead);
    g_test_add_func("/manager/sessions/password-race", test_password_race);
    g_test_add_func("/manager/sessions/own-password-race", test_own_password_race);
    g_test_add_func("/manager/sessions/ended-by-change", test_ended_by_change);
    g_test_add_func("/manager/sessions/orphan", test_orphan);
    g_test_add_func("/manager/sessions/gone", test_gone);
    g_test_add_func("/manager/sessions/many", test_many);
    g_test_add_func("/manager/sessions/tries", test_tries);
    g_test_add_func("/manager/sessions/password", test_password);
    g_test_add_func("/manager/sessions/password-ends", test_password_ends);
    g_test_add_func("/manager/sessions/code", test_code);
    g_test_add_func("/manager/sessions/code-after-restart", test_code_after_restart);
    g_test_add_func("/manager/sessions/code-delete", test_code_delete);
    g_test_add_func("/manager/sessions/secrets-stay-secret", test_secrets_stay_secret);
    g_test_add_func("/manager/sessions/audit-of-account", test_audit_of_account);
    return g_test_run();
}
