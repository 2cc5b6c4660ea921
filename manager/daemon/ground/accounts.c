/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/accounts.h"

#include <string.h>

#include "manager/core/meant.h"
#include "manager/core/refusal.h"

#define MAX_OWNERS 3 /* named in a message */

static void free_account(gpointer item)
{
    mgr_account_record_clear(item);
    g_free(item);
}

GHashTable *mgr_accounts_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_account);
}

static void on_account(MgrAccountRecord *record, gpointer user)
{
    mgr_accounts_put(user, record);
}

bool mgr_accounts_load(GHashTable *accounts, HlDb *db, GError **error)
{
    return mgr_registry_load_accounts(db, on_account, accounts, error);
}

void mgr_accounts_put(GHashTable *accounts, const MgrAccountRecord *record)
{
    MgrAccountRecord *account = g_new0(MgrAccountRecord, 1);

    mgr_account_record_copy(account, record);
    g_hash_table_replace(accounts, account->name, account);
}

void mgr_accounts_remove(GHashTable *accounts, const char *name)
{
    g_hash_table_remove(accounts, name);
}

const MgrAccountRecord *mgr_accounts_get(GHashTable *accounts, const char *name)
{
    return g_hash_table_lookup(accounts, name);
}

static int compare_accounts(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MgrAccountRecord *const *)a)->name, (*(const MgrAccountRecord *const *)b)->name);
}

GPtrArray *mgr_accounts_sorted(GHashTable *accounts)
{
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, accounts);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(sorted, value);
    g_ptr_array_sort(sorted, compare_accounts);
    return sorted;
}

bool mgr_accounts_did(GHashTable *accounts, const char *name, HlTime at)
{
    const MgrAccountRecord *account = mgr_accounts_get(accounts, name);

    return account != NULL && (account->created_at <= at || account->created_at > hl_clock_wall());
}

bool mgr_accounts_meets(const MgrAccountRecord *account, const MgrCaller *caller)
{
    g_auto(GStrv) groups = g_strsplit(account->groups, ",", -1);

    if (*account->groups == '\0')
        return true;
    for (gsize i = 0; groups[i] != NULL; i++)
        if (mgr_caller_sees(caller, groups[i]))
            return true;
    return false;
}

bool mgr_accounts_unknown_fail(GHashTable *accounts, const MgrCaller *caller, const char *name, GError **error)
{
    GHashTableIter iter;
    gpointer value;
    MgrMeant meant;
    g_autofree char *near = NULL;

    mgr_meant_begin(&meant, name);
    g_hash_table_iter_init(&iter, accounts);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (mgr_accounts_meets(value, caller))
            mgr_meant_consider(&meant, ((const MgrAccountRecord *)value)->name, NULL);
    near = mgr_meant_end(&meant);
    return near != NULL ? mgr_refuse(error, MGR_REFUSE_ACCOUNT_NEAR, name, near, NULL)
                        : mgr_refuse(error, MGR_REFUSE_ACCOUNT_UNKNOWN, name, NULL);
}

static bool is_owner(const MgrAccountRecord *account)
{
    return account->role == MGR_ROLE_OWNER && account->disabled_at == 0;
}

bool mgr_accounts_have_owner(GHashTable *accounts)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, accounts);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (is_owner(value))
            return true;
    return false;
}

/* Names of owners, by name; without can: of all that are enabled. */
static GPtrArray *find_owners(GHashTable *accounts, MgrAccountsCanFn can, gpointer user)
{
    g_autoptr(GPtrArray) sorted = mgr_accounts_sorted(accounts);
    GPtrArray *owners = g_ptr_array_new();

    for (guint i = 0; i < sorted->len; i++) {
        const MgrAccountRecord *account = sorted->pdata[i];

        if (is_owner(account) && (can == NULL || can(account->name, user)))
            g_ptr_array_add(owners, account->name);
    }
    return owners;
}

char *mgr_accounts_owners(GHashTable *accounts, MgrAccountsCanFn can, gpointer user)
{
    g_autoptr(GPtrArray) owners = find_owners(accounts, can, user);
    GString *out = g_string_new(NULL);

    if (owners->len == 0) {
        g_ptr_array_unref(owners);
        owners = find_owners(accounts, NULL, NULL);
    }
    if (owners->len == 0)
        return g_string_free(g_string_append(out, MGR_NO_OWNER), FALSE);
    for (guint i = 0; i < MIN(owners->len, MAX_OWNERS + 1); i++)
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", i < MAX_OWNERS ? (const char *)owners->pdata[i] : "...");
    return g_string_free(out, FALSE);
}
