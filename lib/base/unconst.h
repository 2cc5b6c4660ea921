/* SPDX-License-Identifier: Apache-2.0 */
/* For foreign interfaces that take a pointer without const and only read through it, or store it for others to read:
 * char * members of protobuf-c, containers of GLib, argument vectors, jansson's iterators, OpenSSL, iovec; and to free
 * a string that its struct declares const for everybody else.
 *
 * Not for our own functions, whose parameters say what they do, and never to write.  It has a name so that each such
 * place can be found; -Wcast-qual refuses a cast that does the same silently. */
#ifndef LIB_BASE_UNCONST_H
#define LIB_BASE_UNCONST_H

#include <glib.h>

static inline gpointer hl_unconst(gconstpointer pointer)
{
    /* not a cast: that is what the warning is about */
    union {
        gconstpointer from;
        gpointer to;
    } same = { .from = pointer };

    return same.to;
}

#endif
