/* SPDX-License-Identifier: Apache-2.0 */
/* The language of filters: "actual:offline group:sales,hr last_seen<-7d not printer".  Pure.
 *
 *     word  "two words"                   in the id, host, group or an address, in any case
 *     column:value  column:one,two        is that (text: contains it), or one of them; yes and no for flags; never for
 * times column=value  !=  <  <=  >  >=      numbers, times, pattern.NAME; = and != for all not X   -X   X Y   X and Y
 * X or Y   ( ... )     not binds strongest, or weakest
 *
 * A time is 2026-11-27, 2026-11-27T03:31:01Z, or -7d and +30d from now.  status is another word for actual. */
#ifndef MANAGER_CONSOLE_CORE_FILTER_H
#define MANAGER_CONSOLE_CORE_FILTER_H

#include "manager/console/core/table.h"

#define CON_MAX_FILTER 1000 /* bytes */
#define CON_MAX_TERMS  64   /* and of all operators together; so 100,000 rows take milliseconds whatever is asked */
#define CON_MAX_DEPTH  32

typedef struct ConFilter ConFilter;

/* "" takes everything.  HL_ERROR_INVALID says where and what is wrong; HL_ERROR_LIMIT. */
ConFilter *con_filter_parse(const char *text, HlTime now, GError **error);
void con_filter_free(ConFilter *filter);

bool con_filter_takes(const ConFilter *filter, const ConRow *row);

/* The same as a selector of the manager's, where it has a word for it: "all", "@GROUP"; NULL: it has none.  Caller
 * frees. */
char *con_filter_selector(const ConFilter *filter);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ConFilter, con_filter_free)

#endif
