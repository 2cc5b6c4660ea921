/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a site in DIR, as "holdline init" makes them: authority, server, sealing key. */
#ifndef TESTS_SUPPORT_SITE_KEYS_H
#define TESTS_SUPPORT_SITE_KEYS_H

#include "lib/pki/signing.h"

/* The sealing key that is in the file; the caller frees it. */
HlSigningKey *site_keys_make(const char *dir);

#endif
