/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager says with a remedy for the reader of a shell, in the words of the console (remedy.def).
 *
 * Pure, any thread.  Each is an HlFaultLanguage and an HlPhraseLanguage: a text of ours, with its arguments or
 * conversions not yet put in, comes back in the language; the argument itself if there is nothing else to say. */
#ifndef MANAGER_CONSOLE_REMEDY_H
#define MANAGER_CONSOLE_REMEDY_H

#include <stdbool.h>

const char *con_remedy_english(const char *text);
const char *con_remedy_japanese(const char *text);

/* Whether a text names a command or an option of a shell, or a call of the manager, which no page has.  Of texts and of
 * what they have become. */
bool con_remedy_is_of_shell(const char *text);

#endif
