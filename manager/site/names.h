/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the server's certificate, and what endpoints are told: one has to cover the other. */
#ifndef MANAGER_SITE_NAMES_H
#define MANAGER_SITE_NAMES_H

#include "lib/pki/cert.h"
#include "manager/core/conf.h"

/* hosts (names and addresses, ends with NULL), each once, and by what the manager itself reaches its broker.  For
 * HlCertSpec.names; free with g_strfreev. */
GStrv mgr_server_names(const char *const *hosts, const MgrConf *conf);

/* Of these brokers and URLs (each ends with NULL) those that the certificate does not cover, each once; an empty list:
 * none.  Free with g_strfreev. */
GStrv mgr_server_uncovered(const HlCert *cert, const char *const *brokers, const char *const *urls);

#endif
