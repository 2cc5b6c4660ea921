/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of Debian packages: [EPOCH:]UPSTREAM[-REVISION], as section 5.6.12 of Debian's policy has them.  Pure. */
#ifndef LIB_BASE_PACKAGE_VERSION_H
#define LIB_BASE_PACKAGE_VERSION_H

#include <stdbool.h>

#define HL_PACKAGE_VERSION_MAX 100 /* bytes; those of Debian have at most some 60 */

/* Whether it is written as one: begins with a digit, holds letters, digits and ". + ~ -", an epoch of at most nine
 * digits, and is no longer than HL_PACKAGE_VERSION_MAX. */
bool hl_package_version_ok(const char *text);

/* Negative, 0 or positive, as 'dpkg --compare-versions' orders them: "1.0~rc1" is before "1.0", "1.0" is "1.0-0".  Both
 * are versions; anything else is compared in some order, always the same. */
int hl_package_version_compare(const char *a, const char *b);

/* Whether a program that says of itself that it is `have` is at least the package `wanted`: without a revision, as
 * programs are built, it is compared with the upstream part alone.  A text that is no version has reached none. */
bool hl_package_version_reached(const char *have, const char *wanted);

/* Whether both are packages of one upstream version, epoch included: "0.2.0", "0.2.0-1" and "0.2.0-2" are. */
bool hl_package_version_same_upstream(const char *a, const char *b);

#endif
