/* SPDX-License-Identifier: Apache-2.0 */
/* JSON through jansson; the only file that includes its header.
 *
 * jansson, because it can refuse duplicate members, keeps integers up to 2^63 exact, and tells a string with \u0000
 * inside from a shorter one.  json_t is vocabulary: modules that include this header use jansson's own functions, and
 * g_autoptr(json_t). */
#ifndef LIB_BASE_JSON_H
#define LIB_BASE_JSON_H

#include <jansson.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* Strict: duplicate members and trailing bytes are errors; nesting is bounded by jansson (2048).  Messages call the
 * document name.  NULL on failure. */
json_t *hl_json_parse(const char *name, const void *data, gsize size, GError **error);

/* What json_loadb would at most take for a document beside the bytes of its text and its strings: each object, list,
 * member and element at jansson's own prices, read off the characters that open and part them.  5 MB of empty objects
 * would take 400 MB.  Linear, takes no memory itself. */
gsize hl_json_cost(const void *data, gsize size);

/* The same as hl_json_parse for what nobody has vouched for yet: what is nested deeper than HL_JSON_DEPTH, or costs
 * more than max_cost (HL_ERROR_LIMIT), is refused before anything is allocated for it; a text with a NUL in it, too. */
#define HL_JSON_DEPTH 64
json_t *hl_json_parse_bounded(const char *name, const void *data, gsize size, gsize max_cost, GError **error);

/* One line, members in insertion order; controls and what hl_text_printable takes for deceptive are written as \uXXXX,
 * which means the same to a program and nothing to a terminal.  Caller frees with g_free. */
char *hl_json_print(const json_t *value);

/* JSON text that somebody else printed, written as hl_json_print does.  Caller frees with g_free. */
char *hl_json_escape(const char *text);

/* As hl_json_escape, for a text of size bytes, a NUL behind them, that may not be UTF-8: NULL then. */
char *hl_json_escape_checked(const char *text, gsize size);

/* The member's text, borrowed; "" if there is none, or it is no text. */
const char *hl_json_text(const json_t *object, const char *name);

/* hl_time_format's text; null for 0, which stands for "never", and for what is before it. */
json_t *hl_json_time(HlTime wall);

/* A copy for people: every text in it, names of members included, as by hl_text_printable. */
json_t *hl_json_printable(const json_t *value);

#endif
