/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of every message of the wire, encoded by hand from the message's description (a second opinion on
 * protobuf-c's packer), and the text form in which samples are compared.  For tests and for proto/golden. */
#ifndef TESTS_SUPPORT_WIRE_SAMPLES_H
#define TESTS_SUPPORT_WIRE_SAMPLES_H

#include <stdbool.h>

#include "proto/messages.h"

extern const ProtobufCMessageDescriptor *const wire_types[];
extern const gsize wire_n_types;

/* NULL for an unknown short name ("Link"). */
const ProtobufCMessageDescriptor *wire_type_find(const char *name);

/* The members of the message's oneof, one sample each; 1 where it has none. */
guint wire_variants(const ProtobufCMessageDescriptor *type);

/* Every field set, the repeated ones twice; of a oneof the member with this number.  Fields stand in ascending order.
 */
GBytes *wire_sample(const ProtobufCMessageDescriptor *type, guint variant);

/* "Report.update": the file name of a sample without its ending.  Caller frees. */
char *wire_sample_name(const ProtobufCMessageDescriptor *type, guint variant);

/* A line for each field that is not at its default, "registration.addresses[0] = ...".  Caller frees. */
char *wire_text(const ProtobufCMessage *message);

#endif
