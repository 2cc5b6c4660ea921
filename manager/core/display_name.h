/* SPDX-License-Identifier: Apache-2.0 */
/* The name under which people know a group, in any script: what may be one, and when two are the same.  The id is for
 * scripts and topics (hl_ident_is_valid).  Pure. */
#ifndef MANAGER_CORE_DISPLAY_NAME_H
#define MANAGER_CORE_DISPLAY_NAME_H

#include "lib/base/error.h"

#define MGR_DISPLAY_NAME_CHARS 64
#define MGR_DISPLAY_NAME_BYTES 256 /* four for each character */

/* The name as it is kept: NFC.  NULL: it is too long, has a character that is not for names (controls, what changes the
 * direction of writing, what cannot be seen, a comma, which separates selectors), or begins or ends with a blank.  ""
 * is a name: none.  Caller frees. */
char *mgr_display_name_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for all names that a reader takes for the same: without regard to case and to wide and narrow forms.  Caller
 * frees. */
char *mgr_display_name_key(const char *name);

#endif
