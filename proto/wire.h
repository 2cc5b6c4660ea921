/* SPDX-License-Identifier: Apache-2.0 */
/* Bounds-checked decoding of control-plane messages.
 *
 * protobuf-c checks the encoding; this checks what it does not: the size before anything is allocated, UTF-8 without
 * control characters in every string, and the row of each field in bounds.h.  The checks walk the message's own
 * descriptor; a field without a row is found by the first test that decodes it. */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include "lib/base/error.h"
#include "proto/messages.h"

/* Large enough for a settings document of every option, a certificate, a list of 1,000 endpoints, or a bundle. */
#define HL_WIRE_MAX_SIZE (256 * 1024)

/* A message of this type, to be freed by hl_wire_free; NULL with HL_ERROR_INVALID or HL_ERROR_LIMIT and a message that
 * names the type and the field. */
gpointer hl_wire_decode(const ProtobufCMessageDescriptor *type, const void *data, gsize size, GError **error);
gpointer hl_wire_decode_bytes(const ProtobufCMessageDescriptor *type, GBytes *bytes, GError **error);

/* The checks of hl_wire_decode on a message of our own: one that fails here would be dropped unread, or cut, by the
 * other side. */
bool hl_wire_check(const ProtobufCMessage *message, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Cuts the free texts of a message of our own that are too long, as the other side would, and checks the rest. */
bool hl_wire_fit(ProtobufCMessage *message, GError **error) G_GNUC_WARN_UNUSED_RESULT;

GBytes *hl_wire_encode(const ProtobufCMessage *message);

/* A deep copy of the message. */
gpointer hl_wire_copy(const ProtobufCMessage *message);

/* Frees what hl_wire_decode returned; NULL is fine. */
void hl_wire_free(gpointer message);

#define HL_WIRE_ENCODE(message) hl_wire_encode(&(message)->base)

#endif
