/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/actions.h"

#include "endpoint/tray/call.h"
#include "endpoint/tray/chooser.h"
#include "endpoint/tray/scan.h"
#include "endpoint/tray/terminal.h"
#include "lib/base/i18n.h"
#include "lib/base/unconst.h"
#include "proto/phrase.h"

#define TOOL "holdline-endpoint"

/* One that is under way. */
typedef struct {
    TrActions *actions;
    TrDo what;
    guint timer; /* a deadline, or what fails before it began */
    TrCall *call;
    TrChooser *chooser;
    TrScan *scan;
    GError *error; /* until it is told */
} Action;

struct TrActions {
    TrActionsOptions has;
    char **tool; /* holdline-endpoint and its options */
    Action *under_way[TR_N_DOS];
};

static void start_call(Action *action);
static void start_chooser(Action *action);
static void start_terminal(Action *action);

static const struct {
    void (*start)(Action *action); /* NULL: an entry that does nothing here */
    const char *call, *argument, *value;
    HlTime limit; /* of the daemon's answer */
} rows[TR_N_DOS] = {
    [TR_DO_UPDATE_NOW] = { start_call, "update-now", NULL, NULL, HL_HOUR }, /* the daemon ends it before */
    [TR_DO_SCHEDULE_OFF] = { start_call, "schedule", "state", "off", HL_MINUTE },
    [TR_DO_SCHEDULE_ON] = { start_call, "schedule", "state", "on", HL_MINUTE },
    [TR_DO_SKIP_SCAN] = { start_call, "skip-scan", NULL, NULL, HL_MINUTE },
    [TR_DO_STOP] = { start_call, "stop", NULL, NULL, HL_MINUTE },
    [TR_DO_SCAN_FILE] = { start_chooser, NULL, NULL, NULL, 0 },
    [TR_DO_SCAN_FOLDER] = { start_chooser, NULL, NULL, NULL, 0 },
    [TR_DO_DETECTIONS] = { start_terminal, NULL, NULL, NULL, 0 },
    [TR_DO_HISTORY] = { start_terminal, NULL, NULL, NULL, 0 },
};

/* ------------------------------------------------------------------------------------------------------ the end */

static void action_free(Action *action)
{
    if (action == NULL)
        return;
    g_clear_handle_id(&action->timer, g_source_remove);
    tr_call_free(action->call);
    tr_chooser_free(action->chooser);
    tr_scan_free(action->scan);
    g_clear_error(&action->error);
    g_free(action);
}

/* Errors are English where they are made, like the daemon's words, and become the user's where they are told.  Another
 * one of the kind may be begun by who is told. */
static void end(Action *action, const char *detail, const GError *error, bool silent)
{
    TrActions *actions = action->actions;
    g_autofree char *words = error == NULL ? NULL : hl_phrase_translate(error->message);
    g_autoptr(GError) told = error == NULL ? NULL : g_error_new_literal(error->domain, error->code, words);
    TrOutcome outcome = { action->what, detail, told, silent };

    actions->under_way[action->what] = NULL;
    actions->has.ended(&outcome, actions->has.user);
    action_free(action);
}

static gboolean on_failed(gpointer user)
{
    Action *action = user;

    action->timer = 0;
    end(action, NULL, action->error, action->error == NULL);
    return G_SOURCE_REMOVE;
}

/* Of what ended as it began: who began it learns it from the loop, like every other end.  error NULL: well, and the
 * user sees it. */
static void end_soon(Action *action, GError *error)
{
    action->error = error;
    action->timer = g_timeout_add(0, on_failed, action);
}

/* -------------------------------------------------------------------------------------------------------- calls */

static void tell_progress(const Action *action, const json_t *document)
{
    const char *what = json_string_value(json_object_get(document, "what"));
    json_int_t percent = json_integer_value(json_object_get(document, "percent"));

    if (action->what == TR_DO_UPDATE_NOW)
        action->actions->has.progress((guint)CLAMP(percent, 0, 100), what != NULL ? what : "",
                                      action->actions->has.user);
}

static void on_answered(GBytes *frame, gpointer user)
{
    Action *action = user;
    g_autoptr(GError) error = NULL;
    g_auto(TrReply) reply = { 0 };

    if (!tr_reply_parse(&reply, frame, &error))
        end(action, NULL, error, false);
    else if (reply.more)
        tell_progress(action, reply.result);
    else
        end(action, reply.message, NULL, false);
}

static void on_lost(const GError *error, gpointer user)
{
    end(user, NULL, error, false);
}

static gboolean on_late(gpointer user)
{
    Action *action = user;
    g_autoptr(GError) error = NULL;

    action->timer = 0;
    hl_fail(&error, HL_ERROR_TIMEOUT, "%s", _("the daemon does not answer; its log may say why"));
    end(action, NULL, error, false);
    return G_SOURCE_REMOVE;
}

static void start_call(Action *action)
{
    TrCallOptions options = { .socket = action->actions->has.socket,
                              .name = rows[action->what].call,
                              .argument = rows[action->what].argument,
                              .value = rows[action->what].value,
                              .answered = on_answered,
                              .lost = on_lost,
                              .user = action };
    GError *error = NULL;

    action->call = tr_call_new(&options, &error);
    if (action->call == NULL)
        end_soon(action, error);
    else
        action->timer = g_timeout_add((guint)rows[action->what].limit, on_late, action);
}

/* -------------------------------------------------------------------------------------------------------- scans */

static void on_scanned(const char *words, const GError *error, gpointer user)
{
    end(user, words, error, false);
}

static void on_chosen(const char *path, const GError *error, gpointer user)
{
    Action *action = user;
    const TrActionsOptions *has = &action->actions->has;
    g_autofree char *shown = path == NULL ? NULL : g_filename_display_name(path);
    g_autoptr(GError) problem = NULL;

    if (path == NULL) {
        end(action, NULL, error, error == NULL);
        return;
    }
    action->scan = tr_scan_new((const char *const *)action->actions->tool, path, on_scanned, action, &problem);
    if (action->scan == NULL)
        end(action, NULL, problem, false);
    else
        has->began(action->what, shown, has->user);
}

static void start_chooser(Action *action)
{
    action->chooser =
        tr_chooser_new(action->actions->has.bus, action->what == TR_DO_SCAN_FOLDER ? TR_CHOOSE_FOLDER : TR_CHOOSE_FILE,
                       on_chosen, action);
}

/* ---------------------------------------------------------------------------------------------------- terminals */

static void start_terminal(Action *action)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *typed = g_strdup_printf(TOOL " %s", tr_do_name(action->what));
    GError *error = NULL;

    for (char **word = action->actions->tool; *word != NULL; word++)
        g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, hl_unconst(tr_do_name(action->what)));
    g_ptr_array_add(argv, NULL);
    HL_IGNORE(tr_terminal_open((const char *const *)argv->pdata, typed, &error)); /* told soon, by its error */
    end_soon(action, error);
}

/* ------------------------------------------------------------------------------------------------------ the part */

/* The one that was built or installed with this program. */
static char *find_tool(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self == NULL ? "" : self);
    g_autofree char *beside = g_build_filename(folder, TOOL, NULL);

    return g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&beside) : g_strdup(TOOL);
}

static char **make_tool(const TrActionsOptions *options)
{
    GPtrArray *words = g_ptr_array_new();

    g_ptr_array_add(words, find_tool());
    if (options->conf != NULL) {
        g_ptr_array_add(words, g_strdup("-c"));
        g_ptr_array_add(words, g_strdup(options->conf));
    }
    g_ptr_array_add(words, g_strdup("--socket"));
    g_ptr_array_add(words, g_strdup(options->socket));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

TrActions *tr_actions_new(const TrActionsOptions *options)
{
    TrActions *actions = g_new0(TrActions, 1);

    actions->has = *options;
    actions->has.socket = g_strdup(options->socket);
    actions->has.conf = NULL; /* in tool */
    actions->tool = make_tool(options);
    return actions;
}

void tr_actions_free(TrActions *actions)
{
    if (actions == NULL)
        return;
    for (gsize i = 0; i < TR_N_DOS; i++)
        action_free(actions->under_way[i]);
    g_strfreev(actions->tool);
    g_free(hl_unconst(actions->has.socket));
    g_free(actions);
}

bool tr_actions_start(TrActions *actions, TrDo what)
{
    Action *action;

    if (what < 0 || what >= TR_N_DOS || rows[what].start == NULL || actions->under_way[what] != NULL)
        return false;
    action = g_new0(Action, 1);
    action->actions = actions;
    action->what = what;
    actions->under_way[what] = action;
    rows[what].start(action);
    return true;
}

bool tr_actions_is_busy(const TrActions *actions, TrDo what)
{
    return actions->under_way[what] != NULL;
}
