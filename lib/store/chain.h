/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of rows: each has a hash over its fields and over the hash before it, so that no row of the middle can be
 * changed, taken out, put in or moved without all that follow.
 *
 * SHA-256 over the hash before and the fields, each with its length before it (8 bytes, big-endian); a number is its
 * decimal text.  In SQL it is hl_chain(before, field, ...), on each connection (db.h): the statement that adds a row
 * computes its hash, inside its transaction.  Any thread. */
#ifndef LIB_STORE_CHAIN_H
#define LIB_STORE_CHAIN_H

#include <glib.h>

/* before NULL: it is the first.  fields: texts, NULL is as ""; caller owns the result. */
GBytes *hl_chain_hash(GBytes *before, const char *const *fields, gsize n);

#endif
