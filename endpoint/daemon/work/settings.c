#include "endpoint/daemon/work/settings.h"

#include <string.h>

#include "endpoint/core/settings_gate.h"
#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/link/link.h"
#include "endpoint/daemon/link/poll.h"
#include "endpoint/daemon/work/scheduler.h"
#include "lib/base/log.h"
#include "proto/envelope.h"

#define PATH_CHANNEL "channel"

typedef struct {
    HlMsgSettingsDocument *document;
    char *text;
    GBytes *computed;
    HlSettings values;
} Offer;

static void offer_clear(Offer *offer)
{
    hl_wire_free(offer->document);
    g_free(offer->text);
    g_clear_pointer(&offer->computed, g_bytes_unref);
    hl_settings_clear(&offer->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Offer, offer_clear)

static bool load(EpSettings *settings, HlDb *db, GError **error)
{
    g_autoptr(HlStmt) row =
        hl_db_select(db, error, "SELECT grp, version, counter, digest, path, at_ms, text FROM settings", "");
    HlStep step = row == NULL ? HL_STEP_FAILED : hl_stmt_step(row, error);

    if (step != HL_STEP_ROW)
        return step == HL_STEP_DONE;
    if (!hl_settings_parse(&settings->values, hl_stmt_text(row, 6), error))
        return hl_error_prefix(error, "the stored settings");
    settings->applied = true;
    settings->group = g_strdup(hl_stmt_text(row, 0));
    settings->version = (uint64_t)hl_stmt_int(row, 1);
    settings->counter = (uint64_t)hl_stmt_int(row, 2);
    settings->digest = hl_stmt_blob(row, 3);
    settings->path = g_strdup(hl_stmt_text(row, 4));
    settings->at = hl_stmt_int(row, 5);
    return true;
}

EpSettings *ep_settings_new(EpDaemon *daemon, GError **error)
{
    EpSettings *settings = g_new0(EpSettings, 1);

    hl_settings_init(&settings->values);
    if (load(settings, daemon->db, error))
        return settings;
    ep_settings_free(settings);
    return NULL;
}

static void clear(EpSettings *settings)
{
    hl_settings_clear(&settings->values);
    g_free(settings->group);
    g_free(settings->path);
    g_clear_pointer(&settings->digest, g_bytes_unref);
    memset(settings, 0, sizeof *settings);
}

void ep_settings_free(EpSettings *settings)
{
    if (settings == NULL)
        return;
    clear(settings);
    g_free(settings);
}

void ep_settings_reset(EpDaemon *daemon)
{
    clear(daemon->settings);
    hl_settings_init(&daemon->settings->values);
    ep_scheduler_settings_changed(daemon);
}

HlMsgAppliedSettings ep_settings_wire(const EpSettings *settings)
{
    HlMsgAppliedSettings wire = HOLDLINE__V1__APPLIED_SETTINGS__INIT;

    wire.group = settings->group;
    wire.version = settings->version;
    wire.counter = settings->counter;
    wire.digest.data = (guint8 *)g_bytes_get_data(settings->digest, &wire.digest.len);
    wire.path = settings->path;
    wire.at_ms = settings->at;
    return wire;
}

EpPrivileges ep_settings_privileges(const EpSettings *settings)
{
    const HlSettings *values = &settings->values;

    return (EpPrivileges){ .update_now = values->allow_update_now,
                           .toggle_schedule = values->allow_toggle_schedule,
                           .scan = values->allow_scan,
                           .skip_scan = values->allow_skip_scan,
                           .stop = values->allow_stop };
}

/* Signature, form, values.  false: refused already. */
static bool open_offer(EpDaemon *daemon, GBytes *bytes, Offer *offer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, &error);

    if (envelope != NULL)
        offer->document = hl_envelope_open(envelope, daemon->identity->signing_key, HL_ENVELOPE_SETTINGS,
                                           &holdline__v1__settings_document__descriptor, &error);
    if (offer->document == NULL) {
        ep_refuse(daemon->refuser, EP_REFUSED_SETTINGS,
                  hl_error_code(error) == HL_ERROR_UNTRUSTED ? EP_REFUSED_UNTRUSTED : EP_REFUSED_INVALID, "%s",
                  error->message);
        return false;
    }
    offer->text = hl_settings_text_of_entries(offer->document->settings, offer->document->n_settings);
    offer->computed = hl_settings_digest(offer->text);
    hl_settings_init(&offer->values);
    if (hl_settings_parse(&offer->values, offer->text, &error))
        return true;
    ep_refuse(daemon->refuser, EP_REFUSED_SETTINGS, EP_REFUSED_INVALID, "%s", error->message);
    return false;
}

static EpSettingsVerdict judge(const EpDaemon *daemon, const Offer *offer, const char *path)
{
    const EpSettings *settings = daemon->settings;
    g_autoptr(GBytes) digest = g_bytes_new(offer->document->digest.data, offer->document->digest.len);
    EpSettingsOffer judged = { .endpoint = offer->document->endpoint,
                               .counter = offer->document->counter,
                               .expires = offer->document->expires_ms,
                               .digest = digest,
                               .computed = offer->computed,
                               .path = path,
                               .independent = offer->values.independent };
    EpSettingsView view = { .endpoint = daemon->identity->id,
                            .applied = settings->applied,
                            .counter = settings->counter,
                            .digest = settings->digest,
                            .path = settings->path,
                            .independent = settings->values.independent,
                            .now = hl_clock_wall() };

    return ep_settings_judge(&judged, &view);
}

/* The report, and with text != NULL the settings themselves, in one transaction. */
static bool store(EpDaemon *daemon, const EpSettings *settings, const char *text, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgAppliedSettings applied = ep_settings_wire(settings);
    g_auto(HlTxn) txn = HL_TXN_INIT;

    report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    report.settings = &applied;
    if (!hl_txn_begin(&txn, daemon->db, error) ||
        (text != NULL &&
         !hl_db_run(daemon->db, NULL, error,
                    "INSERT OR REPLACE INTO settings (one, grp, version, counter, digest, path, at_ms, text)"
                    " VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
                    "tiibtit", settings->group, (int64_t)settings->version, (int64_t)settings->counter,
                    settings->digest, settings->path, settings->at, text)) ||
        (text == NULL && !hl_db_run(daemon->db, NULL, error, "UPDATE settings SET path = ?", "t", settings->path)) ||
        !ep_spool_add(daemon->spool, &report, EP_SPOOL_MERGE, "settings", error))
        return false;
    return hl_txn_commit(&txn, error);
}

/* Stored, then in force, then reported. */
static void take(EpDaemon *daemon, Offer *offer, const char *path)
{
    EpSettings next = { .applied = true,
                        .group = g_strdup(offer->document->group),
                        .version = offer->document->version,
                        .counter = offer->document->counter,
                        .digest = g_bytes_ref(offer->computed),
                        .path = g_strdup(path),
                        .at = hl_clock_wall() };
    g_autoptr(GError) error = NULL;

    if (!store(daemon, &next, offer->text, &error)) {
        ep_trouble_store_failed(daemon->trouble, "settings", error);
        clear(&next);
        return;
    }
    ep_trouble_store_worked(daemon->trouble);
    next.values = offer->values;
    memset(&offer->values, 0, sizeof offer->values);
    clear(daemon->settings);
    *daemon->settings = next;
    hl_info("settings", "version %" G_GUINT64_FORMAT " of group %s is in force, by %s", next.version, next.group, path);
    ep_scheduler_settings_changed(daemon);
    if (daemon->poll != NULL)
        ep_poll_refresh(daemon->poll);
    if (daemon->link != NULL)
        ep_link_settings_changed(daemon->link);
    ep_spool_pump(daemon->spool);
}

static void report_path(EpDaemon *daemon, const char *path)
{
    g_autofree char *before = daemon->settings->path;
    g_autoptr(GError) error = NULL;

    daemon->settings->path = g_strdup(path);
    if (store(daemon, daemon->settings, NULL, &error)) {
        ep_spool_pump(daemon->spool);
        return;
    }
    g_free(daemon->settings->path);
    daemon->settings->path = g_steal_pointer(&before);
    ep_trouble_store_failed(daemon->trouble, "the path of the settings", error);
}

static void refuse(EpDaemon *daemon, EpSettingsVerdict verdict, const Offer *offer)
{
    const HlMsgSettingsDocument *document = offer->document;

    switch (verdict) {
    case EP_SETTINGS_TAKE:
    case EP_SETTINGS_ALREADY:
    case EP_SETTINGS_ALREADY_REPORT:
        break;
    case EP_SETTINGS_INDEPENDENT:
        hl_log_limited(HL_LOG_INFO, "settings", document->group, "independent mode: settings of group %s are not taken",
                       document->group);
        break;
    case EP_SETTINGS_WRONG_ENDPOINT:
        ep_refuse(daemon->refuser, EP_REFUSED_SETTINGS, EP_REFUSED_WRONG_ENDPOINT, "settings are for '%s'",
                  document->endpoint);
        break;
    case EP_SETTINGS_EXPIRED: {
        g_autofree char *end = hl_time_format(document->expires_ms);
        g_autofree char *now = hl_time_format(hl_clock_wall());

        ep_refuse(daemon->refuser, EP_REFUSED_SETTINGS, EP_REFUSED_EXPIRED,
                  "settings expired at %s; this machine's clock says %s", end, now);
        break;
    }
    case EP_SETTINGS_REPLAYED:
        ep_refuse(daemon->refuser, EP_REFUSED_SETTINGS, EP_REFUSED_REPLAYED,
                  "settings with counter %" G_GUINT64_FORMAT " came after %" G_GUINT64_FORMAT, document->counter,
                  daemon->settings->counter);
        break;
    case EP_SETTINGS_INVALID:
        ep_refuse(daemon->refuser, EP_REFUSED_SETTINGS, EP_REFUSED_INVALID, "the digest is not that of the settings");
        break;
    }
}

void ep_settings_offer(EpDaemon *daemon, GBytes *envelope, const char *path)
{
    g_auto(Offer) offer = { 0 };
    EpSettingsVerdict verdict;

    if (!open_offer(daemon, envelope, &offer))
        return;
    if (strcmp(path, PATH_CHANNEL) == 0 && *offer.document->path != '\0')
        path = offer.document
                   ->path; /* the line carried it; on which occasion is the manager's word, under its signature */
    verdict = judge(daemon, &offer, path);
    if (verdict == EP_SETTINGS_TAKE)
        take(daemon, &offer, path);
    else if (verdict == EP_SETTINGS_ALREADY_REPORT)
        report_path(daemon, path);
    else
        refuse(daemon, verdict, &offer);
}
