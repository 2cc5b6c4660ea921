/* SPDX-License-Identifier: Apache-2.0 */
/* Whether AppArmor keeps the scan engine from its patterns: the profile that comes with Debian's clamd lets it read its
 * own package's directories alone. */
#ifndef ENDPOINT_CLI_APPARMOR_H
#define ENDPOINT_CLI_APPARMOR_H

/* The file of the profile that is in force for the program, an absolute path, and that says nothing of directory; NULL:
 * there is none.  root: "" or where the system's files are.  Caller frees. */
char *ep_apparmor_profile(const char *root, const char *program, const char *directory);

#endif
