/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's side of the access list: refuses subscriptions (subscriptions.h), and leaves everything else to
 * acl_file. Loaded by the line "plugin" of broker/mosquitto.conf; interface 5 of mosquitto 2. */
#include <string.h>

#include <mosquitto.h>

#include <mosquitto_broker.h>

#include <mosquitto_plugin.h>

#include "manager/broker/subscriptions.h"

#define INTERFACE 5

static mosquitto_plugin_id_t *self;

static int on_access(int event, void *data, void *user)
{
    const struct mosquitto_evt_acl_check *asked = data;
    const char *name;

    (void)event;
    (void)user;
    if (asked->access != MOSQ_ACL_SUBSCRIBE)
        return MOSQ_ERR_PLUGIN_DEFER;
    name = mosquitto_client_username(asked->client); /* of the certificate */
    return name == NULL || broker_may_subscribe(name, asked->topic) ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_ACL_DENIED;
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
    return mosquitto_callback_unregister(self, MOSQ_EVT_ACL_CHECK, on_access, NULL);
}
