/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of an endpoint, by name: what filters, selectors and lists may ask for.  Pure.
 *
 * One table for the server, the console and the command line, so that a word means the same in all three. */
#ifndef MANAGER_FILTER_COLUMNS_H
#define MANAGER_FILTER_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

typedef enum {
    MGR_TEXT,    /* of its own */
    MGR_WORD,    /* one of few */
    MGR_TIME,    /* HlTime; 0: never */
    MGR_NUMBER,  /* int64_t */
    MGR_FLAG,    /* int64_t, 0 or 1 */
    MGR_SET,     /* "name=number name=number": pattern versions */
    MGR_VERSION, /* "0.3.1", of a program: of few, compared number by number; "": unknown */
} MgrColumnKind;

typedef struct {
    const char *name; /* in filters, fields, CSV */
    const char *path; /* in the status document: members, parted by dots; filters and fields take it as well */
    MgrColumnKind kind;
    bool is_ahead; /* of a time: it is in the future as a rule, so "30d" is that far ahead and not ago */
} MgrColumn;

/* Those that code asks for by name; the table has more. */
enum {
    MGR_COLUMN_ID,
    MGR_COLUMN_HOST,
    MGR_COLUMN_GROUP,
    MGR_COLUMN_GROUP_DISPLAY,
    MGR_COLUMN_DISPLAYED,
    MGR_COLUMN_DISPLAYED_SINCE,
    MGR_COLUMN_ACTUAL,
    MGR_COLUMN_REASON,
    MGR_COLUMN_SINCE,
    MGR_COLUMN_LAST_SEEN,
    MGR_COLUMN_REACHABILITY,
    MGR_COLUMN_DIALLED_AT,
    MGR_COLUMN_VERDICT,
    MGR_COLUMN_ADDRESSES,
    MGR_COLUMN_OBSERVED,
    MGR_COLUMN_OBSERVED_BY,
    MGR_COLUMN_SETTINGS_DESIRED,
    MGR_COLUMN_SETTINGS_APPLIED,
    MGR_COLUMN_SETTINGS_CURRENT,
    MGR_COLUMN_SETTINGS_PATH,
    MGR_COLUMN_SETTINGS_APPLIED_AT,
    MGR_COLUMN_SETTINGS_DIGEST,
    MGR_COLUMN_PATTERNS,
    MGR_COLUMN_PATTERNS_PUBLISHED,
    MGR_COLUMN_OUTDATED,
    MGR_COLUMN_OUTDATED_PROGRAM,
    MGR_COLUMN_LAST_UPDATE,
    MGR_COLUMN_UPDATE_RESULT,
    MGR_COLUMN_UPDATE_SOURCE,
    MGR_COLUMN_UPDATE_ERROR,
    MGR_COLUMN_UPGRADE,
    MGR_COLUMN_UPGRADED_AT,
    MGR_COLUMN_UPGRADE_TO,
    MGR_COLUMN_UPGRADE_DETAIL,
    MGR_COLUMN_OPEN_COMMANDS,
    MGR_COLUMN_OPEN_DETECTIONS,
    MGR_COLUMN_LEFT_OUT,
    MGR_COLUMN_SCAN,
    MGR_COLUMN_SCAN_END,
    MGR_COLUMN_SCAN_HOW,
    MGR_COLUMN_SCAN_FILES,
    MGR_COLUMN_SCAN_FOUND,
    MGR_COLUMN_SCAN_NOT_LOOKED_AT,
    MGR_COLUMN_CERTIFICATE,
    MGR_COLUMN_GRACE,
    MGR_COLUMN_LATE,
    MGR_COLUMN_LATE_AT,
    MGR_COLUMN_SKEW,
    MGR_COLUMN_LOST_HEARTBEATS,
    MGR_COLUMN_REFUSED,
    MGR_COLUMN_REVOKED,
    MGR_COLUMN_REMOVED,
    MGR_COLUMN_CLONE,
    MGR_COLUMN_FLOODING,
    MGR_COLUMN_HELD_OFF,
    MGR_COLUMN_DELIVERY,
    MGR_COLUMN_PROGRAM,
    MGR_COLUMN_DIRECT_PORT,
    MGR_COLUMN_BROKER,
    MGR_N_COLUMNS
};

extern const MgrColumn mgr_columns[MGR_N_COLUMNS];

/* All that a column of few words can say, ends with NULL; NULL: they are not known beforehand. */
const char *const *mgr_column_values(int column);

/* The number of a column, by its name or its path; -1: there is none. */
int mgr_column_find(const char *name);

/* Whether its values are texts: MGR_TEXT, MGR_WORD, MGR_SET, MGR_VERSION. */
bool mgr_column_is_text(int column);

typedef union {
    int64_t number;   /* MGR_TIME, MGR_NUMBER, MGR_FLAG */
    const char *text; /* the others; never NULL */
} MgrValue;

/* The version of one name in a set; false: it has none. */
bool mgr_set_find(const char *set, const char *name, int64_t *version);

/* Versions number by number: -1, 0, 1; a missing number is 0, and what follows the numbers does not count. */
int mgr_version_compare(const char *a, const char *b);

#endif
