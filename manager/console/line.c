/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/line.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/said.h"
#include "lib/base/service.h"
#include "lib/base/unconst.h"
#include "lib/bus/bus.h"
#include "lib/pki/cert.h"
#include "manager/console/core/fault.h"
#include "manager/console/identity.h"
#include "manager/core/quota.h"
#include "proto/server.h"
#include "proto/wire.h"

#define ANSWER_PATIENCE (20 * HL_SECOND) /* longer than the server holds a waiting call open */
#define CHECK_EVERY     1000             /* ms: who waits too long is told so within it */
#define MAX_UNDER_WAY   1000             /* calls; each browser has six connections, so that is 160 of them at once */
#define BACKOFF_CAP     (30 * HL_SECOND)
/* So long a call that may be asked twice waits for a manager when one is lost: longer than another one, or another
 * broker, takes to come. */
#define RETURN_PATIENCE (10 * HL_SECOND)

struct ConLine {
    ConLineOptions options;
    char *ca, *certificate, *key, *name;
    HlCallSigner *signer; /* of the two: with which it connects */
    HlTime certificate_end;
    char *reply_topic, *request_topic;
    HlBus *bus;
    bool manager_online;
    uint64_t epoch;
    char **authorities; /* ids that the manager says count; NULL: it says nothing */
    ConLineState told;  /* what the handler knows */
    char *reason;
    HlTime lost; /* when the manager, or the way to it, was last lost; monotonic */
    bool is_ending;
    GHashTable *asked; /* number of the call (uint64_t *) -> ConAsked * */
    MgrBucket bucket;  /* of calls */
    guint timer, soon;
};

static const char *const state_names[CON_LINE_N] = {
    [CON_LINE_NO_BROKER] = "no-broker",
    [CON_LINE_NO_MANAGER] = "no-manager",
    [CON_LINE_UP] = "up",
};

const char *con_line_state_name(ConLineState state)
{
    g_assert((unsigned)state < CON_LINE_N);
    return state_names[state];
}

ConLineState con_line_state(const ConLine *line)
{
    if (line->bus == NULL || hl_bus_state(line->bus) != HL_BUS_UP)
        return CON_LINE_NO_BROKER;
    return line->manager_online ? CON_LINE_UP : CON_LINE_NO_MANAGER;
}

const char *con_line_reason(const ConLine *line)
{
    return line->reason;
}

HlTime con_line_certificate_end(const ConLine *line)
{
    return line->certificate_end;
}

/* ------------------------------------------------------------------------------------------------------------ calls */

/* Out of the table first: done may call again. */
static void end_call(ConLine *line, const uint64_t *number, const GError *error)
{
    gpointer key = NULL;
    gpointer value = NULL;
    ConAsked *asked;

    if (!g_hash_table_steal_extended(line->asked, number, &key, &value))
        return;
    asked = value;
    asked->done(error == NULL ? asked->answer : NULL, error, asked->user);
    con_asked_free(asked);
    g_free(key);
}

/* No word of the manager's: a page asks again for it, with the key that the request had.  Returns false. */
static bool say_cut(GError **error)
{
    hl_error_say(error, "call.cut", (const char *const[]){ NULL });
    return false;
}

/* Who may be asked twice waits for the next manager.  until: for how long at most, the first time.  false: no longer.
 */
static bool wait_for_manager(const ConLine *line, ConAsked *asked, HlTime until)
{
    if (!asked->may_repeat || line->is_ending)
        return false;
    if (asked->until == 0)
        asked->until = until;
    if (hl_clock_mono() >= asked->until)
        return false;
    con_asked_begin_again(asked);
    asked->waits = true;
    return true;
}

static const GError *problem_of(const ConLine *line, const ConAsked *asked, bool lost, HlTime now, GError **made)
{
    if (asked->error != NULL)
        return asked->error;
    if (asked->waits && !lost && now < asked->until)
        return NULL;
    if (asked->waits)
        hl_fail(made, HL_ERROR_UNAVAILABLE, "no manager has answered '%s' within %d s: try again in a moment",
                asked->name, (int)(RETURN_PATIENCE / HL_SECOND));
    else if (lost)
        hl_fail(made, HL_ERROR_UNAVAILABLE,
                con_line_state(line) == CON_LINE_NO_BROKER
                    ? "the line to the server broke before the answer came: check whether '%s' was carried out"
                    : "the manager ended before it answered: check whether '%s' was carried out",
                asked->name);
    else if (now >= asked->deadline)
        hl_fail(made, HL_ERROR_TIMEOUT, "the server did not answer '%s' within %d s: check whether it was carried out",
                asked->name, (int)(ANSWER_PATIENCE / HL_SECOND));
    say_cut(made);
    return *made;
}

/* Ends those that will not be answered any more. */
static void sweep(ConLine *line, bool lost)
{
    g_autofree gpointer *numbers = NULL;
    HlTime now = hl_clock_mono();
    guint n;

    numbers = g_hash_table_get_keys_as_array(line->asked, &n);
    for (guint i = 0; i < n; i++) {
        uint64_t number = *(const uint64_t *)numbers[i];
        ConAsked *asked = g_hash_table_lookup(line->asked, &number);
        g_autoptr(GError) made = NULL;
        g_autoptr(GError) told = NULL;
        const GError *error;

        if (asked == NULL || (lost && asked->error == NULL && wait_for_manager(line, asked, now + RETURN_PATIENCE)))
            continue;
        error = problem_of(line, asked, lost, now, &made);
        if (error == NULL)
            continue;
        told = g_error_copy(error);
        end_call(line, &number, told);
    }
}

static void send_waiting(ConLine *line);

static gboolean on_timer(gpointer user)
{
    send_waiting(user);
    sweep(user, false);
    return G_SOURCE_CONTINUE;
}

static gboolean on_soon(gpointer user)
{
    ConLine *line = user;

    line->soon = 0;
    sweep(line, false);
    return G_SOURCE_REMOVE;
}

static void fail_soon(ConLine *line, ConAsked *asked, GError *error)
{
    asked->error = error;
    if (line->soon == 0)
        line->soon = g_idle_add(on_soon, line);
}

/* Takes payload; NULL: there is nothing to tell.  A line that breaks ends the call. */
static void tell_read(ConLine *line, GBytes *payload, GBytes *correlation)
{
    g_autoptr(GBytes) owned = payload;

    if (owned != NULL)
        HL_IGNORE(hl_bus_publish(
            line->bus,
            &(HlBusMessage){ .topic = line->request_topic, .payload = owned, .qos = 1, .correlation = correlation },
            NULL, NULL));
}

static void take_reply(ConLine *line, const HlBusMessage *message)
{
    g_autoptr(HlMsgCallReply) reply = NULL;
    g_autoptr(GError) error = NULL;
    uint64_t number;
    ConAsked *asked;
    gsize size = 0;
    const void *data = message->correlation != NULL ? g_bytes_get_data(message->correlation, &size) : NULL;

    if (size != sizeof number)
        return;
    memcpy(&number, data, sizeof number);
    asked = g_hash_table_lookup(line->asked, &number);
    if (asked == NULL || asked->error != NULL)
        return; /* it was given up */
    reply = hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, message->payload, &error);
    asked->deadline = hl_clock_mono() + ANSWER_PATIENCE;
    if (reply == NULL || !con_asked_take(asked, reply, &error) || !reply->more)
        end_call(line, &number, error);
    else
        tell_read(line, hl_parts_tell(&asked->parts, reply, hl_clock_mono()), message->correlation);
}

/* Of a request that is on its way to the broker. */
typedef struct {
    ConLine *line;
    uint64_t number;
} Sent;

/* Where nobody listens the broker says so at once.  A line that broke ends all calls by itself. */
static void on_published(bool acknowledged, gpointer user)
{
    g_autofree Sent *sent = user;
    ConAsked *asked = g_hash_table_lookup(sent->line->asked, &sent->number);
    GError *error = NULL;

    /* a line that broke may have carried it: the end of the line says so of all calls */
    if (acknowledged || asked == NULL || asked->error != NULL || con_line_state(sent->line) == CON_LINE_NO_BROKER)
        return;
    if (wait_for_manager(sent->line, asked, hl_clock_mono() + RETURN_PATIENCE))
        return;
    hl_fail(&error, HL_ERROR_UNAVAILABLE,
            "no manager is running on the server: nothing was done; try again in a moment");
    say_cut(&error);
    fail_soon(sent->line, asked, error);
}

static bool fail_down(const ConLine *line, GError **error)
{
    hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: nothing was done; try again in a moment",
            con_line_state(line) == CON_LINE_NO_BROKER ? "the server cannot be reached"
                                                       : "no manager is running on the server");
    return say_cut(error);
}

/* Beyond it the manager drops what a console sends: the one who waits would be told of a silence. */
static bool take_quota(ConLine *line, const ConAsked *asked, GError **error)
{
    const MgrQuotaRow *row = mgr_quota_row(MGR_QUOTA_CALL);

    return mgr_bucket_take(&line->bucket, MGR_QUOTA_CALL, g_bytes_get_size(asked->payload), hl_clock_mono()) ==
               MGR_QUOTA_ALLOWED ||
           con_fail(error, CON_FAULT_LINE_QUOTA, HL_NUMBER(row->messages), HL_NUMBER(row->over / HL_SECOND), NULL);
}

static bool publish(ConLine *line, const ConAsked *asked, uint64_t number, GError **error)
{
    g_autoptr(GBytes) correlation = g_bytes_new(&number, sizeof number);
    g_autofree Sent *sent = g_new(Sent, 1);

    *sent = (Sent){ line, number };
    if (!hl_bus_publish(line->bus,
                        &(HlBusMessage){ .topic = line->request_topic,
                                         .payload = asked->payload,
                                         .qos = 1,
                                         .expiry = ANSWER_PATIENCE,
                                         .response_topic = line->reply_topic,
                                         .correlation = correlation },
                        on_published, sent)) {
        hl_fail(error, HL_ERROR_UNAVAILABLE, "the line to the server is busy: try again in a moment");
        return say_cut(error);
    }
    g_steal_pointer(&sent);
    return true;
}

static bool send(ConLine *line, ConAsked *asked, uint64_t number, GError **error)
{
    if (g_hash_table_size(line->asked) > MAX_UNDER_WAY)
        return con_fail(error, CON_FAULT_LINE_CALLS, HL_NUMBER(MAX_UNDER_WAY), NULL);
    if (con_line_state(line) != CON_LINE_UP)
        return wait_for_manager(line, asked, line->lost + RETURN_PATIENCE) || fail_down(line, error);
    return take_quota(line, asked, error) && publish(line, asked, number, error);
}

void con_line_call(ConLine *line, const ConLineAsk *ask)
{
    uint64_t number = hl_random_u64();
    g_autoptr(GError) error = NULL;
    ConAsked *asked = con_asked_new(ask, line->signer, &error);

    asked->deadline = hl_clock_mono() + ANSWER_PATIENCE;
    g_hash_table_insert(line->asked, g_memdup2(&number, sizeof number), asked);
    if (asked->payload == NULL || !send(line, asked, number, &error))
        fail_soon(line, asked, g_steal_pointer(&error));
}

/* With another number: what is still on its way from the manager that was asked first is no part of this answer. */
static void send_again(ConLine *line, const uint64_t *old)
{
    gpointer key = NULL;
    gpointer value = NULL;
    uint64_t number = hl_random_u64();
    g_autoptr(GError) error = NULL;
    ConAsked *asked;

    if (!g_hash_table_steal_extended(line->asked, old, &key, &value))
        return;
    g_free(key);
    asked = value;
    asked->waits = false;
    asked->deadline = hl_clock_mono() + ANSWER_PATIENCE;
    g_hash_table_insert(line->asked, g_memdup2(&number, sizeof number), asked);
    if (!send(line, asked, number, &error) && !wait_for_manager(line, asked, 0))
        fail_soon(line, asked, g_steal_pointer(&error));
}

static void send_waiting(ConLine *line)
{
    g_autofree gpointer *numbers = NULL;
    guint n;

    if (con_line_state(line) != CON_LINE_UP)
        return;
    numbers = g_hash_table_get_keys_as_array(line->asked, &n);
    for (guint i = 0; i < n; i++) {
        uint64_t number = *(const uint64_t *)numbers[i];
        const ConAsked *asked = g_hash_table_lookup(line->asked, &number);

        if (asked != NULL && asked->waits)
            send_again(line, &number);
    }
}

/* --------------------------------------------------------------------------------------------------------- the link */

static void tell(ConLine *line, bool restarted)
{
    ConLineState state = con_line_state(line);

    if (state == line->told && !restarted)
        return;
    if (line->told == CON_LINE_UP)
        line->lost = hl_clock_mono();
    line->told = state;
    hl_info("line", "%s%s", con_line_state_name(state), restarted && state == CON_LINE_UP ? ", of a new manager" : "");
    hl_service_status("The line to the server: %s", con_line_state_name(state));
    if (state != CON_LINE_UP || restarted)
        sweep(line, true);
    line->options.handlers.changed(state, line->options.user);
    send_waiting(line);
}

char *const *con_line_authorities(const ConLine *line)
{
    return line->authorities;
}

static void take_manager_state(ConLine *line, GBytes *payload)
{
    g_autoptr(HlMsgManagerState) state = hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, payload, NULL);
    bool restarted = state != NULL && state->online && line->manager_online && state->epoch != line->epoch;

    line->manager_online = state != NULL && state->online;
    if (line->manager_online) {
        line->epoch = state->epoch;
        g_strfreev(line->authorities);
        line->authorities = hl_server_authorities(state);
    }
    tell(line, restarted);
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    ConLine *line = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    if (!hl_topic_parse(message->topic, &topic, &id))
        return;
    if (topic == HL_TOPIC_ADMIN_REPLY)
        take_reply(line, message);
    else if (topic == HL_TOPIC_MANAGER_STATE || (topic == HL_TOPIC_MANAGER_ALIVE && !line->manager_online))
        take_manager_state(line, message->payload);
    else if (topic == HL_TOPIC_MANAGER_ALIVE)
        return;
    else
        line->options.handlers.status(topic, id, message->payload, line->options.user);
}

static void on_up(gpointer user)
{
    tell(user, false);
}

static void on_down(const char *reason, gpointer user)
{
    ConLine *line = user;

    line->manager_online = false;
    g_free(line->reason);
    line->reason = g_strdup(reason);
    tell(line, false);
}

static void on_failed(const char *broker, const char *reason, HlTime delay G_GNUC_UNUSED, gpointer user)
{
    ConLine *line = user;

    hl_log_limited(HL_LOG_WARN, "line", broker, "cannot reach the broker at %s: %s", broker, reason);
    g_free(line->reason);
    line->reason = g_strdup_printf("%s: %s", broker, reason);
}

static bool read_certificate(ConLine *line, GError **error)
{
    g_autoptr(HlCallSigner) signer = hl_call_signer_load(line->certificate, line->key, error);
    const HlCertInfo *info;

    if (signer == NULL)
        return false;
    info = hl_cert_info(hl_call_signer_cert(signer));
    if (!hl_ident_is_valid(info->cn))
        return hl_fail(error, HL_ERROR_INVALID, "%s is no certificate of a console: '%s' is not a name on the line",
                       line->certificate, info->cn);
    if (line->name != NULL && strcmp(line->name, info->cn) != 0)
        return hl_fail(error, HL_ERROR_INVALID, "%s is of '%s', and this console is '%s': restart it to change that",
                       line->certificate, info->cn, line->name);
    if (line->name == NULL)
        line->name = g_strdup(info->cn);
    line->certificate_end = info->not_after;
    hl_call_signer_free(line->signer);
    line->signer = g_steal_pointer(&signer);
    return true;
}

/* The table comes from a snapshot, so what is retained of 100,000 endpoints is not asked for.  "alive" comes every
 * second, where a cluster does not find the retained state. */
static bool connect_bus(ConLine *line, GError **error)
{
    const char *const filters[] = { line->reply_topic, HL_TOPIC_ROOT "manager/state", HL_TOPIC_ROOT "manager/alive",
                                    HL_TOPIC_ROOT "status/#", NULL };

    line->bus = hl_bus_new(
        &(HlBusOptions){ .client_id = line->name,
                         .brokers = (const char *const *)line->options.conf->brokers,
                         .ca_path = line->ca,
                         .cert_path = line->certificate,
                         .key_path = line->key,
                         .subscriptions = filters,
                         .n_live = 1,
                         .subscription_qos = 1,
                         .backoff_cap = BACKOFF_CAP,
                         .handlers = { .up = on_up, .down = on_down, .failed = on_failed, .message = on_message },
                         .user = line },
        error);
    return line->bus != NULL;
}

ConLine *con_line_new(const ConLineOptions *options, GError **error)
{
    g_autoptr(ConLine) line = g_new0(ConLine, 1);

    line->options = *options;
    line->reason = g_strdup("");
    line->told = CON_LINE_N; /* whatever it is, it is told */
    line->lost = hl_clock_mono() - RETURN_PATIENCE;
    line->asked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, con_asked_free);
    line->ca = con_place(options->directory, options->conf->ca);
    line->certificate = con_place(options->directory, options->conf->certificate);
    line->key = con_place(options->directory, options->conf->key);
    if (!read_certificate(line, error))
        return NULL;
    line->reply_topic = hl_topic_name(HL_TOPIC_ADMIN_REPLY, line->name);
    line->request_topic = hl_topic_name(HL_TOPIC_ADMIN_REQUEST, line->name);
    if (!connect_bus(line, error))
        return NULL;
    line->timer = g_timeout_add(CHECK_EVERY, on_timer, line);
    return g_steal_pointer(&line);
}

bool con_line_reload(ConLine *line, GError **error)
{
    if (!read_certificate(line, error))
        return false;
    hl_bus_reconnect(line->bus, HL_BUS_DROP_WILL);
    return true;
}

void con_line_free(ConLine *line)
{
    if (line == NULL)
        return;
    line->is_ending = true;
    g_clear_pointer(&line->bus, hl_bus_free);
    sweep(line, true);
    g_clear_handle_id(&line->timer, g_source_remove);
    g_clear_handle_id(&line->soon, g_source_remove);
    g_hash_table_unref(line->asked);
    g_free(line->ca);
    g_free(line->certificate);
    hl_call_signer_free(line->signer);
    g_free(line->key);
    g_free(line->name);
    g_free(line->reply_topic);
    g_free(line->request_topic);
    g_free(line->reason);
    g_strfreev(line->authorities);
    g_free(line);
}
