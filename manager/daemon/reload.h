/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a reload reads, checked before any of it takes effect: swapping it in cannot fail. */
#ifndef MANAGER_DAEMON_RELOAD_H
#define MANAGER_DAEMON_RELOAD_H

#include "manager/daemon/front/front.h"
#include "manager/daemon/state/console_state.h"

/* Zeroed before; the receiver takes what it wants out of it, and the rest is cleared. */
typedef struct {
    MgrConf conf;
    MgrConsolePolicy policy;
    HlTlsIdentity *identity; /* of the front */
} MgrReload;

/* current is what is in force: of it stays, with a warning, what is fixed for the life of the process. */
bool mgr_reload_read(MgrReload *reload, const char *conf_path, const MgrConf *current, const MgrFront *front,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* --check-config: prints everything that is wrong with the file.  false: something is. */
bool mgr_reload_check(const char *conf_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A warning for each option that is set and does nothing, because another one or a file is missing. */
void mgr_reload_warn(const char *conf_path, const MgrConf *conf);
void mgr_reload_clear(MgrReload *reload);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrReload, mgr_reload_clear)

#endif
