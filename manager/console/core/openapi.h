/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.json: the table of resources, and the schemas that it names.  Pure. */
#ifndef MANAGER_CONSOLE_CORE_OPENAPI_H
#define MANAGER_CONSOLE_CORE_OPENAPI_H

#include "lib/base/json.h"

/* OpenAPI 3.1. */
json_t *con_openapi_new(void);

/* A schema of manager/console/core/schemas.json; borrowed until the end of the program; NULL: there is none. */
const json_t *con_schema_get(const char *name);

#endif
