/* The fleet in memory: groups, endpoints, open commands, tokens, certificates.  A cache of the registry, owned by the
 * loop thread.
 *
 * What matters is changed in the registry first and here after the commit; only presence runs ahead (it is flushed once
 * a second and proves itself again from the line). */
#ifndef MANAGER_DAEMON_FLEET_H
#define MANAGER_DAEMON_FLEET_H

#include "manager/core/notify.h"
#include "manager/store/registry.h"
#include "proto/settings.h"

typedef struct MgrGroup MgrGroup;
typedef struct MgrEndpoint MgrEndpoint;
typedef struct MgrCommand MgrCommand;

struct MgrGroup {
    MgrGroupRecord record;
    HlSettings settings;
    GBytes *digest;
    guint members;
};

/* One endpoint's part of a command. */
typedef struct {
    MgrCommand *command;
    MgrEndpoint *endpoint; /* NULL once it was removed */
    MgrTargetRecord record;
    guint percent;
} MgrTarget;

struct MgrCommand {
    MgrCommandRecord record;
    GPtrArray *targets; /* MgrTarget *, owned */
    guint counts[16];   /* by CommandState */
    guint open;         /* targets that are not final */
    HlTime changed_mono;
};

struct MgrEndpoint {
    MgrEndpointRecord record;
    MgrGroup *group;
    GPtrArray *open_targets; /* MgrTarget *, borrowed, oldest first */
    uint64_t accepted_seq;   /* of reports: submitted to the writer, perhaps not committed */
    char *accepted_spool;
    uint64_t probe_nonce; /* of the probe under way; 0: none */
    HlTime probe_mono, echo_ms;
    HlTime skew;                           /* its clock against the server's, at the last birth or heartbeat */
    HlTime seen_told;                      /* last seen as the status topic says it */
    const char *reach_told, *verdict_told; /* names, as it said them; NULL: nothing yet */
    uint64_t refused, lost_heartbeats;
    MgrNotify notify;
    HlTime dialled_mono;
    bool presence_dirty, display_dirty, status_dirty, ack_due;
    bool started_anew;        /* it started while the manager did not listen: its next birth counts as announced */
    bool updated_by_schedule; /* the last update notification told of a scheduled update */
    bool removed;
};

typedef struct {
    GHashTable *groups;       /* name -> MgrGroup * */
    GHashTable *endpoints;    /* id -> MgrEndpoint * */
    GHashTable *commands;     /* id -> MgrCommand *, open ones */
    GHashTable *tokens;       /* id -> MgrTokenRecord * */
    GHashTable *certificates; /* serial -> MgrCertificateRecord * */
    int64_t next_number;
    uint64_t settings_counter, epoch, crl, alive, verified;
    guint online; /* Online or Stale */
    char *latest; /* pattern versions of the server's repository, proto/components.h */
} MgrFleet;

bool mgr_fleet_load(MgrFleet *fleet, HlDb *db, GError **error);
void mgr_fleet_clear(MgrFleet *fleet);

MgrGroup *mgr_fleet_add_group(MgrFleet *fleet, MgrGroupRecord *record); /* takes the record's contents */
/* Takes over the contents of a record whose name exists already. */
void mgr_group_update(MgrGroup *group, MgrGroupRecord *record);
MgrEndpoint *mgr_fleet_add_endpoint(MgrFleet *fleet, MgrEndpointRecord *record);
void mgr_fleet_remove_endpoint(MgrFleet *fleet, MgrEndpoint *endpoint);
void mgr_endpoint_set_group(MgrEndpoint *endpoint, MgrGroup *group, uint64_t counter);

MgrCommand *mgr_fleet_add_command(MgrFleet *fleet, MgrCommandRecord *record);
MgrTarget *mgr_fleet_add_target(MgrFleet *fleet, MgrTargetRecord *record);
/* Moves a target; true when it was the last open one of its command, which is then to be dropped from the fleet. */
bool mgr_target_move(MgrTarget *target, int state, HlTime now);
void mgr_fleet_drop_command(MgrFleet *fleet, MgrCommand *command);
MgrTarget *mgr_endpoint_find_target(const MgrEndpoint *endpoint, const char *command);

/* HL_ERROR_NOT_FOUND with the name in the message. */
MgrGroup *mgr_fleet_find_group(const MgrFleet *fleet, const char *name, GError **error);
/* By id, or by host name if only one has it (HL_ERROR_CONFLICT otherwise, naming the ids). */
MgrEndpoint *mgr_fleet_find_endpoint(const MgrFleet *fleet, const char *name, GError **error);

/* id, host name, @group, all, outdated; several joined by commas.  Endpoints sorted by id, each once; NULL with
 * HL_ERROR_NOT_FOUND when nothing fits. */
GPtrArray *mgr_fleet_select(const MgrFleet *fleet, const char *selector, GError **error);

/* The same for those who only look: an empty array when nothing fits, NULL for a name that does not exist. */
GPtrArray *mgr_fleet_filter(const MgrFleet *fleet, const char *selector, GError **error);

/* A snapshot of a table's values, to go through them while they change; free with g_ptr_array_unref. */
GPtrArray *mgr_fleet_values(GHashTable *table);

/* All endpoints or groups, sorted by id or name; free with g_ptr_array_unref. */
GPtrArray *mgr_fleet_sorted_endpoints(const MgrFleet *fleet);
GPtrArray *mgr_fleet_sorted_groups(const MgrFleet *fleet);

/* What the endpoint shall have: the counter that orders saves and moves. */
uint64_t mgr_endpoint_desired_counter(const MgrEndpoint *endpoint);
bool mgr_endpoint_has_desired(const MgrEndpoint *endpoint);
/* Whether a component that its scan method takes is older than in, or missing against, "name=version ..."; against the
 * repository. */
bool mgr_endpoint_is_behind(const MgrEndpoint *endpoint, const char *versions);
bool mgr_endpoint_is_outdated(const MgrFleet *fleet, const MgrEndpoint *endpoint);
bool mgr_endpoint_is_up(const MgrEndpoint *endpoint); /* Online or Stale */

#endif
