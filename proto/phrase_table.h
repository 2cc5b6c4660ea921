/* SPDX-License-Identifier: Apache-2.0 */
/* The templates of proto/phrase.h, for it and its tests alone. */
#ifndef ENDPOINT_CORE_PHRASE_TABLE_H
#define ENDPOINT_CORE_PHRASE_TABLE_H

#include <glib.h>

#define HL_PHRASE_ARGS 8 /* conversions of a template, at most */

typedef struct {
    /* With %s for text and %u for digits; no other '%', and something between any two. */
    const char *text;
    /* What each %s holds, a letter for each conversion: 's' sentences, 'p' one phrase, 'l' phrases joined by ", ",
     * 'w' a word of the table and nothing else, 'n' such a word or a name, 'c' "WORD=NUMBER WORD=NUMBER", anything else
     * a name, which is not translated.  It may be shorter than there are conversions. */
    const char *holds;
} HlPhrase;

extern const HlPhrase hl_phrases[];
extern const gsize hl_n_phrases;
extern const HlPhrase hl_ground_phrases[]; /* phrase_table_ground.c */
extern const gsize hl_n_ground_phrases;

extern const HlPhrase hl_server_phrases[]; /* phrase_table_server.c */
extern const gsize hl_n_server_phrases;

/* A row of any; NULL past the last one. */
const HlPhrase *hl_phrase_row(gsize index);

/* The texts of errno values, as the C library has them in English. */
extern const struct HlPhraseErrno {
    int value;
    const char *text;
} hl_phrase_errnos[];
extern const gsize hl_n_phrase_errnos;

typedef struct {
    const char *word;
    const char *text; /* the message that has its translation; NULL: the word itself.  English is the word */
} HlPhraseWord;

extern const HlPhraseWord hl_phrase_words[];
extern const gsize hl_n_phrase_words;

#endif
