/* SPDX-License-Identifier: Apache-2.0 */
/* What a test of the mutation build can ask for beside HOLDLINE_TUF_MUTANT (updater/tuf/check.h). */
#ifndef TESTS_SUPPORT_MUTANTS_H
#define TESTS_SUPPORT_MUTANTS_H

/* The n-th change of the disk from now on is not made: the process is gone instead, as by kill -9.  0: none is. */
void mutants_die_at(int n);

#define MUTANTS_DEAD 137

#endif
