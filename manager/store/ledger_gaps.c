/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry lacks: to be told, and freed. */
#include "manager/store/ledger.h"

#include <string.h>

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

char *mgr_gaps_describe(const MgrGaps *gaps)
{
    const struct {
        guint n;
        const char *one, *many;
    } parts[] = {
        { gaps->endpoints->len, "enrolment", "enrolments" },
        { gaps->certificates->len, "certificate", "certificates" },
        { gaps->renewals->len, "renewal", "renewals" },
        { gaps->revocations->len + gaps->revoked->len, "revocation", "revocations" },
        { gaps->removals->len, "removal", "removals" },
        { gaps->uses->len, "used bundle", "used bundles" },
        { gaps->withdrawals->len, "withdrawn bundle", "withdrawn bundles" },
        { gaps->place.counter != 0 ? 1 : 0, "announcement of keys", "announcements of keys" },
        { gaps->accounts->len + gaps->dismissals->len, "change of an account", "changes of accounts" },
    };
    g_autoptr(GString) out = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i].n > 0)
            g_string_append_printf(out, "%s%u %s", out->len > 0 ? ", " : "", parts[i].n,
                                   parts[i].n == 1 ? parts[i].one : parts[i].many);
    return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
