/* SPDX-License-Identifier: Apache-2.0 */
/* Puts other files in the place of a site's, all of them or none.
 *
 *     SITE/restoring/new    what is to come, written at leisure: until it is whole nothing of the site has changed
 *     SITE/exchanging       the same directory while the two change places, by renames alone, which need no space:
 *         old               what was there so far
 *         new, then in      what is to come; "in" once all of the site is in old
 *     SITE/replaced-TIME    old, once all is in its place
 *
 * A program that is killed in between leaves a site that is half exchanged; it does not start (mgr_exchange_check), and
 * mgr_exchange_undo puts back what was there.  Not exchanged are the lock and what earlier exchanges have set aside.
 *
 * Blocks; the caller holds the site's lock. */
#ifndef MANAGER_SITE_EXCHANGE_H
#define MANAGER_SITE_EXCHANGE_H

#include "lib/base/error.h"

#define MGR_SITE_ASIDE      "replaced-"
#define MGR_SITE_COMING     "restoring"
#define MGR_SITE_EXCHANGING "exchanging"

/* The names in the site that would be exchanged.  NULL on failure. */
GPtrArray *mgr_exchange_list(const char *site, GError **error);

/* An empty directory for what is to come; the caller writes it, durably.  NULL on failure.  Caller frees. */
char *mgr_exchange_begin(const char *site, GError **error);

/* What came of it is not needed.  Fails without a word: the next one begins with it. */
void mgr_exchange_drop(const char *site);

/* Everything changes places; what was there is in aside then, which must not exist, or gone if there was nothing.  On
 * failure the site has what it had, and the message says so; HL_ERROR_PARTIAL: it could not be put back.  Where only
 * the last sync failed the message says that all is in its place. */
bool mgr_exchange_commit(const char *site, const char *aside, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After an interruption: the site has what it had before, or all that was to come.  May be repeated. */
bool mgr_exchange_undo(const char *site, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the site is whole; if not, HL_ERROR_CONFLICT with what to do. */
bool mgr_exchange_check(const char *site, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
