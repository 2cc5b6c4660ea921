/* SPDX-License-Identifier: Apache-2.0 */
/* Which endpoints are meant: the one language of selectors (holdline update-now 'outdated,host~pc-*'), of --where, and
 * of the console's filters.  Pure.
 *
 *     A,B                                 names and words of one kind: any of them; everything else: all of them
 *     (A,B)                               the same, as one condition of the list that it is in
 *     offline  outdated  infected ...     a state (mgr_filter_words)
 *     column:value  column:one,two        is that (text: contains it), or one of them; yes and no for flags; never for
 *                                         times
 *     column=value  !=  <  <=  >  >=      numbers, times, versions, pattern.NAME; = and != for all
 *     column~pc-*                         host with * and ?
 *     not X   -X   X Y   X and Y   X or Y   ( ... )
 *                                         not binds strongest, or weakest but for the comma, which parts lists
 *     @GROUP                              of that group
 *
 * A time is 2026-11-27, 2026-11-27T03:31:01Z, or -7d and +30d from now; last-seen>30d: longer ago than that.  status is
 * another word for actual, version for program; - and _ are one in names of columns.
 *
 * Any other word is, in a selector, the name of an endpoint (id, host name, pc-*), and "all" is everybody; in a filter
 * it is looked for in id, host, group and addresses, in any case. */
#ifndef MANAGER_FILTER_FILTER_H
#define MANAGER_FILTER_FILTER_H

#include "lib/base/clock.h"
#include "manager/filter/columns.h"

#define MGR_MAX_FILTER 1000 /* bytes; of a selector: of conditions and patterns, not of other names */
#define MGR_MAX_TERMS \
    64 /* and of all operators together, and of a selector's groups and patterns; so 100,000 rows take milliseconds */
#define MGR_MAX_DEPTH 32

typedef enum {
    MGR_FILTER_SEARCH, /* words are looked for; "" takes everything */
    MGR_FILTER_SELECT, /* words are names; "" takes nothing */
} MgrFilterUse;

typedef struct MgrFilter MgrFilter;

/* HL_ERROR_INVALID says where and what is wrong, or which bound it breaks. */
MgrFilter *mgr_filter_parse(const char *text, MgrFilterUse use, HlTime now, GError **error);
void mgr_filter_free(MgrFilter *filter);

/* How a row is read. */
typedef struct {
    /* *owned: what the value's text is in, if it was made for this; the filter frees it */
    MgrValue (*value)(gconstpointer row, int column, gpointer user, char **owned);
    /* SEARCH: what words are looked for in, without case; NULL in SELECT */
    const char *(*searched)(gconstpointer row, gpointer user);
    gpointer user;
} MgrFilterRows;

/* Of SELECT: whether it fulfils the conditions; whether it is one of mgr_filter_names is the caller's to say. */
bool mgr_filter_takes(const MgrFilter *filter, const MgrFilterRows *rows, gconstpointer row);

/* Of SELECT: the names that commas part, as they were written ("pc-7", "@sales", "pc-*", "all"), ends with NULL;
 * borrowed. Empty: it names none, so the conditions alone decide. */
const char *const *mgr_filter_names(const MgrFilter *filter);

/* Whether a name is no endpoint's, but a group, a pattern or "all". */
bool mgr_filter_is_wide(const char *name);

/* Whether there is anything besides names. */
bool mgr_filter_has_conditions(const MgrFilter *filter);

/* Whether a condition asks for that column. */
bool mgr_filter_asks(const MgrFilter *filter, int column);

/* Of SELECT: what a name inside a condition ("not pc-7", "offline or @sales") is: the endpoint's id, or the group's
 * id after "@"; so too each "@GROUP" of mgr_filter_names. Caller frees; NULL: there is none. */
typedef char *(*MgrBindFn)(const char *name, gpointer user, GError **error);
bool mgr_filter_bind(MgrFilter *filter, MgrBindFn bind, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A filter as a selector, where it is as short as that: "all", "@GROUP"; NULL: it is not.  Caller frees. */
char *mgr_filter_selector(const MgrFilter *filter);

/* A word that stands for a condition. */
typedef struct {
    const char *word, *means; /* means: in the language */
    const char *kind;         /* commas between words of one kind widen; NULL: they narrow */
} MgrFilterWord;

/* All of them, n. */
const MgrFilterWord *mgr_filter_words(gsize *n);

/* The word, or "all", that somebody probably meant who wrote a name that no endpoint has; NULL: none is near. */
const char *mgr_filter_nearest(const char *name);

/* How well a name fits an endpoint: for the caller to take the best, if one alone is it. */
typedef enum { MGR_NAME_NONE, MGR_NAME_PREFIX, MGR_NAME_SHORT, MGR_NAME_HOST, MGR_NAME_ID } MgrNameFit;
MgrNameFit mgr_name_fit(const char *name, const char *id, const char *host);

/* Whether text is like pattern, in which * is any text and ? any character; both without case. */
bool mgr_name_is_like(const char *text, const char *pattern);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrFilter, mgr_filter_free)

#endif
