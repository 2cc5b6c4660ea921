/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's records: what is stored about each thing, how it is loaded at start, and the write sets that change
 * it.
 *
 * Not the fleet in memory (manager/daemon/ground/fleet.h), which is a cache of this.  Loading blocks and happens once;
 * changes are statements added to an HlWriteSet, so that the caller decides what commits together. */
#ifndef MANAGER_STORE_REGISTRY_H
#define MANAGER_STORE_REGISTRY_H

#include "lib/store/db.h"
#include "lib/store/writer.h"
#include "manager/core/displayed.h"
#include "manager/core/presence.h"
#include "manager/core/reach.h"
#include "proto/command.h"

typedef struct {
    char *name;         /* its id */
    char *display_name; /* for people (manager/core/display_name.h); "": the id */
    uint64_t version, counter;
    char *settings; /* key=value lines */
    HlTime changed_at;
    char *changed_by;
    uint64_t tried; /* the highest version that was on trial: none has it again; 0: none was */
} MgrGroupRecord;

typedef struct {
    char *group;
    uint64_t version, counter;
    GBytes *digest; /* NULL: never reported */
    char *path;
    HlTime at;
} MgrApplied;

#define MGR_UPGRADE_GOING_BACK "going-back" /* it failed; what became of it is told when the way back has ended */
#define MGR_UPGRADE_DONE       "done"       /* MgrSeldom.upgrade_end: the line came up under the new version */

/* What few endpoints have anything of, and only they a place in memory for.  Texts are never NULL but for enrolled_as.
 */
typedef struct {
    char *enrolled_as;                               /* fingerprint at its last enrolment, if that was another */
    char *update_error;                              /* of its last update, if that failed */
    char *upgrade_end, *upgrade_to, *upgrade_detail; /* of the program: as its last report tells; "": none */
    HlTime upgraded_at;                              /* wall, of that report */
} MgrSeldom;

/* Its texts may be common ones (lib/base/common.h): they are freed with the record, or changed with mgr_set_text. */
typedef struct {
    char *id; /* first: the fleet finds them by it (lib/base/by_text.h) */
    int64_t number;
    char *group, *host, *os, *program, *observed_by, *serial;
    char *addresses; /* set with mgr_endpoint_set_addresses, once it is the fleet's */
    char *observed;  /* NULL: the same as addresses; read with mgr_endpoint_observed, set with mgr_endpoint_set_observed
                      */
    char *fingerprint; /* as the last birth told it; set with mgr_endpoint_set_fingerprint */
    MgrSeldom *seldom; /* NULL: nothing; read with mgr_endpoint_seldom */
    int direct_port;
    MgrReach reach;
    HlTime enrolled_at, cert_expires, revoked_at;
    uint64_t moved_counter;
    MgrApplied applied;
    char *patterns;
    HlTime updated_at;
    char *update_result, *update_source;
    char *spool;
    uint64_t report_seq;  /* committed */
    uint64_t report_mark; /* of that one; 0: not known */
    MgrPresence presence;
    MgrDisplay display;
    HlTime dialled_at; /* wall */
} MgrEndpointRecord;

typedef struct {
    char *id, *selector, *issuer;
    char *scope; /* proto/scope.h; "" where the kind has none */
    HlCommandKind kind;
    HlTime issued_at, expires_at, cancelled_at;
    uint32_t window_ms, timeout_ms;
    bool in_window; /* it keeps to the maintenance windows of groups */
} MgrCommandRecord;

typedef struct {
    char *command, *endpoint;
    HlCommandState state;
    char *code, *detail;
    HlTime changed_at;
} MgrTargetRecord;

typedef struct {
    char *id, *digest, *group, *created_by;
    char *endpoint; /* the one that the bundle was made for; "": for whom it may concern */
    int64_t uses_left;
    HlTime expires_at, created_at, withdrawn_at;
} MgrTokenRecord;

/* In MgrCertificateRecord.replaces, of one that was taken in after a restore (manager/daemon/state/strangers.h). */
#define MGR_REPLACES_UNKNOWN "?"

typedef struct MgrCertificateRecord {
    char *serial, *name, *kind;
    char *authority; /* id of the one that signed it (lib/pki/trust.h); "" or NULL: the site's first */
    char *replaces;  /* serial of the one with which its holder asked for it; "" or NULL: none is known */
    char *key;       /* id of its key (hl_cert_key_id), of those that are nobody's endpoint; "" or NULL: not known */
    HlTime issued_at, expires_at, revoked_at;
    HlTime used_at;                    /* when a call came with it last, by the day; 0: none is known */
    struct MgrCertificateRecord *next; /* not stored: the fleet's next one of this name */
} MgrCertificateRecord;

void mgr_group_record_clear(MgrGroupRecord *record);
void mgr_endpoint_record_clear(MgrEndpointRecord *record);
/* Of one that has nothing of it: nothing.  Borrowed. */
const MgrSeldom *mgr_endpoint_seldom(const MgrEndpointRecord *record);
/* To change something in it. */
MgrSeldom *mgr_endpoint_make_seldom(MgrEndpointRecord *record);
void mgr_seldom_clear(MgrSeldom *seldom); /* its texts */
/* The address from which it connects.  Without a NAT between it is the one that it tells, and is kept once. */
const char *mgr_endpoint_observed(const MgrEndpointRecord *record);
void mgr_endpoint_keep_observed_once(MgrEndpointRecord *record);
/* Another one; true if it is new. */
bool mgr_endpoint_set_observed(MgrEndpointRecord *record, const char *observed);
/* Others are told; true if they are new.  The observed one stays. */
bool mgr_endpoint_set_addresses(MgrEndpointRecord *record, const char *addresses);
/* The fingerprint that decides who enrols again.  Nearly always it is the one that births tell, and is kept once. */
const char *mgr_endpoint_enrolled_as(const MgrEndpointRecord *record);
/* Another one is told; true if it is new.  What it enrolled with stays. */
bool mgr_endpoint_set_fingerprint(MgrEndpointRecord *record, const char *fingerprint);
/* Its enrolment is of the machine that it says it is; true if that is new. */
bool mgr_endpoint_enrol_as_told(MgrEndpointRecord *record);
void mgr_applied_clear(MgrApplied *applied);
void mgr_command_record_clear(MgrCommandRecord *record);
void mgr_target_record_clear(MgrTargetRecord *record);
void mgr_token_record_clear(MgrTokenRecord *record);
/* "" for NULL, as the registry has it; borrowed. */
const char *mgr_certificate_authority(const MgrCertificateRecord *record);
const char *mgr_certificate_replaces(const MgrCertificateRecord *record);
const char *mgr_certificate_key(const MgrCertificateRecord *record);
#define MGR_KEYS_SINCE  27 /* the version of the registry that has the keys of certificates (and places.h) */
#define MGR_ENDED_SINCE 31 /* ... and the ends of authorities (places.h) */
void mgr_certificate_record_clear(MgrCertificateRecord *record);

/* Opens it for writing and migrates it. */
HlDb *mgr_registry_open(const char *path, GError **error);

/* Of a registry that it has migrated. */
int mgr_registry_version(void);

/* An empty registry of this or an earlier version, in memory: to compare with. */
HlDb *mgr_registry_make_model(int version, GError **error);

/* The loaders' receivers take what they want out of the record (g_steal_pointer); the rest is freed. */
typedef void (*MgrGroupFn)(MgrGroupRecord *record, gpointer user);
typedef void (*MgrEndpointFn)(MgrEndpointRecord *record, gpointer user);
typedef void (*MgrCommandFn)(MgrCommandRecord *record, gpointer user);
typedef void (*MgrTargetFn)(MgrTargetRecord *record, gpointer user);
typedef void (*MgrTokenFn)(MgrTokenRecord *record, gpointer user);
typedef void (*MgrCertificateFn)(MgrCertificateRecord *record, gpointer user);

bool mgr_registry_load_groups(HlDb *db, MgrGroupFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Who they are and nothing else of the record: id, group, host, fingerprint, enrolled_at, serial, cert_expires,
 * revoked_at; to compare them with the journal.  By number. */
bool mgr_registry_load_identities(HlDb *db, MgrEndpointFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_load_endpoints(HlDb *db, MgrEndpointFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Commands with a target that is not final, and those targets. */
bool mgr_registry_load_open_commands(HlDb *db, MgrCommandFn fn, gpointer user,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_load_open_targets(HlDb *db, MgrTargetFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_load_tokens(HlDb *db, MgrTokenFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_load_certificates(HlDb *db, MgrCertificateFn fn, gpointer user,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_load_counter(HlDb *db, const char *name, uint64_t *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What was named and is removed leaves its version behind, the highest of all of a kind: what is made later begins past
 * it, so that no name has a version twice, and who saw the removed one does not change its successor by mistake. */
#define MGR_ENDED_GROUP "ended-group"
#define MGR_ENDED_RULE  "ended-rule"
/* Of a new one of the kind. */
bool mgr_registry_first_version(HlDb *db, const char *ended, uint64_t *version,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Wall: the mark of the server's clock (core/now.h); of a registry of before that was kept, when a manager lived last.
 */
bool mgr_registry_load_mark(HlDb *db, HlTime *mark, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Wall: the last time that was believed; of a registry of before that was kept, when a manager lived last; 0: never. */
bool mgr_registry_load_lived(HlDb *db, HlTime *lived, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Both. */
bool mgr_registry_load_times(HlDb *db, HlTime *lived, HlTime *mark, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Changes.  Each adds its statements to the set, and its line of the journal (journal.h) if it must outlive the
 * registry. */
void mgr_write_counter(HlWriteSet *set, const char *name, uint64_t value);
/* What may become less, too: kept among the counters. */
void mgr_write_measure(HlWriteSet *set, const char *name, uint64_t value);
void mgr_write_group(HlWriteSet *set, const MgrGroupRecord *group);
/* All but the display name.  Fails the set with HL_ERROR_CONFLICT if the stored version is no longer base_version, or a
 * trial has taken the new one. */
void mgr_write_group_change(HlWriteSet *set, const MgrGroupRecord *group, uint64_t base_version);
/* The same with the version that was on trial (manager/store/rollouts.h). */
void mgr_write_group_end_trial(HlWriteSet *set, const MgrGroupRecord *group, uint64_t base_version);
/* And its version into MGR_ENDED_GROUP.  Fails the set with HL_ERROR_CONFLICT if it has members, an account that is
 * limited to it, or settings on trial. */
void mgr_write_group_removal(HlWriteSet *set, const char *name);
void mgr_write_endpoint(HlWriteSet *set, const MgrEndpointRecord *endpoint);
void mgr_write_endpoint_removal(HlWriteSet *set, const MgrEndpointRecord *endpoint);
/* A move: its settings are newer than all that it had before (MgrEndpointRecord.moved_counter). */
void mgr_write_endpoint_group(HlWriteSet *set, const MgrEndpointRecord *endpoint, const char *group, uint64_t counter);
/* Its document was issued under this number, for it alone. */
void mgr_write_endpoint_counter(HlWriteSet *set, int64_t number, uint64_t counter);
/* After a save under this number: a member whose own document had a higher one gets the next of its own. */
void mgr_write_members_outrun(HlWriteSet *set, const char *group, uint64_t counter);
/* An endpoint enrols again. */
typedef struct {
    const char *serial;
    HlTime expires;
    const char *fingerprint; /* of the machine that it is now */
    bool ends_revocation;    /* false: fails the set with HL_ERROR_CONFLICT if the endpoint is revoked */
} MgrEnrolmentStep;

void mgr_write_endpoint_enrolment(HlWriteSet *set, int64_t number, const MgrEnrolmentStep *step);
/* A certificate from renewal; fails the set with HL_ERROR_CONFLICT if the endpoint is revoked. */
void mgr_write_endpoint_renewal(HlWriteSet *set, int64_t number, const char *serial, HlTime expires);
/* An administrator says which machine it is. */
void mgr_write_endpoint_machine(HlWriteSet *set, int64_t number, const char *fingerprint);
void mgr_write_endpoint_revocation(HlWriteSet *set, int64_t number, HlTime at);
void mgr_write_endpoint_registration(HlWriteSet *set, const MgrEndpointRecord *endpoint);
void mgr_write_applied(HlWriteSet *set, int64_t number, const MgrApplied *applied);
/* The same but for the time, which only a report knows: the one of a report that is being stored must stay. */
void mgr_write_applied_told(HlWriteSet *set, int64_t number, const MgrApplied *applied);
/* Counter and digest alone, which is what a heartbeat tells: version and path of a report that is being stored must
 * stay. */
void mgr_write_applied_counter(HlWriteSet *set, int64_t number, const MgrApplied *applied);
void mgr_write_patterns(HlWriteSet *set, int64_t number, const char *patterns);

/* An update notification. */
typedef struct {
    const char *patterns; /* NULL: not told, they stay */
    const char *result, *source, *error;
    HlTime at;
} MgrUpdateStep;

void mgr_write_update(HlWriteSet *set, int64_t number, const MgrUpdateStep *step);

/* How an upgrade of the program ended. */
typedef struct {
    const char *end, *to, *detail;
    HlTime at;
} MgrUpgradeStep;

void mgr_write_upgrade(HlWriteSet *set, int64_t number, const MgrUpgradeStep *step);

/* An endpoint's last report: from the one accepted before it to this one. */
typedef struct {
    const char *from_spool, *to_spool;
    uint64_t from, to;
    uint64_t mark; /* of the new one; 0: not known */
} MgrReportStep;

/* Fails the set with HL_ERROR_CONFLICT unless the stored one is the step's "from". */
void mgr_write_report(HlWriteSet *set, int64_t number, const MgrReportStep *step);
void mgr_write_presence(HlWriteSet *set, int64_t number, const MgrPresence *presence);
void mgr_write_display(HlWriteSet *set, const MgrEndpointRecord *endpoint);
void mgr_write_command(HlWriteSet *set, const MgrCommandRecord *command);
void mgr_write_command_cancel(HlWriteSet *set, const char *id, HlTime at);
/* Of endpoints with these ids (const char *). */
void mgr_write_new_targets(HlWriteSet *set, const char *command, HlCommandState state, HlTime at,
                           const GPtrArray *endpoints);
/* Leaves a target alone that may not come to this state from the one that it has when the set is written
 * (hl_command_state_may_follow): a report repeated, or overtaken by a later one. */
void mgr_write_target(HlWriteSet *set, const MgrTargetRecord *target);
/* The row of history for it, put in before mgr_write_target: only where that moves the target.  An endpoint that was
 * asked again tells the same end in two reports. */
void mgr_write_target_history(HlWriteSet *set, const MgrTargetRecord *target, HlCommandKind kind);
/* The end that an endpoint reports, with its row of history: both as the two above.  Where the manager took the target
 * for expired, timed out or cancelled it is corrected, and its detail and the history say so. */
void mgr_write_result(HlWriteSet *set, const MgrTargetRecord *target);
/* That detail, as it is stored of a result that corrects the state of before; free with g_free. */
char *mgr_late_detail(const char *detail, HlCommandState before);
/* Both leave a target alone if more is already known of it.  Unsent: it was written as sent, and never left. */
void mgr_write_target_sent(HlWriteSet *set, const MgrTargetRecord *target, HlTime at);
void mgr_write_target_unsent(HlWriteSet *set, const MgrTargetRecord *target);
void mgr_write_token(HlWriteSet *set, const MgrTokenRecord *token);
/* Takes one use; fails the set with HL_ERROR_CONFLICT if none is left, or it is withdrawn. */
void mgr_write_token_use(HlWriteSet *set, const char *id);
void mgr_write_token_withdrawal(HlWriteSet *set, const char *id, HlTime at);
void mgr_write_certificate(HlWriteSet *set, const MgrCertificateRecord *certificate);

/* One that the registry does not know, as it shows itself (daemon/state/strangers.h); in force or not.  That it is not
 * is not said in the journal: it is found again. */
void mgr_write_found_certificate(HlWriteSet *set, const MgrCertificateRecord *certificate);
/* Of a name that nobody else has: fails the set with HL_ERROR_CONFLICT if another certificate with it is in force, or
 * an account has it. */
void mgr_write_named_certificate(HlWriteSet *set, const MgrCertificateRecord *certificate);
/* Another one of its name and kind, by virtue of one that it has (its serial): fails the set with HL_ERROR_CONFLICT if
 * that is revoked by then. */
void mgr_write_named_renewal(HlWriteSet *set, const MgrCertificateRecord *certificate, const char *before);
/* Those of which it was not known which authority signed them are of this one: another one follows it. */
void mgr_write_authority(HlWriteSet *set, const char *authority);
/* A call came with it. */
void mgr_write_certificate_use(HlWriteSet *set, const char *serial, HlTime at);
/* All certificates with this name that the registry has when the set is written, except for one serial (or NULL). */
void mgr_write_revocations(HlWriteSet *set, const char *name, const char *but_serial, HlTime at);
void mgr_write_history(HlWriteSet *set, HlTime at, const char *endpoint, const char *what, const char *detail);
/* A row that tells of a report: once, however often that comes (an endpoint that was set back sends again what it had
 * sent).  mark 0: it has none. */
void mgr_write_history_once(HlWriteSet *set, HlTime at, const char *endpoint, const char *what, const char *detail,
                            uint64_t mark);
/* Drops history, finished commands and roll-outs, and what is settled of detections older than a time; and certificates
 * that ended before another one: until then it is known which of them were revoked. */
void mgr_write_prune(HlWriteSet *set, HlTime before, HlTime ended_before);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrTokenRecord, mgr_token_record_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrTargetRecord, mgr_target_record_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrCommandRecord, mgr_command_record_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrCertificateRecord, mgr_certificate_record_clear)

#endif
