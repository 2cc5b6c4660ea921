/* SPDX-License-Identifier: Apache-2.0 */
/* The form that is hashed and signed: OLPC canonical JSON (wiki.laptop.org/go/Canonical_JSON), as TUF section 4 asks
 * for.
 *
 * No white space, members sorted by code point, integers only, and in strings nothing is escaped but '"' and '\':
 * control characters stand as they are, so the result is not always JSON.  Not a printer for files: those keep the
 * bytes that came.  Pure. */
#ifndef UPDATER_TUF_CANONICAL_H
#define UPDATER_TUF_CANONICAL_H

#include "lib/base/json.h"

/* NULL when value holds a number with a fraction or an exponent. */
GBytes *tuf_canonical(const json_t *value, GError **error);

#endif
