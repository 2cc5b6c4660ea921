/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the brokers show the server's certificate that is in force: what their listeners serve, not what the server
 * has told them to read.  Blocking. */
#ifndef MANAGER_CLI_SHOWN_H
#define MANAGER_CLI_SHOWN_H

#include "manager/cli/config.h"

/* Looks at these addresses and at those of the configuration until each that can be reached shows the certificate with
 * this serial, for half a minute at most.  A broker with a certificate of its own, not the server's, is left alone;
 * what cannot be reached while others can is told on standard error.  HL_ERROR_PARTIAL: one shows an earlier one still,
 * or none could be looked at. */
bool cli_shown_await(const CliConfig *conf, const char *const *brokers, const char *serial,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
