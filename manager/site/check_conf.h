/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with manager.conf: part of mgr_site_check. */
#ifndef MANAGER_SITE_CHECK_CONF_H
#define MANAGER_SITE_CHECK_CONF_H

#include "lib/base/conf.h"
#include "manager/site/site.h"

/* Reads the file of the site in dir.  note is called for each key that is given twice: the manager starts with it, but
 * perhaps not with the value that was meant.  false: it cannot be used, and conf has the defaults. */
bool mgr_check_conf(const char *dir, MgrConf *conf, HlConfFault note, gpointer user,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
