/* SPDX-License-Identifier: Apache-2.0 */
/* Has an external broker read what was published for it: runs broker.reload-command, without a shell.
 *
 * One run at a time; whatever is published during a run is read by another one behind it.  A run has a minute; after
 * eight seconds who waits is told, and it goes on.  One that failed is repeated, after five seconds first and five
 * minutes in the end, until one succeeds.  What the program prints goes to the log.  What is published is pki.h; a
 * broker of the manager's own is broker.h. */
#ifndef MANAGER_DAEMON_GROUND_REREADER_H
#define MANAGER_DAEMON_GROUND_REREADER_H

#include "manager/core/conf.h"

typedef struct MgrRereader MgrRereader;

/* A run has ended, or is slow.  problem NULL: the broker has what was asked for up to read (a number of
 * mgr_rereader_ask). */
typedef void (*MgrReread)(uint64_t read, const GError *problem, gpointer user);

/* conf is borrowed, and looked at for each run. */
MgrRereader *mgr_rereader_new(const MgrConf *conf, MgrReread done, gpointer user);

/* Before each run: why there must be none, a sentence; it fails then, and is tried again like any other.  NULL: it may
 * run. */
void mgr_rereader_mind(MgrRereader *rereader, const char *(*objection)(gpointer user), gpointer user);

/* A run under way is killed; nobody is told. */
void mgr_rereader_free(MgrRereader *rereader);

/* Whether there is a command, and a broker that it is for. */
bool mgr_rereader_is_set(const MgrRereader *rereader);

/* Something was published: the number that MgrReread will tell, never from inside this call. */
uint64_t mgr_rereader_ask(MgrRereader *rereader);

/* When it is worth asking again whether the broker has everything, from now; 0: it has, or a run failed, or takes too
 * long, and waiting is of no use. */
HlTime mgr_rereader_until(const MgrRereader *rereader);

/* What is wrong with the last run, or with one that is slow, a sentence with the remedy; NULL: nothing.  Borrowed,
 * until the next run ends or is slow. */
const char *mgr_rereader_problem(const MgrRereader *rereader);

typedef struct {
    uint64_t runs, failures; /* that ended */
} MgrRereaderCounts;

MgrRereaderCounts mgr_rereader_count(const MgrRereader *rereader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrRereader, mgr_rereader_free)

#endif
