/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/settings.h"
#include "lib/base/unconst.h"

#include <string.h>

#include "lib/store/stmt.h"

struct EpSettings {
    EpSettingsOptions has;
    HlSettings values;
    EpSettingsOrigin origin;
};

#define COLUMNS "grp, version, counter, digest, path, at_ms, text"
enum { GROUP, VERSION, COUNTER, DIGEST, PATH, AT, TEXT };

void ep_settings_origin_clear(EpSettingsOrigin *origin)
{
    g_free(origin->group);
    g_free(origin->path);
    g_clear_pointer(&origin->digest, g_bytes_unref);
    memset(origin, 0, sizeof *origin);
}

static bool load(EpSettings *settings, GError **error)
{
    g_autoptr(HlStmt) row = hl_db_select(settings->has.db, error, "SELECT " COLUMNS " FROM settings", "");
    HlStep step = row == NULL ? HL_STEP_FAILED : hl_stmt_step(row, error);

    if (step != HL_STEP_ROW)
        return step == HL_STEP_DONE;
    if (!hl_settings_parse(&settings->values, hl_stmt_text(row, TEXT), error))
        return hl_error_prefix(error, "the stored settings");
    settings->origin = (EpSettingsOrigin){ .applied = true,
                                           .group = g_strdup(hl_stmt_text(row, GROUP)),
                                           .version = (uint64_t)hl_stmt_int(row, VERSION),
                                           .counter = (uint64_t)hl_stmt_int(row, COUNTER),
                                           .digest = hl_stmt_blob(row, DIGEST),
                                           .path = g_strdup(hl_stmt_text(row, PATH)),
                                           .at = hl_stmt_int(row, AT) };
    return true;
}

EpSettings *ep_settings_new(const EpSettingsOptions *options, GError **error)
{
    EpSettings *settings = g_new0(EpSettings, 1);

    settings->has = *options;
    hl_settings_init(&settings->values);
    if (load(settings, error))
        return settings;
    ep_settings_free(settings);
    return NULL;
}

void ep_settings_free(EpSettings *settings)
{
    if (settings == NULL)
        return;
    hl_settings_clear(&settings->values);
    ep_settings_origin_clear(&settings->origin);
    g_free(settings);
}

const HlSettings *ep_settings_values(const EpSettings *settings)
{
    return &settings->values;
}

const EpSettingsOrigin *ep_settings_origin(const EpSettings *settings)
{
    return &settings->origin;
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

/* When it begins is not what it does. */
static bool is_about_scanning(const char *row)
{
    static const char *const others[] = { "scan.schedule=", "scan.period=", "scan.on-write=", "scan.idle=" };

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_str_has_prefix(row, others[i]))
            return false;
    return g_str_has_prefix(row, "scan.");
}

char *ep_settings_scan_text(const EpSettings *settings)
{
    g_autofree char *all = hl_settings_print(ep_settings_values(settings));
    g_auto(GStrv) rows = g_strsplit(all, "\n", -1);
    GString *text = g_string_new(NULL);

    for (gsize i = 0; rows[i] != NULL; i++)
        if (is_about_scanning(rows[i]))
            g_string_append_printf(text, "%s\n", rows[i]);
    return g_string_free(text, FALSE);
}

HlMsgAppliedSettings ep_settings_wire(const EpSettingsOrigin *origin)
{
    HlMsgAppliedSettings wire = HOLDLINE__V1__APPLIED_SETTINGS__INIT;

    wire.group = origin->group;
    wire.version = origin->version;
    wire.counter = origin->counter;
    wire.digest.data = hl_unconst(g_bytes_get_data(origin->digest, &wire.digest.len));
    wire.path = origin->path;
    wire.at_ms = origin->at;
    return wire;
}

static void changed(const EpSettings *settings)
{
    if (settings->has.changed != NULL)
        settings->has.changed(settings->has.user);
}

bool ep_settings_write(EpSettings *settings, const EpSettingsOrigin *origin, const char *text, GError **error)
{
    return hl_db_run(settings->has.db, NULL, error,
                     "INSERT OR REPLACE INTO settings (one, " COLUMNS ") VALUES (1, ?, ?, ?, ?, ?, ?, ?)", "tiibtit",
                     origin->group, (int64_t)origin->version, (int64_t)origin->counter, origin->digest, origin->path,
                     origin->at, text);
}

void ep_settings_adopt(EpSettings *settings, EpSettingsOrigin *origin, HlSettings *values)
{
    hl_settings_clear(&settings->values);
    ep_settings_origin_clear(&settings->origin);
    settings->values = *values;
    settings->origin = *origin;
    memset(values, 0, sizeof *values);
    memset(origin, 0, sizeof *origin);
    changed(settings);
}

bool ep_settings_write_path(EpSettings *settings, const char *path, GError **error)
{
    return hl_db_run(settings->has.db, NULL, error, "UPDATE settings SET path = ?", "t", path);
}

void ep_settings_adopt_path(EpSettings *settings, const char *path)
{
    char *copy = g_strdup(path);

    g_free(settings->origin.path);
    settings->origin.path = copy;
}

void ep_settings_reset(EpSettings *settings)
{
    hl_settings_clear(&settings->values);
    ep_settings_origin_clear(&settings->origin);
    hl_settings_init(&settings->values);
    changed(settings);
}
