/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/broker/subscriptions.h"

#include <stddef.h>
#include <string.h>

#define ENDPOINT_PREFIX "e-" /* no other certificate of a site has a name like that */
#define OWN_TOPICS      "holdline/v1/endpoint/"
#define MANAGER_STATE   "holdline/v1/manager/state"

/* Those of its own name. */
static const char *const leaves[] = { "ack", "settings", "server", "command", "probe" };

bool broker_may_subscribe(const char *user, const char *filter)
{
    size_t length = strlen(user);
    const char *leaf;

    if (strncmp(user, ENDPOINT_PREFIX, strlen(ENDPOINT_PREFIX)) != 0 || strcmp(filter, MANAGER_STATE) == 0)
        return true;
    if (strncmp(filter, OWN_TOPICS, strlen(OWN_TOPICS)) != 0)
        return false;
    leaf = filter + strlen(OWN_TOPICS);
    if (strncmp(leaf, user, length) != 0 || leaf[length] != '/')
        return false;
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++)
        if (strcmp(leaf + length + 1, leaves[i]) == 0)
            return true;
    return false;
}
