/* SPDX-License-Identifier: Apache-2.0 */
/* link.h on the loop's own thread, with libmosquitto: for programs that connect, ask and end.  paho's threads sleep
 * 100 ms and more before a connection begins and Nagle's algorithm holds back what follows; here nothing waits but for
 * the other side.  No proxy: libmosquitto speaks SOCKS only. */
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/base/network.h"
#include "lib/base/unconst.h"
#include "lib/bus/link.h"

#define TICK          HL_SECOND       /* keep-alive and time-outs are looked at */
#define KEEPALIVE_MIN (5 * HL_SECOND) /* the library refuses less */
#define CLOSE_WAIT    HL_SECOND
#define REFUSED       128 /* MQTT 5, 2.4: reason codes from here on are failures */
#define READ_TURNS    200 /* reads in one turn of the loop; then other sources have theirs */

typedef enum { STAGE_CONNECTING, STAGE_CONNECTED, STAGE_CLOSING, STAGE_OVER } Stage;

struct HlLink {
    HlMailbox *events, *messages;
    HlBusEntrance entrance;
    struct mosquitto *client;
    GSource *source;
    gpointer fd_tag; /* NULL: no descriptor is watched */
    bool wants_out;  /* it is watched for writing as well */
    Stage stage;
    HlTime give_up_at;    /* mono; while connecting */
    int subscribing;      /* confirmations that are still to come */
    bool granted;         /* one filter at least */
    GHashTable *sendings; /* message id -> HlLinkSending *, borrowed */
};

typedef struct {
    GSource base;
    HlLink *link;
} LinkSource;

/* Once for each link; what it means depends on how far the link had come. */
static void end(HlLink *link, const char *reason, bool is_final)
{
    static const HlLinkEventKind kinds[] = {
        [STAGE_CONNECTING] = HL_LINK_FAILED, [STAGE_CONNECTED] = HL_LINK_LOST, [STAGE_CLOSING] = HL_LINK_CLOSED
    };
    Stage stage = link->stage;

    if (stage == STAGE_OVER)
        return;
    link->stage = STAGE_OVER;
    hl_link_post(link->events, link,
                 (HlLinkEvent){ .kind = kinds[stage], .text = hl_unconst(reason), .is_final = is_final });
}

/* ------------------------------------------------------------------------------------------ the library's callbacks */

static void on_connect(struct mosquitto *client G_GNUC_UNUSED, void *user, int reason, int flags G_GNUC_UNUSED,
                       const mosquitto_property *properties)
{
    HlLink *link = user;
    uint16_t window = 65535;

    if (reason >= REFUSED) {
        end(link, mosquitto_reason_string(reason), true);
        return;
    }
    mosquitto_property_read_int16(properties, MQTT_PROP_RECEIVE_MAXIMUM, &window, false);
    link->stage = STAGE_CONNECTED;
    hl_link_post(link->events, link, (HlLinkEvent){ .kind = HL_LINK_CONNECTED, .window = window });
}

/* reason is the library's error, or the broker's word from REFUSED on. */
static void on_disconnect(struct mosquitto *client G_GNUC_UNUSED, void *user, int reason,
                          const mosquitto_property *properties G_GNUC_UNUSED)
{
    if (reason == MQTT_RC_SESSION_TAKEN_OVER)
        end(user, HL_BUS_TAKEN_OVER, false);
    else
        end(user, reason >= REFUSED ? mosquitto_reason_string(reason) : mosquitto_strerror(reason), false);
}

/* As paho has it: a refusal of some filters is none of the connection (monitors may not read everything). */
static void on_subscribe(struct mosquitto *client G_GNUC_UNUSED, void *user, int id G_GNUC_UNUSED, int n,
                         const int *granted, const mosquitto_property *properties G_GNUC_UNUSED)
{
    HlLink *link = user;
    int refusal = 0;

    for (int i = 0; i < n; i++) {
        link->granted |= granted[i] < REFUSED;
        refusal = MAX(refusal, granted[i]);
    }
    if (--link->subscribing > 0)
        return;
    if (link->granted)
        hl_link_post(link->events, link, (HlLinkEvent){ .kind = HL_LINK_SUBSCRIBED });
    else
        hl_link_post(link->events, link,
                     (HlLinkEvent){ .kind = HL_LINK_FAILED,
                                    .text = hl_unconst(mosquitto_reason_string(refusal)),
                                    .is_final = true });
}

static void on_publish(struct mosquitto *client G_GNUC_UNUSED, void *user, int id, int reason,
                       const mosquitto_property *properties G_GNUC_UNUSED)
{
    HlLink *link = user;
    HlLinkSending *sending = g_hash_table_lookup(link->sendings, GINT_TO_POINTER(id));
    bool in_vain = sending != NULL && sending->request && reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS;

    if (sending == NULL)
        return; /* QoS 0 */
    g_hash_table_remove(link->sendings, GINT_TO_POINTER(id));
    hl_link_post(
        link->events, link,
        (HlLinkEvent){ .kind = in_vain || reason >= REFUSED ? HL_LINK_SEND_FAILED : HL_LINK_SENT, .sending = sending });
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
    HlLink *link = user;
    HlLinkParcel *parcel;

    if (link->entrance.admit != NULL &&
        !link->entrance.admit(message->topic, (gsize)MAX(message->payloadlen, 0), link->entrance.user))
        return;
    parcel = parcel_new(link, message, properties);
    /* refused when full: the mailbox counts it, and the sender's own retry makes up for it */
    if (hl_mailbox_post(link->messages, parcel) != HL_MAILBOX_POSTED)
        hl_link_parcel_free(parcel);
}

/* --------------------------------------------------------------------------------------------------- the descriptor */

static void watch_nothing(HlLink *link)
{
    if (link->fd_tag != NULL)
        g_source_remove_unix_fd(link->source, link->fd_tag);
    link->fd_tag = NULL;
}

/* rc of the library's loop functions; a failure has closed the descriptor. */
static bool go_on(HlLink *link, int rc)
{
    if (rc != MOSQ_ERR_SUCCESS)
        end(link, mosquitto_strerror(rc), false);
    if (mosquitto_socket(link->client) < 0)
        end(link, "connection lost", false);
    if (link->stage == STAGE_OVER)
        watch_nothing(link);
    return link->stage != STAGE_OVER;
}

/* Until nothing is left: what TLS has taken from the descriptor already would not wake the loop.  During the handshake
 * the library says by errno alone that it came to nothing.  false: there may be more. */
static bool read_all(HlLink *link)
{
    for (int turns = 0; turns < READ_TURNS; turns++) {
        errno = 0;
        if (!go_on(link, mosquitto_loop_read(link->client, 1)) || errno == EAGAIN ||
            (errno != 0 && link->stage == STAGE_CONNECTING))
            return true;
    }
    return false;
}

static gboolean prepare(GSource *base, int *timeout)
{
    HlLink *link = ((LinkSource *)base)->link;
    bool out = link->fd_tag != NULL && mosquitto_want_write(link->client);

    *timeout = -1;
    if (link->fd_tag != NULL && out != link->wants_out) { /* each change wakes the loop: without need it would spin */
        link->wants_out = out;
        g_source_modify_unix_fd(base, link->fd_tag, G_IO_IN | (out ? G_IO_OUT : 0));
    }
    return FALSE;
}

static gboolean dispatch(GSource *base, GSourceFunc callback G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    HlLink *link = ((LinkSource *)base)->link;
    GIOCondition ready = link->fd_tag != NULL ? g_source_query_unix_fd(base, link->fd_tag) : 0;
    bool drained = true;

    g_source_set_ready_time(base, g_source_get_time(base) + TICK * 1000);
    if (link->fd_tag == NULL)
        return G_SOURCE_CONTINUE;
    if ((ready & G_IO_OUT) != 0 && !go_on(link, mosquitto_loop_write(link->client, 1)))
        return G_SOURCE_CONTINUE;
    if ((ready & ~G_IO_OUT) != 0)
        drained = read_all(link);
    if (drained && link->stage != STAGE_OVER && (ready & (G_IO_ERR | G_IO_HUP)) != 0)
        go_on(link, MOSQ_ERR_CONN_LOST);
    if (link->stage != STAGE_OVER && go_on(link, mosquitto_loop_misc(link->client)) &&
        link->stage == STAGE_CONNECTING && hl_clock_mono() >= link->give_up_at) {
        end(link, "no answer", false);
        watch_nothing(link);
    }
    if (!drained)
        g_source_set_ready_time(base, 0);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_functions = { .prepare = prepare, .dispatch = dispatch };

static void watch(HlLink *link, GMainContext *context)
{
    link->source = g_source_new(&source_functions, sizeof(LinkSource));
    ((LinkSource *)link->source)->link = link;
    link->fd_tag = g_source_add_unix_fd(link->source, mosquitto_socket(link->client), G_IO_IN | G_IO_OUT);
    link->wants_out = true;
    g_source_set_ready_time(link->source, g_get_monotonic_time() + TICK * 1000);
    g_source_attach(link->source, context);
}

/* --------------------------------------------------------------------------------------------------- the functions */

HlLink *hl_link_new(HlMailbox *events, HlMailbox *messages, const HlBusEntrance *entrance)
{
    HlLink *link = g_new0(HlLink, 1);

    link->events = events;
    link->messages = messages;
    link->entrance = *entrance;
    link->sendings = g_hash_table_new(NULL, NULL);
    return link;
}

static int set_tls(HlLink *link, const HlLinkSpec *spec)
{
    int rc = mosquitto_tls_set(link->client, spec->ca_path, NULL, spec->cert_path, spec->key_path, NULL);

    if (rc == MOSQ_ERR_SUCCESS) /* the minimum; 1.3 is used if both sides have it */
        rc = mosquitto_tls_opts_set(link->client, 1, "tlsv1.2", NULL);
    return rc;
}

static int set_will(HlLink *link, const HlBusMessage *will)
{
    gsize size;
    gconstpointer data = g_bytes_get_data(will->payload, &size);

    return mosquitto_will_set_v5(link->client, will->topic, (int)size, data, will->qos, will->retained, NULL);
}

static int make_client(HlLink *link, const HlLinkSpec *spec)
{
    int rc = MOSQ_ERR_SUCCESS;

    link->client = mosquitto_new(spec->client_id, true, link);
    if (link->client == NULL)
        return MOSQ_ERR_INVAL;
    mosquitto_int_option(link->client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(link->client, MOSQ_OPT_RECEIVE_MAXIMUM, (int)spec->receive_maximum);
    mosquitto_int_option(link->client, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_connect_v5_callback_set(link->client, on_connect);
    mosquitto_disconnect_v5_callback_set(link->client, on_disconnect);
    mosquitto_subscribe_v5_callback_set(link->client, on_subscribe);
    mosquitto_publish_v5_callback_set(link->client, on_publish);
    mosquitto_message_v5_callback_set(link->client, on_message);
    if (spec->ca_path != NULL)
        rc = set_tls(link, spec);
    if (rc == MOSQ_ERR_SUCCESS && spec->will != NULL)
        rc = set_will(link, spec->will);
    return rc;
}

/* IPv4 first, as in every other program of ours: of several addresses the library takes the first that it can begin
 * with.  The address to bind to says of which family it is.  A name that cannot be looked up is not looked up twice:
 * who has no name server waits long for that. */
static int dial(HlLink *link, const HlLinkSpec *spec, const char *host, uint16_t port)
{
    int keepalive = (int)(MAX(spec->keepalive, KEEPALIVE_MIN) / HL_SECOND);
    int rc = mosquitto_connect_bind_async(link->client, host, port, keepalive, "0.0.0.0");

    if (rc != MOSQ_ERR_SUCCESS && rc != MOSQ_ERR_EAI)
        rc = mosquitto_connect_bind_async(link->client, host, port, keepalive, "::");
    return rc;
}

const char *hl_link_connect(HlLink *link, const HlLinkSpec *spec)
{
    g_autofree char *host = NULL;
    uint16_t port = 0;
    int rc;

    if (!hl_place_parse(spec->broker, &host, &port))
        return "its address is not of the form host:port or [IPv6]:port";
    if (spec->proxy != NULL)
        return "this program cannot reach a broker through a proxy";
    signal(SIGPIPE, SIG_IGN); /* the library writes to connections that the broker may have closed */
    mosquitto_lib_init();
    link->give_up_at = hl_clock_mono() + spec->connect_timeout;
    rc = make_client(link, spec);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = dial(link, spec, host, port);
    if (rc == MOSQ_ERR_SUCCESS)
        watch(link, spec->context);
    else
        end(link, mosquitto_strerror(rc), false); /* the bus looks for the cause */
    return NULL;
}

static const char *problem(int rc)
{
    return rc == MOSQ_ERR_SUCCESS ? NULL : mosquitto_strerror(rc);
}

static int subscribe(HlLink *link, char *const *filters, guint n, int qos, int options)
{
    if (n == 0)
        return MOSQ_ERR_SUCCESS;
    link->subscribing++;
    return mosquitto_subscribe_multiple(link->client, NULL, (int)n, filters, qos, options, NULL);
}

const char *hl_link_subscribe(HlLink *link, char *const *filters, guint n_live, int qos)
{
    guint n = g_strv_length(hl_unconst(filters));
    guint n_first = n - MIN(n, n_live);
    int rc;

    if (n == 0) {
        hl_link_post(link->events, link, (HlLinkEvent){ .kind = HL_LINK_SUBSCRIBED });
        return NULL;
    }
    /* the library has the options of one SUBSCRIBE in common */
    rc = subscribe(link, filters, n_first, qos, MQTT_SUB_OPT_SEND_RETAIN_ALWAYS);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = subscribe(link, filters + n_first, n - n_first, qos, MQTT_SUB_OPT_SEND_RETAIN_NEVER);
    return problem(rc);
}

bool hl_link_close(HlLink *link, HlLinkClose how)
{
    int reason = how == HL_LINK_KEEP_WILL ? MQTT_RC_DISCONNECT_WITH_WILL_MSG : MQTT_RC_NORMAL_DISCONNECTION;

    if (link->stage != STAGE_CONNECTED)
        return false;
    link->stage = STAGE_CLOSING;
    go_on(link, mosquitto_disconnect_v5(link->client, reason, NULL));
    return true;
}

void hl_link_wait_closed(HlLink *link)
{
    HlTime until = hl_clock_mono() + CLOSE_WAIT;

    while (link->stage != STAGE_OVER && hl_clock_mono() < until) {
        struct pollfd fd = { .fd = mosquitto_socket(link->client), .events = POLLOUT };

        if (poll(&fd, 1, (int)(until - hl_clock_mono())) > 0)
            go_on(link, mosquitto_loop_write(link->client, 1));
    }
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

bool hl_link_send(HlLink *link, const HlBusMessage *message, HlBusPublished done, gpointer user,
                  HlLinkSending **sending)
{
    mosquitto_property *properties = properties_of(message);
    gsize size;
    gconstpointer data = g_bytes_get_data(message->payload, &size);
    int id = 0;
    int rc = mosquitto_publish_v5(link->client, &id, message->topic, (int)size, data, message->qos, message->retained,
                                  properties);

    mosquitto_property_free_all(&properties);
    *sending = NULL;
    if (rc != MOSQ_ERR_SUCCESS || message->qos == 0)
        return rc == MOSQ_ERR_SUCCESS;
    /* its acknowledgement cannot have been read yet: that is for the loop */
    *sending = g_new(HlLinkSending, 1);
    **sending = (HlLinkSending){ link, done, user, message->response_topic != NULL };
    g_hash_table_insert(link->sendings, GINT_TO_POINTER(id), *sending);
    return true;
}

void hl_link_shut(HlLink *link)
{
    link->stage = STAGE_OVER; /* no event of what follows */
    if (link->source != NULL) {
        watch_nothing(link);
        g_source_destroy(link->source);
        g_clear_pointer(&link->source, g_source_unref);
    }
    g_clear_pointer(&link->client, mosquitto_destroy);
}

void hl_link_free(HlLink *link)
{
    if (link == NULL)
        return;
    g_hash_table_unref(link->sendings);
    g_free(link);
}
