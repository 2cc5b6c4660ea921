/* Text that comes from elsewhere and is shown to a person.  Pure. */
#ifndef LIB_BASE_TEXT_H
#define LIB_BASE_TEXT_H

#include <glib.h>

/* One line of valid UTF-8 without anything that a terminal or a reader's eye would obey: white space becomes a blank;
 * what is no UTF-8, other controls, and what reverses the direction of writing become U+FFFD.  Caller frees. */
char *hl_text_printable(const char *text);

/* The last three lines of what a program said, joined by "; ": what stopped it stands there, after complaints about
 * much else.  "" if it said nothing.  Caller frees. */
char *hl_text_last_words(const char *text);

#endif
