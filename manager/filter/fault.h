/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with a filter or a selector, as a sentence that clients word in their reader's language.  Pure.
 *
 * The error's message is the English of it, and its sentence (hl_error_say) goes with the answer, from the manager as
 * from the console.  The console's pages take the translations out of fault.c (cmake/bundle.py). */
#ifndef MANAGER_FILTER_FAULT_H
#define MANAGER_FILTER_FAULT_H

#include "lib/base/fault.h"

typedef enum {
    MGR_FAULT_QUOTE,         /* a quotation mark that is not closed */
    MGR_FAULT_VALUE,         /* a value is missing */
    MGR_FAULT_TEXT,          /* '~' with what is no text */
    MGR_FAULT_NUMBER,        /* no whole number */
    MGR_FAULT_TIME,          /* no time */
    MGR_FAULT_FLAG,          /* neither yes nor no */
    MGR_FAULT_ONE_VERSION,   /* several versions where an order is asked for */
    MGR_FAULT_VERSION,       /* no version */
    MGR_FAULT_ONE_VALUE,     /* several values for a column that takes one */
    MGR_FAULT_ORDER,         /* '<' or '>' of a column that has no order */
    MGR_FAULT_COLUMN,        /* no such column */
    MGR_FAULT_NEAREST,       /* the same, but one is called nearly so: {nearest} */
    MGR_FAULT_NEAREST_VALUE, /* the same of a word that a column of few words never says */
    MGR_FAULT_OBJECT,        /* an object, of whose members {nearest} is one */
    MGR_FAULT_MADE,          /* a member that is made of others */
    MGR_FAULT_ORDERS,        /* a member that orders documents */
    MGR_FAULT_ONE_ALONE,     /* a member of one endpoint's own document */
    MGR_FAULT_OPERATOR,      /* '!' alone */
    MGR_FAULT_BEFORE,        /* nothing before 'and' or 'or' */
    MGR_FAULT_OPEN,          /* a bracket that is not closed */
    MGR_FAULT_CLOSE,         /* a bracket that closes nothing */
    /* of the whole, with {max} and without a place */
    MGR_FAULT_BYTES,
    MGR_FAULT_PARTS,
    MGR_FAULT_DEPTH,
    MGR_FAULT_VALUES, /* of one column */
    MGR_FAULT_WIDE,   /* of selectors alone, as the next */
    MGR_FAULT_SPENT,
    MGR_FAULT_N
} MgrFault;

/* Where in the text: the word at fault, and the number of its first character, from 1.  near "": at the end. */
typedef struct {
    const char *near;
    glong at;
} MgrFaultPlace;

/* HL_ERROR_INVALID; nearest only with MGR_FAULT_NEAREST, _NEAREST_VALUE and _OBJECT. */
bool mgr_fault_fail(GError **error, MgrFault fault, MgrFaultPlace place, const char *nearest);

/* Why a member of an endpoint's documents is no column, and what may take its place (NULL: nothing); MGR_FAULT_COLUMN:
 * there is no such member. */
MgrFault mgr_fault_of_member(const char *member, const char **example);

/* HL_ERROR_INVALID, too: more than max, which asking again later does not mend. */
bool mgr_fault_limit_fail(GError **error, MgrFault fault, int max);

/* Such an error worded again; what prefixes its message stays.  Any other error's message as it is.  Caller frees. */
char *mgr_fault_say(const GError *error, HlFaultLanguage language);

typedef struct {
    const char *code, *text;
} MgrFaultRow;

/* The texts, for tests; behind the faults the two that say where. */
extern const MgrFaultRow mgr_fault_rows[];
extern const gsize mgr_n_fault_rows;

#endif
