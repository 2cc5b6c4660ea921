/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HL_BUS_LEAVERS_H
#define HL_BUS_LEAVERS_H

#include <pthread.h>

/* Threads that nobody needs any longer, and that cannot be interrupted: a name server holds them.  They end by
 * themselves, but not after the process: what exit() takes down, OpenSSL first of all, one that goes on would use, or
 * make again. */

/* Takes a joinable thread over: from here on it may not be joined or detached by the caller.  exit() then waits for it,
 * at most three seconds for all together; one that is not back by then is still in the resolver.  Call it after OpenSSL
 * was first used: what is registered for exit() last comes first.  Any thread. */
void hl_leavers_add(pthread_t thread);

#endif
