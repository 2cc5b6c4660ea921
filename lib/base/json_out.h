/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text that is written member by member, for documents that are made often: no tree, and most often no allocation
 * but the text itself.  The bytes are those of hl_json_print for the same tree.
 *
 * Commas follow by themselves.  It is *not* a judge of what is written: brackets that do not match, or a name that is
 * written twice, are the caller's bug.  One thread at a time. */
#ifndef LIB_BASE_JSON_OUT_H
#define LIB_BASE_JSON_OUT_H

#include "lib/base/json.h"

#define HL_JSON_OUT_USUAL 4096 /* bytes: a status document fits */

/* Private. */
typedef struct {
    char *many; /* NULL: it fits */
    gsize size, room;
    bool broken; /* a value that JSON does not have */
    char few[HL_JSON_OUT_USUAL];
} HlJsonOut;

/* Leaves few as it is. */
void hl_json_out_init(HlJsonOut *out);
void hl_json_out_clear(HlJsonOut *out);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlJsonOut, hl_json_out_clear)

/* name: of the member of an object; NULL for the elements of a list, and for the whole.  bracket: '{' or '[', and '}'
 * or ']'. */
void hl_json_out_open(HlJsonOut *out, const char *name, char bracket);
void hl_json_out_close(HlJsonOut *out, char bracket);

/* text NULL: null. */
void hl_json_out_text(HlJsonOut *out, const char *name, const char *text);
void hl_json_out_integer(HlJsonOut *out, const char *name, json_int_t value);
void hl_json_out_bool(HlJsonOut *out, const char *name, bool value);

/* A tree, as a member or an element. */
void hl_json_out_value(HlJsonOut *out, const char *name, const json_t *value);

/* The members of an object, behind those that are there. */
void hl_json_out_members(HlJsonOut *out, const json_t *object);

/* The text so far, with what is deceptive written as \uXXXX; caller frees with g_free.  NULL: something in it is not
 * UTF-8, or no value. */
char *hl_json_out_print(HlJsonOut *out);

#endif
