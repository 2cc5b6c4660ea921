/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon says, in the user's language.
 *
 * The endpoint's daemon answers many users in one language, English, which its log, its reports and scripts get as
 * well, and the manager keeps what it was told beside its own words in the registry.  So a program that shows these
 * translates them: it finds the sentences that they are made of in a table of templates (phrase_table*.c), takes out
 * the argument of each conversion, and puts it into the translation of the template.  The program's own errors go the
 * same way, once, where they are shown.  Words that fit no template stay as they are.  Without hl_i18n_init every text
 * comes back as it is.
 *
 * Pure, any thread.  Hostile texts are safe: what was taken out of a text is never a format, and the work is bounded.
 */
#ifndef ENDPOINT_CORE_PHRASE_H
#define ENDPOINT_CORE_PHRASE_H

#include <glib.h>

/* Bytes; a longer text comes back as it is. */
#define HL_PHRASE_MAX 4096

/* A message of the catalogue in a language; the argument itself if there is none. */
typedef const char *(*HlPhraseLanguage)(const char *message);

/* Sentences, joined by ": " and "; ".  Caller frees. */
char *hl_phrase_translate(const char *english);

/* The same of an error's message, for HlProgram.say. */
char *hl_phrase_error(const GError *error);

/* One word of a table or a list, as "succeeded": the state, kind, trigger or name that scripts get.  A word that is not
 * in the table comes back as it is.  Static, or the argument. */
const char *hl_phrase_word(const char *word);

/* Of a history or a result: one word, or sentences.  Caller frees. */
char *hl_phrase_detail(const char *english);
char *hl_phrase_detail_to(const char *english, HlPhraseLanguage language);

/* The same with another language than the user's. */
char *hl_phrase_translate_to(const char *english, HlPhraseLanguage language);

#endif
