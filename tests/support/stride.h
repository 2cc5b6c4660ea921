/* SPDX-License-Identifier: Apache-2.0 */
/* Of a test's many like cases (each pair of calls, each change of the disk) every how many-th is run: 1, or as
 * TEST_STRIDE says.  The cases differ in what is wrong with the result, which the build without a sanitizer sees as
 * well, for all of them; the code that a sanitizer watches is the same in each few. */
#ifndef TESTS_SUPPORT_STRIDE_H
#define TESTS_SUPPORT_STRIDE_H

#include <glib.h>
#include <stdbool.h>

static inline int stride(void)
{
    const char *text = g_getenv("TEST_STRIDE");
    gint64 value = 1;

    if (text != NULL)
        g_assert_true(g_ascii_string_to_signed(text, 10, 1, 100, &value, NULL));
    return (int)value;
}

/* Whether this case is one of them; each call is the next case. */
static inline bool stride_is_turn(void)
{
    static int n = 0;

    return n++ % stride() == 0;
}

#endif
