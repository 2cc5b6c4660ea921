/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of an endpoint read from their configuration file, one row each.  Shared by the daemon and its
 * command-line tool, so that both find the same state and the same socket.  What an administrator decides for a group
 * is not here but in proto/settings.h. */
#ifndef ENDPOINT_CORE_CONF_H
#define ENDPOINT_CORE_CONF_H

#include "lib/base/clock.h"
#include "lib/base/option.h"

#define EP_CONF_DEFAULT_PATH  "/etc/holdline/endpoint.conf"
#define EP_CONF_DEFAULT_STATE "/var/lib/holdline" /* as in holdline-upgrade.path */

/* In the state directory. */
#define EP_QUARANTINE_DIRECTORY "quarantine"
#define EP_ALLOWED_FILE         "allowed"

typedef struct {
    char *state_dir;
    char *socket;  /* "": STATE/control */
    char *updater; /* program */
    char *proxy;   /* for sources other than the server; "": the environment's */
    char *ca_file; /* authorities of those; "": the system's */
    char *engine;  /* program */
    char *clamd;   /* socket; "": none runs */
    char *clamd_program, *scanner, *scan_user;
    char *machine_id; /* "": /etc/machine-id */
    int log_level;    /* HlLogLevel */
    HlTime backoff_base, backoff_cap, keepalive;
    char *line_proxy;      /* "": none */
    char *upgrade_helper;  /* "": the program is not upgraded */
    HlTime upgrade_health; /* how long a new version's line may take to come up */
} EpConf;

HlOptionTable ep_conf_table(void);

/* path NULL: the default file if there is one, otherwise the defaults.  conf must be zeroed or initialised. */
bool ep_conf_load(EpConf *conf, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the table cannot say of conf: values that go together. */
bool ep_conf_check(const EpConf *conf, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ep_conf_clear(EpConf *conf);

/* Path of the control socket; caller frees. */
char *ep_conf_socket(const EpConf *conf);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EpConf, ep_conf_clear)

#endif
