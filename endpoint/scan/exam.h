/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at files through an engine that may be lying.
 *
 * clamd answers "OK" for an infected file when it cannot write to its temporary directory, and only its log says so. So
 * a clean answer counts only if the log shows no error since the question (but for those of files that change while
 * they are read, if this one did not), and a whole scan only if the engine finds a
 * known test file before, between and after its files.  Blocking; one thread. */
#ifndef ENDPOINT_SCAN_EXAM_H
#define ENDPOINT_SCAN_EXAM_H

#include "endpoint/scan/look.h"
#include "lib/base/clock.h"

typedef struct {
    char *socket, *test_file, *log; /* paths */
    char *database;                 /* directory that the engine has loaded */
    HlTime max_time;                /* for one file */
    guint64 max_size;               /* bytes; larger files are not even shown to the engine */
} EpExamOptions;

typedef struct EpExam EpExam;

/* Options are borrowed.  HL_ERROR_IO: test file or log cannot be opened.  NULL on failure. */
EpExam *ep_exam_new(const EpExamOptions *options, GError **error);
void ep_exam_free(EpExam *exam);

/* Whether the engine finds what it must find.  HL_ERROR_UNAVAILABLE with what it said instead. */
bool ep_exam_test(EpExam *exam, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* fd is open for reading and stays open; size as fstat says. */
EpLook ep_exam_look(EpExam *exam, int fd, guint64 size);

/* The engine did not answer in time at the last look, and holds a thread on it for ever. */
bool ep_exam_is_hung(const EpExam *exam);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpExam, ep_exam_free)

#endif
