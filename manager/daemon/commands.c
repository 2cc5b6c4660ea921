#include "manager/daemon/commands.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/daemon/delivery.h"
#include "manager/daemon/display.h"
#include "manager/daemon/status.h"

#define STATE(name) ((int)HOLDLINE__V1__COMMAND_STATE__COMMAND_##name)

/* After the end of a command its endpoints get this long to report a result that they already have. */
#define REPORT_GRACE (2 * HL_MINUTE)

typedef struct {
    Manager *manager;
    MgrCommandRecord record;
    GPtrArray *endpoints; /* ids */
    MgrIssued done;
    gpointer user;
} Issue;

static void free_issue(Issue *issue)
{
    mgr_command_record_clear(&issue->record);
    g_ptr_array_unref(issue->endpoints);
    g_free(issue);
}

static void on_issued(const GError *error, gpointer user)
{
    Issue *issue = user;
    Manager *manager = issue->manager;
    MgrCommand *command = NULL;

    if (error == NULL) {
        HlTime issued_at = issue->record.issued_at;

        command = mgr_fleet_add_command(&manager->fleet, &issue->record);
        command->changed_mono = hl_clock_mono();
        for (guint i = 0; i < issue->endpoints->len; i++) {
            MgrTargetRecord record = { .command = g_strdup(command->record.id),
                                       .endpoint = g_strdup(issue->endpoints->pdata[i]),
                                       .state = STATE(QUEUED),
                                       .code = g_strdup(""),
                                       .detail = g_strdup(""),
                                       .changed_at = issued_at };

            mgr_fleet_add_target(&manager->fleet, &record);
        }
        hl_info("command", "%s %s for %s by %s: %u endpoints", command->record.id,
                hl_command_kind_name(command->record.kind), command->record.selector, command->record.issuer,
                command->targets->len);
        for (guint i = 0; i < command->targets->len; i++) {
            MgrTarget *target = command->targets->pdata[i];

            mgr_delivery_push_command(manager, target, MGR_OCCASION_LINE);
            if (target->endpoint != NULL) {
                mgr_display_want(manager, target->endpoint, MGR_NOTIFY_UPDATE_NOW);
                mgr_status_touch(manager, target->endpoint);
            }
        }
    }
    issue->done(command, error, issue->user);
    free_issue(issue);
}

bool mgr_commands_issue(Manager *manager, const MgrCommandSpec *spec, GPtrArray *endpoints, MgrIssued done,
                        gpointer user, GError **error)
{
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    Issue *issue = g_new0(Issue, 1);
    HlTime now = hl_clock_wall();

    *issue = (Issue){ .manager = manager,
                      .record = { .id = hl_ident_new("c-"),
                                  .selector = g_strdup(spec->selector),
                                  .issuer = g_strdup(spec->issuer),
                                  .kind = spec->kind,
                                  .issued_at = now,
                                  .expires_at = now + spec->lifetime,
                                  .window_ms = (uint32_t)spec->window,
                                  .timeout_ms = (uint32_t)manager->conf.command_timeout },
                      .endpoints = g_ptr_array_new_with_free_func(g_free),
                      .done = done,
                      .user = user };
    mgr_write_command(set, &issue->record);
    for (guint i = 0; i < endpoints->len; i++) {
        MgrEndpoint *endpoint = endpoints->pdata[i];
        MgrTargetRecord record = { issue->record.id, endpoint->record.id, STATE(QUEUED), NULL, NULL, now };

        mgr_write_new_target(set, &record);
        g_ptr_array_add(issue->endpoints, g_strdup(endpoint->record.id));
    }
    hl_write_set_durable(set);
    if (hl_writer_submit(manager->writer, g_steal_pointer(&set), on_issued, issue, error))
        return true;
    free_issue(issue);
    return false;
}

/* Moves and tells; the command may be gone afterwards. */
static void move_target(Manager *manager, MgrTarget *target, int state, const char *code, const char *detail)
{
    MgrCommand *command = target->command;

    g_free(target->record.code);
    target->record.code = g_strdup(code);
    g_free(target->record.detail);
    target->record.detail = g_strdup(detail);
    target->record.changed_at = hl_clock_wall();
    if (target->endpoint != NULL)
        mgr_status_touch(manager, target->endpoint);
    if (target->endpoint != NULL && hl_command_state_is_final(state) && target->endpoint->open_targets->len == 1)
        mgr_display_settled(manager, target->endpoint, MGR_NOTIFY_UPDATE_NOW);
    if (!mgr_target_move(target, state, hl_clock_mono())) {
        mgr_watch_command_changed(manager, command);
        return;
    }
    hl_info("command", "%s ended: %u succeeded of %u", command->record.id, command->counts[STATE(SUCCEEDED)],
            command->targets->len);
    mgr_watch_command_changed(manager, command);
    mgr_fleet_drop_command(&manager->fleet, command);
}

void mgr_commands_reported(Manager *manager, MgrEndpoint *endpoint, const HlMsgCommandReport *report)
{
    MgrTarget *target = mgr_endpoint_find_target(endpoint, report->command);

    if (target == NULL || !hl_command_state_may_follow(target->record.state, (int)report->state))
        return;
    target->percent = MIN(report->percent, 100);
    move_target(manager, target, (int)report->state, report->code, report->detail);
}

static bool end_target(Manager *manager, HlWriteSet *set, MgrTarget *target, int state, const char *detail)
{
    MgrTargetRecord record = target->record;

    record.state = state;
    record.code = (char *)(state == STATE(EXPIRED) ? "expired" : state == STATE(TIMED_OUT) ? "timeout" : "");
    record.detail = (char *)detail;
    record.changed_at = hl_clock_wall();
    mgr_write_target(set, &record);
    mgr_write_history(set, record.changed_at, record.endpoint, hl_command_kind_name(target->command->record.kind),
                      hl_command_state_name(state));
    move_target(manager, target, state, record.code, detail);
    return true;
}

/* Ends what is past its end.  Working backwards: an ended target leaves the counts, not the array. */
static void expire_command(Manager *manager, MgrCommand *command, HlTime now)
{
    HlTime late = command->record.expires_at + (HlTime)command->record.timeout_ms + REPORT_GRACE;
    g_autoptr(GPtrArray) due = g_ptr_array_new();

    for (guint i = 0; i < command->targets->len; i++) {
        MgrTarget *target = command->targets->pdata[i];
        int state = target->record.state;
        bool waits = state == STATE(QUEUED) ||
                     (state == STATE(SENT) && now > command->record.expires_at + REPORT_GRACE) ||
                     (state == STATE(SENT) && (target->endpoint == NULL || !mgr_endpoint_is_up(target->endpoint)));

        if (!hl_command_state_is_final(state) && (waits || now > late))
            g_ptr_array_add(due, target);
    }
    for (guint i = 0; i < due->len; i++) {
        MgrTarget *target = due->pdata[i];
        bool began = target->record.state >= STATE(RECEIVED);

        end_target(manager, manager->lazy, target, began ? STATE(TIMED_OUT) : STATE(EXPIRED),
                   began ? "no result came in time" : "the endpoint did not come back in time");
    }
}

void mgr_commands_tick(Manager *manager)
{
    g_autoptr(GPtrArray) commands = mgr_fleet_values(manager->fleet.commands);
    HlTime now = hl_clock_wall();

    for (guint i = 0; i < commands->len; i++) {
        MgrCommand *command = commands->pdata[i];

        if (now > command->record.expires_at)
            expire_command(manager, command, now);
    }
}

typedef struct {
    Manager *manager;
    char *id;
    HlTime at;
    MgrIssued done;
    gpointer user;
} Cancel;

static void on_cancelled(const GError *error, gpointer user)
{
    Cancel *cancel = user;
    Manager *manager = cancel->manager;
    MgrCommand *command = g_hash_table_lookup(manager->fleet.commands, cancel->id);
    g_autoptr(GPtrArray) queued = g_ptr_array_new();

    if (error == NULL && command != NULL) {
        command->record.cancelled_at = cancel->at;
        for (guint i = 0; i < command->targets->len; i++) {
            MgrTarget *target = command->targets->pdata[i];

            if (target->record.state == STATE(QUEUED) ||
                (target->endpoint == NULL && target->record.state == STATE(SENT)))
                g_ptr_array_add(queued, target);
            else if (!hl_command_state_is_final(target->record.state))
                mgr_delivery_push_command(manager, target, MGR_OCCASION_LINE); /* sends the cancel */
        }
        cancel->done(command, NULL, cancel->user);
        for (guint i = 0; i < queued->len; i++)
            end_target(manager, manager->lazy, queued->pdata[i], STATE(CANCELLED), "cancelled before it was sent");
    } else {
        cancel->done(command, error, cancel->user);
    }
    g_free(cancel->id);
    g_free(cancel);
}

bool mgr_commands_cancel(Manager *manager, MgrCommand *command, MgrIssued done, gpointer user, GError **error)
{
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    Cancel *cancel = g_new(Cancel, 1);

    *cancel = (Cancel){ manager, g_strdup(command->record.id), hl_clock_wall(), done, user };
    mgr_write_command_cancel(set, command->record.id, cancel->at);
    hl_write_set_durable(set);
    if (hl_writer_submit(manager->writer, g_steal_pointer(&set), on_cancelled, cancel, error))
        return true;
    g_free(cancel->id);
    g_free(cancel);
    return false;
}

void mgr_commands_write_abandon(HlWriteSet *set, const MgrEndpoint *endpoint, const char *why, HlTime now)
{
    for (guint i = 0; i < endpoint->open_targets->len; i++) {
        MgrTargetRecord record = ((const MgrTarget *)endpoint->open_targets->pdata[i])->record;

        record.state = STATE(CANCELLED);
        record.code = "";
        record.detail = (char *)why;
        record.changed_at = now;
        mgr_write_target(set, &record);
    }
}

void mgr_commands_fold_abandon(Manager *manager, MgrEndpoint *endpoint, const char *why)
{
    while (endpoint->open_targets->len > 0)
        move_target(manager, endpoint->open_targets->pdata[0], STATE(CANCELLED), "", why);
}

typedef struct {
    Manager *manager;
    char *endpoint;
    HlCert *cert;
    MgrCertificateRecord record;
} Renewal;

static void on_renewed(const GError *error, gpointer user)
{
    Renewal *renewal = user;
    Manager *manager = renewal->manager;
    MgrEndpoint *endpoint = g_hash_table_lookup(manager->fleet.endpoints, renewal->endpoint);

    if (error != NULL) {
        hl_error("renew", "certificate of %s: %s", renewal->endpoint, error->message);
    } else if (endpoint != NULL) {
        MgrCertificateRecord *kept = g_memdup2(&renewal->record, sizeof renewal->record);

        memset(&renewal->record, 0, sizeof renewal->record);
        g_hash_table_insert(manager->fleet.certificates, kept->serial, kept);
        g_free(endpoint->record.serial);
        endpoint->record.serial = g_strdup(kept->serial);
        endpoint->record.cert_expires = kept->expires_at;
        mgr_delivery_push_certificate(manager, endpoint, renewal->cert);
        mgr_status_touch(manager, endpoint);
    }
    mgr_certificate_record_clear(&renewal->record);
    hl_cert_free(renewal->cert);
    g_free(renewal->endpoint);
    g_free(renewal);
}

void mgr_commands_renew_certificate(Manager *manager, MgrEndpoint *endpoint, GBytes *csr)
{
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = endpoint->record.id,
                        .kind = HL_CERT_ENDPOINT,
                        .not_before = now - 5 * HL_MINUTE,
                        .not_after = now + manager->conf.certificate_lifetime };
    g_autoptr(HlWriteSet) set = hl_write_set_new();
    g_autoptr(GError) error = NULL;
    Renewal *renewal;

    if (endpoint->record.revoked_at > 0)
        return;
    renewal = g_new0(Renewal, 1);
    renewal->manager = manager;
    renewal->endpoint = g_strdup(endpoint->record.id);
    renewal->cert = mgr_authority_issue(&manager->authority, csr, &spec, &renewal->record, &error);
    if (renewal->cert == NULL) {
        on_renewed(error, renewal);
        return;
    }
    mgr_write_certificate(set, &renewal->record);
    mgr_write_endpoint_certificate(set, endpoint->record.number, renewal->record.serial, renewal->record.expires_at);
    mgr_write_history(set, now, endpoint->record.id, "certificate", "renewed");
    hl_write_set_durable(set);
    if (!hl_writer_submit(manager->writer, g_steal_pointer(&set), on_renewed, renewal, &error))
        on_renewed(error, renewal);
}

json_t *mgr_command_document(const MgrCommandRecord *record, const guint *counts, guint open)
{
    g_autofree char *issued = hl_time_format(record->issued_at);
    g_autofree char *expires = hl_time_format(record->expires_at);
    json_t *states = json_object();
    guint total = 0;

    for (HlCommandState state = HL_STATE_QUEUED; state < HL_N_STATES; state++) {
        total += counts[state];
        if (counts[state] > 0)
            json_object_set_new(states, hl_command_state_name(state), json_integer(counts[state]));
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:i, s:i, s:o}", "id", record->id, "kind",
                     hl_command_kind_name(record->kind), "selector", record->selector, "issuer", record->issuer,
                     "issued", issued, "expires", expires, "cancelled", record->cancelled_at > 0, "endpoints",
                     (int)total, "open", (int)open, "states", states);
}
