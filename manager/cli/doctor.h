/* SPDX-License-Identifier: Apache-2.0 */
/* holdline doctor: what is known of a server, and what follows from it.
 *
 * Probes (doctor_probe.c) gather facts and change nothing; judgements (doctor_judge.c) are pure: facts in, findings
 * out.  The rows are in cmd_doctor.c.  What lib/doctor judges for PCs too is kept in its lists of facts. */
#ifndef MANAGER_CLI_DOCTOR_H
#define MANAGER_CLI_DOCTOR_H

#include "lib/base/cli.h"
#include "lib/base/proc.h"
#include "lib/doctor/probe.h"
#include "manager/core/conf.h"
#include "manager/core/ends.h"
#include "manager/core/signature_age.h"
#include "manager/site/check.h"

#define CLI_DOCTOR_PORTS (MGR_MAX_BROKERS + 1)

typedef struct {
    const char *what;   /* "the broker" */
    const char *option; /* that chooses it */
    uint16_t port;
    guint listeners;    /* how many processes listen there */
    HlListener another; /* one that is not of this site; pid 0 and no name: it is not seen */
    bool is_ours;       /* one of them is of this site */
    char *log;          /* file of a broker, which the manager starts again when it ends; NULL: it is none */
} CliPortFact;

/* Addresses that endpoints are told. */
typedef struct {
    char *group; /* whose line.brokers they are; NULL: those of the server, for all */
    char **brokers;
} CliToldFact;

/* A certificate of an account, monitor or console, or a role of the repository. */
typedef struct {
    MgrEndKind kind;
    char *name;      /* of the person or component; else "" */
    guint64 version; /* of a role's metadata; 0: of a certificate */
    HlTime begin, end;
} CliEndFact;

typedef enum {
    CLI_SITE_ABSENT, /* there is no such directory */
    CLI_SITE_HIDDEN, /* this user may not look into it */
    CLI_SITE_EMPTY,  /* nothing of a site is in it, as after the packages were installed */
    CLI_SITE_OPEN,
} CliSiteView;

typedef struct {
    HlTime now; /* wall */
    /* the site */
    char *dir;
    bool is_named; /* by --site: then it has to be there */
    CliSiteView view;
    char *owner;    /* of the directory; NULL: absent */
    GArray *checks; /* MgrSiteFinding, of mgr_site_check; texts are owned */
    MgrConf conf;   /* defaults if it cannot be read */
    bool has_conf;
    bool is_running; /* a manager holds the lock */
    bool is_fenced;  /* another manager of this site has ended the one here */
    CliPortFact ports[CLI_DOCTOR_PORTS];
    guint n_ports;
    HlTime alive; /* the latest time that a manager's clock said and that was believed, wall; 0: not known */
    /* its repository */
    bool has_repository, is_copy; /* is_copy: of another source */
    bool has_patterns;            /* files of any component but the program's */
    char *latest;                 /* its components (components.h); NULL: not known */
    HlTime signed_at, expires;    /* of its timestamp; 0: nothing is published; expires alone: it cannot be read */
    /* the way to it */
    char *client_path;    /* the client configuration; NULL: none */
    char *client_problem; /* it cannot be used; NULL: it can, or there is none */
    bool client_hidden;   /* this user may not read it */
    HlFacts client;       /* HlPlaceFact: where it leads, beside the addresses of the site */
    char **brokers, **urls;
    char *ca, *cert, *key; /* to knock with; NULL: nothing is known */
    GArray *told;          /* CliToldFact, owned; NULL: the server does not have several brokers, or it is not known */
    guint drained;         /* a bit for each broker that is not to run */
    GArray *ends;          /* CliEndFact, owned; NULL: not known */
    HlDoctorFacts facts;
} CliDoctor;

void cli_doctor_clear(CliDoctor *doctor);

/* In this order: a later probe uses what an earlier one found.  call: --site, --config. */
void cli_probe_site(CliDoctor *doctor, HlInvocation *call);
void cli_probe_manager(CliDoctor *doctor, HlInvocation *call);
void cli_probe_names(CliDoctor *doctor, HlInvocation *call);
void cli_probe_told(CliDoctor *doctor, HlInvocation *call);
void cli_probe_broker(CliDoctor *doctor, HlInvocation *call);
void cli_probe_front(CliDoctor *doctor, HlInvocation *call);
void cli_probe_certificates(CliDoctor *doctor, HlInvocation *call);
void cli_probe_disk(CliDoctor *doctor, HlInvocation *call);
void cli_probe_repository(CliDoctor *doctor, HlInvocation *call);
void cli_probe_versions(CliDoctor *doctor, HlInvocation *call);

void cli_judge_site(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_manager(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_names(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_told(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_broker(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_front(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_client(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_clock(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_certificates(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_disk(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_repository(const CliDoctor *doctor, HlFindings *findings);
void cli_judge_versions(const CliDoctor *doctor, HlFindings *findings);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliDoctor, cli_doctor_clear)

#endif
