/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of the client by name, so that a test can switch each off and see that a test fails for it.
 *
 * TUF_BREAKS(name, condition) is the condition, TUF_FAILS(name, call, error) whether the call failed.  In the mutation
 * build (HOLDLINE_TUF_MUTATIONS, tests only) both are false while the environment variable HOLDLINE_TUF_MUTANT lists
 * the name: the check is not there.  TUF_MAY_DIE() stands between two changes of the disk: there a test can end the
 * process. Shipped programs have no trace of any of it. */
#ifndef UPDATER_TUF_CHECK_H
#define UPDATER_TUF_CHECK_H

#ifdef HOLDLINE_TUF_MUTATIONS

#include <stdbool.h>

/* In tests/support/mutants.c. */
bool tuf_check_is_off(const char *name);
void tuf_may_die(void);

#define TUF_BREAKS(name, condition)  ((condition) && !tuf_check_is_off(#name))
#define TUF_FAILS(name, call, error) (!(call) && (!tuf_check_is_off(#name) || (g_clear_error(error), false)))
#define TUF_MAY_DIE()                tuf_may_die()

#else

#define TUF_BREAKS(name, condition)  (condition)
#define TUF_FAILS(name, call, error) (!(call))
#define TUF_MAY_DIE()                ((void)0)

#endif

#endif
