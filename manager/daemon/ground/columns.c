/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/columns.h"

#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "manager/daemon/ground/versions.h"
#include "proto/components.h"

/* *owned: as in MgrFilterRows. */
typedef MgrValue (*ValueFn)(const MgrFleet *fleet, const MgrEndpoint *endpoint, char **owned);

static MgrValue text(const char *value)
{
    return (MgrValue){ .text = value != NULL ? value : "" };
}

static MgrValue number(int64_t value)
{
    return (MgrValue){ .number = value };
}

#define VALUE(name_, made_)                                                                 \
    static MgrValue name_(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, \
                          char **owned G_GNUC_UNUSED)                                       \
    {                                                                                       \
        return made_;                                                                       \
    }

static MgrValue grace(const MgrFleet *fleet, const MgrEndpoint *endpoint, char **owned G_GNUC_UNUSED)
{
    return number(mgr_endpoint_grace_end(fleet, endpoint, fleet->grace));
}

static MgrValue verdict(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, char **owned G_GNUC_UNUSED)
{
    g_autofree char *address = NULL;
    MgrVerdictFacts facts = mgr_endpoint_facts(endpoint, &address);

    return text(mgr_verdict_name(mgr_verdict_of(&facts)));
}

static const MgrFindings *scan_of(const MgrEndpoint *endpoint)
{
    static const MgrFindings none = { 0 };
    const MgrFindings *findings = mgr_endpoint_findings(endpoint);

    return findings->end == MGR_SCAN_NEVER ? &none : findings;
}

static MgrValue scan_end(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, char **owned G_GNUC_UNUSED)
{
    MgrScanEnd end = mgr_endpoint_findings(endpoint)->end;

    return text(end == MGR_SCAN_NEVER ? "" : mgr_scan_end_name(end));
}

static MgrValue scan_how(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, char **owned G_GNUC_UNUSED)
{
    const MgrFindings *findings = mgr_endpoint_findings(endpoint);

    return text(findings->end == MGR_SCAN_NEVER ? "" : mgr_scan_how_name(findings->how));
}

/* "" before it reported one. */
static MgrValue settings_digest(const MgrFleet *fleet G_GNUC_UNUSED, const MgrEndpoint *endpoint, char **owned)
{
    const GBytes *digest = endpoint->record.applied.digest;
    gsize size = 0;
    const void *data = digest != NULL ? g_bytes_get_data(hl_unconst(digest), &size) : NULL;

    *owned = hl_hex(data, size);
    return text(*owned);
}

VALUE(id, text(endpoint->record.id))
VALUE(host, text(endpoint->record.host))
VALUE(group, text(endpoint->record.group))
VALUE(group_display, text(mgr_group_shown(endpoint->group)))
VALUE(displayed, text(mgr_displayed_title((MgrDisplayed)endpoint->record.display.shown)))
VALUE(displayed_since, number(endpoint->record.display.since_wall))
VALUE(actual, text(mgr_actual_name((MgrActual)endpoint->record.presence.actual)))
VALUE(reason, text(mgr_reason_name(mgr_presence_reason(&endpoint->record.presence))))
VALUE(since, number(endpoint->record.presence.since_wall))
VALUE(last_seen, number(endpoint->record.presence.seen_wall))
VALUE(reachability, text(mgr_reach_name(endpoint->record.reach)))
VALUE(dialled_at, number(endpoint->record.dialled_at))
VALUE(addresses, text(endpoint->record.addresses))
VALUE(observed, text(mgr_endpoint_observed(&endpoint->record)))
VALUE(observed_by, text(endpoint->record.observed_by))
VALUE(settings_desired, number((int64_t)mgr_endpoint_terms(endpoint)->record.version))
VALUE(settings_applied, number((int64_t)endpoint->record.applied.version))
VALUE(settings_current, number(mgr_endpoint_has_desired(endpoint)))
VALUE(settings_path, text(endpoint->record.applied.path))
VALUE(settings_applied_at, number(endpoint->record.applied.at))
VALUE(patterns, text(endpoint->record.patterns))
VALUE(patterns_published, number(hl_components_published(endpoint->record.patterns)))
VALUE(outdated, number(mgr_endpoint_is_outdated(fleet, endpoint)))
VALUE(outdated_program, number(mgr_endpoint_is_program_outdated(fleet, endpoint)))
VALUE(last_update, number(endpoint->record.updated_at))
VALUE(update_result, text(endpoint->record.update_result))
VALUE(update_source, text(endpoint->record.update_source))
VALUE(update_error, text(mgr_endpoint_seldom(&endpoint->record)->update_error))
VALUE(upgrade, text(mgr_endpoint_seldom(&endpoint->record)->upgrade_end))
VALUE(upgraded_at, number(mgr_endpoint_seldom(&endpoint->record)->upgraded_at))
VALUE(upgrade_to, text(mgr_endpoint_seldom(&endpoint->record)->upgrade_to))
VALUE(upgrade_detail, text(mgr_endpoint_seldom(&endpoint->record)->upgrade_detail))
VALUE(open_commands, number(mgr_endpoint_count_targets(endpoint)))
VALUE(open_detections, number(mgr_endpoint_findings(endpoint)->open))
VALUE(left_out, number(mgr_endpoint_findings(endpoint)->left_out))
VALUE(scan, number(scan_of(endpoint)->ended_at))
VALUE(scan_files, number((int64_t)scan_of(endpoint)->files))
VALUE(scan_found, number((int64_t)scan_of(endpoint)->found))
VALUE(scan_not_looked_at, number((int64_t)scan_of(endpoint)->not_looked_at))
VALUE(certificate, number(mgr_endpoint_certificate_end(fleet, endpoint)))
VALUE(late,
      text(mgr_endpoint_contact(endpoint)->late_at > 0 ? mgr_late_name(mgr_endpoint_contact(endpoint)->late) : ""))
VALUE(late_at, number(mgr_endpoint_contact(endpoint)->late_at))
VALUE(skew, number(mgr_endpoint_contact(endpoint)->skew))
VALUE(lost_heartbeats, number((int64_t)mgr_endpoint_contact(endpoint)->lost_heartbeats))
VALUE(refused, number((int64_t)mgr_endpoint_contact(endpoint)->refused))
VALUE(revoked, number(endpoint->record.revoked_at > 0))
VALUE(removed, number(endpoint->record.display.removed))
VALUE(cloned, number(endpoint->record.presence.clone == MGR_CLONE_SUSPECTED))
VALUE(flooding, number(mgr_endpoint_contact(endpoint)->held_off_until > 0))
VALUE(held_off, number(mgr_endpoint_contact(endpoint)->held_off_until))
VALUE(delivery,
      text(mgr_endpoint_terms(endpoint)->settings.delivery == HL_DELIVERY_DOCUMENTED ? "documented" : "channel"))
VALUE(program, text(endpoint->record.program))
VALUE(direct_port, number(endpoint->record.direct_port))
VALUE(broker, number(mgr_endpoint_broker(fleet, endpoint)))

static const ValueFn values[MGR_N_COLUMNS] = {
    [MGR_COLUMN_ID] = id,
    [MGR_COLUMN_HOST] = host,
    [MGR_COLUMN_GROUP] = group,
    [MGR_COLUMN_GROUP_DISPLAY] = group_display,
    [MGR_COLUMN_DISPLAYED] = displayed,
    [MGR_COLUMN_DISPLAYED_SINCE] = displayed_since,
    [MGR_COLUMN_ACTUAL] = actual,
    [MGR_COLUMN_REASON] = reason,
    [MGR_COLUMN_SINCE] = since,
    [MGR_COLUMN_LAST_SEEN] = last_seen,
    [MGR_COLUMN_REACHABILITY] = reachability,
    [MGR_COLUMN_DIALLED_AT] = dialled_at,
    [MGR_COLUMN_VERDICT] = verdict,
    [MGR_COLUMN_ADDRESSES] = addresses,
    [MGR_COLUMN_OBSERVED] = observed,
    [MGR_COLUMN_OBSERVED_BY] = observed_by,
    [MGR_COLUMN_SETTINGS_DESIRED] = settings_desired,
    [MGR_COLUMN_SETTINGS_APPLIED] = settings_applied,
    [MGR_COLUMN_SETTINGS_CURRENT] = settings_current,
    [MGR_COLUMN_SETTINGS_PATH] = settings_path,
    [MGR_COLUMN_SETTINGS_APPLIED_AT] = settings_applied_at,
    [MGR_COLUMN_SETTINGS_DIGEST] = settings_digest,
    [MGR_COLUMN_PATTERNS] = patterns,
    [MGR_COLUMN_PATTERNS_PUBLISHED] = patterns_published,
    [MGR_COLUMN_OUTDATED] = outdated,
    [MGR_COLUMN_OUTDATED_PROGRAM] = outdated_program,
    [MGR_COLUMN_LAST_UPDATE] = last_update,
    [MGR_COLUMN_UPDATE_RESULT] = update_result,
    [MGR_COLUMN_UPDATE_SOURCE] = update_source,
    [MGR_COLUMN_UPDATE_ERROR] = update_error,
    [MGR_COLUMN_UPGRADE] = upgrade,
    [MGR_COLUMN_UPGRADED_AT] = upgraded_at,
    [MGR_COLUMN_UPGRADE_TO] = upgrade_to,
    [MGR_COLUMN_UPGRADE_DETAIL] = upgrade_detail,
    [MGR_COLUMN_OPEN_COMMANDS] = open_commands,
    [MGR_COLUMN_OPEN_DETECTIONS] = open_detections,
    [MGR_COLUMN_LEFT_OUT] = left_out,
    [MGR_COLUMN_SCAN] = scan,
    [MGR_COLUMN_SCAN_END] = scan_end,
    [MGR_COLUMN_SCAN_HOW] = scan_how,
    [MGR_COLUMN_SCAN_FILES] = scan_files,
    [MGR_COLUMN_SCAN_FOUND] = scan_found,
    [MGR_COLUMN_SCAN_NOT_LOOKED_AT] = scan_not_looked_at,
    [MGR_COLUMN_CERTIFICATE] = certificate,
    [MGR_COLUMN_GRACE] = grace,
    [MGR_COLUMN_LATE] = late,
    [MGR_COLUMN_LATE_AT] = late_at,
    [MGR_COLUMN_SKEW] = skew,
    [MGR_COLUMN_LOST_HEARTBEATS] = lost_heartbeats,
    [MGR_COLUMN_REFUSED] = refused,
    [MGR_COLUMN_REVOKED] = revoked,
    [MGR_COLUMN_REMOVED] = removed,
    [MGR_COLUMN_CLONE] = cloned,
    [MGR_COLUMN_FLOODING] = flooding,
    [MGR_COLUMN_HELD_OFF] = held_off,
    [MGR_COLUMN_DELIVERY] = delivery,
    [MGR_COLUMN_PROGRAM] = program,
    [MGR_COLUMN_DIRECT_PORT] = direct_port,
    [MGR_COLUMN_BROKER] = broker,
};

static MgrValue value_of(gconstpointer row, int column, gpointer user, char **owned)
{
    return values[column](user, row, owned);
}

MgrFilterRows mgr_column_rows(const MgrFleet *fleet)
{
    return (MgrFilterRows){ .value = value_of, .user = hl_unconst(fleet) };
}
