/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/link_mosquitto.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/unconst.h"
#include "lib/pki/tls.h"

#define KEEPALIVE_MIN  (5 * HL_SECOND) /* the library refuses less */
#define REFUSED        128             /* MQTT 5, 2.4: reason codes from here on are failures */
#define READ_TIME      20              /* ms of one turn; then others have theirs */
#define FIRST_PATIENCE 1               /* s; see lock_first */
#define SENT_MAX       64              /* acknowledgements that are one event */

/* One event, for which the loop is woken once. */
static void post_sent(HlMq *mq)
{
    if (mq->sent == NULL)
        return;
    hl_link_post(mq->events, mq->link, (HlLinkEvent){ .kind = HL_LINK_SENT, .sending = mq->sent });
    mq->sent = mq->last_sent = NULL;
    mq->n_sent = 0;
}

static void end(HlMq *mq, const char *reason, bool is_final)
{
    static const HlLinkEventKind kinds[] = {
        [HL_MQ_CONNECTING] = HL_LINK_FAILED, [HL_MQ_CONNECTED] = HL_LINK_LOST, [HL_MQ_CLOSING] = HL_LINK_CLOSED
    };
    HlMqStage stage = mq->stage;

    if (stage == HL_MQ_OVER)
        return;
    post_sent(mq);
    mq->stage = HL_MQ_OVER;
    hl_link_post(mq->events, mq->link,
                 (HlLinkEvent){ .kind = kinds[stage], .text = hl_unconst(reason), .is_final = is_final });
}

void hl_mq_end(HlMq *mq, const char *reason)
{
    end(mq, reason, false);
}

/* One word for an end that comes in several, by what the thread was at: who fails in the same way is not looked at
 * again (bus_mqtt.c). */
static const char *describe(int rc)
{
    bool is_lost = rc == MOSQ_ERR_TLS || rc == MOSQ_ERR_CONN_LOST ||
                   (rc == MOSQ_ERR_ERRNO && (errno == ECONNRESET || errno == EPIPE || errno == EPROTO || errno == 0));

    if (rc == MOSQ_ERR_KEEPALIVE) /* the library has no text of its own for it */
        return "it does not answer any longer";
    return is_lost ? "connection lost" : mosquitto_strerror(rc);
}

/* ------------------------------------------------------------------------------------------ the library's callbacks */

static void on_connect(struct mosquitto *client G_GNUC_UNUSED, void *user, int reason, int flags G_GNUC_UNUSED,
                       const mosquitto_property *properties)
{
    HlMq *mq = user;
    uint16_t window = 65535;

    if (reason >= REFUSED) {
        end(mq, mosquitto_reason_string(reason), true);
        return;
    }
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &window, false);
    mq->stage = HL_MQ_CONNECTED;
    hl_link_post(mq->events, mq->link, (HlLinkEvent){ .kind = HL_LINK_CONNECTED, .window = window });
}

/* reason is the library's error, or the broker's word from REFUSED on. */
static void on_disconnect(struct mosquitto *client G_GNUC_UNUSED, void *user, int reason,
                          const mosquitto_property *properties G_GNUC_UNUSED)
{
    if (reason == MQTT_RC_SESSION_TAKEN_OVER)
        end(user, HL_BUS_TAKEN_OVER, false);
    else
        end(user, reason >= REFUSED ? mosquitto_reason_string(reason) : describe(reason), false);
}

static void note_refusal(HlMq *mq, const char *filter, int reason)
{
    if (reason >= REFUSED && mq->refusal == NULL && filter[0] != '$')
        mq->refusal = g_strdup_printf("the broker refused the subscription to %s: %s; does its access list fit this "
                                      "version?",
                                      filter, mosquitto_reason_string(reason));
}

/* As paho has it: a refusal of some filters is none of the connection (monitors may not read everything). */
static void on_subscribe(struct mosquitto *client G_GNUC_UNUSED, void *user, int id, int n, const int *granted,
                         const mosquitto_property *properties G_GNUC_UNUSED)
{
    HlMq *mq = user;
    guint first = id == mq->first_id ? 0 : mq->n_first;

    for (int i = 0; i < n && first + (guint)i < g_strv_length(mq->filters); i++) {
        mq->granted |= granted[i] < REFUSED;
        note_refusal(mq, mq->filters[first + (guint)i], granted[i]);
    }
    if (--mq->subscribing > 0)
        return;
    if (mq->granted)
        hl_link_post(mq->events, mq->link, (HlLinkEvent){ .kind = HL_LINK_SUBSCRIBED, .text = mq->refusal });
    else
        hl_link_post(
            mq->events, mq->link,
            (HlLinkEvent){ .kind = HL_LINK_FAILED,
                           .text = mq->refusal != NULL ? mq->refusal : (char *)"the broker refused the subscriptions",
                           .is_final = true });
}

static void on_publish(struct mosquitto *client G_GNUC_UNUSED, void *user, int id, int reason,
                       const mosquitto_property *properties G_GNUC_UNUSED)
{
    HlMq *mq = user;
    HlLinkSending *sending = g_hash_table_lookup(mq->sendings, GINT_TO_POINTER(id));
    bool in_vain = sending != NULL && sending->request && reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS;

    if (sending == NULL)
        return; /* QoS 0 */
    g_hash_table_remove(mq->sendings, GINT_TO_POINTER(id));
    if (in_vain || reason >= REFUSED) {
        hl_link_post(mq->events, mq->link, (HlLinkEvent){ .kind = HL_LINK_SEND_FAILED, .sending = sending });
        return;
    }
    if (mq->sent == NULL)
        mq->sent = sending;
    else
        mq->last_sent->next = sending;
    mq->last_sent = sending;
    if (++mq->n_sent == SENT_MAX)
        post_sent(mq);
}

static HlLinkParcel *parcel_new(HlLink *link, const struct mosquitto_message *message,
                                const mosquitto_property *properties)
{
    HlLinkParcel *parcel = g_new0(HlLinkParcel, 1);
    char *response = NULL;
    void *correlation = NULL;
    uint16_t size;

    parcel->link = link;
    parcel->message.topic = g_strdup(message->topic);
    parcel->message.payload =
        g_bytes_new(message->payload, MIN((gsize)MAX(message->payloadlen, 0), HL_BUS_MAX_SIZE + 1));
    parcel->message.qos = message->qos;
    parcel->message.retained = message->retain;
    mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &response, false);
    if (response != NULL)
        parcel->message.response_topic = g_strdup(response);
    if (mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation, &size, false) != NULL)
        parcel->message.correlation = g_bytes_new(correlation, size);
    free(response);
    free(correlation);
    return parcel;
}

static void on_message(struct mosquitto *client G_GNUC_UNUSED, void *user, const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
    HlMq *mq = user;
    HlBusAdmission admission = hl_link_admit(&mq->entrance, message->topic, (gsize)MAX(message->payloadlen, 0));
    HlLinkParcel *parcel;

    if (admission == HL_BUS_DROPPED)
        return;
    parcel = parcel_new(mq->link, message, properties);
    parcel->message.urgent = admission == HL_BUS_ADMITTED_FIRST;
    /* refused when full: the mailbox counts it, and the sender's own retry makes up for it */
    if (hl_mailbox_post(mq->messages, parcel) != HL_MAILBOX_POSTED)
        hl_link_parcel_free(parcel);
}

/* ------------------------------------------------------------------------------------------------------- its making */

void hl_mq_init(HlMq *mq, HlLink *link, HlMailbox *events, HlMailbox *messages, const HlBusEntrance *entrance)
{
    *mq = (HlMq){ .link = link,
                  .events = events,
                  .messages = messages,
                  .entrance = *entrance,
                  .sendings = g_hash_table_new(NULL, NULL) };
}

void hl_mq_clear(HlMq *mq)
{
    mq->stage = HL_MQ_OVER; /* no event of what follows */
    g_clear_pointer(&mq->client, mosquitto_destroy);
    g_clear_pointer(&mq->sendings, g_hash_table_unref);
    g_clear_pointer(&mq->filters, g_strfreev);
    g_clear_pointer(&mq->refusal, g_free);
}

static int set_tls(HlMq *mq, const HlLinkSpec *spec)
{
    int rc = mosquitto_tls_set(mq->client, spec->ca_path, NULL, spec->cert_path, spec->key_path, NULL);

    if (rc == MOSQ_ERR_SUCCESS) /* the minimum; 1.3 is used if both sides have it */
        rc = mosquitto_tls_opts_set(mq->client, 1, "tlsv1.2", NULL);
    return rc;
}

static int set_will(HlMq *mq, const HlBusMessage *will)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(will->payload, &size);

    return mosquitto_will_set_v5(mq->client, will->topic, (int)size, data, will->qos, will->retained, NULL);
}

static const char *problem(int rc)
{
    return rc == MOSQ_ERR_SUCCESS ? NULL : describe(rc);
}

const char *hl_mq_make(HlMq *mq, const HlLinkSpec *spec)
{
    int rc = MOSQ_ERR_SUCCESS;

    signal(SIGPIPE, SIG_IGN); /* the library writes to connections that the broker may have closed */
    mosquitto_lib_init();
    mq->give_up_at = hl_clock_mono() + spec->connect_timeout;
    mq->secure = spec->ca_path != NULL;
    mq->keepalive = (int)(MAX(spec->keepalive, KEEPALIVE_MIN) / HL_SECOND);
    mq->client = mosquitto_new(spec->client_id, true, mq);
    if (mq->client == NULL)
        return problem(MOSQ_ERR_INVAL);
    mosquitto_int_option(mq->client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(mq->client, MOSQ_OPT_RECEIVE_MAXIMUM, (int)spec->receive_maximum);
    mosquitto_int_option(mq->client, MOSQ_OPT_SEND_MAXIMUM, HL_BUS_WINDOW); /* 20 where the broker names none */
    mosquitto_int_option(mq->client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_v5_callback_set(mq->client, on_connect);
    mosquitto_disconnect_v5_callback_set(mq->client, on_disconnect);
    mosquitto_subscribe_v5_callback_set(mq->client, on_subscribe);
    mosquitto_publish_v5_callback_set(mq->client, on_publish);
    mosquitto_message_v5_callback_set(mq->client, on_message);
    if (mq->secure)
        rc = set_tls(mq, spec);
    if (rc == MOSQ_ERR_SUCCESS && spec->will != NULL)
        rc = set_will(mq, spec->will);
    return problem(rc);
}

/* IPv4 first, as in every other program of ours: of several addresses the library takes the first that it can begin
 * with.  The address to bind to says of which family it is.  A name that cannot be looked up is not looked up twice:
 * who has no name server waits long for that. */
static int dial(HlMq *mq, const char *host, uint16_t port)
{
    int rc = mosquitto_connect_bind_async(mq->client, host, port, mq->keepalive, "0.0.0.0");
    int number = errno;
    int second;

    if (rc == MOSQ_ERR_SUCCESS || rc == MOSQ_ERR_EAI)
        return rc;
    second = mosquitto_connect_bind_async(mq->client, host, port, mq->keepalive, "::");
    if (second != MOSQ_ERR_ERRNO || errno != EAFNOSUPPORT)
        return second;
    errno = number; /* it has no other address: what counts is why the first came to nothing */
    return rc;
}

/* Of the process: one of its links has made a TLS connection. */
static pthread_mutex_t first_dial = PTHREAD_MUTEX_INITIALIZER;
static gint is_made;

/* A dial holds it for as long as its name is looked up, which others do not wait for.  By the wall clock: of this call
 * ThreadSanitizer knows. */
static bool lock_first(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += FIRST_PATIENCE;
    return pthread_mutex_timedlock(&first_dial, &until) == 0;
}

/* The library (2.0.11) makes what all its TLS connections share when the first of them has a socket, and does not lock
 * it: until one of the process has got so far, its links dial one after the other. */
const char *hl_mq_dial(HlMq *mq, const char *host, uint16_t port)
{
    bool locked = mq->secure && g_atomic_int_get(&is_made) == 0 && lock_first();
    int rc = dial(mq, host, port);

    if (rc == MOSQ_ERR_SUCCESS && mq->secure)
        g_atomic_int_set(&is_made, 1);
    if (locked)
        pthread_mutex_unlock(&first_dial);
    return problem(rc);
}

/* --------------------------------------------------------------------------------------------------------- its work */

/* rc of the library's loop functions; a failure has closed the descriptor. */
static bool go_on(HlMq *mq, int rc)
{
    if (rc != MOSQ_ERR_SUCCESS)
        end(mq, describe(rc), false);
    if (mosquitto_socket(mq->client) < 0)
        end(mq, "connection lost", false);
    return mq->stage != HL_MQ_OVER;
}

int hl_mq_descriptor(const HlMq *mq)
{
    return mq->stage == HL_MQ_OVER ? -1 : mosquitto_socket(mq->client);
}

bool hl_mq_wants_write(const HlMq *mq)
{
    return mosquitto_want_write(mq->client);
}

void hl_mq_write(HlMq *mq)
{
    go_on(mq, mosquitto_loop_write(mq->client, 1));
}

/* Whether the last read found nothing left.  EAGAIN may also be of an acknowledgement that did not go out, while TLS
 * still holds messages: what it has taken from the descriptor already would not wake who watches that.  During the
 * handshake the library says by errno alone that it came to nothing. */
static bool is_drained(const HlMq *mq)
{
    if (mq->stage == HL_MQ_CONNECTING)
        return errno != 0;
    return errno == EAGAIN && !hl_tls_has_more(mosquitto_ssl_get(mq->client));
}

bool hl_mq_read(HlMq *mq)
{
    HlTime until = hl_clock_mono() + READ_TIME;
    bool drained;

    do {
        errno = 0;
        drained = !go_on(mq, mosquitto_loop_read(mq->client, 1)) || is_drained(mq);
    } while (!drained && hl_clock_mono() < until);
    post_sent(mq);
    return drained;
}

void hl_mq_tick(HlMq *mq)
{
    if (mq->stage != HL_MQ_OVER && go_on(mq, mosquitto_loop_misc(mq->client)) && mq->stage == HL_MQ_CONNECTING &&
        hl_clock_mono() >= mq->give_up_at)
        end(mq, "no answer", false);
}

static int subscribe(HlMq *mq, int *id, guint n, guint first, int qos, int options)
{
    if (n == 0)
        return MOSQ_ERR_SUCCESS;
    mq->subscribing++;
    return mosquitto_subscribe_multiple(mq->client, id, (int)n, mq->filters + first, qos, options, NULL);
}

const char *hl_mq_subscribe(HlMq *mq, char *const *filters, guint n_live, int qos)
{
    guint n = g_strv_length(hl_unconst(filters));
    int rc;

    if (n == 0) {
        hl_link_post(mq->events, mq->link, (HlLinkEvent){ .kind = HL_LINK_SUBSCRIBED });
        return NULL;
    }
    g_strfreev(mq->filters);
    mq->filters = g_strdupv(hl_unconst(filters));
    mq->n_first = n - MIN(n, n_live);
    mq->first_id = 0;
    /* the library has the options of one SUBSCRIBE in common */
    rc = subscribe(mq, &mq->first_id, mq->n_first, 0, qos, MQTT_SUB_OPT_SEND_RETAIN_ALWAYS);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = subscribe(mq, NULL, n - mq->n_first, mq->n_first, qos, MQTT_SUB_OPT_SEND_RETAIN_NEVER);
    return problem(rc);
}

void hl_mq_disconnect(HlMq *mq, HlLinkClose how)
{
    int reason = how == HL_LINK_KEEP_WILL ? MQTT_RC_DISCONNECT_WITH_WILL_MSG : MQTT_RC_NORMAL_DISCONNECTION;

    mq->stage = HL_MQ_CLOSING;
    go_on(mq, mosquitto_disconnect_v5(mq->client, reason, NULL));
}

/* NULL if there is none.  Caller frees. */
static mosquitto_property *properties_of(const HlBusMessage *message)
{
    mosquitto_property *list = NULL;

    if (message->expiry > 0)
        mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                     (uint32_t)MIN((message->expiry + HL_SECOND - 1) / HL_SECOND, G_MAXUINT32));
    if (message->response_topic != NULL)
        mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, message->response_topic);
    if (message->correlation != NULL) {
        gsize size;
        gconstpointer data = g_bytes_get_data(message->correlation, &size);

        mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, data, (uint16_t)size);
    }
    return list;
}

guint hl_mq_under_way(const HlMq *mq)
{
    return g_hash_table_size(mq->sendings);
}

bool hl_mq_publish(HlMq *mq, const HlBusMessage *message, HlLinkSending *sending)
{
    mosquitto_property *properties = properties_of(message);
    gsize size;
    gconstpointer data = g_bytes_get_data(message->payload, &size);
    int id = 0;
    int rc = mosquitto_publish_v5(mq->client, &id, message->topic, (int)size, data, message->qos, message->retained,
                                  properties);

    mosquitto_property_free_all(&properties);
    if (rc != MOSQ_ERR_SUCCESS)
        return false;
    if (sending != NULL) /* its acknowledgement cannot have been read yet: that is for hl_mq_read */
        g_hash_table_insert(mq->sendings, GINT_TO_POINTER(id), sending);
    return true;
}
