/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts in memory: a table of name -> MgrAccountRecord *, a cache of the registry, owned by the loop thread.
 *
 * As the rest of the fleet (fleet.h): changed in the registry first, and here after the commit. */
#ifndef MANAGER_DAEMON_GROUND_ACCOUNTS_H
#define MANAGER_DAEMON_GROUND_ACCOUNTS_H

#include "manager/store/accounts.h"

#define MGR_NO_OWNER "none is left: on the server, holdline account certificate NAME --site DIR makes one"

/* An empty table; free with g_hash_table_unref. */
GHashTable *mgr_accounts_new(void);
bool mgr_accounts_load(GHashTable *accounts, HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new one, or another state of the one of that name; copied. */
void mgr_accounts_put(GHashTable *accounts, const MgrAccountRecord *record);
void mgr_accounts_remove(GHashTable *accounts, const char *name);

/* NULL when there is none. */
const MgrAccountRecord *mgr_accounts_get(GHashTable *accounts, const char *name);

/* MgrAccountRecord *, sorted by name; free with g_ptr_array_unref. */
GPtrArray *mgr_accounts_sorted(GHashTable *accounts);

/* Whether the account is there for the caller: it may do something in one of the groups that are. */
bool mgr_accounts_meets(const MgrAccountRecord *account, const MgrCaller *caller);

/* Fails with what says that there is no account of this name, or none for the caller, and which one was meant. */
bool mgr_accounts_unknown_fail(GHashTable *accounts, const MgrCaller *caller, const char *name, GError **error);

/* Whether what somebody of this name did at that time (wall) was done by the account that there is: a name may be used
 * again, by another person.  Of an account that was made while the clock was ahead that cannot be told, and it is taken
 * to be theirs: else they could take back nothing until then. */
bool mgr_accounts_did(GHashTable *accounts, const char *name, HlTime at);

/* Whether an account is left that is an owner and enabled. */
bool mgr_accounts_have_owner(GHashTable *accounts);

/* The enabled owners, for messages: "ann, ben, ...", the first few; how one is made again where none is left.  Those
 * who can do something are named alone, if there are any.  Caller frees. */
typedef bool (*MgrAccountsCanFn)(const char *name, gpointer user);
char *mgr_accounts_owners(GHashTable *accounts, MgrAccountsCanFn can, gpointer user);

#endif
