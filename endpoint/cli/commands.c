/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "endpoint/cli/call.h"
#include "endpoint/identity/enrol.h"
#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/table.h"
#include "lib/base/text.h"
#include "proto/phrase.h"

static bool override(EpConf *conf, const char *option, const char *value, GError **error)
{
    return value == NULL || hl_options_set(ep_conf_table(), conf, option, value, error);
}

bool ep_tool_load(HlInvocation *call, GError **error)
{
    EpTool *tool = call->user;
    const char *state = hl_cli_value(call, "state", NULL);
    /* two programs started in different directories must find the same socket */
    g_autofree char *absolute = state == NULL ? NULL : g_canonicalize_filename(state, NULL);

    return ep_conf_load(&tool->conf, hl_cli_value(call, "c", NULL), error) &&
           override(&tool->conf, "state.directory", absolute, error) &&
           override(&tool->conf, "control.socket", hl_cli_value(call, "socket", NULL), error);
}

/* What is missing shows by itself later; that it is somebody else's is said at once. */
static bool may_enrol(const EpConf *conf, GError **error)
{
    return access(conf->state_dir, W_OK) == 0 || errno != EACCES ||
           hl_fail(error, HL_ERROR_DENIED, "only the administrator of this machine may do this: run it as root");
}

static void print_start(void)
{
    if (g_file_test("/run/systemd/system", G_FILE_TEST_IS_DIR))
        fputs(_("Start the daemon to connect: systemctl enable --now holdline-endpointd\n"), stdout);
    else
        fputs(_("Start holdline-endpointd to connect.\n"), stdout);
}

bool ep_cmd_enrol(HlInvocation *call, GError **error)
{
    EpTool *tool = call->user;
    CallSpec reload = CALL("reload");
    g_autofree char *id = NULL;
    g_autoptr(GError) problem = NULL;
    g_autofree char *why = NULL;

    if (!ep_tool_load(call, error) || !may_enrol(&tool->conf, error) ||
        !ep_enrol(&tool->conf, call->args[0], hl_cli_has(call, "replace") ? EP_ENROL_REPLACE : EP_ENROL_DEFAULT, &id,
                  error))
        return false;
    printf(_("Enrolled as %s.\n"), id);
    if (ep_call(&tool->conf, &reload, NULL, NULL, &problem))
        fputs(_("The endpoint daemon connects now; 'holdline-endpoint status' shows it.\n"), stdout);
    else if (g_error_matches(problem, HL_ERROR, HL_ERROR_UNAVAILABLE))
        print_start();
    else
        why = hl_phrase_translate(problem->message);
    if (why != NULL)
        printf(_("Restart holdline-endpointd to connect: %s.\n"), why);
    return true;
}

/* ------------------------------------------------------------------------------------ update, rollback */

static void show_progress(const json_t *json, gpointer user G_GNUC_UNUSED)
{
    const char *what = json_string_value(json_object_get(json, "what"));
    g_autofree char *shown = hl_phrase_translate(what != NULL ? what : "");

    hl_progress_show(stdout, _("Updating"), (guint)json_integer_value(json_object_get(json, "percent")), 100, shown);
}

static bool run_update(HlInvocation *call, CallSpec spec, GError **error)
{
    const EpTool *tool = call->user;
    g_autofree char *message = NULL;
    g_autoptr(json_t) result = NULL;
    const char *patterns;
    bool ok;

    if (!ep_tool_load(call, error))
        return false;
    spec.progress = show_progress;
    ok = ep_call(&tool->conf, &spec, &result, &message, error);
    hl_progress_end(stdout);
    if (!ok)
        return hl_error_prefix(error, "%s", spec.name);
    patterns = json_string_value(json_object_get(result, "patterns"));
    printf("%s\n", message);
    if (patterns != NULL && *patterns != '\0')
        printf(_("Patterns: %s\n"), patterns);
    return true;
}

bool ep_cmd_update_now(HlInvocation *call, GError **error)
{
    return run_update(call, CALL("update-now"), error);
}

bool ep_cmd_rollback(HlInvocation *call, GError **error)
{
    return run_update(call, CALL("rollback"), error);
}

bool ep_cmd_upgrade(HlInvocation *call, GError **error)
{
    CallSpec spec = CALL("upgrade");

    spec.argument = "retry";
    spec.value = hl_cli_has(call, "retry") ? "yes" : "no";
    return run_update(call, spec, error);
}

/* -------------------------------------------------------------------------------------- the small ones */

bool ep_cmd_simple(HlInvocation *call, GError **error)
{
    const EpTool *tool = call->user;
    CallSpec spec = CALL(call->command->name);
    g_autofree char *message = NULL;

    if (call->n_args > 0) {
        spec.argument = "state";
        spec.value = call->args[0];
    }
    if (!ep_tool_load(call, error) || !ep_call(&tool->conf, &spec, NULL, &message, error))
        return false;
    printf("%s\n", message);
    return true;
}
