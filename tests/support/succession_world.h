/* SPDX-License-Identifier: Apache-2.0 */
/* A manager at an external broker, which the test plays (child_fake), and an endpoint: what tests of a new authority
 * share. */
#ifndef TESTS_SUPPORT_SUCCESSION_WORLD_H
#define TESTS_SUPPORT_SUCCESSION_WORLD_H

#include "tests/support/manager_parts.h"

#define SUCCESSION_ID "e-one"

void succession_set_conf(Parts *parts, const char *name, const char *value);

/* With the endpoint SUCCESSION_ID; freed by parts_free. */
Parts *succession_make_parts(void);

/* The broker reads what was published, and again what was published meanwhile. */
void succession_read_lists(void);

/* What the endpoint was told last, signed by the present key; NULL: nothing.  Caller frees (hl_wire_free). */
HlMsgServerDocument *succession_take_document(Parts *parts);

/* The endpoint comes with the certificate of this serial ("": does not say), and has a document (NULL: none). */
void succession_born(Parts *parts, uint64_t session, const HlMsgServerDocument *has, const char *serial);

#endif
