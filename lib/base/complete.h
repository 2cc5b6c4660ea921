/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand where somebody pressed Tab: one answer for bash, zsh and fish, from the same table as everything else.
 * "PROGRAM complete WORD..." is what the shells ask, the last word being typed; "PROGRAM completion [SHELL]" is the
 * script that makes them ask. */
#ifndef LIB_BASE_COMPLETE_H
#define LIB_BASE_COMPLETE_H

#include "lib/base/cli.h"

/* The candidates that begin with the last of the words, in order and each once, NULL at the end; free with
 * g_strfreev.  NULL: a file goes there. */
char **hl_complete(const HlProgram *program, char **words, int n_words);

/* Whether a word means nothing but itself in any shell; others are not offered. */
bool hl_complete_is_plain(const char *word);

/* The script of zsh or fish; false: it is another shell. */
bool hl_complete_script(const HlProgram *program, const char *shell);

/* Of cli.c: whether the command takes the flag. */
bool hl_cli_takes(const HlProgram *program, const HlCommand *command, const char *flag);

#endif
