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
#define LOG_WINDOW   (64 * 1024)

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

/* Whether the log shows an error since it was asked last.  A log that was cut begins again. */
static bool has_erred(EpExam *exam)
{
    g_autofree char *text = NULL;
    struct stat st;
    ssize_t n;

    if (fstat(exam->log, &st) != 0)
        return true;
    if (st.st_size < exam->log_end)
        exam->log_end = 0;
    if (st.st_size == exam->log_end)
        return false;
    text = g_malloc(LOG_WINDOW + 1);
    n = pread(exam->log, text, MIN(LOG_WINDOW, (gsize)(st.st_size - exam->log_end)), exam->log_end);
    exam->log_end = st.st_size;
    if (n < 0)
        return true;
    text[n] = '\0';
    return strstr(text, "Error: ") != NULL || strstr(text, "ERROR: ") != NULL;
}

static EpLook ask(EpExam *exam, int fd)
{
    EpLook look = ep_clamd_look(exam->has->socket, fd, exam->has->max_time + GRACE, &exam->hung);

    if (look.kind == EP_LOOK_CLEAN && has_erred(exam))
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
    /* Once more: the error may have been about another file, and an engine that died comes back.  A file that kills it
     * twice is the reason. */
    if (look.kind == EP_LOOK_NOT && look.gap == EP_GAP_ENGINE && !exam->hung &&
        ep_clamd_wait(exam->has->socket, RESTART_TIME, &error))
        look = ask(exam, fd);
    return look;
}

bool ep_exam_is_hung(const EpExam *exam)
{
    return exam->hung;
}
