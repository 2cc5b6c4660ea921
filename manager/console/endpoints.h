/* SPDX-License-Identifier: Apache-2.0 */
/* The resources that the console answers from what it knows: the list of endpoints, the summary, the last events, the
 * table of settings.  Loop thread. */
#ifndef MANAGER_CONSOLE_ENDPOINTS_H
#define MANAGER_CONSOLE_ENDPOINTS_H

#include "manager/console/people.h"
#include "manager/console/watch.h"

typedef struct ConEndpoints ConEndpoints;

ConEndpoints *con_endpoints_new(ConLine *line, ConPeople *people, const ConWatch *watch);
void con_endpoints_free(ConEndpoints *endpoints);

/* A row as lists and events have it: the fields of that list (NULL: all), "settings" as an object. */
json_t *con_endpoint_row(const ConRow *row, char *const *fields);

extern const ConHandlerRow con_endpoints_rows[];

#endif
