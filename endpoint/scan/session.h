/* SPDX-License-Identifier: Apache-2.0 */
/* One scan, from the engine's first answer to the last line about it.
 *
 * What happens is printed on stdout, a JSON object a line:
 *     {"found": {path, size, sha256, uid, signature, component, action, detail}}
 *                                                                      EP_SESSION_TOLD of them, by shares.h
 *     {"kept": {path, size, sha256, uid, signature, action, detail}}   what the quarantine has from the last days: who
 * was killed between taking and telling, or had too many to tell, tells it now
 *     {"gap": {path, reason, why}}                                     a path that was not looked at; as many
 *     {"progress": {files, bytes, found, not_looked_at, gaps, path}}   once a second
 *     {"hung": true}                                                   the engine holds on to a file for ever
 *     {"end": {files, ..., untold, failed}}                            last; untold: finds that were not named; failed:
 * why none of it counts, or absent
 * Blocking; one thread. */
#ifndef ENDPOINT_SCAN_SESSION_H
#define ENDPOINT_SCAN_SESSION_H

#include "endpoint/scan/exam.h"
#include "endpoint/scan/quarantine.h"
#include "endpoint/scan/tally.h"
#include "endpoint/scan/walk.h"
#include "proto/exclude.h"

#define EP_SESSION_TOLD 1000

typedef struct EpSession EpSession;

/* All borrowed. */
typedef struct {
    const EpExamOptions *exam;
    HlTime patience;            /* for the engine to load its set */
    const HlExcludes *excludes; /* of hashes and signatures; NULL: none */
    const char *allowed;        /* file of hashes that were restored (allowed.h); NULL: none */
    const char *quarantine;     /* directory; NULL: finds are only reported */
    EpQuarantineBounds bounds;
    const char *scan;   /* its id */
    const char *places; /* where a scan without a single file has failed, for people; NULL: it has not */
    bool is_endless;    /* EP_SESSION_TOLD is for an hour */
} EpSessionOptions;

/* Waits for the engine, and tests it.  A failure is told by ep_session_end.  Never NULL. */
EpSession *ep_session_new(const EpSessionOptions *options);
void ep_session_free(EpSession *session);

/* Looks at a file.  false: the engine fails, and the scan ends. */
bool ep_session_file(EpSession *session, const EpWalkFile *file, EpLook *look);

void ep_session_gap(EpSession *session, const char *path, EpGap gap, const char *why);

/* The settings leave something out: neither looked at nor a gap, and said only where nothing else was there. */
void ep_session_left_out(EpSession *session);

/* A caller that may be idle for long calls it before that, and again after the time that it returns (G_MAXINT64: need
 * not): others wait for what the session has open. */
HlTime ep_session_rest(EpSession *session);

/* A line about something else; takes value. */
void ep_session_tell(const char *what, json_t *value);

/* Why nothing of it counts; NULL: so far it does. */
const char *ep_session_failure(const EpSession *session);

/* Tests the engine for the last time, and tells the end.  true: what was told counts. */
bool ep_session_end(EpSession *session);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpSession, ep_session_free)

#endif
