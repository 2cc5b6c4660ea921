/* SPDX-License-Identifier: Apache-2.0 */
/* The console's configuration: one table, by which console.conf is read, checked and written. */
#ifndef MANAGER_CONSOLE_CORE_CONF_H
#define MANAGER_CONSOLE_CORE_CONF_H

#include "lib/base/clock.h"
#include "lib/base/option.h"

typedef struct {
    char *listen; /* address:port */
    int64_t per_minute;
    char **brokers;
    char *ca, *certificate, *key;        /* of the line; files as written: relative to the configuration */
    char *https_certificate, *https_key; /* "": those of the line */
    int log_level;                       /* HlLogLevel */
} ConConf;

HlOptionTable con_conf_table(void);

/* What the table cannot say: complete, and certificate and key of HTTPS together or not at all. */
bool con_conf_check(const ConConf *conf, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
