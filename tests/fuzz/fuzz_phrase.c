/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon or a stranger's words make of proto/phrase: without a translation the same bytes, with one a
 * text that no captured part has been a format of. */
#include <string.h>

#include "proto/phrase.h"
#include "tests/fuzz/fuzz.h"

#define MAX_SIZE 512 /* a thousand runs a second; longer texts only have more sentences */

static const char *same(const char *message)
{
    return message;
}

static const char *no_arguments(const char *message G_GNUC_UNUSED)
{
    return "%%";
}

static const char *too_many(const char *message G_GNUC_UNUSED)
{
    return "%9$s %99$u %1$s %";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, MIN(size, MAX_SIZE));
    g_autofree char *back = hl_phrase_translate_to(text, same);
    g_autofree char *none = hl_phrase_translate_to(text, no_arguments);
    g_autofree char *many = hl_phrase_translate_to(text, too_many);

    g_assert_cmpstr(back, ==, text);
    g_assert_cmpstr(hl_phrase_word(text), ==, text);
    g_assert_nonnull(none);
    g_assert_nonnull(many);
    return 0;
}
