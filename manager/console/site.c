/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/site.h"

#include "lib/base/i18n.h"
#include "manager/console/core/openapi.h"
#include "manager/console/core/problem.h"
#include "manager/console/remedy.h"
#include "proto/phrase.h"

struct ConSite {
    ConSiteOptions options;
    json_t *openapi;
};

ConSite *con_site_new(const ConSiteOptions *options)
{
    ConSite *site = g_new0(ConSite, 1);

    site->options = *options;
    site->openapi = con_openapi_new();
    g_assert(site->openapi != NULL);
    return site;
}

void con_site_free(ConSite *site)
{
    if (site == NULL)
        return;
    json_decref(site->openapi);
    g_free(site);
}

/* Why there is no broker, in the reader's language.  Caller frees. */
static char *reason_of(const ConSite *site, const ConRequest *request)
{
    const char *reason =
        con_line_state(site->options.line) == CON_LINE_NO_BROKER ? con_line_reason(site->options.line) : "";

    return hl_phrase_translate_to(reason, con_prefers_japanese(con_request_header(request, "accept-language"))
                                              ? con_remedy_japanese
                                              : con_remedy_english);
}

/* Whether it is well is for everybody; inner addresses, paths and versions are for those who are signed in. */
static void answer_health(const ConSite *site, ConRequest *request, bool is_stranger)
{
    ConLineState state = con_line_state(site->options.line);
    g_autofree char *reason = reason_of(site, request);
    g_autoptr(json_t) health = json_pack("{s:s}", "status", state == CON_LINE_UP ? "ok" : "stale");
    g_autoptr(json_t) rest =
        json_pack("{s:s, s:s, s:s, s:o, s:o}", "line", con_line_state_name(state), "reason", reason, "version",
                  HOLDLINE_VERSION, "certificate_ends", hl_json_time(con_line_certificate_end(site->options.line)),
                  "https_certificate_ends", hl_json_time(site->options.identity->end));

    if (!is_stranger)
        json_object_update(health, rest);
    con_request_done(request, g_steal_pointer(&health), NULL);
}

typedef struct {
    const ConSite *site;
    ConRequest *request;
} Question;

static void on_person(const ConPerson *person, bool is_over G_GNUC_UNUSED, gpointer user)
{
    g_autofree Question *question = user;

    answer_health(question->site, question->request, person == NULL);
}

/* 200 even without a manager: it is the console that is asked, and it works.  Who watches reads "status".  Only where
 * a session is not known yet, and there is somebody to ask, does the answer wait for the manager's. */
static void get_health(ConRequest *request, gpointer user)
{
    const ConSite *site = user;
    bool is_known = con_people_knows(site->options.people, request->session);
    Question *question;

    if (is_known || request->session == NULL || con_line_state(site->options.line) != CON_LINE_UP) {
        answer_health(site, request, !is_known);
        return;
    }
    question = g_new(Question, 1);
    *question = (Question){ site, request };
    con_people_check(site->options.people, request->session, request->http->peer, on_person, question);
}

static void get_openapi(ConRequest *request, gpointer user)
{
    const ConSite *site = user;

    con_request_done(request, json_incref(site->openapi), NULL);
}

const ConHandlerRow con_site_rows[] = {
    { "getHealth", get_health },
    { "getOpenapi", get_openapi },
    { NULL, NULL },
};
