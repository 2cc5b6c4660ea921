/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the registry: statements added to write sets. */
#include "manager/store/detections.h"
#include "manager/store/journal.h"
#include "manager/store/rollouts.h"
#include "proto/messages.h"

#define INT(value) ((int64_t)(value))

/* A line of the journal; takes it. */
static void note(HlWriteSet *set, char *line)
{
    hl_write_set_note(set, line);
    g_free(line);
}

void mgr_write_counter(HlWriteSet *set, const char *name, uint64_t value)
{
    /* a counter never goes back, in whatever order two sets are written */
    hl_write_set_add(set,
                     "INSERT INTO counter (value, name) VALUES (?, ?)"
                     " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
                     "it", INT(value), name);
}

void mgr_write_measure(HlWriteSet *set, const char *name, uint64_t value)
{
    hl_write_set_add(set,
                     "INSERT INTO counter (value, name) VALUES (?, ?)"
                     " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                     "it", INT(value), name);
}

void mgr_write_group(HlWriteSet *set, const MgrGroupRecord *group)
{
    hl_write_set_add(set,
                     "INSERT INTO grp (name, version, counter, settings, changed_at, changed_by, display_name)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "tiititt", group->name, INT(group->version), INT(group->counter), group->settings,
                     INT(group->changed_at), group->changed_by, group->display_name != NULL ? group->display_name : "");
}

void mgr_write_group_change(HlWriteSet *set, const MgrGroupRecord *group, uint64_t base_version)
{
    hl_write_set_add(set,
                     "UPDATE grp SET version = ?, counter = ?, settings = ?, changed_at = ?, changed_by = ?"
                     " WHERE name = ? AND version = ? AND tried < ?",
                     "iitittii", INT(group->version), INT(group->counter), group->settings, INT(group->changed_at),
                     group->changed_by, group->name, INT(base_version), INT(group->version));
    hl_write_set_require(set);
}

void mgr_write_group_end_trial(HlWriteSet *set, const MgrGroupRecord *group, uint64_t base_version)
{
    hl_write_set_add(set,
                     "UPDATE grp SET version = ?1, counter = ?2, settings = ?3, changed_at = ?4, changed_by = ?5"
                     " WHERE name = ?6 AND version = ?7 AND tried = ?1",
                     "iititti", INT(group->version), INT(group->counter), group->settings, INT(group->changed_at),
                     group->changed_by, group->name, INT(base_version));
    hl_write_set_require(set);
}

void mgr_write_group_removal(HlWriteSet *set, const char *name)
{
    hl_write_set_add(set,
                     "INSERT INTO counter (name, value) SELECT '" MGR_ENDED_GROUP
                     "', max(version, tried) FROM grp WHERE name = ?"
                     " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
                     "t", name);
    hl_write_set_add(set,
                     "DELETE FROM grp WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM endpoint WHERE grp = ?1)"
                     " AND NOT EXISTS (SELECT 1 FROM account WHERE instr(',' || groups || ',', ',' || ?1 || ',') > 0)"
                     " AND NOT EXISTS (SELECT 1 FROM pass WHERE kind = 'token' AND instr(',' || groups || ',', ',' || "
                     "?1 || ',') > 0)"
                     " AND NOT EXISTS (SELECT 1 FROM rollout WHERE grp = ?1 AND state NOT IN ('done', 'aborted'))",
                     "t", name);
    hl_write_set_require(set);
    hl_write_set_add(set, "DELETE FROM trend WHERE grp = ?", "t", name); /* the next of its name has none of them */
}

void mgr_write_endpoint(HlWriteSet *set, const MgrEndpointRecord *e)
{
    hl_write_set_add(
        set,
        "INSERT INTO endpoint (number, id, grp, host, fingerprint, addresses, direct_port, os, program, observed,"
        " enrolled_at, moved_counter, serial, cert_expires, enrolled_as)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ittttt"
        "ittt"
        "iitit",
        e->number, e->id, e->group, e->host, e->fingerprint, e->addresses, INT(e->direct_port), e->os, e->program,
        mgr_endpoint_observed(e), INT(e->enrolled_at), INT(e->moved_counter), e->serial, INT(e->cert_expires),
        e->fingerprint);
    note(set, mgr_journal_endpoint(e));
}

void mgr_write_endpoint_removal(HlWriteSet *set, const MgrEndpointRecord *endpoint)
{
    hl_write_set_add(set, "DELETE FROM endpoint WHERE number = ?", "i", endpoint->number);
    hl_write_set_require(set);
    note(set, mgr_journal_removal(endpoint->id));
}

void mgr_write_endpoint_group(HlWriteSet *set, const MgrEndpointRecord *endpoint, const char *group, uint64_t counter)
{
    hl_write_set_add(
        set, "UPDATE endpoint SET grp = ?, moved_counter = max(?, moved_counter + 1) WHERE number = ? AND grp = ?",
        "tiit", group, INT(counter), endpoint->number, endpoint->group);
    hl_write_set_require(set); /* if two administrators move it at once, the second is told */
}

void mgr_write_endpoint_counter(HlWriteSet *set, int64_t number, uint64_t counter)
{
    hl_write_set_add(set, "UPDATE endpoint SET moved_counter = max(moved_counter, ?) WHERE number = ?", "ii",
                     INT(counter), number);
}

void mgr_write_members_outrun(HlWriteSet *set, const char *group, uint64_t counter)
{
    hl_write_set_add(set, "UPDATE endpoint SET moved_counter = moved_counter + 1 WHERE grp = ? AND moved_counter >= ?",
                     "ti", group, INT(counter));
}

void mgr_write_endpoint_enrolment(HlWriteSet *set, int64_t number, const MgrEnrolmentStep *step)
{
    hl_write_set_add(set,
                     "UPDATE endpoint SET serial = ?1, cert_expires = ?2, fingerprint = ?4, enrolled_as = ?4,"
                     " revoked_at = 0 WHERE number = ?3 AND (revoked_at = 0 OR ?5)",
                     "tiiti", step->serial, INT(step->expires), number, step->fingerprint, INT(step->ends_revocation));
    hl_write_set_require(set);
}

void mgr_write_endpoint_renewal(HlWriteSet *set, int64_t number, const char *serial, HlTime expires)
{
    hl_write_set_add(set, "UPDATE endpoint SET serial = ?, cert_expires = ? WHERE number = ? AND revoked_at = 0", "tii",
                     serial, INT(expires), number);
    hl_write_set_require(set); /* revoked or removed between request and commit */
}

void mgr_write_endpoint_machine(HlWriteSet *set, int64_t number, const char *fingerprint)
{
    hl_write_set_add(set, "UPDATE endpoint SET enrolled_as = ? WHERE number = ?", "ti", fingerprint, number);
}

void mgr_write_endpoint_revocation(HlWriteSet *set, int64_t number, HlTime at)
{
    hl_write_set_add(set, "UPDATE endpoint SET revoked_at = ? WHERE number = ?", "ii", INT(at), number);
    hl_write_set_require(set);
}

void mgr_write_endpoint_registration(HlWriteSet *set, const MgrEndpointRecord *e)
{
    hl_write_set_add(
        set,
        "UPDATE endpoint SET host = ?, fingerprint = ?, addresses = ?, direct_port = ?, os = ?, program = ?,"
        " observed = ?, observed_by = ?," /* and what a restore did not know: */
        " enrolled_as = coalesce(nullif(enrolled_as, ''), ?, '') WHERE number = ?",
        "tttittt"
        "tti",
        e->host, e->fingerprint, e->addresses, INT(e->direct_port), e->os, e->program, mgr_endpoint_observed(e),
        e->observed_by, mgr_endpoint_enrolled_as(e), e->number);
}

void mgr_write_applied(HlWriteSet *set, int64_t number, const MgrApplied *applied)
{
    hl_write_set_add(
        set,
        "UPDATE endpoint SET applied_group = ?, applied_version = ?, applied_counter = ?, applied_digest = ?,"
        " applied_path = ?, applied_at = ? WHERE number = ?",
        "tiibtii", applied->group, INT(applied->version), INT(applied->counter), applied->digest, applied->path,
        INT(applied->at), number);
}

void mgr_write_applied_told(HlWriteSet *set, int64_t number, const MgrApplied *applied)
{
    hl_write_set_add(set,
                     "UPDATE endpoint SET applied_group = ?, applied_version = ?, applied_counter = ?,"
                     " applied_digest = ?, applied_path = ? WHERE number = ?",
                     "tiibti", applied->group != NULL ? applied->group : "", INT(applied->version),
                     INT(applied->counter), applied->digest, applied->path != NULL ? applied->path : "", number);
}

void mgr_write_applied_counter(HlWriteSet *set, int64_t number, const MgrApplied *applied)
{
    hl_write_set_add(set, "UPDATE endpoint SET applied_counter = ?, applied_digest = ? WHERE number = ?", "ibi",
                     INT(applied->counter), applied->digest, number);
}

void mgr_write_patterns(HlWriteSet *set, int64_t number, const char *patterns)
{
    hl_write_set_add(set, "UPDATE endpoint SET patterns = ? WHERE number = ?", "ti", patterns, number);
}

void mgr_write_update(HlWriteSet *set, int64_t number, const MgrUpdateStep *step)
{
    hl_write_set_add(
        set,
        "UPDATE endpoint SET patterns = coalesce(?, patterns), updated_at = ?, update_result = ?, update_source = ?,"
        " update_error = ? WHERE number = ?",
        "tittti", step->patterns, INT(step->at), step->result, step->source, step->error, number);
}

void mgr_write_upgrade(HlWriteSet *set, int64_t number, const MgrUpgradeStep *step)
{
    hl_write_set_add(
        set,
        "UPDATE endpoint SET upgrade_end = ?, upgrade_to = ?, upgrade_detail = ?, upgraded_at = ? WHERE number = ?",
        "tttii", step->end, step->to, step->detail, INT(step->at), number);
}

void mgr_write_report(HlWriteSet *set, int64_t number, const MgrReportStep *step)
{
    hl_write_set_add(set,
                     "UPDATE endpoint SET spool = ?, report_seq = ?, report_mark = ?"
                     " WHERE number = ? AND spool = ? AND report_seq = ?",
                     "tiiiti", step->to_spool, INT(step->to), INT(step->mark), number, step->from_spool,
                     INT(step->from));
    /* not found: removed meanwhile, or the one before it was not stored (disk full), and must not be skipped */
    hl_write_set_require(set);
}

void mgr_write_presence(HlWriteSet *set, int64_t number, const MgrPresence *p)
{
    hl_write_set_add(
        set,
        "INSERT INTO presence (endpoint, session, born_session, boot, machine, previous_boot, other_machine,"
        " kept_machine, since, seen, heartbeat_ms, actual, reason, clone, ended, retired)"
        " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS"
        " (SELECT 1 FROM endpoint WHERE number = ?)"
        " ON CONFLICT (endpoint) DO UPDATE SET session = excluded.session, born_session = excluded.born_session,"
        " boot = excluded.boot, machine = excluded.machine, previous_boot = excluded.previous_boot,"
        " other_machine = excluded.other_machine, kept_machine = excluded.kept_machine, since = excluded.since,"
        " seen = excluded.seen, heartbeat_ms = excluded.heartbeat_ms, actual = excluded.actual,"
        " reason = excluded.reason, clone = excluded.clone, ended = excluded.ended, retired = excluded.retired",
        "iiiiii"
        "iiiii"
        "ttiiii",
        number, INT(p->session), INT(p->born_session), INT(p->boot), INT(p->machine), INT(p->previous_boot),
        INT(p->other_machine), INT(p->kept_machine), INT(p->since_wall), INT(p->seen_wall), INT(p->heartbeat_ms),
        mgr_actual_name((MgrActual)p->actual), mgr_reason_name((MgrReason)p->reason), INT(p->clone), INT(p->ended),
        INT(p->retired), number);
}

void mgr_write_display(HlWriteSet *set, const MgrEndpointRecord *endpoint)
{
    const MgrDisplay *d = &endpoint->display;

    hl_write_set_add(
        set,
        "INSERT INTO display (endpoint, shown, cause, since, contact, registered, up, in_unreachable_net, independent,"
        " dialling, inactive, removed, reach, dialled_at) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
        " WHERE EXISTS (SELECT 1 FROM endpoint WHERE number = ?)"
        " ON CONFLICT (endpoint) DO UPDATE SET shown = excluded.shown, cause = excluded.cause,"
        " since = excluded.since, contact = excluded.contact, registered = excluded.registered,"
        " up = excluded.up, in_unreachable_net = excluded.in_unreachable_net, independent = excluded.independent,"
        " dialling = excluded.dialling, inactive = excluded.inactive, removed = excluded.removed,"
        " reach = excluded.reach, dialled_at = excluded.dialled_at",
        "itiiiiiiiiiitii", endpoint->number, mgr_displayed_name((MgrDisplayed)d->shown), INT(d->cause),
        INT(d->since_wall), INT(d->contact_wall), INT(d->registered), INT(d->up), INT(d->in_unreachable_net),
        INT(d->independent), INT(d->dialling), INT(d->inactive), INT(d->removed), mgr_reach_name(endpoint->reach),
        INT(endpoint->dialled_at), endpoint->number);
}

void mgr_write_command(HlWriteSet *set, const MgrCommandRecord *command)
{
    hl_write_set_add(
        set,
        "INSERT INTO command (id, kind, selector, issuer, issued_at, expires_at, window_ms, timeout_ms, scope, "
        "in_window) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "ttttiiiiti", command->id, hl_command_kind_name(command->kind), command->selector, command->issuer,
        INT(command->issued_at), INT(command->expires_at), INT(command->window_ms), INT(command->timeout_ms),
        command->scope, INT(command->in_window));
}

void mgr_write_command_cancel(HlWriteSet *set, const char *id, HlTime at)
{
    hl_write_set_add(set, "UPDATE command SET cancelled_at = ? WHERE id = ?", "it", INT(at), id);
}

/* One statement for all of them: for a million to bind and step each would take longer than to insert them. */
void mgr_write_new_targets(HlWriteSet *set, const char *command, HlCommandState state, HlTime at,
                           const GPtrArray *endpoints)
{
    g_autoptr(GString) ids = g_string_new("[");

    for (guint i = 0; i < endpoints->len; i++) { /* an id needs no escapes (lib/base/ident.h) */
        g_string_append(ids, i > 0 ? ",\"" : "\"");
        g_string_append(ids, endpoints->pdata[i]);
        g_string_append_c(ids, '"');
    }
    g_string_append_c(ids, ']');
    hl_write_set_add(set,
                     "INSERT INTO target (command, endpoint, state, changed_at)"
                     " SELECT ?, value, ?, ? FROM json_each(?)",
                     "ttit", command, hl_command_state_name(state), INT(at), ids->str);
}

/* " queued sent ": the states from which a target may come to this one. */
static char *states_before(HlCommandState state, bool (*may)(HlCommandState from, HlCommandState to))
{
    GString *out = g_string_sized_new(128);

    g_string_append_c(out, ' ');
    for (HlCommandState from = HL_STATE_QUEUED; from < HL_N_STATES; from++) {
        if (!may(from, state))
            continue;
        g_string_append(out, hl_command_state_name(from));
        g_string_append_c(out, ' ');
    }
    return g_string_free(out, FALSE);
}

void mgr_write_target(HlWriteSet *set, const MgrTargetRecord *target)
{
    g_autofree char *before = states_before(target->state, hl_command_state_may_follow);

    hl_write_set_add(
        set,
        "UPDATE target SET state = ?, code = ?, detail = ?, changed_at = ? WHERE command = ? AND endpoint = ?"
        " AND instr(?, ' ' || state || ' ') > 0",
        "tttittt", hl_command_state_name(target->state), target->code, target->detail, INT(target->changed_at),
        target->command, target->endpoint, before);
}

void mgr_write_target_history(HlWriteSet *set, const MgrTargetRecord *target, HlCommandKind kind)
{
    g_autofree char *before = states_before(target->state, hl_command_state_may_follow);

    hl_write_set_add(set,
                     "INSERT INTO history (at, endpoint, what, detail) SELECT ?, endpoint, ?, ? FROM target"
                     " WHERE command = ? AND endpoint = ? AND instr(?, ' ' || state || ' ') > 0",
                     "ittttt", INT(target->changed_at), hl_command_kind_name(kind),
                     hl_command_state_name(target->state), target->command, target->endpoint, before);
}

#define LATE(before) " (reported late: it had been taken for " before ")"

char *mgr_late_detail(const char *detail, HlCommandState before)
{
    g_autofree char *text = g_strdup_printf("%s" LATE("%s"), detail, hl_command_state_name(before));

    return g_strdup(g_strchug(text));
}

/* ?1: the states that were presumed, ?4: those that the endpoint comes from; ?5: the text. */
#define LATE_OR_NOT                                                                                         \
    "CASE WHEN instr(?1, ' ' || state || ' ') > 0 THEN ltrim(?5 || '" LATE("' || state || '") "') ELSE ?5 " \
                                                                                              "END"
#define MAY_BECOME " WHERE command = ?2 AND endpoint = ?3 AND instr(?1 || ?4, ' ' || state || ' ') > 0"

void mgr_write_result(HlWriteSet *set, const MgrTargetRecord *target)
{
    g_autofree char *presumed = states_before(target->state, hl_command_state_may_correct);
    g_autofree char *before = states_before(target->state, hl_command_state_may_follow);
    const char *state = hl_command_state_name(target->state);

    hl_write_set_add(set,
                     "INSERT INTO history (at, endpoint, what, detail)"
                     " SELECT ?6, endpoint, (SELECT kind FROM command WHERE id = ?2), " LATE_OR_NOT
                     " FROM target" MAY_BECOME,
                     "ttttti", presumed, target->command, target->endpoint, before, state, INT(target->changed_at));
    hl_write_set_add(set, "UPDATE target SET state = ?6, code = ?7, changed_at = ?8, detail = " LATE_OR_NOT MAY_BECOME,
                     "ttttttti", presumed, target->command, target->endpoint, before, target->detail, state,
                     target->code, INT(target->changed_at));
}

void mgr_write_target_sent(HlWriteSet *set, const MgrTargetRecord *target, HlTime at)
{
    hl_write_set_add(
        set, "UPDATE target SET state = 'sent', changed_at = ? WHERE command = ? AND endpoint = ? AND state = 'queued'",
        "itt", INT(at), target->command, target->endpoint);
}

void mgr_write_target_unsent(HlWriteSet *set, const MgrTargetRecord *target)
{
    hl_write_set_add(
        set, "UPDATE target SET state = 'queued', changed_at = ? WHERE command = ? AND endpoint = ? AND state = 'sent'",
        "itt", INT(target->changed_at), target->command, target->endpoint);
}

void mgr_write_token(HlWriteSet *set, const MgrTokenRecord *token)
{
    hl_write_set_add(set,
                     "INSERT INTO token (id, digest, grp, uses_left, expires_at, created_at, created_by, endpoint)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(?, ''))",
                     "tttiiitt", token->id, token->digest, token->group, INT(token->uses_left), INT(token->expires_at),
                     INT(token->created_at), token->created_by, token->endpoint);
    note(set, mgr_journal_bundle(token->id, token->uses_left));
}

void mgr_write_token_use(HlWriteSet *set, const char *id)
{
    hl_write_set_add(
        set, "UPDATE token SET uses_left = uses_left - 1 WHERE id = ? AND uses_left > 0 AND withdrawn_at = 0", "t", id);
    hl_write_set_require(set);
    note(set, mgr_journal_use(id));
}

void mgr_write_token_withdrawal(HlWriteSet *set, const char *id, HlTime at)
{
    hl_write_set_add(set, "UPDATE token SET withdrawn_at = ? WHERE id = ?", "it", INT(at), id);
    hl_write_set_require(set);
    note(set, mgr_journal_withdrawal(id, at));
}

void mgr_write_certificate(HlWriteSet *set, const MgrCertificateRecord *certificate)
{
    hl_write_set_add(set,
                     "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, authority, key)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)",
                     "tttiitt", certificate->serial, certificate->name, certificate->kind, INT(certificate->issued_at),
                     INT(certificate->expires_at), mgr_certificate_authority(certificate),
                     mgr_certificate_key(certificate));
    note(set, mgr_journal_certificate(certificate));
}

void mgr_write_found_certificate(HlWriteSet *set, const MgrCertificateRecord *c)
{
    hl_write_set_add(
        set,
        "INSERT OR IGNORE INTO certificate (serial, name, kind, issued_at, expires_at, authority, replaces,"
        " key, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "tttiittti", c->serial, c->name, c->kind, INT(c->issued_at), INT(c->expires_at), mgr_certificate_authority(c),
        mgr_certificate_replaces(c), mgr_certificate_key(c), INT(c->revoked_at));
    if (c->revoked_at == 0)
        note(set, mgr_journal_certificate(c));
}

void mgr_write_named_certificate(HlWriteSet *set, const MgrCertificateRecord *certificate)
{
    hl_write_set_add(set,
                     "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, authority, key)"
                     " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
                     " WHERE NOT EXISTS (SELECT 1 FROM certificate WHERE name = ?2 AND revoked_at = 0)"
                     " AND NOT EXISTS (SELECT 1 FROM account WHERE name = ?2)",
                     "tttiitt", certificate->serial, certificate->name, certificate->kind, INT(certificate->issued_at),
                     INT(certificate->expires_at), mgr_certificate_authority(certificate),
                     mgr_certificate_key(certificate));
    hl_write_set_require(set);
    note(set, mgr_journal_certificate(certificate));
}

void mgr_write_named_renewal(HlWriteSet *set, const MgrCertificateRecord *c, const char *before)
{
    hl_write_set_add(set,
                     "INSERT INTO certificate (serial, name, kind, issued_at, expires_at, authority, replaces, key)"
                     " SELECT ?1, ?2, ?3, ?4, ?5, ?7, ?8, ?9"
                     " WHERE EXISTS (SELECT 1 FROM certificate WHERE serial = ?6 AND name = ?2 AND kind = ?3"
                     " AND revoked_at = 0)",
                     "tttiitttt", c->serial, c->name, c->kind, INT(c->issued_at), INT(c->expires_at), before,
                     mgr_certificate_authority(c), mgr_certificate_replaces(c), mgr_certificate_key(c));
    hl_write_set_require(set);
    note(set, mgr_journal_certificate(c));
}

void mgr_write_authority(HlWriteSet *set, const char *authority)
{
    hl_write_set_add(set, "UPDATE certificate SET authority = ? WHERE authority = ''", "t", authority);
}

void mgr_write_certificate_use(HlWriteSet *set, const char *serial, HlTime at)
{
    hl_write_set_add(set, "UPDATE certificate SET used_at = ? WHERE serial = ?", "it", INT(at), serial);
}

void mgr_write_revocations(HlWriteSet *set, const char *name, const char *but_serial, HlTime at)
{
    hl_write_set_add(set, "UPDATE certificate SET revoked_at = ? WHERE name = ? AND revoked_at = 0 AND serial IS NOT ?",
                     "itt", INT(at), name, but_serial);
    note(set, mgr_journal_revocation(name, but_serial, at));
}

void mgr_write_history(HlWriteSet *set, HlTime at, const char *endpoint, const char *what, const char *detail)
{
    hl_write_set_add(set, "INSERT INTO history (at, endpoint, what, detail) VALUES (?, ?, ?, ?)", "ittt", INT(at),
                     endpoint, what, detail);
}

void mgr_write_history_once(HlWriteSet *set, HlTime at, const char *endpoint, const char *what, const char *detail,
                            uint64_t mark)
{
    hl_write_set_add(set, "INSERT OR IGNORE INTO history (at, endpoint, what, detail, mark) VALUES (?, ?, ?, ?, ?)",
                     "ittti", INT(at), endpoint, what, detail, INT(mark));
}

void mgr_write_prune(HlWriteSet *set, HlTime before, HlTime ended_before)
{
    mgr_write_prune_detections(set, before);
    hl_write_set_add(set, "DELETE FROM history WHERE at < ?", "i", INT(before));
    hl_write_set_add(
        set,
        "DELETE FROM command WHERE issued_at < ? AND NOT EXISTS (SELECT 1 FROM target WHERE command = id AND"
        " state IN ('queued', 'sent', 'received', 'started'))",
        "i", INT(before));
    mgr_write_prune_rollouts(set, before);
    hl_write_set_add(set, "DELETE FROM token WHERE expires_at < ?", "i", INT(before));
    hl_write_set_add(set, "DELETE FROM certificate WHERE expires_at < ?", "i", INT(ended_before));
}
