/* The parts of the manager without a process round them: a registry in a directory of its own, a bus in memory, a
 * writer and a clock that the test drives (lib/bus/bus_fake.h, writer_fake.h, clock_fake.h).  Dials are recorded, not
 * made.
 *
 * Nothing happens by itself.  What a part commits is pending until parts_commit; what it publishes is taken with
 * parts_take and parts_reply. */
#ifndef TESTS_SUPPORT_MANAGER_PARTS_H
#define TESTS_SUPPORT_MANAGER_PARTS_H

#include "lib/bus/bus_fake.h"
#include "manager/daemon/calls/access_calls.h"
#include "manager/daemon/calls/command_calls.h"
#include "manager/daemon/calls/endpoint_calls.h"
#include "manager/daemon/calls/group_calls.h"
#include "manager/daemon/work/link.h"
#include "proto/wire.h"
#include "tests/support/clock_fake.h"
#include "tests/support/writer_fake.h"

typedef struct {
    char *dir;
    MgrConf conf;
    MgrFleet fleet;
    HlWriter *writer; /* of record; borrowed */
    MgrRecord *record;
    HlSigningKey *key;
    MgrDown *down;
    MgrStatus *status;
    MgrPki *pki;
    MgrDelivery *delivery;
    MgrTracker *tracker;
    MgrConsole *console;
    MgrCommands *commands;
    MgrRenewals *renewals;
    MgrReports *reports;
    MgrLink *link;
    HlBus *bus; /* of link; borrowed */
    MgrCalls *calls;
    MgrDispatch *dispatch;
    MgrGroupCalls *group_calls;
    MgrEndpointCalls *endpoint_calls;
    MgrCommandCalls *command_calls;
    MgrAccessCalls *access_calls;
    GPtrArray *dials; /* ids, in order */
    guint call_number;
} Parts;

/* A site with a group "office", an administrator "admin", and the link up. */
Parts *parts_new(void);

/* Folds what is pending, and frees everything; the bus must not have anything left to hide. */
void parts_free(Parts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parts, parts_free)

/* A registered endpoint of "office", in registry and memory. */
MgrEndpoint *parts_add_endpoint(Parts *parts, const char *id);

/* The registry as a restart would load it.  Clear with mgr_fleet_clear. */
void parts_load(Parts *parts, MgrFleet *fleet);

/* Fails the test unless a restart would find what memory has: groups, endpoints, open commands, tokens, certificates,
 * with their times. */
void parts_check_registry(Parts *parts);

/* Commits everything that is pending, and what follows from it; returns how many sets. */
guint parts_commit(Parts *parts);

/* All messages of endpoints: delivered on the topic as the broker would. */
void parts_deliver(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessage *message);
void parts_birth(Parts *parts, const char *id, uint64_t session); /* boot "b-1", heartbeat 60 s */
void parts_will(Parts *parts, const char *id, uint64_t session);
/* A report with this number of spool "s-1" about a command. */
void parts_report_command(Parts *parts, const char *id, uint64_t seq, const char *command, HlCommandState state);

/* The oldest publication on the topic of this id, decoded; NULL: there is none.  Free with hl_wire_free. */
gpointer parts_take(Parts *parts, HlTopic topic, const char *id, const ProtobufCMessageDescriptor *type);
/* The command that was sent to this endpoint, out of its envelope; NULL: none. */
HlMsgCommand *parts_take_command(Parts *parts, const char *id);

/* An admin call: name, then pairs of argument and value, then NULL. */
void parts_call(Parts *parts, const char *name, ...) G_GNUC_NULL_TERMINATED;
/* The next reply, decoded; NULL: none yet. */
HlMsgCallReply *parts_reply(Parts *parts);
/* The next reply has this code ("" for success); its document, to be decref'd. */
json_t *parts_expect_reply(Parts *parts, const char *code);

/* Issues update-now for a selector and commits it; the command's id, caller frees. */
char *parts_issue(Parts *parts, const char *selector);

#endif
