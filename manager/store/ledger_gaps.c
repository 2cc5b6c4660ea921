/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry lacks: to be told, and freed. */
#include "manager/store/ledger.h"

#include <string.h>

#include "lib/base/i18n.h"

void mgr_gaps_clear(MgrGaps *gaps)
{
    GPtrArray *const lists[] = { gaps->certificates, gaps->revocations, gaps->endpoints, gaps->removals,
                                 gaps->revoked,      gaps->renewals,    gaps->uses,      gaps->withdrawals,
                                 gaps->accounts,     gaps->dismissals };

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        if (lists[i] != NULL)
            g_ptr_array_unref(lists[i]);
    mgr_place_record_clear(&gaps->place);
    memset(gaps, 0, sizeof *gaps);
}

/* Takes words. */
static void add(GPtrArray *parts, guint n, char *words)
{
    if (n > 0)
        g_ptr_array_add(parts, words);
    else
        g_free(words);
}

char *mgr_gaps_describe(const MgrGaps *gaps)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    guint n;

    n = gaps->endpoints->len;
    add(parts, n, g_strdup_printf(hl_trn("%u enrolment", "%u enrolments", n), n));
    n = gaps->certificates->len;
    add(parts, n, g_strdup_printf(hl_trn("%u certificate", "%u certificates", n), n));
    n = gaps->renewals->len;
    add(parts, n, g_strdup_printf(hl_trn("%u renewal", "%u renewals", n), n));
    n = gaps->revocations->len + gaps->revoked->len;
    add(parts, n, g_strdup_printf(hl_trn("%u revocation", "%u revocations", n), n));
    n = gaps->removals->len;
    add(parts, n, g_strdup_printf(hl_trn("%u removal", "%u removals", n), n));
    n = gaps->uses->len;
    add(parts, n, g_strdup_printf(hl_trn("%u used bundle", "%u used bundles", n), n));
    n = gaps->withdrawals->len;
    add(parts, n, g_strdup_printf(hl_trn("%u withdrawn bundle", "%u withdrawn bundles", n), n));
    n = gaps->place.counter != 0 ? 1 : 0;
    add(parts, n, g_strdup_printf(hl_trn("%u announcement of keys", "%u announcements of keys", n), n));
    n = gaps->accounts->len + gaps->dismissals->len;
    add(parts, n, g_strdup_printf(hl_trn("%u change of an account", "%u changes of accounts", n), n));
    g_ptr_array_add(parts, NULL);
    return parts->len > 1 ? g_strjoinv(", ", (char **)parts->pdata) : NULL;
}
