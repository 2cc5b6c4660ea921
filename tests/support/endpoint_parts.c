/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/endpoint_parts.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "proto/updater_lines.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/timer_fake.h"

static bool on_send(GBytes *report, gpointer user)
{
    EndpointParts *parts = user;
    g_autoptr(GError) error = NULL;
    HlMsgReport *decoded;

    if (!parts->line_up)
        return false;
    decoded = hl_wire_decode_bytes(&holdline__v1__report__descriptor, report, &error);
    g_assert_no_error(error);
    g_ptr_array_add(parts->reports, decoded);
    return true;
}

static bool on_line_up(gpointer user)
{
    const EndpointParts *parts = user;

    return parts->line_up;
}

static void count(gpointer user)
{
    ++*(guint *)user;
}

/* -------------------------------------------------------------------------------------------------------- identity */

static HlCert *issue(const EndpointParts *parts, GBytes *csr, const char *cn)
{
    HlCertSpec spec = { .cn = cn,
                        .kind = HL_CERT_ENDPOINT,
                        .not_before = hl_clock_wall() - HL_DAY,
                        .not_after = hl_clock_wall() + 30 * HL_DAY };
    g_autoptr(GError) error = NULL;
    HlCert *cert = hl_cert_issue(parts->ca, parts->ca_key, csr, &spec, &error);

    g_assert_no_error(error);
    return cert;
}

void parts_write_identity(const EndpointParts *parts, const char *id)
{
    g_autofree char *directory = g_build_filename(parts->dir, "identity", NULL);
    g_autofree char *pem_path = g_build_filename(directory, "endpoint.pem", NULL);
    g_autofree char *ca_path = g_build_filename(directory, "ca.pem", NULL);
    g_autofree char *root_path = g_build_filename(directory, "root.json", NULL);
    g_autofree char *json_path = g_build_filename(directory, "identity.json", NULL);
    char *brokers[] = { (char *)"127.0.0.1:8883", NULL };
    char *servers[] = { (char *)"https://127.0.0.1:8443", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(GBytes) csr = hl_csr_make(key, id, &error);
    g_autoptr(HlCert) cert = issue(parts, csr, id);
    GBytes *public_key = hl_signing_key_public(parts->signing_key);
    g_autofree char *json = ep_identity_print(&(EpIdentityText){ id, "parts", servers, brokers, 1, 1, public_key });

    g_assert_true(hl_dir_make(directory, 0700, &error));
    g_assert_true(ep_identity_save_pem(pem_path, cert, key, &error));
    g_assert_true(hl_cert_save(parts->ca, ca_path, &error));
    g_assert_true(hl_file_write_text(root_path, "{}", 0600, &error));
    g_assert_true(hl_file_write_text(json_path, json, 0600, &error));
}

/* ----------------------------------------------------------------------------------------------------------- parts */

static void open_ground(EndpointParts *parts)
{
    g_autoptr(GError) error = NULL;

    parts->db = ep_store_open(parts->dir, &error);
    g_assert_no_error(error);
    g_assert_true(hl_db_exec(parts->db, "PRAGMA synchronous=OFF", &error)); /* for the test's speed alone */
    parts->pulse = ep_pulse_new();
    parts->trouble = ep_trouble_new(&(EpTroubleOptions){ parts->pulse, count, &parts->retries });
    parts->settings = ep_settings_new(&(EpSettingsOptions){ parts->db, count, &parts->changes }, &error);
    g_assert_no_error(error);
    parts->program = ep_program_new(&(EpProgramOptions){ parts->db, &parts->conf, parts->trouble, parts->pulse });
    parts->updates = ep_updates_new(&(EpUpdatesOptions){ parts->db, &parts->conf, parts->settings, parts->program,
                                                         parts->trouble, parts->pulse, NULL, NULL });
    parts_update_ends(NULL, "", PARTS_PATTERNS); /* 'show' */
    parts->finds = ep_finds_new(parts->db, parts->trouble, parts->pulse);
    parts->scans = ep_scans_new(&(EpScansOptions){ &parts->conf, parts->settings, parts->updates, parts->finds });
    parts->orders =
        ep_orders_new(&(EpOrdersOptions){ parts->db, parts->trouble, parts->settings, parts->scans, parts->pulse });
    parts->keeper = ep_keeper_new(&(EpKeeperOptions){ &parts->conf, parts->db, parts->trouble });
}

static char **on_servers(gpointer user)
{
    return ep_server_urls(((EndpointParts *)user)->server);
}

static void on_server_changed(EpServerChange change, gpointer user)
{
    const EndpointParts *parts = user;

    if (parts->server_changed != NULL)
        parts->server_changed(change, parts->server_user);
}

static void make_server(EndpointParts *parts)
{
    g_autoptr(GError) error = NULL;

    parts->server = ep_server_new(&(EpServerOptions){ .identity = parts->identity,
                                                      .keys = parts->keys,
                                                      .db = parts->db,
                                                      .spool = parts->spool,
                                                      .refuser = parts->refuser,
                                                      .trouble = parts->trouble,
                                                      .time = &parts->time,
                                                      .changed = on_server_changed,
                                                      .user = parts },
                                  &error);
    g_assert_no_error(error);
}

void parts_enrol(EndpointParts *parts)
{
    g_autoptr(GError) error = NULL;

    parts->time = (EpServerTime){ .promised = parts->server_signs };
    parts->identity = ep_identity_load(parts->dir, &error);
    g_assert_no_error(error);
    parts->spool = ep_spool_new(parts->db, on_send, parts, &error);
    g_assert_no_error(error);
    parts->keys = ep_keys_new(parts->identity->signing_key);
    parts->journal = ep_journal_new(parts->db, parts->spool);
    parts->refuser = ep_refuser_new(&(EpRefuserOptions){ &parts->refused, parts->spool, parts->trouble });
    make_server(parts);
    parts->intake = ep_intake_new(&(EpIntakeOptions){ parts->identity, parts->keys, parts->db, parts->settings,
                                                      parts->spool, parts->refuser, parts->trouble, &parts->time });
    parts->renewal = ep_renewal_new(&(EpRenewalOptions){ parts->identity, parts->db, parts->spool, parts->trouble,
                                                         &parts->time, count, &parts->renewals });
    parts->commands = ep_commands_new(&(EpCommandsOptions){ .identity = parts->identity,
                                                            .keys = parts->keys,
                                                            .journal = parts->journal,
                                                            .spool = parts->spool,
                                                            .refuser = parts->refuser,
                                                            .trouble = parts->trouble,
                                                            .time = &parts->time,
                                                            .settings = parts->settings,
                                                            .updates = parts->updates,
                                                            .orders = parts->orders,
                                                            .keeper = parts->keeper,
                                                            .renewal = parts->renewal });
    ep_updates_enrol(parts->updates,
                     &(EpUpdateEnrolment){ parts->identity, parts->spool, on_line_up, on_servers, parts });
    ep_program_enrol(parts->program, parts->spool);
    ep_finds_enrol(parts->finds, parts->spool);
    ep_commands_resume(parts->commands);
}

void parts_leave(EndpointParts *parts)
{
    if (parts->updates != NULL)
        ep_updates_enrol(parts->updates, NULL);
    if (parts->program != NULL)
        ep_program_enrol(parts->program, NULL);
    if (parts->finds != NULL)
        ep_finds_enrol(parts->finds, NULL);
    g_clear_pointer(&parts->commands, ep_commands_free);
    g_clear_pointer(&parts->renewal, ep_renewal_free);
    g_clear_pointer(&parts->intake, ep_intake_free);
    g_clear_pointer(&parts->server, ep_server_free);
    g_clear_pointer(&parts->refuser, ep_refuser_free);
    g_clear_pointer(&parts->journal, ep_journal_free);
    g_clear_pointer(&parts->spool, ep_spool_free);
    g_clear_pointer(&parts->keys, ep_keys_free);
    g_clear_pointer(&parts->identity, ep_identity_free);
}

static void close_ground(EndpointParts *parts)
{
    g_clear_pointer(&parts->keeper, ep_keeper_free);
    g_clear_pointer(&parts->orders, ep_orders_free);
    g_clear_pointer(&parts->scans, ep_scans_free);
    g_clear_pointer(&parts->finds, ep_finds_free);
    g_clear_pointer(&parts->updates, ep_updates_free);
    g_clear_pointer(&parts->program, ep_program_free);
    g_clear_pointer(&parts->settings, ep_settings_free);
    g_clear_pointer(&parts->trouble, ep_trouble_free);
    g_clear_pointer(&parts->pulse, ep_pulse_free);
    g_clear_pointer(&parts->db, hl_db_close);
}

EndpointParts *parts_new(void)
{
    EndpointParts *parts = g_new0(EndpointParts, 1);
    g_autoptr(GError) error = NULL;

    clock_fake_set(CLOCK_FAKE_WALL, CLOCK_FAKE_MONO);
    parts->dir = g_dir_make_tmp("holdline-parts-XXXXXX", &error);
    g_assert_no_error(error);
    parts->reports = g_ptr_array_new_with_free_func(hl_wire_free);
    parts->ca_key = hl_key_generate(&error);
    parts->ca = hl_cert_make_ca(parts->ca_key, "Parts CA", hl_clock_wall() - 90 * HL_DAY, hl_clock_wall() + 90 * HL_DAY,
                                &error);
    parts->signing_key = hl_signing_key_generate(&error);
    g_assert_no_error(error);
    hl_options_init(ep_conf_table(), &parts->conf);
    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "state.directory", parts->dir, &error));
    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "upgrade.helper", "", &error));
    parts_write_identity(parts, PARTS_ID);
    open_ground(parts);
    parts_enrol(parts);
    return parts;
}

void parts_stop(EndpointParts *parts)
{
    parts_leave(parts);
    close_ground(parts);
    timer_fake_reset();
    child_fake_reset();
}

void parts_restart(EndpointParts *parts)
{
    parts_stop(parts);
    parts->line_up = false;
    open_ground(parts);
    parts_enrol(parts);
}

void parts_free(EndpointParts *parts)
{
    parts_stop(parts);
    g_ptr_array_unref(parts->reports);
    ep_conf_clear(&parts->conf);
    hl_signing_key_free(parts->signing_key);
    hl_cert_free(parts->ca);
    hl_key_free(parts->ca_key);
    g_assert_true(hl_tree_remove(parts->dir, NULL));
    g_free(parts->dir);
    g_free(parts);
}

void parts_line_up(EndpointParts *parts)
{
    parts->line_up = true;
    ep_spool_open(parts->spool, 1);
}

void parts_ack(EndpointParts *parts)
{
    while (ep_spool_waiting(parts->spool) > 0) {
        const HlMsgReport *last = parts->reports->pdata[parts->reports->len - 1];

        g_assert_true(ep_spool_ack(parts->spool, last->spool, last->seq, last->mark, NULL));
    }
}

/* --------------------------------------------------------------------------------------------------------- the link */

static void ignore_payload(GBytes *payload G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

EpPresenceOptions parts_presence(EndpointParts *parts, EpSpool *spool, EpPoll *poll)
{
    return (EpPresenceOptions){ .identity = parts->identity,
                                .keys = parts->keys,
                                .conf = &parts->conf,
                                .boot_id = PARTS_BOOT,
                                .fingerprint = "print",
                                .db = parts->db,
                                .trouble = parts->trouble,
                                .time = &parts->time,
                                .spool = spool,
                                .settings = parts->settings,
                                .program = parts->program,
                                .updates = parts->updates,
                                .poll = poll,
                                .server = parts->server,
                                .refused = &parts->refused,
                                .settings_came = ignore_payload,
                                .server_came = ignore_payload,
                                .command_came = ignore_payload };
}

/* ------------------------------------------------------------------------------------------- what the manager sends */

HlMsgCommand parts_command(const char *id, HlCommandKind kind)
{
    HlMsgCommand command = HOLDLINE__V1__COMMAND__INIT;

    command.endpoint = (char *)PARTS_ID;
    command.id = hl_unconst(id);
    command.kind = hl_command_kind_to_wire(kind);
    command.issued_ms = hl_clock_wall();
    command.expires_ms = hl_clock_wall() + HL_HOUR;
    return command;
}

void parts_offer(EndpointParts *parts, const HlMsgCommand *command)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_envelope_sign(parts->signing_key, HL_ENVELOPE_COMMAND, &command->base);
    g_autoptr(GBytes) bytes = HL_WIRE_ENCODE(envelope);

    ep_commands_offer(parts->commands, bytes);
}

GBytes *parts_settings(const EndpointParts *parts, PartsSettings settings)
{
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    g_autoptr(HlSigningKey) stranger = hl_signing_key_generate(NULL);
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) digest = NULL;
    g_autofree char *text = NULL;

    document.settings =
        hl_settings_entries(settings.lines != NULL ? settings.lines : "line.heartbeat=30s\n", &document.n_settings);
    text = settings.wrong_digest ? g_strdup("line.heartbeat=31s\n")
                                 : hl_settings_text_of_entries(document.settings, document.n_settings);
    digest = hl_settings_digest(text);
    document.endpoint = hl_unconst(settings.endpoint != NULL ? settings.endpoint : PARTS_ID);
    document.group = (char *)"parts";
    document.path = hl_unconst(settings.path != NULL ? settings.path : "");
    document.version = document.counter = settings.counter;
    document.session = settings.session;
    document.issued_ms = hl_clock_wall();
    document.expires_ms = settings.expires;
    document.digest.data = hl_unconst(g_bytes_get_data(digest, &document.digest.len));
    envelope = hl_envelope_sign(settings.forged ? stranger : parts->signing_key, HL_ENVELOPE_SETTINGS, &document.base);
    hl_settings_entries_free(document.settings, document.n_settings);
    return HL_WIRE_ENCODE(envelope);
}

GBytes *parts_certificate(const EndpointParts *parts, const char *cn)
{
    const HlMsgReport *request = parts_last(parts, HOLDLINE__V1__REPORT__BODY_CERTIFICATE);
    g_autoptr(GBytes) csr = NULL;
    g_autoptr(HlCert) cert = NULL;
    char *pem;

    g_assert_nonnull(request);
    csr = g_bytes_new(request->certificate->csr.data, request->certificate->csr.len);
    cert = issue(parts, csr, cn);
    pem = hl_cert_print(cert);
    return g_bytes_new_take(pem, strlen(pem));
}

/* ------------------------------------------------------------------------------------------------ what was reported */

guint parts_count(const EndpointParts *parts, const char *command, HlCommandState state)
{
    guint n = 0;

    for (guint i = 0; i < parts->reports->len; i++) {
        const HlMsgReport *report = parts->reports->pdata[i];

        n += report->body_case == HOLDLINE__V1__REPORT__BODY_COMMAND &&
             strcmp(report->command->command, command) == 0 && report->command->percent == 0 &&
             hl_command_state_from_wire((int)report->command->state) == state;
    }
    return n;
}

const HlMsgReport *parts_last(const EndpointParts *parts, int body)
{
    for (guint i = parts->reports->len; i > 0; i--) {
        const HlMsgReport *report = parts->reports->pdata[i - 1];

        if ((int)report->body_case == body)
            return report;
    }
    return NULL;
}

uint64_t parts_refused(const EndpointParts *parts, EpRefused what, EpRefusedReason reason)
{
    return parts->refused.rows[what][reason].count;
}

void parts_update_ends(const char *code, const char *message, const char *components)
{
    HlUpdaterResult result = { .outcome = code != NULL ? HL_UPDATER_FAILED : HL_UPDATER_UPDATED,
                               .code = hl_unconst(code),
                               .message = hl_unconst(message),
                               .source = (char *)"server",
                               .components = hl_unconst(components) };
    g_autofree char *line = hl_updater_line_updated(&result);
    HlChild *child = child_fake_last();

    g_assert_nonnull(child);
    child_fake_say(child, line);
    child_fake_exit(child, code != NULL ? 1 : 0, line, "");
}

void parts_order(EndpointParts *parts, const char *id, HlCommandKind kind)
{
    parts_order_of(parts, id, kind, "");
}

void parts_order_of(EndpointParts *parts, const char *id, HlCommandKind kind, const char *scope)
{
    HlMsgCommand command = parts_command(id, kind);

    command.scope = hl_unconst(scope);
    parts_offer(parts, &command);
}

const HlMsgCommandReport *parts_last_command(const EndpointParts *parts)
{
    const HlMsgReport *report = parts_last(parts, HOLDLINE__V1__REPORT__BODY_COMMAND);

    g_assert_nonnull(report);
    return report->command;
}

void parts_check_last(const EndpointParts *parts, const char *id, HlCommandState state, const char *code,
                      const char *detail)
{
    const HlMsgCommandReport *last = parts_last_command(parts);

    g_assert_cmpstr(last->command, ==, id);
    g_assert_cmpstr(hl_command_state_name(hl_command_state_from_wire((int)last->state)), ==,
                    hl_command_state_name(state));
    g_assert_cmpstr(last->code, ==, code);
    g_assert_cmpstr(last->detail, ==, detail);
}
