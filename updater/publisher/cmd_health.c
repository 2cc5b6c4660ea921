/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "lib/base/table.h"
#include "lib/base/text.h"
#include "proto/updater_lines.h"
#include "updater/publisher/call.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/content.h"
#include "updater/publisher/gc.h"
#include "updater/publisher/numbers.h"
#include "updater/publisher/program.h"
#include "updater/publisher/readback.h"

const char *const upd_repo_versions_flags[] = { "json", NULL };
const char *const upd_repo_gc_flags[] = { "dry-run", NULL };

static const char *const roles[] = { "root", "targets", "snapshot", "timestamp" };

typedef struct {
    guint expired, ageing, ahead;
} Health;

typedef enum { STATE_GOOD, STATE_AGEING, STATE_AHEAD, STATE_EXPIRED } State;

static const char *remedy(const char *role, State state)
{
    if (strcmp(role, "root") == 0)
        return state == STATE_AHEAD ? "repo root rotate DIR root --force" : "repo root rotate DIR root";
    if (strcmp(role, "targets") == 0)
        return state == STATE_AHEAD ? "repo root rotate DIR targets --force" : "repo root rotate DIR targets";
    return state == STATE_AHEAD ? "repo resign DIR --force" : "repo resign DIR";
}

/* By half of its lifetime, a timer that runs would long have renewed it.  More than its lifetime is left only of what
 * was signed with a clock that was ahead, and would not be renewed until that time. */
static State find_state(const char *role, bool known, HlTime left)
{
    HlTime lifetime = upd_role_spec(role)->lifetime;

    if (!known || left <= 0)
        return STATE_EXPIRED;
    if (left > lifetime + UPD_NUMBERS_SLACK)
        return STATE_AHEAD;
    return left < lifetime / 2 ? STATE_AGEING : STATE_GOOD;
}

static void judge(const UpdRepo *repo, const UpdState *state, const char *role, HlTable *table, Health *health)
{
    static const struct {
        const char *text;
        HlTone tone;
    } shapes[] = {
        [STATE_GOOD] = { "good", HL_TONE_GOOD },
        [STATE_AGEING] = { "past half of its life: ", HL_TONE_WARN },
        [STATE_AHEAD] = { "SIGNED AHEAD OF TIME: ", HL_TONE_BAD },
        [STATE_EXPIRED] = { "EXPIRED: ", HL_TONE_BAD },
    };
    const json_t *envelope = upd_state_get(state, role);
    HlTime expires = 0;
    bool known = envelope != NULL && upd_meta_expires(envelope, &expires, NULL);
    HlTime left = expires - repo->now;
    State found = find_state(role, known, left);
    g_autofree char *end = known ? hl_time_format(expires) : NULL;
    g_autofree char *remains = known && left > 0 ? hl_duration_describe(left) : NULL;
    g_autofree char *version =
        envelope == NULL ? NULL : g_strdup_printf("%" JSON_INTEGER_FORMAT, upd_meta_version(envelope));
    g_autofree char *text = g_strconcat(shapes[found].text, found == STATE_GOOD ? "" : remedy(role, found), NULL);
    g_autofree char *shown = hl_tone(stdout, shapes[found].tone, text);
    const char *cells[] = { role, version, end, remains, shown };

    hl_table_add(table, cells);
    health->expired += found == STATE_EXPIRED;
    health->ageing += found == STATE_AGEING;
    health->ahead += found == STATE_AHEAD;
}

bool upd_cmd_repo_check(HlInvocation *call, GError **error)
{
    static const char *const headings[] = { "ROLE", "VERSION", "EXPIRES", "LEFT", "STATE", NULL };
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    g_autoptr(GPtrArray) components = repo == NULL ? NULL : upd_state_components(state);
    g_autoptr(HlTable) table = hl_table_new(headings);
    Health health = { 0 };
    UpdReadback readback;

    if (repo == NULL)
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
        judge(repo, state, roles[i], table, &health);
    for (guint i = 0; i < components->len; i++)
        judge(repo, state, components->pdata[i], table, &health);
    hl_table_print(table, stdout);
    if (health.expired > 0)
        return hl_fail(error, HL_ERROR_EXPIRED,
                       "%u role(s) of %s have expired: clients refuse the repository until they are renewed",
                       health.expired, repo->dir);
    if (health.ahead > 0)
        return hl_fail(
            error, HL_ERROR_CONFLICT,
            "%u role(s) of %s were signed by a clock that was ahead (or the one of this host is behind): they "
            "would not be renewed until that time; set the clock, then do what is said above",
            health.ahead, repo->dir);
    if (!upd_meta_check_roles(upd_meta_signed(upd_state_get(state, "root")),
                              json_object_get(upd_meta_signed(upd_state_get(state, "targets")), "delegations"), error))
        return false;
    if (!upd_readback(repo, &readback, error))
        return hl_error_prefix(error, "clients cannot use it; 'holdline-updater repo repair %s' mends what it can",
                               repo->dir);
    printf("Clients can use it: %u full file(s) and %u increment(s) verified.\n", readback.full, readback.increments);
    return true;
}

/* A component that is empty has no version. */
static void add_component(HlUpdaterVersions *versions, const char *name, const json_t *envelope)
{
    gint64 version = envelope == NULL ? 0 : upd_content_version(envelope);
    json_t *targets = json_object_get(upd_meta_signed(envelope), "targets");
    uint64_t size = 0;
    uint64_t increments = 0;
    const char *path;
    json_t *target;

    if (version <= 0)
        return;
    json_object_foreach(targets, path, target)
    {
        const char *kind = json_string_value(json_object_get(json_object_get(target, "custom"), "kind"));

        if (g_strcmp0(kind, "full") == 0)
            size += (uint64_t)json_integer_value(json_object_get(target, "length"));
        else
            increments++;
    }
    hl_updater_versions_add(versions, name, (uint64_t)version, size, increments);
}

static void add_end(HlUpdaterVersions *versions, const UpdState *state, const char *role)
{
    const json_t *envelope = upd_state_get(state, role);
    HlTime end;

    if (envelope != NULL && upd_meta_expires(envelope, &end, NULL))
        hl_updater_versions_add_end(versions, role, end);
}

/* For programs; no lock, because a release that is under way is not in force yet. */
bool upd_cmd_repo_versions(HlInvocation *call, GError **error)
{
    g_autoptr(UpdRepo) repo = upd_repo_read(call->args[0], error);
    g_autoptr(UpdState) state = repo == NULL ? NULL : upd_state_load(repo, error);
    g_autoptr(GPtrArray) names = state == NULL ? NULL : upd_state_components(state);
    g_auto(HlUpdaterVersions) versions = { 0 };
    g_autofree char *text = NULL;

    if (names == NULL)
        return false;
    g_ptr_array_sort(names, hl_text_compare);
    hl_updater_versions_init(&versions);
    for (gsize i = 0; i < G_N_ELEMENTS(roles); i++)
        add_end(&versions, state, roles[i]);
    for (guint i = 0; i < names->len; i++) {
        if (upd_program_is(names->pdata[i]))
            versions.program = g_strdup(upd_program_offered(upd_state_get(state, names->pdata[i])));
        else
            add_component(&versions, names->pdata[i], upd_state_get(state, names->pdata[i]));
        add_end(&versions, state, names->pdata[i]);
    }
    versions.expires =
        g_strdup(json_string_value(json_object_get(upd_meta_signed(upd_state_get(state, "timestamp")), "expires")));
    text = hl_cli_has(call, "json") ? hl_updater_versions_print(&versions) : hl_updater_versions_latest(&versions);
    puts(text);
    if (versions.program != NULL && !hl_cli_has(call, "json"))
        printf("program %s\n", versions.program);
    return true;
}

bool upd_cmd_repo_gc(HlInvocation *call, GError **error)
{
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    bool dry = hl_cli_has(call, "dry-run");
    g_autofree char *size = NULL;
    UpdGarbage garbage;

    if (repo == NULL || !upd_gc(repo, state, dry ? UPD_GC_DRY_RUN : UPD_GC_REMOVE, &garbage, error))
        return false;
    size = upd_call_size(garbage.bytes);
    printf("%s %u file(s), %s.\n", dry ? "Would remove" : "Removed", garbage.files, size);
    return true;
}
