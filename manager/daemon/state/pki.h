/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of a site while the manager runs: issued, revoked, made known to the broker.
 *
 * The authority's key is here and nowhere else.  What is revoked is in the registry; revocation list and access list
 * are files made from it, and made again at each change and each start. */
#ifndef MANAGER_DAEMON_STATE_PKI_H
#define MANAGER_DAEMON_STATE_PKI_H

#include "lib/pki/cert.h"
#include "manager/core/conf.h"
#include "manager/core/succession.h"
#include "manager/daemon/ground/brokers.h"
#include "manager/daemon/ground/fleet.h"
#include "manager/daemon/ground/record.h"
#include "manager/daemon/ground/rereader.h"
#include "manager/daemon/state/evictions.h"
#include "proto/enrolment.h"

typedef struct MgrPki MgrPki;

#define MGR_PKI_BACKDATE HL_ENROL_MAX_SKEW /* at most, and of those that last long */

typedef struct {
    const char *dir; /* the site; borrowed */
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    const char *(*objection)(gpointer user); /* to telling an external broker: mgr_rereader_mind; NULL: none */
    gpointer objector;
} MgrPkiOptions;

/* NULL when the authority's files cannot be read. */
MgrPki *mgr_pki_new(const MgrPkiOptions *options, GError **error);
void mgr_pki_free(MgrPki *pki);

/* The managed broker re-reads the lists from now on; borrowed.  Never called: the broker is external. */
void mgr_pki_attach_brokers(MgrPki *pki, MgrBrokers *brokers);
bool mgr_pki_manages_broker(const MgrPki *pki);

/* Whether the broker is told of what is published: a managed one, or an external one by broker.reload-command. */
bool mgr_pki_tells_broker(const MgrPki *pki);

/* What the broker makes of the revocation list. */
typedef enum {
    MGR_LIST_ENFORCED, /* a managed one: it lets nobody in whose certificate was revoked */
    MGR_LIST_TOLD,     /* an external one was told to read it; one that reads no lists lets them in all the same */
    MGR_LIST_UNTOLD,   /* an external one, which somebody has to tell */
} MgrList;

MgrList mgr_pki_list(const MgrPki *pki);

/* How telling an external one goes; borrowed. */
const MgrRereader *mgr_pki_rereader(const MgrPki *pki);

/* The authority's certificate, and that of the one that follows it (NULL: none does); all that count, of which the
 * present one is the first.  Borrowed, until a step of a succession. */
const HlCert *mgr_pki_authority(const MgrPki *pki);
const HlCert *mgr_pki_next(const MgrPki *pki);
const HlTrust *mgr_pki_trust(const MgrPki *pki);

/* Their ids, the one that issues for those who hold it first, separated by commas.  Caller frees. */
char *mgr_pki_authority_ids(const MgrPki *pki);

/* Whether the next one may issue: there is one, and the broker accepts its certificates. */
bool mgr_pki_is_next_ready(const MgrPki *pki);

/* Steps of a succession (manager/site/succession.h), on disk, in memory, and for the broker. */
bool mgr_pki_begin_next(MgrPki *pki, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_pki_cancel_next(MgrPki *pki, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_pki_end_present(MgrPki *pki, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_pki_outlive_present(MgrPki *pki, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the present one has ended by the wall clock, or does within HL_TRUST_LAST. */
bool mgr_pki_is_over(const MgrPki *pki);

/* How old the present one is.  confirm: by the clock of an endpoint, which proved its key, it has ended too. */
MgrAuthorityStage mgr_pki_stage(const MgrPki *pki);
void mgr_pki_confirm_end(MgrPki *pki);

/* Who signs: anyone who is to check it must trust that one. */
typedef enum { MGR_ISSUER_PRESENT, MGR_ISSUER_NEXT } MgrIssuer;

/* Whether an authority of this site issued it, and it is of this kind; whatever its dates, and whether or not it is
 * revoked: that is in the registry. */
bool mgr_pki_is_ours(const MgrPki *pki, const HlCert *cert, HlCertKind kind);

/* The same, or one that ran to its end did: who was away then shows such a one. */
bool mgr_pki_was_ours(const MgrPki *pki, const HlCert *cert, HlCertKind kind);

/* The id of the authority of this site that signed it; "": none did.  Caller frees. */
char *mgr_pki_issuer_id(const MgrPki *pki, const HlCert *cert);

/* Whether the server's own command line has issued it, and it waits to be taken in (work/issued.h). */
bool mgr_pki_is_issued_beside(const MgrPki *pki, const char *serial);

/* From when to when a certificate would be valid that is issued now.  Where the server's clock is behind what it was
 * (core/now.h), by both: the one that is wrong is one of the two. */
void mgr_pki_dates(const MgrPki *pki, HlTime lifetime, HlTime *not_before, HlTime *not_after);

/* For a signing request, valid from a little before now for lifetime, as far as the authority lasts; *record describes
 * it for the registry (and is clear on failure).  NULL on failure. */
HlCert *mgr_pki_issue(const MgrPki *pki, GBytes *csr, HlCertKind kind, const char *name, HlTime lifetime,
                      MgrCertificateRecord *record, GError **error);

/* The same for one of the site's own, or of a person, who tells no clock; with names (HlCertSpec).  It begins no later
 * than a time that is surely past: when a manager lived last, and what this one has lived since.  By a clock that is
 * ahead for once it would begin then, and be refused until that day.  It begins at spec's not_before at the latest (0:
 * that is not said), and lasts at most as long as the authority. */
HlCert *mgr_pki_issue_named(const MgrPki *pki, MgrIssuer by, GBytes *csr, const HlCertSpec *spec, HlTime lifetime,
                            MgrCertificateRecord *record, GError **error);

/* The same for an endpoint that has one, whose own clock says clock (wall): valid by that too.  Which of the two clocks
 * is wrong is not known, and a certificate of the other one's time would shut the endpoint out until then. */
HlCert *mgr_pki_renew(const MgrPki *pki, MgrIssuer by, GBytes *csr, const char *name, HlTime lifetime, HlTime clock,
                      MgrCertificateRecord *record, GError **error);

/* The endpoint's last one, if it was issued so within the last hour for the key of this request: it asks again, as the
 * answer was lost, and gets the same.  NULL: there is none; caller frees. */
HlCert *mgr_pki_renewed(const MgrPki *pki, const MgrEndpoint *endpoint, GBytes *csr);

/* Writes revocation list and access list from the fleet, and has the broker re-read them, if it can be told.  After a
 * failure (a full disk) it is tried again every few seconds until it is done. */
bool mgr_pki_publish(MgrPki *pki, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The server's certificate is another one: the broker reads it; of an external one that cannot be told, its owner is.
 */
void mgr_pki_renew_broker(const MgrPki *pki);

/* The configuration is another one: a command that is new in it is tried at once. */
void mgr_pki_reconfigured(const MgrPki *pki);

/* How long to wait before asking again whether the broker has what was published; 0: it has, as far as waiting helps.
 */
HlTime mgr_pki_until_published(const MgrPki *pki);

/* Memory's half of mgr_write_revocations, for the fold of that change: the certificates of this name but for one serial
 * (or NULL) are revoked, the lists published, the live session ended.  waiter (NULL: nobody) is told when the broker
 * has it, or what of it is missing; that is tried on. */
void mgr_pki_fold_revocations(MgrPki *pki, const char *name, const char *but_serial, HlTime at,
                              const MgrEvictionWaiter *waiter);

/* The same where the name may do less from now on, and has its certificates still: the lists are published, and the
 * session that began before ends. */
void mgr_pki_end_session(MgrPki *pki, const char *name, const MgrEvictionWaiter *waiter);

/* Ends the live session of this name, if there is one. */
void mgr_pki_evict(MgrPki *pki, const char *name);

/* The broker's log tells that somebody connected under this name: out again, if no certificate with it is in force. */
void mgr_pki_connected(MgrPki *pki, const char *name);

/* A flooding client: the access list denies it everything, until it is let back.  The broker re-reads it, if it can be
 * told. */
void mgr_pki_hold_off(MgrPki *pki, const char *name);
void mgr_pki_let_back(MgrPki *pki, const char *name);

/* An external broker came back, or a managed one was found running: all that are revoked and could connect still, of
 * whatever kind, whether or not they say anything. */
void mgr_pki_evict_revoked(MgrPki *pki);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrPki, mgr_pki_free)

#endif
