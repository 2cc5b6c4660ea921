/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/client_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib-unix.h>

#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/output.h"
#include "manager/cli/answered.h"
#include "manager/cli/commands.h"
#include "manager/cli/heed.h"
#include "manager/cli/key_turn.h"
#include "manager/cli/loop.h"
#include "manager/cli/request.h"
#include "manager/cli/unreached.h"
#include "proto/server.h"
#include "proto/topics.h"
#include "proto/wire.h"

#define CONNECT_PATIENCE (10 * HL_SECOND)
#define ATTEMPT_PATIENCE (5 * HL_SECOND)  /* at one of several addresses: the first may hang, and the next not */
#define CAUSE_PATIENCE   (10 * HL_SECOND) /* beyond that, until the bus has found out why; it takes eight at most */
#define MANAGER_PATIENCE (2 * HL_SECOND)  /* at one of several addresses; where one is, it says so every second */
#define ANSWER_PATIENCE  (20 * HL_SECOND) /* longer than the server holds a waiting call open */
#define SAY_AGAIN        200              /* ms */
#define MAX_BREAKS       5                /* of the lines on which one call was asked */
#define QUIET            (5 * HL_SECOND)  /* of a broker that hangs: a manager says every second that it is there */
#define TRY_PATIENCE     500  /* ms that one who types waits for another process's turn to end, before the next try */
#define COMEBACK_MIN     500  /* a pause at random between these before a lent line is taken back, so that two that */
#define COMEBACK_MAX     1500 /* look on do not chase each other */

/* A line that breaks ends the call, or asks it elsewhere. */
static void tell_read(const CliClient *client)
{
    g_autofree char *topic = hl_topic_name(HL_TOPIC_ADMIN_REQUEST, client->conf.name);

    HL_IGNORE(hl_bus_publish(
        client->bus,
        &(HlBusMessage){ .topic = topic, .payload = client->answer.tell, .qos = 1, .correlation = client->correlation },
        NULL, NULL));
}

static void take_reply(CliClient *client, const HlBusMessage *message)
{
    if (client->correlation == NULL || message->correlation == NULL ||
        !g_bytes_equal(client->correlation, message->correlation))
        return; /* of an earlier call, or of another process */
    cli_answer_take(&client->answer, message->payload);
    if (client->answer.tell != NULL)
        tell_read(client);
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    CliClient *client = user;
    g_autofree char *id = NULL;
    HlTopic topic;

    client->heard = hl_clock_mono();
    if (!hl_topic_parse(message->topic, &topic, &id))
        return;
    if (topic == HL_TOPIC_ADMIN_REPLY) {
        take_reply(client, message);
    } else if (topic == HL_TOPIC_MANAGER_STATE || topic == HL_TOPIC_MANAGER_ALIVE) {
        g_autoptr(HlMsgManagerState) state =
            hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, message->payload, NULL);

        client->manager_online = state != NULL && state->online && !client->moving_on;
        if (client->manager_online) {
            g_strfreev(client->authorities);
            client->authorities = hl_server_authorities(state);
        }
    } else if (client->on_status != NULL) {
        gsize size;
        const char *data = g_bytes_get_data(message->payload, &size);
        g_autofree char *text = g_strndup(data != NULL ? data : "", size);

        client->on_status(message->topic, text, client->status_user);
    }
}

/* An owner gives another certificate, and knows whether it should be. */
static bool needs_another(HlCause cause)
{
    return cause == HL_CAUSE_TURNED_AWAY || cause == HL_CAUSE_UNKNOWN_AUTHORITY || cause == HL_CAUSE_OTHER_AUTHORITY;
}

static void note_reason(CliClient *client, const char *broker, const char *reason)
{
    if (!g_hash_table_contains(client->reasons, broker))
        client->told = hl_clock_mono();
    cli_unreached_note(client->reasons, broker, reason);
}

static void on_failed(const char *broker, const char *reason, HlTime delay G_GNUC_UNUSED, gpointer user)
{
    CliClient *client = user;

    if (needs_another(hl_bus_cause(client->bus)))
        cli_unreached_note(client->reasons, CLI_TURNED_AWAY, reason);
    note_reason(client, broker, reason);
}

static void on_down(const char *reason, gpointer user)
{
    CliClient *client = user;

    client->taken_over = strcmp(reason, HL_BUS_TAKEN_OVER) == 0;
    client->lost = true;
    client->manager_online = client->moving_on = false;
}

void cli_client_end_turn(CliClient *client)
{
    if (client->turn >= 0)
        close(client->turn);
    client->turn = -1;
}

/* patience 0: the usual one. */
static bool take_turn(CliClient *client, HlTime patience, GError **error)
{
    client->turn = cli_key_turn(
        &(CliKeyTurn){ client->key, client->conf.name, client->conf.path, patience, cli_heed_is_given_up }, error);
    return client->turn >= 0;
}

bool cli_client_is_monitor(const CliClient *client)
{
    return client->conf.role == CLI_ROLE_MONITOR;
}

static bool is_up(const CliClient *client)
{
    return hl_bus_state(client->bus) == HL_BUS_UP;
}

static HlTime attempt_patience(const CliClient *client)
{
    return client->conf.brokers[1] != NULL ? ATTEMPT_PATIENCE : CONNECT_PATIENCE;
}

static void move_on(CliClient *client)
{
    client->manager_online = false;
    client->moving_on = true;
    hl_bus_reconnect(client->bus, HL_BUS_DROP_WILL);
}

/* Several addresses may be of brokers that do not know each other, and the manager at another one.  since: when the
 * present one let us in, 0: it has not.  When to look again at the latest. */
static HlTime look_further(CliClient *client, HlTime *since)
{
    HlTime now = hl_clock_mono();

    if (!is_up(client) || client->moving_on || client->conf.brokers[1] == NULL) {
        *since = 0;
        return G_MAXINT64;
    }
    *since = *since != 0 ? *since : now;
    if (now - *since < MANAGER_PATIENCE)
        return *since + MANAGER_PATIENCE;
    note_reason(client, hl_bus_broker(client->bus), CLI_NO_MANAGER);
    move_on(client);
    return G_MAXINT64;
}

/* When what is known is said.  Each address gets its time once: those that come first may hang. */
static HlTime deadline_of(const CliClient *client)
{
    HlTime usual = client->begun + CONNECT_PATIENCE;
    bool is_known = client->conf.brokers[1] == NULL && is_up(client);

    if (is_known || cli_unreached_is_told(&client->conf, client->reasons))
        return usual;
    return MAX(usual, client->told + attempt_patience(client) + CAUSE_PATIENCE);
}

/* The manager says "online" only once it can hear: an earlier request would be lost. */
static bool await_manager(CliClient *client, GError **error)
{
    HlTime since = 0;

    client->begun = client->told = hl_clock_mono();
    while (!(cli_client_is_monitor(client) ? is_up(client) : client->manager_online)) {
        HlTime again = look_further(client, &since); /* which may change the deadline */

        if (!cli_heed_check(error))
            return false;
        if (cli_loop_turn(client->context, MIN(again, deadline_of(client))) || hl_clock_mono() < deadline_of(client))
            continue;
        if (is_up(client))
            cli_unreached_note(client->reasons, hl_bus_broker(client->bus), CLI_NO_MANAGER);
        return cli_fail_unreached(&client->conf, client->reasons, hl_bus_broker(client->bus), error);
    }
    client->lost = client->taken_over = false; /* the links before this one */
    client->heard = hl_clock_mono();
    cli_answered_note(&client->conf, hl_bus_broker(client->bus));
    return true;
}

/* ending: "", or HL_PAIR_DRAFT for the pair that is not in force yet. */
bool cli_client_connect(CliClient *client, const char *ending, GError **error)
{
    g_autofree char *ca = cli_config_path(&client->conf, client->conf.ca);
    g_autofree char *certificate = g_strconcat(client->cert, ending, NULL);
    g_autofree char *key = g_strconcat(client->key, ending, NULL);
    g_autofree char *replies = hl_topic_name(HL_TOPIC_ADMIN_REPLY, client->conf.name);
    /* "alive" comes every second, where a cluster does not find the retained state */
    const char *const filters[] = { replies, HL_TOPIC_ROOT "manager/state", HL_TOPIC_ROOT "manager/alive",
                                    client->on_status != NULL ? HL_TOPIC_ROOT "status/#" : NULL, NULL };
    g_autoptr(HlCert) cert = hl_cert_load(certificate, NULL);
    g_auto(GStrv) brokers = cli_answered_order(&client->conf);

    client->lost = client->manager_online = client->moving_on = false;
    g_hash_table_remove_all(client->reasons);
    g_clear_pointer(&client->own, hl_call_signer_free);
    client->own = hl_call_signer_load(certificate, key, NULL);
    if (cert != NULL && hl_cert_info(cert)->not_after <= hl_clock_wall()) /* no broker would let it in */
        return cli_fail_ended(&client->conf, certificate, hl_cert_info(cert)->not_after, error);
    client->bus =
        hl_bus_new(&(HlBusOptions){ .client_id = client->conf.name,
                                    .brokers = (const char *const *)brokers,
                                    .ca_path = ca,
                                    .cert_path = certificate,
                                    .key_path = key,
                                    .subscriptions = filters,
                                    .subscription_qos = 1,
                                    .backoff_base = 200,
                                    .backoff_cap = HL_SECOND,
                                    .connect_timeout = attempt_patience(client),
                                    .context = client->context,
                                    .handlers = { .failed = on_failed, .down = on_down, .message = on_message },
                                    .user = client },
                   error);
    return client->bus != NULL && await_manager(client, error);
}

void cli_client_lend(CliClient *client)
{
    if (!client->lent)
        hl_output_watch(client->context);
    client->lent = true;
    cli_client_end_turn(client);
}

/* A line that was lent and is gone is taken up again when it is nobody else's turn.  Somebody may be typing at fd and
 * wants an answer: with one it is a short try, and none while there is something to read; -1: there is none. */
static bool come_back(CliClient *client, int fd, GError **error)
{
    HlTime patience = fd >= 0 ? TRY_PATIENCE : 0;
    bool ok;

    if (!client->lent || (client->bus != NULL && !client->lost))
        return true;
    g_clear_pointer(&client->bus, hl_bus_free);
    if (!cli_loop_pause(fd, COMEBACK_MIN + (HlTime)(hl_random_u64() % (COMEBACK_MAX - COMEBACK_MIN))))
        return hl_fail(error, HL_ERROR_UNAVAILABLE, _("the line to the server is not taken up again yet"));
    ok = take_turn(client, patience, error) && cli_client_connect(client, "", error);
    if (!ok)
        g_clear_pointer(&client->bus, hl_bus_free);
    cli_client_end_turn(client);
    return ok;
}

void cli_client_close(CliClient *client)
{
    if (client == NULL)
        return;
    if (client->on_status != NULL) /* which goes on, and may open another one */
        g_clear_pointer(&client->bus, hl_bus_free);
    hl_bus_leave(client->bus);
    cli_client_end_turn(client);
    cli_config_clear(&client->conf);
    g_free(client->cert);
    g_free(client->key);
    g_main_context_unref(client->context);
    g_clear_pointer(&client->correlation, g_bytes_unref);
    g_free(client->once);
    cli_answer_clear(&client->answer);
    g_hash_table_unref(client->reasons);
    g_strfreev(client->authorities);
    g_clear_pointer(&client->own, hl_call_signer_free);
    g_free(client);
}

/* A broker that came back before the manager did still reports the manager's earlier "online".  What nobody has heard
 * can be sent again; but when the link breaks, nobody knows who heard it. */
static void on_sent(bool acknowledged, gpointer user)
{
    CliClient *client = user;

    client->unheard = !acknowledged && hl_bus_state(client->bus) == HL_BUS_UP;
}

/* false: it cannot be asked at all.  A link that is down by now shows in cli_client_is_up. */
static bool send_call(CliClient *client, GError **error)
{
    CliRequest request = { client->call, client->arguments, client->once, client->own };
    g_autofree char *topic = hl_topic_name(HL_TOPIC_ADMIN_REQUEST, client->conf.name);
    g_autofree char *response = hl_topic_name(HL_TOPIC_ADMIN_REPLY, client->conf.name);
    g_autoptr(GBytes) payload = cli_request_encode(&request, error);
    uint64_t number = hl_random_u64();
    g_autoptr(GBytes) correlation = g_bytes_new(&number, sizeof number);

    if (payload == NULL)
        return false;
    client->unheard = false;
    cli_answer_begin_again(&client->answer);
    if (!hl_bus_publish(client->bus,
                        &(HlBusMessage){ .topic = topic,
                                         .payload = payload,
                                         .qos = 1,
                                         .expiry = ANSWER_PATIENCE,
                                         .response_topic = response,
                                         .correlation = correlation },
                        on_sent, client)) {
        client->lost = true;
        return true;
    }
    client->lost = false;
    g_clear_pointer(&client->correlation, g_bytes_unref);
    client->correlation = g_steal_pointer(&correlation);
    return true;
}

static HlTime answer_by(const CliClient *client)
{
    HlTime usual = hl_clock_mono() + ANSWER_PATIENCE;

    return client->until != 0 ? MIN(usual, client->until) : usual;
}

static bool fail_cut(const CliClient *client, const char *why, GError **error)
{
    return cli_fail_cut(client->call, client->correlation != NULL, why, error);
}

/* The broker died, or the manager: the bus goes on at the next address, and what was done already is not done again. A
 * lent line is taken up by who watches; and two that throw each other out would do so for ever. */
static bool ask_elsewhere(CliClient *client, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (client->taken_over)
        return fail_cut(
            client, _("Another machine uses this certificate (each needs its own), or the server has ended it"), error);
    if (client->lent)
        return fail_cut(client, _("It was asked on a line that other commands of this administrator may take"), error);
    if (++client->breaks > MAX_BREAKS)
        return fail_cut(client, _("It was asked again, and the link broke each time"), error);
    g_hash_table_remove_all(client->reasons);
    if (!await_manager(client, &problem))
        return fail_cut(client, problem->message, error);
    client->deadline = answer_by(client);
    return send_call(client, error);
}

/* Its connection stands, and nothing comes: where there is another address, the call is asked there.  When that is. */
static HlTime quiet_at(const CliClient *client)
{
    return client->conf.brokers[1] != NULL && !client->lent && !cli_client_is_monitor(client) ? client->heard + QUIET
                                                                                              : G_MAXINT64;
}

/* What the present moment asks for; false: the call has failed. */
static bool pursue(CliClient *client, GError **error)
{
    bool is_to_repeat = client->unheard || client->answer.again;

    if (client->lent && hl_output_gone())
        return hl_fail(error, HL_ERROR_IO, _("nobody reads the output any longer"));
    if (!cli_heed_check(error))
        return false;
    if (is_to_repeat && cli_client_is_up(client))
        cli_client_wait(client, SAY_AGAIN);
    if (cli_client_is_up(client) && hl_clock_mono() >= quiet_at(client))
        move_on(client);
    if (!cli_client_is_up(client))
        return ask_elsewhere(client, error);
    return !is_to_repeat || send_call(client, error);
}

static void begin_call(CliClient *client, const char *name, const char *const *arguments)
{
    client->call = name;
    client->arguments = arguments;
    client->breaks = 0;
    g_free(client->once);
    client->once = g_strdup_printf("%016" PRIx64 "%016" PRIx64, hl_random_u64(), hl_random_u64());
    g_clear_pointer(&client->correlation, g_bytes_unref);
}

/* The answer begins. */
static json_t *await_answer(CliClient *client, const char *name, const char *const *arguments, GError **error)
{
    CliAnswer *answer = &client->answer;

    begin_call(client, name, arguments);
    if (!come_back(client, -1, error) || !send_call(client, error))
        return NULL;
    client->deadline = answer_by(client);
    while (!answer->done || answer->again) {
        answer->came = false;
        if (!client->lost && !cli_loop_turn(client->context, MIN(client->deadline, quiet_at(client))) &&
            hl_clock_mono() >= client->deadline && !cli_fail_silent(name, ANSWER_PATIENCE, error))
            return NULL;
        if (answer->came)
            client->deadline = answer_by(client);
        if ((!answer->done || answer->again) && !pursue(client, error))
            return NULL;
    }
    return cli_answer_steal(answer, error);
}

json_t *cli_client_call(CliClient *client, const char *name, const char *const *arguments, CliProgress progress,
                        gpointer user, GError **error)
{
    cli_answer_begin(&client->answer, NULL, progress, user);
    return await_answer(client, name, arguments, error);
}

json_t *cli_client_call_until(CliClient *client, const char *name, const char *const *arguments, HlTime until,
                              CliProgress progress, gpointer user, GError **error)
{
    json_t *document;

    client->until = until;
    document = cli_client_call(client, name, arguments, progress, user, error);
    client->until = 0;
    return document;
}

json_t *cli_client_call_elements(CliClient *client, const char *name, const char *const *arguments,
                                 CliElements *elements, GError **error)
{
    cli_answer_begin(&client->answer, elements, NULL, NULL);
    return await_answer(client, name, arguments, error);
}

json_t *cli_client_call_as_is(CliClient *client, const char *name, const char *const *arguments, GError **error)
{
    client->answer.as_is = true;
    return cli_client_call(client, name, arguments, NULL, NULL, error);
}

CliClient *cli_client_open(HlInvocation *call, CliStatus on_status, gpointer user, GError **error)
{
    g_autoptr(CliClient) client = g_new0(CliClient, 1);

    client->turn = -1;
    client->answer.as_is = hl_cli_has(call, "json") || g_strcmp0(hl_cli_value(call, "o", NULL), "json") == 0;
    client->context = g_main_context_new();
    client->reasons = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    client->on_status = on_status;
    client->status_user = user;
    if (!cli_config_load(&client->conf, call, error))
        return NULL;
    client->cert = cli_config_path(&client->conf, client->conf.certificate);
    client->key = cli_config_path(&client->conf, client->conf.key);
    client->pair = (HlPair){ client->cert, client->key };
    if (!take_turn(client, 0, error) || !hl_pair_mend(&client->pair, error) ||
        !cli_client_connect_first(client, error) ||
        !cli_client_keep_valid(client, cmd_server_is_before_rollover(call), error))
        return NULL;
    return g_steal_pointer(&client);
}

bool cli_client_is_up(const CliClient *client)
{
    return client->bus != NULL && !client->lost && (client->manager_online || cli_client_is_monitor(client));
}

static gboolean on_readable(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

bool cli_client_wait_for(CliClient *client, HlTime duration, int fd)
{
    HlTime until = hl_clock_mono() + duration;
    g_autoptr(GSource) source = fd >= 0 ? g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP | G_IO_ERR) : NULL;
    bool readable = false;

    if (!come_back(client, fd, NULL))
        return false;
    if (source != NULL) {
        g_source_set_callback(source, G_SOURCE_FUNC(on_readable), &readable, NULL);
        g_source_attach(source, client->context);
    }
    while (!client->lost && !readable && !(client->lent && hl_output_gone()) && cli_loop_turn(client->context, until))
        continue;
    if (source != NULL)
        g_source_destroy(source);
    return true;
}

bool cli_client_wait(CliClient *client, HlTime duration)
{
    return cli_client_wait_for(client, duration, -1);
}
