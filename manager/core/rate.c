/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/rate.h"

#define MAX_SENDERS 10000 /* beyond that all are forgotten: no table holds back 10,000 addresses at once anyway */

typedef struct {
    int64_t credit; /* grows by per_minute each millisecond; a request costs HL_MINUTE of it: nothing is rounded */
    HlTime at;
} Bucket;

struct MgrRates {
    int64_t per_minute;
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
    if (per_minute != rates->per_minute)
        g_hash_table_remove_all(rates->buckets); /* each has a minute's worth of the new rate */
    rates->per_minute = per_minute;
}

bool mgr_rates_admit(MgrRates *rates, const char *sender, HlTime mono, HlTime *wait)
{
    int64_t most = HL_MINUTE * rates->per_minute; /* below 2^36: the configuration takes a million at the most */
    Bucket *bucket = g_hash_table_lookup(rates->buckets, sender);

    if (bucket == NULL) {
        if (g_hash_table_size(rates->buckets) >= MAX_SENDERS)
            g_hash_table_remove_all(rates->buckets);
        bucket = g_new(Bucket, 1);
        *bucket = (Bucket){ most, mono };
        g_hash_table_insert(rates->buckets, g_strdup(sender), bucket);
    }
    bucket->credit = MIN(most, bucket->credit + MIN(mono - bucket->at, HL_MINUTE) * rates->per_minute);
    bucket->at = mono;
    if (bucket->credit < HL_MINUTE) {
        *wait = (HL_MINUTE - bucket->credit + rates->per_minute - 1) / rates->per_minute;
        return false;
    }
    bucket->credit -= HL_MINUTE;
    *wait = 0;
    return true;
}
