/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/program.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/program.h"

#define LOOK      (2 * HL_SECOND) /* at the helper's papers, while it works */
#define PATIENCE  (2 * HL_MINUTE) /* until it has read the request */
#define SAY_AGAIN (10 * HL_SECOND)
#define TOLD_FACT "program-told" /* which end, or way back, was reported, in the store */

struct EpProgram {
    EpProgramOptions has;
    EpSpool *spool; /* NULL: not enrolled */
    EpDeskLine line;
    bool line_told;
    EpDeskUpgrade wanted; /* what is to be asked for; to NULL: nothing */
    EpDeskUpgrade now;    /* under way, or how it ended last; to NULL: there was none */
    bool asked;           /* now is a request that the helper has not read yet */
    HlTime asked_at;      /* mono */
    guint timer;          /* not 0: the helper is at work */
    guint say_timer;      /* not 0: that the line is up or down could not be written */
};

/* ------------------------------------------------------------------------------------------------------ the report */

static bool spool_end(const EpProgram *program, const EpDeskUpgrade *end, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgProgramUpgrade body = HOLDLINE__V1__PROGRAM_UPGRADE__INIT;

    body.from = end->from;
    body.to = end->to;
    body.end = hl_unconst(ep_upgrade_state_name(end->upgrade.state));
    body.detail = end->detail;
    body.release = end->release;
    body.ended_ms = end->ended;
    report.body_case = HOLDLINE__V1__REPORT__BODY_PROGRAM;
    report.program = &body;
    return ep_spool_add(program->spool, &report, EP_SPOOL_KEEP_ALWAYS, "program", error);
}

static bool store_end(const EpProgram *program, const EpDeskUpgrade *end, const char *told, GError **error)
{
    HlDb *db = program->has.db;
    g_autofree char *event =
        g_strdup_printf("%s to %s, %s%s%s", end->from, end->to, ep_upgrade_state_name(end->upgrade.state),
                        *end->detail != '\0' ? ": " : "", end->detail);
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, db, error) && ep_store_set(db, TOLD_FACT, told, error) &&
           ep_store_add_event(db, hl_clock_wall(), "upgrade", event, error) && spool_end(program, end, error) &&
           hl_txn_commit(&txn, error);
}

/* What was told last: an end, or that the version before comes back, which may take hours. */
static char *what_is_told(const EpDeskUpgrade *now)
{
    return now->upgrade.state == EP_UPGRADE_GOING_BACK
               ? g_strdup_printf("%" G_GUINT64_FORMAT " going-back %" G_GINT64_FORMAT, now->release, now->begun)
               : g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT, now->release, now->ended);
}

/* Once for each, also if this is not the process, or not the version, that asked for it.  A machine that is not
 * enrolled has nobody to tell: it waits. */
static void tell(EpProgram *program)
{
    const EpDeskUpgrade *now = &program->now;
    g_autofree char *told = what_is_told(now);
    g_autofree char *before = ep_store_get(program->has.db, TOLD_FACT, "");
    g_autoptr(GError) error = NULL;

    if (program->spool == NULL || strcmp(told, before) == 0)
        return;
    if (!store_end(program, now, told, &error)) {
        ep_trouble_store_failed(program->has.trouble, "how the upgrade went", error);
        return; /* the next look or the next start tells it: only what is stored was told */
    }
    hl_log(now->upgrade.state == EP_UPGRADE_DONE ? HL_LOG_INFO : HL_LOG_WARN, "upgrade", "%s to %s: %s%s%s", now->from,
           now->to, ep_upgrade_state_name(now->upgrade.state), *now->detail != '\0' ? ": " : "", now->detail);
    ep_trouble_store_worked(program->has.trouble);
    ep_spool_pump(program->spool);
}

/* -------------------------------------------------------------------------------------------------- the helper's
 * papers */

static bool read_paper(EpProgram *program, EpDeskPaper paper)
{
    g_autoptr(GError) error = NULL;
    g_auto(EpDeskUpgrade) read = { 0 };

    switch (ep_desk_read(program->has.conf->state_dir, paper, &read, &error)) {
    case EP_DESK_FOUND:
        ep_desk_upgrade_copy(&program->now, &read);
        return true;
    case EP_DESK_ABSENT:
        break;
    case EP_DESK_UNREADABLE:
        hl_warn("upgrade", "%s", error->message);
        break;
    }
    return false;
}

/* holdline-upgrade.path names one directory: in any other, asking again changes nothing. */
static bool is_watched(const EpProgram *program)
{
    g_autofree char *state_dir = g_canonicalize_filename(program->has.conf->state_dir, "/");

    return strcmp(state_dir, EP_CONF_DEFAULT_STATE) == 0;
}

/* The request stays where it was written: nobody watches that place. */
static void give_up_asking(EpProgram *program)
{
    const char *state_dir = program->has.conf->state_dir;
    EpDeskUpgrade *now = &program->now;
    g_autoptr(GError) error = NULL;

    program->asked = false;
    now->upgrade.state = EP_UPGRADE_REFUSED;
    now->ended = hl_clock_wall();
    g_free(now->detail);
    if (is_watched(program))
        now->detail = g_strdup("the helper was not started: look at 'systemctl status holdline-upgrade.path'");
    else
        now->detail = g_strdup_printf("the helper was not started: holdline-upgrade.path as installed watches %s, and "
                                      "state.directory is %s: change it with 'systemctl edit holdline-upgrade.path'",
                                      EP_CONF_DEFAULT_STATE, state_dir);
    now->lasting = !is_watched(program);
    /* the end first: a daemon that is killed in between gives up once more */
    if (!ep_desk_write(state_dir, EP_DESK_ENDED, now, &error) || !ep_desk_remove(state_dir, EP_DESK_REQUEST, &error))
        hl_warn("upgrade", "%s", error->message);
    tell(program);
}

static bool is_waited_for(const EpProgram *program)
{
    return program->asked || (program->now.to != NULL && !ep_upgrade_is_end(program->now.upgrade.state));
}

/* What the papers say now. */
static void look(EpProgram *program)
{
    const char *state_dir = program->has.conf->state_dir;

    if (read_paper(program, EP_DESK_RUNNING)) {
        program->asked = false;
        if (program->now.upgrade.state == EP_UPGRADE_GOING_BACK)
            tell(program);
    } else if (ep_desk_has(state_dir, EP_DESK_REQUEST)) {
        if (!program->asked && read_paper(program, EP_DESK_REQUEST)) {
            program->asked = true;
            program->asked_at = hl_clock_mono();
        }
        if (program->asked && hl_clock_mono() - program->asked_at >= PATIENCE)
            give_up_asking(program);
    } else {
        program->asked = false;
        if (read_paper(program, EP_DESK_ENDED))
            tell(program);
        else
            ep_desk_upgrade_clear(&program->now);
    }
}

static gboolean on_look(gpointer user)
{
    EpProgram *program = user;
    EpUpgradeState before = program->now.upgrade.state;
    bool was_asked = program->asked;

    look(program);
    if (before != program->now.upgrade.state || was_asked != program->asked)
        ep_pulse_changed(program->has.pulse);
    if (is_waited_for(program))
        return G_SOURCE_CONTINUE;
    program->timer = 0;
    return G_SOURCE_REMOVE;
}

static void watch(EpProgram *program)
{
    look(program);
    if (program->timer == 0 && is_waited_for(program))
        program->timer = g_timeout_add((guint)LOOK, on_look, program);
}

/* -------------------------------------------------------------------------------------------------------- the line */

static gboolean on_say_again(gpointer user);

/* A helper that waits for it goes back if it is never written. */
static void say_alive(EpProgram *program)
{
    g_autoptr(GError) error = NULL;

    program->line_told =
        ep_desk_say_alive(program->has.conf->state_dir, HOLDLINE_VERSION, getpid(), program->line, &error);
    if (program->line_told) {
        g_clear_handle_id(&program->say_timer, g_source_remove);
        return;
    }
    hl_log_limited(HL_LOG_WARN, "upgrade", "alive", "%s", error->message);
    if (program->say_timer == 0)
        program->say_timer = g_timeout_add((guint)SAY_AGAIN, on_say_again, program);
}

static gboolean on_say_again(gpointer user)
{
    EpProgram *program = user;

    program->say_timer = 0;
    say_alive(program);
    return G_SOURCE_REMOVE;
}

void ep_program_line(EpProgram *program, EpDeskLine line)
{
    if (program->line_told && program->line == line)
        return;
    program->line = line;
    say_alive(program);
}

void ep_program_manager(EpProgram *program, bool online)
{
    if (program->line != EP_DESK_LINE_UP)
        ep_program_line(program, online ? EP_DESK_LINE_DOWN : EP_DESK_LINE_AWAY);
}

/* dpkg starts the new daemon before it ends: the journal says "installing" then. */
bool ep_program_is_awaiting_line(const EpProgram *program)
{
    EpUpgradeState state = program->now.upgrade.state;

    return program->now.to != NULL &&
           (state == EP_UPGRADE_INSTALLING || state == EP_UPGRADE_WAITING || state == EP_UPGRADE_GOING_BACK);
}

void ep_program_enrol(EpProgram *program, EpSpool *spool)
{
    program->spool = spool;
    if (spool == NULL)
        ep_program_line(program, EP_DESK_LINE_DOWN);
    else
        watch(program); /* an end that came before the start */
}

/* ------------------------------------------------------------------------------------------------ what is to happen */

char *ep_program_directory(const EpProgram *program)
{
    const EpConf *conf = program->has.conf;

    if (*conf->upgrade_helper == '\0' || access(conf->upgrade_helper, X_OK) != 0)
        return NULL;
    return g_build_filename(conf->state_dir, HL_PROGRAM_COMPONENT, NULL);
}

/* The release that lies ready, if it is the version that the updater offers. */
static uint64_t find_offered(const EpProgram *program, const HlUpdaterProgram *offer)
{
    g_autofree char *path =
        g_build_filename(program->has.conf->state_dir, HL_PROGRAM_COMPONENT, "next", HL_PROGRAM_RECORD, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(HlProgramRelease) release = NULL;

    if (offer->outcome != HL_UPDATER_PROGRAM_OFFERED)
        return 0;
    text = hl_file_read_text(path, HL_PROGRAM_MAX_RECORD, &error);
    release = text == NULL ? NULL : hl_program_release_parse(text, &error);
    if (release == NULL) {
        hl_warn("upgrade", "%s", error->message);
        return 0;
    }
    return strcmp(release->version, offer->version) == 0 ? release->release : 0;
}

/* A version before that failed may have been followed by others: the last end is the one that counts. */
static uint64_t find_failed(const EpProgram *program)
{
    const EpDeskUpgrade *now = &program->now;

    return now->to != NULL && now->lasting && now->upgrade.state != EP_UPGRADE_DONE ? now->release : 0;
}

EpProgramJudgement ep_program_judge(EpProgram *program, const EpProgramFacts *known)
{
    const HlUpdaterProgram *offer = known->offer;
    EpUpgradeFacts facts = { .offered = find_offered(program, offer),
                             .blocked = known->blocked,
                             .left = known->left,
                             .line_up = known->line_up };
    const char *to = offer->version != NULL ? offer->version : "";
    const char *why = offer->message != NULL ? offer->message : "";
    EpProgramJudgement judgement;

    watch(program);
    facts.failed = find_failed(program);
    facts.under_way = is_waited_for(program);
    judgement.plan = ep_upgrade_plan(&facts);
    judgement.words = ep_upgrade_tell(judgement.plan, HOLDLINE_VERSION, to, why);
    ep_desk_upgrade_clear(&program->wanted);
    if (judgement.plan == EP_PLAN_BEGIN)
        program->wanted = (EpDeskUpgrade){ .release = facts.offered,
                                           .from = g_strdup(HOLDLINE_VERSION),
                                           .to = g_strdup(to),
                                           .upgrade = EP_UPGRADE_INIT,
                                           .detail = g_strdup(""),
                                           .begun = hl_clock_wall() };
    return judgement;
}

void ep_program_begin(EpProgram *program)
{
    g_autoptr(GError) error = NULL;

    if (program->wanted.to == NULL)
        return;
    hl_info("upgrade", "version %s is to replace %s", program->wanted.to, program->wanted.from);
    say_alive(program); /* the helper looks whether the line is up */
    if (!ep_desk_write(program->has.conf->state_dir, EP_DESK_REQUEST, &program->wanted, &error))
        hl_warn("upgrade", "%s", error->message); /* the next update asks again */
    ep_desk_upgrade_clear(&program->wanted);
    watch(program);
    ep_pulse_changed(program->has.pulse);
}

bool ep_program_retry(EpProgram *program, GError **error)
{
    g_auto(EpDeskUpgrade) end = { 0 };

    watch(program);
    if (is_waited_for(program))
        return hl_fail(error, HL_ERROR_CONFLICT, "an upgrade is under way");
    if (find_failed(program) == 0)
        return true;
    ep_desk_upgrade_copy(&end, &program->now);
    end.lasting = false;
    if (!ep_desk_write(program->has.conf->state_dir, EP_DESK_ENDED, &end, error))
        return false;
    program->now.lasting = false;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ life */

EpProgramView ep_program_view(const EpProgram *program)
{
    const EpDeskUpgrade *now = &program->now;

    if (now->to == NULL)
        return (EpProgramView){ .state = "none", .detail = "" };
    return (EpProgramView){ .state = program->asked ? "asked" : ep_upgrade_state_name(now->upgrade.state),
                            .from = now->from,
                            .to = now->to,
                            .detail = now->detail != NULL ? now->detail : "",
                            .ended = now->ended };
}

EpProgram *ep_program_new(const EpProgramOptions *options)
{
    EpProgram *program = g_new0(EpProgram, 1);
    g_autoptr(GError) error = NULL;

    program->has = *options;
    if (!ep_desk_make(options->conf->state_dir, &error))
        hl_warn("upgrade", "%s", error->message);
    say_alive(program); /* the process before it may have been killed while its line was up */
    look(program);
    if (is_waited_for(program))
        program->timer = g_timeout_add((guint)LOOK, on_look, program);
    return program;
}

void ep_program_free(EpProgram *program)
{
    if (program == NULL)
        return;
    g_clear_handle_id(&program->timer, g_source_remove);
    g_clear_handle_id(&program->say_timer, g_source_remove);
    ep_desk_upgrade_clear(&program->wanted);
    ep_desk_upgrade_clear(&program->now);
    g_free(program);
}
