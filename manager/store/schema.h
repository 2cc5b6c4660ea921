/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a registry has the shape that this program expects.  Not whether its pages are sound (hl_db_check), nor what
 * is in its rows.  Changes nothing. */
#ifndef MANAGER_STORE_SCHEMA_H
#define MANAGER_STORE_SCHEMA_H

#include "lib/store/db.h"

/* The shape that the migrations make of an empty file, up to the registry's own version: tables with their columns and
 * references, indexes, and nothing beside them, because a trigger or a view of somebody else's would do what no program
 * here does.  An older version is fine: the next start of a manager migrates it.
 *
 * CONFLICT: newer than this program.  INVALID: it has no version, or another shape; names each difference. */
bool mgr_schema_check(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
