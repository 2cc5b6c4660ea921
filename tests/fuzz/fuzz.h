/* SPDX-License-Identifier: Apache-2.0 */
/* What libFuzzer calls, and the replay runner in its place. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* The input as text, ending at its first NUL.  Caller frees. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    return g_strndup(size > 0 ? (const char *)data : "", size); /* g_strndup makes NULL of NULL */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
