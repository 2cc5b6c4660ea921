/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers the facts that server and PC share (judge.h).  Nothing is changed and nothing is sent that would change
 * anything: names are resolved, TLS handshakes made, one page read.  Blocking, each probe for at most ten seconds; one
 * thread, with the default main context.
 *
 * Results own their texts, and the facts borrow them. */
#ifndef LIB_DOCTOR_PROBE_H
#define LIB_DOCTOR_PROBE_H

#include "lib/doctor/judge.h"
#include "lib/pki/cert.h"

/* A list of facts of one type, and the texts that they borrow. */
typedef struct {
    GArray *facts;
    GPtrArray *texts;
} HlFacts;

void hl_facts_init(HlFacts *facts, gsize size);
void hl_facts_clear(HlFacts *facts);

/* Keeps a text as long as the facts; NULL stays NULL. */
const char *hl_facts_keep(HlFacts *facts, char *text);

#define HL_FACTS(list, type) ((const type *)(gpointer)(list)->facts->data)

/* Adds an HlNameFact, one for each host of these brokers (host:port) and URLs that is not an address.  Each ends with
 * NULL. */
void hl_probe_names(HlFacts *names, const char *const *brokers, const char *const *urls);

/* How a TLS client makes itself known; paths of PEM files.  cert and key NULL: without a certificate; ca NULL: TLS is
 * not looked at. */
typedef struct {
    const char *ca, *cert, *key;
    const char *proxy; /* NULL or "": none */
} HlProbeIdentity;

/* Adds an HlPlaceFact, one for each broker. */
void hl_probe_places(HlFacts *places, const char *const *brokers, const HlProbeIdentity *identity);

/* The certificate that a broker (host:port) shows now, good or not.  NULL: *why, which the caller frees, says why there
 * is none; else that is NULL. */
HlCert *hl_probe_shown(const char *broker, const HlProbeIdentity *identity, char **why);

/* Adds an HlFrontFact, one for each URL: its health. */
void hl_probe_fronts(HlFacts *fronts, const char *const *urls, const HlProbeIdentity *identity);

/* Adds an HlProgramFact of the manager behind a URL, called program; nothing if it does not tell its version. */
void hl_probe_server_version(HlFacts *programs, const char *program, const char *url, const HlProbeIdentity *identity);

/* Adds an HlCertFact; what, early and remedy as given, borrowed. */
void hl_probe_certificate(HlFacts *certificates, const char *what, const char *path, HlTime early, const char *remedy);

/* Adds an HlDiskFact, unless one of the same file system is there.  A path that does not exist is passed over. */
void hl_probe_disk(HlFacts *disks, const char *path);

/* Adds an HlProgramFact: whether it is there (PATH, and the directories of system programs), and its version if it is
 * one of ours.  Both are borrowed.  OURS is run, so the caller has to trust who named it. */
typedef enum { HL_PROGRAM_OURS, HL_PROGRAM_FOREIGN } HlProgramKind;
void hl_probe_program(HlFacts *programs, const char *program, const char *package, HlProgramKind kind);

/* What every doctor looks at: HlNameFact, HlPlaceFact, HlFrontFact, HlCertFact, HlDiskFact, HlProgramFact. */
typedef struct {
    HlFacts names, places, fronts, certificates, disks, programs;
} HlDoctorFacts;

void hl_doctor_facts_init(HlDoctorFacts *facts);
void hl_doctor_facts_clear(HlDoctorFacts *facts);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HlFacts, hl_facts_clear)

#endif
