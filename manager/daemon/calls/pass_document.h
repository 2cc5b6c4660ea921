/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and tokens as calls show them.  Loop thread. */
#ifndef MANAGER_DAEMON_CALLS_PASS_DOCUMENT_H
#define MANAGER_DAEMON_CALLS_PASS_DOCUMENT_H

#include "lib/base/json.h"
#include "manager/store/passes.h"

/* A session also has "idle_ms", a token its "name"; the text of neither.  Caller owns it. */
json_t *mgr_pass_document(const MgrPassRecord *pass);

/* Names that are separated by commas, as an array.  Caller owns it. */
json_t *mgr_pass_groups(const char *groups);

#endif
