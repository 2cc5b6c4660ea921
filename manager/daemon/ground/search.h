/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors as a console sends them: "filter:TEXT", what a list with that filter shows; "except:ID,ID" before it leaves
 * some out, and "in:GROUP" before all takes those of one group alone.  These stand apart from the text, which somebody
 * typed: put into it, a bracket or an "or" in there would widen them.  Pure. */
#ifndef MANAGER_DAEMON_GROUND_SEARCH_H
#define MANAGER_DAEMON_GROUND_SEARCH_H

#include "manager/filter/filter.h"

typedef struct {
    MgrFilter *filter;
    char *group;        /* as it was given; NULL: all */
    GHashTable *except; /* ids; NULL: none */
} MgrSearch;

/* Whether it is one, rather than names and conditions. */
bool mgr_search_is(const char *selector);

/* search: all zero before. */
bool mgr_search_read(MgrSearch *search, const char *selector, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_search_clear(MgrSearch *search);

/* Whether it leaves an endpoint to its filter. */
bool mgr_search_reaches(const MgrSearch *search, const char *id, const char *group);

#endif
