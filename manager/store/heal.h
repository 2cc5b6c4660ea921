/* What an older version let into the registry, and the wire does not let in any longer (proto/bounds.h). */
#ifndef MANAGER_STORE_HEAL_H
#define MANAGER_STORE_HEAL_H

#include "manager/store/registry.h"

/* Cuts what is longer than its bound, and drops a digest of another size.  The names of what was mended, joined by
 * commas, for the log (caller frees); NULL: everything fits. */
char *mgr_heal_endpoint(MgrEndpointRecord *record);

#endif
