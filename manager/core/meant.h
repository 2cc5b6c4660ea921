/* SPDX-License-Identifier: Apache-2.0 */
/* The names that somebody probably meant who typed one that is not there.  The caller considers only names that the
 * asker may see.  Pure. */
#ifndef MANAGER_CORE_MEANT_H
#define MANAGER_CORE_MEANT_H

#include <glib.h>
#include <stdbool.h>

#define MGR_MEANT_MAX 3 /* with more that are equally near, none is meant more than the others */

typedef struct {
    char *typed;      /* in small letters */
    GPtrArray *names; /* the nearest so far, each once */
    guint slips;      /* by which they differ */
    guint left;       /* how many names are still compared */
} MgrMeant;

void mgr_meant_begin(MgrMeant *meant, const char *typed);

/* shown is what stands for the name in an answer; NULL: the name itself.  Copied. */
void mgr_meant_consider(MgrMeant *meant, const char *name, const char *shown);

/* Ends it.  "sales, sale", by name; NULL: nothing is near.  Caller frees. */
char *mgr_meant_end(MgrMeant *meant);

/* Whether what was typed becomes the first size bytes of the name, in whatever case, by one slip: a letter too many,
 * too few or wrong, or two swapped.  In the time of one comparison, for names of which there are a million. */
bool mgr_meant_is_slip(const char *typed, const char *name, gsize size);

#endif
