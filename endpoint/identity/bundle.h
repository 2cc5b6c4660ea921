/* SPDX-License-Identifier: Apache-2.0 */
/* The bundle: the one file that makes a machine an endpoint.
 *
 * Text with a first and a last line around the base 64 of SignedEnvelope(Bundle).  The signature is checked with the
 * key inside the bundle itself: that detects damage, not forgery.  Whom to trust is decided by handing over the
 * file. */
#ifndef ENDPOINT_IDENTITY_BUNDLE_H
#define ENDPOINT_IDENTITY_BUNDLE_H

#include "lib/base/error.h"
#include "proto/messages.h"

#define EP_BUNDLE_FIRST_LINE "-----BEGIN HOLDLINE BUNDLE-----"
#define EP_BUNDLE_LAST_LINE  "-----END HOLDLINE BUNDLE-----"
#define EP_BUNDLE_MAX_SIZE   (400 * 1024) /* HL_WIRE_MAX_SIZE in base 64, and line ends */

/* Checked: signature, CA, addresses, sizes.  Times and token are not.  NULL on failure; free with hl_wire_free.
 * Separate for the fuzz target, which has no files. */
HlMsgBundle *ep_bundle_parse(const char *name, const char *text, GError **error);
HlMsgBundle *ep_bundle_load(const char *path, GError **error);

#endif
