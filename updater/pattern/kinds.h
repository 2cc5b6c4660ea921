/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of pattern files, by the ending of their names, and which component may hold which.  Pure.
 *
 * All files of a machine's components are one set to the engine, and some kinds take effect across it: an ignore list
 * switches off signatures no matter who published them.  So each component has its kinds, and both sides hold it to
 * them: the publisher when content is staged, an endpoint before a set becomes active. */
#ifndef UPDATER_PATTERN_KINDS_H
#define UPDATER_PATTERN_KINDS_H

#include "lib/base/error.h"

typedef enum {
    UPD_GROUP_DETECTION = 1 << 0, /* adds detections, and can do nothing else */
    UPD_GROUP_EXCEPTION = 1 << 1, /* takes detections away: signatures, files, addresses that do not count */
    UPD_GROUP_ENGINE = 1 << 2,    /* steers the engine itself: what it looks at, whom it trusts */
    UPD_GROUP_PACKAGE = 1 << 3,   /* a database that ClamAV signed, verified by the engine each time that it loads */
    UPD_GROUP_REFUSED = 1 << 4, /* in no component: nobody vouches for what is inside, or the engine takes it nowhere */
} UpdGroup;

typedef enum { UPD_COUNT_LINES, UPD_COUNT_RULES, UPD_COUNT_NOT } UpdCounting;

typedef struct {
    const char *ending; /* ".hdb" */
    UpdGroup group;
    UpdCounting counting; /* what one signature is, where the text shows it */
} UpdKind;

/* NULL if the engine has no such format.  The engine takes endings in any case; ours are lower-case only, so that no
 * spelling gets round the table. */
const UpdKind *upd_kind_find(const char *file);

/* Whether the component may hold a file of this name; HL_ERROR_INVALID names both, and the remedy. */
bool upd_kind_check(const char *component, const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
