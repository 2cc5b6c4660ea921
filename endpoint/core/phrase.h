/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon says, in the user's language.
 *
 * The daemon answers many users in one language, English, which its log, its reports and scripts get as well.  So a
 * program that shows its words translates them: it finds the sentences that they are made of in a table of templates
 * (phrase_table.c), takes out the argument of each conversion, and puts it into the translation of the
 * template.  The program's own errors go the same way, once, where they are shown.  Words that fit no template stay as
 * they are.  Without hl_i18n_init every text comes back as it is.
 *
 * Pure, any thread.  Hostile texts are safe: what was taken out of a text is never a format, and the work is bounded.
 */
#ifndef ENDPOINT_CORE_PHRASE_H
#define ENDPOINT_CORE_PHRASE_H

#include <glib.h>

/* Bytes; a longer text comes back as it is. */
#define EP_PHRASE_MAX 4096

/* Sentences, joined by ": " and "; ".  Caller frees. */
char *ep_phrase_translate(const char *english);

/* The same of an error's message, for HlProgram.say. */
char *ep_phrase_error(const GError *error);

/* One word of a table or a list, as "succeeded": the state, kind, trigger or name that scripts get.  A word that is not
 * in the table comes back as it is.  Static, or the argument. */
const char *ep_phrase_word(const char *word);

/* A message of the catalogue in the user's language; the argument itself if there is none. */
typedef const char *(*EpPhraseLanguage)(const char *message);

/* The same with another language than the user's, for tests. */
char *ep_phrase_translate_to(const char *english, EpPhraseLanguage language);

#endif
