/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a site's journal: what must outlive its registry.
 *
 * Certificates that were issued and revoked, endpoints that were enrolled and removed, uses of bundles, accounts, ends
 * of their tokens and passwords, announcements of the server's keys: the functions of write.c, accounts.c, passes.c and
 * places.c add a line to the write set
 * (hl_write_set_note), and it is on the disk before the set is committed and before anybody is told.  Each line is one
 * JSON object with the member "what"; unknown ones are skipped.  What the lines say together is ledger.h. */
#ifndef MANAGER_STORE_JOURNAL_H
#define MANAGER_STORE_JOURNAL_H

#include "lib/base/json.h"
#include "manager/store/accounts.h"
#include "manager/store/places.h"
#include "manager/store/registry.h"

/* Each is freed by the caller. */
char *mgr_journal_certificate(const MgrCertificateRecord *certificate);
char *mgr_journal_endpoint(const MgrEndpointRecord *endpoint);
/* All certificates of this name but for one serial (or NULL), and with NULL the endpoint itself. */
char *mgr_journal_revocation(const char *name, const char *but_serial, HlTime at);
char *mgr_journal_removal(const char *endpoint);
char *mgr_journal_bundle(const char *id, int64_t uses_left);
char *mgr_journal_use(const char *bundle);
char *mgr_journal_withdrawal(const char *bundle, HlTime at);
/* As it is from now on. */
char *mgr_journal_account(const MgrAccountRecord *account);
char *mgr_journal_account_removal(const char *name);
/* A token was deleted, by the hash of its text; an account got another password, or key of one-time codes
 * (mgr_secret_fingerprint). */
char *mgr_journal_token_end(const char *hash);
char *mgr_journal_password(const char *account, const char *fingerprint);
char *mgr_journal_code(const char *account, const char *fingerprint);
/* What is announced of addresses, sealing keys and authorities from now on. */
char *mgr_journal_place(const MgrPlaceRecord *place);
/* The registry is about to get this mark; then, it has it: the next start knows by it whether it is still the same one.
 */
typedef enum { MGR_MARK_COMING, MGR_MARK_WRITTEN } MgrMarkState;
char *mgr_journal_mark(int64_t mark, MgrMarkState state);
/* A backup was put back: made when; whether this journal is newer than that backup; head of the audit log that was
 * replaced, "ROW:HASH" ("": not known). */
typedef enum { MGR_JOURNAL_OF_BACKUP, MGR_JOURNAL_NEWER } MgrJournalAge;
char *mgr_journal_restore(HlTime made, HlTime at, MgrJournalAge age, const char *head);

typedef enum {
    MGR_ENTRY_OTHER, /* of a later version */
    MGR_ENTRY_CERTIFICATE,
    MGR_ENTRY_ENDPOINT,
    MGR_ENTRY_REVOCATION,
    MGR_ENTRY_REMOVAL,
    MGR_ENTRY_BUNDLE,
    MGR_ENTRY_USE,
    MGR_ENTRY_WITHDRAWAL,
    MGR_ENTRY_ACCOUNT,
    MGR_ENTRY_ACCOUNT_REMOVAL,
    MGR_ENTRY_TOKEN_END,
    MGR_ENTRY_PASSWORD,
    MGR_ENTRY_CODE,
    MGR_ENTRY_PLACE,
    MGR_ENTRY_MARK,
    MGR_ENTRY_RESTORE,
} MgrEntryKind;

/* A line that was read; texts are borrowed from the document, and never NULL but for serial of a revocation. */
typedef struct {
    MgrEntryKind kind;
    json_t *document;
    const char *name; /* of the certificate or account, id of the endpoint or bundle, hash */
    const char *serial, *role, *group, *host, *fingerprint, *by, *note, *replaces;
    const char *keys, *authorities, *brokers, *servers; /* separated by commas */
    json_int_t issued, expires, at, number;             /* number: uses left, mark (at: its state), age, counter */
} MgrEntry;

/* The bundle of a line of mgr_journal_use, without parsing it; NULL: it is another line, or must be parsed.  Caller
 * frees. */
char *mgr_journal_peek_use(const char *line);

/* false: malformed. */
bool mgr_entry_parse(MgrEntry *entry, const char *line);
void mgr_entry_clear(MgrEntry *entry);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrEntry, mgr_entry_clear)

#endif
