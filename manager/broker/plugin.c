/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's side of the access list: refuses subscriptions (subscriptions.h) and what is published beyond measure
 * (publications.h), and leaves everything else to acl_file.  Loaded by the line "plugin" of broker/mosquitto.conf;
 * interface 5 of mosquitto 2, which calls it from its one thread.
 *
 * A running broker keeps the plugin that it has loaded, across an upgrade too, so that no line is lost.  A change of
 * its rules that must not wait raises PLUGIN_RULES in manager/site/site.c: then the upgraded manager starts the broker
 * again. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mosquitto.h>

#include <mosquitto_broker.h>

#include <mosquitto_plugin.h>

#include <mqtt_protocol.h>

#include "manager/broker/publications.h"
#include "manager/broker/subscriptions.h"

#define INTERFACE     5
#define PROPERTY_SIZE 128 /* bytes of one in mosquitto 2.0, and of what it allocates for its strings */

static mosquitto_plugin_id_t *self;
static BrokerPublications publications;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool is_allowed(BrokerPublish may, const char *name)
{
    if (may == BROKER_PUBLISH_EXCEEDED)
        mosquitto_log_printf(MOSQ_LOG_WARNING, "%s publishes more than the broker takes from one client: dropped",
                             name);
    return may == BROKER_PUBLISH_ALLOWED;
}

/* Of a message, and of a will before it is published. */
static int on_access(int event, void *data, void *user)
{
    const struct mosquitto_evt_acl_check *asked = data;
    const char *name = mosquitto_client_username(asked->client); /* of the certificate */
    bool may = true;

    (void)event;
    (void)user;
    if (name != NULL && asked->access == MOSQ_ACL_SUBSCRIBE)
        may = broker_may_subscribe(name, asked->topic);
    else if (name != NULL && asked->access == MOSQ_ACL_WRITE)
        may = is_allowed(broker_may_publish(&publications, name, asked->payloadlen, now_us()), name);
    return may ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_ACL_DENIED;
}

/* What each property takes in the broker; a string of one byte takes no less. */
static size_t size_of(const mosquitto_property *property)
{
    char *name = NULL;
    char *value = NULL;
    uint16_t size = 0;
    size_t sum = PROPERTY_SIZE;

    switch (mosquitto_property_identifier(property)) {
    case MQTT_PROP_CONTENT_TYPE:
    case MQTT_PROP_RESPONSE_TOPIC:
        mosquitto_property_read_string(property, mosquitto_property_identifier(property), &value, false);
        break;
    case MQTT_PROP_CORRELATION_DATA:
        mosquitto_property_read_binary(property, MQTT_PROP_CORRELATION_DATA, (void **)&value, &size, false);
        sum += size;
        break;
    case MQTT_PROP_USER_PROPERTY:
        mosquitto_property_read_string_pair(property, MQTT_PROP_USER_PROPERTY, &name, &value, false);
        break;
    default:
        break;
    }
    sum += (name != NULL ? strlen(name) : 0) + (value != NULL && size == 0 ? strlen(value) : 0);
    free(name);
    free(value);
    return sum;
}

static int on_message(int event, void *data, void *user)
{
    const struct mosquitto_evt_message *message = data;
    const char *name = mosquitto_client_username(message->client);
    size_t size = 0;

    (void)event;
    (void)user;
    if (name == NULL)
        return MOSQ_ERR_SUCCESS;
    for (const mosquitto_property *at = message->properties; at != NULL; at = mosquitto_property_next(at))
        size += size_of(at);
    return is_allowed(broker_may_have_properties(&publications, name, size, now_us()), name) ? MOSQ_ERR_SUCCESS
                                                                                             : MOSQ_ERR_ACL_DENIED;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    for (int i = 0; i < count; i++)
        if (versions[i] == INTERFACE)
            return INTERFACE;
    return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **user, struct mosquitto_opt *options, int count)
{
    (void)user;
    (void)options;
    (void)count;
    self = identifier;
    mosquitto_callback_register(self, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
    return mosquitto_callback_register(self, MOSQ_EVT_ACL_CHECK, on_access, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options, int count)
{
    (void)user;
    (void)options;
    (void)count;
    broker_publications_clear(&publications);
    mosquitto_callback_unregister(self, MOSQ_EVT_MESSAGE, on_message, NULL);
    return mosquitto_callback_unregister(self, MOSQ_EVT_ACL_CHECK, on_access, NULL);
}
