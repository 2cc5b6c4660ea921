/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/filter/columns.h"

#include <string.h>

const MgrColumn mgr_columns[MGR_N_COLUMNS] = {
    [MGR_COLUMN_ID] = { "id", "id", MGR_TEXT, false },
    [MGR_COLUMN_HOST] = { "host", "host", MGR_TEXT, false },
    [MGR_COLUMN_GROUP] = { "group", "group", MGR_WORD, false },
    [MGR_COLUMN_GROUP_DISPLAY] = { "group_display", "group_display", MGR_WORD, false },
    [MGR_COLUMN_DISPLAYED] = { "displayed", "displayed", MGR_WORD, false },
    [MGR_COLUMN_DISPLAYED_SINCE] = { "displayed_since", "displayed_since", MGR_TIME, false },
    [MGR_COLUMN_ACTUAL] = { "actual", "actual", MGR_WORD, false },
    [MGR_COLUMN_REASON] = { "reason", "reason", MGR_WORD, false },
    [MGR_COLUMN_SINCE] = { "since", "since", MGR_TIME, false },
    [MGR_COLUMN_LAST_SEEN] = { "last_seen", "last_seen", MGR_TIME, false },
    [MGR_COLUMN_REACHABILITY] = { "reachability", "reachability", MGR_WORD, false },
    [MGR_COLUMN_DIALLED_AT] = { "dialled_at", "dialled_at", MGR_TIME, false },
    [MGR_COLUMN_VERDICT] = { "verdict", "verdict", MGR_WORD, false },
    [MGR_COLUMN_ADDRESSES] = { "addresses", "addresses", MGR_TEXT, false },
    [MGR_COLUMN_OBSERVED] = { "observed_address", "observed_address", MGR_TEXT, false },
    [MGR_COLUMN_OBSERVED_BY] = { "observed_by", "observed_by", MGR_WORD, false },
    [MGR_COLUMN_SETTINGS_DESIRED] = { "settings_desired", "settings.desired", MGR_NUMBER, false },
    [MGR_COLUMN_SETTINGS_APPLIED] = { "settings_applied", "settings.applied", MGR_NUMBER, false },
    [MGR_COLUMN_SETTINGS_CURRENT] = { "settings_current", "settings.current", MGR_FLAG, false },
    [MGR_COLUMN_SETTINGS_PATH] = { "settings_path", "settings.path", MGR_WORD, false },
    [MGR_COLUMN_SETTINGS_APPLIED_AT] = { "settings_applied_at", "settings.applied_at", MGR_TIME, false },
    [MGR_COLUMN_SETTINGS_DIGEST] = { "settings_digest", "settings.digest", MGR_WORD, false },
    [MGR_COLUMN_PATTERNS] = { "patterns", "patterns", MGR_SET, false },
    [MGR_COLUMN_PATTERNS_PUBLISHED] = { "patterns_published", "patterns_published", MGR_TIME, false },
    [MGR_COLUMN_OUTDATED] = { "outdated", "outdated", MGR_FLAG, false },
    [MGR_COLUMN_OUTDATED_PROGRAM] = { "outdated_program", "outdated_program", MGR_FLAG, false },
    [MGR_COLUMN_LAST_UPDATE] = { "last_update", "last_update", MGR_TIME, false },
    [MGR_COLUMN_UPDATE_RESULT] = { "last_update_result", "last_update_result", MGR_WORD, false },
    [MGR_COLUMN_UPDATE_SOURCE] = { "last_update_source", "last_update_source", MGR_WORD, false },
    [MGR_COLUMN_UPDATE_ERROR] = { "last_update_error", "last_update_error", MGR_TEXT, false },
    [MGR_COLUMN_UPGRADE] = { "last_upgrade", "last_upgrade.end", MGR_WORD, false },
    [MGR_COLUMN_UPGRADED_AT] = { "last_upgrade_at", "last_upgrade.at", MGR_TIME, false },
    [MGR_COLUMN_UPGRADE_TO] = { "last_upgrade_to", "last_upgrade.to", MGR_VERSION, false },
    [MGR_COLUMN_UPGRADE_DETAIL] = { "last_upgrade_detail", "last_upgrade.detail", MGR_TEXT, false },
    [MGR_COLUMN_OPEN_COMMANDS] = { "open_commands", "open_commands", MGR_NUMBER, false },
    [MGR_COLUMN_OPEN_DETECTIONS] = { "open_detections", "open_detections", MGR_NUMBER, false },
    [MGR_COLUMN_LEFT_OUT] = { "detections_left_out", "detections_left_out", MGR_NUMBER, false },
    [MGR_COLUMN_SCAN] = { "last_scan", "last_scan.ended", MGR_TIME, false },
    [MGR_COLUMN_SCAN_END] = { "last_scan_end", "last_scan.end", MGR_WORD, false },
    [MGR_COLUMN_SCAN_HOW] = { "last_scan_how", "last_scan.how", MGR_WORD, false },
    [MGR_COLUMN_SCAN_FILES] = { "last_scan_files", "last_scan.files", MGR_NUMBER, false },
    [MGR_COLUMN_SCAN_FOUND] = { "last_scan_found", "last_scan.found", MGR_NUMBER, false },
    [MGR_COLUMN_SCAN_NOT_LOOKED_AT] = { "last_scan_not_looked_at", "last_scan.not_looked_at", MGR_NUMBER, false },
    [MGR_COLUMN_CERTIFICATE] = { "certificate_expires", "certificate_expires", MGR_TIME, true },
    [MGR_COLUMN_GRACE] = { "certificate_grace", "certificate_grace", MGR_TIME, true },
    [MGR_COLUMN_LATE] = { "late_renewal", "late_renewal.outcome", MGR_WORD, false },
    [MGR_COLUMN_LATE_AT] = { "late_renewal_at", "late_renewal.at", MGR_TIME, false },
    [MGR_COLUMN_SKEW] = { "clock_skew_ms", "clock_skew_ms", MGR_NUMBER, false },
    [MGR_COLUMN_LOST_HEARTBEATS] = { "lost_heartbeats", "lost_heartbeats", MGR_NUMBER, false },
    [MGR_COLUMN_REFUSED] = { "refused", "refused", MGR_NUMBER, false },
    [MGR_COLUMN_REVOKED] = { "revoked", "revoked", MGR_FLAG, false },
    [MGR_COLUMN_REMOVED] = { "removed", "removed", MGR_FLAG, false },
    [MGR_COLUMN_CLONE] = { "clone_suspected", "clone_suspected", MGR_FLAG, false },
    [MGR_COLUMN_FLOODING] = { "flooding", "flooding", MGR_FLAG, false },
    [MGR_COLUMN_HELD_OFF] = { "held_off_until", "held_off_until", MGR_TIME, true },
    [MGR_COLUMN_DELIVERY] = { "delivery", "delivery", MGR_WORD, false },
    [MGR_COLUMN_PROGRAM] = { "program", "program", MGR_VERSION, false },
    [MGR_COLUMN_DIRECT_PORT] = { "direct_port", "direct_port", MGR_NUMBER, false },
    [MGR_COLUMN_BROKER] = { "broker", "broker", MGR_NUMBER, false },
};

const char *const *mgr_column_values(int column)
{
    static const char *const displayed[] = {
        "Online", "Offline", "Unreachable/Online", "Unreachable/Offline", "Independent", "Inactive", NULL
    };
    static const char *const actual[] = { "online", "stale", "offline", "never-seen", NULL };
    static const char *const reachability[] = { "reachable",  "refused",    "timeout", "no-route",
                                                "wrong-host", "not-probed", NULL };
    static const char *const verdict[] = {
        "agree-online", "agree-offline", "hidden-by-nat", "ghost-online", "wrong-host", "unverified", NULL
    };

    switch (column) {
    case MGR_COLUMN_DISPLAYED:
        return displayed;
    case MGR_COLUMN_ACTUAL:
        return actual;
    case MGR_COLUMN_REACHABILITY:
        return reachability;
    case MGR_COLUMN_VERDICT:
        return verdict;
    default:
        return NULL;
    }
}

int mgr_column_find(const char *name)
{
    for (int i = 0; i < MGR_N_COLUMNS; i++)
        if (strcmp(mgr_columns[i].name, name) == 0)
            return i;
    for (int i = 0; i < MGR_N_COLUMNS; i++)
        if (strcmp(mgr_columns[i].path, name) == 0)
            return i;
    return -1;
}

bool mgr_column_is_text(int column)
{
    switch (mgr_columns[column].kind) {
    case MGR_TEXT:
    case MGR_WORD:
    case MGR_SET:
    case MGR_VERSION:
        return true;
    case MGR_TIME:
    case MGR_NUMBER:
    case MGR_FLAG:
        return false;
    }
    g_assert_not_reached();
}

bool mgr_set_find(const char *set, const char *name, int64_t *version)
{
    gsize size = strlen(name);

    for (const char *at = set; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
        if (strncmp(at, name, size) != 0 || at[size] != '=')
            continue;
        *version = g_ascii_strtoll(at + size + 1, NULL, 10);
        return true;
    }
    return false;
}

/* The next number of a version; *at moves past it and the dot that follows. */
static guint64 next_number(const char **at)
{
    char *end;
    guint64 number;

    if (!g_ascii_isdigit(**at))
        return 0;
    number = g_ascii_strtoull(*at, &end, 10);
    *at = *end == '.' ? end + 1 : "";
    return number;
}

int mgr_version_compare(const char *a, const char *b)
{
    while (g_ascii_isdigit(*a) || g_ascii_isdigit(*b)) {
        guint64 one = next_number(&a);
        guint64 other = next_number(&b);

        if (one != other)
            return one < other ? -1 : 1;
    }
    return 0;
}
