/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/settings.h"

#include <string.h>

#include "lib/base/error.h"
#include "lib/base/i18n.h"
#include "lib/base/network.h"
#include "lib/base/text.h"
#include "proto/exclude.h"
#include "proto/fault.h"
#include "proto/maintenance.h"
#include "proto/schedule.h"
#include "proto/source.h"

static const char *const program_upgrades[] = { "auto", "rollout", NULL };
static const char *const scan_methods[] = { "conventional", "smart", NULL };
const char *const hl_scan_components[] = { [HL_SCAN_CONVENTIONAL] = "virus,rules", [HL_SCAN_SMART] = "agent,rules" };
static const char *const scan_actions[] = { "report", "quarantine", NULL }; /* as HlScanAction */
static const char *const switches[] = { "off", "on", NULL };                /* as HlOnWrite */
static const char *const deliveries[] = { "channel", "documented", NULL };

static bool check_schedule(const char *text, GError **error)
{
    HlSchedule schedule;

    return hl_schedule_parse(text, &schedule, error);
}

static bool check_window(const char *text, GError **error)
{
    HlMaintenance maintenance;

    return hl_maintenance_parse(text, &maintenance, error);
}

static bool check_sources(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *text_of_one = g_strstrip(parts[i]);
        g_autofree char *shown = hl_text_url(text_of_one);
        HlUpdateSource source;

        if (*text_of_one == '\0')
            continue;
        if (!hl_update_source_parse(text_of_one, &source, error))
            return false;
        if (strcmp(source.where, "server") != 0 && strcmp(source.where, "activeupdate") != 0 &&
            !g_str_has_prefix(source.where, "https://") && !g_str_has_prefix(source.where, "http://"))
            return hl_proto_fail(error, HL_FAULT_SOURCE, shown, NULL);
    }
    return true;
}

const char *const hl_component_names[] = { "virus", "agent", "rules", NULL };

const char *hl_component_find(const char *name)
{
    for (gsize i = 0; hl_component_names[i] != NULL; i++)
        if (strcmp(hl_component_names[i], name) == 0)
            return hl_component_names[i];
    return NULL;
}

static bool check_components(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *component = g_strstrip(parts[i]);

        if (*component != '\0' && hl_component_find(component) == NULL)
            return hl_proto_fail(error, HL_FAULT_COMPONENT, component, NULL);
    }
    return true;
}

static bool check_url(const char *text, GError **error)
{
    if (*text == '\0' || g_str_has_prefix(text, "https://") || g_str_has_prefix(text, "http://"))
        return true;
    return hl_proto_fail(error, HL_FAULT_URL_BEGINNING, NULL);
}

static bool check_brokers(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    guint n = 0;

    for (gsize i = 0; parts[i] != NULL; i++) {
        const char *broker = g_strstrip(parts[i]);
        uint16_t port;

        if (*broker == '\0')
            continue;
        n++;
        if (!hl_place_parse(broker, NULL, &port))
            return hl_proto_fail(error, HL_FAULT_BROKER, broker, NULL);
    }
    if (n == 1)
        return hl_proto_fail(error, HL_FAULT_BROKER_ONE, NULL);
    return true;
}

#define ROW(name, type, field, fallback, min, max, choices, help, check)                  \
    {                                                                                     \
        name, type, offsetof(HlSettings, field), fallback, min, max, choices, help, check \
    }

/* Sorted by key: hl_settings_print relies on it (asserted by tests/unit/test_settings.c). */
static const HlOption rows[] = {
    ROW("delivery.mode", HL_OPTION_CHOICE, delivery, "channel", 0, 0, deliveries,
        N_("How settings and commands reach the endpoints: down their line, or as documented for the classic product"),
        NULL),
    ROW("direct.port", HL_OPTION_INT, direct_port, "0", 0, 65535, NULL, N_("Port of the direct dial; 0 for none"),
        NULL),
    ROW("line.brokers", HL_OPTION_LIST, brokers, "", 0, 8, NULL,
        N_("Broker addresses that replace those of the bundle"), check_brokers),
    ROW("line.heartbeat", HL_OPTION_DURATION, heartbeat, "60s", HL_SECOND, HL_HOUR, NULL, N_("Time between heartbeats"),
        NULL),
    ROW("maintenance.window", HL_OPTION_STRING, maintenance_window, "", 0, HL_MAINTENANCE_MAX, NULL,
        N_("When roll-outs may reach the group, in the server's local time; empty for always"), check_window),
    ROW("mode.independent", HL_OPTION_BOOL, independent, "no", 0, 0, NULL,
        N_("Independent mode: connected, but takes no settings or commands"), NULL),
    ROW("privilege.scan", HL_OPTION_BOOL, allow_scan, "yes", 0, 0, NULL, N_("The user may scan by hand"), NULL),
    ROW("privilege.skip-scan", HL_OPTION_BOOL, allow_skip_scan, "no", 0, 0, NULL,
        N_("The user may skip a scheduled scan"), NULL),
    ROW("privilege.stop", HL_OPTION_BOOL, allow_stop, "no", 0, 0, NULL, N_("The user may stop the client"), NULL),
    ROW("privilege.toggle-schedule", HL_OPTION_BOOL, allow_toggle_schedule, "no", 0, 0, NULL,
        N_("The user may turn the scheduled update off and on"), NULL),
    ROW("privilege.update-now", HL_OPTION_BOOL, allow_update_now, "no", 0, 0, NULL, N_("The user may update by hand"),
        NULL),
    ROW("scan.action", HL_OPTION_CHOICE, scan_action, "quarantine", 0, 0, scan_actions,
        N_("What a scheduled scan does with an infected file; a scan by hand only reports it"), NULL),
    ROW("scan.exclude", HL_OPTION_LIST, scan_exclude, "", 0, HL_EXCLUDE_MAX_ROWS, NULL,
        N_("What scans pass over: paths and globs (scheduled scans), sha256:HEX, signature:NAME"), hl_excludes_check),
    ROW("scan.idle", HL_OPTION_DURATION, scan_idle, "10m", 0, HL_DAY, NULL,
        N_("How long the scan engine keeps its memory after the last scan"), NULL),
    ROW("scan.max-depth", HL_OPTION_INT, scan_max_depth, "17", 1, 100, NULL,
        N_("Archives in archives that a scan opens; what is deeper is not looked at"), NULL),
    ROW("scan.max-size", HL_OPTION_INT, scan_max_size, "2000", 1, 2000, NULL,
        N_("Size of a file in MiB up to which a scan looks at it"), NULL),
    ROW("scan.max-time", HL_OPTION_DURATION, scan_max_time, "2m", HL_SECOND, HL_HOUR, NULL,
        N_("Time that a scan spends on one file"), NULL),
    ROW("scan.method", HL_OPTION_CHOICE, scan_method, "conventional", 0, 0, scan_methods,
        N_("Scan method; decides the set of components"), NULL),
    ROW("scan.on-write", HL_OPTION_CHOICE, scan_on_write, "off", 0, 0, switches,
        N_("Whether files are scanned when they were written, on the file systems of scan.paths; keeps the engine in "
           "memory"),
        NULL),
    ROW("scan.paths", HL_OPTION_LIST, scan_paths, "/home", 0, 64, NULL, N_("What a scheduled scan examines"), NULL),
    ROW("scan.period", HL_OPTION_DURATION, scan_period, "0s", 0, HL_DAY, NULL,
        N_("Scheduled scans begin at a random moment within this time"), NULL),
    ROW("scan.quarantine-age", HL_OPTION_DURATION, scan_quarantine_age, "30d", HL_HOUR, 3650 * HL_DAY, NULL,
        N_("How long files stay in the quarantine"), NULL),
    ROW("scan.quarantine-size", HL_OPTION_INT, scan_quarantine_size, "1024", 1, 1048576, NULL,
        N_("Size of the quarantine in MiB; when it is full, infected files stay where they are"), NULL),
    ROW("scan.schedule", HL_OPTION_STRING, scan_schedule, "off", 1, 40, NULL, N_("When a scan runs automatically"),
        check_schedule),
    ROW("update.activeupdate-url", HL_OPTION_STRING, activeupdate_url, "", 0, 512, NULL,
        N_("URL of the public ActiveUpdate source"), check_url),
    ROW("update.block-program", HL_OPTION_BOOL, block_program_upgrade, "no", 0, 0, NULL,
        N_("Never upgrade the program itself"), NULL),
    ROW("update.by-rollout", HL_OPTION_LIST, by_rollout, "", 0, 8, NULL,
        N_("Components that updates leave as they are, so that only roll-outs of them bring another version "
           "(rollout start --component): virus, agent, rules"),
        check_components),
    ROW("update.on-start", HL_OPTION_BOOL, update_on_start, "no", 0, 0, NULL, N_("Update when the endpoint starts"),
        NULL),
    ROW("update.on-start-delay", HL_OPTION_DURATION, update_on_start_delay, "5m", 0, HL_DAY, NULL,
        N_("Start-up updates begin at a random moment within this time"), NULL),
    ROW("update.period", HL_OPTION_DURATION, update_period, "1h", 0, HL_DAY, NULL,
        N_("Scheduled updates begin at a random moment within this time"), NULL),
    ROW("update.program", HL_OPTION_CHOICE, program_upgrade, "auto", 0, 0, program_upgrades,
        N_("Whether every update upgrades the program too, or only roll-outs that say so (rollout start --program)"),
        NULL),
    ROW("update.schedule", HL_OPTION_STRING, update_schedule, "off", 1, 40, NULL,
        N_("When an update runs automatically"), check_schedule),
    ROW("update.settings-once-a-day", HL_OPTION_BOOL, settings_once_a_day, "no", 0, 0, NULL,
        N_("With schedules by minutes or hours, take settings only once a day"), NULL),
    ROW("update.sources", HL_OPTION_LIST, update_sources, "server", 1, 8, NULL,
        N_("Where updates come from, in order: server, activeupdate, URLs; NETWORK= before one limits it to that "
           "network"),
        check_sources),
};

/* Where a new group differs from the fallbacks above.  Updates are spread over the day, scans over the early afternoon:
 * PCs that are on then, and not all disks of a virtualization host at once. */
static const struct {
    const char *key, *value;
} of_new_groups[] = {
    { "scan.period", "4h" },   { "scan.schedule", "weekly wed 12:00" }, { "update.on-start", "yes" },
    { "update.period", "1d" }, { "update.schedule", "daily 00:00" },
};

HlOptionTable hl_settings_table(void)
{
    return HL_OPTION_TABLE(rows);
}

void hl_settings_init(HlSettings *settings)
{
    hl_options_init(hl_settings_table(), settings);
}

const char *hl_settings_of_new_group(const HlOption *row)
{
    for (gsize i = 0; i < G_N_ELEMENTS(of_new_groups); i++)
        if (strcmp(of_new_groups[i].key, row->name) == 0)
            return of_new_groups[i].value;
    return row->fallback;
}

void hl_settings_init_group(HlSettings *settings)
{
    g_autoptr(GError) error = NULL;

    hl_settings_init(settings);
    for (gsize i = 0; i < G_N_ELEMENTS(of_new_groups); i++)
        if (!hl_options_set(hl_settings_table(), settings, of_new_groups[i].key, of_new_groups[i].value, &error))
            g_error("a new group's settings break their own rules: %s", error->message);
}

bool hl_settings_has_component(const HlSettings *settings, const char *component)
{
    g_auto(GStrv) names = g_strsplit(hl_scan_components[settings->scan_method], ",", -1);

    return g_strv_contains((const char *const *)names, component);
}

char *hl_settings_kept_components(const HlSettings *settings, const char *only)
{
    g_auto(GStrv) names = g_strsplit(hl_scan_components[settings->scan_method], ",", -1);
    GString *kept = g_string_new(NULL);

    for (gsize i = 0; names[i] != NULL; i++)
        if (only != NULL ? strcmp(names[i], only) != 0
                         : g_strv_contains((const char *const *)settings->by_rollout, names[i]))
            g_string_append_printf(kept, "%s%s", kept->len > 0 ? "," : "", names[i]);
    return g_string_free(kept, FALSE);
}

void hl_settings_clear(HlSettings *settings)
{
    hl_options_clear(hl_settings_table(), settings);
}

/* A password in a setting would be visible to monitors, in logs and in process lists; the message must not spread it
 * either. */
static bool check_address(const char *key, const char *url, GError **error)
{
    const char *authority = strstr(url, "://");
    const char *at = strchr(url, '@');
    g_autofree char *shown = hl_text_url(url);
    g_autoptr(GUri) uri = NULL;

    if (authority != NULL && at != NULL && at < authority + 3 + strcspn(authority + 3, "/?#"))
        return hl_proto_fail(error, HL_FAULT_URL_SECRET, key, NULL);
    uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    if (uri == NULL || g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0' || g_uri_get_port(uri) == 0 ||
        strpbrk(url, " \"<>\\^`{|}") != NULL)
        return hl_proto_fail(error, HL_FAULT_URL_FORM, key, shown, NULL);
    if (g_uri_get_query(uri) != NULL || g_uri_get_fragment(uri) != NULL)
        return hl_proto_fail(error, HL_FAULT_URL_QUERY, key, shown, NULL);
    return true;
}

static bool is_same_source(const char *a, const char *b)
{
    gsize n = strlen(a) - (g_str_has_suffix(a, "/") ? 1 : 0);

    return n == strlen(b) - (g_str_has_suffix(b, "/") ? 1 : 0) && strncmp(a, b, n) == 0;
}

static bool check_each_source(char *const *sources, GError **error)
{
    for (gsize i = 0; sources[i] != NULL; i++) {
        HlUpdateSource source;

        if (!hl_update_source_parse(sources[i], &source, error) ||
            (strstr(source.where, "://") != NULL && !check_address("update.sources", source.where, error)))
            return false;
        for (gsize other = 0; other < i; other++)
            if (is_same_source(sources[i], sources[other]))
                return hl_proto_fail(error, HL_FAULT_SOURCE_TWICE, sources[i], NULL);
    }
    return true;
}

static bool check_each_path(char *const *paths, GError **error)
{
    for (gsize i = 0; paths[i] != NULL; i++)
        if (!g_path_is_absolute(paths[i])) {
            hl_proto_fail(error, HL_FAULT_SCAN_PATH, paths[i], NULL);
            return hl_error_prefix(error, "scan.paths");
        }
    return true;
}

static bool names_activeupdate(char *const *sources)
{
    for (gsize i = 0; sources[i] != NULL; i++) {
        HlUpdateSource source;

        if (hl_update_source_parse(sources[i], &source, NULL) && strcmp(source.where, "activeupdate") == 0)
            return true;
    }
    return false;
}

bool hl_settings_check_change(const HlSettings *was, const HlSettings *now, GError **error)
{
    bool new_sources =
        !g_strv_equal((const char *const *)was->update_sources, (const char *const *)now->update_sources);
    bool new_url = strcmp(was->activeupdate_url, now->activeupdate_url) != 0;
    bool new_paths = !g_strv_equal((const char *const *)was->scan_paths, (const char *const *)now->scan_paths);

    if (new_paths && !check_each_path(now->scan_paths, error))
        return false;
    if (new_sources && !check_each_source(now->update_sources, error))
        return false;
    if (new_url && *now->activeupdate_url != '\0' &&
        !check_address("update.activeupdate-url", now->activeupdate_url, error))
        return false;
    if ((new_sources || new_url) && *now->activeupdate_url == '\0' && names_activeupdate(now->update_sources))
        return hl_proto_fail(error, HL_FAULT_ACTIVEUPDATE, NULL);
    return true;
}

void hl_settings_copy(HlSettings *to, const HlSettings *from)
{
    g_autofree char *text = hl_settings_print(from);
    g_autoptr(GError) error = NULL;

    hl_settings_clear(to);
    hl_settings_init(to);
    if (!hl_settings_parse(to, text, &error))
        g_error("settings do not survive their own text form: %s", error->message);
}

char *hl_settings_print(const HlSettings *settings)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = hl_option_get(&rows[i], settings);

        g_string_append_printf(out, "%s=%s\n", rows[i].name, value);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

bool hl_settings_parse(HlSettings *settings, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i] != NULL; i++) {
        char *equals = strchr(lines[i], '=');
        const HlOption *option;

        if (*lines[i] == '\0')
            continue;
        if (equals == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "settings line '%s' is not key=value", lines[i]);
        *equals = '\0';
        option = hl_option_find(hl_settings_table(), lines[i]);
        if (option != NULL && !hl_option_set(option, settings, equals + 1, error))
            return false;
    }
    return true;
}

HlMsgSetting **hl_settings_entries(const char *text, size_t *n)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    HlMsgSetting **entries = g_new0(HlMsgSetting *, g_strv_length(lines) + 1);

    *n = 0;
    for (gsize i = 0; lines[i] != NULL; i++) {
        char *equals = strchr(lines[i], '=');

        if (equals == NULL)
            continue;
        entries[*n] = g_new(HlMsgSetting, 1);
        holdline__v1__setting__init(entries[*n]);
        entries[*n]->key = g_strndup(lines[i], (gsize)(equals - lines[i]));
        entries[*n]->value = g_strdup(equals + 1);
        ++*n;
    }
    return entries;
}

void hl_settings_entries_free(HlMsgSetting **entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_free(entries[i]->key);
        g_free(entries[i]->value);
        g_free(entries[i]);
    }
    g_free(entries);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(HlMsgSetting *const *)a)->key, (*(HlMsgSetting *const *)b)->key);
}

char *hl_settings_text_of_entries(HlMsgSetting *const *entries, size_t n)
{
    g_autofree HlMsgSetting **sorted = g_memdup2(entries, n * sizeof *entries);
    g_autoptr(GString) out = g_string_new(NULL);

    if (n > 0)
        qsort(sorted, n, sizeof *sorted, compare_keys);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(out, "%s=%s\n", sorted[i]->key, sorted[i]->value);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

GBytes *hl_settings_digest(const char *text)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize size = sizeof digest;

    g_checksum_update(sum, (const guchar *)text, -1);
    g_checksum_get_digest(sum, digest, &size);
    return g_bytes_new(digest, size);
}
