/* SPDX-License-Identifier: Apache-2.0 */
/* Scans that walk the disk, by schedule or command: one at a time.
 *
 * An order for what a running walk examines already is joined to it.  One for other paths, or given after the settings
 * for scans have changed, waits its turn, and so does the scheduled scan.  A walk that was stopped, and has not ended,
 * is joined by nobody.  Exists whether the machine is enrolled or not; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_ORDERS_H
#define ENDPOINT_DAEMON_WORK_ORDERS_H

#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/daemon/work/scans.h"

typedef struct EpOrders EpOrders;

/* All borrowed, and outlive the orders. */
typedef struct {
    HlDb *db;
    EpTrouble *trouble;
    EpSettings *settings;
    EpScans *scans;
    EpPulse *pulse; /* may be NULL */
} EpOrdersOptions;

/* Never NULL. */
EpOrders *ep_orders_new(const EpOrdersOptions *options);

/* A scheduled scan that runs, or waits, stays due: ep_orders_make_up. */
void ep_orders_free(EpOrders *orders);

typedef struct {
    const char *scope;                                  /* proto/scope.h; "": the settings' paths */
    void (*progress)(const char *words, gpointer user); /* every ten seconds while it runs; may be NULL */
    EpScanDone done;                                    /* once, after ep_orders_scan has returned */
    gpointer user;
} EpOrder;

/* A scan by command.  *order is copied.  False: it cannot be done; done is not called. */
bool ep_orders_scan(EpOrders *orders, const EpOrder *order, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* No more callbacks to this user; the scan goes on. */
void ep_orders_leave(EpOrders *orders, gconstpointer user);

/* Takes back what waits; false: nothing does, it has begun or ended.  No callback. */
bool ep_orders_withdraw(EpOrders *orders, gconstpointer user);

/* Ends the walk that runs, and the orders that wait; false: there was none.  by: static, for people. */
bool ep_orders_stop(EpOrders *orders, const char *by);

/* The scheduled scan; does nothing while one runs, or when the next one was skipped.  Until it has ended, or somebody
 * has stopped or skipped it, the store knows that it was due. */
void ep_orders_scheduled(EpOrders *orders);

/* At the start of the daemon: a scheduled scan that has not ended is told as one that was stopped, and is begun once
 * more if it is wanted and was not begun again before. */
void ep_orders_make_up(EpOrders *orders, bool is_wanted);

/* Stops the running scheduled scan, unless commands have joined it, or skips the next one, also after a restart.
 * Returns what it did, for people. */
const char *ep_orders_skip(EpOrders *orders);

/* Whether a walk runs, by schedule or command. */
bool ep_orders_is_running(const EpOrders *orders);

/* False for one that goes on by command. */
bool ep_orders_is_scheduled_running(const EpOrders *orders);

#endif
