/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/people.h"

void people_let_finish(Parts *parts)
{
    for (guint i = 0; i < 3; i++)
        parts_commit(parts);
}

json_t *people_answer(Parts *parts, const char *session, const char *address, const char *name,
                      const char *const *arguments, char **code)
{
    g_autoptr(HlMsgCallReply) reply = NULL;

    parts_request(parts, &(PartsRequest){ .admin = "web",
                                          .name = name,
                                          .arguments = arguments,
                                          .session = session,
                                          .address = address,
                                          .correlation = "c" });
    people_let_finish(parts);
    reply = parts_take(parts, HL_TOPIC_ADMIN_REPLY, "web", &holdline__v1__call_reply__descriptor);
    g_assert_nonnull(reply);
    *code = g_strdup(reply->code);
    return json_loads(reply->json, 0, NULL);
}

json_t *people_expect(Parts *parts, const char *session, const char *name, const char *const *arguments,
                      const char *expected)
{
    g_autofree char *code = NULL;
    json_t *answer = people_answer(parts, session, PEOPLE_ADDRESS, name, arguments, &code);

    g_assert_cmpstr(code, ==, expected);
    return answer;
}

void people_expect_end(Parts *parts, const char *session, const char *name, const char *expected)
{
    json_decref(people_expect(parts, session, name, NULL, expected));
}

char *people_sign_in(Parts *parts, const char *name)
{
    const char *const words[] = { "name", name, "password", PEOPLE_PASSWORD, NULL };
    g_autoptr(json_t) answer = people_expect(parts, NULL, "session create", words, "");

    g_assert_cmpstr(json_string_value(json_object_get(answer, "account")), ==, name);
    return g_strdup(json_string_value(json_object_get(answer, "session")));
}

void people_of_admin(Parts *parts, const char *call, const char *const *words)
{
    parts_request(parts, &(PartsRequest){ .name = call, .arguments = words });
    people_let_finish(parts);
    timer_fake_advance(6 * HL_SECOND); /* the broker has read the lists */
    people_let_finish(parts);
    json_decref(parts_expect_reply(parts, ""));
}

Parts *people_new(const char *name, const char *role)
{
    Parts *parts = parts_new();
    g_autofree char *csr = g_strdup(PARTS_CSR);

    PEOPLE_OF_ADMIN(parts, "console create", "name", "web", "csr", csr);
    PEOPLE_OF_ADMIN(parts, "account create", "name", name, "role", role);
    PEOPLE_OF_ADMIN(parts, "account password", "name", name, "password", PEOPLE_PASSWORD);
    return parts;
}
