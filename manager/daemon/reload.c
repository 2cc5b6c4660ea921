/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/reload.h"

#include <string.h>

#include "lib/base/conf.h"
#include "lib/base/log.h"

/* What is fixed for the life of the process. */
static const char *const fixed_options[] = { "broker.mode",    "broker.listen", "broker.port", "broker.count",
                                             "broker.program", "http.listen",   "http.port",   "http.downloads" };

void mgr_reload_clear(MgrReload *reload)
{
    hl_options_clear(mgr_conf_table(), &reload->conf);
    mgr_console_policy_clear(&reload->policy);
    g_clear_pointer(&reload->identity, hl_http_identity_free);
}

static bool keep_fixed(const MgrConf *current, MgrConf *fresh, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fixed_options); i++) {
        const HlOption *option = hl_option_find(mgr_conf_table(), fixed_options[i]);
        g_autofree char *old_value = hl_option_get(option, current);
        g_autofree char *new_value = hl_option_get(option, fresh);

        if (strcmp(old_value, new_value) == 0)
            continue;
        hl_warn("manager", "%s = %s takes effect at the next start; it stays %s now", fixed_options[i], new_value,
                old_value);
        if (!hl_option_set(option, fresh, old_value, error))
            return false;
    }
    return true;
}

bool mgr_reload_read(MgrReload *reload, const char *conf_path, const MgrConf *current, const MgrFront *front,
                     GError **error)
{
    if (!hl_conf_load(conf_path, mgr_conf_table(), &reload->conf, error) || !mgr_conf_check(&reload->conf, error) ||
        !mgr_console_policy_init(&reload->policy, &reload->conf, error))
        return false;
    reload->identity = mgr_front_read_identity(front, error);
    return reload->identity != NULL && keep_fixed(current, &reload->conf, error);
}

static bool check_whole(void *values, GError **error)
{
    g_auto(MgrConsolePolicy) policy = { 0 };

    return mgr_conf_check(values, error) && mgr_console_policy_init(&policy, values, error);
}

bool mgr_reload_check(const char *conf_path, GError **error)
{
    MgrConf conf = { 0 };

    return hl_conf_check_print(conf_path, mgr_conf_table(), &conf, check_whole, error);
}
