/* SPDX-License-Identifier: Apache-2.0 */
/* The table of resources. */
#include "manager/console/core/route.h"

static const ConRoute rows[] = {
    { CON_GET, "/health", "getHealth", "Whether the console, its broker and its manager work", NULL, "", "", NULL,
      "Health", CON_ROUTE_OPEN },
    { CON_GET, "/openapi.json", "getOpenapi", "This document", NULL, "", "", NULL, "Openapi", CON_ROUTE_OPEN },
};

ConRoutes con_routes(void)
{
    return (ConRoutes){ rows, G_N_ELEMENTS(rows) };
}
