/* SPDX-License-Identifier: Apache-2.0 */
/* The accounts of the registry: who may call what (manager/core/role.h).  As registry.h: loading blocks, changes are
 * statements added to an HlWriteSet, with their lines of the journal. */
#ifndef MANAGER_STORE_ACCOUNTS_H
#define MANAGER_STORE_ACCOUNTS_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"
#include "manager/core/role.h"
#include "manager/store/registry.h"

/* The first version of the registry that has them. */
#define MGR_ACCOUNTS_SINCE 8

typedef struct {
    char *name, *created_by, *note;
    MgrRole role;
    char *groups;                   /* that it is limited to: names, sorted, separated by commas; "": all */
    HlTime created_at, disabled_at; /* disabled_at 0: it is enabled */
} MgrAccountRecord;

void mgr_account_record_clear(MgrAccountRecord *record);
void mgr_account_record_copy(MgrAccountRecord *to, const MgrAccountRecord *from);
bool mgr_account_record_equal(const MgrAccountRecord *a, const MgrAccountRecord *b);

/* Whether the broker lets its certificates read the status topics, which are about all groups. */
bool mgr_account_sees_status(const MgrAccountRecord *record);

typedef void (*MgrAccountFn)(MgrAccountRecord *record, gpointer user);

/* The receiver takes what it wants out of the record; the rest is freed. */
bool mgr_registry_load_accounts(HlDb *db, MgrAccountFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fails the set with HL_ERROR_CONFLICT if one of these groups is gone: what was looked up before may be deleted by the
 * time of the write.  groups: names, separated by commas. */
void mgr_write_require_groups(HlWriteSet *set, const char *groups);

/* A new one.  Fails the set with HL_ERROR_CONFLICT if the name belongs to an account, or a certificate in force; or if
 * a group that it is limited to is gone. */
void mgr_write_account(HlWriteSet *set, const MgrAccountRecord *account);

/* From one state to another, of one name.  Fails the set with HL_ERROR_CONFLICT if it is no longer in the first one, or
 * a group that it is limited to from now on is gone. */
void mgr_write_account_change(HlWriteSet *set, const MgrAccountRecord *from, const MgrAccountRecord *to);

/* With its password, sessions and tokens.  One that is gone already stays so. */
void mgr_write_account_removal(HlWriteSet *set, const char *name);

/* After a change that an owner may be lost by, in the same set: fails it with HL_ERROR_CONFLICT if no owner would be
 * left who is enabled and has a certificate in force: not revoked, and neither it nor its authority has ended.  Where
 * the change is written, so that of two at once the second fails. */
void mgr_write_owner_left(HlWriteSet *set, HlTime now);

/* Whether there is one, as above; of a registry that is older than authorities that follow: yes. */
bool mgr_registry_has_owner(HlDb *db, HlTime now, bool *has, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The account as the only owner, in place of one of its name or of none: what that had (certificates, password,
 * sessions, tokens) ends at the time at.  Fails the set with HL_ERROR_CONFLICT if there is an enabled owner. */
void mgr_write_owner_again(HlWriteSet *set, const MgrAccountRecord *owner, HlTime at);

/* Another certificate of an account.  Fails the set with HL_ERROR_CONFLICT if there is no such account, or the name is
 * in force as something else. */
void mgr_write_account_certificate(HlWriteSet *set, const MgrCertificateRecord *certificate);

/* The same by virtue of one that the account has (its serial): fails with HL_ERROR_CONFLICT too if that is revoked by
 * then, or the account disabled.  Who was thrown out a moment ago gets no other. */
void mgr_write_account_renewal(HlWriteSet *set, const MgrCertificateRecord *certificate, const char *before);

/* For a registry that a journal of before accounts was applied to: administrators without an account become owners, as
 * by the migration. */
bool mgr_registry_adopt_accounts(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In place of what it has under this name. */
bool mgr_registry_put_account(HlDb *db, const MgrAccountRecord *account, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrAccountRecord, mgr_account_record_clear)

#endif
