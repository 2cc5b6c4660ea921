/* SPDX-License-Identifier: Apache-2.0 */
/* The templates of endpoint/core/phrase.h, for it and its tests alone. */
#ifndef ENDPOINT_CORE_PHRASE_TABLE_H
#define ENDPOINT_CORE_PHRASE_TABLE_H

#include <glib.h>

#define EP_PHRASE_ARGS 8 /* conversions of a template, at most */

typedef struct {
    /* With %s for text and %u for digits; no other '%', and something between any two. */
    const char *text;
    /* What each %s holds, a letter for each conversion: 's' sentences, 'p' one phrase, 'l' phrases joined by ", ",
     * anything else a name, which is not translated.  It may be shorter than there are conversions. */
    const char *holds;
} EpPhrase;

extern const EpPhrase ep_phrases[];
extern const gsize ep_n_phrases;
extern const EpPhrase ep_ground_phrases[]; /* phrase_table_ground.c */
extern const gsize ep_n_ground_phrases;

/* A row of either; NULL past the last one. */
const EpPhrase *ep_phrase_row(gsize index);

/* The texts of errno values, as the C library has them in English. */
extern const struct EpPhraseErrno {
    int value;
    const char *text;
} ep_phrase_errnos[];
extern const gsize ep_n_phrase_errnos;

extern const char *const ep_phrase_words[];
extern const gsize ep_n_phrase_words;

#endif
