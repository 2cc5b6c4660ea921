/* Reading the registry at the start: one SELECT and one row function a table. */
#include "lib/store/migrate.h"
#include "lib/store/stmt.h"
#include "manager/store/registry.h"
#include "proto/messages.h"

extern const char migration_001_registry[];
extern const char migration_002_displayed[];
extern const char migration_003_names[];
extern const char migration_004_marks[];

HlDb *mgr_registry_open(const char *path, GError **error)
{
    const HlMigration migrations[] = {
        { 1, "registry", migration_001_registry },
        { 2, "displayed", migration_002_displayed },
        { 3, "names", migration_003_names },
        { 4, "marks", migration_004_marks },
    };
    g_autoptr(HlDb) db = hl_db_open(path, HL_DB_DEFAULT, error);

    if (db == NULL || !hl_migrate(db, migrations, G_N_ELEMENTS(migrations), error))
        return NULL;
    return g_steal_pointer(&db);
}

typedef void (*AnyFn)(void);

typedef struct {
    AnyFn fn;
    gpointer user;
} Receiver;

static char *text(HlStmt *row, int column)
{
    return g_strdup(hl_stmt_text(row, column));
}

void mgr_group_record_clear(MgrGroupRecord *record)
{
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->settings, g_free);
    g_clear_pointer(&record->changed_by, g_free);
}

static bool on_group(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrGroupRecord record = { .name = text(row, 0),
                              .version = (uint64_t)hl_stmt_int(row, 1),
                              .counter = (uint64_t)hl_stmt_int(row, 2),
                              .settings = text(row, 3),
                              .changed_at = hl_stmt_int(row, 4),
                              .changed_by = text(row, 5) };

    ((MgrGroupFn)to->fn)(&record, to->user);
    mgr_group_record_clear(&record);
    return true;
}

bool mgr_registry_load_groups(HlDb *db, MgrGroupFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_group, &to, error,
                       "SELECT name, version, counter, settings, changed_at, changed_by FROM grp ORDER BY name", "");
}

void mgr_applied_clear(MgrApplied *applied)
{
    g_clear_pointer(&applied->group, g_free);
    g_clear_pointer(&applied->path, g_free);
    g_clear_pointer(&applied->digest, g_bytes_unref);
}

void mgr_endpoint_record_clear(MgrEndpointRecord *record)
{
    char **texts[] = {
        &record->id,       &record->group,   &record->host,          &record->fingerprint,   &record->addresses,
        &record->os,       &record->program, &record->observed,      &record->observed_by,   &record->serial,
        &record->patterns, &record->spool,   &record->update_result, &record->update_source, &record->update_error
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    mgr_applied_clear(&record->applied);
}

static void read_presence(HlStmt *row, int column, MgrPresence *presence)
{
    MgrActual actual = MGR_ACTUAL_NEVER_SEEN;
    MgrReason reason = MGR_REASON_NONE;

    if (hl_stmt_is_null(row, column))
        return; /* never seen: no row yet */
    presence->session = (uint64_t)hl_stmt_int(row, column);
    presence->born_session = (uint64_t)hl_stmt_int(row, column + 1);
    presence->boot = (uint64_t)hl_stmt_int(row, column + 2);
    presence->machine = (uint64_t)hl_stmt_int(row, column + 3);
    presence->previous_boot = (uint64_t)hl_stmt_int(row, column + 4);
    presence->other_machine = (uint64_t)hl_stmt_int(row, column + 5);
    presence->kept_machine = (uint64_t)hl_stmt_int(row, column + 6);
    presence->since_wall = hl_stmt_int(row, column + 7);
    presence->seen_wall = hl_stmt_int(row, column + 8);
    presence->heartbeat_ms = (uint32_t)hl_stmt_int(row, column + 9);
    if (mgr_actual_parse(hl_stmt_text(row, column + 10), &actual))
        presence->actual = (uint8_t)actual;
    if (mgr_reason_parse(hl_stmt_text(row, column + 11), &reason))
        presence->reason = (uint8_t)reason;
    presence->clone = (uint8_t)hl_stmt_int(row, column + 12);
    presence->ended = hl_stmt_int(row, column + 13) != 0;
    presence->retired = hl_stmt_int(row, column + 14) != 0;
}

static void read_display(HlStmt *row, int column, MgrEndpointRecord *record)
{
    MgrDisplay *display = &record->display;
    MgrDisplayed shown = MGR_DISPLAYED_OFFLINE;
    int64_t cause;

    if (hl_stmt_is_null(row, column))
        return;
    if (mgr_displayed_parse(hl_stmt_text(row, column), &shown))
        display->shown = (uint8_t)shown;
    cause = hl_stmt_int(row, column + 1);
    display->cause = cause >= 0 && cause < MGR_DISPLAY_N ? (uint8_t)cause : MGR_DISPLAY_NOTHING;
    display->since_wall = hl_stmt_int(row, column + 2);
    display->contact_wall = hl_stmt_int(row, column + 3);
    display->registered = hl_stmt_int(row, column + 4) != 0;
    display->up = hl_stmt_int(row, column + 5) != 0;
    display->in_unreachable_net = hl_stmt_int(row, column + 6) != 0;
    display->independent = hl_stmt_int(row, column + 7) != 0;
    display->dialling = hl_stmt_int(row, column + 8) != 0;
    display->inactive = hl_stmt_int(row, column + 9) != 0;
    display->removed = hl_stmt_int(row, column + 10) != 0;
    mgr_reach_parse(hl_stmt_text(row, column + 11), &record->reach);
    record->dialled_at = hl_stmt_int(row, column + 12);
}

static bool on_endpoint(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrEndpointRecord record = {
        .number = hl_stmt_int(row, 0),
        .id = text(row, 1),
        .group = text(row, 2),
        .host = text(row, 3),
        .fingerprint = text(row, 4),
        .addresses = text(row, 5),
        .direct_port = (int)hl_stmt_int(row, 6),
        .os = text(row, 7),
        .program = text(row, 8),
        .observed = text(row, 9),
        .observed_by = text(row, 54),
        .enrolled_at = hl_stmt_int(row, 10),
        .moved_counter = (uint64_t)hl_stmt_int(row, 11),
        .serial = text(row, 12),
        .cert_expires = hl_stmt_int(row, 13),
        .revoked_at = hl_stmt_int(row, 14),
        .applied = { .group = text(row, 15),
                     .version = (uint64_t)hl_stmt_int(row, 16),
                     .counter = (uint64_t)hl_stmt_int(row, 17),
                     .digest = hl_stmt_blob(row, 18),
                     .path = text(row, 19),
                     .at = hl_stmt_int(row, 20) },
        .patterns = text(row, 21),
        .updated_at = hl_stmt_int(row, 22),
        .update_result = text(row, 23),
        .update_source = text(row, 55),
        .update_error = text(row, 56),
        .spool = text(row, 24),
        .report_seq = (uint64_t)hl_stmt_int(row, 25),
        .report_mark = (uint64_t)hl_stmt_int(row, 57),
    };

    read_presence(row, 26, &record.presence);
    read_display(row, 41, &record);
    ((MgrEndpointFn)to->fn)(&record, to->user);
    mgr_endpoint_record_clear(&record);
    return true;
}

bool mgr_registry_load_endpoints(HlDb *db, MgrEndpointFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(
        db, on_endpoint, &to, error,
        "SELECT number, id, grp, host, fingerprint, addresses, direct_port, os, program, observed,"
        " enrolled_at, moved_counter, serial, cert_expires, revoked_at, applied_group, applied_version,"
        " applied_counter, applied_digest, applied_path, applied_at, patterns, updated_at, update_result,"
        " spool, report_seq, session, born_session, boot, machine, previous_boot, other_machine,"
        " kept_machine, presence.since, seen, heartbeat_ms, actual, reason, clone, ended, retired, shown, cause,"
        " display.since, contact, registered, up, in_unreachable_net, independent, dialling, inactive, removed, reach,"
        " dialled_at, observed_by, update_source, update_error, report_mark FROM endpoint LEFT JOIN presence ON "
        "presence.endpoint = "
        "number"
        " LEFT JOIN display ON display.endpoint = number ORDER BY number",
        "");
}

void mgr_command_record_clear(MgrCommandRecord *record)
{
    g_clear_pointer(&record->id, g_free);
    g_clear_pointer(&record->selector, g_free);
    g_clear_pointer(&record->issuer, g_free);
}

static bool on_command(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrCommandRecord record = { .id = text(row, 0),
                                .kind = hl_command_kind_from_name(hl_stmt_text(row, 1)),
                                .selector = text(row, 2),
                                .issuer = text(row, 3),
                                .issued_at = hl_stmt_int(row, 4),
                                .expires_at = hl_stmt_int(row, 5),
                                .window_ms = (uint32_t)hl_stmt_int(row, 6),
                                .timeout_ms = (uint32_t)hl_stmt_int(row, 7),
                                .cancelled_at = hl_stmt_int(row, 8) };

    ((MgrCommandFn)to->fn)(&record, to->user);
    mgr_command_record_clear(&record);
    return true;
}

#define OPEN_STATES "('queued', 'sent', 'received', 'started')"

bool mgr_registry_load_open_commands(HlDb *db, MgrCommandFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_command, &to, error,
                       "SELECT id, kind, selector, issuer, issued_at, expires_at, window_ms, timeout_ms, cancelled_at"
                       " FROM command WHERE EXISTS (SELECT 1 FROM target WHERE command = id AND state IN " OPEN_STATES
                       ")"
                       " ORDER BY issued_at, id",
                       "");
}

void mgr_target_record_clear(MgrTargetRecord *record)
{
    g_clear_pointer(&record->command, g_free);
    g_clear_pointer(&record->endpoint, g_free);
    g_clear_pointer(&record->code, g_free);
    g_clear_pointer(&record->detail, g_free);
}

static bool on_target(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrTargetRecord record = { .command = text(row, 0),
                               .endpoint = text(row, 1),
                               .state = hl_command_state_from_name(hl_stmt_text(row, 2)),
                               .code = text(row, 3),
                               .detail = text(row, 4),
                               .changed_at = hl_stmt_int(row, 5) };

    ((MgrTargetFn)to->fn)(&record, to->user);
    mgr_target_record_clear(&record);
    return true;
}

bool mgr_registry_load_open_targets(HlDb *db, MgrTargetFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    /* all targets of a command that is open anywhere: its counts need the finished ones too */
    return hl_db_query(db, on_target, &to, error,
                       "SELECT command, endpoint, state, code, detail, changed_at FROM target WHERE command IN"
                       " (SELECT command FROM target WHERE state IN " OPEN_STATES ")",
                       "");
}

void mgr_token_record_clear(MgrTokenRecord *record)
{
    g_clear_pointer(&record->id, g_free);
    g_clear_pointer(&record->digest, g_free);
    g_clear_pointer(&record->group, g_free);
    g_clear_pointer(&record->created_by, g_free);
}

static bool on_token(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrTokenRecord record = { .id = text(row, 0),
                              .digest = text(row, 1),
                              .group = text(row, 2),
                              .uses_left = hl_stmt_int(row, 3),
                              .expires_at = hl_stmt_int(row, 4),
                              .created_at = hl_stmt_int(row, 5),
                              .created_by = text(row, 6),
                              .withdrawn_at = hl_stmt_int(row, 7) };

    ((MgrTokenFn)to->fn)(&record, to->user);
    mgr_token_record_clear(&record);
    return true;
}

bool mgr_registry_load_tokens(HlDb *db, MgrTokenFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(db, on_token, &to, error,
                       "SELECT id, digest, grp, uses_left, expires_at, created_at, created_by, withdrawn_at FROM token"
                       " ORDER BY created_at",
                       "");
}

void mgr_certificate_record_clear(MgrCertificateRecord *record)
{
    g_clear_pointer(&record->serial, g_free);
    g_clear_pointer(&record->name, g_free);
    g_clear_pointer(&record->kind, g_free);
}

static bool on_certificate(HlStmt *row, gpointer user)
{
    const Receiver *to = user;
    MgrCertificateRecord record = { .serial = text(row, 0),
                                    .name = text(row, 1),
                                    .kind = text(row, 2),
                                    .issued_at = hl_stmt_int(row, 3),
                                    .expires_at = hl_stmt_int(row, 4),
                                    .revoked_at = hl_stmt_int(row, 5) };

    ((MgrCertificateFn)to->fn)(&record, to->user);
    mgr_certificate_record_clear(&record);
    return true;
}

bool mgr_registry_load_certificates(HlDb *db, MgrCertificateFn fn, gpointer user, GError **error)
{
    Receiver to = { (AnyFn)fn, user };

    return hl_db_query(
        db, on_certificate, &to, error,
        "SELECT serial, name, kind, issued_at, expires_at, revoked_at FROM certificate ORDER BY issued_at", "");
}

bool mgr_registry_load_counter(HlDb *db, const char *name, uint64_t *value, GError **error)
{
    int64_t stored = 0;

    if (!hl_db_query_int(db, 0, &stored, error, "SELECT value FROM counter WHERE name = ?", "t", name))
        return false;
    *value = (uint64_t)stored;
    return true;
}
