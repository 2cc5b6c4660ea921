/* SPDX-License-Identifier: Apache-2.0 */
/* The judgements that server and PC share: facts in, findings out.  Pure.
 *
 * Texts in facts are borrowed; a list has n elements.  The finding's check is begun by the caller. */
#ifndef LIB_DOCTOR_JUDGE_H
#define LIB_DOCTOR_JUDGE_H

#include "lib/base/clock.h"
#include "lib/bus/cause.h"
#include "lib/doctor/finding.h"

/* Where the judgement is made: on the server what is the matter with the manager is among the findings, elsewhere
 * somebody has to look there. */
typedef enum { HL_ELSEWHERE, HL_AT_SERVER } HlJudgeAt;

typedef struct {
    const char *host;
    const char *problem; /* NULL: it resolves */
} HlNameFact;

void hl_judge_names(HlFindings *findings, const HlNameFact *names, gsize n);

/* host:port of a broker, after a connection and a TLS handshake. */
typedef struct {
    const char *place;
    HlCause cause;
    const char *sentence; /* of the cause */
    bool is_verified;     /* its certificate was looked at */
    bool by_proxy;        /* the connection is one to the proxy */
    bool is_here;         /* it is an address of this machine: no cable leads there */
} HlPlaceFact;

void hl_judge_places(HlFindings *findings, const HlPlaceFact *places, gsize n, HlJudgeAt at);

typedef struct {
    const char *url;
    const char *problem;    /* with the URL; NULL: it answered */
    HlErrorCode code;       /* of the problem */
    bool by_proxy;          /* as of a place */
    bool is_connected;      /* it did not answer as the front does, and yet something takes connections there */
    HlCause cause;          /* why nothing does; HL_CAUSE_NONE: something does, or it was not asked */
    long status;            /* HTTP */
    const char *said;       /* the first line of the body that says what is wrong; NULL: nothing is */
    HlTime server, machine; /* the clocks at the time of the answer, wall; server 0: it did not say */
} HlFrontFact;

void hl_judge_fronts(HlFindings *findings, const HlFrontFact *fronts, gsize n, HlJudgeAt at);

/* The clock of this machine beside that of the first front that says it. */
void hl_judge_clock(HlFindings *findings, const HlFrontFact *fronts, gsize n);

typedef struct {
    const char *what;    /* whose it is: "the server's certificate" */
    const char *path;    /* of the file */
    const char *problem; /* it cannot be read; NULL: it was read, or this user may not */
    bool is_hidden;      /* this user may not read it */
    HlTime begin, end;   /* wall */
    HlTime early;        /* warned of so long before its end */
    const char *remedy;  /* of its end */
} HlCertFact;

void hl_judge_certificates(HlFindings *findings, const HlCertFact *certificates, gsize n, HlTime now);

typedef struct {
    const char *path;
    const char *problem;        /* NULL: it was looked at */
    uint64_t size, free;        /* bytes */
    uint64_t files, files_free; /* 0: the file system does not count them */
    bool is_read_only;
    const char *unwritten; /* why nothing can be stored there all the same; NULL: it can, or was not tried */
} HlDiskFact;

void hl_judge_disks(HlFindings *findings, const HlDiskFact *disks, gsize n);

typedef struct {
    const char *program; /* as it is called */
    const char *package; /* that has it */
    const char *problem; /* NULL: it runs */
    const char *version; /* NULL: not one of ours */
} HlProgramFact;

/* own: this program's version, which the others have to have. */
void hl_judge_programs(HlFindings *findings, const HlProgramFact *programs, gsize n, const char *own);

#endif
