/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object in a text, looked at and not kept: whether it is one, where it ends, and where a few of its members
 * are. For long lists that go through as they came: jansson's tree of each costs four times as much, and is thrown
 * away.
 *
 * Not a parser: it tells no error; who has to say what is wrong has jansson look.  What it takes jansson takes, but for
 * members that appear twice and are not looked for, halves of surrogate pairs, bytes that are no UTF-8 and numbers that
 * nothing can hold. Pure; takes no memory. */
#ifndef LIB_BASE_JSON_SKIM_H
#define LIB_BASE_JSON_SKIM_H

#include <glib.h>

/* A member of the object itself, not of what is in it. */
typedef struct {
    const char *name;
    const char *text; /* of its value, as it is written; NULL: there is none.  In the object's text. */
    gsize size;
} HlJsonMember;

/* The object with which text begins: how many bytes it has; what follows is not looked at.  0: there is none, or it is
 * nested deeper than HL_JSON_DEPTH.  members: what is looked for; names are plain, as their values are written. */
gsize hl_json_skim(const char *text, gsize size, HlJsonMember *members, gsize n_members);

#endif
