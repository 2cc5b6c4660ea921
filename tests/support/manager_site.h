/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a manager's parts (manager_parts.h): its keys, and its registry.  Both are made once in a program,
 * and copied: a test may want thousands of them. */
#ifndef TESTS_SUPPORT_MANAGER_SITE_H
#define TESTS_SUPPORT_MANAGER_SITE_H

#include <stdbool.h>

#include "lib/pki/signing.h"

/* Keys, and a registry with the group "office" and the administrator "admin"; and, where it is peopled, another one
 * "bob", a monitor "eye" and a console "web".  Returns the key that signs for the site, which is not freed. */
const HlSigningKey *parts_make_site(const char *dir, bool peopled);

#endif
