/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/rate.h"

#define MAX_SENDERS 10000 /* beyond that all are forgotten: no table holds back 10,000 addresses at once anyway */

typedef struct {
    int64_t credit; /* milliseconds times requests: a request costs HL_MINUTE / per_minute */
    HlTime at;
} Bucket;

struct MgrRates {
    HlTime cost; /* of one request, in milliseconds of credit */
    GHashTable *buckets;
};

MgrRates *mgr_rates_new(int64_t per_minute)
{
    MgrRates *rates = g_new0(MgrRates, 1);

    rates->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    mgr_rates_set(rates, per_minute);
    return rates;
}

void mgr_rates_free(MgrRates *rates)
{
    if (rates == NULL)
        return;
    g_hash_table_unref(rates->buckets);
    g_free(rates);
}

void mgr_rates_set(MgrRates *rates, int64_t per_minute)
{
    rates->cost = MAX(1, HL_MINUTE / per_minute);
}

bool mgr_rates_admit(MgrRates *rates, const char *sender, HlTime mono, HlTime *wait)
{
    Bucket *bucket = g_hash_table_lookup(rates->buckets, sender);

    if (bucket == NULL) {
        if (g_hash_table_size(rates->buckets) >= MAX_SENDERS)
            g_hash_table_remove_all(rates->buckets);
        bucket = g_new(Bucket, 1);
        *bucket = (Bucket){ HL_MINUTE, mono };
        g_hash_table_insert(rates->buckets, g_strdup(sender), bucket);
    }
    bucket->credit = MIN(HL_MINUTE, bucket->credit + (mono - bucket->at));
    bucket->at = mono;
    if (bucket->credit < rates->cost) {
        *wait = rates->cost - bucket->credit;
        return false;
    }
    bucket->credit -= rates->cost;
    *wait = 0;
    return true;
}
