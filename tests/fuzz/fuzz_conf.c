/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files, read by the tables of manager, endpoint and console.  What is taken is printed, read again, and
 * the same.
 */
#include <string.h>

#include "endpoint/core/conf.h"
#include "lib/base/conf.h"
#include "manager/console/core/conf.h"
#include "manager/core/conf.h"
#include "tests/fuzz/fuzz.h"

static void try_table(HlOptionTable table, void *values, void *again, const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *printed = NULL;
    g_autofree char *reprinted = NULL;

    if (!hl_conf_parse("fuzz.conf", (const char *)data, size, table, values, &error)) {
        g_assert_nonnull(error);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        return;
    }
    printed = hl_conf_print(table, values);
    if (!hl_conf_parse("printed.conf", printed, strlen(printed), table, again, &error))
        g_error("%s", error->message);
    reprinted = hl_conf_print(table, again);
    g_assert_cmpstr(reprinted, ==, printed);
    hl_options_clear(table, values);
    hl_options_clear(table, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MgrConf manager[2] = { 0 };
    EpConf endpoint[2] = { 0 };
    ConConf console[2] = { 0 };

    try_table(mgr_conf_table(), &manager[0], &manager[1], data, size);
    try_table(ep_conf_table(), &endpoint[0], &endpoint[1], data, size);
    try_table(con_conf_table(), &console[0], &console[1], data, size);
    return 0;
}
