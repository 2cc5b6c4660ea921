/* SPDX-License-Identifier: Apache-2.0 */
/* The base that the delta target applies to, and its corpus is made for.  Small: a run primes the mixing coder with all
 * of it. */
#ifndef TESTS_FUZZ_DELTA_BASE_H
#define TESTS_FUZZ_DELTA_BASE_H

#include <glib.h>

/* The longest result that the target lets a delta announce. */
#define DELTA_OUT_MAX ((guint64)2048)

/* Lines of various lengths, some equal, the last without newline. */
static inline GString *delta_base(void)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < 16; i++)
        g_string_append_printf(text, "%04x:%u:Family-%u%s", (i / 2 * 2654435761u) >> 16, i * 37 % 100, i / 4,
                               i == 15 ? "" : "\n");
    return text;
}

#endif
