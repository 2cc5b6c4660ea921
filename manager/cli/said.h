/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry keeps as English lines, in the reader's language: histories, results, their codes.  Columns of
 * tables alone: JSON and CSV have them as they are. */
#ifndef MANAGER_CLI_SAID_H
#define MANAGER_CLI_SAID_H

#include "manager/cli/show.h"
#include "proto/phrase.h"

/* A line: "offline -> online (birth)". */
char *cli_format_said(const json_t *value, const json_t *row);

/* A code: "update-now". */
char *cli_format_word(const json_t *value, const json_t *row);

/* A code of a column STATE, coloured.  What is typed, as for a selector, is the code in any language. */
char *cli_format_state(const json_t *value, const json_t *row);

/* What that column says: "running"; in a language that has it, its word there.  Static. */
const char *cli_state_word(const char *code, HlPhraseLanguage language);
const char *cli_state_word_here(const char *code); /* in the reader's */

#endif
