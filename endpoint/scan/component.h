/* SPDX-License-Identifier: Apache-2.0 */
/* Which component of the pattern set a signature comes from: the engine tells its name only. */
#ifndef ENDPOINT_SCAN_COMPONENT_H
#define ENDPOINT_SCAN_COMPONENT_H

#include <glib.h>

/* Whether text, a signature database of ClamAV's (name first, "NAME:" or "NAME;"; or "HASH:SIZE:NAME") or rules in
 * YARA's language ("rule NAME"), defines the signature.  Pure. */
gboolean ep_component_defines(const char *text, gsize size, const char *signature);

/* The component whose file in the directory (COMPONENT.NAME, updater/install/set.h) defines it; "" when none does.
 * Reads files up to 1 GiB.  Caller frees. */
char *ep_component_find(const char *directory, const char *signature);

#endif
