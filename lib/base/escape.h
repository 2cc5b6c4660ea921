/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a path as text for people and the wire, and back, without losing one.  Pure.
 *
 * A backslash is doubled.  Bytes that are not UTF-8, and those of controls and of what hl_char_is_deceptive names, are
 * written \xNN with two lower-case digits.  The text is valid UTF-8 without controls, and hl_text_printable leaves it
 * as it is (but hides the password of a path that reads like a URL).  Text without any of these is itself. */
#ifndef LIB_BASE_ESCAPE_H
#define LIB_BASE_ESCAPE_H

#include <glib.h>

/* How much longer a text can be than its bytes. */
#define HL_ESCAPE_GROWTH 4

/* bytes end at a NUL, which no path contains.  Caller frees. */
char *hl_escape(const char *bytes);

/* The bytes of a text that hl_escape could have made; digits may be of either case.  NULL if a backslash is followed by
 * anything but another one or xNN, or NN is 00.  Caller frees. */
char *hl_unescape(const char *text);

#endif
