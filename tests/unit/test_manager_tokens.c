/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of scripts: what they may, beside what their accounts may, and when they are nobody's. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/core/signin.h"
#include "manager/daemon/calls/audit.h"
#include "tests/support/people.h"

static void test_code_of_token(void)
{
    g_autoptr(Parts) parts = people_new("ann", "operator");
    g_autofree char *session = people_sign_in(parts, "ann");
    const char *const words[] = { "name", "script", "password", PEOPLE_PASSWORD, NULL };
    const char *const own[] = { "name", "ann", NULL };
    g_autoptr(json_t) made = people_expect(parts, session, "token create", words, "");
    const char *token = json_string_value(json_object_get(made, "token"));

    json_decref(people_expect(parts, token, "code create", NULL, "denied"));
    json_decref(people_expect(parts, token, "code delete", own, "denied"));
}

static json_t *make_token(Parts *parts, const char *session, const char *role, const char *expected)
{
    const char *const words[] = { "name", "script", "role", role, "password", PEOPLE_PASSWORD, NULL };

    return people_expect(parts, session, "token create", words, expected);
}

static void test_token(void)
{
    g_autoptr(Parts) parts = people_new("ann", "administrator");
    g_autofree char *session = people_sign_in(parts, "ann");
    g_autoptr(json_t) made = make_token(parts, session, "operator", "");
    g_autoptr(json_t) list = NULL;
    const char *token = json_string_value(json_object_get(made, "token"));
    const char *const id[] = { "id", json_string_value(json_object_get(made, "id")), NULL };
    const char *const words[] = { "name", "new", NULL };
    const char *const password[] = { "password", "another long one", "old", PEOPLE_PASSWORD, NULL };

    g_assert_true(g_str_has_prefix(token, MGR_TOKEN_PREFIX));
    g_assert_true(json_is_null(json_object_get(made, "used")));
    json_decref(make_token(parts, session, "owner", "denied"));
    json_decref(make_token(parts, session, "auditor", "denied")); /* reads what an administrator may not */
    people_expect_end(parts, token, "group list", "");
    json_decref(people_expect(parts, token, "group create", words, "denied"));
    json_decref(make_token(parts, token, "operator", "denied"));
    json_decref(people_expect(parts, token, "account password", password, "denied"));
    clock_fake_advance(2 * MGR_SESSION_LIFE);
    people_expect_end(parts, session, "group list", "expired");
    people_expect_end(parts, token, "group list", ""); /* outlives sessions */
    list = people_expect(parts, token, "token list", NULL, "");
    g_assert_true(json_is_string(json_object_get(json_array_get(json_object_get(list, "tokens"), 0), "used")));
    PEOPLE_OF_ADMIN(parts, "account disable", "name", "ann");
    people_expect_end(parts, token, "group list", "expired");
    PEOPLE_OF_ADMIN(parts, "account enable", "name", "ann");
    people_expect_end(parts, token, "group list", "");
    PEOPLE_OF_ADMIN(parts, "account set", "name", "ann", "role", "auditor"); /* nothing in common with an operator */
    people_expect_end(parts, token, "group list", "expired");
    PEOPLE_OF_ADMIN(parts, "account set", "name", "ann", "role", "operator");
    json_decref(people_expect(parts, token, "token delete", id, ""));
    people_expect_end(parts, token, "group list", "expired");
    parts_check_registry(parts);
}

/* Who found a browser open makes no token of it: that would outlive the session, and a change of the password. */
static void test_proof(void)
{
    g_autoptr(Parts) parts = people_new("ann", "administrator");
    g_autofree char *session = people_sign_in(parts, "ann");
    const char *const none[] = { "name", "script", NULL };
    const char *const wrong[] = { "name", "script", "password", "guess no. one", NULL };
    const char *const right[] = { "name", "script", "password", PEOPLE_PASSWORD, NULL };

    json_decref(people_expect(parts, session, "token create", none, "invalid"));
    for (guint i = 0; i < 5; i++)
        json_decref(people_expect(parts, session, "token create", wrong, "denied"));
    json_decref(people_expect(parts, session, "token create", wrong, "limit")); /* as of a sign-in */
    clock_fake_advance(HL_MINUTE);
    json_decref(people_expect(parts, session, "token create", right, ""));
    PEOPLE_OF_ADMIN(parts, "token create", "name", "of a certificate");
    parts_check_registry(parts);
}

/* An owner's rights are about all groups: nobody limits them, and nothing is limited in name only. */
static void test_owner(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    const char *const as_owner[] = { "name", "script", "groups", "office", "password", PEOPLE_PASSWORD, NULL };
    const char *const as_less[] = { "name",     "script",        "role", "administrator", "groups", "office",
                                    "password", PEOPLE_PASSWORD, NULL };
    g_autoptr(json_t) less = NULL;
    const char *token;

    json_decref(people_expect(parts, session, "token create", as_owner, "invalid"));
    less = people_expect(parts, session, "token create", as_less, "");
    token = json_string_value(json_object_get(less, "token"));
    people_expect_end(parts, token, "group list", "");
    people_expect_end(parts, token, "account list", "denied");
    parts_check_registry(parts);
}

/* The name of its group never leads it into a later one: the group stays while there is such a token. */
static void test_group(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    const char *const limited[] = { "name",     "script",        "role", "administrator", "groups", "lab",
                                    "password", PEOPLE_PASSWORD, NULL };
    const char *const of_lab[] = { "name", "lab", NULL };
    g_autofree char *again = NULL;
    g_autoptr(json_t) made = NULL;
    const char *id;

    parts_add_group(parts, "lab", NULL);
    made = people_expect(parts, session, "token create", limited, "");
    id = json_string_value(json_object_get(made, "id"));
    json_decref(people_expect(parts, session, "group delete", of_lab, "conflict"));
    PEOPLE_OF_ADMIN(parts, "account disable", "name", "olga");
    parts_call(parts, "group delete", "name", "lab", NULL); /* the token waits for its account */
    parts_let_finish(parts);
    json_decref(parts_expect_reply(parts, "conflict"));
    PEOPLE_OF_ADMIN(parts, "account enable", "name", "olga");
    again = people_sign_in(parts, "olga");
    json_decref(people_expect(parts, again, "token delete", (const char *const[]){ "id", id, NULL }, ""));
    json_decref(people_expect(parts, again, "group delete", of_lab, ""));
    parts_check_registry(parts);
}

/* Whose a list shows, and for which groups; caller frees. */
static char *names_of(Parts *parts, const char *session, const char *call, const char *member)
{
    g_autoptr(json_t) answer = people_expect(parts, session, call, NULL, "");
    g_autofree char *text = json_dumps(answer, 0);
    g_autoptr(GString) names = g_string_new(NULL);
    const json_t *row;
    size_t i;

    g_assert_null(strstr(text, MGR_TOKEN_PREFIX)); /* nothing that lets anybody in */
    json_array_foreach(json_object_get(answer, member), i, row)
    {
        const json_t *groups = json_object_get(row, "groups");

        g_string_append_printf(names, "%s%s", i > 0 ? " " : "", json_string_value(json_object_get(row, "account")));
        for (size_t k = 0; k < json_array_size(groups); k++)
            g_string_append_printf(names, ":%s", json_string_value(json_array_get(groups, k)));
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static void expect_names(Parts *parts, const char *session, const char *call, const char *member, const char *expected)
{
    g_autofree char *names = names_of(parts, session, call, member);

    g_assert_cmpstr(names, ==, expected);
}

static void add_person(Parts *parts, const char *name, const char *role, const char *groups)
{
    PEOPLE_OF_ADMIN(parts, "account create", "name", name, "role", role, "groups", groups);
    PEOPLE_OF_ADMIN(parts, "account password", "name", name, "password", PEOPLE_PASSWORD);
}

/* Who reviews sees what lets whom in, as far as their groups reach, and can end none of it; the others see their own.
 */
static void test_review(void)
{
    g_autoptr(Parts) parts = people_new("ann", "administrator");
    const char *const limited[] = { "name",       "script",   "role",          "operator", "groups",
                                    "office,lab", "password", PEOPLE_PASSWORD, NULL };
    g_autofree char *ann = people_sign_in(parts, "ann");
    g_autofree char *audrey = NULL;
    g_autofree char *leo = NULL;
    g_autofree char *session = NULL;
    g_autoptr(json_t) made = NULL;
    g_autoptr(json_t) shown = NULL;
    const char *id;

    parts_add_group(parts, "lab", NULL);
    add_person(parts, "audrey", "auditor", "");
    add_person(parts, "leo", "auditor", "office");
    add_person(parts, "zoe", "operator", "lab");
    made = people_expect(parts, ann, "token create", limited, "");
    id = json_string_value(json_object_get(made, "id"));
    clock_fake_advance(HL_SECOND);
    session = people_sign_in(parts, "zoe");
    json_decref(make_token(parts, session, "operator", ""));
    expect_names(parts, session, "token list", "tokens", "zoe:lab");
    expect_names(parts, ann, "token list", "tokens", "ann:lab:office");
    clock_fake_advance(HL_SECOND);
    audrey = people_sign_in(parts, "audrey");
    expect_names(parts, audrey, "token list", "tokens", "zoe:lab ann:lab:office");
    clock_fake_advance(HL_SECOND);
    leo = people_sign_in(parts, "leo");
    expect_names(parts, leo, "token list", "tokens", "ann:office");
    expect_names(parts, leo, "session list", "sessions", "leo:office audrey ann");
    shown = people_expect(parts, leo, "account show", (const char *const[]){ "name", "ann", NULL }, "");
    g_assert_cmpuint(json_array_size(json_object_get(shown, "tokens")), ==, 1);
    json_decref(people_expect(parts, audrey, "token delete", (const char *const[]){ "id", id, NULL }, "not-found"));
    expect_names(parts, audrey, "token list", "tokens", "zoe:lab ann:lab:office");
    parts_check_registry(parts);
}

/* A token may have fewer rights than its account, and ends nothing of it but itself. */
static void test_ends_itself(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    g_autoptr(json_t) strong = make_token(parts, session, "owner", "");
    g_autoptr(json_t) weak = make_token(parts, session, "auditor", "");
    g_autoptr(json_t) sessions = people_expect(parts, session, "session list", NULL, "");
    const json_t *first = json_array_get(json_object_get(sessions, "sessions"), 0);
    const char *token = json_string_value(json_object_get(weak, "token"));
    const char *const other[] = { "id", json_string_value(json_object_get(strong, "id")), NULL };
    const char *const itself[] = { "id", json_string_value(json_object_get(weak, "id")), NULL };
    const char *const browser[] = { "id", json_string_value(json_object_get(first, "id")), NULL };

    json_decref(people_expect(parts, token, "token delete", other, "denied"));
    json_decref(people_expect(parts, token, "session end", browser, "denied"));
    people_expect_end(parts, token, "session end", "invalid"); /* it is none */
    people_expect_end(parts, session, "group list", "");
    people_expect_end(parts, json_string_value(json_object_get(strong, "token")), "group list", "");
    json_decref(people_expect(parts, token, "token delete", itself, ""));
    people_expect_end(parts, token, "group list", "expired");
    parts_check_registry(parts);
}

/* One more change by this pass. */
static char *save_view(Parts *parts, const char *pass)
{
    const char *const view[] = { "name", "mine", NULL };
    char *code;

    json_decref(people_answer(parts, pass, PEOPLE_ADDRESS, "view set", view, &code));
    return code;
}

static void use_up_changes(Parts *parts, const char *pass)
{
    g_autofree char *code = g_strdup("");

    for (guint i = 1; *code == '\0'; i++) {
        g_free(code);
        code = save_view(parts, pass);
        if (i % 400 == 0)
            timer_fake_advance(11 * HL_SECOND); /* the gate has a quota of its own */
    }
    g_assert_cmpstr(code, ==, "limit");
}

/* A script that runs away holds up neither who stops it nor, where it has a token, what its owner does. */
static void test_wild(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    g_autofree char *session = people_sign_in(parts, "olga");
    g_autofree char *again = NULL;
    g_autoptr(json_t) made = make_token(parts, session, "operator", "");
    const char *const id[] = { "id", json_string_value(json_object_get(made, "id")), NULL };
    const char *const bob[] = { "name", "bob", "role", "operator", NULL };
    const char *const whom[] = { "name", "bob", NULL };
    const char *const proof[] = { "password", PEOPLE_PASSWORD, NULL };

    use_up_changes(parts, json_string_value(json_object_get(made, "token")));
    again = people_sign_in(parts, "olga");
    json_decref(people_expect(parts, session, "session prove", proof, ""));
    json_decref(people_expect(parts, session, "account create", bob, ""));
    use_up_changes(parts, session);
    json_decref(people_expect(parts, session, "session prove", proof, "")); /* that took longer than one counts */
    json_decref(people_expect(parts, session, "account disable", whom, ""));
    json_decref(people_expect(parts, session, "token delete", id, ""));
}

/* What the table of them names are calls that there are. */
static void test_endings(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrCallRow *row;
    guint n = 0;

    for (guint i = 0; (row = mgr_dispatch_row(parts->dispatch, i)) != NULL; i++)
        n += mgr_audit_is_ending(row->name);
    g_assert_cmpuint(n, ==, 17);
}

/* One that an earlier version made is limited indeed. */
static void test_earlier_owner(void)
{
    g_autoptr(Parts) parts = people_new("olga", "owner");
    const MgrPassRecord record = { .hash = hl_unconst("h"),
                                   .id = hl_unconst("t-1"),
                                   .kind = MGR_PASS_TOKEN,
                                   .account = hl_unconst("olga"),
                                   .name = hl_unconst("script"),
                                   .role = MGR_ROLE_OWNER,
                                   .groups = hl_unconst("office"),
                                   .ends_at = hl_clock_wall() + HL_DAY,
                                   .address = hl_unconst("") };
    g_autoptr(MgrPasses) passes =
        mgr_passes_new(&(MgrPassesOptions){ .fleet = &parts->fleet, .record = parts->record });
    g_auto(MgrCaller) caller = { 0 };

    mgr_passes_caller(passes, &record, &caller);
    g_assert_cmpint(caller.role, ==, MGR_ROLE_ADMINISTRATOR);
    g_assert_cmpstr(caller.groups[0], ==, "office");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/tokens/code", test_code_of_token);
    g_test_add_func("/manager/tokens/rights", test_token);
    g_test_add_func("/manager/tokens/proof", test_proof);
    g_test_add_func("/manager/tokens/owner", test_owner);
    g_test_add_func("/manager/tokens/group", test_group);
    g_test_add_func("/manager/tokens/review", test_review);
    g_test_add_func("/manager/tokens/ends-itself", test_ends_itself);
    g_test_add_func("/manager/tokens/wild", test_wild);
    g_test_add_func("/manager/tokens/endings", test_endings);
    g_test_add_func("/manager/tokens/earlier-owner", test_earlier_owner);
    return g_test_run();
}
