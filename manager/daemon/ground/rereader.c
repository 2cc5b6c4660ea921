/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/rereader.h"

#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define LIMIT       HL_MINUTE       /* of a run: ejabberdctl starts a virtual machine, on a busy one too */
#define SLOW        (8 * HL_SECOND) /* who waits is told then; a caller waits for 20 s */
#define LOOK_AGAIN  50              /* ms */
#define FIRST_RETRY (5 * HL_SECOND)
#define LAST_RETRY  (5 * HL_MINUTE)
#define MAX_SHOWN   1000 /* bytes of what the program printed */

struct MgrRereader {
    const MgrConf *conf;
    MgrReread done;
    gpointer user;
    const char *(*objection)(gpointer user); /* NULL: none */
    gpointer objector;
    HlChild *child;             /* NULL: none runs */
    uint64_t asked, begun;      /* numbers: the last publication, and that of the run that began last */
    HlTime began_mono;          /* of that run */
    HlTime retry_delay;         /* 0: the last run succeeded */
    guint retry_timer, unbegun; /* sources: the next try; a run that could not begin */
    guint slow_timer;           /* source: of the run under way */
    GError *failure;            /* of one that could not begin */
    char *problem;
    MgrRereaderCounts counts;
};

static void begin(MgrRereader *rereader);

bool mgr_rereader_is_set(const MgrRereader *rereader)
{
    return rereader->conf->broker_mode == MGR_BROKER_EXTERNAL && *rereader->conf->broker_reload_command != '\0';
}

/* ------------------------------------------------------------------------------------------------------ the end of a
 * run */

static void log_output(const char *text)
{
    g_autofree char *cut = g_strndup(text, MAX_SHOWN);
    g_autofree char *shown = hl_text_printable(g_strchomp(cut));

    if (*shown != '\0')
        hl_info("broker", "reload-command printed: %s", shown);
}

static gboolean on_retry(gpointer user)
{
    MgrRereader *rereader = user;

    rereader->retry_timer = 0;
    begin(rereader);
    return G_SOURCE_REMOVE;
}

static char *describe_problem(const GError *problem)
{
    if (hl_error_code(problem) == HL_ERROR_CONFLICT) /* what is done by hand then would do harm */
        return g_strdup_printf("%s; broker.reload-command is not run meanwhile", problem->message);
    return g_strdup_printf(
        "the external broker may not have read the latest revocation list, access list or certificate: %s; remedy: run "
        "broker.reload-command by hand as the manager's user, and mend what it says",
        problem->message);
}

/* NULL: there is none. */
static void set_problem(MgrRereader *rereader, const GError *problem)
{
    g_clear_pointer(&rereader->problem, g_free);
    if (problem == NULL)
        return;
    rereader->problem = describe_problem(problem);
    hl_warn("broker", "%s", rereader->problem);
}

static void plan_next(MgrRereader *rereader, const GError *problem)
{
    if (problem == NULL) {
        rereader->retry_delay = 0;
        return;
    }
    rereader->counts.failures++;
    rereader->retry_delay = CLAMP(2 * rereader->retry_delay, FIRST_RETRY, LAST_RETRY);
    rereader->retry_timer = g_timeout_add((guint)rereader->retry_delay, on_retry, rereader);
}

static void end(MgrRereader *rereader, const GError *problem)
{
    uint64_t read = rereader->begun;

    g_clear_handle_id(&rereader->slow_timer, g_source_remove);
    rereader->counts.runs++;
    if (problem == NULL && rereader->problem != NULL)
        hl_info("broker", "the external broker has read what was published");
    set_problem(rereader, problem);
    plan_next(rereader, problem);
    if (rereader->asked > read)
        begin(rereader);
    rereader->done(read, problem, rereader->user);
}

static void describe_end(const MgrRereader *rereader, const HlChildEnd *child_end, GError **error)
{
    const char *command = rereader->conf->broker_reload_command;
    g_autofree char *words = hl_text_last_words(child_end->errors != NULL ? child_end->errors : "");
    const char *before = *words != '\0' ? ": " : "";

    if (child_end->timed_out)
        hl_fail(error, HL_ERROR_TIMEOUT, "'%s' took longer than %d s%s%s", command, (int)(LIMIT / HL_SECOND), before,
                words);
    else if (child_end->exited)
        hl_fail(error, HL_ERROR_UNAVAILABLE, "'%s' ended with status %d%s%s", command, child_end->status, before,
                words);
    else
        hl_fail(error, HL_ERROR_UNAVAILABLE, "'%s' ended with signal %d%s%s", command, child_end->status, before,
                words);
}

static void on_ended(const HlChildEnd *child_end, gpointer user)
{
    MgrRereader *rereader = user;
    g_autoptr(GError) problem = NULL;

    rereader->child = NULL;
    log_output(child_end->output != NULL ? child_end->output : "");
    if (!child_end->exited || child_end->status != 0 || child_end->timed_out)
        describe_end(rereader, child_end, &problem);
    end(rereader, problem);
}

/* ------------------------------------------------------------------------------------------------------------ a run */

static gboolean on_unbegun(gpointer user)
{
    MgrRereader *rereader = user;
    g_autoptr(GError) problem = g_steal_pointer(&rereader->failure);

    rereader->unbegun = 0;
    end(rereader, problem);
    return G_SOURCE_REMOVE;
}

/* It goes on, and who waits for it, or for the run behind it, does not. */
static gboolean on_slow(gpointer user)
{
    MgrRereader *rereader = user;
    g_autoptr(GError) problem = NULL;

    rereader->slow_timer = 0;
    hl_fail(&problem, HL_ERROR_TIMEOUT, "'%s' has been running for %d s", rereader->conf->broker_reload_command,
            (int)(SLOW / HL_SECOND));
    set_problem(rereader, problem);
    rereader->done(rereader->asked, problem, rereader->user);
    return G_SOURCE_REMOVE;
}

static bool start(MgrRereader *rereader, GError **error)
{
    g_auto(GStrv) argv = NULL;
    HlChildSpec spec = HL_CHILD_SPEC_INIT;

    if (!g_shell_parse_argv(rereader->conf->broker_reload_command, NULL, &argv, error))
        return false;
    spec.argv = (const char *const *)argv;
    spec.deadline = LIMIT;
    spec.may_be_lost = true;
    rereader->child = hl_child_start(&spec, NULL, on_ended, rereader, error);
    if (rereader->child != NULL)
        rereader->slow_timer = g_timeout_add((guint)SLOW, on_slow, rereader);
    return rereader->child != NULL;
}

static void begin(MgrRereader *rereader)
{
    const char *why = rereader->objection != NULL ? rereader->objection(rereader->objector) : NULL;

    if (rereader->child != NULL || rereader->unbegun != 0)
        return;
    g_clear_handle_id(&rereader->retry_timer, g_source_remove);
    rereader->begun = rereader->asked;
    rereader->began_mono = hl_clock_mono();
    if (why != NULL)
        hl_fail(&rereader->failure, HL_ERROR_CONFLICT, "%s", why);
    else if (mgr_rereader_is_set(rereader) && start(rereader, &rereader->failure))
        return;
    rereader->unbegun = g_idle_add(on_unbegun, rereader);
}

/* --------------------------------------------------------------------------------------------------------- the part */

MgrRereader *mgr_rereader_new(const MgrConf *conf, MgrReread done, gpointer user)
{
    MgrRereader *rereader = g_new0(MgrRereader, 1);

    rereader->conf = conf;
    rereader->done = done;
    rereader->user = user;
    return rereader;
}

void mgr_rereader_mind(MgrRereader *rereader, const char *(*objection)(gpointer user), gpointer user)
{
    rereader->objection = objection;
    rereader->objector = user;
}

void mgr_rereader_free(MgrRereader *rereader)
{
    if (rereader == NULL)
        return;
    g_clear_handle_id(&rereader->retry_timer, g_source_remove);
    g_clear_handle_id(&rereader->unbegun, g_source_remove);
    g_clear_handle_id(&rereader->slow_timer, g_source_remove);
    g_clear_pointer(&rereader->child, hl_child_abandon);
    g_clear_error(&rereader->failure);
    g_free(rereader->problem);
    g_free(rereader);
}

uint64_t mgr_rereader_ask(MgrRereader *rereader)
{
    rereader->asked++;
    begin(rereader);
    return rereader->asked;
}

HlTime mgr_rereader_until(const MgrRereader *rereader)
{
    return rereader->child != NULL && hl_clock_mono() - rereader->began_mono < SLOW ? LOOK_AGAIN : 0;
}

const char *mgr_rereader_problem(const MgrRereader *rereader)
{
    return rereader->problem;
}

MgrRereaderCounts mgr_rereader_count(const MgrRereader *rereader)
{
    return rereader->counts;
}
