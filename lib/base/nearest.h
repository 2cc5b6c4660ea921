/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody probably meant who mistyped a word.  Pure. */
#ifndef LIB_BASE_NEAREST_H
#define LIB_BASE_NEAREST_H

#include <glib.h>

/* The fewest letters that are inserted, left out, exchanged for another, or swapped with their neighbour to make one
 * word of the other (optimal string alignment distance); HL_NEAREST_FAR for words that are longer than 64 bytes. */
guint hl_nearest_distance(const char *a, const char *b);
#define HL_NEAREST_FAR 1000

/* The nearest of the candidates (NULL at their end), the first of equals; NULL: none is near enough to be meant: one
 * slip in up to four letters, two in longer words. */
const char *hl_nearest(const char *word, const char *const *candidates);

#endif
