/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/shares.h"

struct EpShares {
    guint all, taken;  /* taken: by users */
    guint root;        /* taken */
    GHashTable *users; /* uid -> how many; only who has some, so no more rows than `all` */
};

EpShares *ep_shares_new(guint all)
{
    EpShares *shares = g_new0(EpShares, 1);

    shares->all = all;
    shares->users = g_hash_table_new(NULL, NULL);
    return shares;
}

void ep_shares_free(EpShares *shares)
{
    if (shares == NULL)
        return;
    g_hash_table_unref(shares->users);
    g_free(shares);
}

bool ep_shares_take(EpShares *shares, uint32_t uid)
{
    guint own = GPOINTER_TO_UINT(g_hash_table_lookup(shares->users, GUINT_TO_POINTER(uid)));

    if (uid == 0)
        return shares->root < shares->all && ++shares->root > 0;
    if (own >= shares->all - shares->taken)
        return false;
    g_hash_table_insert(shares->users, GUINT_TO_POINTER(uid), GUINT_TO_POINTER(own + 1));
    shares->taken++;
    return true;
}

void ep_shares_reset(EpShares *shares)
{
    shares->taken = shares->root = 0;
    g_hash_table_remove_all(shares->users);
}
