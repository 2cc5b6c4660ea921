/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server is, as endpoints are told: what manager.conf says until an owner announces other addresses; from
 * then on a signed ServerDocument to each endpoint, until it has said that it has it (docs/protocol.md, "Where the
 * server is"). */
#ifndef MANAGER_DAEMON_STATE_LOCATION_H
#define MANAGER_DAEMON_STATE_LOCATION_H

#include "lib/base/json.h"
#include "manager/daemon/ground/down.h"
#include "manager/daemon/ground/sealer.h"
#include "manager/daemon/state/notices.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrLocation MgrLocation;

typedef struct {
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrDown *down;
    MgrNotices *notices;
    const MgrSealer *sealer;
    const MgrPki *pki;
} MgrLocationOptions;

MgrLocation *mgr_location_new(const MgrLocationOptions *options);
void mgr_location_free(MgrLocation *location);

/* host:port and URLs, the preferred one first; never empty; borrowed until the next announcement or reload. */
const char *const *mgr_location_brokers(const MgrLocation *location);
const char *const *mgr_location_urls(const MgrLocation *location);

/* The endpoint's birth: what it has (NULL: nothing), and the serial of the certificate with which it came ("": it does
 * not say), which are stored if they are news; it is sent what it lacks. */
void mgr_location_born(MgrLocation *location, MgrEndpoint *endpoint, const HlMsgAppliedServer *told,
                       const char *serial);

/* Its report: into the set that is committed with it; then into memory. */
void mgr_location_write(const MgrLocation *location, HlWriteSet *set, const MgrEndpoint *endpoint,
                        const HlMsgAppliedServer *told, HlTime at);
void mgr_location_fold(MgrLocation *location, MgrEndpoint *endpoint, const HlMsgAppliedServer *told, HlTime at);

/* The registry has another announcement: takes what is in it, and tells all who are on line. */
void mgr_location_announce(MgrLocation *location, MgrPlaceRecord *record);

/* What is told now, as the next announcement: of now, by somebody, with a counter of its own.  Clear it. */
MgrPlaceRecord mgr_location_next(const MgrLocation *location, const char *by);

/* Whether what was announced is not what counts on disk: a step was taken, or the registry is of another day.  Nobody
 * is told of anything until that is announced. */
bool mgr_location_is_behind(const MgrLocation *location);

/* Whether the endpoint has what is announced; and the certificate with which it came last ("": not known; borrowed). */
bool mgr_location_holds(const MgrLocation *location, const MgrEndpoint *endpoint);
const char *mgr_location_serial(const MgrLocation *location, const MgrEndpoint *endpoint);

/* The announcement for the endpoint, whether or not it has told to have it, as an encoded SignedEnvelope: for one that
 * knows the server no longer.  NULL: nothing is announced.  Caller unrefs. */
GBytes *mgr_location_letter(const MgrLocation *location, const MgrEndpoint *endpoint);

/* Of endpoints that are not revoked and are there for the caller (NULL: all): how many have what is announced, in force
 * or beside what was; and how many there are. */
guint mgr_location_holding(const MgrLocation *location, const MgrCaller *caller, guint *of);

/* Of endpoints that are not revoked: how many have not told that they are where the server is announced to be, and may
 * know it by an earlier place alone; all, where nothing was announced.  of: how many there are. */
guint mgr_location_left(const MgrLocation *location, guint *of);

/* Who follows, of those that are there for the caller (NULL: all): "counter", "changed_at", "changed_by", "following"
 * and "of" (endpoints that are not revoked), and of those who do not follow "left": some, with "id", "host", "state"
 * ("" where it knows of nothing), "detail" and "shut_out" (its certificate is of an authority that has ended); "more":
 * how many others.  NULL: nothing was announced. */
json_t *mgr_location_document(const MgrLocation *location, const MgrCaller *caller);

/* Who is not known to have the sealing keys of now, whatever else was announced since they were: "left": some, with
 * "id" and "host"; "more": how many others.  NULL: all have them. */
json_t *mgr_location_lacking(const MgrLocation *location);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrLocation, mgr_location_free)

#endif
