/* SPDX-License-Identifier: Apache-2.0 */
/* A hash for tables whose keys come from outside.
 *
 * g_str_hash is known: 33,000 names that it maps to one value make a table of them cost seconds.  This one is SipHash
 * under a key that each process draws, so nobody can choose such names.  Not for what is written to a disk or the wire:
 * the next process has other values.  Any thread. */
#ifndef LIB_BASE_HASH_H
#define LIB_BASE_HASH_H

#include <glib.h>

/* A GHashFunc for text; goes with g_str_equal. */
guint hl_text_hash(gconstpointer text);

#endif
