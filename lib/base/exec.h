/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes, watched from the loop.  A child dies with its parent (PR_SET_PDEATHSIG) unless it is to outlive it,
 * may get a file limit of its own, and has its output collected as bounded text.  No shell: argv only. */
#ifndef LIB_BASE_EXEC_H
#define LIB_BASE_EXEC_H

#include <sys/types.h>

#include "lib/base/clock.h"

typedef struct HlChild HlChild;

typedef struct {
    const char *const *argv; /* ends with NULL; argv[0] is looked up in PATH */
    int stdin_fd;            /* -1: /dev/null; otherwise borrowed */
    const char
        *log_path;      /* stdout and stderr are appended there; NULL: they are collected (stdout) and kept (stderr) */
    guint64 file_limit; /* RLIMIT_NOFILE is raised towards it; 0 leaves it */
    bool lines_only;    /* stdout is not collected: each line goes to on_line, however many there are */
    /* A process that waits in the kernel for a file system that is gone does not die of SIGKILL.  Five seconds after
     * it, done is called all the same (lost), and the process is reaped whenever it ends. */
    bool may_be_lost;
    bool outlives; /* this program: it has a session of its own, and needs log_path, as a pipe would end with its reader
                    */
    HlTime deadline;  /* then SIGTERM, ten seconds later SIGKILL; 0: none */
    int *spawn_error; /* not NULL: of a start that fails, the GSpawnError (FAILED if it has none) */
} HlChildSpec;

/* Start from this, not from zeros: descriptor 0 is this program's own standard input. */
#define HL_CHILD_SPEC_INIT ((HlChildSpec){ .stdin_fd = -1 })

typedef struct {
    bool exited;        /* false: killed by a signal */
    int status;         /* exit status, or the signal's number */
    bool timed_out;     /* ended by the deadline */
    bool lost;          /* it did not even go when it was killed, and was given up; status is SIGKILL */
    const char *output; /* collected stdout, cut at 256 KiB; valid during the callback */
    const char *errors; /* collected stderr, the last 4 KiB */
} HlChildEnd;

/* Called once, on the loop that started the child, which is freed after it returns. */
typedef void (*HlChildDone)(const HlChildEnd *end, gpointer user);

/* A whole line of collected stdout, as soon as it is complete; NULL if not wanted. */
typedef void (*HlChildLine)(const char *line, gpointer user);

/* NULL on failure (program not found, fork failed). */
HlChild *hl_child_start(const HlChildSpec *spec, HlChildLine on_line, HlChildDone done, gpointer user, GError **error);

pid_t hl_child_pid(const HlChild *child);

/* SIGTERM now, SIGKILL if it is still running after ten seconds; done is still called, when it is gone:
 * see may_be_lost. */
void hl_child_stop(HlChild *child);

/* The same with SIGKILL at once. */
void hl_child_kill(HlChild *child);

/* Kills and reaps it now, without calling done: for a program about to exit.  One that the kernel does not let die (a
 * disk or a file system hangs) is left to init after five seconds. */
void hl_child_abandon(HlChild *child);

/* Lets it run, without calling done: for a program about to exit, and a child that outlives it. */
void hl_child_leave(HlChild *child);

/* The first file of this name, whether it may be executed or not; caller frees, NULL: there is none. */
char *hl_exec_find(const char *program);

/* Why a program may not be started (EACCES) though its mode is not the cause, with the remedy, untranslated; NULL: its
 * mode is, or nothing is known. */
const char *hl_exec_denial(const char *program);

/* Runs to the end, blocking, output discarded unless output != NULL (caller frees).  For set-up commands, never in a
 * daemon's loop. */
bool hl_exec(const char *const *argv, char **output, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same with this program's own stdin, stdout and stderr, so that a person sees the output as it comes.  *status is
 * its exit status; false if it did not start, or was killed. */
bool hl_exec_shown(const char *const *argv, int *status, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
