/* SPDX-License-Identifier: Apache-2.0 */
/* holdline pattern ...
 *
 * list and sync are calls.  publish and withdraw sign, and the keys that sign patterns are never within reach of a
 * call: an administrator's certificate, or the server's memory, must not be enough to feed every endpoint.  So they run
 * where the repository is, as a person with access to it, who enters the passphrase if there is one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/i18n.h"
#include "lib/base/unconst.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "manager/cli/repository.h"
#include "manager/cli/show.h"
#include "manager/cli/view.h"

#define UPDATER "holdline-updater"
#define NOTHING "nothing was staged or published"

static char *format_size(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    return g_format_size((guint64)json_integer_value(value));
}

static char *format_age(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    HlTime published;

    if (!json_is_string(value) || !hl_time_parse(json_string_value(value), &published, NULL))
        return g_strdup("-");
    return g_strdup_printf("%d d", (int)(MAX(hl_clock_wall() - published, 0) / HL_DAY));
}

static void show_program(const json_t *document)
{
    const json_t *program = json_object_get(document, "program");
    int64_t current = cli_int(program, "current");
    int64_t behind = cli_int(program, "behind");

    if (!json_is_object(program))
        return;
    hl_say(behind > 0 ? _("\nProgram %s is offered; endpoints that have it: %" PRId64
                          "; that have an earlier version: %" PRId64 " ('holdline endpoint list outdated-program')\n")
                      : _("\nProgram %s is offered; endpoints that have it: %" PRId64
                          "; that have an earlier version: %" PRId64 "\n"),
           cli_text(program, "version"), current, behind);
}

static void show_origin(const json_t *document)
{
    g_autofree char *synced = cli_format_time(json_object_get(document, "synced"), document);

    if (strcmp(cli_text(document, "origin"), "mirror") != 0 && *cli_text(document, "expires") == '\0') {
        hl_say(_("\nRepository %s on %s has published nothing that the server could read yet: 'holdline-updater repo "
                 "publish %s' there does\n"),
               cli_text(document, "repository"), cli_text(document, "host"), cli_text(document, "repository"));
        return;
    }
    if (strcmp(cli_text(document, "origin"), "mirror") != 0) {
        hl_say(_("\nRepository %s on %s, signed there; metadata expires: %s\n"), cli_text(document, "repository"),
               cli_text(document, "host"), cli_text(document, "expires"));
        return;
    }
    hl_say(_("\nRepository %s on %s, a copy of %s; synchronised: %s\n"), cli_text(document, "repository"),
           cli_text(document, "host"), cli_text(document, "url"), synced);
    if (*cli_text(document, "sync_problem") != '\0')
        hl_say(_("The last synchronisation failed: %s\n"), cli_text(document, "sync_problem"));
}

bool cmd_pattern_list(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = {
        { "COMPONENT", "component", NULL }, { "VERSION", "version", NULL },       { "AGE", "published", format_age },
        { "SIZE", "size", format_size },    { "INCREMENTS", "increments", NULL }, { "HAVE IT", "current", NULL },
        { "BEHIND", "behind", NULL },
    };
    g_autoptr(json_t) document = cli_call(call, "pattern list", NULL, error);

    if (document == NULL)
        return false;
    if (!cli_show_list(call, document, "components", columns, G_N_ELEMENTS(columns), error))
        return false;
    if (!cli_view_is_data(call)) {
        show_program(document);
        show_origin(document);
    }
    return true;
}

typedef struct {
    HlInvocation *call;
    bool shown; /* a line of progress, which has to be ended */
} Sync;

static void show_progress(json_t *document, gpointer user)
{
    Sync *sync = user;

    if (hl_cli_has(sync->call, "json"))
        return;
    hl_progress_show(stdout, "Sync", (guint)cli_int(document, "percent"), 100, cli_text(document, "what"));
    sync->shown = true;
}

bool cmd_pattern_sync(HlInvocation *call, GError **error)
{
    Sync sync = { .call = call };
    g_autoptr(CliClient) client = cli_client_open(call, NULL, NULL, error);
    g_autoptr(json_t) document =
        client == NULL ? NULL : cli_client_call(client, "pattern sync", NULL, show_progress, &sync, error);

    if (sync.shown)
        hl_progress_end(stdout);
    if (document == NULL)
        return false;
    json_object_del(document, "percent"); /* how far it was, where somebody was told: no part of the answer */
    json_object_del(document, "what");
    if (!cli_show_json(call, document))
        hl_say("%s\n", cli_text(document, "message"));
    return true;
}

/* ------------------------------------------------------------------------------------- where the repository lies */

/* Its directory; NULL if it is not on this machine, or is a copy. */
static char *find_repository(HlInvocation *call, GError **error)
{
    const char *given = hl_cli_value(call, "repo", NULL);
    g_autoptr(json_t) document = given != NULL ? NULL : cli_call(call, "pattern list", NULL, error);
    g_autofree char *repository = g_strdup(given != NULL ? given : cli_text(document, "repository"));
    g_autofree char *keys = g_build_filename(repository, "private", NULL);

    if (given == NULL && document == NULL)
        return NULL;
    if (strcmp(cli_text(document, "origin"), "mirror") == 0) {
        hl_fail(error, HL_ERROR_CONFLICT,
                _("the server's repository is a copy of %s: publish there, then run 'holdline pattern sync'"),
                cli_text(document, "url"));
        return NULL;
    }
    if (given == NULL && strcmp(cli_text(document, "host"), g_get_host_name()) != 0) {
        hl_fail(error, HL_ERROR_UNAVAILABLE,
                _("the repository and its keys are on %s in %s, and the keys never leave it: run this command there"),
                cli_text(document, "host"), repository);
        return NULL;
    }
    if (!g_file_test(keys, G_FILE_TEST_IS_DIR)) {
        hl_fail(error, HL_ERROR_NOT_FOUND,
                _("%s contains no repository with keys: create one with 'holdline-updater repo init', as the user who "
                  "is to own it, or name another with --repo"),
                repository);
        return NULL;
    }
    return g_steal_pointer(&repository);
}

/* The updater itself reports what it does and why it fails, because a release takes time; outcome says what its failure
 * means. */
static bool run_updater(const char *const *words, const char *outcome, GError **error)
{
    int status;

    if (!hl_exec_shown(words, &status, error))
        return hl_error_prefix(error, "%s", outcome);
    return status == 0 || hl_fail(error, hl_error_from_exit_status(status), "%s", outcome);
}

/* What was staged stays staged if it cannot be signed now: nothing has to be done twice. */
static bool publish(const char *repository, GError **error)
{
    g_autofree char *program = cli_updater_program();
    const char *words[] = { program, "repo", "publish", repository, NULL };
    g_autofree char *outcome =
        g_strdup_printf(_("the content stays staged; if the keys are encrypted, set HOLDLINE_REPO_PASSPHRASE; if they "
                          "are on another machine, bring them to the ceremony; then run: %s repo publish %s"),
                        UPDATER, repository);

    return run_updater(words, outcome, error);
}

bool cmd_pattern_publish(HlInvocation *call, GError **error)
{
    g_autofree char *repository = find_repository(call, error);
    g_autofree char *program = cli_updater_program();
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    if (repository == NULL)
        return false;
    for (const char *const *word = (const char *const[]){ program, "repo", "add", repository, NULL }; *word != NULL;
         word++)
        g_ptr_array_add(words, hl_unconst(*word));
    for (int i = 0; i < call->n_args; i++)
        g_ptr_array_add(words, call->args[i]);
    if (hl_cli_has(call, "force"))
        g_ptr_array_add(words, hl_unconst("--force"));
    g_ptr_array_add(words, hl_unconst("--brief")); /* it is published next */
    g_ptr_array_add(words, NULL);
    return run_updater((const char *const *)words->pdata, NOTHING, error) && publish(repository, error);
}

bool cmd_pattern_withdraw(HlInvocation *call, GError **error)
{
    g_autofree char *repository = find_repository(call, error);
    g_autofree char *program = cli_updater_program();
    const char *words[] = { program, "repo", "withdraw", repository, call->args[0], "--brief", NULL };

    return repository != NULL && run_updater(words, NOTHING, error) && publish(repository, error);
}
