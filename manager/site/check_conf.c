/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/site/check_conf.h"

bool mgr_check_conf(const char *dir, MgrConf *conf, HlConfFault note, gpointer user, GError **error)
{
    g_autofree char *path = mgr_site_path(dir, "manager.conf");
    bool is_usable = hl_conf_load(path, mgr_conf_table(), conf, error);

    if (!is_usable) {
        hl_options_clear(mgr_conf_table(), conf);
        hl_options_init(mgr_conf_table(), conf);
    }
    hl_conf_doubles_in(path, mgr_conf_table(), note, user);
    return is_usable;
}
