/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/bounds.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/unconst.h"
#include "lib/pki/batch.h"
#include "lib/pki/key.h"
#include "proto/wire.h"

#define MAX_PEM        (16 * 1024)
#define MAX_CSR        (4 * 1024)
#define MAX_SERIAL     40          /* 20 bytes in hexadecimal, RFC 5280 4.1.2.2 */
#define MAX_VALUE      (16 * 1024) /* of a setting, or an argument: a signing request in base 64 too */
#define MAX_BROKER     300         /* host:port */
#define MAX_URL        2048
#define MAX_ROOT       (64 * 1024) /* root.json */
#define MAX_COMMAND_ID 80
#define MAX_WORD       64 /* code, reason, path, occasion */
#define SIGNATURE_SIZE 64
#define KEY_SIZE       32

static const HlBound rows[] = {
    { "Component.name", .max = HL_MAX_NAME },
    { "Registration.host", .max = HL_MAX_HOST },
    { "Registration.addresses", .max = HL_MAX_ADDRESS, .count = HL_MAX_ADDRESSES },
    { "Registration.os", .max = HL_MAX_HOST, .cut = true },
    { "Registration.program_version", .max = HL_MAX_NAME, .cut = true },
    { "Registration.fingerprint", .max = 2 * HL_DIGEST_SIZE },
    { "AppliedSettings.group", .max = HL_MAX_ID },
    { "AppliedSettings.digest", .max = HL_DIGEST_SIZE, .exact = HL_DIGEST_SIZE },
    { "AppliedSettings.path", .max = MAX_WORD },
    { "AppliedServer.digest", .max = HL_DIGEST_SIZE, .exact = HL_DIGEST_SIZE },
    { "AppliedServer.state", .max = MAX_WORD },
    { "AppliedServer.detail", .max = HL_MAX_TEXT, .cut = true },
    { "Link.reason", .max = MAX_WORD },
    { "Link.boot_id", .max = HL_MAX_ID },
    { "Link.spool", .max = HL_MAX_ID },
    { "Link.serial", .max = MAX_SERIAL },
    { "Link.patterns", .count = HL_MAX_PATTERNS },
    { "Heartbeat.settings_digest", .max = HL_DIGEST_SIZE, .exact = HL_DIGEST_SIZE },
    { "Heartbeat.patterns", .count = HL_MAX_PATTERNS },
    { "Heartbeat.address", .max = HL_MAX_ADDRESS },
    { "CommandReport.command", .max = MAX_COMMAND_ID },
    { "CommandReport.code", .max = MAX_WORD },
    { "CommandReport.detail", .max = HL_MAX_TEXT, .cut = true },
    { "UpdateNotification.trigger", .max = MAX_WORD },
    { "UpdateNotification.detail", .max = 2 * HL_MAX_TEXT, .cut = true }, /* of settings, patterns and program */
    { "UpdateNotification.source", .max = HL_MAX_HOST, .cut = true },
    { "UpdateNotification.patterns", .count = HL_MAX_PATTERNS },
    { "Refusal.what", .max = MAX_WORD },
    { "Refusal.code", .max = MAX_WORD },
    { "Refusal.detail", .max = HL_MAX_TEXT, .cut = true },
    { "CertificateRequest.csr", .max = MAX_CSR },
    { "CertificateShown.certificate", .max = MAX_PEM },
    { "SettingsPoll.occasion", .max = MAX_WORD },
    { "Detection.path", .max = 4 * HL_MAX_TEXT, .cut = true },
    { "Detection.sha256", .max = HL_DIGEST_SIZE, .exact = HL_DIGEST_SIZE },
    { "Detection.owner", .max = HL_MAX_NAME, .cut = true },
    { "Detection.signature", .max = HL_MAX_HOST, .cut = true },
    { "Detection.component", .max = HL_MAX_NAME },
    { "Detection.how", .max = MAX_WORD },
    { "Detection.action", .max = MAX_WORD },
    { "Detection.detail", .max = HL_MAX_TEXT, .cut = true },
    { "Detection.scan", .max = HL_MAX_ID },
    { "ScanResult.id", .max = HL_MAX_ID },
    { "ScanResult.how", .max = MAX_WORD },
    { "ScanResult.end", .max = MAX_WORD },
    { "ScanResult.detail", .max = HL_MAX_TEXT, .cut = true },
    { "ScanResult.gaps", .count = 16 },
    { "ScanResult.patterns", .count = HL_MAX_PATTERNS },
    { "ScanGap.reason", .max = MAX_WORD },
    { "Quarantine.files", .count = HL_MAX_QUARANTINED },
    { "QuarantinedFile.id", .max = HL_MAX_ID },
    { "QuarantinedFile.path", .max = HL_MAX_TEXT, .cut = true },
    { "QuarantinedFile.sha256", .max = HL_DIGEST_SIZE, .exact = HL_DIGEST_SIZE },
    { "QuarantinedFile.signature", .max = HL_MAX_HOST, .cut = true },
    { "ProgramUpgrade.from", .max = HL_MAX_NAME },
    { "ProgramUpgrade.to", .max = HL_MAX_NAME },
    { "ProgramUpgrade.end", .max = MAX_WORD },
    { "ProgramUpgrade.detail", .max = HL_MAX_TEXT, .cut = true },
    { "Report.spool", .max = HL_MAX_ID },
    { "Ack.spool", .max = HL_MAX_ID },
    { "Ack.hold_off_boot", .max = HL_MAX_ID },
    { "ManagerState.host", .max = HL_MAX_HOST, .cut = true },
    { "ManagerState.authorities", .max = MAX_WORD, .count = HL_MAX_TRUSTED },
    { "LineNotice.endpoint", .max = HL_MAX_ID },
    { "LineNotice.spool", .max = HL_MAX_ID },
    { "LineNotice.hold_off_boot", .max = HL_MAX_ID },
    { "SignedEnvelope.key_id", .max = HL_MAX_ID },
    { "SignedEnvelope.payload", .max = HL_WIRE_MAX_SIZE },
    { "SignedEnvelope.path", .max = HL_BATCH_MAX_DEPTH * HL_SHA256_SIZE },
    { "SignedEnvelope.signature", .max = SIGNATURE_SIZE, .exact = SIGNATURE_SIZE },
    { "Setting.key", .max = HL_MAX_NAME },
    { "Setting.value", .max = MAX_VALUE },
    { "SettingsDocument.endpoint", .max = HL_MAX_ID },
    { "SettingsDocument.group", .max = HL_MAX_ID },
    { "SettingsDocument.digest", .max = HL_DIGEST_SIZE, .exact = HL_DIGEST_SIZE },
    { "SettingsDocument.settings", .count = 256 },
    { "SettingsDocument.path", .max = MAX_WORD },
    { "ServerDocument.endpoint", .max = HL_MAX_ID },
    { "ServerDocument.digest", .max = HL_DIGEST_SIZE, .exact = HL_DIGEST_SIZE },
    { "ServerDocument.brokers", .max = MAX_BROKER, .count = HL_MAX_PLACES },
    { "ServerDocument.servers", .max = MAX_URL, .count = HL_MAX_PLACES },
    { "ServerDocument.authorities", .max = MAX_PEM, .count = HL_MAX_TRUSTED },
    { "ServerDocument.signing_keys", .max = KEY_SIZE, .exact = KEY_SIZE, .count = HL_MAX_TRUSTED },
    { "Command.endpoint", .max = HL_MAX_ID },
    { "Command.id", .max = MAX_COMMAND_ID },
    { "Command.subject", .max = MAX_COMMAND_ID },
    { "Command.certificate", .max = MAX_PEM },
    { "Command.scope", .max = HL_MAX_SCOPE },
    { "Bundle.group", .max = HL_MAX_ID },
    { "Bundle.token", .max = 128 },
    { "Bundle.ca", .max = MAX_PEM },
    { "Bundle.brokers", .max = MAX_BROKER, .count = HL_MAX_PLACES },
    { "Bundle.server", .max = MAX_URL },
    { "Bundle.signing_key", .max = KEY_SIZE, .exact = KEY_SIZE },
    { "Bundle.pattern_root", .max = MAX_ROOT },
    { "Bundle.endpoint", .max = HL_MAX_ID },
    { "Bundle.servers", .max = MAX_URL, .count = HL_MAX_PLACES },
    { "Bundle.authorities", .max = MAX_PEM, .count = HL_MAX_TRUSTED },
    { "Bundle.signing_keys", .max = KEY_SIZE, .exact = KEY_SIZE, .count = HL_MAX_TRUSTED },
    { "EnrolRequest.token", .max = 128 },
    { "EnrolRequest.csr", .max = MAX_CSR },
    { "EnrolRequest.certificate", .max = MAX_PEM },
    { "EnrolRequest.proof", .max = HL_KEY_MAX_SIGNATURE },
    { "RenewRequest.certificate", .max = MAX_PEM },
    { "RenewRequest.csr", .max = MAX_CSR },
    { "RenewRequest.proof", .max = HL_KEY_MAX_SIGNATURE },
    { "EnrolReply.code", .max = MAX_WORD },
    { "EnrolReply.message", .max = 2 * HL_MAX_TEXT, .cut = true },
    { "EnrolReply.endpoint", .max = HL_MAX_ID },
    { "EnrolReply.certificate", .max = MAX_PEM },
    { "Argument.name", .max = HL_MAX_NAME },
    { "Argument.value", .max = MAX_VALUE },
    { "Call.name", .max = HL_MAX_HOST },
    { "Call.arguments", .count = 256 },
    { "Call.session", .max = MAX_WORD },
    { "Call.address", .max = HL_MAX_ADDRESS },
    { "Call.once", .max = HL_MAX_ONCE },
    { "Call.certificate", .max = MAX_WORD },
    { "Call.shown", .max = MAX_PEM },
    { "Call.proof", .max = HL_KEY_MAX_SIGNATURE },
    { "CallReply.code", .max = MAX_WORD },
    { "CallReply.message", .max = 4 * HL_MAX_TEXT, .cut = true },
    { "CallReply.json", .max = HL_WIRE_MAX_SIZE },
    { "CallReply.warnings", .max = HL_MAX_TEXT, .count = 8, .cut = true },
};

/* field descriptor -> row, filled as fields are met; decoding happens on more than one thread. */
static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *known;

static const HlBound *search(const char *type, const char *field)
{
    gsize length = strlen(type);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strncmp(rows[i].field, type, length) == 0 && rows[i].field[length] == '.' &&
            strcmp(rows[i].field + length + 1, field) == 0)
            return &rows[i];
    return NULL;
}

const HlBound *hl_bound_find(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    const HlBound *bound;

    pthread_mutex_lock(&known_lock);
    if (known == NULL)
        known = g_hash_table_new(NULL, NULL);
    bound = g_hash_table_lookup(known, field);
    if (bound == NULL) {
        bound = search(type->short_name, field->name);
        g_assert(bound != NULL); /* one of our fields has no row */
        g_hash_table_insert(known, hl_unconst(field), hl_unconst(bound));
    }
    pthread_mutex_unlock(&known_lock);
    return bound;
}

bool hl_bound_cut(char *text, gsize max)
{
    gsize end = max;

    if (strlen(text) <= max)
        return false;
    while (end > 0 && ((guchar)text[end] & 0xc0) == 0x80) /* not in the middle of a character */
        end--;
    text[end] = '\0';
    return true;
}
