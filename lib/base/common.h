/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that thousands of records have in common (names of groups, versions, ""), kept once.
 *
 * There is room for HL_COMMON_SIZE bytes of them, and none is ever given up: what does not fit, or is longer than
 * HL_COMMON_MAX, is kept by each that has it.  So strangers who choose such texts can spend the room, and no memory.
 * A text that may be a common one is freed with hl_common_free, and never changed in place.  One thread takes; any
 * frees. */
#ifndef LIB_BASE_COMMON_H
#define LIB_BASE_COMMON_H

#include <glib.h>

#define HL_COMMON_SIZE (256 * 1024)
#define HL_COMMON_MAX  128 /* bytes, without the end */

/* As much as g_strdup, for valid UTF-8; NULL for NULL. */
char *hl_common_dup(const char *text);

/* NULL: it is not known yet. */
char *hl_common_find(const char *text);

/* As much as g_free, for what may be a common text. */
void hl_common_free(gpointer text);

/* Bytes of the room that are spent. */
gsize hl_common_used(void);

#endif
