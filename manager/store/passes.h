/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords of accounts, and passes: sessions of the console and tokens of scripts.  As registry.h: loading blocks,
 * changes are statements added to an HlWriteSet.
 *
 * They are in backups.  The journal has only which tokens were deleted, and whose passwords and one-time codes were
 * replaced: a restore ends those of the backup (ledger_passes.h), and every session. */
#ifndef MANAGER_STORE_PASSES_H
#define MANAGER_STORE_PASSES_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"
#include "manager/core/role.h"

#define MGR_SECRETS_SINCE 11 /* the version of the registry that has passwords, passes and one-time codes */

typedef enum { MGR_PASS_SESSION, MGR_PASS_TOKEN, MGR_PASS_N } MgrPassKind;

/* "session", "token"; the text in the registry. */
const char *mgr_pass_kind_name(MgrPassKind kind);

typedef struct {
    char *hash; /* SHA-256 of its text, in hexadecimal */
    char *id;   /* "s-..." or "t-...": how people name it */
    MgrPassKind kind;
    char *account;
    char *name;   /* of a token: what it is for; "" for a session */
    MgrRole role; /* a session: the account's at sign-in; a token: at most this one */
    char *groups; /* likewise; "": all that the account has */
    HlTime created_at, used_at, ends_at;
    char *address;    /* of the browser at sign-in; "": not told */
    HlTime proven_at; /* mono, in memory alone: when its password was given again; 0: never */
} MgrPassRecord;

void mgr_pass_record_clear(MgrPassRecord *record);
void mgr_pass_record_copy(MgrPassRecord *to, const MgrPassRecord *from);

typedef struct {
    char *account;
    char *password; /* encoded */
    HlTime changed_at;
    char *code;        /* the key of its one-time codes, in base64; "": none */
    int64_t code_step; /* of the one that was used last */
} MgrSecretRecord;

void mgr_secret_record_clear(MgrSecretRecord *record);

/* By which a password, or a key of one-time codes, is told from another one; "" of "".  Caller frees. */
char *mgr_secret_fingerprint(const char *text);

/* The receiver takes what it wants out of the record; the rest is freed. */
typedef void (*MgrPassFn)(MgrPassRecord *record, gpointer user);
typedef void (*MgrSecretFn)(MgrSecretRecord *record, gpointer user);
bool mgr_registry_load_passes(HlDb *db, MgrPassFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_load_secrets(HlDb *db, MgrSecretFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fails the set with HL_ERROR_CONFLICT if the account is gone or disabled meanwhile. */
void mgr_write_pass(HlWriteSet *set, const MgrPassRecord *pass);
void mgr_write_pass_use(HlWriteSet *set, const char *hash, HlTime at);
void mgr_write_pass_end(HlWriteSet *set, const char *hash);
/* The same of a token that somebody deletes, which no restore brings back. */
void mgr_write_token_end(HlWriteSet *set, const char *hash);

/* Another password, and every session of the account is over; its one-time codes stay.  Fails the set with
 * HL_ERROR_CONFLICT if the account is gone meanwhile. */
void mgr_write_secret(HlWriteSet *set, const MgrSecretRecord *secret);

/* Fails the set with HL_ERROR_CONFLICT if the account has another password by then: a sign-in proves the
 * password that is in force, also while it is being changed. */
void mgr_write_password_proof(HlWriteSet *set, const char *account, const char *password);

/* One-time codes from now on, or none; fails the set with HL_ERROR_CONFLICT if the account has no password (any more).
 */
void mgr_write_code(HlWriteSet *set, const char *account, const char *code, int64_t step);
/* A code was used: none up to its step counts again. */
void mgr_write_code_step(HlWriteSet *set, const char *account, int64_t step);

/* The account is gone: so are its password, sessions, tokens and views. */
void mgr_write_passes_removal(HlWriteSet *set, const char *account);

#endif
