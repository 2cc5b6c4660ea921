/* Ending a certificate: revocation list, access list, and the live session.
 *
 * A new revocation list keeps a client from connecting again but leaves it connected.  So the manager also evicts it:
 * it connects once under the same client id, with a certificate that it makes for the purpose, and the broker drops the
 * old session (MQTT 5, session taken over).  That works with any broker. */
#ifndef MANAGER_DAEMON_REVOKE_H
#define MANAGER_DAEMON_REVOKE_H

#include "manager/daemon/manager.h"

/* Writes revocation list and access list from the fleet and has the broker read them. */
bool mgr_revoke_publish(Manager *manager, GError **error);

/* Ends the live session of this name, if there is one. */
void mgr_revoke_evict(Manager *manager, const char *name);

/* After the broker came back: those that were revoked meanwhile. */
void mgr_revoke_evict_all(Manager *manager);

/* All certificates of this name, but for one serial (or NULL): adds their revocation to the set, or, without one, marks
 * them in memory (after the commit). */
void mgr_revoke_certificates(Manager *manager, HlWriteSet *set, const char *name, const char *but_serial, HlTime at);

#endif
