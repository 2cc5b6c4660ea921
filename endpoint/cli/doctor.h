/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-endpoint doctor: what is known of this machine and of its way to the server, and what follows from it.
 *
 * Probes (doctor_probe.c) gather facts and change nothing; judgements (doctor_judge.c) are pure: facts in, findings
 * out.  The rows are in doctor.c.  Findings are English; they are translated where they are shown. */
#ifndef ENDPOINT_CLI_DOCTOR_H
#define ENDPOINT_CLI_DOCTOR_H

#include "endpoint/cli/commands.h"
#include "lib/doctor/probe.h"

typedef enum {
    EP_IDENTITY_NONE, /* this machine is not enrolled */
    EP_IDENTITY_HIDDEN,
    EP_IDENTITY_UNUSABLE,
    EP_IDENTITY_USABLE,
} EpIdentityView;

typedef struct {
    HlTime now;  /* wall */
    EpConf conf; /* defaults if it cannot be read */
    char *conf_problem;
    GPtrArray *conf_doubles; /* sentences on keys that the file gives twice; NULL: not looked for */
    json_t *status;          /* what the daemon says of itself; NULL: it does not answer */
    char *silence;           /* why not */
    bool is_upgrading;       /* a helper replaces its program; as far as this user can see */
    EpIdentityView identity;
    char *identity_problem;
    char **brokers, **urls;
    char *ca, *pem; /* NULL: this user may not read them */
    char *patterns; /* "virus 2026112602, ..."; "": none */
    bool knows_patterns;
    bool has_scan_user; /* or a substitute that is there */
    char *profile;      /* AppArmor's, that keeps the engine from its patterns; NULL: there is none */
    HlDoctorFacts facts;
} EpDoctor;

void ep_doctor_clear(EpDoctor *doctor);

/* In this order: a later probe uses what an earlier one found. */
void ep_probe_configuration(EpDoctor *doctor, HlInvocation *call);
void ep_probe_daemon(EpDoctor *doctor, HlInvocation *call);
void ep_probe_enrolment(EpDoctor *doctor, HlInvocation *call);
void ep_probe_names(EpDoctor *doctor, HlInvocation *call);
void ep_probe_line(EpDoctor *doctor, HlInvocation *call);
void ep_probe_front(EpDoctor *doctor, HlInvocation *call);
void ep_probe_certificate(EpDoctor *doctor, HlInvocation *call);
void ep_probe_disk(EpDoctor *doctor, HlInvocation *call);
void ep_probe_patterns(EpDoctor *doctor, HlInvocation *call);
void ep_probe_scanner(EpDoctor *doctor, HlInvocation *call);
void ep_probe_versions(EpDoctor *doctor, HlInvocation *call);

void ep_judge_configuration(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_daemon(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_enrolment(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_names(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_line(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_front(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_clock(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_certificate(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_disk(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_patterns(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_scanner(const EpDoctor *doctor, HlFindings *findings);
void ep_judge_versions(const EpDoctor *doctor, HlFindings *findings);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EpDoctor, ep_doctor_clear)

#endif
