/* SPDX-License-Identifier: Apache-2.0 */
/* What the console says of itself: health and openapi.json. */
#ifndef MANAGER_CONSOLE_SITE_H
#define MANAGER_CONSOLE_SITE_H

#include "manager/console/front.h"
#include "manager/console/line.h"
#include "manager/console/people.h"

typedef struct ConSite ConSite;

typedef struct {
    const ConLine *line;
    const ConIdentity *identity;
    ConPeople *people; /* borrowed, as all of it */
} ConSiteOptions;

ConSite *con_site_new(const ConSiteOptions *options);
void con_site_free(ConSite *site);

extern const ConHandlerRow con_site_rows[];

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConSite, con_site_free)

#endif
