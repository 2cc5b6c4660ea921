/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/people.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "manager/console/core/arguments.h"
#include "manager/console/core/credentials.h"
#include "manager/console/core/fault.h"

#define HOLDS_FOR  (5 * HL_SECOND)  /* so long at most, where the server's word of a change does not come */
#define USED_AFTER (30 * HL_SECOND) /* so often is the manager told that somebody is at work */
#define MAX_KNOWN  10000
#define LASTS      (12 * HL_HOUR) /* a session, at most */

struct ConPeople {
    ConLine *line;
    GHashTable *known; /* session or token -> Known * */
};

typedef struct {
    ConPerson person;
    HlTime asked, used; /* monotonic */
} Known;

static void person_clear(ConPerson *person)
{
    g_free(person->account);
    g_free(person->role);
    g_strfreev(person->groups);
}

static void known_free(gpointer item)
{
    Known *known = item;

    person_clear(&known->person);
    g_free(known);
}

ConPeople *con_people_new(ConLine *line)
{
    ConPeople *people = g_new0(ConPeople, 1);

    people->line = line;
    people->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
    return people;
}

void con_people_free(ConPeople *people)
{
    if (people == NULL)
        return;
    g_hash_table_unref(people->known);
    g_free(people);
}

void con_people_forget(ConPeople *people)
{
    g_hash_table_remove_all(people->known);
}

/* ------------------------------------------------------------------------------------------------------------- find */

/* A question to the manager, for a request or for a stream. */
typedef struct {
    ConPeople *people;
    char *session;
    bool is_use;
    ConRequest *request; /* NULL: for a stream */
    ConPersonFn found;
    ConStillFn done;
    gpointer user;
} Question;

static char **groups_of(const json_t *document)
{
    const json_t *array = json_object_get(document, "groups");
    gsize n = json_array_size(array);
    char **groups = n > 0 ? g_new0(char *, n + 1) : NULL;

    for (gsize i = 0; i < n; i++)
        groups[i] = g_strdup(json_string_value(json_array_get(array, i)));
    return groups;
}

static const Known *remember(ConPeople *people, const Question *question, const json_t *answer)
{
    Known *known = g_new0(Known, 1);
    const Known *before = g_hash_table_lookup(people->known, question->session);

    known->person = (ConPerson){ g_strdup(json_string_value(json_object_get(answer, "account"))),
                                 g_strdup(json_string_value(json_object_get(answer, "role"))), groups_of(answer) };
    known->asked = hl_clock_mono();
    known->used = question->is_use ? known->asked : before != NULL ? before->used : 0;
    if (g_hash_table_size(people->known) >= MAX_KNOWN)
        con_people_forget(people);
    g_hash_table_replace(people->known, g_strdup(question->session), known);
    return known;
}

static void tell(const Question *question, const ConPerson *person, const GError *error)
{
    if (question->request == NULL)
        question->done(person, hl_error_code(error) == HL_ERROR_EXPIRED, question->user);
    else if (person != NULL)
        question->found(question->request, person, question->user);
    else if (hl_error_code(error) == HL_ERROR_EXPIRED)
        con_request_fail_unknown(question->request);
    else
        con_request_fail(question->request, error);
}

static void on_shown(const json_t *answer, const GError *error, gpointer user)
{
    Question *question = user;
    const Known *known = NULL;

    if (error == NULL)
        known = remember(question->people, question, answer);
    else if (hl_error_code(error) == HL_ERROR_EXPIRED)
        g_hash_table_remove(question->people->known, question->session);
    tell(question, known != NULL ? &known->person : NULL, error);
    g_free(question->session);
    g_free(question);
}

static void ask(ConPeople *people, const Question *question, const char *address)
{
    const char *const arguments[] = { "use", question->is_use ? "yes" : NULL, NULL };
    Question *copy = g_memdup2(question, sizeof *question);

    copy->session = g_strdup(question->session);
    con_line_call(people->line, &(ConLineAsk){ .name = "session show",
                                               .arguments = arguments,
                                               .session = copy->session,
                                               .address = address,
                                               .may_repeat = true,
                                               .done = on_shown,
                                               .user = copy });
}

void con_people_find(ConPeople *people, ConRequest *request, ConPersonFn found, gpointer user)
{
    const Known *known = g_hash_table_lookup(people->known, request->session);
    HlTime mono = hl_clock_mono();
    bool is_use = (request->match.route->flags & CON_ROUTE_PASSIVE) == 0 && !con_request_is_idle(request);

    if (known != NULL && mono - known->asked < HOLDS_FOR && (!is_use || mono - known->used < USED_AFTER)) {
        found(request, &known->person, user);
        return;
    }
    ask(people,
        &(Question){ .people = people,
                     .session = request->session,
                     .is_use = is_use,
                     .request = request,
                     .found = found,
                     .user = user },
        request->http->peer);
}

bool con_people_knows(const ConPeople *people, const char *session)
{
    const Known *known = session != NULL ? g_hash_table_lookup(people->known, session) : NULL;

    return known != NULL && hl_clock_mono() - known->asked < LASTS;
}

void con_people_check(ConPeople *people, const char *session, const char *address, ConStillFn done, gpointer user)
{
    ask(people, &(Question){ .people = people, .session = hl_unconst(session), .done = done, .user = user }, address);
}

/* ---------------------------------------------------------------------------------------------------- sign-in, -out */

typedef struct {
    ConPeople *people;
    ConRequest *request;
    json_t *session; /* the new one, as the manager tells it; NULL: not yet */
} SignIn;

static void sign_in_free(SignIn *sign_in)
{
    json_decref(sign_in->session);
    g_free(sign_in);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SignIn, sign_in_free)

static void let_in(const SignIn *sign_in)
{
    g_autofree char *cookie = con_cookie_print(json_string_value(json_object_get(sign_in->session, "session")));
    json_t *document = json_copy(sign_in->session);

    json_object_del(document, "session"); /* where no script of a page can read it */
    con_request_done(sign_in->request, document, (const char *const[]){ "Set-Cookie", cookie, NULL });
}

/* It is forgotten no sooner: until now another request may have been told that it is good. */
static bool is_over(ConPeople *people, const char *session, const GError *error)
{
    bool over = error == NULL || hl_error_code(error) == HL_ERROR_EXPIRED; /* one that has ended already is as good */

    if (over)
        g_hash_table_remove(people->known, session);
    return over;
}

/* Where the old session may be left, nobody is let in over it.  The new one has been shown to nobody, and times out. */
static void on_left(const json_t *answer G_GNUC_UNUSED, const GError *error, gpointer user)
{
    g_autoptr(SignIn) sign_in = user;

    if (is_over(sign_in->people, sign_in->request->session, error))
        let_in(sign_in);
    else
        con_request_fail(sign_in->request, error);
}

/* A sign-in over a session leaves that one: the browser forgets it, so only a thief would use it. */
static void leave(SignIn *sign_in)
{
    const ConRequest *request = sign_in->request;

    con_line_call(sign_in->people->line, &(ConLineAsk){ .name = "session end",
                                                        .session = request->session,
                                                        .address = request->http->peer,
                                                        .may_repeat = true, /* one that has ended has ended */
                                                        .done = on_left,
                                                        .user = sign_in });
}

static void on_created(const json_t *answer, const GError *error, gpointer user)
{
    g_autoptr(SignIn) sign_in = user;
    ConRequest *request = sign_in->request;

    if (error != NULL && hl_error_code(error) == HL_ERROR_DENIED) {
        con_request_fail_as(request, 401, error, NULL);
        return;
    }
    if (error != NULL) {
        con_request_fail(request, error);
        return;
    }
    sign_in->session = json_incref(hl_unconst(answer));
    if (request->session != NULL && !request->by_token)
        leave(g_steal_pointer(&sign_in));
    else
        let_in(sign_in);
}

static void post_session(ConRequest *request, gpointer user)
{
    ConPeople *people = user;
    const char *name = json_string_value(json_object_get(request->body, "name"));
    const char *password = json_string_value(json_object_get(request->body, "password"));
    const char *code = json_string_value(json_object_get(request->body, "code"));
    const char *const arguments[] = { "name", name, "password", password, "code", code, NULL };
    g_autoptr(GError) error = NULL;

    if (con_body_check(&request->match, request->body, &error) && name != NULL && password != NULL) {
        SignIn sign_in = { people, request, NULL };

        con_line_call(people->line, &(ConLineAsk){ .name = "session create",
                                                   .arguments = arguments,
                                                   .address = request->http->peer,
                                                   .done = on_created,
                                                   .user = g_memdup2(&sign_in, sizeof sign_in) });
        return;
    }
    if (error == NULL)
        con_fail(&error, CON_FAULT_BODY_SIGN_IN, NULL);
    con_request_fail(request, error);
}

static void on_session(const json_t *answer, const GError *error, gpointer user)
{
    con_request_pass_on(user, answer, error);
}

static void get_session(ConRequest *request, gpointer user)
{
    ConPeople *people = user;

    con_line_call(people->line, &(ConLineAsk){ .name = "session show",
                                               .session = request->session,
                                               .address = request->http->peer,
                                               .may_repeat = true,
                                               .done = on_session,
                                               .user = request });
}

typedef struct {
    ConPeople *people;
    ConRequest *request;
} SignOut;

static void on_ended(const json_t *answer G_GNUC_UNUSED, const GError *error, gpointer user)
{
    g_autofree SignOut *sign_out = user;
    ConRequest *request = sign_out->request;
    g_autofree char *cookie = con_cookie_print("");

    if (is_over(sign_out->people, request->session, error))
        con_request_done(request, NULL, (const char *const[]){ "Set-Cookie", cookie, NULL });
    else
        con_request_fail(request, error);
}

static void delete_session(ConRequest *request, gpointer user)
{
    SignOut sign_out = { user, request };

    con_line_call(sign_out.people->line, &(ConLineAsk){ .name = "session end",
                                                        .session = request->session,
                                                        .address = request->http->peer,
                                                        .may_repeat = true, /* one that has ended has ended */
                                                        .done = on_ended,
                                                        .user = g_memdup2(&sign_out, sizeof sign_out) });
}

const ConHandlerRow con_people_rows[] = {
    { "createSession", post_session },
    { "getSession", get_session },
    { "getMe", get_session },
    { "deleteSession", delete_session },
    { NULL, NULL },
};
