/* SPDX-License-Identifier: Apache-2.0 */
/* What a request that failed is told: RFC 9457, with our code and its arguments.  Pure. */
#ifndef MANAGER_CONSOLE_CORE_PROBLEM_H
#define MANAGER_CONSOLE_CORE_PROBLEM_H

#include "lib/base/json.h"

/* The status of HTTP for a code of lib/base/error.h. */
guint con_problem_status(HlErrorCode code);

/* {"type", "title", "status", "code", "detail", "args", "sentence"}: title is that of the status; detail is the error's
 * message, in English, for logs and scripts; sentence and args are what a page words it from (hl_error_sentence), where
 * the error has them. */
json_t *con_problem_new(guint status, const GError *error);

#endif
