/* Text that comes from outside and is shown to a person.  Pure. */
#ifndef LIB_BASE_TEXT_H
#define LIB_BASE_TEXT_H

#include <glib.h>

/* One line of valid UTF-8 without anything that could trick a terminal or a reader: white space becomes a blank;
 * invalid UTF-8, other control characters, and whatever changes the direction of writing become U+FFFD.  Caller
 * frees. */
char *hl_text_printable(const char *text);

/* The last three lines of a program's output, joined by "; ": the reason why it stopped is there, after complaints
 * about much else.  "" if there was none.  Caller frees. */
char *hl_text_last_words(const char *text);

#endif
