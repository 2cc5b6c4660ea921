/* SPDX-License-Identifier: Apache-2.0 */
/* Range and Content-Range of HTTP, for files of several sizes.  A part that is taken lies in the file and is not empty.
 */
#include "lib/http/range.h"
#include "tests/fuzz/fuzz.h"

static void try_size(const char *text, uint64_t size)
{
    uint64_t offset = 0;
    uint64_t length = 0;
    g_autofree char *plain = NULL;
    uint64_t again_offset = 0;
    uint64_t again_length = 0;

    if (hl_range_parse(text, size, &offset, &length) != HL_RANGE_ONE) {
        g_assert_true(offset == 0 && length == 0);
        return;
    }
    g_assert_cmpuint(length, >, 0);
    g_assert_cmpuint(offset, <, size);
    g_assert_cmpuint(length, <=, size - offset);
    plain = g_strdup_printf("bytes=%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, offset, offset + length - 1);
    g_assert_cmpint(hl_range_parse(plain, size, &again_offset, &again_length), ==, HL_RANGE_ONE);
    g_assert_true(again_offset == offset && again_length == length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[] = { 0, 1, 10, (uint64_t)1 << 32, G_MAXUINT64 };
    g_autofree char *text = fuzz_text(data, size);
    uint64_t from = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++)
        try_size(text, sizes[i]);
    g_assert_true(hl_content_range_parse(text, &from) || from == 0);
    return 0;
}
