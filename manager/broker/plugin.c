/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's side of the access list: refuses subscriptions (subscriptions.h) and what is published beyond measure
 * (publications.h), and leaves everything else to acl_file.  Loaded by the line "plugin" of broker/mosquitto.conf;
 * interface 5 of mosquitto 2, which calls it from its one thread.
 *
 * A running broker keeps the plugin that it has loaded, across an upgrade too, so that no line is lost.  A change of
 * its rules that must not wait raises PLUGIN_RULES in manager/site/site.c: then the upgraded manager starts the broker
 * again. */
#include <string.h>
#include <time.h>

#include <mosquitto.h>

#include <mosquitto_broker.h>

#include <mosquitto_plugin.h>

#include "manager/broker/publications.h"
#include "manager/broker/subscriptions.h"

#define INTERFACE 5

static mosquitto_plugin_id_t *self;
static BrokerPublications publications;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Wills as well: mosquitto asks about them before it publishes them. */
static bool may_publish(const char *name, size_t bytes)
{
    BrokerPublish may = broker_may_publish(&publications, name, bytes, now_us());

    if (may == BROKER_PUBLISH_EXCEEDED)
        mosquitto_log_printf(MOSQ_LOG_WARNING, "%s publishes more than the broker takes from one client: dropped",
                             name);
    return may == BROKER_PUBLISH_ALLOWED;
}

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
        may = may_publish(name, asked->payloadlen);
    return may ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_ACL_DENIED;
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
    return mosquitto_callback_register(self, MOSQ_EVT_ACL_CHECK, on_access, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options, int count)
{
    (void)user;
    (void)options;
    (void)count;
    broker_publications_clear(&publications);
    return mosquitto_callback_unregister(self, MOSQ_EVT_ACL_CHECK, on_access, NULL);
}
