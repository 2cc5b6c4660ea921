/* SPDX-License-Identifier: Apache-2.0 */
/* The keys by which this endpoint knows the manager's word: that of the enrolment, until a ServerDocument names others;
 * and those that are offered, beside them, so that a new key is believed before the old one goes.
 *
 * Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_GROUND_KEYS_H
#define ENDPOINT_DAEMON_GROUND_KEYS_H

#include "proto/envelope.h"

typedef struct EpKeys EpKeys;

/* enrolled: the raw public key of the bundle. */
EpKeys *ep_keys_new(GBytes *enrolled);
void ep_keys_free(EpKeys *keys);

/* The documents that count from now on; NULL: there is none.  Nothing is borrowed. */
void ep_keys_hold(EpKeys *keys, const HlMsgServerDocument *in_force, const HlMsgServerDocument *offered);

/* As hl_envelope_open, by whichever of the keys it is signed with. */
gpointer ep_keys_open(const EpKeys *keys, const HlMsgEnvelope *envelope, const char *context,
                      const ProtobufCMessageDescriptor *type, GError **error);

#endif
