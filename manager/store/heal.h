/* SPDX-License-Identifier: Apache-2.0 */
/* Mends what an older version let into the registry and the wire no longer accepts (proto/bounds.h). */
#ifndef MANAGER_STORE_HEAL_H
#define MANAGER_STORE_HEAL_H

#include "manager/store/registry.h"

/* Cuts what is longer than its bound, and drops a digest of the wrong size.  Returns the names of what was mended,
 * joined by commas, for the log (caller frees); NULL: everything was within its bounds. */
char *mgr_heal_endpoint(MgrEndpointRecord *record);

#endif
