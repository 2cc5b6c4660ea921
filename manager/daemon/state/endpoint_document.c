/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/endpoint_document.h"

#include <string.h>

#include "lib/base/ident.h"
#include "manager/core/scan.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/ground/versions.h"
#include "proto/components.h"

void mgr_document_put_time(HlJsonOut *out, const char *name, HlTime wall)
{
    g_autofree char *text = wall > 0 ? hl_time_format(wall) : NULL;

    hl_json_out_text(out, name, text);
}

static void put_line(HlJsonOut *out, const MgrEndpoint *endpoint)
{
    const MgrEndpointRecord *record = &endpoint->record;
    const MgrPresence *presence = &record->presence;

    hl_json_out_text(out, "id", record->id);
    hl_json_out_text(out, "host", record->host);
    hl_json_out_text(out, "group", record->group);
    hl_json_out_text(out, "actual", mgr_actual_name((MgrActual)presence->actual));
    hl_json_out_text(out, "reason", mgr_reason_name(mgr_presence_reason(presence)));
    mgr_document_put_time(out, "since", presence->since_wall);
    mgr_document_put_time(out, "last_seen", presence->seen_wall);
}

static void put_settings(HlJsonOut *out, const MgrEndpoint *endpoint)
{
    const MgrApplied *applied = &endpoint->record.applied;
    gsize size = 0;
    const void *digest = applied->digest != NULL ? g_bytes_get_data(applied->digest, &size) : NULL;
    g_autofree char *hex = hl_hex(digest, size);

    hl_json_out_open(out, "settings", '{');
    hl_json_out_integer(out, "desired", (json_int_t)mgr_endpoint_terms(endpoint)->record.version);
    hl_json_out_integer(out, "applied", (json_int_t)applied->version);
    hl_json_out_bool(out, "current", mgr_endpoint_has_desired(endpoint));
    hl_json_out_text(out, "digest", hex);
    hl_json_out_text(out, "path", applied->path != NULL ? applied->path : "");
    mgr_document_put_time(out, "applied_at", applied->at);
    hl_json_out_close(out, '}');
}

static bool comes_again(const HlComponent *component, const char *behind)
{
    HlComponent other;

    while (hl_component_next(&behind, &other))
        if (other.length == component->length && memcmp(other.name, component->name, other.length) == 0)
            return true;
    return false;
}

/* Of a name that comes twice the last version counts. */
static void put_patterns(HlJsonOut *out, const char *text)
{
    HlComponent component;

    hl_json_out_open(out, "patterns", '{');
    while (hl_component_next(&text, &component)) {
        g_autofree char *name = g_strndup(component.name, component.length);

        if (!comes_again(&component, text))
            hl_json_out_integer(out, name, (json_int_t)component.version);
    }
    hl_json_out_close(out, '}');
}

static void put_state(HlJsonOut *out, const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    const MgrEndpointRecord *record = &endpoint->record;

    hl_json_out_bool(out, "outdated", mgr_endpoint_is_outdated(fleet, endpoint));
    hl_json_out_integer(out, "open_commands", mgr_endpoint_count_targets(endpoint));
    mgr_document_put_time(out, "last_update", record->updated_at);
    hl_json_out_text(out, "last_update_result", record->update_result);
    hl_json_out_text(out, "addresses", record->addresses);
    mgr_document_put_time(out, "certificate_expires", mgr_endpoint_certificate_end(fleet, endpoint));
    hl_json_out_integer(out, "clock_skew_ms", (json_int_t)mgr_endpoint_contact(endpoint)->skew);
    hl_json_out_integer(out, "lost_heartbeats", (json_int_t)mgr_endpoint_contact(endpoint)->lost_heartbeats);
    hl_json_out_integer(out, "refused", (json_int_t)mgr_endpoint_contact(endpoint)->refused);
    hl_json_out_bool(out, "revoked", record->revoked_at > 0);
    hl_json_out_bool(out, "clone_suspected", record->presence.clone == MGR_CLONE_SUSPECTED);
}

static void put_verdict(HlJsonOut *out, const MgrEndpoint *endpoint)
{
    g_autofree char *address = NULL;
    MgrVerdictFacts facts = mgr_endpoint_facts(endpoint, &address);
    g_auto(MgrExplanation) explanation = { 0 };
    g_autofree char *text = NULL;
    const MgrDisplay *display = &endpoint->record.display;

    mgr_verdict_explain(&facts, mgr_now(), &explanation);
    text = mgr_explanation_word(&explanation);
    hl_json_out_text(out, "displayed", mgr_displayed_title((MgrDisplayed)display->shown));
    mgr_document_put_time(out, "displayed_since", display->since_wall);
    hl_json_out_text(out, "reachability", mgr_reach_name(endpoint->record.reach));
    mgr_document_put_time(out, "dialled_at", endpoint->record.dialled_at);
    hl_json_out_text(out, "verdict", mgr_verdict_name(mgr_verdict_of(&facts)));
    hl_json_out_text(out, "explanation", text);
    mgr_sentences_put(out, "sentences", explanation.sentences, explanation.n);
    hl_json_out_bool(out, "removed", display->removed);
}

/* Where the patterns came from, what went wrong last, and how old they are: of the component that is oldest. */
static void put_update(HlJsonOut *out, const MgrEndpointRecord *record)
{
    hl_json_out_text(out, "last_update_source", record->update_source);
    hl_json_out_text(out, "last_update_error", mgr_endpoint_seldom(record)->update_error);
    mgr_document_put_time(out, "patterns_published", hl_components_published(record->patterns));
}

static void put_last_scan(HlJsonOut *out, const MgrFindings *findings)
{
    if (findings->end == MGR_SCAN_NEVER) {
        hl_json_out_text(out, "last_scan", NULL);
        return;
    }
    hl_json_out_open(out, "last_scan", '{');
    mgr_document_put_time(out, "ended", findings->ended_at);
    hl_json_out_text(out, "how", mgr_scan_how_name(findings->how));
    hl_json_out_text(out, "end", mgr_scan_end_name(findings->end));
    hl_json_out_integer(out, "files", (json_int_t)findings->files);
    hl_json_out_integer(out, "found", (json_int_t)findings->found);
    hl_json_out_integer(out, "not_looked_at", (json_int_t)findings->not_looked_at);
    hl_json_out_close(out, '}');
}

static void put_findings(HlJsonOut *out, const MgrEndpoint *endpoint)
{
    const MgrFindings *findings = mgr_endpoint_findings(endpoint);

    hl_json_out_integer(out, "open_detections", findings->open);
    hl_json_out_integer(out, "detections_left_out", findings->left_out);
    put_last_scan(out, findings);
}

/* By these a reader knows which of two documents is the later one, by whatever way they came. */
static void put_order(HlJsonOut *out, const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    hl_json_out_integer(out, "epoch", (json_int_t)fleet->epoch);
    hl_json_out_integer(out, "revision", (json_int_t)endpoint->revision);
}

static void put_certificate(HlJsonOut *out, const MgrFleet *fleet, const MgrConf *conf, const MgrEndpoint *endpoint)
{
    mgr_document_put_time(out, "certificate_grace", mgr_endpoint_grace_end(fleet, endpoint, &conf->grace));
    if (mgr_endpoint_contact(endpoint)->late_at == 0) {
        hl_json_out_text(out, "late_renewal", NULL);
        return;
    }
    hl_json_out_open(out, "late_renewal", '{');
    mgr_document_put_time(out, "at", mgr_endpoint_contact(endpoint)->late_at);
    hl_json_out_text(out, "outcome", mgr_late_name(mgr_endpoint_contact(endpoint)->late));
    hl_json_out_close(out, '}');
}

static void put_upgrade(HlJsonOut *out, const MgrEndpointRecord *record)
{
    const MgrSeldom *upgrade = mgr_endpoint_seldom(record);

    if (*upgrade->upgrade_end == '\0') {
        hl_json_out_text(out, "last_upgrade", NULL);
        return;
    }
    hl_json_out_open(out, "last_upgrade", '{');
    mgr_document_put_time(out, "at", upgrade->upgraded_at);
    hl_json_out_text(out, "end", upgrade->upgrade_end);
    hl_json_out_text(out, "to", upgrade->upgrade_to);
    hl_json_out_text(out, "detail", upgrade->upgrade_detail);
    hl_json_out_close(out, '}');
}

static void put_program(HlJsonOut *out, const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    const MgrEndpointRecord *record = &endpoint->record;

    hl_json_out_text(out, "observed_address", mgr_endpoint_observed(record));
    hl_json_out_text(out, "observed_by", record->observed_by);
    hl_json_out_text(out, "program", record->program);
    hl_json_out_bool(out, "outdated_program", mgr_endpoint_is_program_outdated(fleet, endpoint));
    put_upgrade(out, record);
    hl_json_out_integer(out, "direct_port", record->direct_port);
    hl_json_out_integer(out, "broker", mgr_endpoint_broker(fleet, endpoint));
    hl_json_out_text(out, "delivery",
                     mgr_endpoint_terms(endpoint)->settings.delivery == HL_DELIVERY_DOCUMENTED ? "documented"
                                                                                               : "channel");
}

char *mgr_endpoint_document_print(const MgrFleet *fleet, const MgrConf *conf, const MgrEndpoint *endpoint)
{
    g_auto(HlJsonOut) out;

    hl_json_out_init(&out);
    hl_json_out_open(&out, NULL, '{');
    put_line(&out, endpoint);
    put_settings(&out, endpoint);
    put_patterns(&out, endpoint->record.patterns);
    put_state(&out, fleet, endpoint);
    put_verdict(&out, endpoint);
    put_update(&out, &endpoint->record);
    put_findings(&out, endpoint);
    put_order(&out, fleet, endpoint);
    hl_json_out_text(&out, "group_display", mgr_group_shown(endpoint->group));
    hl_json_out_bool(&out, "flooding", mgr_endpoint_contact(endpoint)->held_off_until > 0);
    mgr_document_put_time(&out, "held_off_until", mgr_endpoint_contact(endpoint)->held_off_until);
    put_certificate(&out, fleet, conf, endpoint);
    put_program(&out, fleet, endpoint);
    hl_json_out_close(&out, '}');
    return hl_json_out_print(&out);
}
