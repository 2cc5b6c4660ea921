/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the store, for programs that are linked with hl_link_db_faults(): the n-th statement from now on fails as
 * on a full disk, and does nothing.  A test that counts n up until nothing strikes has walked every place that writes.
 *
 * BEGIN, COMMIT and savepoints count, ROLLBACK does not: what has failed must be undone. */
#ifndef TESTS_SUPPORT_DB_FAULTS_H
#define TESTS_SUPPORT_DB_FAULTS_H

#include <stdbool.h>

#include <glib.h>

typedef enum {
    DB_FAULTS_WRITES,     /* statements that change something, and transactions */
    DB_FAULTS_STATEMENTS, /* and what only reads */
} DbFaultsKind;

/* n = 0: none from now on. */
void db_faults_at(DbFaultsKind kind, guint n);

/* Every one from the n-th on, until db_faults_at: the disk stays full. */
void db_faults_from(DbFaultsKind kind, guint n);

/* Whether it came to the n-th since then. */
bool db_faults_struck(void);

#endif
