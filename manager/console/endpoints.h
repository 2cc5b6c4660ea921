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

/* The manager's selector for those that a filter takes and the person sees, but for some (a JSON array of texts, or
 * NULL): "all" and "@GROUP" where they say it, otherwise ids, at most CON_MAX_PAGE.  NULL on failure: HL_ERROR_LIMIT
 * for more, HL_ERROR_NOT_FOUND for none.  Caller frees. */
char *con_endpoints_selector(const ConWatch *watch, const ConPerson *person, const char *filter, const json_t *except,
                             GError **error);

extern const ConHandlerRow con_endpoints_rows[];

#endif
