/* SPDX-License-Identifier: Apache-2.0 */
/* Over how much time a fleet spreads its return.  Long enough for a broker, which does its handshakes one after the
 * other; no longer, because until then a PC that is there is not shown so, and waits for its commands.  Pure. */
#ifndef MANAGER_CORE_HERD_H
#define MANAGER_CORE_HERD_H

#include <glib.h>

#include "lib/base/clock.h"

/* For each endpoint: three times the 2 ms of a core that a handshake with both certificates takes (docs/operations.md,
 * "Sizing"), as the broker has its other work too. */
#define MGR_HERD_EACH  6 /* ms */
#define MGR_HERD_LEAST (2 * HL_SECOND)

/* most: what is configured. */
HlTime mgr_herd_window(guint endpoints, HlTime most);

#endif
