/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a request, path and query, taken apart and decoded.  Pure.
 *
 * Strict, because two readers of one address must not differ about it: what is no percent-encoding, no UTF-8, contains
 * a control or a name twice is refused and not repaired. */
#ifndef MANAGER_CONSOLE_CORE_TARGET_H
#define MANAGER_CONSOLE_CORE_TARGET_H

#include "lib/base/error.h"

/* As they came: a filter of 1,000 characters, each of three bytes that are written %XX, would be too long. */
#define CON_MAX_TARGET     4096
#define CON_MAX_SEGMENTS   16
#define CON_MAX_PARAMETERS 32

typedef struct {
    char **segments;   /* of the path, decoded: "/a/b" has two, "/" has one that is empty */
    GHashTable *query; /* name -> value, both decoded */
} ConTarget;

/* HL_ERROR_INVALID; the target is then as after con_target_clear. */
bool con_target_parse(ConTarget *target, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void con_target_clear(ConTarget *target);

/* NULL: it was not given. */
const char *con_target_get(const ConTarget *target, const char *name);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ConTarget, con_target_clear)

#endif
