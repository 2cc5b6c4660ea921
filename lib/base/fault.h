/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong, as rows of a table: the code of a sentence (said.h), the code of the error, and the English, with
 * its arguments in braces.  The error gets all three; a client words the sentence in its reader's language.
 *
 * Pure, any thread.  The tables are beside those who fail with them: lib/base/value_fault.def, proto/fault.def,
 * manager/core/refusal.def, manager/console/core/fault.def, manager/filter/fault.c.
 */
#ifndef LIB_BASE_FAULT_H
#define LIB_BASE_FAULT_H

#include <stdint.h>

#include "lib/base/said.h"

typedef struct {
    const char *sentence; /* "group.unknown" */
    HlErrorCode code;
    const char *text; /* "there is no group '{name}'" */
} HlFault;

typedef struct {
    const HlFault *rows;
    gsize n;
} HlFaultTable;

#define HL_FAULT_VALUES_MAX 8

/* Fails with the row.  The values are those of its arguments in the order in which the text first names them, borrowed,
 * up to a NULL; without one an argument is "".  Returns false. */
bool hl_fault_fail(GError **error, const HlFault *fault, const char *const *values);

/* A message in the reader's language, as hl_tr. */
typedef const char *(*HlFaultLanguage)(const char *message);

/* The error worded again, if its sentence is a row of one of these tables, which end with NULL; what prefixes its
 * message stays.  NULL: it is none.  Caller frees. */
char *hl_fault_word(const HlFaultTable *const *tables, const GError *error, HlFaultLanguage language);

/* The text with what the error says for each {name}; {what} is what.  What the arguments hold is never taken for a
 * text.  Caller frees. */
char *hl_fault_put(const char *text, const GError *error, const char *what);

/* What stands before english in a message that ends with it, and worded.  Caller frees. */
char *hl_fault_keep_prefix(const char *message, const char *english, const char *worded);

/* A number as a value; the text lives as long as the block that it is in. */
#define HL_NUMBER(n) hl_number_text((char[24]){ 0 }, (int64_t)(n))
const char *hl_number_text(char buffer[24], int64_t n);

#endif
