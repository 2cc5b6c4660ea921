/* SPDX-License-Identifier: Apache-2.0 */
/* Whose finds a scan names, of the bounded number that it does.
 *
 * A user may have as many as are left for the others: the first half of all, the next half of the rest.  So files that
 * one user has put there do not keep those of another out.  Root's count on their own, because nobody else can make
 * files that are root's.  Pure. */
#ifndef ENDPOINT_SCAN_SHARES_H
#define ENDPOINT_SCAN_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

typedef struct EpShares EpShares;

/* all: for users together, and once more for root. */
EpShares *ep_shares_new(guint all);
void ep_shares_free(EpShares *shares);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EpShares, ep_shares_free)

/* Takes one.  false: there is none for this user. */
bool ep_shares_take(EpShares *shares, uint32_t uid) G_GNUC_WARN_UNUSED_RESULT;

/* As if nobody had taken any. */
void ep_shares_reset(EpShares *shares);

#endif
