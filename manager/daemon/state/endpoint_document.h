/* SPDX-License-Identifier: Apache-2.0 */
/* The status document of an endpoint, as JSON text: what is published at status/endpoint/<id>, and listed and shown by
 * calls (docs/json.md).  One is made at each change of thousands, so it is written as text at once, without a tree.
 *
 * Decides nothing: it says what is known and was decided elsewhere.  Loop thread. */
#ifndef MANAGER_DAEMON_STATE_ENDPOINT_DOCUMENT_H
#define MANAGER_DAEMON_STATE_ENDPOINT_DOCUMENT_H

#include "lib/base/json_out.h"
#include "manager/core/conf.h"
#include "manager/daemon/ground/fleet.h"

/* Caller frees with g_free.  NULL: a text in it is not UTF-8, which neither wire nor registry lets in. */
char *mgr_endpoint_document_print(const MgrFleet *fleet, const MgrConf *conf, const MgrEndpoint *endpoint);

/* As hl_time_format writes it; null if wall is 0. */
void mgr_document_put_time(HlJsonOut *out, const char *name, HlTime wall);

#endif
