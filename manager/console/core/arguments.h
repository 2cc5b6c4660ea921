/* SPDX-License-Identifier: Apache-2.0 */
/* What a request says, as the arguments of an admin call.  Pure. */
#ifndef MANAGER_CONSOLE_CORE_ARGUMENTS_H
#define MANAGER_CONSOLE_CORE_ARGUMENTS_H

#include "lib/base/clock.h"
#include "lib/base/json.h"
#include "manager/console/core/route.h"
#include "manager/console/core/target.h"

#define CON_MAX_ARGUMENT (16 * 1024) /* bytes: of an argument of a call (proto/bounds.c) */
#define CON_MAX_SELECTOR CON_MAX_ARGUMENT

typedef struct {
    const ConMatch *match;
    const ConTarget *target;
    const json_t *body;   /* NULL: none */
    const char *version;  /* of If-Match; NULL: none */
    const char *selector; /* of con_selector_make; NULL: not said */
} ConGiven;

/* name, value, ..., NULL, by the route's `arguments`; free with g_strfreev.  NULL: one is missing, or is of the wrong
 * type. */
char **con_arguments_make(const ConGiven *given, GError **error);

/* Whom the body is about, as a selector: of its ids, its filter and except, or its selector; what a filter takes is the
 * server's to find.  NULL without an error: it does not say, or the route does not ask.  now: what a filter's times
 * count from, for its check. Caller frees. */
char *con_selector_make(const ConRoute *route, const json_t *body, HlTime now, GError **error);

/* Refuses a parameter that the route does not know: a misspelt filter must not become a list of everything. */
bool con_query_check(const ConRoute *route, const ConTarget *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Refuses a body with a member that the route does not know: a misspelt one must not be a default. */
bool con_body_check(const ConMatch *match, const json_t *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The name of the call, where a member of the body is a part of it.  NULL: it is none that may be called so. */
const char *con_call_name(const ConRoute *route, const json_t *body, GError **error);

#endif
