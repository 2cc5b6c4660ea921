/* SPDX-License-Identifier: Apache-2.0 */
/* A token bucket per sender: so many requests per minute, in bursts of up to a minute's worth.  Pure; bounded in
 * memory. */
#ifndef MANAGER_CORE_RATE_H
#define MANAGER_CORE_RATE_H

#include "lib/base/clock.h"

typedef struct MgrRates MgrRates;

MgrRates *mgr_rates_new(int64_t per_minute);
void mgr_rates_free(MgrRates *rates);
void mgr_rates_set(MgrRates *rates, int64_t per_minute);

/* Whether this sender may make another request; if not, *wait is the time until it may. */
bool mgr_rates_admit(MgrRates *rates, const char *sender, HlTime mono, HlTime *wait);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRates, mgr_rates_free)

#endif
