/* SPDX-License-Identifier: Apache-2.0 */
/* The sealing key of a site, by which endpoints know what the manager says, and the one that follows it while the two
 * roll over: pki/sealing.key and pki/sealing.next.key.
 *
 * Which keys endpoints are told of is not decided here (state/location.h).  Loop thread; files are small. */
#ifndef MANAGER_DAEMON_GROUND_SEALER_H
#define MANAGER_DAEMON_GROUND_SEALER_H

#include "lib/pki/signing.h"

typedef struct MgrSealer MgrSealer;

/* NULL if a file cannot be read; that there is no next one is no failure. */
MgrSealer *mgr_sealer_new(const char *dir, GError **error);
void mgr_sealer_free(MgrSealer *sealer);

/* What signs now; borrowed until the switch. */
const HlSigningKey *mgr_sealer_key(const MgrSealer *sealer);

/* The public half of the next one; NULL: there is none.  Borrowed. */
GBytes *mgr_sealer_next(const MgrSealer *sealer);

/* There is a next one afterwards, on disk; one that is there already stays. */
bool mgr_sealer_prepare(MgrSealer *sealer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* There must be a next one, which signs from now on; the files stay as they are until mgr_sealer_settle. */
void mgr_sealer_switch(MgrSealer *sealer);

/* What signs is pki/sealing.key, and the one before is gone; if that is so already, nothing happens.  On failure the
 * files are as before, and it may be tried again. */
bool mgr_sealer_settle(MgrSealer *sealer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The next one is gone. */
bool mgr_sealer_drop(MgrSealer *sealer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrSealer, mgr_sealer_free)

#endif
