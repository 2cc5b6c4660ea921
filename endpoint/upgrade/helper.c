/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/upgrade/helper.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "endpoint/upgrade/bundle.h"
#include "endpoint/upgrade/desk.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/package_version.h"

#define HEALTH_LOOK 1000                 /* ms */
#define SPARE       ((uint64_t)32 << 20) /* bytes that stay free: dpkg's own files, the journal, reports */

typedef struct {
    const EpHelperOptions *has;
    EpDeskUpgrade paper;
    char *offered, *offered_before; /* what the updater fetched */
    char *fresh, *before;           /* the same, where only this program changes it */
    int lock;                       /* the package manager's, from KEPT on to the end of INSTALLING; -1 */
} Helper;

/* What an act came to; an error that is set is why. */
typedef EpUpgradeEvent (*Act)(Helper *helper, GError **error);

static EpUpgradeEvent event_of(bool worked)
{
    return worked ? EP_UPGRADE_WORKED : EP_UPGRADE_FAILED;
}

/* ------------------------------------------------------------------------------------------------ what is installed */

/* Whether somebody else has meanwhile installed a third version, or removed both: *error says so.  What cannot be told
 * is not so. */
static bool is_overtaken(const Helper *helper, GError **error)
{
    bool whole = false;
    g_autoptr(GError) problem = NULL;
    g_autofree char *installed = ep_tools_installed(&helper->has->tools, HL_PROGRAM_MAIN, &whole, &problem);

    if (problem != NULL)
        return false;
    if (installed == NULL)
        return !hl_fail(error, HL_ERROR_CONFLICT, "%s was removed meanwhile", HL_PROGRAM_MAIN);
    return whole && strcmp(installed, helper->paper.from) != 0 && strcmp(installed, helper->paper.to) != 0 &&
           !hl_fail(error, HL_ERROR_CONFLICT, "version %s was installed meanwhile, and is left as it is", installed);
}

/* What the daemon says of its line, as this version; not what one said that has died since. */
static EpUpgradeSigns look_at_daemon(const Helper *helper, const char *version)
{
    EpDeskLine line;
    int64_t said = ep_desk_who_is_alive(helper->has->state_dir, version, &line);
    bool is_there = said != 0 && line != EP_DESK_LINE_DOWN && ep_tools_daemon(&helper->has->tools) == said;

    return (EpUpgradeSigns){ .up = is_there && line == EP_DESK_LINE_UP ? said : 0,
                             .away = is_there && line == EP_DESK_LINE_AWAY };
}

/* --------------------------------------------------------------------------------------------- accepted: it is fit */

static bool check_installed(const Helper *helper, const HlProgramRelease *release, GError **error)
{
    bool whole = false;
    g_autoptr(GError) problem = NULL;
    g_autofree char *installed = ep_tools_installed(&helper->has->tools, HL_PROGRAM_MAIN, &whole, &problem);

    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (installed == NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND, "%s is not installed from a package", HL_PROGRAM_MAIN);
    if (!whole)
        return hl_fail(error, HL_ERROR_CONFLICT, "%s %s is installed in part: 'dpkg --audit' says what is left to do",
                       HL_PROGRAM_MAIN, installed);
    if (strcmp(installed, helper->paper.from) != 0)
        return hl_fail(error, HL_ERROR_CONFLICT, "%s %s is installed, and the upgrade was asked for by %s",
                       HL_PROGRAM_MAIN, installed, helper->paper.from);
    if (hl_package_version_compare(installed, release->version) >= 0)
        return hl_fail(error, HL_ERROR_INVALID, "version %s is installed, and %s is not newer", installed,
                       release->version);
    return hl_program_suits(release->min_version, release->max_version, installed) ||
           hl_fail(error, HL_ERROR_INVALID, "version %s is not for machines with %s (from %s, up to %s)",
                   release->version, installed, release->min_version != NULL ? release->min_version : "any",
                   release->max_version != NULL ? release->max_version : "any");
}

static bool check_release(const Helper *helper, const HlProgramRelease *release, GError **error)
{
    return (release->release == helper->paper.release && strcmp(release->version, helper->paper.to) == 0) ||
           hl_fail(error, HL_ERROR_CONFLICT, "another release was fetched meanwhile: %s", release->version);
}

/* Whether the release in this directory can be begun with now. */
static bool check_fit(const Helper *helper, const char *directory, GError **error)
{
    g_autoptr(HlProgramRelease) release = NULL;

    if (look_at_daemon(helper, helper->paper.from).up == 0)
        return hl_fail(error, HL_ERROR_UNAVAILABLE,
                       "the line is down: a version whose line does not come up could not be told from a good one");
    release = ep_bundle_read(directory, error);
    return release != NULL && check_release(helper, release, error) && check_installed(helper, release, error);
}

/* Both directions must lead somewhere before anything is begun. */
static EpUpgradeEvent accept_request(Helper *helper, GError **error)
{
    g_autoptr(HlProgramRelease) before = NULL;

    if (!check_fit(helper, helper->offered, error))
        return EP_UPGRADE_FAILED;
    before = ep_bundle_read(helper->offered_before, error);
    if (before == NULL)
        return event_of(hl_error_prefix(error, "there is no way back"));
    return event_of(strcmp(before->version, helper->paper.from) == 0 ||
                    hl_fail(error, HL_ERROR_CONFLICT,
                            "there is no way back: %s is installed, and the packages are those of %s",
                            helper->paper.from, before->version));
}

/* -------------------------------------------------------------------------------------- verified: it is kept, twice */

static bool check_space(const char *path, uint64_t needed, GError **error)
{
    struct statvfs fs;
    uint64_t is_free;

    if (statvfs(path, &fs) != 0)
        return hl_fail_errno(error, errno, "cannot tell the free space of %s", path);
    is_free = (uint64_t)fs.f_bavail * fs.f_frsize;
    return is_free >= needed + SPARE ||
           hl_fail(error, HL_ERROR_FULL,
                   "%s has %" PRIu64 " MiB free, and the upgrade needs %" PRIu64 ": free some space", path,
                   is_free >> 20, (needed + SPARE) >> 20);
}

/* Whether the packages that are kept are good, and these many; the same ones must be there for the way back. */
static bool check_kept(const Helper *helper, const char *directory, uint64_t *size, guint *count, GError **error)
{
    const EpTools *tools = &helper->has->tools;
    g_autoptr(HlProgramRelease) release = ep_bundle_read(directory, error);
    g_autoptr(GPtrArray) paths = NULL;

    if (release == NULL || !ep_bundle_verify(directory, release, tools, size, error))
        return false;
    paths = ep_bundle_choose(directory, release, tools, error);
    if (paths == NULL)
        return false;
    *count = paths->len;
    return true;
}

static EpUpgradeEvent keep(Helper *helper, GError **error)
{
    uint64_t size = 0;
    uint64_t size_before = 0;
    guint count = 0;
    guint count_before = 0;

    if (!ep_bundle_keep(helper->offered_before, helper->before, error) ||
        !ep_bundle_keep(helper->offered, helper->fresh, error) ||
        !check_kept(helper, helper->before, &size_before, &count_before, error) ||
        !check_kept(helper, helper->fresh, &size, &count, error))
        return EP_UPGRADE_FAILED;
    if (count != count_before)
        return event_of(hl_fail(error, HL_ERROR_INVALID,
                                "there is no way back: %u packages are to be replaced, and %u of them are there for it",
                                count, count_before));
    /* dpkg unpacks beside what is there, and removes that afterwards */
    return event_of(check_space("/usr", size, error) && check_space("/var/lib", size, error));
}

/* ------------------------------------------------------------------------------------------ kept: it can be begun */

static bool take_lock(Helper *helper, GError **error)
{
    if (helper->lock < 0)
        helper->lock = ep_tools_lock(&helper->has->tools, error);
    return helper->lock >= 0;
}

static EpUpgradeEvent wait_for_lock(Helper *helper, GError **error)
{
    /* it was long: what was looked at may have changed meanwhile */
    return event_of(take_lock(helper, error) && check_fit(helper, helper->fresh, error));
}

/* ----------------------------------------------------------------------------------------------------- installing */

/* With the lock held. */
static bool install_from(const Helper *helper, const char *directory, const char *before, GError **error)
{
    const EpTools *tools = &helper->has->tools;
    g_autoptr(HlProgramRelease) release = ep_bundle_read(directory, error);
    g_autoptr(GPtrArray) paths = release == NULL ? NULL : ep_bundle_choose(directory, release, tools, error);
    g_autofree char *installed = NULL;
    bool whole = false;

    if (paths == NULL)
        return false;
    if (helper->paper.upgrade.tries > 1 || before != NULL)
        ep_tools_mend(tools);
    if (!ep_tools_install(tools, paths, before, error))
        return false;
    installed = ep_tools_installed(tools, HL_PROGRAM_MAIN, &whole, NULL);
    if (!whole)
        return hl_fail(error, HL_ERROR_FAILED, "dpkg has ended, and version %s is installed in part", release->version);
    return g_strcmp0(installed, release->version) == 0 ||
           hl_fail(error, HL_ERROR_FAILED, "dpkg has ended, and version %s is not installed", release->version);
}

/* Whether no package is of another version than before, or in part. */
static bool is_untouched(const Helper *helper)
{
    g_autoptr(HlProgramRelease) release = ep_bundle_read(helper->fresh, NULL);

    for (guint i = 0; release != NULL && i < release->files->len; i++) {
        const HlProgramFile *file = release->files->pdata[i];
        g_autoptr(GError) problem = NULL;
        bool whole = false;
        g_autofree char *installed = ep_tools_installed(&helper->has->tools, file->package, &whole, &problem);

        if (problem != NULL || (installed != NULL && (!whole || strcmp(installed, helper->paper.from) != 0)))
            return false;
    }
    return release != NULL;
}

/* One that was cut off no longer has the lock.  Where another package manager has it, and dpkg had not begun, nothing
 * is to be taken back. */
static EpUpgradeEvent install(Helper *helper, GError **error)
{
    if (is_overtaken(helper, error))
        return EP_UPGRADE_OVERTAKEN;
    if (!take_lock(helper, error))
        return is_untouched(helper) ? EP_UPGRADE_OVERTAKEN : EP_UPGRADE_FAILED;
    return event_of(install_from(helper, helper->fresh, NULL, error));
}

/* -------------------------------------------------------------------------------------------------------- waiting */

/* Whether this release was taken back here before because the server was away.  One that failed for another reason and
 * that somebody lets try once more was not. */
static bool was_away_before(const Helper *helper)
{
    g_auto(EpDeskUpgrade) ended = { 0 };

    return ep_desk_read(helper->has->state_dir, EP_DESK_ENDED, &ended, NULL) == EP_DESK_FOUND &&
           ended.release == helper->paper.release && ended.upgrade.state == EP_UPGRADE_BACK && ended.away;
}

/* The server's absence is held against a release at the second time only: a version that takes the network away meets
 * it each time. */
static EpUpgradeEvent wait_for_health(Helper *helper, GError **error)
{
    EpUpgradeHealth health;
    EpHealthWord word;
    g_autofree char *bound = hl_duration_describe(helper->has->health);
    g_autofree char *last = hl_duration_describe(EP_UPGRADE_AWAY_BOUNDS * helper->has->health);

    ep_upgrade_health_begin(&health, helper->has->health, hl_clock_mono());
    for (;;) {
        word = ep_upgrade_health_look(&health, look_at_daemon(helper, helper->paper.to), hl_clock_mono());
        if (word != EP_HEALTH_WAIT)
            break;
        g_usleep((gulong)HEALTH_LOOK * 1000);
    }
    if (word == EP_HEALTH_GOOD)
        return EP_UPGRADE_WORKED;
    if (is_overtaken(helper, error))
        return EP_UPGRADE_OVERTAKEN;
    if (word == EP_HEALTH_AWAY)
        return event_of(hl_fail(error, was_away_before(helper) ? HL_ERROR_TIMEOUT : HL_ERROR_UNAVAILABLE,
                                "its line to the server did not come up within %s, and the server seems to be away",
                                last));
    return event_of(hl_fail(error, HL_ERROR_TIMEOUT, "its line to the server did not come up within %s", bound));
}

/* ---------------------------------------------------------------------------------------------------- going back */

/* Whatever is installed: a machine without its daemon is lost to its server. */
static void ensure_daemon(const EpTools *tools)
{
    g_autoptr(GError) problem = NULL;

    if (ep_tools_daemon(tools) == 0 && !ep_tools_restart_daemon(tools, &problem))
        hl_warn("upgrade", "%s", problem->message);
}

static EpUpgradeEvent go_back(Helper *helper, GError **error)
{
    const EpTools *tools = &helper->has->tools;

    g_usleep((gulong)ep_upgrade_pause(&helper->paper.upgrade, helper->has->pause) * 1000);
    if (is_overtaken(helper, error))
        return EP_UPGRADE_OVERTAKEN;
    if (take_lock(helper, error) && install_from(helper, helper->before, helper->paper.from, error))
        return event_of(ep_tools_restart_daemon(tools, error));
    ensure_daemon(tools); /* the next attempt may be an hour away */
    return EP_UPGRADE_FAILED;
}

/* ------------------------------------------------------------------------------------------------------- the steps */

static const Act acts[EP_UPGRADE_N_STATES] = {
    [EP_UPGRADE_ACCEPTED] = accept_request, [EP_UPGRADE_VERIFIED] = keep,           [EP_UPGRADE_KEPT] = wait_for_lock,
    [EP_UPGRADE_INSTALLING] = install,      [EP_UPGRADE_WAITING] = wait_for_health, [EP_UPGRADE_GOING_BACK] = go_back,
};

/* What another try would meet again; the rest may be different next time.  Of one that goes back it is known where that
 * begins, and it stays in the journal until the end. */
static bool is_lasting(EpUpgradeState end, HlErrorCode code)
{
    return end == EP_UPGRADE_STUCK || (end == EP_UPGRADE_REFUSED && code != HL_ERROR_UNAVAILABLE &&
                                       code != HL_ERROR_FULL && code != HL_ERROR_CONFLICT && code != HL_ERROR_IO);
}

/* The first failure is the reason; what fails on the way back is added to it. */
static void note_failure(EpDeskUpgrade *paper, const GError *error)
{
    char *said = paper->detail;

    if (error == NULL || (said != NULL && strstr(said, error->message) != NULL))
        return;
    paper->detail = said == NULL || *said == '\0' ? g_strdup(error->message)
                                                  : g_strdup_printf("%s; then: %s", said, error->message);
    g_free(said);
}

static void step(EpDeskUpgrade *paper, EpUpgradeEvent event, const GError *error)
{
    EpUpgradeState before = paper->upgrade.state;
    HlErrorCode code = error != NULL ? hl_error_code(error) : HL_ERROR_FAILED;

    ep_upgrade_step(&paper->upgrade, event);
    if (paper->upgrade.state == EP_UPGRADE_GOING_BACK && before != EP_UPGRADE_GOING_BACK) {
        paper->away = before == EP_UPGRADE_WAITING && code == HL_ERROR_UNAVAILABLE;
        paper->lasting = !paper->away;
    }
    note_failure(paper, error);
    hl_info("upgrade", "%s to %s: %s%s%s", paper->from, paper->to, ep_upgrade_state_name(paper->upgrade.state),
            error != NULL ? ": " : "", error != NULL ? error->message : "");
    if (!ep_upgrade_is_end(paper->upgrade.state))
        return;
    paper->ended = hl_clock_wall();
    if (paper->upgrade.state != EP_UPGRADE_BACK)
        paper->lasting = is_lasting(paper->upgrade.state, code);
}

/* The journal first, then what it says: a helper that ends in between finds the end written, and repeats the rest. */
static bool conclude(const Helper *helper, GError **error)
{
    const char *state_dir = helper->has->state_dir;

    bool is_stuck = helper->paper.upgrade.state == EP_UPGRADE_STUCK; /* they are for the person who looks */

    if (is_stuck)
        ensure_daemon(&helper->has->tools);
    return ep_desk_write(state_dir, EP_DESK_ENDED, &helper->paper, error) && hl_tree_remove(helper->fresh, error) &&
           (is_stuck || hl_tree_remove(helper->before, error)) && ep_desk_remove(state_dir, EP_DESK_REQUEST, error) &&
           ep_desk_remove(state_dir, EP_DESK_RUNNING, error);
}

/* What it was at when it was cut off is begun once more, or was so too often. */
static void resume(EpDeskUpgrade *paper)
{
    EpUpgrade before = paper->upgrade;
    EpUpgrade next = before;
    g_autoptr(GError) problem = NULL;

    hl_info("upgrade", "%s to %s: goes on from %s", paper->from, paper->to, ep_upgrade_state_name(before.state));
    if (ep_upgrade_is_end(before.state))
        return; /* it was written whole */
    ep_upgrade_step(&next, EP_UPGRADE_CUT_OFF);
    if (next.state != before.state)
        hl_fail(&problem, HL_ERROR_FAILED, "it was cut off %u times in %s: look at 'journalctl -u holdline-upgrade'",
                before.tries, ep_upgrade_state_name(before.state));
    step(paper, EP_UPGRADE_CUT_OFF, problem);
}

static bool carry_through(Helper *helper, GError **error)
{
    while (!ep_upgrade_is_end(helper->paper.upgrade.state)) {
        g_autoptr(GError) problem = NULL;
        EpUpgradeEvent event;
        Act act = acts[helper->paper.upgrade.state];

        g_assert(act != NULL); /* only ends have none */
        event = act(helper, &problem);
        step(&helper->paper, event, problem);
        if (helper->paper.upgrade.state != EP_UPGRADE_INSTALLING)
            hl_fd_clear(&helper->lock);
        if (!ep_desk_write(helper->has->state_dir, EP_DESK_RUNNING, &helper->paper, error))
            return false;
    }
    return conclude(helper, error);
}

/* Which upgrade that is whose paper cannot be read, by the packages that lie there for it. */
static bool guess_paper(Helper *helper)
{
    bool is_kept = g_file_test(helper->fresh, G_FILE_TEST_IS_DIR);
    g_autoptr(HlProgramRelease) release = ep_bundle_read(is_kept ? helper->fresh : helper->offered, NULL);
    g_autoptr(HlProgramRelease) before = ep_bundle_read(is_kept ? helper->before : helper->offered_before, NULL);

    if (release == NULL || before == NULL)
        return false;
    helper->paper = (EpDeskUpgrade){ .release = release->release,
                                     .from = g_strdup(before->version),
                                     .to = g_strdup(release->version),
                                     .begun = hl_clock_wall() };
    return true;
}

/* Nobody can say any longer what was done.  After a journal a person has to look; a request may come once more.  What
 * only cannot be read now (the disk) is for the next start. */
static bool give_up(Helper *helper, EpUpgradeState end, GError **error)
{
    g_autofree char *directory = ep_desk_directory(helper->has->state_dir);
    g_autoptr(GError) problem = NULL;

    if (hl_error_code(*error) != HL_ERROR_INVALID && hl_error_code(*error) != HL_ERROR_LIMIT)
        return false;
    problem = g_steal_pointer(error);
    hl_error("upgrade", "%s: nothing more is done; 'dpkg --audit' says what is left to do", problem->message);
    if (guess_paper(helper)) {
        helper->paper.upgrade = (EpUpgrade){ end, 1 };
        helper->paper.detail = g_strdup(problem->message);
        helper->paper.ended = hl_clock_wall();
        helper->paper.lasting = end == EP_UPGRADE_STUCK;
        return conclude(helper, error);
    }
    ensure_daemon(&helper->has->tools);
    return ep_desk_remove(helper->has->state_dir, EP_DESK_REQUEST, error) &&
           ep_desk_remove(helper->has->state_dir, EP_DESK_RUNNING, error) && hl_dir_sync(directory, error);
}

/* *begun: there is something to do, and paper says what. */
static bool find_work(Helper *helper, bool *begun, GError **error)
{
    const char *state_dir = helper->has->state_dir;
    EpDeskFind running = ep_desk_read(state_dir, EP_DESK_RUNNING, &helper->paper, error);

    *begun = running == EP_DESK_FOUND;
    if (running == EP_DESK_UNREADABLE)
        return give_up(helper, EP_UPGRADE_STUCK, error);
    if (running == EP_DESK_FOUND) {
        resume(&helper->paper);
    } else {
        EpDeskFind request = ep_desk_read(state_dir, EP_DESK_REQUEST, &helper->paper, error);

        *begun = request == EP_DESK_FOUND;
        if (request == EP_DESK_UNREADABLE)
            return give_up(helper, EP_UPGRADE_REFUSED, error);
        helper->paper.upgrade = EP_UPGRADE_INIT;
        helper->paper.begun = hl_clock_wall();
    }
    return !*begun || (ep_desk_write(state_dir, EP_DESK_RUNNING, &helper->paper, error) &&
                       ep_desk_remove(state_dir, EP_DESK_REQUEST, error));
}

bool ep_helper_run(const EpHelperOptions *options, GError **error)
{
    g_autofree char *directory = ep_desk_directory(options->state_dir);
    g_autofree char *offered = g_build_filename(options->state_dir, HL_PROGRAM_COMPONENT, "next", NULL);
    g_autofree char *offered_before = g_build_filename(options->state_dir, HL_PROGRAM_COMPONENT, "before", NULL);
    g_autofree char *fresh = g_build_filename(directory, "next", NULL);
    g_autofree char *before = g_build_filename(directory, "before", NULL);
    Helper helper = { .has = options,
                      .offered = offered,
                      .offered_before = offered_before,
                      .fresh = fresh,
                      .before = before,
                      .lock = -1 };
    bool begun = false;
    bool worked = find_work(&helper, &begun, error) && (!begun || carry_through(&helper, error));

    hl_fd_clear(&helper.lock);
    ep_desk_upgrade_clear(&helper.paper);
    return worked;
}
