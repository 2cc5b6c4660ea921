/* SPDX-License-Identifier: Apache-2.0 */
/* The quarantine's record of a file.  What is taken leads to a file of its own name in an absolute directory, is
 * printed and read again, and the same. */
#include <string.h>

#include "endpoint/scan/record.h"
#include "lib/base/ident.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EpRecord) record = ep_record_parse(data, size, &error);
    g_autoptr(EpRecord) again = NULL;
    g_autofree char *printed = NULL;
    g_autofree char *reprinted = NULL;

    g_assert_true((record == NULL) == (error != NULL));
    if (record == NULL)
        return 0;
    g_assert_true(hl_ident_is_valid(record->id));
    g_assert_true(record->directory[0] == '/' && *record->name != '\0' && strchr(record->name, '/') == NULL);
    g_assert_true(record->size >= 0 && record->mode <= 07777);
    printed = ep_record_print(record);
    again = ep_record_parse(printed, strlen(printed), &error);
    if (again == NULL)
        g_error("%s", error->message);
    reprinted = ep_record_print(again);
    g_assert_cmpstr(reprinted, ==, printed);
    return 0;
}
