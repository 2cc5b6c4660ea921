/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords, hashed and compared on threads of their own: argon2id (RFC 9106) with 19 MiB and two passes, the lesser of
 * the two recommended settings, takes some ten milliseconds, which the loop does not have.
 *
 * Two at a time, so that anyone who asks more often takes neither memory nor the core from the rest.  Loop thread. */
#ifndef MANAGER_DAEMON_GROUND_HASHER_H
#define MANAGER_DAEMON_GROUND_HASHER_H

#include "lib/base/error.h"

#define MGR_HASHER_MOST 2

typedef struct MgrHasher MgrHasher;

/* drop: for the user of those whose end nobody is told any more. */
MgrHasher *mgr_hasher_new(GDestroyNotify drop);

/* Waits for those at work, and drops them. */
void mgr_hasher_free(MgrHasher *hasher);

/* encoded: the hash with its salt and cost, borrowed; NULL: there was not enough memory.  is_same: always false
 * then. */
typedef void (*MgrHasherDone)(const char *encoded, bool is_same, gpointer user);

/* The hash of a new password; copied.  HL_ERROR_LIMIT when two are at work: try again in a second; done is never called
 * then. */
bool mgr_hasher_make(MgrHasher *hasher, const char *password, MgrHasherDone done, gpointer user,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether it is the password of that hash; likewise.  encoded NULL: there is none, which takes as long to find out. */
bool mgr_hasher_check(MgrHasher *hasher, const char *encoded, const char *password, MgrHasherDone done, gpointer user,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrHasher, mgr_hasher_free)

#endif
