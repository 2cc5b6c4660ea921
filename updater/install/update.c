/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/update.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "updater/install/assemble.h"
#include "updater/install/pattern_store.h"
#include "updater/pattern/kinds.h"

/* The longest wait for sources that are all away: a manager with a large registry is back in less. */
#define AWAY_PATIENCE (15 * HL_SECOND)

/* Percent: the parts of an update take about so long where patterns are large. */
enum { AT_REFRESH = 1, AT_DOWNLOADS = 5, AT_CHECK = 80, AT_ENGINE = 85, AT_SWITCH = 95, AT_END = 100 };

/* An update under way. */
typedef struct {
    const UpdInstall *install;
    const UpdUpdate *update;
    UpdPatternStore *store;
    UpdOutcome *outcome;
    GString *skipped; /* sources that were left for the next, and why */
    HlTime until;     /* mono; 0: no end */
    bool behind;      /* one of them was good, but older than what is active */
    bool busy;        /* one asked to be left alone for longer than there is time */
    guint percent;    /* told last, of what a source is asked for */
    bool refused;     /* the engine does not accept what one of them offers */
} Run;

/* What became of one source. */
typedef enum {
    SOURCE_SERVED,
    SOURCE_LEFT,   /* error says why; the next one may do better */
    SOURCE_BEHIND, /* it is older than what is active */
    SOURCE_OVER,   /* error says what no other source can change */
} SourceEnd;

void upd_outcome_clear(UpdOutcome *outcome)
{
    g_free(outcome->components);
    g_free(outcome->source);
    g_free(outcome->message);
    g_free(outcome->program.version);
    g_free(outcome->program.message);
    memset(outcome, 0, sizeof *outcome);
}

static void tell(const UpdInstall *install, guint percent, const char *what)
{
    install->progress(percent, what, install->user);
}

static void on_assembly(uint64_t done, uint64_t total, const char *what, void *user)
{
    Run *run = user;
    guint share = total == 0 ? 0 : (guint)(MIN(done, total) * (AT_CHECK - AT_DOWNLOADS) / total);

    run->percent = AT_DOWNLOADS + share;
    tell(run->install, run->percent, what);
}

/* Where nothing moves for minutes a person is told why. */
static void on_wait(HlTime wait, gpointer user)
{
    const Run *run = user;
    g_autofree char *what =
        g_strdup_printf("busy, waiting %" G_GINT64_FORMAT " s", (gint64)((wait + HL_SECOND - 1) / HL_SECOND));

    tell(run->install, run->percent, what);
}

/* ---------------------------------------------------------------------------------------------- before the switch */

/* The number of signatures that the publisher's engine loaded of these components; -1 where that cannot be said.  An
 * ignore list works across components, so that the sum of two says nothing about both. */
static int64_t expected_signatures(const UpdSet *set)
{
    int64_t sum = 0;

    for (guint i = 0; i < set->components->len; i++) {
        const UpdSetComponent *component = set->components->pdata[i];

        if (component->signatures < 0)
            return -1;
        sum += component->signatures;
    }
    for (guint i = 0; i < set->files->len && set->components->len > 1; i++) {
        const UpdSetFile *file = set->files->pdata[i];

        if (g_str_has_suffix(file->name, ".ign") || g_str_has_suffix(file->name, ".ign2"))
            return -1;
    }
    return sum;
}

/* Also what came from no source now: files kept for a component that is held back, the set to go back to. */
static bool check_kinds(const UpdSet *set, GError **error)
{
    for (guint i = 0; i < set->files->len; i++) {
        const UpdSetFile *file = set->files->pdata[i];

        if (!upd_kind_check(file->component, file->name, error))
            return false;
    }
    return true;
}

/* A load that succeeds proves little: the engine takes files that were cut, and drops rules that it does not
 * understand. So every hash is compared, and the number of signatures that it loaded. */
static bool prove(const Run *run, UpdSet *set, const char *directory, GError **error)
{
    g_autofree char *empty = upd_pattern_store_path(run->store, "staging/empty");
    int64_t expected = expected_signatures(set);
    int64_t known;

    tell(run->install, AT_CHECK, "checking hashes");
    if (!check_kinds(set, error) || !upd_set_check(set, directory, error))
        return false;
    tell(run->install, AT_ENGINE, "loading the new set");
    if (!hl_file_write_text(empty, "", 0644, error) ||
        !upd_engine_load(&run->install->engine, directory, empty, &known, error))
        return false;
    return expected < 0 || known == expected ||
           hl_fail(error, HL_ERROR_INVALID,
                   "the engine loaded %" G_GINT64_FORMAT " signatures of the new set, the publisher's loaded "
                   "%" G_GINT64_FORMAT ": it dropped some, perhaps because it is another version",
                   known, expected);
}

/* ------------------------------------------------------------------------------------------------------ one source */

static GPtrArray *list_releases(const Run *run, UpdSource *source, GError **error)
{
    g_autoptr(GPtrArray) releases = g_ptr_array_new_with_free_func((GDestroyNotify)upd_release_free);

    for (gsize i = 0; run->update->components[i] != NULL; i++) {
        const char *component = run->update->components[i];
        g_autoptr(GPtrArray) targets = upd_source_list(source, component, error);
        UpdRelease *release = targets == NULL ? NULL : upd_release_new(component, targets, error);

        if (release == NULL) {
            hl_error_prefix(error, "%s", component);
            return NULL;
        }
        release->role = upd_client_listed_version(upd_source_client(source), component);
        g_ptr_array_add(releases, release);
    }
    return g_steal_pointer(&releases);
}

/* An engine that is too old would drop signatures without a word.  What is offered and not taken asks nothing of it. */
static bool check_engine(const char *version, const UpdSet *coming, const GPtrArray *releases, GError **error)
{
    for (guint i = 0; i < releases->len; i++) {
        const UpdRelease *release = releases->pdata[i];
        const UpdSetComponent *taken = upd_set_component(coming, release->component);

        if (taken != NULL && taken->version == release->version && release->min_engine != NULL &&
            !upd_engine_is_at_least(version, release->min_engine))
            return hl_fail(error, HL_ERROR_INVALID,
                           "%s %" G_GINT64_FORMAT " needs engine %s or newer, this machine has %s: upgrade ClamAV",
                           release->component, release->version, release->min_engine, version);
    }
    return true;
}

static bool assemble(Run *run, UpdSource *source, const UpdPlan *plan, const char *directory, GError **error)
{
    g_autofree char *staging = upd_pattern_store_path(run->store, "staging");
    g_autofree char *active = upd_pattern_store_set(run->store, run->store->active_number);
    UpdAssembly assembly = { .source = source,
                             .staging = staging,
                             .active = active,
                             .directory = directory,
                             .progress = on_assembly,
                             .user = run };
    bool good = upd_assemble(&assembly, plan, error);

    if (good && assembly.remark != NULL)
        g_string_append_printf(run->skipped, "%s%s", run->skipped->len > 0 ? "; " : "", assembly.remark);
    g_free(assembly.remark);
    return good;
}

static bool owe_reload(const Run *run, GError **error)
{
    return run->install->clamd_socket == NULL || upd_pattern_store_owe_reload(run->store, error);
}

static bool activate(Run *run, UpdPlan *plan, const char *directory, GError **error)
{
    tell(run->install, AT_SWITCH, "switching to the new set");
    if (!upd_set_store(plan->set, directory, error) || !owe_reload(run, error) ||
        !upd_pattern_store_activate(run->store, g_steal_pointer(&plan->set), error))
        return false;
    upd_pattern_store_settle(run->store);
    return true;
}

/* What is wrong with this machine is wrong with every source. */
static SourceEnd classify(const GError *error)
{
    switch (hl_error_code(error)) {
    case HL_ERROR_FULL:
    case HL_ERROR_IO:
    case HL_ERROR_DENIED:
    case HL_ERROR_CONFLICT:
        return SOURCE_OVER;
    default:
        return SOURCE_LEFT;
    }
}

/* Another source may have a release that the engine accepts: an older one, or one that its publisher has mended.  An
 * engine that is too slow is so for everybody, and waiting for it again uses up the time of the whole. */
static SourceEnd refuse(Run *run, const GError *error)
{
    if (hl_error_code(error) == HL_ERROR_TIMEOUT)
        return SOURCE_OVER;
    run->refused = true;
    return classify(error);
}

static SourceEnd install_plan(Run *run, const UpdSourceSpec *spec, UpdSource *source, UpdPlan *plan,
                              const GPtrArray *releases, GError **error)
{
    g_autofree char *version = upd_engine_version(&run->install->engine, error);
    g_autofree char *directory = NULL;

    if (version == NULL)
        return SOURCE_OVER; /* before anything is downloaded: without an engine nothing can be used */
    if (!check_engine(version, plan->set, releases, error))
        return refuse(run, *error);
    g_free(plan->set->source);
    plan->set->source = g_strdup(spec->name);
    plan->set->installed = hl_clock_wall();
    directory = upd_pattern_store_begin(run->store, plan->set, error);
    if (directory == NULL)
        return SOURCE_OVER;
    if (!assemble(run, source, plan, directory, error))
        return classify(*error);
    if (!prove(run, plan->set, directory, error))
        return refuse(run, *error);
    if (!activate(run, plan, directory, error))
        return SOURCE_OVER;
    run->outcome->kind = HL_UPDATER_UPDATED;
    return SOURCE_SERVED;
}

static SourceEnd use_source(Run *run, const UpdSourceSpec *spec, UpdSource *source, char **remark, GError **error)
{
    g_autoptr(GPtrArray) releases = list_releases(run, source, error);
    UpdSituation situation = { .active = run->store->active,
                               .held = run->store->held,
                               .releases = releases,
                               .kept = run->update->kept,
                               .mode = run->update->mode,
                               .now = hl_clock_wall() };
    g_autoptr(UpdPlan) plan = releases == NULL ? NULL : upd_plan_new(&situation, error);

    if (plan == NULL) /* what would have to be kept is damaged: another source may have what replaces it */
        return classify(*error);
    *remark = g_strdup(plan->remark);
    switch (plan->verdict) {
    case UPD_PLAN_INSTALL:
        return install_plan(run, spec, source, plan, releases, error);
    case UPD_PLAN_CURRENT:
        run->outcome->kind = HL_UPDATER_CURRENT;
        return SOURCE_SERVED;
    case UPD_PLAN_STALE:
        return SOURCE_BEHIND;
    case UPD_PLAN_EMPTY:
        hl_fail(error, HL_ERROR_NOT_FOUND, HL_UPDATER_NO_PATTERNS "; " HL_UPDATER_PUBLISH_PATTERNS);
        return SOURCE_LEFT;
    }
    g_assert_not_reached();
}

/* Certificates of the company's own server are nobody else's business, and its authority vouches for nobody else. */
static UpdSourceAccess access_to(Run *run, const UpdSourceSpec *spec)
{
    const UpdUpdate *update = run->update;
    UpdSourceAccess access = update->access;
    gsize rest = update->n_sources - (gsize)(spec - update->sources);
    HlTime now = hl_clock_mono();

    access.busy = &run->busy;
    access.waits = on_wait;
    access.waits_user = run;
    if (update->private_source != NULL && strcmp(update->private_source, spec->name) != 0)
        access.http = update->others;
    if (run->until > 0) /* a source that drips must leave time for the next */
        access.until = now + MAX(run->until - now, HL_SECOND) / (HlTime)rest;
    return access;
}

static void on_program(const char *what, gpointer user)
{
    const Run *run = user;

    tell(run->install, AT_SWITCH, what);
}

/* Whatever became of the patterns (B17): a version that can do what this one cannot may be what they need.  A source
 * that has nothing to offer leaves the question to the next that is asked. */
static void look_for_program(Run *run, UpdSource *source)
{
    UpdProgramWish wish;

    if (run->update->program == NULL || run->update->program->blocked ||
        run->outcome->program.outcome == HL_UPDATER_PROGRAM_OFFERED)
        return;
    wish = *run->update->program;
    wish.progress = on_program;
    wish.user = run;
    upd_program_fetch(&wish, source, &run->outcome->program);
}

static SourceEnd try_source(Run *run, const UpdSourceSpec *spec, char **remark, GError **error)
{
    UpdSourceAccess access = access_to(run, spec);
    g_autofree char *directory = upd_pattern_store_path(run->store, "sources/%s", spec->name);
    g_autofree char *what = g_strdup_printf("asking %s", spec->name);
    g_autoptr(UpdSource) source = NULL;
    SourceEnd end;

    run->percent = AT_REFRESH;
    tell(run->install, run->percent, what);
    source = upd_source_open(spec, &access, directory, &run->outcome->bytes, error);
    if (source == NULL)
        return classify(*error);
    end = use_source(run, spec, source, remark, error);
    look_for_program(run, source);
    return end;
}

/* ------------------------------------------------------------------------------------------------------- the whole */

/* A server with several addresses is a source for each, and says the same at all of them. */
static void skip(Run *run, const UpdSourceSpec *spec, const char *why, const char *kind)
{
    g_autofree char *text = g_strdup_printf("%s: %s%s", spec->name, why, kind);
    g_autofree char *again = g_strdup_printf("%s; ", text);
    g_autofree char *all = g_strdup_printf("%s; ", run->skipped->str);

    if (strstr(all, again) == NULL)
        g_string_append_printf(run->skipped, "%s%s", run->skipped->len > 0 ? "; " : "", text);
}

static bool is_away(const GError *error)
{
    return hl_error_code(error) == HL_ERROR_UNAVAILABLE || hl_error_code(error) == HL_ERROR_TIMEOUT;
}

/* Tampering is worth more attention than a server that is away. */
static void keep_worst(GError **worst, GError *problem)
{
    if (*worst == NULL ||
        (hl_error_code(*worst) != HL_ERROR_UNTRUSTED && hl_error_code(problem) == HL_ERROR_UNTRUSTED)) {
        g_clear_error(worst);
        *worst = problem;
        return;
    }
    g_error_free(problem);
}

/* After every run, whatever became of it: clamd may have been away at the switch. */
static bool reload(const Run *run, GError **error)
{
    const char *socket = run->install->clamd_socket;

    if (socket == NULL || !upd_pattern_store_owes_reload(run->store))
        return true;
    if (!upd_engine_reload(socket, error))
        return hl_error_prefix(error, "not reloaded, the next run tries again");
    upd_pattern_store_reloaded(run->store);
    return true;
}

static void add_reload(const Run *run, GString *message)
{
    g_autoptr(GError) problem = NULL;

    if (!reload(run, &problem))
        g_string_append_printf(message, "; %s", problem->message);
}

/* "updated from server: virus 2026112203; not used: ..."  Downloads are of no use any more. */
static void finish(Run *run, const UpdSourceSpec *used, const char *remark)
{
    g_autofree char *staging = upd_pattern_store_path(run->store, "staging");
    bool updated = run->outcome->kind == HL_UPDATER_UPDATED;
    g_autofree char *versions = upd_set_describe(run->store->active);
    GString *message = g_string_new(NULL);

    if (used == NULL)
        g_string_append(message, "no source that answered is up to date; what is in use stays");
    else
        g_string_append_printf(message, updated ? "updated from %s" : "nothing newer from %s", used->name);
    g_string_append_printf(message, ": %s", versions);
    if (remark != NULL)
        g_string_append_printf(message, "; %s", remark);
    if (run->skipped->len > 0)
        g_string_append_printf(message, "; %s", run->skipped->str);
    add_reload(run, message);
    if (run->refused) /* what was begun goes; its downloads stay for the next run, which begins with it again */
        HL_IGNORE(upd_pattern_store_clean(run->store, NULL)); /* not in use, and cleaned again by the next run */
    else
        HL_IGNORE(hl_tree_remove(staging, NULL)); /* the next run removes what it does not know */
    run->outcome->source = g_strdup(used != NULL ? used->name : "");
    run->outcome->message = g_string_free(message, FALSE);
}

static bool try_round(Run *run, GError **error)
{
    g_autoptr(GError) worst = NULL;

    for (gsize i = 0; i < run->update->n_sources; i++) {
        const UpdSourceSpec *spec = &run->update->sources[i];
        g_autofree char *remark = NULL;
        GError *problem = NULL;

        switch (try_source(run, spec, &remark, &problem)) {
        case SOURCE_SERVED:
            finish(run, spec, remark);
            return true;
        case SOURCE_LEFT:
            skip(run, spec, problem->message, is_away(problem) ? " (unavailable)" : "");
            keep_worst(&worst, problem);
            break;
        case SOURCE_BEHIND:
            skip(run, spec, remark, " (behind)");
            run->behind = true;
            break;
        case SOURCE_OVER:
            g_propagate_error(error, problem);
            hl_error_prefix(error, "%s", spec->name);
            return run->skipped->len > 0 ? hl_error_prefix(error, "%s; then", run->skipped->str) : false;
        }
    }
    if (run->behind && !run->refused) {
        run->outcome->kind = HL_UPDATER_CURRENT;
        finish(run, NULL, NULL);
        return true;
    }
    return hl_fail(error, hl_error_code(worst), "no source could be used: %s", run->skipped->str);
}

/* A server that restarts is back within seconds, and no command should be spent on that: where nobody answers,
 * everybody is asked again after 1, 2, 4 ... seconds and a random part of it more. */
static bool try_sources(Run *run, GError **error)
{
    HlTime patience = MIN(run->update->access.patience, AWAY_PATIENCE);

    for (HlTime step = HL_SECOND;; step *= 2) {
        g_autoptr(GError) problem = NULL;
        HlTime wait = step + (HlTime)(hl_random_u64() % (uint64_t)step);

        if (try_round(run, &problem))
            return true;
        if (run->until > 0)
            patience = MIN(patience, run->until - hl_clock_mono());
        if (hl_error_code(problem) != HL_ERROR_UNAVAILABLE || run->busy || run->refused || wait > patience) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        patience -= wait;
        g_string_truncate(run->skipped, 0);
        tell(run->install, AT_REFRESH, "waiting for the source");
        g_usleep((gulong)wait * 1000);
    }
}

/* What a failed run leaves: the set that it had begun goes, downloads stay for the next run unless space is short. */
static void tidy(const Run *run, const GError *error)
{
    g_autofree char *staging = upd_pattern_store_path(run->store, "staging");
    g_autoptr(GError) problem = NULL;

    HL_IGNORE(upd_pattern_store_clean(run->store, NULL)); /* best effort, as below */
    if (!reload(run, &problem))
        hl_warn("update", "%s", problem->message);
    if (hl_error_code(error) == HL_ERROR_FULL)
        HL_IGNORE(hl_tree_remove(staging, NULL)); /* best effort: the update failed already, and its error is told */
}

/* The disk has the last word: an error may have come right after the switch. */
static char *read_versions(const char *dir)
{
    g_autoptr(UpdPatternStore) store = upd_pattern_store_read(dir, NULL);

    return upd_set_versions(store == NULL ? NULL : store->active);
}

static void check_active(const UpdPatternStore *store)
{
    g_autofree char *directory = upd_pattern_store_set(store, store->active_number);

    if (store->active != NULL)
        HL_IGNORE(upd_set_check(store->active, directory, NULL)); /* the plan heeds what it notes */
}

bool upd_update(const UpdInstall *install, const UpdUpdate *update, UpdOutcome *outcome, GError **error)
{
    g_autoptr(UpdPatternStore) store = NULL;
    g_autoptr(GString) skipped = g_string_new(NULL);
    g_autoptr(GError) problem = NULL;
    Run run = { .install = install,
                .update = update,
                .outcome = outcome,
                .skipped = skipped,
                .until = update->time > 0 ? hl_clock_mono() + update->time : 0 };

    *outcome = (UpdOutcome){ 0 };
    store = upd_pattern_store_open(install->dir, install->lock_patience, error);
    if (store == NULL)
        return false;
    run.store = store;
    check_active(store);
    if (update->program != NULL && update->program->blocked)
        upd_program_block(update->program, &outcome->program);
    if (try_sources(&run, &problem)) {
        tell(install, AT_END, "done");
    } else {
        outcome->kind = HL_UPDATER_FAILED;
        tidy(&run, problem);
        g_propagate_error(error, g_steal_pointer(&problem));
    }
    outcome->components = read_versions(install->dir);
    return outcome->kind != HL_UPDATER_FAILED;
}

static bool go_back(Run *run, GError **error)
{
    UpdSet *previous = run->store->previous;
    g_autofree char *directory = NULL;
    g_autofree char *versions = NULL;
    GString *message;

    if (previous == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND,
                       "there is no set before the active one in %s: only one step back is kept", run->store->dir);
    directory = upd_pattern_store_set(run->store, previous->number);
    if (!prove(run, previous, directory, error))
        return hl_error_prefix(error, "the previous set cannot be used");
    tell(run->install, AT_SWITCH, "switching to the previous set");
    if (!owe_reload(run, error) || !upd_pattern_store_go_back(run->store, error))
        return false;
    upd_pattern_store_settle(run->store);
    versions = upd_set_describe(run->store->active);
    message = g_string_new(NULL);
    g_string_append_printf(message, "went back to the previous set: %s", versions);
    add_reload(run, message);
    run->outcome->kind = HL_UPDATER_UPDATED;
    run->outcome->message = g_string_free(message, FALSE);
    return true;
}

bool upd_rollback(const UpdInstall *install, UpdOutcome *outcome, GError **error)
{
    g_autoptr(UpdPatternStore) store = NULL;
    Run run = { .install = install, .outcome = outcome };
    bool good;

    *outcome = (UpdOutcome){ 0 };
    store = upd_pattern_store_open(install->dir, install->lock_patience, error);
    if (store == NULL)
        return false;
    run.store = store;
    good = go_back(&run, error);
    if (good)
        tell(install, AT_END, "done");
    outcome->components = read_versions(install->dir);
    outcome->source = g_strdup(good ? store->active->source : "");
    return good;
}
