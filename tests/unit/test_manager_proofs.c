/* SPDX-License-Identifier: Apache-2.0 */
/* A browser that its owner left open: what the session alone does not do, and for how long the password counts. */
#include <string.h>

#include "manager/core/signin.h"
#include "tests/support/call_samples.h"
#include "tests/support/people.h"

static void prove(Parts *parts, const char *session, const char *password, const char *expected)
{
    const char *const words[] = { "password", password, NULL };

    json_decref(people_expect(parts, session, "session prove", words, expected));
}

static const char *const bob[] = { "name", "bob", "role", "owner", NULL };

static const Call *sample_of(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        if (strcmp(calls[i].name, name) == 0)
            return &calls[i];
    return NULL;
}

/* Rows of what only an owner may, and what is done at once undone by the other of the two. */
static bool is_harmless(const char *call)
{
    return g_str_has_prefix(call, "broker ");
}

static void test_rows(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrCallRow *row;

    for (guint n = 0; (row = mgr_dispatch_row(parts->dispatch, n)) != NULL; n++) {
        g_test_message("%s", row->name);
        g_assert_cmpint(row->proof == MGR_PROOF_PASSWORD, ==, row->need == MGR_NEED_OWN && !is_harmless(row->name));
        if (row->proof == MGR_PROOF_OTHERS) /* has the argument that says whose */
            g_assert_true(strstr(row->required, "name") != NULL || strstr(row->optional, "name") != NULL);
    }
}

/* Nothing is begun without the password, whatever the call; and with it all go on to their handlers. */
static void test_every_call(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    const MgrCallRow *row;

    for (guint n = 0; (row = mgr_dispatch_row(parts->dispatch, n)) != NULL; n++) {
        g_autofree char *code = NULL;
        guint pending = writer_fake_pending(parts->writer);

        if (row->proof != MGR_PROOF_PASSWORD)
            continue;
        json_decref(people_answer(parts, session, PEOPLE_ADDRESS, row->name, sample_of(row->name)->arguments, &code));
        g_test_message("%s", row->name);
        g_assert_cmpstr(code, ==, "invalid");
        g_assert_cmpuint(writer_fake_pending(parts->writer), ==, pending);
    }
    prove(parts, session, PEOPLE_PASSWORD, "");
    json_decref(people_expect(parts, session, "account create", bob, ""));
    parts_check_registry(parts);
}

static void test_others(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    const char *const password[] = { "name", "admin", "password", "another long one", NULL };
    const char *const code[] = { "name", "admin", NULL };
    const char *const own[] = { "name", "olga", "password", "another long one", "old", PEOPLE_PASSWORD, NULL };

    json_decref(people_expect(parts, session, "account password", password, "invalid"));
    json_decref(people_expect(parts, session, "code delete", code, "invalid"));
    prove(parts, session, PEOPLE_PASSWORD, "");
    json_decref(people_expect(parts, session, "account password", password, ""));
    json_decref(people_expect(parts, session, "code delete", code, "not-found"));
    json_decref(people_expect(parts, session, "account password", own, "")); /* the old one is the proof */
    parts_check_registry(parts);
}

/* Who may not do it is told that, and asked for nothing. */
static void test_denied(void)
{
    g_autoptr(Parts) parts = people_new("ann", "administrator");
    g_autofree char *session = people_sign_in(parts, "ann");
    const char *const password[] = { "name", "admin", "password", "another long one", NULL };

    json_decref(people_expect(parts, session, "account create", bob, "denied"));
    json_decref(people_expect(parts, session, "account password", password, "denied"));
}

/* Rests on the handlers: nobody but an owner is asked for the password of what is of others. */
static void expect_denied_to(MgrRole role)
{
    g_autoptr(Parts) parts = people_new("ann", mgr_role_name(role));
    g_autofree char *session = people_sign_in(parts, "ann");
    const MgrCallRow *row;

    for (guint n = 0; (row = mgr_dispatch_row(parts->dispatch, n)) != NULL; n++) {
        const char *words[] = { "name", "admin", NULL, "another long one", NULL };

        if (row->proof != MGR_PROOF_OTHERS)
            continue;
        words[2] = strcmp(row->required, "name") != 0 ? row->required : NULL;
        g_test_message("%s of %s", row->name, mgr_role_name(role));
        json_decref(people_expect(parts, session, row->name, words, "denied"));
    }
    parts_check_registry(parts);
}

static void test_denied_others(void)
{
    for (MgrRole role = MGR_ROLE_AUDITOR; role < MGR_ROLE_OWNER; role++)
        expect_denied_to(role);
}

static void test_time(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    g_autofree char *other = people_sign_in(parts, "olga");
    const char *const whom[] = { "name", "bob", NULL };

    prove(parts, session, PEOPLE_PASSWORD, "");
    json_decref(people_expect(parts, other, "account create", bob, "invalid")); /* the other browser proved nothing */
    clock_fake_advance(MGR_PROOF_LIFE - HL_MINUTE);
    json_decref(people_expect(parts, session, "account create", bob, ""));
    clock_fake_advance(HL_MINUTE); /* that was no proof by itself */
    json_decref(people_expect(parts, session, "account disable", whom, "invalid"));
    prove(parts, session, PEOPLE_PASSWORD, "");
    json_decref(people_expect(parts, session, "account disable", whom, ""));
}

/* As a page does, which sends a call again under its key. */
static void expect_under_key(Parts *parts, const char *session, const char *name, const char *const *words,
                             const char *expected)
{
    g_autofree char *code = NULL;

    parts_request(parts, &(PartsRequest){ .admin = "web",
                                          .name = name,
                                          .arguments = words,
                                          .session = session,
                                          .address = PEOPLE_ADDRESS,
                                          .once = "0123456789abcdef",
                                          .correlation = "c" });
    people_let_finish(parts);
    code = parts_end_of(parts, "c");
    g_assert_cmpstr(code, ==, expected);
}

/* A page that had no answer asks again under the same key: that proves, and is no answer from the past. */
static void test_again(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    const char *const words[] = { "password", PEOPLE_PASSWORD, NULL };

    expect_under_key(parts, session, "session prove", words, "");
    clock_fake_advance(MGR_PROOF_LIFE);
    expect_under_key(parts, session, "session prove", words, "");
    json_decref(people_expect(parts, session, "account create", bob, ""));
}

/* "This needs your password" says that nothing was done: what was done is told again, and a key is not used up by it.
 */
static void test_done(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");

    expect_under_key(parts, session, "account create", bob, "invalid");
    prove(parts, session, PEOPLE_PASSWORD, "");
    expect_under_key(parts, session, "account create", bob, "");
    clock_fake_advance(MGR_PROOF_LIFE);
    json_decref(people_expect(parts, session, "account create", bob, "invalid"));
    expect_under_key(parts, session, "account create", bob, "");
    parts_check_registry(parts);
}

/* Guesses count with those at the sign-in, and are in the audit log. */
static void test_tries(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");

    for (guint i = 0; i < 5; i++)
        prove(parts, session, "guess no. one", "denied");
    prove(parts, session, PEOPLE_PASSWORD, "limit");
    json_decref(people_expect(parts, session, "account create", bob, "invalid"));
    clock_fake_advance(HL_MINUTE);
    prove(parts, session, PEOPLE_PASSWORD, "");
    json_decref(people_expect(parts, session, "account create", bob, ""));
}

/* Who gives the right one, for this or for tokens, may do so as often as they like. */
static void test_right(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    const char *const words[] = { "name", "script", "password", PEOPLE_PASSWORD, NULL };

    for (guint i = 0; i < 10; i++) {
        prove(parts, session, PEOPLE_PASSWORD, "");
        json_decref(people_expect(parts, session, "token create", words, ""));
    }
}

/* With a certificate, and with a token, nothing is asked; and neither proves anything. */
static void test_machines(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    const char *const words[] = { "name", "script", "password", PEOPLE_PASSWORD, NULL };
    g_autoptr(json_t) made = people_expect(parts, session, "token create", words, "");
    const char *token = json_string_value(json_object_get(made, "token"));

    prove(parts, token, PEOPLE_PASSWORD, "denied");
    json_decref(people_expect(parts, token, "account create", bob, ""));
    PEOPLE_OF_ADMIN(parts, "account delete", "name", "bob");
    parts_call(parts, "session prove", "password", PEOPLE_PASSWORD, NULL);
    people_let_finish(parts);
    json_decref(parts_expect_reply(parts, "invalid"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/proofs/rows", test_rows);
    g_test_add_func("/manager/proofs/every-call", test_every_call);
    g_test_add_func("/manager/proofs/others", test_others);
    g_test_add_func("/manager/proofs/denied", test_denied);
    g_test_add_func("/manager/proofs/denied-others", test_denied_others);
    g_test_add_func("/manager/proofs/time", test_time);
    g_test_add_func("/manager/proofs/again", test_again);
    g_test_add_func("/manager/proofs/done", test_done);
    g_test_add_func("/manager/proofs/tries", test_tries);
    g_test_add_func("/manager/proofs/right", test_right);
    g_test_add_func("/manager/proofs/machines", test_machines);
    return g_test_run();
}
