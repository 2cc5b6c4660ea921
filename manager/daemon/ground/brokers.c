/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/brokers.h"

#include <errno.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/network.h"
#include "manager/core/refusal.h"
#include "manager/site/broker.h"
#include "manager/site/site.h"

#define ANSWER_MS 500 /* who asks for it may be answered by that one */

struct MgrBrokers {
    char *dir;
    MgrBroker *all[MGR_MAX_BROKERS];
    bool drained[MGR_MAX_BROKERS];
    guint count, timer;
};

static void end_from(const char *dir, guint from, uint16_t port)
{
    g_autoptr(GArray) pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    g_autoptr(GError) error = NULL;

    if (!mgr_site_end_brokers(dir, from, port, pids, &error))
        hl_error("broker", "%s", error->message);
    for (guint i = 0; i < pids->len; i++)
        hl_info("broker", "ended process %d, which an earlier manager left", (int)g_array_index(pids, pid_t, i));
}

static bool is_drained(const char *dir, guint number)
{
    g_autofree char *path = mgr_site_broker_path(dir, number, MGR_SITE_DRAINED);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* With fewer brokers than there were all that are left may be drained ones. */
static bool has_one_to_run(const char *dir, guint count)
{
    for (guint i = 0; i < count; i++)
        if (!is_drained(dir, i))
            return true;
    hl_warn("broker", "all brokers that there are now are drained: they run nevertheless");
    return false;
}

/* Only a warning: outside there may be other ports. */
static void warn_of_untold(const MgrConf *conf, guint number)
{
    int port = (int)conf->broker_port + (int)number;

    for (gsize i = 0; conf->broker_addresses[i] != NULL; i++) {
        uint16_t told;

        if (hl_place_parse(conf->broker_addresses[i], NULL, &told) && told == port)
            return;
    }
    hl_warn(
        "broker",
        "no address in broker.addresses has the port of broker %u, %d: unless a router makes it another one, endpoints "
        "do not find it",
        number + 1, port);
}

MgrBrokers *mgr_brokers_start(const char *dir, const MgrConf *conf, GError **error)
{
    MgrBrokers *brokers = g_new0(MgrBrokers, 1);
    guint count = mgr_conf_brokers(conf);
    bool some_runs = has_one_to_run(dir, count);

    brokers->dir = g_strdup(dir);
    end_from(dir, count, (uint16_t)conf->broker_port);
    for (guint i = 0; i < count; i++) {
        brokers->drained[i] = some_runs && is_drained(dir, i);
        brokers->all[i] = mgr_broker_start(dir, conf, i, brokers->drained[i], error);
        if (brokers->all[i] == NULL) {
            mgr_brokers_free(brokers, MGR_BROKER_END_STARTED);
            return NULL;
        }
        brokers->count++;
        if (count > 1)
            warn_of_untold(conf, i);
    }
    return brokers;
}

void mgr_brokers_free(MgrBrokers *brokers, MgrBrokerEnd end)
{
    if (brokers == NULL)
        return;
    g_clear_handle_id(&brokers->timer, g_source_remove);
    for (guint i = 0; i < brokers->count; i++)
        mgr_broker_free(brokers->all[i], end);
    g_free(brokers->dir);
    g_free(brokers);
}

guint mgr_brokers_count(const MgrBrokers *brokers)
{
    return brokers->count;
}

MgrBrokerView mgr_brokers_view(const MgrBrokers *brokers, guint number)
{
    return mgr_broker_view(brokers->all[number]);
}

void mgr_brokers_look(MgrBrokers *brokers, guint number, bool is_mute)
{
    mgr_broker_look(brokers->all[number], is_mute);
}

const char *mgr_brokers_trouble_at(const MgrBrokers *brokers, guint number)
{
    return mgr_broker_trouble(brokers->all[number]);
}

const char *mgr_brokers_trouble(const MgrBrokers *brokers)
{
    for (guint i = 0; i < brokers->count; i++)
        if (mgr_broker_trouble(brokers->all[i]) != NULL)
            return mgr_broker_trouble(brokers->all[i]);
    return NULL;
}

static bool is_last(const MgrBrokers *brokers, guint number)
{
    for (guint i = 0; i < brokers->count; i++)
        if (i != number && !brokers->drained[i])
            return false;
    return true;
}

bool mgr_brokers_is_drained(const MgrBrokers *brokers, guint number)
{
    return brokers->drained[number];
}

static gboolean on_answered(gpointer user)
{
    MgrBrokers *brokers = user;

    brokers->timer = 0;
    for (guint i = 0; i < brokers->count; i++)
        mgr_broker_rest(brokers->all[i], brokers->drained[i]);
    return G_SOURCE_REMOVE;
}

bool mgr_brokers_drain(MgrBrokers *brokers, guint number, bool drains, GError **error)
{
    g_autofree char *path = mgr_site_broker_path(brokers->dir, number, MGR_SITE_DRAINED);

    if (drains && is_last(brokers, number))
        return mgr_refuse(error, MGR_REFUSE_BROKER_LAST, HL_NUMBER(number + 1), NULL);
    if (drains ? !hl_file_write_text(path, "", 0600, error) : unlink(path) != 0 && errno != ENOENT)
        return drains ? false : hl_fail_errno(error, errno, "cannot remove %s", path);
    brokers->drained[number] = drains;
    hl_info("broker", drains ? "broker %u is drained: its endpoints go to the others" : "broker %u is used again",
            number + 1);
    if (brokers->timer == 0)
        brokers->timer = g_timeout_add(ANSWER_MS, on_answered, brokers);
    return true;
}

bool mgr_brokers_were_found(const MgrBrokers *brokers)
{
    for (guint i = 0; i < brokers->count; i++)
        if (mgr_broker_was_found(brokers->all[i]))
            return true;
    return false;
}

void mgr_brokers_reload(MgrBrokers *brokers)
{
    for (guint i = 0; i < brokers->count; i++)
        mgr_broker_reload(brokers->all[i]);
}

HlTime mgr_brokers_until_reload(const MgrBrokers *brokers)
{
    HlTime longest = 0;

    for (guint i = 0; i < brokers->count; i++)
        longest = MAX(longest, mgr_broker_until_reload(brokers->all[i]));
    return longest;
}

void mgr_brokers_end_left(const char *dir, const MgrConf *conf)
{
    /* an external broker may well run with the files that init wrote */
    end_from(dir, 0, conf->broker_mode == MGR_BROKER_MANAGED ? (uint16_t)conf->broker_port : 0);
}
