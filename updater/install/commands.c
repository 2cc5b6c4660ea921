/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/package_version.h"
#include "lib/base/table.h"
#include "updater/install/pattern_store.h"
#include "updater/install/update.h"

#define ENGINE_FLAGS "engine", "engine-arg", "clamd-socket"

#define LOCK_PATIENCE   (30 * HL_SECOND)
#define ENGINE_DEADLINE (5 * HL_MINUTE) /* 250 MB of patterns load within half a minute */
#define BUSY_PATIENCE   (5 * HL_MINUTE)

const char *const upd_update_flags[] = { "state-dir",
                                         "root",
                                         "source",
                                         "components",
                                         "keep",
                                         "ca-file",
                                         "cert-file",
                                         "key-file",
                                         "proxy",
                                         "private-source",
                                         "public-ca-file",
                                         "ca-option",
                                         "time",
                                         "force",
                                         "json",
                                         "program-dir",
                                         "installed-program",
                                         "program-arch",
                                         "block-program",
                                         ENGINE_FLAGS,
                                         NULL };
const char *const upd_rollback_flags[] = { "state-dir", "json", ENGINE_FLAGS, NULL };
const char *const upd_show_flags[] = { "state-dir", "json", NULL };

/* ------------------------------------------------------------------------------------------------------- the output */

/* A person gets a bar and a table, a program JSON lines. */
static bool wants_json(const HlInvocation *call)
{
    return hl_cli_has(call, "json") || !isatty(STDOUT_FILENO);
}

typedef struct {
    bool json;
    guint percent;
    char *what;
} Output;

static void output_init(Output *output, const HlInvocation *call)
{
    *output = (Output){ .json = wants_json(call), .percent = G_MAXUINT };
}

static void output_clear(Output *output)
{
    g_free(output->what);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Output, output_clear)

static void print_line(const char *line)
{
    puts(line);
    fflush(stdout);
}

static void on_progress(guint percent, const char *what, void *user)
{
    Output *output = user;
    g_autofree char *line = NULL;

    if (percent == output->percent && g_strcmp0(what, output->what) == 0)
        return;
    output->percent = percent;
    g_free(output->what);
    output->what = g_strdup(what);
    if (!output->json) {
        hl_progress_show(stdout, "Update", percent, 100, what);
        return;
    }
    line = hl_updater_line_progress(percent, what);
    print_line(line);
}

static void print_outcome(const Output *output, const UpdOutcome *outcome, const GError *error)
{
    g_auto(HlUpdaterResult) result = { .outcome = outcome->kind, .bytes = outcome->bytes };
    g_autofree char *line = NULL;

    if (!output->json) {
        hl_progress_end(stdout);
        if (error == NULL)
            printf("%s (%" G_GUINT64_FORMAT " bytes received)\n", outcome->message, outcome->bytes);
        if (outcome->program.message != NULL)
            printf("Program: %s\n", outcome->program.message);
        return;
    }
    result.code = g_strdup(error != NULL ? hl_error_name(hl_error_code(error)) : "");
    result.message = g_strdup(error != NULL ? error->message : outcome->message);
    result.source = g_strdup(outcome->source);
    result.components = g_strdup(outcome->components);
    result.program = (HlUpdaterProgram){ .outcome = outcome->program.outcome,
                                         .version = g_strdup(outcome->program.version),
                                         .message = g_strdup(outcome->program.message) };
    line = hl_updater_line_updated(&result);
    print_line(line);
}

/* ---------------------------------------------------------------------------------------------------- the commands */

static bool read_install(const HlInvocation *call, Output *output, UpdInstall *install, GError **error)
{
    gsize n;

    *install = (UpdInstall){ .dir = hl_cli_need(call, "state-dir", error),
                             .lock_patience = LOCK_PATIENCE,
                             .engine = { .program = hl_cli_value(call, "engine", "clamscan"),
                                         .extra_args = hl_cli_values(call, "engine-arg", &n),
                                         .deadline = ENGINE_DEADLINE },
                             .clamd_socket = hl_cli_value(call, "clamd-socket", NULL),
                             .progress = on_progress,
                             .user = output };
    return install->dir != NULL;
}

static void clear_spec(gpointer spec)
{
    upd_source_spec_clear(spec);
}

/* Of UpdSourceSpec; NULL on failure. */
static GArray *read_sources(const HlInvocation *call, GError **error)
{
    g_autoptr(GArray) sources = g_array_new(FALSE, TRUE, sizeof(UpdSourceSpec));
    gsize n;
    const char *const *values = hl_cli_values(call, "source", &n);

    g_array_set_clear_func(sources, clear_spec);
    if (hl_cli_need(call, "source", error) == NULL)
        return NULL;
    for (gsize i = 0; i < n; i++) {
        UpdSourceSpec spec = { NULL, NULL };

        if (!upd_source_parse(values[i], &spec, error))
            return NULL;
        for (guint j = 0; j < sources->len; j++) {
            const UpdSourceSpec *before = &g_array_index(sources, UpdSourceSpec, j);

            if (strcmp(before->name, spec.name) == 0 && strcmp(before->url, spec.url) == 0) {
                hl_fail(error, HL_ERROR_USAGE, "the source %s is given twice with the same URL", spec.name);
                upd_source_spec_clear(&spec);
                return NULL;
            }
        }
        g_array_append_val(sources, spec);
    }
    return g_steal_pointer(&sources);
}

/* As dpkg names this machine; NULL on failure. */
static char *find_arch(const HlInvocation *call, GError **error)
{
    const char *argv[] = { "dpkg", "--print-architecture", NULL };
    const char *given = hl_cli_value(call, "program-arch", NULL);
    g_autofree char *arch = g_strdup(given);

    if (given == NULL && !hl_exec(argv, &arch, error)) {
        hl_error_prefix(error, "which packages are for this machine is not known (--program-arch says it)");
        return NULL;
    }
    g_strstrip(arch);
    return hl_program_package_ok(arch) ? g_steal_pointer(&arch) : g_strdup("");
}

/* Whether the program is looked for as well, and how: *arch belongs to the wish.  What cannot be told of this machine
 * (*problem) is no reason to leave its patterns as they are (B17). */
static bool read_program(const HlInvocation *call, UpdProgramWish *wish, char **arch, UpdUpdate *update,
                         GError **problem, GError **error)
{
    *wish = (UpdProgramWish){ .dir = hl_cli_value(call, "program-dir", NULL),
                              .installed = hl_cli_value(call, "installed-program", NULL),
                              .blocked = hl_cli_has(call, "block-program") };
    if (wish->dir == NULL && wish->installed == NULL && !wish->blocked)
        return true;
    if (wish->dir == NULL || wish->installed == NULL)
        return hl_fail(error, HL_ERROR_USAGE,
                       "--program-dir and --installed-program go together: where the program's packages are kept, and "
                       "which version is installed");
    if (!hl_package_version_ok(wish->installed))
        return hl_fail(error, HL_ERROR_USAGE, "--installed-program: '%s' is not a version of a package, like 0.1.0-1",
                       wish->installed);
    if (!wish->blocked)
        *arch = find_arch(call, problem);
    wish->arch = *arch;
    if (wish->blocked || *arch != NULL)
        update->program = wish;
    return true;
}

/* NULL on failure. */
static char **read_components(const char *text, GError **error)
{
    g_auto(GStrv) names = text == NULL ? NULL : g_strsplit(text, ",", -1);

    for (gsize i = 0; names != NULL && names[i] != NULL; i++) {
        if (!upd_release_component_ok(names[i], error))
            return NULL;
        if (strcmp(names[i], HL_PROGRAM_COMPONENT) == 0) {
            hl_fail(error, HL_ERROR_USAGE, "--components names patterns: the program has --program-dir");
            return NULL;
        }
        for (gsize j = 0; j < i; j++) {
            if (strcmp(names[i], names[j]) == 0) {
                hl_fail(error, HL_ERROR_USAGE, "--components names %s twice", names[i]);
                return NULL;
            }
        }
    }
    return g_steal_pointer(&names);
}

static bool check_kept(char *const *kept, char *const *components, GError **error)
{
    for (gsize i = 0; kept[i] != NULL; i++)
        if (!g_strv_contains((const char *const *)components, kept[i]))
            return hl_fail(error, HL_ERROR_USAGE, "--keep names '%s', which is none of --components", kept[i]);
    return true;
}

/* Who is reached how, and for how long. */
static bool read_access(const HlInvocation *call, GBytes *root, UpdUpdate *update, GError **error)
{
    const char *time = hl_cli_value(call, "time", NULL);
    const char *proxy = hl_cli_value(call, "proxy", NULL);

    update->private_source = hl_cli_value(call, "private-source", NULL);
    update->others = (HlFetchOptions){ .ca_file = hl_cli_value(call, "public-ca-file", NULL),
                                       .ca_option = hl_cli_value(call, "ca-option", "--public-ca-file"),
                                       .proxy = proxy };
    update->access = (UpdSourceAccess){
        .http = { .ca_file = hl_cli_value(call, "ca-file", NULL),
                  .ca_option = update->private_source == NULL ? hl_cli_value(call, "ca-option", "--ca-file") : NULL,
                  .cert_file = hl_cli_value(call, "cert-file", NULL),
                  .key_file = hl_cli_value(call, "key-file", NULL),
                  .proxy = update->private_source == NULL ? proxy : NULL },
        .root = root,
        .patience = BUSY_PATIENCE
    };
    return time == NULL || hl_duration_parse(time, &update->time, error) || hl_error_prefix(error, "--time");
}

bool upd_cmd_update(HlInvocation *call, GError **error)
{
    g_auto(Output) output = { 0 };
    g_auto(UpdOutcome) outcome = { 0 };
    UpdInstall install;
    const char *root_path = hl_cli_need(call, "root", error);
    g_autoptr(GArray) sources = root_path == NULL ? NULL : read_sources(call, error);
    const char *names = sources == NULL ? NULL : hl_cli_need(call, "components", error);
    g_auto(GStrv) components = names == NULL ? NULL : read_components(names, error);
    g_auto(GStrv) kept = g_strsplit(hl_cli_value(call, "keep", ""), ",", -1);
    g_autoptr(GBytes) root = NULL;
    g_autoptr(GError) problem = NULL;
    g_autoptr(GError) program_problem = NULL;
    g_autofree char *arch = NULL;
    UpdUpdate update = { .mode = hl_cli_has(call, "force") ? UPD_PLAN_FORCE : UPD_PLAN_NEWER };
    UpdProgramWish wish;
    bool done;

    output_init(&output, call);
    if (components == NULL || !check_kept(kept, components, error) || !read_install(call, &output, &install, error) ||
        !read_program(call, &wish, &arch, &update, &program_problem, error))
        return false;
    root = hl_file_read(root_path, tuf_role_max_size(TUF_ROOT), error);
    if (root == NULL || !read_access(call, root, &update, error))
        return false;
    update.sources = (const UpdSourceSpec *)(void *)sources->data;
    update.n_sources = sources->len;
    update.components = (const char *const *)components;
    update.kept = (const char *const *)kept;
    done = upd_update(&install, &update, &outcome, &problem);
    if (program_problem != NULL)
        upd_program_fail(&outcome.program, program_problem);
    print_outcome(&output, &outcome, problem);
    if (!done)
        g_propagate_error(error, g_steal_pointer(&problem));
    return done;
}

bool upd_cmd_rollback(HlInvocation *call, GError **error)
{
    g_auto(Output) output = { 0 };
    g_auto(UpdOutcome) outcome = { 0 };
    g_autoptr(GError) problem = NULL;
    UpdInstall install;
    bool done;

    output_init(&output, call);
    if (!read_install(call, &output, &install, error))
        return false;
    done = upd_rollback(&install, &outcome, &problem);
    print_outcome(&output, &outcome, problem);
    if (!done)
        g_propagate_error(error, g_steal_pointer(&problem));
    return done;
}

static char *held_versions(const UpdPatternStore *store)
{
    GString *out = g_string_new(NULL);
    const char *name;
    json_t *version;

    json_object_foreach(store->held, name, version) g_string_append_printf(
        out, "%s%s=%" JSON_INTEGER_FORMAT, out->len > 0 ? " " : "", name, json_integer_value(version));
    return g_string_free(out, FALSE);
}

static void show_as_json(const UpdPatternStore *store)
{
    g_autofree char *components = upd_set_versions(store->active);
    g_autofree char *previous = upd_set_versions(store->previous);
    g_autofree char *held = held_versions(store);
    HlUpdaterShown shown = { .components = components, .previous = previous, .held = held };
    g_autofree char *line = NULL;

    if (store->active != NULL) {
        shown.set = store->active->number;
        shown.source = store->active->source;
        shown.installed = store->active->installed;
        shown.age = hl_clock_wall() - store->active->installed;
    }
    line = hl_updater_line_shown(&shown);
    print_line(line);
}

static void show_components(const UpdPatternStore *store)
{
    static const char *const headings[] = { "COMPONENT", "VERSION", "BEFORE", "HELD BACK", "SIGNATURES", NULL };
    g_autoptr(HlTable) table = hl_table_new(headings);

    for (guint i = 0; i < store->active->components->len; i++) {
        const UpdSetComponent *component = store->active->components->pdata[i];
        const UpdSetComponent *before = upd_set_component(store->previous, component->name);
        const json_t *held = json_object_get(store->held, component->name);
        g_autofree char *version = g_strdup_printf("%" G_GINT64_FORMAT, component->version);
        g_autofree char *former = before == NULL ? NULL : g_strdup_printf("%" G_GINT64_FORMAT, before->version);
        g_autofree char *refused = held == NULL ? NULL : hl_json_print(held);
        g_autofree char *signatures =
            component->signatures < 0 ? NULL : g_strdup_printf("%" G_GINT64_FORMAT, component->signatures);
        const char *cells[] = { component->name, version, former, refused, signatures };

        hl_table_add(table, cells);
    }
    hl_table_print(table, stdout);
}

bool upd_cmd_show(HlInvocation *call, GError **error)
{
    const char *dir = hl_cli_need(call, "state-dir", error);
    g_autoptr(UpdPatternStore) store = dir == NULL ? NULL : upd_pattern_store_read(dir, error);
    g_autofree char *age = NULL;

    if (store == NULL)
        return false;
    if (wants_json(call)) {
        show_as_json(store);
        return true;
    }
    if (store->active == NULL) {
        printf("No patterns are installed in %s: 'holdline-updater update' fetches them.\n", store->dir);
        return true;
    }
    show_components(store);
    age = hl_duration_describe(MAX(hl_clock_wall() - store->active->installed, 0));
    printf("Set %" G_GUINT64_FORMAT " from %s, active for %s; %s.\n", store->active->number, store->active->source, age,
           store->previous == NULL ? "there is none before it" : "'rollback' goes back to the one before");
    return true;
}
