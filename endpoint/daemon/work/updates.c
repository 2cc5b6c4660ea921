#include "endpoint/daemon/work/updates.h"

#include <string.h>

#include "endpoint/core/round.h"
#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/link/link.h"
#include "endpoint/daemon/work/last_update.h"
#include "endpoint/daemon/work/settings.h"
#include "endpoint/identity/machine.h"
#include "lib/base/exec.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "proto/components.h"

#define DEFAULT_TIMEOUT (30 * HL_MINUTE)
#define SHOW_TIMEOUT    HL_MINUTE
#define ROUND_LOOK      200                 /* ms, while the settings of a round may come */
#define SWITCHED_FACT   "patterns-switched" /* wall time, in the store */
#define MAX_WAITING     64                  /* users that press the button again and again */

/* What the updater's last line of output said. */
typedef struct {
    bool seen, succeeded;
    char *code, *detail, *source, *patterns;
} Result;

struct EpUpdates {
    EpDaemon *daemon;
    char *directory, *patterns;
    HlChild *child;
    bool showing; /* the child only says what is active */
    EpRound round;
    guint round_timer; /* not 0: settings come first */
    EpProbation probation;
    char *rollback_reason; /* not NULL: what the engine did to the set that is gone back from */
    EpUpdateWork work;
    const char *trigger;
    HlTime timeout;
    GPtrArray *running, *waiting; /* EpUpdateRequest * */
    Result result;
    guint percent;
    char *what;
    EpLastUpdate last;
};

static void start_next(EpUpdates *updates);

static void result_clear(Result *result)
{
    g_free(result->code);
    g_free(result->detail);
    g_free(result->source);
    g_free(result->patterns);
    memset(result, 0, sizeof *result);
}

/* ---------------------------------------------------------------------------------- the child's output */

static char *print_components(const json_t *object)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *name;
    json_t *value;
    size_t n;
    HlMsgComponent **components;
    char *text;

    json_object_foreach((json_t *)object, name, value) if (json_is_integer(value) && json_integer_value(value) >= 0)
        g_string_append_printf(out, "%s%s=%" JSON_INTEGER_FORMAT, out->len > 0 ? " " : "", name,
                               json_integer_value(value));
    components = hl_components_parse(out->str, &n); /* sorted and checked */
    text = hl_components_print(components, n);
    hl_components_free(components, n);
    return text;
}

static char *text_member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    g_autofree char *cut = g_strndup(text != NULL ? text : "", 1000);

    return g_utf8_make_valid(cut, -1); /* it may have been cut in the middle of a character */
}

static void take_result(EpUpdates *updates, const json_t *line)
{
    const char *verdict = json_string_value(json_object_get(line, "result"));
    const json_t *components = json_object_get(line, "components");
    Result *result = &updates->result;

    result_clear(result);
    result->seen = true;
    result->succeeded = verdict != NULL && strcmp(verdict, "failed") != 0;
    result->code = text_member(line, "code");
    result->detail = text_member(line, "message");
    result->source = text_member(line, "source");
    result->patterns = json_is_object(components) ? print_components(components) : NULL;
    if (*result->detail == '\0' && verdict != NULL) {
        g_free(result->detail);
        result->detail = g_strndup(verdict, 100);
    }
}

static void on_line(const char *line, gpointer user)
{
    EpUpdates *updates = user;
    g_autoptr(json_t) value = hl_json_parse("updater", line, strlen(line), NULL);
    const json_t *progress = json_object_get(value, "progress");

    if (value == NULL) {
        hl_debug("update", "%s", line);
        return;
    }
    if (json_object_get(value, "result") != NULL) {
        take_result(updates, value);
        return;
    }
    if (!json_is_integer(progress))
        return;
    updates->percent = (guint)CLAMP(json_integer_value(progress), 0, 100);
    g_free(updates->what);
    updates->what = text_member(value, "what");
    for (guint i = 0; i < updates->running->len; i++) {
        const EpUpdateRequest *request = updates->running->pdata[i];

        if (request->progress != NULL)
            request->progress(updates->percent, updates->what, request->user);
    }
}

/* --------------------------------------------------------------------------------------------- the end */

static bool is_line_up(const EpDaemon *daemon)
{
    return daemon->link != NULL && ep_link_view(daemon->link).state == HL_BUS_UP;
}

/* Settings, patterns, program: what the update notification says of each. */
static char *describe_round(const EpUpdates *updates, const EpUpdateEnd *end)
{
    const EpDaemon *daemon = updates->daemon;
    const EpSettingsOrigin *origin = ep_settings_origin(daemon->settings);
    g_autofree char *patterns =
        g_strdup_printf("%s%s%s", updates->rollback_reason != NULL ? updates->rollback_reason : "",
                        updates->rollback_reason != NULL ? "; " : "", end->detail);
    EpRoundFacts facts = { .patterns = patterns,
                           .group = origin->group,
                           .version = origin->version,
                           .line_up = is_line_up(daemon),
                           .program_blocked = ep_settings_values(daemon->settings)->block_program_upgrade,
                           .program = HOLDLINE_VERSION };

    return ep_round_tell(&facts);
}

/* A set that is new here is on probation. */
static void judge_switch(EpUpdates *updates, const EpUpdateEnd *end)
{
    g_autoptr(GError) error = NULL;

    if (updates->work == EP_UPDATE_ROLLBACK && end->succeeded) {
        ep_probation_end(&updates->probation);
    } else if (strcmp(end->patterns, updates->patterns) != 0) {
        ep_probation_begin(&updates->probation, hl_clock_mono());
        if (!ep_store_set_int(updates->daemon->db, SWITCHED_FACT, hl_clock_wall(), &error))
            ep_trouble_store_failed(updates->daemon->trouble, "when patterns changed", error);
    }
}

/* The program may have been started anew since the switch. */
static void resume_probation(EpUpdates *updates)
{
    HlTime age = hl_clock_wall() - ep_store_get_int(updates->daemon->db, SWITCHED_FACT, 0);

    if (age >= 0 && age < EP_PROBATION_WINDOW)
        ep_probation_begin(&updates->probation, hl_clock_mono() - age);
}

static bool store_end(EpUpdates *updates, const EpUpdateEnd *end, GError **error)
{
    EpDaemon *daemon = updates->daemon;
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgUpdateNotification notification = HOLDLINE__V1__UPDATE_NOTIFICATION__INIT;
    g_autofree char *event =
        g_strdup_printf("%s, %s%s%s", updates->trigger, end->detail, *end->patterns != '\0' ? ": " : "", end->patterns);
    g_autofree char *detail = describe_round(updates, end);
    g_auto(HlTxn) txn = HL_TXN_INIT;
    bool stored;

    notification.trigger = (char *)updates->trigger;
    notification.succeeded = end->succeeded && updates->rollback_reason == NULL;
    notification.detail = detail;
    notification.source = (char *)end->source;
    notification.patterns = hl_components_parse(end->patterns, &notification.n_patterns);
    report.body_case = HOLDLINE__V1__REPORT__BODY_UPDATE;
    report.update = &notification;
    stored = hl_txn_begin(&txn, daemon->db, error) && ep_store_set(daemon->db, "patterns", end->patterns, error) &&
             ep_last_update_store(&updates->last, daemon->db, error) &&
             ep_store_add_event(daemon->db, hl_clock_wall(),
                                updates->work == EP_UPDATE_ROLLBACK ? "rollback" : "update", event, error) &&
             (daemon->spool == NULL || ep_spool_add(daemon->spool, &report, EP_SPOOL_MERGE, "update", error)) &&
             hl_txn_commit(&txn, error);
    hl_components_free(notification.patterns, notification.n_patterns);
    return stored;
}

static void tell_end(EpUpdates *updates, const EpUpdateEnd *end)
{
    EpDaemon *daemon = updates->daemon;
    g_autoptr(GPtrArray) waiters = updates->running;
    g_autoptr(GError) error = NULL;

    updates->running = g_ptr_array_new_with_free_func(g_free);
    judge_switch(updates, end);
    g_free(updates->patterns);
    updates->patterns = g_strdup(end->patterns);
    ep_last_update_set(&updates->last, &(EpLastUpdate){ .at = hl_clock_wall(),
                                                        .succeeded = end->succeeded,
                                                        .trigger = (char *)updates->trigger,
                                                        .detail = (char *)end->detail,
                                                        .source = (char *)end->source });
    hl_log(end->succeeded ? HL_LOG_INFO : HL_LOG_WARN, "update", "%s: %s", updates->trigger, end->detail);
    if (store_end(updates, end, &error))
        ep_trouble_store_worked(daemon->trouble);
    else
        ep_trouble_store_failed(daemon->trouble, "an update's result", error);
    g_clear_pointer(&updates->rollback_reason, g_free);
    for (guint i = 0; i < waiters->len; i++) {
        const EpUpdateRequest *request = waiters->pdata[i];

        if (request->done != NULL)
            request->done(end, request->user);
    }
    if (daemon->spool != NULL)
        ep_spool_pump(daemon->spool);
}

static void fail_all(EpUpdates *updates, const char *code, const char *detail)
{
    EpUpdateEnd end = { .code = code, .detail = detail, .source = "", .patterns = "" };
    g_autofree char *patterns = g_strdup(updates->patterns);

    end.patterns = patterns;
    tell_end(updates, &end);
}

static void on_done(const HlChildEnd *end, gpointer user)
{
    EpUpdates *updates = user;
    Result *result = &updates->result;
    g_autofree char *patterns = g_strdup(result->patterns != NULL ? result->patterns : updates->patterns);
    g_autofree char *errors = g_utf8_make_valid(end->errors, -1);
    g_autofree char *crash = NULL;

    updates->child = NULL;
    if (updates->showing) {
        updates->showing = false;
        if (result->seen && result->patterns != NULL) {
            g_free(updates->patterns);
            updates->patterns = g_steal_pointer(&patterns);
        }
    } else if (result->seen) {
        EpUpdateEnd told = { .succeeded = result->succeeded,
                             .timed_out = end->timed_out && !result->succeeded,
                             .code = *result->code != '\0' ? result->code : "failed",
                             .detail = result->detail,
                             .source = result->source,
                             .patterns = patterns };

        tell_end(updates, &told);
    } else {
        EpUpdateEnd told = { .timed_out = end->timed_out, .code = "failed", .source = "", .patterns = patterns };

        crash = end->timed_out ? g_strdup("it took too long and was stopped")
                               : g_strdup_printf("the updater ended with %s %d: %s", end->exited ? "status" : "signal",
                                                 end->status, g_strstrip(errors));
        told.detail = crash;
        tell_end(updates, &told);
    }
    result_clear(result);
    start_next(updates);
}

/* ------------------------------------------------------------------------------------------- the start */

static void add(GPtrArray *argv, const char *name, char *value)
{
    g_ptr_array_add(argv, g_strdup(name));
    g_ptr_array_add(argv, value);
}

static GPtrArray *find_sources(const EpUpdates *updates)
{
    static const char *const server_only[] = { "server", NULL };
    const HlSettings *values = ep_settings_values(updates->daemon->settings);
    g_auto(GStrv) own = ep_machine_addresses(updates->daemon->identity->brokers[0]);
    EpSourcesWanted wanted = { .sources = updates->work == EP_UPDATE_SYNCHRONIZE
                                              ? server_only
                                              : (const char *const *)values->update_sources,
                               .addresses = (const char *const *)own,
                               .activeupdate = values->activeupdate_url,
                               .server = updates->daemon->identity->server };

    return ep_round_sources(&wanted);
}

/* Identity and authority of the enrolment are for the server alone. */
static void add_sources(const EpUpdates *updates, GPtrArray *argv)
{
    const EpDaemon *daemon = updates->daemon;
    g_autoptr(GPtrArray) sources = find_sources(updates);

    for (guint i = 0; i < sources->len; i++) {
        const EpSource *source = sources->pdata[i];

        add(argv, "--source", g_strdup_printf("%s=%s", source->name, source->url));
    }
    add(argv, "--private-source", g_strdup("server"));
    add(argv, "--ca-file", g_strdup(daemon->identity->ca_path));
    add(argv, "--cert-file", g_strdup(daemon->identity->pem_path));
    add(argv, "--key-file", g_strdup(daemon->identity->pem_path));
    if (*daemon->conf.ca_file != '\0')
        add(argv, "--public-ca-file", g_strdup(daemon->conf.ca_file));
    if (*daemon->conf.proxy != '\0')
        add(argv, "--proxy", g_strdup(daemon->conf.proxy));
}

/* timeout: of the child; what its last steps take is not given to downloads. */
static void add_update(const EpUpdates *updates, HlTime timeout, GPtrArray *argv)
{
    const EpDaemon *daemon = updates->daemon;

    add(argv, "--root", g_strdup(daemon->identity->root_path));
    add_sources(updates, argv);
    add(argv, "--components", g_strdup(hl_scan_components[ep_settings_values(daemon->settings)->scan_method]));
    add(argv, "--time", hl_duration_format(timeout / 10 * 9));
    if (updates->work == EP_UPDATE_SYNCHRONIZE)
        g_ptr_array_add(argv, g_strdup("--force"));
}

static GPtrArray *arguments(const EpUpdates *updates, const char *verb)
{
    const EpDaemon *daemon = updates->daemon;
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(daemon->conf.updater));
    add(argv, verb, g_strdup("--state-dir"));
    g_ptr_array_add(argv, g_strdup(updates->directory));
    g_ptr_array_add(argv, g_strdup("--json"));
    return argv;
}

static void add_engine(const EpUpdates *updates, GPtrArray *argv)
{
    const EpDaemon *daemon = updates->daemon;

    add(argv, "--engine", g_strdup(daemon->conf.engine));
    if (*daemon->conf.clamd != '\0')
        add(argv, "--clamd-socket", g_strdup(daemon->conf.clamd));
}

static bool start_child(EpUpdates *updates, GPtrArray *argv, HlTime deadline, GError **error)
{
    HlChildSpec spec = { .stdin_fd = -1, .deadline = deadline };

    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    updates->percent = 0;
    g_free(updates->what);
    updates->what = g_strdup("");
    updates->child = hl_child_start(&spec, on_line, on_done, updates, error);
    return updates->child != NULL;
}

static bool check_possible(const EpUpdates *updates, GError **error)
{
    const EpDaemon *daemon = updates->daemon;
    g_autoptr(GPtrArray) sources = NULL;

    if (updates->work == EP_UPDATE_ROLLBACK)
        return true;
    if (daemon->identity == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE,
                       "this machine is not enrolled: run 'holdline-endpoint enrol BUNDLE' first");
    sources = find_sources(updates);
    if (sources->len == 0)
        return hl_fail(
            error, HL_ERROR_NOT_FOUND,
            "there is no source: nothing in update.sources is for this machine's addresses, or it names activeupdate "
            "and update.activeupdate-url is not set");
    return g_file_test(daemon->identity->root_path, G_FILE_TEST_EXISTS) ||
           hl_fail(error, HL_ERROR_NOT_FOUND,
                   "the server had no pattern repository when this machine was enrolled: enrol again with --replace");
}

static bool launch(EpUpdates *updates, GError **error)
{
    static const char *const verbs[EP_UPDATE_N_WORKS] = { "update", "rollback", "update" };
    g_autoptr(GPtrArray) argv = NULL;

    if (!check_possible(updates, error))
        return false;
    argv = arguments(updates, verbs[updates->work]);
    if (updates->work != EP_UPDATE_ROLLBACK)
        add_update(updates, updates->timeout, argv);
    add_engine(updates, argv);
    return start_child(updates, argv, updates->timeout, error);
}

static bool is_busy(const EpUpdates *updates)
{
    return updates->child != NULL || updates->round_timer != 0;
}

/* Everybody who waits for the same work as the first one joins it. */
static void gather(EpUpdates *updates)
{
    const EpUpdateRequest *first = updates->waiting->pdata[0];
    bool patient = first->patient;

    updates->work = first->work;
    updates->trigger = first->trigger;
    updates->timeout = first->timeout > 0 ? first->timeout : DEFAULT_TIMEOUT;
    for (guint i = 0; i < updates->waiting->len;) {
        const EpUpdateRequest *request = updates->waiting->pdata[i];

        if (request->work == updates->work) {
            patient = patient && request->patient;
            g_ptr_array_add(updates->running, g_ptr_array_steal_index(updates->waiting, i));
        } else {
            i++;
        }
    }
    ep_round_begin(&updates->round, !patient, hl_clock_mono());
}

static bool are_settings_done(EpUpdates *updates)
{
    const EpDaemon *daemon = updates->daemon;

    return daemon->link == NULL || ep_round_settings_done(&updates->round, is_line_up(daemon), hl_clock_mono());
}

static gboolean on_round_look(gpointer user)
{
    EpUpdates *updates = user;
    g_autoptr(GError) error = NULL;

    if (!are_settings_done(updates))
        return G_SOURCE_CONTINUE;
    updates->round_timer = 0;
    if (!launch(updates, &error)) {
        fail_all(updates, hl_error_name(hl_error_code(error)), error->message);
        start_next(updates);
    }
    return G_SOURCE_REMOVE;
}

static void start_next(EpUpdates *updates)
{
    while (!is_busy(updates) && updates->waiting->len > 0) {
        g_autoptr(GError) error = NULL;

        gather(updates);
        if (!are_settings_done(updates))
            updates->round_timer = g_timeout_add(ROUND_LOOK, on_round_look, updates);
        else if (!launch(updates, &error))
            fail_all(updates, hl_error_name(hl_error_code(error)), error->message);
    }
}

void ep_updates_request(EpUpdates *updates, const EpUpdateRequest *request)
{
    bool joins = is_busy(updates) && !updates->showing && updates->work == request->work;
    EpUpdateEnd full = { .code = "limit", .detail = "too many updates are waiting", .source = "", .patterns = "" };

    if (updates->waiting->len + updates->running->len >= MAX_WAITING) {
        if (request->done != NULL)
            request->done(&full, request->user);
        return;
    }
    if (joins && !request->patient)
        updates->round.until = hl_clock_mono();
    g_ptr_array_add(joins ? updates->running : updates->waiting, g_memdup2(request, sizeof *request));
    start_next(updates);
}

bool ep_updates_on_probation(const EpUpdates *updates)
{
    return updates->probation.armed && !is_busy(updates);
}

void ep_updates_engine_ended(EpUpdates *updates, EpEngineEnd end, const char *how)
{
    EpUpdateRequest request = { .work = EP_UPDATE_ROLLBACK, .trigger = "engine-failure" };

    if (is_busy(updates)) /* the set is about to be another one */
        return;
    if (!ep_probation_engine_ended(&updates->probation, end, hl_clock_mono()))
        return;
    g_free(updates->rollback_reason);
    updates->rollback_reason = g_strdup_printf(
        "the engine failed %d times after the change of patterns, at last: %.200s", EP_PROBATION_FAILURES, how);
    hl_warn("update", "%s; going back", updates->rollback_reason);
    ep_updates_request(updates, &request);
}

static void forget_in(GPtrArray *asks, gconstpointer user)
{
    for (guint i = 0; i < asks->len; i++) {
        EpUpdateRequest *request = asks->pdata[i];

        if (request->user == user) {
            request->progress = NULL;
            request->done = NULL;
            request->user = NULL;
        }
    }
}

void ep_updates_forget(EpUpdates *updates, gpointer user)
{
    forget_in(updates->running, user);
    forget_in(updates->waiting, user);
}

EpUpdates *ep_updates_new(EpDaemon *daemon)
{
    EpUpdates *updates = g_new0(EpUpdates, 1);
    g_autoptr(GPtrArray) argv = NULL;
    g_autoptr(GError) error = NULL;

    updates->daemon = daemon;
    updates->directory = g_build_filename(daemon->conf.state_dir, "patterns", NULL);
    updates->patterns = ep_store_get(daemon->db, "patterns", "");
    updates->running = g_ptr_array_new_with_free_func(g_free);
    updates->waiting = g_ptr_array_new_with_free_func(g_free);
    ep_last_update_load(&updates->last, daemon->db);
    resume_probation(updates);
    updates->showing = true;
    argv = arguments(updates, "show");
    if (!start_child(updates, argv, SHOW_TIMEOUT, &error)) {
        updates->showing = false;
        hl_warn("update", "%s (update.program in the configuration)", error->message);
    }
    return updates;
}

void ep_updates_free(EpUpdates *updates)
{
    if (updates == NULL)
        return;
    g_clear_pointer(&updates->child, hl_child_abandon);
    g_clear_handle_id(&updates->round_timer, g_source_remove);
    g_ptr_array_unref(updates->running);
    g_ptr_array_unref(updates->waiting);
    result_clear(&updates->result);
    g_free(updates->directory);
    g_free(updates->patterns);
    g_free(updates->what);
    ep_last_update_clear(&updates->last);
    g_free(updates->rollback_reason);
    g_free(updates);
}

const char *ep_updates_patterns(const EpUpdates *updates)
{
    return updates->patterns;
}

const char *ep_updates_directory(const EpUpdates *updates)
{
    return updates->directory;
}

EpUpdateView ep_updates_view(const EpUpdates *updates)
{
    return (EpUpdateView){ .running = is_busy(updates) && !updates->showing,
                           .percent = updates->percent,
                           .what = updates->what != NULL ? updates->what : "",
                           .last_at = updates->last.at,
                           .last_succeeded = updates->last.succeeded,
                           .last_trigger = updates->last.trigger != NULL ? updates->last.trigger : "",
                           .last_detail = updates->last.detail,
                           .last_source = updates->last.source };
}
