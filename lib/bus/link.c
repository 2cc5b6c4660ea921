/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/link.h"
#include "lib/base/environment.h"
#include "lib/base/network.h"
#include "lib/base/unconst.h"
#include "lib/bus/nodelay.h"

#include <MQTTAsync.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define REFUSED      0x80 /* reason codes from here on are refusals (MQTT 5, 2.4) */
#define RETAIN_NEVER 2    /* MQTT 5, 3.8.3.1: nothing retained is sent for the subscription */
#define CLOSE_WAIT_S 1

/* Messages handed over that paho's thread has not taken yet; its default of 100 fails in the middle of a burst.  Enough
 * for the window of QoS 1 and a burst of QoS 0 to some thousand endpoints; no more, because paho counts them at each
 * send. */
#define BUFFERED_MAX (HL_BUS_WINDOW + 10000)

struct HlLink {
    HlMailbox *events, *messages;
    HlBusEntrance entrance;
    MQTTAsync handle;
    uint16_t port; /* of the broker or the proxy: what the connection leads to */
    pthread_mutex_t lock;
    pthread_cond_t closed_changed;
    bool closed;
    char *ssl_problem; /* OpenSSL's first complaint; protected by the lock */
    GStrv filters;     /* that were asked for */
};

/* ------------------------------------------------------------------------------------------------- paho's threads */

static void post(HlLink *link, HlLinkEvent value)
{
    hl_link_post(link->events, link, value);
}

/* "THREAD:error:CODE:LIBRARY:FUNCTION:REASON:FILE:LINE:", of which REASON is for people, and the same when it happens
 * again.  Caller frees. */
static char *ssl_reason(const char *text, size_t length)
{
    g_autofree char *line = g_strndup(text, length);
    g_auto(GStrv) fields = g_strsplit(g_strchomp(line), ":", -1);

    return g_strdup(g_strv_length(fields) > 5 && strcmp(fields[1], "error") == 0 ? fields[5] : line);
}

static int on_ssl_error(const char *text, size_t length, void *user)
{
    HlLink *link = user;

    pthread_mutex_lock(&link->lock);
    if (link->ssl_problem == NULL)
        link->ssl_problem = ssl_reason(text, length);
    pthread_mutex_unlock(&link->lock);
    return 0;
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    HlLink *link = context;
    guint window = 65535;

    hl_nodelay_to(link->port);
    if (MQTTProperties_hasProperty(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM))
        window = (guint)MQTTProperties_getNumericValue(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM);
    post(link, (HlLinkEvent){ .kind = HL_LINK_CONNECTED, .window = window });
}

static void on_connect_failed(void *context, MQTTAsync_failureData5 *data)
{
    HlLink *link = context;
    /* of a CONNACK paho may have the broker's reason in code alone */
    int code = data == NULL ? 0 : data->reasonCode != MQTTREASONCODE_SUCCESS ? (int)data->reasonCode : data->code;
    const char *refusal = code >= REFUSED ? MQTTReasonCode_toString((enum MQTTReasonCodes)code) : NULL;
    bool refused;
    g_autofree char *text = NULL;

    pthread_mutex_lock(&link->lock);
    if (link->ssl_problem != NULL)
        text = g_strdup(link->ssl_problem);
    else if (refusal != NULL)
        text = g_strdup(refusal);
    else
        text = g_strdup(data != NULL && data->message != NULL ? data->message : "no answer");
    refused = refusal != NULL && link->ssl_problem == NULL;
    pthread_mutex_unlock(&link->lock);
    post(link, (HlLinkEvent){ .kind = HL_LINK_FAILED, .text = text, .is_final = refused });
}

static char *describe_refusal(const char *filter, enum MQTTReasonCodes code)
{
    const char *reason = MQTTReasonCode_toString(code);

    return g_strdup_printf("the broker refused the subscription to %s: %s; does its access list fit this version?",
                           filter, reason != NULL ? reason : "no reason");
}

/* Of several filters paho calls this a success, whatever the broker said of each. */
static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    HlLink *link = context;
    int n = (int)g_strv_length(link->filters);
    g_autofree char *refusal = NULL;

    /* of one alone the list of codes is not filled in, and a refusal of it is a failure */
    for (int i = 0; n > 1 && i < MIN(n, data->alt.sub.reasonCodeCount) && refusal == NULL; i++)
        if (data->alt.sub.reasonCodes[i] >= REFUSED && link->filters[i][0] != '$')
            refusal = describe_refusal(link->filters[i], data->alt.sub.reasonCodes[i]);
    post(link, (HlLinkEvent){ .kind = HL_LINK_SUBSCRIBED, .text = refusal });
}

static void on_subscribe_failed(void *context, MQTTAsync_failureData5 *data)
{
    HlLink *link = context;
    g_autofree char *text = data != NULL && data->reasonCode != MQTTREASONCODE_SUCCESS
                                ? describe_refusal(link->filters[0], data->reasonCode)
                                : g_strdup("the broker refused the subscriptions");

    post(link, (HlLinkEvent){ .kind = HL_LINK_FAILED, .text = text, .is_final = true });
}

static void on_lost(void *context, char *cause)
{
    post(context, (HlLinkEvent){ .kind = HL_LINK_LOST, .text = cause != NULL ? cause : (char *)"connection lost" });
}

static void on_server_disconnect(void *context, MQTTProperties *properties G_GNUC_UNUSED, enum MQTTReasonCodes reason)
{
    const char *text =
        reason == MQTTREASONCODE_SESSION_TAKEN_OVER ? HL_BUS_TAKEN_OVER : MQTTReasonCode_toString(reason);

    post(context,
         (HlLinkEvent){ .kind = HL_LINK_LOST, .text = hl_unconst(text != NULL ? text : "disconnected by the broker") });
}

static void mark_closed(HlLink *link)
{
    pthread_mutex_lock(&link->lock);
    link->closed = true;
    pthread_cond_signal(&link->closed_changed);
    pthread_mutex_unlock(&link->lock);
    post(link, (HlLinkEvent){ .kind = HL_LINK_CLOSED });
}

static void on_closed(void *context, MQTTAsync_successData5 *data G_GNUC_UNUSED)
{
    mark_closed(context);
}

static void on_close_failed(void *context, MQTTAsync_failureData5 *data G_GNUC_UNUSED)
{
    mark_closed(context);
}

static void on_sent(void *context, MQTTAsync_successData5 *data)
{
    HlLinkSending *sending = context;
    bool in_vain = sending->request && data != NULL && data->reasonCode == MQTTREASONCODE_NO_MATCHING_SUBSCRIBERS;

    post(sending->link, (HlLinkEvent){ .kind = in_vain ? HL_LINK_SEND_FAILED : HL_LINK_SENT, .sending = sending });
}

static void on_send_failed(void *context, MQTTAsync_failureData5 *data G_GNUC_UNUSED)
{
    HlLinkSending *sending = context;

    post(sending->link, (HlLinkEvent){ .kind = HL_LINK_SEND_FAILED, .sending = sending });
}

static GBytes *binary_property(MQTTProperties *properties, enum MQTTPropertyCodes code)
{
    MQTTProperty *property = MQTTProperties_getProperty(properties, code);

    return property == NULL ? NULL : g_bytes_new(property->value.data.data, (gsize)property->value.data.len);
}

static char *text_property(MQTTProperties *properties, enum MQTTPropertyCodes code)
{
    MQTTProperty *property = MQTTProperties_getProperty(properties, code);

    return property == NULL ? NULL : g_strndup(property->value.data.data, (gsize)property->value.data.len);
}

/* topic is taken over. */
static HlLinkParcel *parcel_new(HlLink *link, char *topic, MQTTAsync_message *message, gsize size)
{
    HlLinkParcel *parcel = g_new0(HlLinkParcel, 1);

    parcel->link = link;
    parcel->message.topic = topic;
    parcel->message.payload = g_bytes_new(message->payload, MIN(size, HL_BUS_MAX_SIZE + 1));
    parcel->message.qos = message->qos;
    parcel->message.retained = message->retained != 0;
    parcel->message.response_topic = text_property(&message->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    parcel->message.correlation = binary_property(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
    return parcel;
}

static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    HlLink *link = context;
    char *name = topic_length > 0 ? g_strndup(topic, (gsize)topic_length) : g_strdup(topic);
    gsize size = (gsize)MAX(message->payloadlen, 0);
    HlBusAdmission admission = hl_link_admit(&link->entrance, name, size);
    HlLinkParcel *parcel = NULL;

    if (admission != HL_BUS_DROPPED) {
        parcel = parcel_new(link, name, message, size);
        parcel->message.urgent = admission == HL_BUS_ADMITTED_FIRST;
    } else {
        g_free(name);
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    /* refused when full: the mailbox counts it, and the sender's own retry makes up for it */
    if (parcel != NULL && hl_mailbox_post(link->messages, parcel) != HL_MAILBOX_POSTED)
        hl_link_parcel_free(parcel);
    return 1;
}

/* -------------------------------------------------------------------------------------------------- the loop thread */

/* The library takes a proxy for MQTT from here, knows nothing of no_proxy, and cannot be told not to: the environment
 * of a shell would take the manager and its fleet off their broker.  Before main: nobody else reads the environment
 * yet. */
__attribute__((constructor)) static void withhold_proxies(void)
{
    hl_environment_withhold("http_proxy");
    hl_environment_withhold("https_proxy");
}

/* Up to 1.3.13 the library takes "http://" for a part of the proxy's name, later ones refuse to do without. */
static const char *proxy_text(const char *proxy)
{
    static const char scheme[] = "http://";

    for (MQTTAsync_nameValue *info = MQTTAsync_getVersionInfo(); info->name != NULL; info++) {
        int minor, patch;

        if (strcmp(info->name, "Version") == 0 && sscanf(info->value, "1.%d.%d", &minor, &patch) == 2 &&
            (minor > 3 || (minor == 3 && patch > 13)))
            return proxy;
    }
    return g_str_has_prefix(proxy, scheme) ? proxy + strlen(scheme) : proxy;
}

/* Of "http://[user:password@]host:port"; 0 if it names none. */
static uint16_t proxy_port(const char *proxy)
{
    const char *colon = strrchr(proxy, ':');

    return colon != NULL ? (uint16_t)g_ascii_strtoull(colon + 1, NULL, 10) : 0;
}

HlLink *hl_link_new(HlMailbox *events, HlMailbox *messages, const HlBusEntrance *entrance)
{
    HlLink *link = g_new0(HlLink, 1);

    link->events = events;
    link->messages = messages;
    link->entrance = *entrance;
    pthread_mutex_init(&link->lock, NULL);
    pthread_cond_init(&link->closed_changed, NULL);
    return link;
}

static MQTTAsync_SSLOptions tls_options(HlLink *link, const HlLinkSpec *spec)
{
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;

    tls.trustStore = spec->ca_path;
    tls.keyStore = spec->cert_path;
    tls.privateKey = spec->key_path;
    tls.enableServerCertAuth = 1;
    tls.verify = 1;
    tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2; /* the minimum; 1.3 is used if both sides have it */
    tls.disableDefaultTrustStore = 1;
    tls.ssl_error_cb = on_ssl_error;
    tls.ssl_error_context = link;
    return tls;
}

static MQTTAsync_willOptions will_options(const HlBusMessage *last)
{
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    gsize size;

    will.topicName = last->topic;
    will.payload.data = g_bytes_get_data(last->payload, &size);
    will.payload.len = (int)size;
    will.qos = last->qos;
    will.retained = last->retained;
    return will;
}

static int start_connect(HlLink *link, const HlLinkSpec *spec)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_SSLOptions tls = tls_options(link, spec);
    MQTTAsync_willOptions will;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty maximum = { .identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM };
    int rc;

    maximum.value.integer2 = (unsigned short)spec->receive_maximum;
    MQTTProperties_add(&properties, &maximum);
    options.keepAliveInterval = (int)(spec->keepalive / HL_SECOND);
    options.connectTimeout = (int)(spec->connect_timeout / HL_SECOND);
    options.cleanstart = 1;
    options.connectProperties = &properties;
    options.onSuccess5 = on_connected;
    options.onFailure5 = on_connect_failed;
    options.context = link;
    options.ssl = spec->ca_path != NULL ? &tls : NULL;
    options.httpsProxy = spec->proxy != NULL ? proxy_text(spec->proxy) : NULL;
    if (spec->will != NULL) {
        will = will_options(spec->will);
        options.will = &will;
    }
    rc = MQTTAsync_connect(link->handle, &options);
    MQTTProperties_free(&properties);
    return rc;
}

static const char *problem(int rc)
{
    return rc == MQTTASYNC_SUCCESS ? NULL : MQTTAsync_strerror(rc);
}

const char *hl_link_connect(HlLink *link, const HlLinkSpec *spec)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    g_autofree char *uri = NULL;
    g_autofree char *host = NULL;
    uint16_t port = 0;
    int rc;

    if (!hl_place_parse(spec->broker, &host, &port))
        return "its address is not of the form host:port or [IPv6]:port";
    /* without brackets: the library takes the last colon for the port's, and would look for an IPv6 address in the
     * broker's certificate with them */
    uri = g_strdup_printf("%s://%s:%u", spec->ca_path != NULL ? "ssl" : "tcp", host, port);

    link->port = spec->proxy != NULL ? proxy_port(spec->proxy) : port;
    create.maxBufferedMessages = BUFFERED_MAX;
    rc = MQTTAsync_createWithOptions(&link->handle, uri, spec->client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (rc == MQTTASYNC_SUCCESS) {
        MQTTAsync_setCallbacks(link->handle, link, on_lost, on_message, NULL);
        MQTTAsync_setDisconnected(link->handle, link, on_server_disconnect);
        rc = start_connect(link, spec);
    }
    return problem(rc);
}

const char *hl_link_subscribe(HlLink *link, char *const *filters, guint n_live, int qos)
{
    guint n = g_strv_length(hl_unconst(filters));
    g_autofree int *each = g_new(int, n + 1);
    g_autofree MQTTSubscribe_options *details = g_new(MQTTSubscribe_options, n + 1);
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;

    if (n == 0) {
        post(link, (HlLinkEvent){ .kind = HL_LINK_SUBSCRIBED });
        return NULL;
    }
    g_strfreev(link->filters);
    link->filters = g_strdupv(hl_unconst(filters));
    for (guint i = 0; i < n; i++) {
        each[i] = qos;
        details[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
        details[i].retainHandling = i + n_live >= n ? RETAIN_NEVER : 0;
    }
    options.subscribeOptionsCount = (int)n;
    options.subscribeOptionsList = details;
    options.onSuccess5 = on_subscribed;
    options.onFailure5 = on_subscribe_failed;
    options.context = link;
    return problem(MQTTAsync_subscribeMany(link->handle, (int)n, filters, each, &options));
}

bool hl_link_close(HlLink *link, HlLinkClose how)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;

    options.timeout = CLOSE_WAIT_S * 1000;
    options.reasonCode =
        how == HL_LINK_KEEP_WILL ? MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE : MQTTREASONCODE_NORMAL_DISCONNECTION;
    options.onSuccess5 = on_closed;
    options.onFailure5 = on_close_failed;
    options.context = link;
    return MQTTAsync_disconnect(link->handle, &options) == MQTTASYNC_SUCCESS;
}

void hl_link_wait_closed(HlLink *link)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_WAIT_S;
    pthread_mutex_lock(&link->lock);
    while (!link->closed && pthread_cond_timedwait(&link->closed_changed, &link->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&link->lock);
}

static void add_properties(MQTTProperties *properties, const HlBusMessage *message)
{
    MQTTProperty property = { 0 };

    if (message->expiry > 0) {
        property.identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL;
        property.value.integer4 = (unsigned)MIN((message->expiry + HL_SECOND - 1) / HL_SECOND, G_MAXUINT32);
        MQTTProperties_add(properties, &property);
    }
    if (message->response_topic != NULL) {
        property.identifier = MQTTPROPERTY_CODE_RESPONSE_TOPIC;
        property.value.data.data = hl_unconst(message->response_topic);
        property.value.data.len = (int)strlen(message->response_topic);
        MQTTProperties_add(properties, &property);
    }
    if (message->correlation != NULL) {
        gsize size;

        property.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA;
        property.value.data.data = hl_unconst(g_bytes_get_data(message->correlation, &size));
        property.value.data.len = (int)size;
        MQTTProperties_add(properties, &property);
    }
}

bool hl_link_send(HlLink *link, const HlBusMessage *message, HlBusPublished done, gpointer user,
                  HlLinkSending **sending)
{
    MQTTAsync_message out = MQTTAsync_message_initializer;
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    gsize size;
    int rc;

    *sending = NULL;
    out.payload = hl_unconst(g_bytes_get_data(message->payload, &size));
    out.payloadlen = (int)size;
    out.qos = message->qos;
    out.retained = message->retained;
    add_properties(&out.properties, message);
    if (message->qos > 0) {
        *sending = g_new(HlLinkSending, 1);
        **sending =
            (HlLinkSending){ .link = link, .done = done, .user = user, .request = message->response_topic != NULL };
        options.onSuccess5 = on_sent;
        options.onFailure5 = on_send_failed;
        options.context = *sending;
    }
    rc = MQTTAsync_sendMessage(link->handle, message->topic, &out, &options);
    MQTTProperties_free(&out.properties);
    if (rc != MQTTASYNC_SUCCESS)
        g_clear_pointer(sending, g_free);
    return rc == MQTTASYNC_SUCCESS;
}

void hl_link_shut(HlLink *link)
{
    if (link->handle != NULL)
        MQTTAsync_destroy(&link->handle);
}

void hl_link_free(HlLink *link)
{
    if (link == NULL)
        return;
    pthread_mutex_destroy(&link->lock);
    pthread_cond_destroy(&link->closed_changed);
    g_free(link->ssl_problem);
    g_strfreev(link->filters);
    g_free(link);
}
