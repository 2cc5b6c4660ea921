/* SPDX-License-Identifier: Apache-2.0 */
/* The status topics: JSON that monitoring reads.  Written by the manager alone, from the fleet, coalesced.
 *
 * Not a judge of anything: what the documents say was decided elsewhere. */
#ifndef MANAGER_DAEMON_STATE_STATUS_H
#define MANAGER_DAEMON_STATE_STATUS_H

#include "lib/base/json.h"
#include "manager/core/conf.h"
#include "manager/daemon/ground/down.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/state/sums.h"

typedef struct MgrStatus MgrStatus;

typedef struct {
    MgrFleet *fleet;
    MgrDown *down;
    const MgrConf *conf; /* enrolment.grace */
} MgrStatusOptions;

MgrStatus *mgr_status_new(const MgrStatusOptions *options);
void mgr_status_free(MgrStatus *status);

/* Counts changes since the start.  A document has the count of its own last change, and the manager's epoch: of two
 * about one endpoint the one with the higher epoch, and then the higher revision, is the later one. */
uint64_t mgr_status_revision(const MgrStatus *status);

/* Has the endpoint's topic (and the summary) written soon. */
void mgr_status_touch(MgrStatus *status, MgrEndpoint *endpoint);

/* The same where all that may have changed of it are its open commands: it is written two seconds later, and not at all
 * if there are as many again by then. */
void mgr_status_touch_commands(MgrStatus *status, MgrEndpoint *endpoint);

/* Everything: after the broker came back, perhaps without its memory. */
void mgr_status_touch_all(MgrStatus *status);

/* The endpoint is about to be removed from the fleet. */
void mgr_status_forget(MgrStatus *status, MgrEndpoint *endpoint);

/* Whether the server cannot hear its endpoints; told in the summary. */
void mgr_status_set_blind(MgrStatus *status, bool blind);

/* What the summary tells of the pattern repository's signature; takes the document. */
void mgr_status_set_repository(MgrStatus *status, json_t *repository);

/* What ends soon, the soonest first, each with "kind", "name", "end", "state" and "remedy"; takes the array.  Of it the
 * summary tells each reader the first twenty that mgr_end_sight lets them see. */
void mgr_status_set_ends(MgrStatus *status, json_t *ends);

/* Roll-outs that have halted, each with "id" and the "groups" of its members; takes the array.  Of them the summary
 * tells each reader those that are there for them. */
void mgr_status_set_halted(MgrStatus *status, json_t *halted);

/* What is wrong with the server itself, in words that name the thing and the remedy. */
typedef enum {
    MGR_PROBLEM_BROKER_RELOAD,  /* telling an external broker */
    MGR_PROBLEM_BROKER_SPLIT,   /* the addresses of one */
    MGR_PROBLEM_BROKER_REFUSED, /* it refuses the manager a subscription */
    MGR_PROBLEM_BROKER_AWAY,    /* which of several; not: all */
    MGR_PROBLEM_BROKER_DRAINED, /* which of several: by somebody, who may have forgotten */
    MGR_PROBLEM_BROKER_HUNG,    /* a managed one did within the last hour, or ended again and again */
    MGR_PROBLEM_NOTIFICATIONS,  /* telling people */
    MGR_PROBLEM_DISK,           /* the site's is full, or will be */
    MGR_PROBLEM_REPOSITORY,     /* files of the pattern repository are missing */
    MGR_PROBLEM_PATTERNS_OLD,   /* it has had no new ones for long */
    MGR_PROBLEM_CLOCK,          /* behind what it was */
    MGR_PROBLEM_AUDIT,          /* its log is not what was written */
    MGR_PROBLEMS
} MgrProblem;

/* "broker_reload", as the summary's member is named. */
const char *mgr_problem_name(MgrProblem problem);

/* The summary tells it; NULL: nothing is wrong with that. */
void mgr_status_set_problem(MgrStatus *status, MgrProblem problem, const char *text);

/* What is told of the server, for those who tell others; borrowed. */
typedef struct {
    bool blind;
    const char *problems[MGR_PROBLEMS]; /* NULL: nothing is wrong with that */
    const json_t *ends;
} MgrStatusView;

MgrStatusView mgr_status_view(const MgrStatus *status);

/* Writes what was touched, part of it per turn.  Called some fifty times a second, either of the two. */
void mgr_status_flush(MgrStatus *status);
/* Something that endpoints wait for goes out, and is likely to change what is written here: documents are put off until
 * it has gone, for a second at most. */
void mgr_status_yield(MgrStatus *status);

/* A line of status/event. */
void mgr_status_event(MgrStatus *status, const MgrEndpoint *endpoint, const char *what, const char *from,
                      const char *to, const char *reason);

/* The same with members of its own; takes more. */
void mgr_status_tell(MgrStatus *status, const MgrEndpoint *endpoint, const char *what, const char *to,
                     const char *reason, json_t *more);

/* The one that tells consoles to ask again who may do what, and nobody anything else. */
#define MGR_EVENT_ACCOUNT "account"

/* The same about the server itself: no id, no host. */
void mgr_status_server_event(MgrStatus *status, const char *what, const char *from, const char *to, const char *reason);

/* The last ones since the start, of all groups, the newest first, without MGR_EVENT_ACCOUNT: for who was not there. */
json_t *mgr_status_events(const MgrStatus *status);

/* What it tells of the audit log's end; takes the document. */
void mgr_status_set_audit(MgrStatus *status, json_t *audit);

/* As was set. */
bool mgr_status_is_blind(const MgrStatus *status);

/* How many endpoints there are, without those that were removed; *online of them are. */
guint mgr_status_count(const MgrStatus *status, guint *online);

/* From now on group->totals is what the members of each group come to; the price is that of what was touched. */
void mgr_status_recount(const MgrStatus *status);

/* How many of a group have which settings; the price is that of what was touched. */
MgrGroupSums mgr_status_of_group(const MgrStatus *status, const MgrGroup *group);

/* How many endpoints were looked at since the start to write summaries: as many as were touched, however large the
 * fleet is. */
uint64_t mgr_status_looks(const MgrStatus *status);

/* The document of an endpoint as JSON text: what a list is made of.  Caller frees; NULL: mgr_endpoint_document_print.
 */
char *mgr_status_endpoint_print(const MgrStatus *status, const MgrEndpoint *endpoint);
/* The documents as trees, for those who add to them or keep them: a parse costs five times the text.  To be decref'd.
 * The summary is of what is there for the caller (NULL: for the manager), counted again. */
json_t *mgr_status_endpoint(const MgrStatus *status, const MgrEndpoint *endpoint);
json_t *mgr_status_summary(const MgrStatus *status, const MgrCaller *caller);

/* The same of these endpoints alone, ids of char *: what a selector took, so that its counts are of what it lists.
 * What is the server's (repository, ends, broker) is in it all the same. */
json_t *mgr_status_summary_of(const MgrStatus *status, const MgrCaller *caller, const GPtrArray *ids);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrStatus, mgr_status_free)

#endif
