/* SPDX-License-Identifier: Apache-2.0 */
/* Text that comes from outside and is shown to a person.  Pure. */
#ifndef LIB_BASE_TEXT_H
#define LIB_BASE_TEXT_H

#include <glib.h>
#include <stdbool.h>

/* One line of valid UTF-8 without anything that a terminal or a reader's eye would obey, and without secrets: white
 * space becomes a blank; what is no UTF-8, other controls, what reverses the direction of writing and what cannot be
 * seen become U+FFFD; user name and password of a URL become "***".  Everything that a terminal or a log gets from
 * elsewhere comes through here: by hl_fail, hl_log, HlTable and hl_json_printable, or by hand.  Caller frees. */
char *hl_text_printable(const char *text);

/* Whether it is ASCII without control characters, escapes and addresses, so that hl_text_printable would leave it, and
 * each text of a JSON document as it is.  For answers of megabytes, most of which are. */
bool hl_text_is_plain(const char *text);

/* The same for what is meant to be a URL as a whole: then user name and password are found where it is malformed too,
 * or has no scheme.  Caller frees. */
char *hl_text_url(const char *url);

/* Controls and format characters: what a terminal obeys, what changes the direction of writing, what is invisible. */
bool hl_char_is_deceptive(gunichar c);

/* The last three lines of what a program said, joined by "; ": what stopped it is there, after complaints about much
 * else.  "" if it said nothing.  Caller frees. */
char *hl_text_last_words(const char *text);

/* For g_ptr_array_sort and qsort of texts: by their bytes, which for UTF-8 is the order of code points. */
int hl_text_compare(gconstpointer a, gconstpointer b);

#endif
