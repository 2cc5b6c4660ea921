/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/core/ration.h"

/* Scans: who has many files names them in one call, so one a minute is plenty.  Finds: the spool keeps 2,000 rows and
 * the server 10,000 open ones of an endpoint; 1,000 a day leave room for what scheduled scans find. */
static const EpRationRow rows[EP_N_RATIONS] = {
    [EP_RATION_SCANS] = { .one = 60, .all = 240, .over = HL_HOUR },
    [EP_RATION_FINDS] = { .one = 200, .all = 1000, .over = HL_DAY },
};

/* When each is full again: as much as is missing now. */
typedef struct {
    HlTime full_at[EP_N_RATIONS];
} Buckets;

struct EpRation {
    GHashTable *users; /* uid -> Buckets * */
    Buckets all;
};

const EpRationRow *ep_ration_row(EpRationKind kind)
{
    g_assert(kind < EP_N_RATIONS);
    return &rows[kind];
}

EpRation *ep_ration_new(void)
{
    EpRation *ration = g_new0(EpRation, 1);

    ration->users = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return ration;
}

void ep_ration_free(EpRation *ration)
{
    if (ration == NULL)
        return;
    g_hash_table_unref(ration->users);
    g_free(ration);
}

static gboolean is_full(gpointer uid G_GNUC_UNUSED, gpointer value, gpointer now)
{
    const Buckets *buckets = value;
    bool full = true;

    for (EpRationKind kind = 0; kind < EP_N_RATIONS; kind++)
        full = full && buckets->full_at[kind] <= *(const HlTime *)now;
    return full;
}

static Buckets *buckets_of(EpRation *ration, uint32_t uid, HlTime now)
{
    Buckets *buckets = g_hash_table_lookup(ration->users, GUINT_TO_POINTER(uid));

    if (buckets != NULL)
        return buckets;
    g_hash_table_foreach_remove(ration->users, is_full, &now);
    buckets = g_new0(Buckets, 1);
    g_hash_table_insert(ration->users, GUINT_TO_POINTER(uid), buckets);
    return buckets;
}

/* Until a bucket of so many holds one; 0: it does. */
static HlTime missing(HlTime full_at, unsigned burst, HlTime over, HlTime now)
{
    HlTime cost = over / burst;

    return MAX(MAX(full_at, now) + cost - (now + over), 0);
}

static void take(HlTime *full_at, unsigned burst, HlTime over, HlTime now)
{
    *full_at = MAX(*full_at, now) + over / burst;
}

HlTime ep_ration_take(EpRation *ration, EpRationKind kind, uint32_t uid, HlTime now)
{
    const EpRationRow *row = ep_ration_row(kind);
    HlTime wait = missing(ration->all.full_at[kind], row->all, row->over, now);
    Buckets *own;

    if (wait > 0) /* before a place is made for a user who takes nothing */
        return wait;
    own = buckets_of(ration, uid, now);
    wait = missing(own->full_at[kind], row->one, row->over, now);
    if (wait > 0)
        return wait;
    take(&own->full_at[kind], row->one, row->over, now);
    take(&ration->all.full_at[kind], row->all, row->over, now);
    return 0;
}

unsigned ep_ration_users(const EpRation *ration)
{
    return g_hash_table_size(ration->users);
}
