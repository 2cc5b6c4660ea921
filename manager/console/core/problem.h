/* SPDX-License-Identifier: Apache-2.0 */
/* What a request that failed is told: RFC 9457, with our code and its arguments.  Pure. */
#ifndef MANAGER_CONSOLE_CORE_PROBLEM_H
#define MANAGER_CONSOLE_CORE_PROBLEM_H

#include "lib/base/error.h"
#include "lib/base/json.h"

/* The status of HTTP for a code of lib/base/error.h. */
guint con_problem_status(HlErrorCode code);

/* {"type", "title", "status", "code", "detail", "args", "sentence"}: title is that of the status; detail is the error's
 * message, worded or in English; sentence and args are what others word it from (hl_error_sentence), where the error
 * has them. */
json_t *con_problem_new(guint status, const GError *error, const char *detail);

/* Whether a header Accept-Language (NULL: there is none) names Japanese before English: the languages that there are.
 */
bool con_prefers_japanese(const char *header);

#endif
