/* SPDX-License-Identifier: Apache-2.0 */
/* One authority follows another, on disk.  Which of them count, and in which order, is pki/ca.pem alone, so each step
 * is one rename: one authority, which issues; that one and its successor; the successor alone.  The successor's key
 * lies in pki/ca.next.key until it is the one; who is killed between the two finds it there (mgr_authority_open).
 *
 * Who is told, and when a step is due, is decided elsewhere (daemon/calls/succession_calls.h).  Blocking; small files.
 */
#ifndef MANAGER_SITE_SUCCESSION_H
#define MANAGER_SITE_SUCCESSION_H

#include "manager/site/site.h"

/* There is a successor afterwards, with another name.  It begins when the present authority did: a clock that is behind
 * on some machine would not accept it otherwise. */
bool mgr_succession_begin(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The successor is gone, and its key, which may be lost. */
bool mgr_succession_cancel(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The successor is the authority, and the one before is gone, and its key. */
bool mgr_succession_end(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for one that ran to its end: who was away then comes back by it, so it is remembered (the last
 * HL_TRUST_MAX).  One that ended sooner may have ended because its key is known to somebody, and is not. */
bool mgr_succession_outlive(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Authorities that ran to their end; NULL: none.  Caller frees. */
HlTrust *mgr_succession_past(const char *dir);

/* What a kill left half done: the successor's key is moved to its place, or removed where there is no successor. */
bool mgr_succession_mend(const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
