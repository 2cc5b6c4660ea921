/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/comeback.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "endpoint/identity/late_ask.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "proto/enrolment.h"

#define LOOK      2           /* s; with the process's other timers of whole seconds, so that one wake-up serves all */
#define REST      10          /* s: while the line is up */
#define CAME_BACK "came-back" /* in the store: "SERIAL MS", the certificate that it was given, and when */
#define EVENT     "certificate"

struct EpComeback {
    EpComebackOptions has;
    char *proxy;
    EpLate late;
    EpLateAsk *ask;
    HlMailbox *answers;
    EpServerTime seen; /* the server's clock as its front tells it: for these questions alone */
    guint timer;
    bool rests; /* the timer's interval is REST */
    EpComebackState state;
    char *detail;
    HlTime at;
    char *serial; /* EP_COMEBACK_BACK: of the certificate that it was given */
};

const char *ep_comeback_state_name(EpComebackState state)
{
    static const char *const names[] = { [EP_COMEBACK_NONE] = "none",
                                         [EP_COMEBACK_WAITING] = "waiting",
                                         [EP_COMEBACK_REFUSED] = "refused",
                                         [EP_COMEBACK_CLOCK] = "clock",
                                         [EP_COMEBACK_BACK] = "came-back" };

    return names[state];
}

EpComebackView ep_comeback_view(const EpComeback *comeback)
{
    HlTime left = comeback->late.due - hl_clock_mono();
    bool is_open = comeback->state != EP_COMEBACK_NONE && comeback->state != EP_COMEBACK_BACK;

    return (EpComebackView){ .state = comeback->state,
                             .at = comeback->at,
                             .detail = comeback->detail,
                             .next = is_open && left > 0 ? hl_clock_wall() + left : 0 };
}

/* By this clock the certificate has ended, or has not. */
static HlTime now(const EpComeback *comeback)
{
    const EpServerTime *time = comeback->has.time->known ? comeback->has.time : &comeback->seen;

    return ep_server_time_now(time, hl_clock_wall(), hl_clock_mono());
}

/* ----------------------------------------------------------------------------------------------- what is told of it */

/* Told once for each thing to be told; problem is what keeps the endpoint from its work, or NULL. */
static void tell(EpComeback *comeback, EpComebackState state, const char *detail, const char *problem)
{
    bool is_other = comeback->state != state || strcmp(comeback->detail, detail) != 0;

    comeback->state = state;
    comeback->at = hl_clock_wall();
    if (!is_other)
        return;
    g_free(comeback->detail);
    comeback->detail = g_strdup(detail);
    ep_trouble_set_identity(comeback->has.trouble, problem);
    ep_pulse_changed(comeback->has.pulse);
}

/* What there is to tell of the certificate in use; of another one (renewed since, enrolled again) it is nothing. */
static void load(EpComeback *comeback)
{
    g_autofree char *fact = ep_store_get(comeback->has.db, CAME_BACK, "");
    g_auto(GStrv) parts = g_strsplit(fact, " ", 2);

    if (g_strv_length(parts) < 2 || strcmp(parts[0], hl_cert_info(comeback->has.identity->cert)->serial) != 0)
        return;
    comeback->state = EP_COMEBACK_BACK;
    g_free(comeback->serial);
    comeback->serial = g_strdup(parts[0]);
    comeback->at = (HlTime)g_ascii_strtoll(parts[1], NULL, 10);
}

/* That it came back is for people; what counts is in place already. */
static void note_return(EpComeback *comeback, HlTime ended)
{
    const HlCertInfo *info = hl_cert_info(comeback->has.identity->cert);
    HlTime now = hl_clock_wall();
    g_autofree char *fact = g_strdup_printf("%s %" G_GINT64_FORMAT, info->serial, (gint64)now);
    g_autofree char *end = hl_time_format(ended);
    g_autofree char *words = g_strdup_printf("it had ended at %s, and the server gave another one", end);
    g_autoptr(GError) error = NULL;

    hl_info("renewal", "the certificate had ended at %s: the server gave another one, and the line goes on", end);
    if (!ep_store_set(comeback->has.db, CAME_BACK, fact, &error) ||
        !ep_store_add_event(comeback->has.db, now, EVENT, words, &error))
        ep_trouble_store_failed(comeback->has.trouble, "that this endpoint came back", error);
    g_free(comeback->serial);
    comeback->serial = g_strdup(info->serial);
    tell(comeback, EP_COMEBACK_BACK, "", NULL);
}

static void tell_refused(EpComeback *comeback, const char *message)
{
    g_autofree char *end = hl_time_format(hl_cert_info(comeback->has.identity->cert)->not_after);
    g_autofree char *problem =
        g_strdup_printf("this machine's certificate ended at %s, and the server gives no other one: %s; then enrol "
                        "again with 'holdline-endpoint enrol BUNDLE --replace'",
                        end, message);

    hl_log_limited(HL_LOG_WARN, "renewal", "refused", "%s", problem);
    tell(comeback, EP_COMEBACK_REFUSED, message, problem);
}

/* Where only the own clock is in doubt, the line tells enough. */
static void tell_waiting(EpComeback *comeback, const char *message)
{
    if (!ep_late_is_ended(hl_cert_info(comeback->has.identity->cert)->not_after, now(comeback)))
        return;
    hl_log_limited(HL_LOG_WARN, "renewal", "waiting",
                   "this machine's certificate has ended by its clock, and there is no other one yet: %s", message);
    tell(comeback, EP_COMEBACK_WAITING, message, NULL);
}

/* The server's clock is right by definition: it issues the certificates. */
static void tell_clock(EpComeback *comeback, HlTime server)
{
    g_autofree char *ours = hl_time_format(hl_clock_wall());
    g_autofree char *theirs = hl_time_format(server);
    g_autofree char *message =
        g_strdup_printf("this machine's clock is wrong: it says %s, the server says %s; set the clock", ours, theirs);

    hl_log_limited(HL_LOG_WARN, "renewal", "clock", "%s", message);
    tell(comeback, EP_COMEBACK_CLOCK, message, message);
}

/* By the server's clock the certificate is good, so it is not what keeps the line down. */
static void tell_valid(EpComeback *comeback, HlTime server)
{
    if (server > 0 && ABS(hl_time_difference(hl_clock_wall(), server)) > HL_ENROL_MAX_SKEW)
        tell_clock(comeback, server);
    else
        tell(comeback, EP_COMEBACK_NONE, "", NULL);
}

/* ---------------------------------------------------------------------------------------------------------- answers */

static void take_certificate(EpComeback *comeback, const EpLateAnswer *answer)
{
    HlTime ended = hl_cert_info(comeback->has.identity->cert)->not_after;
    g_autoptr(GBytes) pem = g_bytes_new(answer->certificate, strlen(answer->certificate));
    g_autoptr(GError) error = NULL;

    if (ep_renewal_install(comeback->has.renewal, pem, answer->server, &error))
        note_return(comeback, ended);
    else
        tell_waiting(comeback, error->message);
}

/* With it the server can be verified again: the request for a certificate follows at once. */
static void take_letter(EpComeback *comeback, GBytes *letter)
{
    if (!comeback->has.letter(letter, comeback->has.user))
        tell_waiting(comeback, "the authorities by which this machine knows the server have ended, and what came in "
                               "their place is not signed by the server");
}

static void on_answer(gpointer item, gpointer user)
{
    EpComeback *comeback = user;
    EpLateAnswer *answer = item;

    g_clear_pointer(&comeback->ask, ep_late_ask_free);
    ep_late_answered(&comeback->late, answer->outcome, answer->wait, hl_clock_mono(), hl_random_u64());
    if (answer->server > 0)
        ep_server_time_told(&comeback->seen, answer->server, hl_clock_mono());
    switch (answer->outcome) {
    case EP_LATE_GRANTED:
        take_certificate(comeback, answer);
        break;
    case EP_LATE_LETTER:
        take_letter(comeback, answer->letter);
        break;
    case EP_LATE_UNREACHED:
    case EP_LATE_LATER:
        tell_waiting(comeback, answer->message);
        break;
    case EP_LATE_VALID:
        tell_valid(comeback, answer->server);
        break;
    case EP_LATE_CLOCK:
        tell(comeback, EP_COMEBACK_CLOCK, answer->message, answer->message);
        break;
    case EP_LATE_REFUSED:
        tell_refused(comeback, answer->message);
        break;
    }
    ep_late_answer_free(answer);
}

/* -------------------------------------------------------------------------------------------------------- questions */

static bool ask(EpComeback *comeback, GError **error)
{
    const EpIdentity *identity = comeback->has.identity;
    g_auto(EpRenewalProof) proof = { 0 };
    g_auto(GStrv) urls = comeback->has.urls(comeback->has.user);

    if (!ep_renewal_prove(comeback->has.renewal, &proof, error))
        return false;
    comeback->ask =
        ep_late_ask_start(&(EpLateSpec){ .urls = (const char *const *)urls,
                                         .ca_path = identity->ca_path,
                                         .proxy = comeback->proxy,
                                         .may_ask_anybody = hl_trust_is_over(identity->trust, now(comeback)),
                                         .ends = hl_cert_info(identity->cert)->not_after,
                                         .certificate = proof.certificate,
                                         .csr = proof.csr,
                                         .proof = proof.proof },
                          comeback->answers);
    return comeback->ask != NULL || hl_fail(error, HL_ERROR_LIMIT, "the system has no thread to spare");
}

/* What was to be told is over. */
static bool is_over(const EpComeback *comeback, bool is_line_up)
{
    switch (comeback->state) {
    case EP_COMEBACK_NONE:
        return false;
    case EP_COMEBACK_WAITING:
    case EP_COMEBACK_REFUSED:
    case EP_COMEBACK_CLOCK:
        return is_line_up;
    case EP_COMEBACK_BACK: /* it was renewed since */
        return strcmp(comeback->serial, hl_cert_info(comeback->has.identity->cert)->serial) != 0;
    }
    g_assert_not_reached();
}

static gboolean on_look(gpointer user);

/* true: the timer that is at work has that interval. */
static bool keep_looking(EpComeback *comeback, bool rests)
{
    if (comeback->timer != 0 && comeback->rests == rests)
        return true;
    comeback->rests = rests;
    comeback->timer = g_timeout_add_seconds(rests ? REST : LOOK, on_look, comeback);
    return false;
}

static gboolean on_look(gpointer user)
{
    EpComeback *comeback = user;
    const HlCertInfo *info = hl_cert_info(comeback->has.identity->cert);
    EpComebackLine line = comeback->has.line(comeback->has.user);
    EpLateFacts facts = { .dates = { info->not_before, info->not_after, 0 },
                          .now = now(comeback),
                          .mono = hl_clock_mono(),
                          .is_line_up = line.is_up,
                          .is_authority_over = hl_trust_is_over(comeback->has.identity->trust, now(comeback)),
                          .failed = line.failed };
    g_autoptr(GError) error = NULL;

    if (is_over(comeback, line.is_up)) {
        tell(comeback, EP_COMEBACK_NONE, "", NULL);
        load(comeback);
    }
    if (ep_late_step(&comeback->late, &facts) && !ask(comeback, &error)) {
        ep_late_answered(&comeback->late, EP_LATE_UNREACHED, 0, hl_clock_mono(), hl_random_u64());
        tell_waiting(comeback, error->message);
    }
    return keep_looking(comeback, line.is_up) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* ------------------------------------------------------------------------------------------------------------- life */

EpComeback *ep_comeback_new(const EpComebackOptions *options)
{
    EpComeback *comeback = g_new0(EpComeback, 1);

    comeback->has = *options;
    comeback->proxy = g_strdup(options->proxy);
    comeback->has.proxy = NULL;
    comeback->late.backoff = HL_BACKOFF_INIT(options->pace_base, options->pace_cap);
    comeback->answers = hl_mailbox_new("late-answers", 2, NULL, on_answer, comeback, ep_late_answer_free);
    comeback->detail = g_strdup("");
    load(comeback);
    keep_looking(comeback, false);
    return comeback;
}

void ep_comeback_free(EpComeback *comeback)
{
    if (comeback == NULL)
        return;
    g_clear_handle_id(&comeback->timer, g_source_remove);
    ep_late_ask_free(comeback->ask);
    hl_mailbox_free(comeback->answers);
    if (comeback->state != EP_COMEBACK_NONE)
        ep_trouble_set_identity(comeback->has.trouble, NULL);
    g_free(comeback->proxy);
    g_free(comeback->detail);
    g_free(comeback->serial);
    g_free(comeback);
}
