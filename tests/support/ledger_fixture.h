/* SPDX-License-Identifier: Apache-2.0 */
/* A registry, the journal of its changes, and happenings that change both. */
#ifndef TESTS_SUPPORT_LEDGER_FIXTURE_H
#define TESTS_SUPPORT_LEDGER_FIXTURE_H

#include "lib/store/writer.h"
#include "manager/store/ledger.h"

#define NOW     (INT64_C(1795383900) * HL_SECOND)
#define EXPIRES (NOW + HL_DAY)

typedef struct {
    char *directory, *path;
    HlDb *db;
    HlWriter *writer;
    HlWriteSet *set;
    GPtrArray *lines; /* the journal */
    guint serials;    /* given so far */
    bool full;        /* the journal's disk */
    bool is_doubtful; /* times say nothing: clocks were set, and what came from elsewhere has times of its own */
} World;

void ledger_set_up(World *world, gconstpointer user);
void ledger_tear_down(World *world, gconstpointer user);

/* What was added to the set.  HL_ERROR_N_CODES: done. */
HlErrorCode commit(World *world);

/* Of 3 uses. */
void create_bundle(World *world, const char *id);
void enrol(World *world, const char *id, const char *bundle);
/* -1: it is not in the registry. */
int64_t number_of(const World *world, const char *id);

/* Happenings; id is enrolled. */
void enrol_again(World *world, const char *id, const char *bundle);
void renew(World *world, const char *id, const char *bundle);
void revoke_one(World *world, const char *id, const char *bundle);
void forget(World *world, const char *id, const char *bundle);
void withdraw(World *world, const char *id, const char *bundle);

typedef void (*Happening)(World *, const char *id, const char *bundle);
enum { N_HAPPENINGS = 7 };
extern const Happening happenings[N_HAPPENINGS];

/* What the journal vouches for; of the bundles those that are named, each with a blank behind it.  Caller frees. */
char *describe(HlDb *db, const char *bundles_of);

/* Of the whole journal; free with mgr_ledger_free. */
MgrLedger *ledger_of(const World *world);

/* Has a registry told what it lacks.  NULL: nothing was missing.  Caller frees. */
char *catch_up(const World *world, HlDb *db);

#endif
