/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tally.h"

void tally_count(const GError *error, gpointer user)
{
    Tally *tally = user;

    tally->done++;
    if (error == NULL)
        tally->committed++;
    else
        tally->last_code = hl_error_code(error);
}

void tally_wait(const Tally *tally, guint count)
{
    while (tally->done < count)
        g_main_context_iteration(NULL, TRUE);
}
