/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in the reader's language: lines that are kept in English (histories, results, their errors, what is wrong
 * with the server), and sentences that are kept as codes. */
#ifndef MANAGER_CONSOLE_WORDED_H
#define MANAGER_CONSOLE_WORDED_H

#include <stdbool.h>

#include "lib/base/json.h"

#include "proto/phrase.h"

/* Changes the members of this document, at any depth, that are such lines: "detail", "last_update_result",
 * "last_update_error", and those of a summary that name a trouble.  The same line is worded once.  Each of its
 * "sentences" (manager/core/sentence.h) gets a member "text".
 * needs: which of them at all, as to look is dear; NULL: each. */
void con_word_lines(json_t *document, HlPhraseLanguage language, bool (*needs)(const char *line));

#endif
