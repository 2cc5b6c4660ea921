/* SPDX-License-Identifier: Apache-2.0 */
/* The keys by which this endpoint knows the manager's word: that of the enrolment, until a ServerDocument names others;
 * then those of the newest document that was accepted, whether or not its addresses are in force.  An older one would
 * keep a key that is gone for as long as the new addresses do not answer.
 *
 * Of one identity; loop thread. */
#ifndef ENDPOINT_DAEMON_GROUND_KEYS_H
#define ENDPOINT_DAEMON_GROUND_KEYS_H

#include "proto/envelope.h"

typedef struct EpKeys EpKeys;

/* enrolled: the raw public key of the bundle. */
EpKeys *ep_keys_new(GBytes *enrolled);
void ep_keys_free(EpKeys *keys);

/* The document that counts from now on; NULL: there is none.  Nothing is borrowed. */
void ep_keys_hold(EpKeys *keys, const HlMsgServerDocument *newest);

/* As hl_envelope_open, by whichever of the keys it is signed with. */
gpointer ep_keys_open(const EpKeys *keys, const HlMsgEnvelope *envelope, const char *context,
                      const ProtobufCMessageDescriptor *type, GError **error);

#endif
