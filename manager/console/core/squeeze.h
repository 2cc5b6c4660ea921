/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to many streams, compressed once for all of them (Content-Encoding: gzip, RFC 1952).
 *
 * Each piece is blocks of RFC 1951 that refer to nothing before it and end at a byte, none of them the last: so the
 * head and after it any pieces, whichever a reader gets, are one gzip stream, which is never complete.  Only for what
 * has no secret in it: its length would tell of it to anyone who may put something beside it. */
#ifndef MANAGER_CONSOLE_CORE_SQUEEZE_H
#define MANAGER_CONSOLE_CORE_SQUEEZE_H

#include <gio/gio.h>

/* Static. */
GBytes *con_squeeze_head(void);

/* Makes pieces, one after the other; free with g_object_unref. */
GConverter *con_squeeze_new(void);

/* Caller frees. */
GBytes *con_squeeze(GConverter *squeeze, const char *text);

#endif
