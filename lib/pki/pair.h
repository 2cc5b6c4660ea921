/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate and its key in two files, as a configuration names them, and their renewal on disk.
 *
 * A renewed pair is a draft beside the one in force (NAME.new) until it has worked once.  Then the draft's certificate
 * is moved into place, and its key after it; who is interrupted between the two leaves a pair that the next one
 * completes.  Everything here but the loading happens while the caller holds the lock on the key file, as the owner of
 * that file: root may call with somebody's configuration, and must not leave files that they cannot read. */
#ifndef LIB_PKI_PAIR_H
#define LIB_PKI_PAIR_H

#include "lib/pki/cert.h"

#define HL_PAIR_DRAFT ".new" /* what the names of a draft end with */

typedef struct {
    const char *cert, *key; /* paths; borrowed */
} HlPair;

/* Completes an interrupted replacement.  A pair that does not match for another reason is left alone: what uses it says
 * so. */
bool hl_pair_mend(const HlPair *pair, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the last third of its life has begun. */
bool hl_pair_is_due(const HlCert *cert, HlTime now);

/* Whether there is a complete draft that ends later than the certificate in force, and has not ended. */
bool hl_pair_has_draft(const HlPair *pair, const HlCert *cert, HlTime now);

/* A draft begins: its key is generated and stored; a signing request for it.  NULL on failure. */
GBytes *hl_pair_begin_draft(const HlPair *pair, const char *name, GError **error);

/* The answer to the request (NULL: there was no certificate in it); refused if it is not for the draft's key. */
bool hl_pair_end_draft(const HlPair *pair, const char *pem, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts the draft into force.  Returns the new key file, locked; -1 on failure, and the pair in force is the one before
 * or, completed, the new one. */
int hl_pair_take_draft(const HlPair *pair, GError **error);

#endif
