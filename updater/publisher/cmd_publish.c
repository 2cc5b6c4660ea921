/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/table.h"
#include "updater/publisher/call.h"
#include "updater/publisher/commands.h"
#include "updater/publisher/content.h"
#include "updater/publisher/numbers.h"
#include "updater/publisher/program.h"
#include "updater/publisher/readback.h"
#include "updater/publisher/release.h"
#include "updater/publisher/stage.h"
#include "updater/publisher/withdraw.h"

const char *const upd_repo_add_flags[] = {
    "version", "min-engine", "min-version", "max-version", "force", "brief", NULL
};
const char *const upd_repo_withdraw_flags[] = { "brief", NULL };
const char *const upd_repo_publish_flags[] = { "component",       "from",  "min-version", "max-version",
                                               "passphrase-file", "force", NULL };

/* A release is exactly the files that are named: who names only a new one should read what goes. */
static void say_dropped(const UpdRepo *repo, const UpdStageSpec *spec)
{
    g_auto(GStrv) before = upd_content_files(repo, spec->component);

    for (gsize i = 0; before[i] != NULL; i++) {
        bool stays = false;

        for (gsize k = 0; k < spec->n_files; k++) {
            g_autofree char *name = g_path_get_basename(spec->files[k]);

            stays = stays || strcmp(name, before[i]) == 0;
        }
        if (!stays)
            printf("It leaves out %s, which is in force now: name it too if it is to stay.\n", before[i]);
    }
}

static void say_staged(const UpdStageSpec *spec, const UpdStaged *staged)
{
    if (spec->n_files == 0)
        printf("Staged %s %" G_GINT64_FORMAT ": empty.\n", spec->component, staged->version);
    else if (*staged->program != '\0')
        printf("Staged %s %" G_GINT64_FORMAT ": version %s, %zu package(s).\n", spec->component, staged->version,
               staged->program, spec->n_files);
    else
        printf("Staged %s %" G_GINT64_FORMAT ": %zu file(s), %" G_GINT64_FORMAT " signatures (%s).\n", spec->component,
               staged->version, spec->n_files, staged->signatures,
               staged->by_engine ? "as the engine counts them" : "counted; there is no clamscan here to ask");
}

static bool check_bounded(const UpdStageSpec *spec, GError **error)
{
    return (spec->min_version == NULL && spec->max_version == NULL) || upd_program_is(spec->component) ||
           hl_fail(error, HL_ERROR_USAGE,
                   "--min-version and --max-version are about the component " HL_PROGRAM_COMPONENT
                   ": patterns have --min-engine");
}

static void close_one(gpointer fd)
{
    hl_fd_clear(fd);
}

/* Before the repository: opening that may give up root, who may read what its owner may not.  -1 of one that cannot be
 * opened: what is wrong with it is said where it is read. */
static GArray *open_files(const char *const *paths, gsize n)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

    g_array_set_clear_func(fds, close_one);
    for (gsize i = 0; i < n; i++) {
        int fd = hl_file_open(paths[i], NULL);

        g_array_append_val(fds, fd);
    }
    return fds;
}

static bool stage(HlInvocation *call, gsize n_files, GError **error)
{
    g_autoptr(GArray) fds = open_files((const char *const *)call->args + 2, n_files);
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    const char *version = hl_cli_value(call, "version", NULL);
    UpdStageSpec spec = { .component = call->args[1],
                          .files = (const char *const *)call->args + 2,
                          .n_files = n_files,
                          .fds = (const int *)fds->data,
                          .min_engine = hl_cli_value(call, "min-engine", UPD_STAGE_MIN_ENGINE),
                          .force = hl_cli_has(call, "force"),
                          .min_version = hl_cli_value(call, "min-version", NULL),
                          .max_version = hl_cli_value(call, "max-version", NULL) };
    UpdStaged staged;

    if (repo == NULL || !check_bounded(&spec, error))
        return false;
    if (version != NULL && !g_ascii_string_to_signed(version, 10, 1, G_MAXINT64, &spec.version, NULL))
        return hl_fail(error, HL_ERROR_INVALID, "'%s' is not a version: versions are YYYYMMDDNN", version);
    if (!upd_stage_engine_ok(spec.min_engine))
        return hl_fail(error, HL_ERROR_INVALID, "'%s' is not a version of the engine: give one like 1.0.9",
                       spec.min_engine);
    if (!upd_stage_add(repo, state, &spec, &staged, error))
        return false;
    say_staged(&spec, &staged);
    if (!upd_program_is(spec.component))
        say_dropped(repo, &spec);
    if (staged.by_engine && staged.counted >= 0 && staged.counted != staged.signatures)
        printf("Warning: the files hold %" G_GINT64_FORMAT
               " signatures by our count, the engine loaded %" G_GINT64_FORMAT
               ": it dropped what it does not understand.\n",
               staged.counted, staged.signatures);
    upd_call_say_publish(call);
    return true;
}

bool upd_cmd_repo_add(HlInvocation *call, GError **error)
{
    return stage(call, (gsize)call->n_args - 2, error);
}

bool upd_cmd_repo_remove(HlInvocation *call, GError **error)
{
    return stage(call, 0, error);
}

bool upd_cmd_repo_withdraw(HlInvocation *call, GError **error)
{
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    UpdWithdrawal withdrawal;

    if (repo == NULL || !upd_withdraw(repo, state, call->args[1], &withdrawal, error))
        return false;
    printf("Staged %s %" G_GINT64_FORMAT ": the content of %" G_GINT64_FORMAT " again, in place of %" G_GINT64_FORMAT
           ".\n",
           call->args[1], withdrawal.staged.version, withdrawal.good, withdrawal.bad);
    upd_call_say_publish(call);
    if (*withdrawal.staged.program != '\0')
        printf("Endpoints that were upgraded keep what they have: packages are not taken back. The others are offered "
               "nothing above %s.\n",
               withdrawal.staged.program);
    return true;
}

static void show_progress(const char *component, guint done, guint total, const char *what, void *user G_GNUC_UNUSED)
{
    hl_progress_show(stdout, component, done, total, what);
}

static void say_published(const char *component, const UpdPublished *published)
{
    g_autofree char *full = upd_call_size(published->full_bytes);
    g_autofree char *step = upd_call_size(published->step_bytes);

    printf("%s %" G_GINT64_FORMAT ": full %s, %u increment(s)", component, published->version, full,
           published->increments);
    if (published->step_bytes > 0)
        printf(", from the version before %s", step);
    printf("\n");
}

static bool publish_components(const UpdRepo *repo, UpdState *state, const GPtrArray *staged, GError **error)
{
    for (guint i = 0; i < staged->len; i++) {
        const char *component = staged->pdata[i];
        UpdPublished published;
        bool pending = false;
        bool ok = upd_content_prepare(repo, state, component, show_progress, NULL, &published, error);

        hl_progress_end(stdout);
        if (!ok || !upd_release_role(repo, state, component, &pending, error))
            return hl_error_prefix(error, "%s", component);
        say_published(component, &published);
    }
    return true;
}

/* The packages of an endpoint among those of a directory in which all were built. */
static GPtrArray *find_packages(const char *directory, GError **error)
{
    g_auto(GStrv) paths = upd_program_list(directory, error);
    g_autoptr(GPtrArray) packages =
        paths == NULL ? NULL : upd_program_read((const char *const *)paths, g_strv_length(paths), error);
    g_autoptr(GString) left_out = g_string_new(NULL);

    if (packages == NULL)
        return NULL;
    upd_program_select(packages, left_out);
    if (left_out->len > 0)
        printf("Left out, because they are not an endpoint's: %s.\n", left_out->str);
    return upd_program_check(packages, error) ? g_steal_pointer(&packages) : NULL;
}

/* --component program --from DIRECTORY: what 'repo add' does with each package named. */
static bool stage_from(const HlInvocation *call, const UpdRepo *repo, const UpdState *state, const char *directory,
                       GError **error)
{
    g_autoptr(GPtrArray) packages = find_packages(directory, error);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    UpdStageSpec spec = { .component = HL_PROGRAM_COMPONENT,
                          .min_engine = UPD_STAGE_MIN_ENGINE,
                          .force = hl_cli_has(call, "force"),
                          .min_version = hl_cli_value(call, "min-version", NULL),
                          .max_version = hl_cli_value(call, "max-version", NULL) };
    UpdStaged staged;

    if (packages == NULL)
        return false;
    for (guint i = 0; i < packages->len; i++)
        g_ptr_array_add(paths, ((const UpdPackage *)packages->pdata[i])->path);
    spec.files = (const char *const *)paths->pdata;
    spec.n_files = paths->len;
    if (!upd_stage_add(repo, state, &spec, &staged, error))
        return false;
    say_staged(&spec, &staged);
    return true;
}

/* What the call itself brings. */
static bool stage_given(const HlInvocation *call, const UpdRepo *repo, const UpdState *state, GError **error)
{
    const char *component = hl_cli_value(call, "component", NULL);
    const char *from = hl_cli_value(call, "from", NULL);

    if (component == NULL && from == NULL && !hl_cli_has(call, "min-version") && !hl_cli_has(call, "max-version"))
        return true;
    if (component == NULL || from == NULL)
        return hl_fail(error, HL_ERROR_USAGE,
                       "--component " HL_PROGRAM_COMPONENT " and --from PACKAGES_DIR go together, and the bounds are "
                       "about them; without them what is staged is published");
    if (!upd_program_is(component))
        return hl_fail(error, HL_ERROR_USAGE,
                       "--from is for the component " HL_PROGRAM_COMPONENT
                       ": stage files of %s with 'holdline-updater repo add %s %s FILE...'",
                       component, call->args[0], component);
    return stage_from(call, repo, state, from, error);
}

bool upd_cmd_repo_publish(HlInvocation *call, GError **error)
{
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    g_autoptr(GPtrArray) components = repo == NULL ? NULL : upd_state_components(state);
    UpdReadback readback;

    if (repo == NULL || !stage_given(call, repo, state, error))
        return false;
    for (guint i = components->len; i-- > 0;)
        if (!upd_content_is_staged(repo, components->pdata[i]))
            g_ptr_array_remove_index(components, i);
    if (components->len == 0) {
        printf("Nothing is staged: 'holdline-updater repo add' stages content, 'holdline-updater repo resign' renews "
               "signatures.\n");
        return true;
    }
    /* before minutes of increments */
    if (!upd_numbers_check_clock(repo, state, error))
        return false;
    if (!publish_components(repo, state, components, error) || !upd_release_snapshot(repo, state, error))
        return false;
    for (guint i = 0; i < components->len; i++)
        if (!upd_content_commit(repo, components->pdata[i], error))
            return false;
    if (!upd_readback(repo, &readback, error))
        return hl_error_prefix(error, "published, but clients cannot use it");
    printf("Read back as a new client and as one a release behind: %u full file(s) and %u increment(s) verified.\n",
           readback.full, readback.increments);
    printf("Published: snapshot %" JSON_INTEGER_FORMAT ", timestamp %" JSON_INTEGER_FORMAT ".\n",
           upd_meta_version(upd_state_get(state, "snapshot")), upd_meta_version(upd_state_get(state, "timestamp")));
    return true;
}

/* Whether the role was signed at least that long ago; or, as far as it tells, later than now: the clock was ahead. */
static bool is_due(const UpdRepo *repo, const json_t *envelope, const char *role, HlTime age)
{
    HlTime expires;
    HlTime signed_at;

    if (!upd_meta_expires(envelope, &expires, NULL))
        return true;
    signed_at = expires - upd_role_spec(role)->lifetime;
    return signed_at + age <= repo->now || signed_at > repo->now + UPD_NUMBERS_SLACK;
}

bool upd_cmd_repo_resign(HlInvocation *call, GError **error)
{
    g_autoptr(UpdState) state = NULL;
    g_autoptr(UpdRepo) repo = upd_call_open_state(call, &state, error);
    g_autoptr(GPtrArray) components = repo == NULL ? NULL : upd_state_components(state);
    bool snapshot = false;
    guint failed = 0;

    if (repo == NULL || !upd_numbers_check_clock(repo, state, error))
        return false;
    /* a rotation that was cut short may have left one of before the root in force */
    snapshot = is_due(repo, upd_state_get(state, "snapshot"), "snapshot", HL_DAY) ||
               !upd_release_holds(state, "snapshot", upd_state_get(state, "root"));
    for (guint i = 0; i < components->len; i++) {
        const char *component = components->pdata[i];
        json_t *envelope = upd_state_get(state, component);
        g_autoptr(GError) problem = NULL;
        bool pending = false;

        if (envelope == NULL || !is_due(repo, envelope, component, upd_role_spec(component)->lifetime / 2))
            continue;
        if (!upd_release_role(repo, state, component, &pending, &problem)) {
            fprintf(stderr, "%s is past half of its life and cannot be re-signed: %s\n", component, problem->message);
            failed++;
            continue; /* whose key is missing does not take the others with it */
        }
        printf("Re-signed %s until %s.\n", component,
               json_string_value(json_object_get(upd_meta_signed(upd_state_get(state, component)), "expires")));
        snapshot = true;
    }
    if (!(snapshot ? upd_release_snapshot(repo, state, error) : upd_release_timestamp(repo, state, error)))
        return false;
    if (!upd_readback_metadata(repo, error))
        return false;
    printf("Re-signed timestamp%s until %s.\n", snapshot ? " and snapshot" : "",
           json_string_value(json_object_get(upd_meta_signed(upd_state_get(state, "timestamp")), "expires")));
    return failed == 0 || hl_fail(error, HL_ERROR_PARTIAL, "%u component(s) could not be re-signed", failed);
}
