/* SPDX-License-Identifier: Apache-2.0 */
/* The site's own certificates, of the server and of the manager: renewed here in the last third of their lives, with
 * the same key and names, so that one rename puts the new one in place and nobody else notices.  Endpoints check who
 * signed it.
 *
 * The authority's own end bounds theirs; that another one follows it is decided elsewhere. */
#ifndef MANAGER_DAEMON_STATE_OWN_H
#define MANAGER_DAEMON_STATE_OWN_H

#include "lib/pki/tls.h"
#include "manager/daemon/state/pki.h"

typedef struct MgrOwn MgrOwn;

typedef struct {
    const char *dir; /* the site; borrowed */
    MgrFleet *fleet;
    MgrRecord *record;
    const MgrPki *pki;
    /* pki/NAME.pem of this kind is another one: those who have it loaded take it.  Called from the tick, and from
     * mgr_own_install_server. */
    void (*renewed)(HlCertKind kind, gpointer user);
    gpointer user;
} MgrOwnOptions;

MgrOwn *mgr_own_new(const MgrOwnOptions *options);
void mgr_own_free(MgrOwn *own);

/* Once a second, and before anything has loaded them; looks every hour. */
void mgr_own_tick(MgrOwn *own);

/* The next tick looks. */
void mgr_own_touch(MgrOwn *own);

/* Whether both are of the authority that follows; and has that one sign those that are not. */
bool mgr_own_is_of_next(const MgrOwn *own);
bool mgr_own_follow(MgrOwn *own, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The server's certificate that is in force, from its file. */
HlCert *mgr_own_server(const MgrOwn *own, GError **error);

/* Another one for the server's key, with these names (HlCertSpec); *record describes it for the registry.  Nothing is
 * in force yet. */
HlCert *mgr_own_issue_server(const MgrOwn *own, const char *const *names, MgrCertificateRecord *record, GError **error);

/* Puts it in force, once the registry has it. */
bool mgr_own_install_server(const MgrOwn *own, const HlCert *cert, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A client's context of the manager's certificate as it is now, for dials; valid as long as own, because one that is
 * replaced may still be in use.  NULL on failure. */
HlTlsContext *mgr_own_dial_context(MgrOwn *own, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrOwn, mgr_own_free)

#endif
