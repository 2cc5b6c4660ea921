/* SPDX-License-Identifier: Apache-2.0 */
/* A second look at a connection that failed without a reason: which of the causes is it?  paho has one word for most of
 * them.  In the order of cause.h: own certificate, name, TCP connection (or the proxy's answer), TLS with chain, dates
 * and names, and whether the broker accepts the own certificate.  Nothing of MQTT is sent, so a broker takes it for a
 * client that changed its mind.
 *
 * It runs in a thread of its own for at most ten seconds.  Neither in paho's nor on the loop: it waits. */
#ifndef LIB_BUS_DIAGNOSIS_H
#define LIB_BUS_DIAGNOSIS_H

#include "lib/base/mailbox.h"
#include "lib/bus/cause.h"
#include "lib/pki/cert.h"

typedef struct {
    const char *broker;                         /* host:port */
    const char *ca_path, *cert_path, *key_path; /* as in HlBusOptions */
    const char *proxy;                          /* as in HlBusOptions, or NULL */
    const char *said;                           /* the reason to be told if nothing is found */
} HlDiagnosisSpec;

typedef struct {
    guint64 number; /* as given at the start */
    HlCause cause;
    char *sentence;
    HlCert *shown; /* the certificate that the broker showed, good or not; NULL: it did not get so far */
} HlDiagnosisResult;

void hl_diagnosis_result_free(gpointer result);

typedef struct HlDiagnosis HlDiagnosis;

/* Copies the strings.  results takes one HlDiagnosisResult and outlives the diagnosis.  NULL when the system has no
 * thread or descriptor to spare. */
HlDiagnosis *hl_diagnosis_start(const HlDiagnosisSpec *spec, HlMailbox *results, guint64 number);

/* Ends it at once if it is under way.  Its result may be in the mailbox all the same. */
void hl_diagnosis_free(HlDiagnosis *diagnosis);

#endif
