/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of ledger.c: how gaps of one kind are found and written. */
#ifndef MANAGER_STORE_LEDGER_PUT_H
#define MANAGER_STORE_LEDGER_PUT_H

#include "manager/store/ledger.h"

/* The line's announcement, if it is the latest; unnamed becomes the site's first authority where the line tells. */
void mgr_ledger_take_place(MgrPlaceRecord *latest, char **unnamed, const MgrEntry *entry);

/* A later announcement than the registry's, which may be of before there were any. */
bool mgr_gaps_compare_place(const MgrLedger *ledger, HlDb *db, MgrGaps *gaps, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool mgr_gaps_add_certificates(HlDb *db, const MgrGaps *gaps, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_gaps_run_each(HlDb *db, const GPtrArray *gaps, const char *sql, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_gaps_put_accounts(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_gaps_put_place(const MgrLedger *ledger, HlDb *db, const MgrGaps *gaps,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
