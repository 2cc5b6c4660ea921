/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the registry at start: one SELECT and one row function per table. */
#include <string.h>

#include "lib/base/common.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"

#include "lib/base/log.h"
#include "manager/store/heal.h"
#include "proto/messages.h"

/* The columns of a SELECT are a list of X(constant, expression): the enum that reads a row and the text of the query
 * are both made from it, so that they cannot disagree. */
#define CONSTANT(constant_, sql_)   constant_,
#define EXPRESSION(constant_, sql_) sql_ ", "
/* The extra column takes the last comma; nobody reads it. */
#define SELECT(columns_) "SELECT " columns_(EXPRESSION) "0 "

typedef void (*AnyFn)(void);

typedef struct {
    AnyFn fn;
    gpointer user;
} Receiver;

/* What is not UTF-8 got there past the wire, and must not reach a document. */
static char *text(HlStmt *row, int column)
{
    const char *stored = hl_stmt_text(row, column);

    return stored != NULL ? g_utf8_make_valid(stored, -1) : NULL;
}

/* What most rows have in common: a registry of a million has a few of each.  Valid is what is known to be common. */
static char *common(HlStmt *row, int column)
{
    const char *stored = hl_stmt_text(row, column);
    char *found = hl_common_find(stored);
    g_autofree char *valid = found == NULL ? text(row, column) : NULL;

    return found != NULL ? found : hl_common_dup(valid);
}

#define GROUP_COLUMNS(X)          \
    X(G_NAME, "name")             \
    X(G_VERSION, "version")       \
    X(G_COUNTER, "counter")       \
    X(G_SETTINGS, "settings")     \
    X(G_CHANGED_AT, "changed_at") \
    X(G_CHANGED_BY, "changed_by") \
    X(G_DISPLAY, "display_name")  \
    X(G_TRIED, "tried")

enum { GROUP_COLUMNS(CONSTANT) };

static bool on_group(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrGroupRecord record = { .name = text(row, G_NAME),
                              .version = (uint64_t)hl_stmt_int(row, G_VERSION),
                              .counter = (uint64_t)hl_stmt_int(row, G_COUNTER),
                              .settings = text(row, G_SETTINGS),
                              .changed_at = hl_stmt_int(row, G_CHANGED_AT),
                              .changed_by = text(row, G_CHANGED_BY),
                              .display_name = text(row, G_DISPLAY),
                              .tried = (uint64_t)hl_stmt_int(row, G_TRIED) };

    ((MgrGroupFn)to->fn)(&record, to->user);
    mgr_group_record_clear(&record);
    return true;
}

bool mgr_registry_load_groups(HlDb *db, MgrGroupFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_group, &to, error, SELECT(GROUP_COLUMNS) "FROM grp ORDER BY name", "");
}

#define IDENTITY_COLUMNS(X)           \
    X(I_ID, "id")                     \
    X(I_GROUP, "grp")                 \
    X(I_HOST, "host")                 \
    X(I_FINGERPRINT, "fingerprint")   \
    X(I_SERIAL, "serial")             \
    X(I_CERT_EXPIRES, "cert_expires") \
    X(I_ENROLLED_AT, "enrolled_at")   \
    X(I_REVOKED_AT, "revoked_at")

enum { IDENTITY_COLUMNS(CONSTANT) };

#define ENDPOINT_COLUMNS(X)                                          \
    X(E_NUMBER, "number")                                            \
    X(E_ID, "id")                                                    \
    X(E_GROUP, "grp")                                                \
    X(E_HOST, "host")                                                \
    X(E_FINGERPRINT, "fingerprint")                                  \
    X(E_ENROLLED_AS, "nullif(nullif(enrolled_as, ''), fingerprint)") \
    X(E_ADDRESSES, "addresses")                                      \
    X(E_DIRECT_PORT, "direct_port")                                  \
    X(E_OS, "os")                                                    \
    X(E_PROGRAM, "program")                                          \
    X(E_OBSERVED, "observed")                                        \
    X(E_OBSERVED_BY, "observed_by")                                  \
    X(E_ENROLLED_AT, "enrolled_at")                                  \
    X(E_MOVED_COUNTER, "moved_counter")                              \
    X(E_SERIAL, "serial")                                            \
    X(E_CERT_EXPIRES, "cert_expires")                                \
    X(E_REVOKED_AT, "revoked_at")                                    \
    X(E_APPLIED_GROUP, "applied_group")                              \
    X(E_APPLIED_VERSION, "applied_version")                          \
    X(E_APPLIED_COUNTER, "applied_counter")                          \
    X(E_APPLIED_DIGEST, "applied_digest")                            \
    X(E_APPLIED_PATH, "applied_path")                                \
    X(E_APPLIED_AT, "applied_at")                                    \
    X(E_PATTERNS, "patterns")                                        \
    X(E_UPDATED_AT, "updated_at")                                    \
    X(E_UPDATE_RESULT, "update_result")                              \
    X(E_UPDATE_SOURCE, "update_source")                              \
    X(E_UPDATE_ERROR, "update_error")                                \
    X(E_UPGRADE_END, "upgrade_end")                                  \
    X(E_UPGRADE_TO, "upgrade_to")                                    \
    X(E_UPGRADE_DETAIL, "upgrade_detail")                            \
    X(E_UPGRADED_AT, "upgraded_at")                                  \
    X(E_SPOOL, "spool")                                              \
    X(E_REPORT_SEQ, "report_seq")                                    \
    X(E_REPORT_MARK, "report_mark")

#define PRESENCE_COLUMNS(X)             \
    X(P_SESSION, "session")             \
    X(P_BORN_SESSION, "born_session")   \
    X(P_BOOT, "boot")                   \
    X(P_MACHINE, "machine")             \
    X(P_PREVIOUS_BOOT, "previous_boot") \
    X(P_OTHER_MACHINE, "other_machine") \
    X(P_KEPT_MACHINE, "kept_machine")   \
    X(P_SINCE, "presence.since")        \
    X(P_SEEN, "seen")                   \
    X(P_HEARTBEAT_MS, "heartbeat_ms")   \
    X(P_ACTUAL, "actual")               \
    X(P_REASON, "reason")               \
    X(P_CLONE, "clone")                 \
    X(P_ENDED, "ended")                 \
    X(P_RETIRED, "retired")

#define DISPLAY_COLUMNS(X)                        \
    X(D_SHOWN, "shown")                           \
    X(D_CAUSE, "cause")                           \
    X(D_SINCE, "display.since")                   \
    X(D_CONTACT, "contact")                       \
    X(D_REGISTERED, "registered")                 \
    X(D_UP, "up")                                 \
    X(D_IN_UNREACHABLE_NET, "in_unreachable_net") \
    X(D_INDEPENDENT, "independent")               \
    X(D_DIALLING, "dialling")                     \
    X(D_INACTIVE, "inactive")                     \
    X(D_REMOVED, "removed")                       \
    X(D_REACH, "reach")                           \
    X(D_DIALLED_AT, "dialled_at")

#define ALL_COLUMNS(X) ENDPOINT_COLUMNS(X) PRESENCE_COLUMNS(X) DISPLAY_COLUMNS(X)

enum { ALL_COLUMNS(CONSTANT) };

static void read_presence(HlStmt *row, MgrPresence *presence)
{
    MgrActual actual = MGR_ACTUAL_NEVER_SEEN;
    MgrReason reason = MGR_REASON_NONE;

    if (hl_stmt_is_null(row, P_SESSION))
        return; /* never seen: no row yet */
    presence->session = (uint64_t)hl_stmt_int(row, P_SESSION);
    presence->born_session = (uint64_t)hl_stmt_int(row, P_BORN_SESSION);
    presence->boot = (uint64_t)hl_stmt_int(row, P_BOOT);
    presence->machine = (uint64_t)hl_stmt_int(row, P_MACHINE);
    presence->previous_boot = (uint64_t)hl_stmt_int(row, P_PREVIOUS_BOOT);
    presence->other_machine = (uint64_t)hl_stmt_int(row, P_OTHER_MACHINE);
    presence->kept_machine = (uint64_t)hl_stmt_int(row, P_KEPT_MACHINE);
    presence->since_wall = hl_stmt_int(row, P_SINCE);
    presence->seen_wall = hl_stmt_int(row, P_SEEN);
    presence->heartbeat_ms = (uint32_t)hl_stmt_int(row, P_HEARTBEAT_MS);
    if (mgr_actual_parse(hl_stmt_text(row, P_ACTUAL), &actual))
        presence->actual = (uint8_t)actual;
    if (mgr_reason_parse(hl_stmt_text(row, P_REASON), &reason))
        presence->reason = (uint8_t)reason;
    presence->clone = (uint8_t)hl_stmt_int(row, P_CLONE);
    presence->ended = hl_stmt_int(row, P_ENDED) != 0;
    presence->retired = hl_stmt_int(row, P_RETIRED) != 0;
}

static void read_display(HlStmt *row, MgrEndpointRecord *record)
{
    MgrDisplay *display = &record->display;
    MgrDisplayed shown = MGR_DISPLAYED_OFFLINE;
    int64_t cause;

    if (hl_stmt_is_null(row, D_SHOWN))
        return;
    if (mgr_displayed_parse(hl_stmt_text(row, D_SHOWN), &shown))
        display->shown = (uint8_t)shown;
    cause = hl_stmt_int(row, D_CAUSE);
    display->cause = cause >= 0 && cause < MGR_DISPLAY_N ? (uint8_t)cause : MGR_DISPLAY_NOTHING;
    display->since_wall = hl_stmt_int(row, D_SINCE);
    display->contact_wall = hl_stmt_int(row, D_CONTACT);
    display->registered = hl_stmt_int(row, D_REGISTERED) != 0;
    display->up = hl_stmt_int(row, D_UP) != 0;
    display->in_unreachable_net = hl_stmt_int(row, D_IN_UNREACHABLE_NET) != 0;
    display->independent = hl_stmt_int(row, D_INDEPENDENT) != 0;
    display->dialling = hl_stmt_int(row, D_DIALLING) != 0;
    display->inactive = hl_stmt_int(row, D_INACTIVE) != 0;
    display->removed = hl_stmt_int(row, D_REMOVED) != 0;
    mgr_reach_parse(hl_stmt_text(row, D_REACH), &record->reach);
    record->dialled_at = hl_stmt_int(row, D_DIALLED_AT);
}

/* NULL: nothing. */
static MgrSeldom *read_seldom(HlStmt *row)
{
    MgrSeldom seldom = { .enrolled_as = text(row, E_ENROLLED_AS),
                         .update_error = common(row, E_UPDATE_ERROR),
                         .upgrade_end = common(row, E_UPGRADE_END),
                         .upgrade_to = common(row, E_UPGRADE_TO),
                         .upgrade_detail = common(row, E_UPGRADE_DETAIL),
                         .upgraded_at = hl_stmt_int(row, E_UPGRADED_AT) };

    if (seldom.enrolled_as != NULL || *seldom.update_error != '\0' || seldom.upgraded_at != 0)
        return g_memdup2(&seldom, sizeof seldom);
    mgr_seldom_clear(&seldom);
    return NULL;
}

static bool on_endpoint(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    g_autofree char *healed = NULL;
    MgrEndpointRecord record = {
        .number = hl_stmt_int(row, E_NUMBER),
        .id = text(row, E_ID),
        .group = common(row, E_GROUP),
        .host = text(row, E_HOST),
        .fingerprint = text(row, E_FINGERPRINT),
        .seldom = read_seldom(row),
        .addresses = text(row, E_ADDRESSES),
        .direct_port = (int)hl_stmt_int(row, E_DIRECT_PORT),
        .os = common(row, E_OS),
        .program = common(row, E_PROGRAM),
        .observed = text(row, E_OBSERVED),
        .observed_by = common(row, E_OBSERVED_BY),
        .enrolled_at = hl_stmt_int(row, E_ENROLLED_AT),
        .moved_counter = (uint64_t)hl_stmt_int(row, E_MOVED_COUNTER),
        .serial = text(row, E_SERIAL),
        .cert_expires = hl_stmt_int(row, E_CERT_EXPIRES),
        .revoked_at = hl_stmt_int(row, E_REVOKED_AT),
        .applied = { .group = common(row, E_APPLIED_GROUP),
                     .version = (uint64_t)hl_stmt_int(row, E_APPLIED_VERSION),
                     .counter = (uint64_t)hl_stmt_int(row, E_APPLIED_COUNTER),
                     .digest = hl_stmt_blob(row, E_APPLIED_DIGEST),
                     .path = common(row, E_APPLIED_PATH),
                     .at = hl_stmt_int(row, E_APPLIED_AT) },
        .patterns = common(row, E_PATTERNS),
        .updated_at = hl_stmt_int(row, E_UPDATED_AT),
        .update_result = common(row, E_UPDATE_RESULT),
        .update_source = common(row, E_UPDATE_SOURCE),
        .spool = text(row, E_SPOOL),
        .report_seq = (uint64_t)hl_stmt_int(row, E_REPORT_SEQ),
        .report_mark = (uint64_t)hl_stmt_int(row, E_REPORT_MARK),
    };

    read_presence(row, &record.presence);
    read_display(row, &record);
    healed = mgr_heal_endpoint(&record);
    if (healed != NULL)
        hl_warn("registry", "endpoint %s: what an older version stored was too long and is cut: %s", record.id, healed);
    ((MgrEndpointFn)to->fn)(&record, to->user);
    mgr_endpoint_record_clear(&record);
    return true;
}

static bool on_identity(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    g_autofree char *healed = NULL;
    MgrEndpointRecord record = {
        .id = text(row, I_ID),
        .group = common(row, I_GROUP),
        .host = text(row, I_HOST),
        .fingerprint = text(row, I_FINGERPRINT),
        .serial = text(row, I_SERIAL),
        .cert_expires = hl_stmt_int(row, I_CERT_EXPIRES),
        .enrolled_at = hl_stmt_int(row, I_ENROLLED_AT),
        .revoked_at = hl_stmt_int(row, I_REVOKED_AT),
    };

    healed = mgr_heal_endpoint(&record); /* the load of all of it says so */
    ((MgrEndpointFn)to->fn)(&record, to->user);
    mgr_endpoint_record_clear(&record);
    return true;
}

bool mgr_registry_load_identities(HlDb *db, MgrEndpointFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_identity, &to, error, SELECT(IDENTITY_COLUMNS) "FROM endpoint ORDER BY number", "");
}

bool mgr_registry_load_endpoints(HlDb *db, MgrEndpointFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_endpoint, &to, error,
                       SELECT(ALL_COLUMNS) "FROM endpoint LEFT JOIN presence ON presence.endpoint = number"
                                           " LEFT JOIN display ON display.endpoint = number ORDER BY number",
                       "");
}

void mgr_command_record_clear(MgrCommandRecord *record)
{
    g_clear_pointer(&record->id, g_free);
    g_clear_pointer(&record->selector, g_free);
    g_clear_pointer(&record->issuer, g_free);
    g_clear_pointer(&record->scope, g_free);
}

#define COMMAND_COLUMNS(X)            \
    X(C_ID, "id")                     \
    X(C_KIND, "kind")                 \
    X(C_SELECTOR, "selector")         \
    X(C_ISSUER, "issuer")             \
    X(C_ISSUED_AT, "issued_at")       \
    X(C_EXPIRES_AT, "expires_at")     \
    X(C_WINDOW_MS, "window_ms")       \
    X(C_TIMEOUT_MS, "timeout_ms")     \
    X(C_CANCELLED_AT, "cancelled_at") \
    X(C_SCOPE, "scope")               \
    X(C_IN_WINDOW, "in_window")

enum { COMMAND_COLUMNS(CONSTANT) };

static bool on_command(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrCommandRecord record = { .id = text(row, C_ID),
                                .kind = hl_command_kind_from_name(hl_stmt_text(row, C_KIND)),
                                .selector = text(row, C_SELECTOR),
                                .issuer = text(row, C_ISSUER),
                                .issued_at = hl_stmt_int(row, C_ISSUED_AT),
                                .expires_at = hl_stmt_int(row, C_EXPIRES_AT),
                                .window_ms = (uint32_t)hl_stmt_int(row, C_WINDOW_MS),
                                .timeout_ms = (uint32_t)hl_stmt_int(row, C_TIMEOUT_MS),
                                .cancelled_at = hl_stmt_int(row, C_CANCELLED_AT),
                                .scope = text(row, C_SCOPE),
                                .in_window = hl_stmt_int(row, C_IN_WINDOW) != 0 };

    ((MgrCommandFn)to->fn)(&record, to->user);
    mgr_command_record_clear(&record);
    return true;
}

#define OPEN_STATES "('queued', 'sent', 'received', 'started')"

bool mgr_registry_load_open_commands(HlDb *db, MgrCommandFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_command, &to, error,
                       SELECT(COMMAND_COLUMNS) "FROM command WHERE EXISTS (SELECT 1 FROM target WHERE command = id AND "
                                               "state IN " OPEN_STATES ")"
                                               " ORDER BY issued_at, id",
                       "");
}

void mgr_target_record_clear(MgrTargetRecord *record)
{
    g_clear_pointer(&record->command, g_free);
    g_clear_pointer(&record->endpoint, g_free);
    g_clear_pointer(&record->code, hl_common_free);
    g_clear_pointer(&record->detail, hl_common_free);
}

#define TARGET_COLUMNS(X)     \
    X(T_COMMAND, "command")   \
    X(T_ENDPOINT, "endpoint") \
    X(T_STATE, "state")       \
    X(T_CODE, "code")         \
    X(T_DETAIL, "detail")     \
    X(T_CHANGED_AT, "changed_at")

enum { TARGET_COLUMNS(CONSTANT) };

static bool on_target(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrTargetRecord record = { .command = text(row, T_COMMAND),
                               .endpoint = text(row, T_ENDPOINT),
                               .state = hl_command_state_from_name(hl_stmt_text(row, T_STATE)),
                               .code = text(row, T_CODE),
                               .detail = text(row, T_DETAIL),
                               .changed_at = hl_stmt_int(row, T_CHANGED_AT) };

    ((MgrTargetFn)to->fn)(&record, to->user);
    mgr_target_record_clear(&record);
    return true;
}

bool mgr_registry_load_open_targets(HlDb *db, MgrTargetFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    /* all targets of a command that is open anywhere: its counts need the finished ones too */
    return hl_db_query(db, on_target, &to, error,
                       SELECT(TARGET_COLUMNS) "FROM target WHERE command IN"
                                              " (SELECT command FROM target WHERE state IN " OPEN_STATES ")",
                       "");
}

void mgr_token_record_clear(MgrTokenRecord *record)
{
    g_clear_pointer(&record->id, g_free);
    g_clear_pointer(&record->digest, g_free);
    g_clear_pointer(&record->group, g_free);
    g_clear_pointer(&record->created_by, g_free);
    g_clear_pointer(&record->endpoint, g_free);
}

#define TOKEN_COLUMNS(X)          \
    X(K_ID, "id")                 \
    X(K_DIGEST, "digest")         \
    X(K_GROUP, "grp")             \
    X(K_ENDPOINT, "endpoint")     \
    X(K_USES_LEFT, "uses_left")   \
    X(K_EXPIRES_AT, "expires_at") \
    X(K_CREATED_AT, "created_at") \
    X(K_CREATED_BY, "created_by") \
    X(K_WITHDRAWN_AT, "withdrawn_at")

enum { TOKEN_COLUMNS(CONSTANT) };

static bool on_token(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrTokenRecord record = { .id = text(row, K_ID),
                              .digest = text(row, K_DIGEST),
                              .group = text(row, K_GROUP),
                              .endpoint = text(row, K_ENDPOINT),
                              .uses_left = hl_stmt_int(row, K_USES_LEFT),
                              .expires_at = hl_stmt_int(row, K_EXPIRES_AT),
                              .created_at = hl_stmt_int(row, K_CREATED_AT),
                              .created_by = text(row, K_CREATED_BY),
                              .withdrawn_at = hl_stmt_int(row, K_WITHDRAWN_AT) };

    ((MgrTokenFn)to->fn)(&record, to->user);
    mgr_token_record_clear(&record);
    return true;
}

bool mgr_registry_load_tokens(HlDb *db, MgrTokenFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_token, &to, error, SELECT(TOKEN_COLUMNS) "FROM token ORDER BY created_at", "");
}

const char *mgr_certificate_authority(const MgrCertificateRecord *record)
{
    return record->authority != NULL ? record->authority : "";
}

const char *mgr_certificate_replaces(const MgrCertificateRecord *record)
{
    return record->replaces != NULL ? record->replaces : "";
}

const char *mgr_certificate_key(const MgrCertificateRecord *record)
{
    return record->key != NULL ? record->key : "";
}

void mgr_certificate_record_clear(MgrCertificateRecord *record)
{
    g_clear_pointer(&record->serial, g_free);
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->kind, hl_common_free);
    g_clear_pointer(&record->authority, hl_common_free);
    g_clear_pointer(&record->replaces, g_free);
    g_clear_pointer(&record->key, g_free);
}

#define CERTIFICATE_COLUMNS(X)    \
    X(S_AUTHORITY, "authority")   \
    X(S_SERIAL, "serial")         \
    X(S_NAME, "name")             \
    X(S_KIND, "kind")             \
    X(S_ISSUED_AT, "issued_at")   \
    X(S_EXPIRES_AT, "expires_at") \
    X(S_REVOKED_AT, "revoked_at") \
    X(S_USED_AT, "used_at")       \
    X(S_REPLACES, "nullif(replaces, '')")

enum { CERTIFICATE_COLUMNS(CONSTANT) S_END, S_KEY };

static bool on_certificate(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrCertificateRecord record = { .serial = text(row, S_SERIAL),
                                    .name = text(row, S_NAME),
                                    .kind = common(row, S_KIND),
                                    .authority = common(row, S_AUTHORITY),
                                    .issued_at = hl_stmt_int(row, S_ISSUED_AT),
                                    .expires_at = hl_stmt_int(row, S_EXPIRES_AT),
                                    .revoked_at = hl_stmt_int(row, S_REVOKED_AT),
                                    .used_at = hl_stmt_int(row, S_USED_AT),
                                    .replaces = text(row, S_REPLACES),
                                    .key = text(row, S_KEY) };

    ((MgrCertificateFn)to->fn)(&record, to->user);
    mgr_certificate_record_clear(&record);
    return true;
}

bool mgr_registry_load_certificates(HlDb *db, MgrCertificateFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };
    int version = hl_db_version(db, error);

    if (version < MGR_KEYS_SINCE) /* looked at before it is migrated, or in a backup */
        return version >= 0 &&
               hl_db_query(db, on_certificate, &to, error,
                           SELECT(CERTIFICATE_COLUMNS) ", NULL FROM certificate ORDER BY issued_at", "");
    return hl_db_query(db, on_certificate, &to, error,
                       SELECT(CERTIFICATE_COLUMNS) ", nullif(key, '') FROM certificate ORDER BY issued_at", "");
}
