/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/intake.h"

#include <string.h>

#include "endpoint/core/settings_gate.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "lib/store/txn.h"
#include "proto/envelope.h"

#define PATH_CHANNEL "channel"

struct EpIntake {
    EpIntakeOptions has;
};

typedef struct {
    HlMsgSettingsDocument *document;
    char *text;
    GBytes *computed; /* digest of the text */
    HlSettings values;
    uint64_t session; /* of the line that it came down */
} Offer;

static void offer_clear(Offer *offer)
{
    hl_wire_free(offer->document);
    g_free(offer->text);
    g_clear_pointer(&offer->computed, g_bytes_unref);
    hl_settings_clear(&offer->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Offer, offer_clear)

EpIntake *ep_intake_new(const EpIntakeOptions *options)
{
    EpIntake *intake = g_new(EpIntake, 1);

    intake->has = *options;
    return intake;
}

void ep_intake_free(EpIntake *intake)
{
    g_free(intake);
}

static HlMsgSettingsDocument *open_document(const EpIntake *intake, GBytes *bytes, GError **error)
{
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, error);

    return envelope == NULL ? NULL
                            : ep_keys_open(intake->has.keys, envelope, HL_ENVELOPE_SETTINGS,
                                           &holdline__v1__settings_document__descriptor, error);
}

/* Signature, form, values.  false: refused already. */
static bool open_offer(const EpIntake *intake, GBytes *bytes, Offer *offer)
{
    g_autoptr(GError) error = NULL;

    offer->document = open_document(intake, bytes, &error);
    if (offer->document == NULL) {
        ep_refuse(intake->has.refuser, EP_REFUSED_SETTINGS,
                  hl_error_code(error) == HL_ERROR_UNTRUSTED ? EP_REFUSED_UNTRUSTED : EP_REFUSED_INVALID, "%s",
                  error->message);
        return false;
    }
    offer->text = hl_settings_text_of_entries(offer->document->settings, offer->document->n_settings);
    offer->computed = hl_settings_digest(offer->text);
    hl_settings_init(&offer->values);
    if (hl_settings_parse(&offer->values, offer->text, &error))
        return true;
    ep_refuse_settings(intake->has.refuser, EP_REFUSED_INVALID, offer->document->counter, "%s", error->message);
    return false;
}

static EpSettingsVerdict judge(const EpIntake *intake, const Offer *offer, const char *path)
{
    const EpSettingsOrigin *origin = ep_settings_origin(intake->has.settings);
    const EpServerTime *time = intake->has.time;
    g_autoptr(GBytes) digest = g_bytes_new(offer->document->digest.data, offer->document->digest.len);
    EpSettingsOffer judged = { .endpoint = offer->document->endpoint,
                               .counter = offer->document->counter,
                               .session = offer->document->session,
                               .expires = offer->document->expires_ms,
                               .digest = digest,
                               .computed = offer->computed,
                               .path = path,
                               .independent = offer->values.independent };
    EpSettingsView view = { .endpoint = intake->has.identity->id,
                            .applied = origin->applied,
                            .counter = origin->counter,
                            .digest = origin->digest,
                            .path = origin->path,
                            .independent = ep_settings_values(intake->has.settings)->independent,
                            .session = offer->session,
                            .server = time->known ? ep_server_time_now(time, hl_clock_wall(), hl_clock_mono()) : 0,
                            .now = hl_clock_wall() };

    return ep_settings_judge(&judged, &view);
}

static bool spool_report(const EpIntake *intake, const EpSettingsOrigin *origin, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgAppliedSettings applied = ep_settings_wire(origin);

    report.body_case = HOLDLINE__V1__REPORT__BODY_SETTINGS;
    report.settings = &applied;
    return ep_spool_add(intake->has.spool, &report, EP_SPOOL_MERGE, "settings", error);
}

static bool store(const EpIntake *intake, const EpSettingsOrigin *origin, const char *text, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, intake->has.db, error) && ep_settings_write(intake->has.settings, origin, text, error) &&
           spool_report(intake, origin, error) && hl_txn_commit(&txn, error);
}

static bool store_path(const EpIntake *intake, const char *path, GError **error)
{
    EpSettingsOrigin origin = *ep_settings_origin(intake->has.settings); /* borrowed, with another path */
    g_auto(HlTxn) txn = HL_TXN_INIT;

    origin.path = hl_unconst(path);
    return hl_txn_begin(&txn, intake->has.db, error) && ep_settings_write_path(intake->has.settings, path, error) &&
           spool_report(intake, &origin, error) && hl_txn_commit(&txn, error);
}

/* Stored with its report, then in force, then sent: what the manager hears of survives a power cut here. */
static EpIntakeOutcome apply(const EpIntake *intake, Offer *offer, const char *path)
{
    g_auto(EpSettingsOrigin) next = { .applied = true,
                                      .group = g_strdup(offer->document->group),
                                      .version = offer->document->version,
                                      .counter = offer->document->counter,
                                      .digest = g_bytes_ref(offer->computed),
                                      .path = g_strdup(path),
                                      .at = hl_clock_wall() };
    g_autoptr(GError) error = NULL;

    if (!store(intake, &next, offer->text, &error)) {
        ep_trouble_store_failed(intake->has.trouble, "settings", error);
        return EP_INTAKE_NOT_STORED;
    }
    ep_trouble_store_worked(intake->has.trouble);
    hl_info("settings", "version %" G_GUINT64_FORMAT " of group %s is in force, by %s", next.version, next.group, path);
    ep_settings_adopt(intake->has.settings, &next, &offer->values);
    ep_spool_pump(intake->has.spool);
    return EP_INTAKE_IN_FORCE;
}

static EpIntakeOutcome report_path(const EpIntake *intake, const char *path)
{
    g_autoptr(GError) error = NULL;

    if (!store_path(intake, path, &error)) {
        ep_trouble_store_failed(intake->has.trouble, "the path of the settings", error);
        return EP_INTAKE_NOT_STORED;
    }
    ep_settings_adopt_path(intake->has.settings, path);
    ep_spool_pump(intake->has.spool);
    return EP_INTAKE_UNCHANGED;
}

static EpIntakeOutcome refuse_expired(const EpIntake *intake, const HlMsgSettingsDocument *document)
{
    g_autofree char *end = hl_time_format(document->expires_ms);
    g_autofree char *now = hl_time_format(hl_clock_wall());

    ep_refuse_settings(intake->has.refuser, EP_REFUSED_EXPIRED, document->counter,
                       "settings expired at %s; this machine's clock says %s", end, now);
    return EP_INTAKE_REFUSED;
}

static EpIntakeOutcome act(const EpIntake *intake, EpSettingsVerdict verdict, Offer *offer, const char *path)
{
    const HlMsgSettingsDocument *document = offer->document;
    EpRefuser *refuser = intake->has.refuser;

    switch (verdict) {
    case EP_SETTINGS_TAKE:
        return apply(intake, offer, path);
    case EP_SETTINGS_ALREADY:
        return EP_INTAKE_UNCHANGED;
    case EP_SETTINGS_ALREADY_REPORT:
        return report_path(intake, path);
    case EP_SETTINGS_INDEPENDENT:
        hl_log_limited(HL_LOG_INFO, "settings", document->group,
                       "independent mode: settings of group %s are not accepted", document->group);
        return EP_INTAKE_DECLINED;
    case EP_SETTINGS_WRONG_ENDPOINT:
        ep_refuse_settings(refuser, EP_REFUSED_WRONG_ENDPOINT, document->counter, "settings are for '%s'",
                           document->endpoint);
        return EP_INTAKE_REFUSED;
    case EP_SETTINGS_EXPIRED:
        return refuse_expired(intake, document);
    case EP_SETTINGS_REPLAYED:
        ep_refuse_settings(refuser, EP_REFUSED_REPLAYED, document->counter,
                           "settings with counter %" G_GUINT64_FORMAT " came after %" G_GUINT64_FORMAT,
                           document->counter, ep_settings_origin(intake->has.settings)->counter);
        return EP_INTAKE_REFUSED;
    case EP_SETTINGS_COLLIDES:
        ep_refuse_settings(refuser, EP_REFUSED_COLLISION, document->counter,
                           "other settings than those in force have their counter %" G_GUINT64_FORMAT
                           ": the server's registry was restored from a backup",
                           document->counter);
        return EP_INTAKE_REFUSED;
    case EP_SETTINGS_INVALID:
        ep_refuse_settings(refuser, EP_REFUSED_INVALID, document->counter, "the digest is not that of the settings");
        return EP_INTAKE_REFUSED;
    }
    g_assert_not_reached();
}

EpIntakeOutcome ep_intake_offer(EpIntake *intake, GBytes *envelope, const char *path, uint64_t session)
{
    g_auto(Offer) offer = { .session = session };

    if (!open_offer(intake, envelope, &offer))
        return EP_INTAKE_REFUSED;
    /* the line carried it; on which occasion is the manager's word, under its signature */
    if (strcmp(path, PATH_CHANNEL) == 0 && *offer.document->path != '\0')
        path = offer.document->path;
    return act(intake, judge(intake, &offer, path), &offer, path);
}
