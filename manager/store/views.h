/* SPDX-License-Identifier: Apache-2.0 */
/* Saved views of people.  As registry.h: reading blocks, changes are statements added to an HlWriteSet.  In backups,
 * not in the journal. */
#ifndef MANAGER_STORE_VIEWS_H
#define MANAGER_STORE_VIEWS_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

typedef struct {
    char *account, *name;
    char *filter, *sort, *fields; /* each may be "" */
    HlTime changed_at;
} MgrViewRecord;

void mgr_view_record_clear(MgrViewRecord *record);

/* The receiver takes what it wants out of the record; the rest is freed. */
typedef void (*MgrViewFn)(MgrViewRecord *record, gpointer user);

/* Those of an account, by name. */
bool mgr_registry_list_views(HlDb *db, const char *account, MgrViewFn fn, gpointer user,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new one, or in place of the one of that name.  Fails the set with HL_ERROR_CONFLICT if the account is gone, or has
 * as many others already. */
void mgr_write_view(HlWriteSet *set, const MgrViewRecord *view, guint max);

/* Fails the set with HL_ERROR_CONFLICT if there is none. */
void mgr_write_view_removal(HlWriteSet *set, const char *account, const char *name);

#endif
