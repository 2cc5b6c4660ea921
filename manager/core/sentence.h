/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences that the manager says and somebody else words: a code with arguments on the wire, a text in the reader's
 * language where it is shown.
 *
 * The codes and their English are one table (sentence.c), which xgettext collects.  An argument has one meaning
 * wherever its name stands, so {ago} is a duration in every sentence.  Pure; any thread. */
#ifndef MANAGER_CORE_SENTENCE_H
#define MANAGER_CORE_SENTENCE_H

#include "lib/base/clock.h"
#include "lib/base/json_out.h"

/* What a sentence is about; members that its text does not name are not used.  Texts are borrowed, NULL: not given. */
typedef struct {
    const char *code;
    const char *address;   /* host:port */
    const char *detail;    /* English, for people; may come from outside */
    const char *displayed; /* title of the displayed status */
    HlTime ago;
    int64_t count;
} MgrSentence;

#define MGR_SENTENCES_MAX 4 /* together, of one explanation */

/* A message in the reader's language; the argument itself if there is none. */
typedef const char *(*MgrSentenceLanguage)(const char *message);

/* The sentence in words.  A code that is not in the table (of a later manager) is worded as the code itself.  language
 * NULL: English.  Caller frees. */
char *mgr_sentence_word(const MgrSentence *sentence, MgrSentenceLanguage language);

/* All of them, joined by "; ".  Caller frees. */
char *mgr_sentences_word(const MgrSentence *sentences, gsize n, MgrSentenceLanguage language);

/* [{"code": ..., "args": {...}}, ...] with the arguments that the texts name; durations in milliseconds. */
void mgr_sentences_put(HlJsonOut *out, const char *name, const MgrSentence *sentences, gsize n);

/* The same as a tree; NULL: a text in it is not UTF-8. */
json_t *mgr_sentences_json(const MgrSentence *sentences, gsize n);

/* What such a document holds, borrowed from it: at most max; what is malformed is left out.  Returns how many. */
gsize mgr_sentences_parse(const json_t *document, MgrSentence *sentences, gsize max);

typedef struct {
    const char *code, *text;
} MgrSentenceRow;

/* The table, for what is generated from it, and for tests. */
extern const MgrSentenceRow mgr_sentence_rows[];
extern const gsize mgr_n_sentence_rows;

/* Texts that stand in the place of an argument: titles of statuses and units of time. */
extern const char *const mgr_sentence_terms[];
extern const gsize mgr_n_sentence_terms;

#endif
