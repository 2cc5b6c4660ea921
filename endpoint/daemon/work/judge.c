/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/judge.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "endpoint/scan/confine.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

#define DEADLINE      (10 * HL_MINUTE)
#define MAX_FILE      ((off_t)64 * 1024 * 1024) /* the engine copies it first */
#define MAX_FILE_SIZE "67108864"

struct EpJudge {
    EpJudgeOptions has;
    HlChild *child;
    bool with_active; /* the run is the second */
    int fd;           /* the file; -1: nothing is judged */
    char *how, *patterns;
};

static void close_case(EpJudge *judge)
{
    hl_fd_clear(&judge->fd);
    g_clear_pointer(&judge->how, g_free);
    g_clear_pointer(&judge->patterns, g_free);
}

static bool run(EpJudge *judge, const char *set);

static void on_done(const HlChildEnd *end, gpointer user)
{
    EpJudge *judge = user;
    bool worked = end->exited && end->status <= 1; /* 1: it found something */
    bool broke = !worked && !end->timed_out;       /* what takes too long here may have other reasons */

    judge->child = NULL;
    if (!judge->with_active && worked) {
        judge->with_active = true;
        if (run(judge, "active"))
            return;
    } else if (!judge->with_active) {
        hl_info("scan", "the engine fails on a file, with older patterns too: %s", judge->how);
    } else if (broke && strcmp(judge->patterns, ep_updates_patterns(judge->has.updates)) == 0) {
        ep_updates_engine_ended(judge->has.updates, EP_ENGINE_FAILED, judge->how);
    }
    close_case(judge);
}

static bool run(EpJudge *judge, const char *set)
{
    g_autofree char *database = g_build_filename(EP_CONFINE_PATTERNS, set, NULL);
    g_autofree char *place = g_build_filename(judge->has.conf->state_dir, "engine", NULL);
    const EpConf *conf = judge->has.conf;
    const char *argv[] = { conf->scanner,
                           "engine",
                           "--user",
                           conf->scan_user,
                           "--place",
                           place,
                           "--patterns",
                           ep_updates_directory(judge->has.updates),
                           "--file-size",
                           MAX_FILE_SIZE,
                           "--",
                           conf->engine,
                           "--no-summary",
                           "--tempdir=" EP_CONFINE_PLACE "/run",
                           "-d",
                           database,
                           "-",
                           NULL };
    HlChildSpec spec = { .argv = argv, .stdin_fd = judge->fd, .deadline = DEADLINE };
    g_autoptr(GError) error = NULL;

    if (lseek(judge->fd, 0, SEEK_SET) == 0)
        judge->child = hl_child_start(&spec, NULL, on_done, judge, &error);
    if (judge->child == NULL)
        hl_warn("scan", "cannot try the engine: %s", error != NULL ? error->message : "the file is gone");
    return judge->child != NULL;
}

static int open_file(const char *path)
{
    hl_autofd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE ? hl_fd_steal(&fd) : -1;
}

void ep_judge_failed(EpJudge *judge, const char *path, const char *how)
{
    g_autofree char *before = g_build_filename(ep_updates_directory(judge->has.updates), "previous", NULL);

    if (judge->fd >= 0 || !ep_updates_on_probation(judge->has.updates) || !g_file_test(before, G_FILE_TEST_IS_DIR))
        return;
    judge->fd = open_file(path);
    if (judge->fd < 0)
        return;
    judge->how = g_strdup(how);
    judge->patterns = g_strdup(ep_updates_patterns(judge->has.updates));
    judge->with_active = false;
    if (!run(judge, "previous"))
        close_case(judge);
}

void ep_judge_worked(EpJudge *judge)
{
    ep_updates_engine_ended(judge->has.updates, EP_ENGINE_WORKED, "");
}

EpJudge *ep_judge_new(const EpJudgeOptions *options)
{
    EpJudge *judge = g_new0(EpJudge, 1);

    judge->has = *options;
    judge->fd = -1;
    return judge;
}

void ep_judge_free(EpJudge *judge)
{
    if (judge == NULL)
        return;
    g_clear_pointer(&judge->child, hl_child_abandon);
    close_case(judge);
    g_free(judge);
}
