/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/scope.h"

#include <string.h>

#include "lib/base/escape.h"
#include "lib/base/ident.h"
#include "proto/bounds.h"
#include "proto/exclude.h"
#include "proto/fault.h"
#include "proto/settings.h"

#define ID_PREFIX "q-" /* as the quarantine names its files */

struct HlPick {
    bool all;
    GPtrArray *ids;
    HlExcludes *rows;
};

/* Without the empty ones; NULL: too long, or too many. */
static char **split(const char *scope, GError **error)
{
    g_auto(GStrv) parts = NULL;
    gsize n = 0;

    if (strlen(scope) > HL_MAX_SCOPE) {
        hl_proto_fail(error, HL_FAULT_SCOPE_LONG, HL_NUMBER(strlen(scope)), HL_NUMBER(HL_MAX_SCOPE), NULL);
        return NULL;
    }
    parts = g_strsplit(scope, ",", -1);
    for (gsize i = 0; parts[i] != NULL; i++) {
        char *part = parts[i];

        g_strstrip(part);
        if (*part == '\0')
            g_free(part);
        else
            parts[n++] = part;
        if (n <= i)
            parts[i] = NULL;
    }
    parts[n] = NULL;
    if (n <= HL_MAX_SCOPES)
        return g_steal_pointer(&parts);
    hl_proto_fail(error, HL_FAULT_SCOPE_MANY, HL_NUMBER(n), HL_NUMBER(HL_MAX_SCOPES), NULL);
    return NULL;
}

char *hl_scope_quote(const char *bytes)
{
    g_autofree char *escaped = hl_escape(bytes);
    gsize length = strlen(escaped);
    GString *out = g_string_new(NULL);

    for (gsize i = 0; i < length; i++) {
        bool is_end = i == 0 || i + 1 == length;

        if (strchr(",*?[", escaped[i]) != NULL || (is_end && escaped[i] == ' '))
            g_string_append_printf(out, "\\x%02x", (guint)(guchar)escaped[i]);
        else
            g_string_append_c(out, escaped[i]);
    }
    return g_string_free(out, FALSE);
}

char **hl_scope_paths(const char *scope, GError **error)
{
    g_auto(GStrv) parts = split(scope, error);

    if (parts != NULL && parts[0] == NULL && *scope != '\0') {
        hl_proto_fail(error, HL_FAULT_SCOPE_NO_PATH, scope, NULL);
        return NULL;
    }
    for (gsize i = 0; parts != NULL && parts[i] != NULL; i++) {
        char *bytes = hl_unescape(parts[i]);

        if (bytes == NULL || !g_path_is_absolute(bytes)) {
            g_free(bytes);
            hl_proto_fail(error, HL_FAULT_SCOPE_ABSOLUTE, parts[i], NULL);
            return NULL;
        }
        g_free(parts[i]);
        parts[i] = bytes;
    }
    return g_steal_pointer(&parts);
}

/* -------------------------------------------------------------------------------------------------- of a quarantine */

static bool add_rows(HlPick *pick, char *const *parts, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();

    for (gsize i = 0; parts[i] != NULL; i++) {
        if (strcmp(parts[i], "all") == 0 && parts[1] != NULL)
            return hl_proto_fail(error, HL_FAULT_SCOPE_ALL, NULL);
        if (strcmp(parts[i], "all") == 0)
            pick->all = true;
        else if (g_str_has_prefix(parts[i], ID_PREFIX) && hl_ident_is_valid(parts[i]))
            g_ptr_array_add(pick->ids, g_strdup(parts[i]));
        else
            g_ptr_array_add(rows, parts[i]);
    }
    g_ptr_array_add(rows, NULL);
    pick->rows = hl_excludes_new((const char *const *)rows->pdata, error);
    return pick->rows != NULL || hl_error_prefix(error, "neither all nor an id (q-...) of 'holdline quarantine list'");
}

HlPick *hl_pick_new(const char *scope, GError **error)
{
    g_autoptr(HlPick) pick = g_new0(HlPick, 1);
    g_auto(GStrv) parts = split(scope, error);

    pick->ids = g_ptr_array_new_with_free_func(g_free);
    if (parts == NULL)
        return NULL;
    if (parts[0] == NULL) {
        hl_proto_fail(error, HL_FAULT_SCOPE_QUARANTINE, NULL);
        return NULL;
    }
    return add_rows(pick, parts, error) ? g_steal_pointer(&pick) : NULL;
}

void hl_pick_free(HlPick *pick)
{
    if (pick == NULL)
        return;
    g_ptr_array_unref(pick->ids);
    g_clear_pointer(&pick->rows, hl_excludes_free);
    g_free(pick);
}

bool hl_pick_takes(const HlPick *pick, const char *id, const char *path, const char *sha256, const char *signature)
{
    for (guint i = 0; i < pick->ids->len; i++)
        if (strcmp(pick->ids->pdata[i], id) == 0)
            return true;
    return pick->all || hl_excludes_path(pick->rows, path) != NULL || hl_excludes_sha256(pick->rows, sha256) != NULL ||
           hl_excludes_signature(pick->rows, signature) != NULL;
}

/* ------------------------------------------------------------------------------------------------------ by the kind */

static bool check_paths(const char *scope, GError **error)
{
    g_auto(GStrv) paths = hl_scope_paths(scope, error);

    return paths != NULL;
}

static bool check_pick(const char *scope, GError **error)
{
    g_autoptr(HlPick) pick = hl_pick_new(scope, error);

    return pick != NULL;
}

const char *hl_scope_component(const char *scope)
{
    return g_str_has_prefix(scope, HL_SCOPE_COMPONENT) ? hl_component_find(scope + strlen(HL_SCOPE_COMPONENT)) : NULL;
}

static bool check_update(const char *scope, GError **error)
{
    return *scope == '\0' || strcmp(scope, HL_SCOPE_PROGRAM) == 0 || hl_scope_component(scope) != NULL ||
           hl_proto_fail(error, HL_FAULT_SCOPE_UPDATE, scope, NULL);
}

bool hl_scope_check(HlCommandKind kind, const char *scope, GError **error)
{
    static bool (*const checks[HL_N_KINDS])(const char *scope, GError **error) = {
        [HL_KIND_UPDATE_NOW] = check_update,
        [HL_KIND_SCAN] = check_paths,
        [HL_KIND_RESTORE] = check_pick,
        [HL_KIND_DELETE] = check_pick,
    };

    if (checks[kind] != NULL)
        return checks[kind](scope, error);
    return *scope == '\0' || hl_proto_fail(error, HL_FAULT_SCOPE_NOT_TAKEN, hl_command_kind_name(kind), NULL);
}
