/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet in memory: groups, endpoints, open commands, tokens, certificates, accounts.  A cache of the registry,
 * owned by the loop thread.
 *
 * What matters is changed in the registry first and here after the commit (record.h); only presence runs ahead: it is
 * flushed once a second and proves itself again from the line.  Pointers are valid until the loop runs other work:
 * code that waits for a commit keeps the name, and looks it up again. */
#ifndef MANAGER_DAEMON_GROUND_FLEET_H
#define MANAGER_DAEMON_GROUND_FLEET_H

#include <string.h>

#include "lib/base/by_text.h"
#include "lib/base/common.h"
#include "lib/base/in_order.h"
#include "manager/core/agenda.h"
#include "manager/core/conf.h"
#include "manager/core/herd.h"
#include "manager/core/verdict.h"
#include "manager/daemon/ground/accounts.h"
#include "manager/daemon/ground/contact.h"
#include "manager/daemon/ground/group.h"
#include "manager/daemon/ground/machines.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/ground/places.h"
#include "manager/store/detections.h"
#include "manager/store/registry.h"

typedef struct MgrEndpoint MgrEndpoint;
typedef struct MgrCommand MgrCommand;

/* One endpoint's part of a command. */
typedef struct MgrTarget MgrTarget;
struct MgrTarget {
    MgrCommand *command;
    MgrEndpoint *endpoint;  /* NULL once it was removed */
    MgrTarget *next_open;   /* mgr_endpoint_next_target; NULL: it is not among its endpoint's open ones */
    MgrTargetRecord record; /* its ids are no blocks of their own (ground/targets.c) */
    uint8_t percent;
    bool sending;  /* queued, and that it is sent is being written: it may have left before the registry knows */
    bool outgoing; /* written as sent, and in delivery's queue: it has not left */
    bool held;     /* for its group's maintenance window, until it is let go (ground/windows.h) */
    bool let_go;   /* it was, in a window since the start: one that was away in it is not waited for again */
};

struct MgrCommand {
    MgrCommandRecord record;
    GPtrArray *targets; /* MgrTarget *, owned */
    guint counts[HL_N_STATES];
    guint open;     /* targets that are not final */
    guint attached; /* the first so many are among the open ones of their endpoints, or final: all, but for a moment */
    MgrNow known;   /* since when it is in memory: its end is not believed to a clock that was set ahead after that */
};

/* What is registered, and beside it what each part keeps of it. */
struct MgrEndpoint {
    MgrEndpointRecord record;
    MgrGroup *group;
    MgrCertificateRecord *certificates; /* the first of its own, borrowed: mgr_fleet_certificates_of */
    MgrTarget *last_target; /* of its open ones, borrowed, in a ring: mgr_endpoint_first_target; NULL: there are none */
    MgrFindings *findings;  /* NULL: nothing was told of a scan or a find */

    MgrContact *contact; /* NULL: nothing happened with it since the start; mgr_endpoint_contact */

    MgrTally tally; /* sums */

    uint64_t revision; /* status: of its document (mgr_status_revision) */

    /* due: since when the number of its open commands waits for a document, and how many are in the one that was
     * written last, and one more (0: none was) */
    HlTime status_mono;
    guint status_open;

    guint presence_turn, display_turn; /* places in the fleet's agendas */

    uint8_t broker;            /* link: number of the one where its present session was heard, or MGR_BROKER_UNKNOWN */
    unsigned unwritten : 2;    /* MgrUnwritten, tracker: differs from the registry */
    unsigned reach_told : 3;   /* status: MgrReach, and one more, as the topic says it; 0: it says nothing yet */
    unsigned verdict_told : 3; /* the same of MgrVerdict */
    bool takes_batches : 1;    /* link, for letters: its last birth says so, also as the broker kept it */
    bool is_withdrawn : 1;     /* link: it does not, and what the broker kept of before is withdrawn */
    bool ack_due : 1;          /* notices: in the queue */
    bool regroup_due : 1;      /* delivery: settings are part of what goes in slices */
    bool missing_due : 1;      /* delivery: all that it lacks goes in a slice */
    bool reissuing : 1;        /* applied: its document is being stored under a number of its own, and sent only then */
    bool status_dirty : 1;     /* due: its document is to be written */
    bool status_whole : 1;     /* due: and for more than the number of open commands */
    bool status_counted : 1;   /* due: their number waits */
    bool status_round : 1;     /* due: its turn in the round through all is still to come */
    bool restarted_unheard : 1; /* link: it started while the manager did not listen: its next birth counts as announced
                                 */
    bool is_stranger : 1;       /* link: it connects with a certificate that is not in the registry */
    bool borrows_id : 1, borrows_serial : 1; /* record.id and serial are texts of a certificate of the fleet */
    bool is_left_behind : 1;                 /* holders: its certificate is of an authority that has ended */
    bool updated_by_schedule : 1;            /* link: the last update notification told of a scheduled update */
};

G_STATIC_ASSERT(MGR_REACH_N < 8 && MGR_VERDICT_N < 8); /* reach_told, verdict_told */

typedef struct {
    GHashTable *groups;       /* name -> MgrGroup * */
    GHashTable *endpoints;    /* MgrEndpoint * by id: lib/base/by_text.h */
    HlInOrder in_order;       /* the same, to go through them by id, a piece at a time */
    GHashTable *commands;     /* id -> MgrCommand *, open ones */
    GPtrArray *unattached;    /* MgrCommand * with targets that are not: being made, or in the table */
    GHashTable *tokens;       /* id -> MgrTokenRecord * */
    GHashTable *certificates; /* MgrCertificateRecord * by serial: lib/base/by_text.h */
    GHashTable *named;        /* serial -> of them those of anybody but an endpoint; borrowed */
    GHashTable *names;        /* name that is no endpoint's -> the first of its certificates; borrowed */
    GHashTable *accounts;     /* accounts.h */
    MgrPlaces places;
    MgrMachines machines;      /* of the endpoints; changed with mgr_registration_set_machine */
    MgrAgenda presence_agenda; /* tracker: who falls silent when */
    MgrAgenda display_agenda;  /* console state: whose time brings something there */
    GPtrArray *unwritten;      /* MgrEndpoint *: mgr_fleet_note_unwritten */
    int64_t next_number;
    uint64_t settings_counter, epoch, crl, alive, verified;
    MgrNow lived;           /* what was believed when this was loaded: mgr_fleet_believed; wall 0: nothing is known */
    MgrNow mark;            /* mgr_now_mark; its owner is state/clock */
    uint64_t named_changes; /* grows with changes of certificates of anybody but endpoints, and of accounts */
    uint64_t revocations;   /* certificates that were revoked since the start */
    uint64_t disablings;    /* accounts that were disabled since then */
    guint online;           /* Online or Stale */
    uint64_t connects;      /* births over new lines since the start */
    guint n_brokers;        /* lines: of the site */
    MgrHerd herd;           /* pacing: what a connect costs the broker */
    uint64_t open_detections;
    guint infected, scans_failed; /* endpoints with open detections, and those whose last scan failed */
    const HlTime *grace; /* enrolment.grace, for those who ask until when an endpoint may come back; NULL: none */
    char *latest;        /* pattern versions of the server's repository, proto/components.h */
    char *program;       /* the version of the program that it offers; "": none */
} MgrFleet;

/* No later than the wall, and no later than what can be believed of it (mgr_now_caught_up): for what is lost when it
 * has ended. */
static inline HlTime mgr_fleet_believed(const MgrFleet *fleet)
{
    return fleet->lived.wall != 0 ? mgr_now_caught_up(fleet->lived, mgr_now()) : hl_clock_wall();
}

/* The time of what is issued and recorded now: the wall, and while that is behind, what it would be (mgr_now_latest).
 */
static inline HlTime mgr_fleet_latest(const MgrFleet *fleet)
{
    return mgr_now_latest(fleet->mark, mgr_now());
}

/* An empty one, of nothing but zeroes; loading.h fills it. */
void mgr_fleet_init(MgrFleet *fleet);
void mgr_fleet_clear(MgrFleet *fleet);

/* All mgr_fleet_add_* and _put_* take the record's contents and leave it empty. */

/* A new group, or new contents of the one of that name. */
MgrGroup *mgr_fleet_put_group(MgrFleet *fleet, MgrGroupRecord *record);
/* With its tokens; it has no members. */
void mgr_fleet_remove_group(MgrFleet *fleet, const char *name);

/* The group exists. */
MgrEndpoint *mgr_fleet_add_endpoint(MgrFleet *fleet, MgrEndpointRecord *record);
/* The same at a start: all are put in order together, when they are there. */
MgrEndpoint *mgr_fleet_load_endpoint(MgrFleet *fleet, MgrEndpointRecord *record);
/* Parts that queue endpoints were told before (mgr_status_forget, mgr_delivery_forget). */
void mgr_fleet_remove_endpoint(MgrFleet *fleet, MgrEndpoint *endpoint);
void mgr_endpoint_set_group(MgrEndpoint *endpoint, MgrGroup *group, uint64_t counter);
/* Its applied digest was set: where it is the group's, as it nearly always is, or the one that others still have, it
 * is kept once. */
void mgr_endpoint_share_digest(MgrEndpoint *endpoint);
/* Its group was saved: memory's half of mgr_write_members_outrun. */
void mgr_endpoint_outrun(MgrEndpoint *endpoint);
/* One of the fleet. */
void mgr_endpoint_set_certificate(MgrEndpoint *endpoint, const MgrCertificateRecord *certificate);

const MgrTokenRecord *mgr_fleet_add_token(MgrFleet *fleet, MgrTokenRecord *record);
/* None is removed while the fleet is there: the endpoint whose certificate it is borrows id and serial of it. */
const MgrCertificateRecord *mgr_fleet_add_certificate(MgrFleet *fleet, MgrCertificateRecord *record);
/* NULL: it is not in the registry. */
static inline MgrCertificateRecord *mgr_fleet_certificate(const MgrFleet *fleet, const char *serial)
{
    return hl_by_text_find(fleet->certificates, serial);
}
/* The first of them, on to the others by next; also revoked ones; borrowed, NULL: there are none. */
MgrCertificateRecord *mgr_fleet_certificates_of(const MgrFleet *fleet, const char *name);
/* What a certificate of a name is good for now; the first that is true counts. */
typedef enum {
    MGR_CERTIFICATE_REVOKED,
    MGR_CERTIFICATE_EXPIRED,
    MGR_CERTIFICATE_AUTHORITY_ENDED, /* it opens nothing, whenever it ends */
    MGR_CERTIFICATE_RENEWAL_DUE,     /* in the last third of its life: what uses it renews it */
    MGR_CERTIFICATE_VALID,
    MGR_CERTIFICATE_N,
} MgrCertificateState;
MgrCertificateState mgr_fleet_certificate_state(const MgrFleet *fleet, const MgrCertificateRecord *certificate);
/* "revoked", "expired", "authority-ended", "renewal-due", "valid". */
const char *mgr_certificate_state_name(MgrCertificateState state);
/* Whether there ever was a certificate of this name, revoked or not. */
static inline bool mgr_fleet_knows_name(const MgrFleet *fleet, const char *name)
{
    return mgr_fleet_certificates_of(fleet, name) != NULL;
}
/* Whether a certificate of this name and kind (NULL: any) is not revoked. */
bool mgr_fleet_has_live_name(const MgrFleet *fleet, const char *name, const char *kind);
/* Whether somebody may come under this name: such a certificate is not revoked, or it is an account's that has none
 * here, and so one of after a backup that was restored (state/strangers.h). */
bool mgr_fleet_may_come(const MgrFleet *fleet, const char *name);

/* Its open targets, from the oldest; NULL: that was the last.  They are chained to each other: a command for a million
 * endpoints takes no million arrays. */
static inline MgrTarget *mgr_endpoint_first_target(const MgrEndpoint *endpoint)
{
    return endpoint->last_target != NULL ? endpoint->last_target->next_open : NULL;
}
static inline MgrTarget *mgr_endpoint_next_target(const MgrEndpoint *endpoint, const MgrTarget *target)
{
    return target != endpoint->last_target ? target->next_open : NULL;
}
guint mgr_endpoint_count_targets(const MgrEndpoint *endpoint);
/* Among them, and out again. */
void mgr_endpoint_put_target(MgrEndpoint *endpoint, MgrTarget *target);
void mgr_endpoint_drop_target(MgrEndpoint *endpoint, MgrTarget *target);
/* With its targets. */
void mgr_command_free(gpointer command);
/* Whether its endpoint is there for the caller (NULL: for the manager). */
bool mgr_target_is_seen(const MgrTarget *target, const MgrCaller *caller);
/* Among the open ones. */
MgrTarget *mgr_endpoint_find_target(const MgrEndpoint *endpoint, const char *command);

/* NULL when there is none. */
MgrGroup *mgr_fleet_group(const MgrFleet *fleet, const char *name);
MgrEndpoint *mgr_fleet_endpoint(const MgrFleet *fleet, const char *id);
/* The one that enrolled with this machine fingerprint. */
MgrEndpoint *mgr_fleet_machine(const MgrFleet *fleet, const char *fingerprint);
MgrCommand *mgr_fleet_command(const MgrFleet *fleet, const char *id);
/* Also one that has ended, of a command that is open elsewhere. */
MgrTarget *mgr_fleet_target(const MgrFleet *fleet, const char *command, const char *endpoint);
MgrTokenRecord *mgr_fleet_token(const MgrFleet *fleet, const char *id);

/* What the registry has of its scans and finds now; copied. */
void mgr_fleet_set_findings(MgrFleet *fleet, MgrEndpoint *endpoint, const MgrFindings *findings);
/* Never NULL. */
const MgrFindings *mgr_endpoint_findings(const MgrEndpoint *endpoint);

/* A snapshot of a table's values, to go through them while they change; free with g_ptr_array_unref. */
GPtrArray *mgr_fleet_values(GHashTable *table);

/* Of MgrEndpoint * by id, for g_ptr_array_sort. */
int mgr_endpoint_compare(gconstpointer a, gconstpointer b);

/* All endpoints or groups, sorted by id or name; free with g_ptr_array_unref. */
GPtrArray *mgr_fleet_sorted_endpoints(const MgrFleet *fleet);
GPtrArray *mgr_fleet_sorted_groups(const MgrFleet *fleet);

/* The number of a save or move; the caller writes it with mgr_write_counter. */
uint64_t mgr_fleet_next_counter(MgrFleet *fleet);
extern const MgrContact mgr_endpoint_no_contact; /* all zero */
/* What happened with it since the start, to read; never NULL. */
static inline const MgrContact *mgr_endpoint_contact(const MgrEndpoint *endpoint)
{
    return endpoint->contact != NULL ? endpoint->contact : &mgr_endpoint_no_contact;
}
/* The same to change: from now on it has one. */
static inline MgrContact *mgr_endpoint_make_contact(MgrEndpoint *endpoint)
{
    if (endpoint->contact == NULL)
        endpoint->contact = g_new0(MgrContact, 1);
    return endpoint->contact;
}

/* The last one that was taken: that of the registry, or one on its way there.  Borrowed. */
MgrAccepted mgr_endpoint_accepted(const MgrEndpoint *endpoint);
/* Whether a report of it is on its way through the writer: it may say how one of its commands ended. */
static inline bool mgr_endpoint_is_reporting(const MgrEndpoint *endpoint)
{
    MgrAccepted accepted = mgr_endpoint_accepted(endpoint);

    return accepted.seq != endpoint->record.report_seq || strcmp(accepted.spool, endpoint->record.spool) != 0;
}
/* The settings that the endpoint should have: those of its group, or the ones on trial there (group.h). */
static inline MgrGroup *mgr_endpoint_terms(const MgrEndpoint *endpoint)
{
    return mgr_group_terms(endpoint->group, endpoint->record.id);
}
/* Which document of them: the counter that orders saves and moves. */
uint64_t mgr_endpoint_desired_counter(const MgrEndpoint *endpoint);
bool mgr_endpoint_has_desired(const MgrEndpoint *endpoint);
/* Whether the certificate of one that is not revoked has ended by this clock (wall), or its authority has: it is away,
 * and comes back by proof of its old key or with a bundle, of an authority that was ended before its date with a bundle
 * alone. */
static inline bool mgr_endpoint_has_ended(const MgrEndpoint *endpoint, HlTime now)
{
    return endpoint->record.revoked_at == 0 && endpoint->record.cert_expires > 0 &&
           (endpoint->is_left_behind || endpoint->record.cert_expires <= now);
}
/* When that was or will be; 0: it has none.  The other: until when it comes back by proof of its old key; 0: it does
 * not, or grace (NULL) is not known. */
HlTime mgr_endpoint_certificate_end(const MgrFleet *fleet, const MgrEndpoint *endpoint);
HlTime mgr_endpoint_grace_end(const MgrFleet *fleet, const MgrEndpoint *endpoint, const HlTime *grace);
/* Online or Stale. */
static inline bool mgr_endpoint_is_up(const MgrEndpoint *endpoint)
{
    return endpoint->record.presence.actual == MGR_ACTUAL_ONLINE ||
           endpoint->record.presence.actual == MGR_ACTUAL_STALE;
}

/* The number, from 1, of the broker where it is Online or Stale; 0: at none, or it was not heard there since the start.
 */
static inline guint mgr_endpoint_broker(const MgrFleet *fleet, const MgrEndpoint *endpoint)
{
    if (!mgr_endpoint_is_up(endpoint))
        return 0;
    return endpoint->broker != MGR_BROKER_UNKNOWN ? endpoint->broker + 1U : fleet->n_brokers == 1;
}

/* What goes down now goes down this line: of the session in which it spoke last. */
static inline uint64_t mgr_endpoint_answered_session(const MgrEndpoint *endpoint)
{
    uint64_t heard = mgr_endpoint_contact(endpoint)->heard_session;

    return heard != 0 ? heard : endpoint->record.presence.session;
}

/* The registered address that is dialled; "" when none is.  Caller frees. */
static inline char *mgr_endpoint_address(const MgrEndpoint *endpoint)
{
    return g_strndup(endpoint->record.addresses, strcspn(endpoint->record.addresses, ","));
}

/* What the verdict is made of; borrows from the endpoint; *address is the caller's. */
MgrVerdictFacts mgr_endpoint_facts(const MgrEndpoint *endpoint, char **address);

/* What of an endpoint runs ahead of the registry, to be written with the second. */
typedef enum { MGR_UNWRITTEN_PRESENCE = 1, MGR_UNWRITTEN_DISPLAY = 2 } MgrUnwritten;

static inline void mgr_fleet_note_unwritten(const MgrFleet *fleet, MgrEndpoint *endpoint, MgrUnwritten what)
{
    if (endpoint->unwritten == 0)
        g_ptr_array_add(fleet->unwritten, endpoint);
    endpoint->unwritten |= (uint8_t)what;
}

/* Puts a copy of text there; true if it is another one. */
static inline bool mgr_set_text(char **place, const char *text)
{
    char *copy;

    if (g_strcmp0(*place, text) == 0)
        return false;
    copy = g_strdup(text); /* text may be a part of what is freed */
    hl_common_free(*place);
    *place = copy;
    return true;
}

/* The same for a text that many have, as the registry is loaded with it: kept once. */
static inline bool mgr_set_common(char **place, const char *text)
{
    char *copy;

    if (g_strcmp0(*place, text) == 0)
        return false;
    copy = hl_common_dup(text);
    hl_common_free(*place);
    *place = copy;
    return true;
}

#endif
