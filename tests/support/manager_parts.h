/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the manager without a process round them: a registry in a directory of its own, a bus in memory, a
 * writer, a clock and timeouts that the test drives (tests/support/bus_fake.h, writer_fake.h, clock_fake.h,
 * timer_fake.h). Dials are recorded, not made.  fsync does nothing: no test here is about power cuts.
 *
 * Nothing happens by itself.  What a part commits is pending until parts_commit; what it publishes is taken with
 * parts_take and parts_reply. */
#ifndef TESTS_SUPPORT_MANAGER_PARTS_H
#define TESTS_SUPPORT_MANAGER_PARTS_H

#include "manager/daemon/calls/access_calls.h"
#include "manager/daemon/calls/broker_calls.h"
#include "manager/daemon/calls/command_calls.h"
#include "manager/daemon/calls/detection_calls.h"
#include "manager/daemon/calls/endpoint_calls.h"
#include "manager/daemon/calls/group_calls.h"
#include "manager/daemon/calls/notification_calls.h"
#include "manager/daemon/calls/pattern_calls.h"
#include "manager/daemon/calls/rollout_calls.h"
#include "manager/daemon/calls/server_calls.h"
#include "manager/daemon/calls/trend_calls.h"
#include "manager/daemon/ground/loading.h"
#include "manager/daemon/state/ends.h"
#include "manager/daemon/state/floods.h"
#include "manager/daemon/state/timestamp.h"
#include "manager/daemon/state/witness.h"
#include "manager/daemon/work/arrivals.h"
#include "proto/wire.h"
#include "tests/support/bus_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/timer_fake.h"
#include "tests/support/writer_fake.h"

/* A dial that was ordered. */
typedef struct {
    char *endpoint, *address;
    uint16_t port;
    uint8_t tell;
    MgrLane lane;
    uint32_t generation;
} PartsDial;

void parts_dial_free(gpointer dial);

typedef struct {
    char *dir;
    MgrConf conf;
    MgrFleet fleet;
    HlWriter *writer; /* of record; borrowed */
    MgrRecord *record;
    HlDb *reader; /* of the first load, and of parts_load: it knows the schema, and has what a load asks prepared */
    const HlSigningKey *key; /* as in the file that the sealer has */
    MgrSealer *sealer;
    MgrDown *down;
    MgrGate *gate;
    MgrStatus *status;
    MgrWitness *witness;
    MgrPki *pki;
    MgrOwn *own;               /* ticks only when the test ticks it */
    guint renewed;             /* how often it renewed one */
    guint authorities_changed; /* counted by parts_authorities_changed */
    MgrDelivery *delivery;
    MgrLocation *location;
    MgrTracker *tracker;
    MgrConsole *console;
    MgrFloods *floods;
    MgrCommands *commands;
    MgrRollouts *rollouts; /* ticks only when the test ticks it */
    MgrTrend trend;        /* the same */
    MgrRenewals *renewals;
    MgrIntroductions *introductions;
    MgrFinds *finds;
    MgrReports *reports;
    MgrArrivals *arrivals;
    MgrBrokerCalls *broker_calls;
    HlBus *bus; /* of link, to the first broker; borrowed */
    MgrCalls *calls;
    MgrDispatch *dispatch;
    MgrGroupCalls *group_calls;
    MgrEndpointCalls *endpoint_calls;
    MgrCommandCalls *command_calls;
    MgrRolloutCalls *rollout_calls;
    MgrAccessCalls *access_calls;
    MgrPatterns *patterns;
    MgrTimestamp *timestamp;
    MgrNotifications *notifications; /* ticks only when the test ticks it */
    MgrEnds *ends;                   /* looks only when the test ticks it */
    MgrPatternCalls *pattern_calls;
    MgrDetectionCalls *detection_calls;
    MgrServerCalls *server_calls;
    MgrNotificationCalls *notification_calls;
    GPtrArray *dials;   /* PartsDial *, in order */
    bool dials_refused; /* the prober takes none */
    bool keeps_out;     /* the broker does not let the manager in under the names whose sessions it ends */
    bool gathers;       /* parts_deliver leaves the turn open: what follows is of the same one, until parts_commit */
    GPtrArray *replies; /* of parts_end_of */
} Parts;

/* A site with a group "office", an administrator "admin", and the link up. */
Parts *parts_new(void);

/* The same with so many managed brokers, all up.  What has no argument for it is about parts->bus, the first: a test
 * that wants another puts that there. */
Parts *parts_new_with(guint brokers);
HlBus *parts_bus(const Parts *parts, guint broker);

typedef struct {
    guint brokers; /* 0: 1 */
    bool
        peopled; /* an administrator "bob", a monitor "eye" and a console "web" have been made, and nobody told of it */
} PartsSite;
Parts *parts_new_of(const PartsSite *site);

/* Folds what is pending, and frees everything; the bus must not have anything left to hide. */
void parts_free(Parts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parts, parts_free)

/* A registered endpoint of "office", in registry and memory. */
MgrEndpoint *parts_add_endpoint(Parts *parts, const char *id);

/* New ones with "e-one", which has not come yet, and nothing told; parts_free. */
Parts *parts_new_with_endpoint(void);

/* A heartbeat of it that does not tell its clock. */
void parts_beat(Parts *parts, const char *id, uint64_t session, uint64_t seq);

MgrActual parts_actual(const Parts *parts, const char *id);

/* New ones with "e-one", on line, and nothing told of it; parts_free. */
Parts *parts_new_on_line(void);

/* Another group, made by the call: settings are the text of "key=value", or NULL. */
void parts_add_group(Parts *parts, const char *name, const char *setting);
/* Sets one "key=value" of a group, commits. */
void parts_set(Parts *parts, const char *group, const char *setting);

/* The registry as a restart would load it.  Clear with mgr_fleet_clear. */
void parts_load(Parts *parts, MgrFleet *fleet);

/* Fails the test unless a restart would find what memory has: groups, endpoints, open commands, tokens, certificates,
 * with their times. */
void parts_check_registry(Parts *parts);

/* Commits everything that is pending, and what follows from it; and the broker lets the manager in where it ends a
 * session.  Returns how many sets. */
guint parts_commit(Parts *parts);

/* All messages of endpoints: delivered on the topic as the broker would. */
void parts_deliver(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessage *message);
/* The same as the broker has kept it. */
void parts_deliver_retained(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessage *message);
void parts_birth(Parts *parts, const char *id, uint64_t session); /* boot "b-1", heartbeat 60 s */
void parts_will(Parts *parts, const char *id, uint64_t session);
/* A report with this number of spool "s-1"; the caller set its body. */
void parts_report(Parts *parts, const char *id, uint64_t seq, HlMsgReport *report);
/* The same about a command. */
void parts_report_command(Parts *parts, const char *id, uint64_t seq, const char *command, HlCommandState state);

/* The same of a file that a scheduled scan found. */
void parts_report_find(Parts *parts, const char *id, uint64_t seq, const char *path);

/* The oldest publication on the topic of this id, decoded; NULL: there is none.  Free with hl_wire_free. */
gpointer parts_take(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessageDescriptor *type);
/* The command that was sent to this endpoint, out of its envelope; NULL: none. */
HlMsgCommand *parts_take_command(Parts *parts, const char *id);

/* The endpoint comes on line and says that it has this document, and with which certificate; NULL: it does not say. */
void parts_born_with(Parts *parts, const char *id, uint64_t session, const HlMsgServerDocument *has,
                     const char *serial);

/* What succession_calls tells; user: Parts. */
void parts_authorities_changed(gpointer user);

/* An admin call: name, then pairs of argument and value, then NULL. */
void parts_call(Parts *parts, const char *name, ...) G_GNUC_NULL_TERMINATED;
/* The same in all its details. */
typedef struct {
    const char *admin;             /* NULL: "admin" */
    const char *name;              /* of the call */
    const char *const *arguments;  /* name, value, ..., NULL; NULL: none */
    const char *response_topic;    /* NULL: the admin's own; "": none */
    const char *correlation;       /* NULL: none */
    const char *session, *address; /* that a console adds; NULL: none */
    const char *once;              /* NULL: no key */
    const char *certificate;       /* serial of the one that it says it came with; NULL: it does not say */
    const char *shown;             /* that one, PEM; NULL: it is not shown */
    bool retained;
    bool idle;
    bool paces; /* it says what it has read of a list */
} PartsRequest;
void parts_request(Parts *parts, const PartsRequest *request);
/* Says that so many parts were read of the list that answers this correlation. */
void parts_read(Parts *parts, const char *admin, const char *correlation, guint read);
/* The same by "admin", or by the console "web" if it is a console's call; arguments as in PartsRequest. */
void parts_ask(Parts *parts, const char *name, const char *const *arguments, const char *correlation);
/* The next reply, decoded; NULL: none yet. */
HlMsgCallReply *parts_reply(Parts *parts);
/* The next reply has this code ("" for success); its document, to be decref'd. */
json_t *parts_expect_reply(Parts *parts, const char *code);

/* 'server rollover WHAT', which is answered with this code (""); force may be NULL. */
void parts_roll(Parts *parts, const char *what, const char *force, const char *code);
/* "STATE HOLDING/OF KEYS" of 'server rollover status'. */
void parts_expect_rollover(Parts *parts, const char *expected);

/* Takes every reply with this correlation (NULL: without one); the code of the last, "" for success, caller frees.
 * Fails the test unless exactly one of them is the last, and comes last.  NULL: none yet. */
char *parts_end_of(Parts *parts, const char *correlation);

/* As if the registry had never had it: nothing in the manager forgets a certificate. */
void parts_forget_certificate(Parts *parts, const char *serial);

/* A signing request as admin create takes it, in base64; and as it is.  Caller frees. */
#define PARTS_CSR "@csr" /* as an argument: a request with a key of its own for the name in the call, or the caller */
char *parts_make_csr_text_of(const char *name);
GBytes *parts_make_csr(void);

/* Ends the oldest recorded dial, which the endpoint answers or not. */
void parts_end_dial(Parts *parts, MgrReach reach);

/* The broker gives back what the manager asks itself. */
void parts_answer_echo(Parts *parts);

/* Seconds pass for the link, with a broker that answers. */
void parts_pass(Parts *parts, guint seconds);

/* Issues update-now for a selector and commits it; the command's id, caller frees. */
char *parts_issue(Parts *parts, const char *selector);

/* Everything that a call may wait for comes: the commit, the broker's reload, dials, the end of a watch. */
void parts_let_finish(Parts *parts);

/* Starts a roll-out to a selector, and its first turn; its id, caller frees. */
char *parts_start_rollout(Parts *parts, const char *selector);

#endif
