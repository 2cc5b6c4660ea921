/* SPDX-License-Identifier: Apache-2.0 */
/* The manager's configuration: one table, by which manager.conf is read, checked and written. */
#ifndef MANAGER_CORE_CONF_H
#define MANAGER_CORE_CONF_H

#include "lib/base/clock.h"
#include "lib/base/option.h"

#define MGR_MAX_BROKERS 8 /* as many addresses as endpoints are told */
/* In place of the number of one, which counts from 0. */
#define MGR_BROKER_UNKNOWN MGR_MAX_BROKERS

typedef enum { MGR_BROKER_MANAGED, MGR_BROKER_EXTERNAL } MgrBrokerMode;

typedef struct {
    int broker_mode; /* MgrBrokerMode */
    char *broker_listen, *broker_program;
    int64_t broker_port;
    int64_t broker_count;        /* of managed ones, at consecutive ports from broker_port on */
    char *broker_reload_command; /* argv as a shell would split it; "": none */
    char **broker_addresses;     /* host:port, as endpoints reach it */
    char *http_listen;
    char **http_urls; /* https://host:port, as endpoints reach it; the preferred one first */
    int64_t http_port, http_downloads;
    HlTime certificate_lifetime, grace;
    int64_t enrol_per_minute;
    HlTime reconnect_window;
    HlTime command_timeout, update_window;
    HlTime retention;
    HlTime probe_timeout, verification;
    bool dial_own;
    int64_t inactive_days, remove_days;
    char **unreachable;
    HlTime unreachable_heartbeat, unreachable_poll, unreachable_offline;
    char *updater_program;
    char *activeupdate_url, *activeupdate_root; /* a file; "": the repository is not a copy */
    char *patterns_ca_file, *patterns_proxy;    /* for that source */
    HlTime sync_every;                          /* 0: never automatically */
    HlTime patterns_old_after;                  /* 0: never */
    char *mail_server, *mail_from, *mail_user, *mail_password_file, *mail_ca_file;
    bool mail_tls;
    char **notification_private; /* networks */
    char *notification_ca_file;
    int log_level; /* HlLogLevel */
} MgrConf;

HlOptionTable mgr_conf_table(void);

/* How many brokers the manager connects to: an external one is one. */
guint mgr_conf_brokers(const MgrConf *conf);

/* What no single option says: that the ports of all managed brokers are there, and the front's is none of them.  Which
 * options need each other the table says (hl_options_unmet). */
bool mgr_conf_check(const MgrConf *conf, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
