/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/exam.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "endpoint/scan/clamd.h"
#include "lib/base/file.h"

#define GRACE        (15 * HL_SECOND) /* the engine ends a look that is over time by itself, a little later */
#define RESTART_TIME (60 * HL_SECOND) /* an engine that died is started again; loading a large set takes that long */
#define LOG_WINDOW   ((gsize)1024 * 1024) /* about as long as the daemon lets it become */

/* What the engine says of a file that becomes shorter while it reads it.  Any user can have it say that, all the time.
 */
static const char *const of_changing_files[] = { "fmap_readpage: pread fail" };

struct EpExam {
    const EpExamOptions *has;
    int test, log;
    off_t log_end; /* what was read so far */
    bool hung;
};

EpExam *ep_exam_new(const EpExamOptions *options, GError **error)
{
    g_autoptr(EpExam) exam = g_new0(EpExam, 1);
    struct stat st;

    exam->has = options;
    exam->log = -1;
    exam->test = open(options->test_file, O_RDONLY | O_CLOEXEC);
    if (exam->test >= 0)
        exam->log = open(options->log, O_RDONLY | O_CLOEXEC);
    if (exam->log < 0 || fstat(exam->log, &st) != 0) {
        hl_fail_errno(error, errno, "cannot open the engine's %s", exam->test < 0 ? "test file" : "log");
        return NULL;
    }
    exam->log_end = st.st_size;
    return g_steal_pointer(&exam);
}

void ep_exam_free(EpExam *exam)
{
    if (exam == NULL)
        return;
    hl_fd_clear(&exam->test);
    hl_fd_clear(&exam->log);
    g_free(exam);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One log for all scans: a line in it may be about a file of somebody else. */
static bool counts(const char *line, bool changed)
{
    gsize i = 0;

    if (strstr(line, "Error: ") == NULL && strstr(line, "ERROR: ") == NULL)
        return false;
    while (i < G_N_ELEMENTS(of_changing_files) && strstr(line, of_changing_files[i]) == NULL)
        i++;
    return i == G_N_ELEMENTS(of_changing_files) || changed;
}

/* Whether the log shows an error since it was asked last that may be about this file, which has changed meanwhile or
 * not.  A log that was cut begins again. */
static bool has_erred(EpExam *exam, bool changed)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) rows = NULL;
    struct stat st;
    bool erred = false;
    gsize size;
    ssize_t n;

    if (fstat(exam->log, &st) != 0)
        return true;
    if (st.st_size < exam->log_end)
        exam->log_end = 0;
    if (st.st_size == exam->log_end)
        return false;
    size = MIN(LOG_WINDOW, (gsize)(st.st_size - exam->log_end));
    text = g_malloc(size + 1);
    n = pread(exam->log, text, size, exam->log_end);
    exam->log_end = st.st_size;
    if (n < 0)
        return true;
    text[n] = '\0';
    rows = g_strsplit(text, "\n", -1);
    for (gsize i = 0; rows[i] != NULL && !erred; i++)
        erred = counts(rows[i], changed);
    return erred;
}

static EpLook ask(EpExam *exam, int fd)
{
    struct stat before = { 0 };
    struct stat after = { 0 };
    EpLook look;

    HL_IGNORE(fstat(fd, &before) == 0); /* one that cannot be asked has not changed either */
    look = ep_clamd_look(exam->has->socket, fd, exam->has->max_time + GRACE, &exam->hung);
    HL_IGNORE(fstat(fd, &after) == 0);
    if (look.kind == EP_LOOK_CLEAN && has_erred(exam, !is_same(&before, &after)))
        look = ep_look_not(EP_GAP_ENGINE);
    return look;
}

bool ep_exam_test(EpExam *exam, GError **error)
{
    EpLook look = ask(exam, exam->test);

    /* one that died of the file before is started again: then the file is to blame, and not all of the scan */
    if (look.kind == EP_LOOK_NOT && look.broken && ep_clamd_wait(exam->has->socket, RESTART_TIME, NULL))
        look = ask(exam, exam->test);
    if (look.kind == EP_LOOK_FOUND)
        return true;
    if (look.kind == EP_LOOK_NOT && look.broken)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "the engine does not answer");
    return hl_fail(error, HL_ERROR_UNAVAILABLE,
                   "the engine does not find its own test file: its temporary directory may be full or read-only");
}

EpLook ep_exam_look(EpExam *exam, int fd, guint64 size)
{
    g_autoptr(GError) error = NULL;
    EpLook look;

    if (size > exam->has->max_size)
        return ep_look_not(EP_GAP_TOO_LARGE);
    look = ask(exam, fd);
    /* Once more, at once: the error may have been about another file, and an engine that died comes back.  A file that
     * kills it twice is the reason. */
    if (look.kind == EP_LOOK_NOT && look.gap == EP_GAP_ENGINE && !exam->hung &&
        ep_clamd_wait(exam->has->socket, RESTART_TIME, &error))
        look = ask(exam, fd);
    return look;
}

bool ep_exam_is_hung(const EpExam *exam)
{
    return exam->hung;
}
