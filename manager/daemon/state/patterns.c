/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/patterns.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/base/exec.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "manager/core/pattern_age.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/versions.h"
#include "manager/site/repository.h"
#include "manager/site/site.h"
#include "proto/components.h"
#include "proto/updater_lines.h"

#define READ_DEADLINE HL_MINUTE
#define READ_PATIENCE (10 * HL_SECOND) /* of those who wait for one */
#define READ_AGAIN    (10 * HL_SECOND) /* after a failure, though timestamp.json is the same */
#define SYNC_DEADLINE (6 * HL_HOUR)
#define FIRST_SYNC    (10 * HL_SECOND) /* after the start */
#define RETRY_SYNC    (10 * HL_MINUTE) /* after a failure, if that is sooner than the next */
#define TELL_EVERY    (2 * HL_SECOND)  /* that a synchronisation goes on: the CLI gives up on silence */
#define MAX_WAITING   16
#define LOOK_EVERY    (10 * HL_SECOND) /* whether its files are there: a few hundred names at most */
#define WARN_EVERY    HL_HOUR

/* Who waits for a reading. */
typedef struct {
    MgrPatternsReadFn fn;
    gpointer user;
    HlTime until_mono;
} Reading;

/* The copy of the public source, and its next synchronisation. */
struct MgrPatterns {
    MgrPatternsOptions options;
    char *repository;
    gint64 mtime, reading_mtime; /* of timestamp.json: as content has it, as the last reading found it */
    HlTime read_again_mono;      /* after a reading that failed */
    HlChild *reader, *sync;
    HlUpdaterVersions content; /* of 'repo versions'; empty: not read yet */
    GArray *readings;          /* Reading, that somebody waits for */
    GArray *waiting;           /* MgrPatternsWaiter, for the end of the synchronisation */
    HlUpdaterResult result;    /* of the one that runs, if it has said */
    bool has_result;
    guint percent;
    char *what;
    HlTime next_mono, told_mono;
    HlTime synced_wall;          /* 0: not since the start */
    char *problem;               /* of the last one; NULL: it succeeded */
    HlTime look_mono, warn_mono; /* not before then */
    char *missing;               /* what the last look missed; NULL: nothing */
    guint n_missing;             /* how many files that was */
};

MgrPatterns *mgr_patterns_new(const MgrPatternsOptions *options)
{
    MgrPatterns *patterns = g_new0(MgrPatterns, 1);

    patterns->options = *options;
    patterns->repository = mgr_site_path(options->dir, "repo");
    patterns->readings = g_array_new(FALSE, FALSE, sizeof(Reading));
    patterns->waiting = g_array_new(FALSE, FALSE, sizeof(MgrPatternsWaiter));
    hl_updater_versions_init(&patterns->content);
    patterns->next_mono = hl_clock_mono() + FIRST_SYNC;
    return patterns;
}

bool mgr_patterns_is_mirror(const MgrPatterns *patterns)
{
    return *patterns->options.conf->activeupdate_url != '\0';
}

HlTime mgr_patterns_signed(const MgrPatterns *patterns)
{
    return patterns->mtime / (1000000000 / HL_SECOND);
}

HlTime mgr_patterns_expires(const MgrPatterns *patterns)
{
    HlTime expires;

    return patterns->content.expires != NULL && hl_time_parse(patterns->content.expires, &expires, NULL) ? expires : 0;
}

const GPtrArray *mgr_patterns_ends(const MgrPatterns *patterns)
{
    return patterns->content.ends;
}

HlTime mgr_patterns_published(const MgrPatterns *patterns)
{
    g_autofree char *daily = hl_components_only(patterns->options.fleet->latest, MGR_PATTERNS_DAILY);

    return hl_components_published(daily);
}

guint mgr_patterns_missing(const MgrPatterns *patterns)
{
    return patterns->n_missing;
}

/* -------------------------------------------------------------------------------------------------------- versions */

/* A loss is known as one after a restart too. */
static void note_published(const MgrPatterns *patterns, const char *latest)
{
    const char *program = patterns->content.program;
    g_autofree char *text = g_strdup_printf("%s%s%s%s", latest, *latest != '\0' && program != NULL ? ", " : "",
                                            program != NULL ? "program " : "", program != NULL ? program : "");
    g_autoptr(GError) error = NULL;

    if (*text != '\0' && !mgr_repository_note(patterns->options.dir, text, &error))
        hl_log_limited(HL_LOG_WARN, "patterns", "note", "what is published cannot be noted: %s", error->message);
}

static void keep_versions(MgrPatterns *patterns, HlUpdaterVersions *versions)
{
    g_autofree char *latest = hl_updater_versions_latest(versions);
    MgrFleet *fleet = patterns->options.fleet;
    bool program;

    patterns->mtime = patterns->reading_mtime;
    hl_updater_versions_clear(&patterns->content);
    patterns->content = *versions;
    hl_updater_versions_init(versions);
    note_published(patterns, latest);
    program = mgr_set_text(&fleet->program, patterns->content.program != NULL ? patterns->content.program : "");
    if (program && *fleet->program != '\0')
        hl_info("patterns", "the repository offers version %s of the program", fleet->program);
    if (mgr_set_text(&fleet->latest, latest))
        hl_info("patterns", "the repository has %s", latest);
    else if (!program)
        return;
    mgr_status_touch_all(patterns->options.status);
}

/* When timestamp.json, the last file of each release, was written, in ns; -1: there is none. */
static gint64 time_of_release(const MgrPatterns *patterns)
{
    g_autofree char *timestamp = g_build_filename(patterns->repository, "metadata", "timestamp.json", NULL);
    struct stat st;

    return stat(timestamp, &st) == 0 ? (gint64)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec : -1;
}

/* One who waits again from its callback waits in a list of its own. */
static void tell_read(MgrPatterns *patterns)
{
    g_autoptr(GArray) told = patterns->readings;
    gint64 release = time_of_release(patterns);
    bool is_read = release == -1 || release == patterns->mtime;
    HlTime now = hl_clock_mono();

    patterns->readings = g_array_new(FALSE, FALSE, sizeof(Reading));
    for (guint i = 0; i < told->len; i++) {
        const Reading *reading = &g_array_index(told, Reading, i);

        if (is_read || now >= reading->until_mono)
            reading->fn(is_read, reading->user);
        else
            g_array_append_val(patterns->readings, *reading);
    }
}

static void on_read(const HlChildEnd *end, gpointer user)
{
    MgrPatterns *patterns = user;
    g_auto(HlUpdaterVersions) versions = { 0 };
    g_autofree char *errors = NULL;

    patterns->reader = NULL;
    hl_updater_versions_init(&versions);
    if (end->exited && end->status == 0 && hl_updater_versions_parse(end->output, &versions, NULL)) {
        keep_versions(patterns, &versions);
        tell_read(patterns);
        return;
    }
    errors = g_strstrip(g_strdup(end->errors));
    patterns->read_again_mono = hl_clock_mono() + READ_AGAIN;
    hl_log_limited(HL_LOG_WARN, "patterns", "read", "the repository cannot be read: %s",
                   *errors != '\0' ? errors : "the updater gave no reason");
}

static void read_versions(MgrPatterns *patterns)
{
    const char *argv[] = {
        patterns->options.conf->updater_program, "repo", "versions", patterns->repository, "--json", NULL
    };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    g_autoptr(GError) error = NULL;
    gint64 mtime = time_of_release(patterns);

    if (patterns->reader != NULL || mtime == -1)
        return;
    if (mtime == patterns->mtime || (mtime == patterns->reading_mtime && hl_clock_mono() < patterns->read_again_mono))
        return;
    patterns->reading_mtime = mtime;
    spec.argv = argv;
    spec.deadline = READ_DEADLINE;
    patterns->reader = hl_child_start(&spec, NULL, on_read, patterns, &error);
    if (patterns->reader != NULL)
        return;
    patterns->read_again_mono = hl_clock_mono() + READ_AGAIN;
    hl_log_limited(HL_LOG_WARN, "patterns", "read", "%s", error->message);
}

void mgr_patterns_when_read(MgrPatterns *patterns, MgrPatternsReadFn fn, gpointer user)
{
    Reading reading = { fn, user, hl_clock_mono() + READ_PATIENCE };

    if (patterns->readings->len >= MAX_WAITING) {
        fn(false, user);
        return;
    }
    g_array_append_val(patterns->readings, reading);
    read_versions(patterns);
    tell_read(patterns);
}

/* -------------------------------------------------------------------------------------------------- what is missing */

/* Told once two looks have missed the same: while a release is put in place, a name may be gone for a moment. */
static void tell_missing(MgrPatterns *patterns, const char *missing)
{
    bool is_same = g_strcmp0(missing, patterns->missing) == 0;
    g_autofree char *remedy = mgr_repository_remedy(patterns->repository, mgr_patterns_is_mirror(patterns));
    g_autofree char *text =
        missing != NULL ? g_strdup_printf("%s: endpoints cannot update from this server; %s", missing, remedy) : NULL;

    g_free(patterns->missing);
    patterns->missing = g_strdup(missing);
    if (missing == NULL && mgr_status_view(patterns->options.status).problems[MGR_PROBLEM_REPOSITORY] != NULL)
        hl_info("patterns", "the files of the repository are there again");
    if (missing == NULL)
        patterns->warn_mono = 0;
    else if (!is_same)
        return;
    mgr_status_set_problem(patterns->options.status, MGR_PROBLEM_REPOSITORY, text);
    if (missing == NULL || hl_clock_mono() < patterns->warn_mono)
        return;
    patterns->warn_mono = hl_clock_mono() + WARN_EVERY;
    hl_error("patterns", "%s", text);
}

/* Each tick: it costs little, and a setting that was changed counts at once. */
static void look_at_age(MgrPatterns *patterns)
{
    g_autofree char *daily = hl_components_only(patterns->options.fleet->latest, MGR_PATTERNS_DAILY);
    HlTime after = patterns->options.conf->patterns_old_after;
    g_autofree char *names = hl_components_until(daily, mgr_patterns_old_until(after, hl_clock_wall()));
    g_autofree char *text = mgr_patterns_describe_age(names, hl_components_published(daily), after,
                                                      !mgr_patterns_is_mirror(patterns) ? MGR_PATTERNS_OWN
                                                      : patterns->problem != NULL       ? MGR_PATTERNS_COPY_FAILS
                                                                                        : MGR_PATTERNS_COPY);
    bool was_old = mgr_status_view(patterns->options.status).problems[MGR_PROBLEM_PATTERNS_OLD] != NULL;

    mgr_status_set_problem(patterns->options.status, MGR_PROBLEM_PATTERNS_OLD, text);
    if (text != NULL && !was_old)
        hl_warn("patterns", "%s", text);
    else if (text == NULL && was_old)
        hl_info("patterns", "there are new patterns");
}

static void look_for_files(MgrPatterns *patterns)
{
    g_auto(MgrRepositoryFiles) files = { 0 };
    g_autofree char *missing = NULL;
    g_autofree char *noted = NULL;

    if (hl_clock_mono() < patterns->look_mono || patterns->sync != NULL)
        return;
    patterns->look_mono = hl_clock_mono() + LOOK_EVERY;
    noted = mgr_repository_noted(patterns->options.dir);
    mgr_repository_look(&files, patterns->repository,
                        *noted != '\0' || patterns->mtime != 0 || patterns->synced_wall != 0 ? noted : NULL);
    missing = mgr_repository_describe(&files);
    patterns->n_missing = files.missing;
    tell_missing(patterns, missing);
}

/* -------------------------------------------------------------------------------------------------- synchronisation */

static void on_line(const char *text, gpointer user)
{
    MgrPatterns *patterns = user;
    g_auto(HlUpdaterLine) line = { 0 };

    switch (hl_updater_line_parse(text, &line)) {
    case HL_UPDATER_LINE_PROGRESS:
        patterns->percent = line.progress.percent;
        mgr_set_text(&patterns->what, line.progress.what);
        patterns->told_mono = 0;
        break;
    case HL_UPDATER_LINE_RESULT:
        hl_updater_result_clear(&patterns->result);
        patterns->result = hl_updater_line_steal(&line);
        patterns->has_result = true;
        break;
    case HL_UPDATER_LINE_OTHER:
        break;
    }
}

/* A waiter that begins the next synchronisation from its callback waits in a list of its own. */
static void tell_end(MgrPatterns *patterns, const json_t *end, const GError *error)
{
    g_autoptr(GArray) told = patterns->waiting;

    patterns->waiting = g_array_new(FALSE, FALSE, sizeof(MgrPatternsWaiter));
    for (guint i = 0; i < told->len; i++) {
        const MgrPatternsWaiter *waiter = &g_array_index(told, MgrPatternsWaiter, i);

        if (error != NULL)
            waiter->failed(error, waiter->user);
        else
            waiter->done(end, waiter->user);
    }
}

/* In the updater's own words, whose code it keeps. */
static bool fail_sync(HlErrorCode code, const char *problem, GError **error)
{
    mgr_refuse(error, MGR_REFUSE_PATTERNS_SYNC, problem, NULL);
    if (error != NULL)
        (*error)->code = (int)(code == HL_ERROR_DENIED ? HL_ERROR_IO : code); /* a file, and nobody's role */
    return false;
}

/* How it ended, as an error or not.  result NULL: it ended without a word. */
static bool judge_end(const HlChildEnd *end, const HlUpdaterResult *result, GError **error)
{
    g_autofree char *errors = g_strstrip(g_strdup(end->errors));
    g_autofree char *other = NULL;

    if (result != NULL && end->exited && end->status == 0)
        return true;
    if (end->timed_out)
        return mgr_refuse(error, MGR_REFUSE_PATTERNS_TIMEOUT, NULL);
    if (result != NULL && *result->message != '\0')
        return fail_sync(hl_error_from_name(result->code), result->message, error);
    /* it ended before it began to copy: a file that is not there, say */
    if (end->exited && *errors != '\0')
        return fail_sync(hl_error_from_exit_status(end->status), errors, error);
    other = g_strdup_printf("the updater ended with %s %d%s%s", end->exited ? "status" : "signal", end->status,
                            *errors != '\0' ? ": " : "", errors);
    return fail_sync(HL_ERROR_FAILED, other, error);
}

static HlTime next_sync(const MgrPatterns *patterns, bool good)
{
    HlTime every = patterns->options.conf->sync_every;
    HlTime wait = good || every == 0 ? every : MIN(every, RETRY_SYNC);

    return hl_clock_mono() + wait + (HlTime)(hl_random_u64() % (uint64_t)(wait / 10 + 1)); /* not all servers at once */
}

static void on_synced(const HlChildEnd *end, gpointer user)
{
    MgrPatterns *patterns = user;
    g_auto(HlUpdaterResult) result = patterns->result;
    bool has_result = patterns->has_result;
    g_autoptr(json_t) document = has_result ? hl_updater_mirrored_document(&result) : NULL;
    g_autoptr(GError) error = NULL;
    bool good = judge_end(end, has_result ? &result : NULL, &error);
    const char *said = hl_error_argument(error, "problem"); /* the updater */

    patterns->sync = NULL;
    patterns->result = (HlUpdaterResult){ 0 };
    patterns->has_result = false;
    g_clear_pointer(&patterns->problem, g_free);
    if (good) {
        patterns->synced_wall = hl_clock_wall();
        hl_info("patterns", "synchronised with the public source: %s",
                *result.message != '\0' ? result.message : "done");
    } else {
        patterns->problem = g_strdup(said != NULL ? said : error->message);
        hl_warn("patterns", "synchronising with the public source: %s", error->message);
    }
    patterns->next_mono = next_sync(patterns, good);
    tell_end(patterns, document, error);
}

static bool start_sync(MgrPatterns *patterns, GError **error)
{
    const MgrConf *conf = patterns->options.conf;
    g_autofree char *root = mgr_site_named_path(patterns->options.dir, conf->activeupdate_root);
    g_autofree char *ca = *conf->patterns_ca_file != '\0'
                              ? mgr_site_named_path(patterns->options.dir, conf->patterns_ca_file)
                              : g_strdup("");
    g_autofree char *time = hl_duration_format(SYNC_DEADLINE / 10 * 9);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    HlChildSpec spec = HL_CHILD_SPEC_INIT;

    for (const char *const *word =
             (const char *const[]){ conf->updater_program, "mirror", "--json", "--from", conf->activeupdate_url,
                                    "--root", root, "--to", patterns->repository, "--time", time, NULL };
         *word != NULL; word++)
        g_ptr_array_add(argv, hl_unconst(*word));
    for (const char *const *pair = (const char *const[]){ "--ca-file", ca, "--ca-option", "patterns.ca-file", "--proxy",
                                                          conf->patterns_proxy, NULL };
         *pair != NULL; pair += 2) {
        if (*pair[1] == '\0')
            continue;
        g_ptr_array_add(argv, hl_unconst(pair[0]));
        g_ptr_array_add(argv, hl_unconst(pair[1]));
    }
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    spec.deadline = SYNC_DEADLINE;
    patterns->percent = 0;
    g_free(patterns->what);
    patterns->what = g_strdup("");
    patterns->sync = hl_child_start(&spec, on_line, on_synced, patterns, error);
    return patterns->sync != NULL;
}

static void sync_when_due(MgrPatterns *patterns)
{
    g_autoptr(GError) error = NULL;

    if (patterns->sync != NULL || !mgr_patterns_is_mirror(patterns) || patterns->options.conf->sync_every == 0 ||
        hl_clock_mono() < patterns->next_mono)
        return;
    if (start_sync(patterns, &error))
        return;
    hl_warn("patterns", "%s", error->message);
    patterns->next_mono = next_sync(patterns, false);
}

static void tell_waiting(MgrPatterns *patterns)
{
    HlTime now = hl_clock_mono();

    if (patterns->waiting->len == 0 || now - patterns->told_mono < TELL_EVERY)
        return;
    patterns->told_mono = now;
    for (guint i = 0; i < patterns->waiting->len; i++) {
        const MgrPatternsWaiter *waiter = &g_array_index(patterns->waiting, MgrPatternsWaiter, i);

        waiter->progress(patterns->percent, patterns->what, waiter->user);
    }
}

bool mgr_patterns_sync(MgrPatterns *patterns, const MgrPatternsWaiter *waiter, GError **error)
{
    if (!mgr_patterns_is_mirror(patterns))
        return mgr_refuse(error, MGR_REFUSE_PATTERNS_NO_SOURCE, patterns->options.conf_path, NULL);
    if (patterns->waiting->len >= MAX_WAITING)
        return mgr_refuse(error, MGR_REFUSE_PATTERNS_BUSY, HL_NUMBER(MAX_WAITING), NULL);
    if (patterns->sync == NULL && !start_sync(patterns, error))
        return false;
    g_array_append_val(patterns->waiting, *waiter);
    return true;
}

/* ------------------------------------------------------------------------------------------------------- the whole */

static uint64_t version_in(const char *text, const char *name)
{
    size_t n;
    HlMsgComponent **components = hl_components_parse(text, &n);
    uint64_t version = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp(components[i]->name, name) == 0)
            version = components[i]->version;
    hl_components_free(components, n);
    return version;
}

/* How many endpoints have exactly this version, an older one or none though they take the component, a newer one. */
static json_t *describe_component(const MgrPatterns *patterns, const MgrCaller *caller,
                                  const HlUpdaterVersion *component)
{
    g_autofree char *wanted = g_strdup_printf("%s=%" G_GUINT64_FORMAT, component->name, component->version);
    int current = 0;
    int behind = 0;
    int ahead = 0;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, patterns->options.fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;
        uint64_t has = version_in(endpoint->record.patterns, component->name);

        if (endpoint->record.display.removed || !mgr_caller_sees(caller, endpoint->record.group))
            continue; /* as among the outdated */
        current += has > 0 && has == component->version;
        behind += mgr_endpoint_is_behind(endpoint, wanted);
        ahead += has > component->version;
    }
    return json_pack("{s:s, s:I, s:o, s:I, s:I, s:i, s:i, s:i}", "component", component->name, "version",
                     (json_int_t)component->version, "published",
                     hl_json_time(hl_component_published(component->version)), "size", (json_int_t)component->size,
                     "increments", (json_int_t)component->increments, "current", current, "behind", behind, "ahead",
                     ahead);
}

/* How many endpoints run the offered version of the program or a later one, and how many an earlier one; those that
 * tell no version are neither. */
static json_t *describe_program(const MgrPatterns *patterns, const MgrCaller *caller)
{
    const MgrFleet *fleet = patterns->options.fleet;
    int current = 0;
    int behind = 0;
    GHashTableIter iter;
    gpointer value;

    if (*fleet->program == '\0')
        return json_null();
    g_hash_table_iter_init(&iter, fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->record.display.removed || !mgr_caller_sees(caller, endpoint->record.group))
            continue;
        current += mgr_endpoint_has_program(endpoint, fleet->program);
        behind += mgr_endpoint_is_program_outdated(fleet, endpoint);
    }
    return json_pack("{s:s, s:i, s:i}", "version", fleet->program, "current", current, "behind", behind);
}

json_t *mgr_patterns_document(const MgrPatterns *patterns, const MgrCaller *caller)
{
    const MgrConf *conf = patterns->options.conf;
    json_t *components = json_array();
    json_t *document;

    for (guint i = 0; i < patterns->content.components->len; i++)
        json_array_append_new(components, describe_component(patterns, caller, patterns->content.components->pdata[i]));
    document = json_pack("{s:o, s:o, s:s, s:s, s:s, s:s?}", "components", components, "program",
                         describe_program(patterns, caller), "repository", patterns->repository, "host",
                         g_get_host_name(), "origin", mgr_patterns_is_mirror(patterns) ? "mirror" : "server", "expires",
                         patterns->content.expires);
    if (mgr_patterns_is_mirror(patterns)) {
        json_object_set_new(document, "url", json_string(conf->activeupdate_url));
        json_object_set_new(document, "synced", hl_json_time(patterns->synced_wall));
        json_object_set_new(document, "sync_running", json_boolean(patterns->sync != NULL));
        json_object_set_new(document, "sync_problem",
                            patterns->problem != NULL ? json_string(patterns->problem) : json_null());
    }
    return document;
}

void mgr_patterns_tick(MgrPatterns *patterns)
{
    read_versions(patterns);
    tell_read(patterns);
    look_for_files(patterns);
    look_at_age(patterns);
    sync_when_due(patterns);
    tell_waiting(patterns);
}

void mgr_patterns_free(MgrPatterns *patterns)
{
    g_autoptr(GError) error = NULL;

    if (patterns == NULL)
        return;
    mgr_refuse(&error, MGR_REFUSE_PATTERNS_STOPPING, NULL);
    g_clear_pointer(&patterns->reader, hl_child_abandon);
    g_clear_pointer(&patterns->sync, hl_child_abandon); /* made to be killed */
    tell_end(patterns, NULL, error);
    for (guint i = 0; i < patterns->readings->len; i++)
        g_array_index(patterns->readings, Reading, i).fn(false, g_array_index(patterns->readings, Reading, i).user);
    g_array_unref(patterns->readings);
    g_array_unref(patterns->waiting);
    hl_updater_versions_clear(&patterns->content);
    hl_updater_result_clear(&patterns->result);
    g_free(patterns->repository);
    g_free(patterns->what);
    g_free(patterns->problem);
    g_free(patterns->missing);
    g_free(patterns);
}
