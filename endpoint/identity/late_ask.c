/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/identity/late_ask.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/unconst.h"
#include "lib/http/fetch.h"
#include "proto/wire.h"

#define ROUTE        "/v1/renew"
#define CONTENT_TYPE "application/x-protobuf"
#define DEADLINE     (30 * HL_SECOND)
#define NOT_FOUND    404

struct EpLateAsk {
    char **urls;
    char *ca_path, *proxy, *certificate;
    bool may_ask_anybody;
    HlTime ends;
    GBytes *csr, *proof;
    HlMailbox *answers;
    gint cancelled; /* atomic */
    pthread_t thread;
};

void ep_late_answer_free(gpointer answer)
{
    EpLateAnswer *gone = answer;

    g_free(gone->message);
    g_free(gone->code);
    g_free(gone->certificate);
    g_clear_pointer(&gone->letter, g_bytes_unref);
    g_free(gone);
}

static bool on_progress(uint64_t done G_GNUC_UNUSED, uint64_t total G_GNUC_UNUSED, gpointer user)
{
    EpLateAsk *ask = user;

    return g_atomic_int_get(&ask->cancelled) == 0;
}

static void note(EpLateAnswer *answer, EpLateOutcome outcome, const char *message)
{
    answer->outcome = outcome;
    g_free(answer->message);
    answer->message = g_strdup(message);
}

typedef enum { OURS_ALONE, ANYBODY } Whom;

static bool fetch(const EpLateAsk *ask, const char *url, Whom whom, GBytes *body, HlFetchResult *result, GError **error)
{
    HlFetchOptions options = { .ca_file = ask->ca_path, .any_server = whom == ANYBODY, .proxy = ask->proxy };
    g_autoptr(HlFetch) session = hl_fetch_new(&options);
    g_autofree char *full = g_strconcat(url, ROUTE, NULL);
    HlFetchRequest request = { .url = full,
                               .content_type = CONTENT_TYPE,
                               .max_size = HL_WIRE_MAX_SIZE,
                               .deadline = DEADLINE,
                               .progress = on_progress,
                               .user = hl_unconst(ask) };

    if (body != NULL)
        request.body = g_bytes_get_data(body, &request.body_size);
    return hl_fetch_run(session, &request, result, error);
}

static GBytes *request_of(const EpLateAsk *ask, bool letter)
{
    HlMsgRenewRequest request = HOLDLINE__V1__RENEW_REQUEST__INIT;

    request.certificate = ask->certificate;
    request.csr.data = hl_unconst(g_bytes_get_data(ask->csr, &request.csr.len));
    request.proof.data = hl_unconst(g_bytes_get_data(ask->proof, &request.proof.len));
    request.clock_ms = hl_clock_wall();
    request.letter = letter;
    return HL_WIRE_ENCODE(&request);
}

static void take_reply(EpLateAnswer *answer, const HlMsgEnrolReply *reply, HlTime wait)
{
    note(answer, ep_late_outcome(reply->code), reply->message);
    answer->wait = wait;
    if (reply->clock_ms > 0)
        answer->server = reply->clock_ms;
    g_free(answer->code);
    answer->code = g_strdup(reply->code);
    g_free(answer->certificate);
    answer->certificate = g_strdup(reply->certificate);
}

/* false: the next URL may do better. */
static bool ask_for_it(const EpLateAsk *ask, const char *url, EpLateAnswer *answer)
{
    g_autoptr(GBytes) body = request_of(ask, false);
    g_auto(HlFetchResult) result = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgEnrolReply) reply = NULL;
    g_autofree char *problem = NULL;

    if (!fetch(ask, url, OURS_ALONE, body, &result, &error)) {
        note(answer, EP_LATE_UNREACHED, error->message);
        return false;
    }
    reply = hl_wire_decode_bytes(&holdline__v1__enrol_reply__descriptor, result.body, NULL);
    if (reply != NULL && (*reply->code != '\0' || (result.status == 200 && *reply->certificate != '\0'))) {
        take_reply(answer, reply, result.retry_after);
        return true;
    }
    problem = result.status == NOT_FOUND
                  ? g_strdup_printf("%s gives no certificate over HTTPS: it is of an earlier version", url)
                  : g_strdup_printf("%s answered HTTP %ld without a certificate: is a Holdline server there?", url,
                                    result.status);
    note(answer, EP_LATE_UNREACHED, problem);
    return false;
}

/* Any answer to a GET tells the time, also that there is nothing to be got. */
static bool ask_at(const EpLateAsk *ask, const char *url, EpLateAnswer *answer)
{
    g_auto(HlFetchResult) result = { 0 };
    g_autoptr(GError) error = NULL;

    if (!fetch(ask, url, OURS_ALONE, NULL, &result, &error)) {
        note(answer, EP_LATE_UNREACHED, error->message);
        return false;
    }
    answer->server = result.date;
    if (ep_late_is_ended(ask->ends, result.date > 0 ? result.date : hl_clock_wall()))
        return ask_for_it(ask, url, answer);
    note(answer, EP_LATE_VALID, "");
    answer->wait = ask->ends - (result.date > 0 ? result.date : hl_clock_wall());
    return true;
}

static bool ask_for_letter(const EpLateAsk *ask, const char *url, EpLateAnswer *answer)
{
    g_autoptr(GBytes) body = request_of(ask, true);
    g_auto(HlFetchResult) result = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgEnrolReply) reply = NULL;

    if (!fetch(ask, url, ANYBODY, body, &result, &error)) {
        note(answer, EP_LATE_UNREACHED, error->message);
        return false;
    }
    reply = hl_wire_decode_bytes(&holdline__v1__enrol_reply__descriptor, result.body, NULL);
    if (reply == NULL || reply->server == NULL) {
        g_autofree char *problem = g_strdup_printf("the authorities by which this machine knows the server have ended, "
                                                   "and %s names no others yet",
                                                   url);

        note(answer, EP_LATE_UNREACHED, problem);
        return false;
    }
    note(answer, EP_LATE_LETTER, "");
    answer->letter = hl_wire_encode(&reply->server->base);
    return true;
}

static bool ask_all(EpLateAsk *ask, bool (*question)(const EpLateAsk *, const char *, EpLateAnswer *),
                    EpLateAnswer *answer)
{
    for (char **url = ask->urls; *url != NULL && g_atomic_int_get(&ask->cancelled) == 0; url++)
        if (question(ask, *url, answer))
            return true;
    return false;
}

static void *run(void *user)
{
    EpLateAsk *ask = user;
    EpLateAnswer *answer = g_new0(EpLateAnswer, 1);

    answer->code = g_strdup("");
    answer->certificate = g_strdup("");
    note(answer, EP_LATE_UNREACHED, "");
    if (!ask_all(ask, ask_at, answer) && ask->may_ask_anybody)
        ask_all(ask, ask_for_letter, answer);
    if (hl_mailbox_post(ask->answers, answer) != HL_MAILBOX_POSTED)
        ep_late_answer_free(answer); /* only while the daemon ends */
    return NULL;
}

static void release(EpLateAsk *ask)
{
    g_strfreev(ask->urls);
    g_free(ask->ca_path);
    g_free(ask->proxy);
    g_free(ask->certificate);
    g_bytes_unref(ask->csr);
    g_bytes_unref(ask->proof);
    g_free(ask);
}

EpLateAsk *ep_late_ask_start(const EpLateSpec *spec, HlMailbox *answers)
{
    EpLateAsk *ask = g_new0(EpLateAsk, 1);

    ask->urls = g_strdupv(hl_unconst(spec->urls));
    ask->ca_path = g_strdup(spec->ca_path);
    ask->proxy = g_strdup(spec->proxy);
    ask->certificate = g_strdup(spec->certificate);
    ask->may_ask_anybody = spec->may_ask_anybody;
    ask->ends = spec->ends;
    ask->csr = g_bytes_ref(spec->csr);
    ask->proof = g_bytes_ref(spec->proof);
    ask->answers = answers;
    if (pthread_create(&ask->thread, NULL, run, ask) != 0) {
        release(ask);
        return NULL;
    }
    return ask;
}

void ep_late_ask_free(EpLateAsk *ask)
{
    if (ask == NULL)
        return;
    g_atomic_int_set(&ask->cancelled, 1);
    pthread_join(ask->thread, NULL);
    release(ask);
}
