/* SPDX-License-Identifier: Apache-2.0 */
/* The time that a pure core is given.  Durations and deadlines use mono alone; wall (the server's clock) is only
 * recorded and shown, so that a jump of it changes no status. */
#ifndef MANAGER_CORE_NOW_H
#define MANAGER_CORE_NOW_H

#include "lib/base/clock.h"

typedef struct {
    HlTime wall, mono;
} MgrNow;

#endif
