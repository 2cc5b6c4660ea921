/* SPDX-License-Identifier: Apache-2.0 */
/* What an error says as a code with arguments, beside its message: a client words it in its reader's language.
 *
 * It is part of the error (error.c keeps it), so it stays through copies and prefixes.  Between processes it travels
 * as JSON: {"sentence": "filter.nearest", "args": {"near": "hots", ...}}. */
#ifndef LIB_BASE_SAID_H
#define LIB_BASE_SAID_H

#include "lib/base/error.h"
#include "lib/base/json.h"

/* Gives *error a sentence: a stable code and its arguments, name, value, ..., ending with NULL; copied, and made
 * printable.  Does nothing where there is no error. */
void hl_error_say(GError **error, const char *sentence, const char *const *arguments);

/* Its code; NULL: it has none.  Borrowed from the error, as its arguments. */
const char *hl_error_sentence(const GError *error);

/* name, value, ..., ends with NULL; never NULL. */
const char *const *hl_error_arguments(const GError *error);

/* The value of one of them; NULL: there is none. */
const char *hl_error_argument(const GError *error, const char *name);

/* As above; NULL: it has none.  Caller frees. */
json_t *hl_said_json(const GError *error);

/* Fails as another process did: with what such a text says, if it has a sentence.  Returns false. */
bool hl_said_fail(GError **error, HlErrorCode code, const char *message, const char *json);

#endif
