/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions, tokens and passwords in memory: a cache of the registry, changed there first.
 *
 * A pass is good while its account is enabled, it has not ended, and, of a session, somebody used it within half an
 * hour (not in the future either: MGR_CLOCK_SLACK) and the account's role and groups are what they were at sign-in.  A
 * token has at most the account's rights, as they are now.  Loop thread. */
#ifndef MANAGER_DAEMON_STATE_PASSES_H
#define MANAGER_DAEMON_STATE_PASSES_H

#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "manager/store/passes.h"

#define MGR_TOKEN_PREFIX "hlt_" /* so that a token is known as one wherever it turns up */

typedef struct MgrPasses MgrPasses;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    void (*changed)(gpointer user); /* a pass may have ended, or have fewer rights; NULL: nobody is told */
    gpointer user;
} MgrPassesOptions;

/* What cannot be read is logged, and lets nobody in. */
MgrPasses *mgr_passes_new(const MgrPassesOptions *options);
void mgr_passes_free(MgrPasses *passes);

/* 256 random bits in base64url, after the prefix of its kind.  Caller frees. */
char *mgr_pass_text(MgrPassKind kind);

/* The pass of that text, if it is good now; NULL: it is unknown or over. */
const MgrPassRecord *mgr_passes_find(MgrPasses *passes, const char *text, HlTime now);

/* Who acts with it, for mgr_caller_clear; as the account is now. */
void mgr_passes_caller(const MgrPasses *passes, const MgrPassRecord *pass, MgrCaller *caller);

/* Somebody used it: a session's half hour begins again.  In the registry within a minute. */
void mgr_passes_use(MgrPasses *passes, const MgrPassRecord *pass, HlTime now);

/* After the commit. */
void mgr_passes_put(MgrPasses *passes, const MgrPassRecord *pass);
void mgr_passes_remove(MgrPasses *passes, const char *hash);
void mgr_passes_put_secret(MgrPasses *passes, const MgrSecretRecord *secret);

/* After a change of accounts, and at the start: what is no longer good is gone, and does not come back with the next
 * change. */
void mgr_passes_sweep(MgrPasses *passes, HlTime now);

/* NULL: the account has no password. */
const char *mgr_passes_password(const MgrPasses *passes, const char *account);

/* Whether it takes a one-time code too. */
bool mgr_passes_has_code(const MgrPasses *passes, const char *account);

/* The step of the account's one-time code (manager/core/totp), which does not count again from now on, whatever becomes
 * of the call; 0: it is none, or NULL.  The caller has it in the registry: mgr_write_code_step. */
int64_t mgr_passes_take_code(MgrPasses *passes, const char *account, const char *code, HlTime now);

/* After the commit of mgr_write_code. */
void mgr_passes_put_code(MgrPasses *passes, const char *account, const char *code, int64_t step);

/* The account's password was given again in that session, and until when that counts (MGR_PROOF_LIFE).  Kept in memory
 * alone: after a restart it is asked for again.  false: the session is over. */
bool mgr_passes_prove(MgrPasses *passes, const char *id, HlTime mono) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_passes_is_proven(MgrPasses *passes, const char *id, HlTime mono);

/* Those that are good, of one kind; account NULL: of all.  MgrPassRecord *, borrowed, the newest first; free with
 * g_ptr_array_unref. */
GPtrArray *mgr_passes_list(MgrPasses *passes, MgrPassKind kind, const char *account, HlTime now);

/* Whether it is there for the caller (NULL: for the manager): its account is, and it may do something in one of the
 * groups that are. */
bool mgr_passes_meet(const MgrPasses *passes, const MgrPassRecord *pass, const MgrCaller *caller);

/* How many tokens are limited to that group, among others perhaps; also those of disabled accounts. */
guint mgr_passes_count_limited(const MgrPasses *passes, const char *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrPasses, mgr_passes_free)

#endif
