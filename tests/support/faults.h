/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the disk, for programs that are linked with hl_link_faults(): every call that changes it goes by here.
 *
 * The n-th change from now on is the last thing that does not happen: the process is gone instead, as by kill -9, a
 * write half done; or the disk is full from then on (what only frees space still works). */
#ifndef TESTS_SUPPORT_FAULTS_H
#define TESTS_SUPPORT_FAULTS_H

#include <glib.h>
#include <stdbool.h>

typedef enum { FAULTS_NONE, FAULTS_DIE, FAULTS_FULL } FaultsKind;

#define FAULTS_DEAD 137

void faults_at(FaultsKind kind, int n);

/* Whether it came to the n-th change. */
bool faults_struck(void);

typedef enum {
    FAULTS_DONE,      /* it came to the change, and got there all the same */
    FAULTS_REFUSED,   /* with HL_ERROR_FULL */
    FAULTS_OTHER,     /* failed otherwise */
    FAULTS_UNTOUCHED, /* it makes fewer changes */
    FAULTS_KILLED = FAULTS_DEAD,
} FaultsEnd;

/* Does something in a child process, with that fault. */
FaultsEnd faults_run(FaultsKind kind, int n, bool (*run)(gpointer user, GError **error), gpointer user);

#endif
