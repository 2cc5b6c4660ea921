/* SPDX-License-Identifier: Apache-2.0 */
/* Scans that walk the disk, by schedule or command: one at a time.
 *
 * An order for what a running walk examines already is joined to it.  One for other paths, or given after the settings
 * for scans have changed, waits its turn, and so does the scheduled scan.  A walk that was stopped, and has not ended,
 * is joined by nobody.  Exists whether the machine is enrolled or not; loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_ORDERS_H
#define ENDPOINT_DAEMON_WORK_ORDERS_H

#include "endpoint/daemon/work/scans.h"

/* Borrowed; never NULL. */
typedef struct EpOrders EpOrders;

EpOrders *ep_orders_new(EpSettings *settings, EpScans *scans);
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

/* Ends the walk that runs, and the orders that wait; false: there was none.  by: static, for people. */
bool ep_orders_stop(EpOrders *orders, const char *by);

/* The scheduled scan; does nothing while one runs, or when the next one was skipped. */
void ep_orders_scheduled(EpOrders *orders);

/* Stops the running scheduled scan, or skips the next one.  Returns what it did, for people. */
const char *ep_orders_skip(EpOrders *orders);

bool ep_orders_is_scheduled_running(const EpOrders *orders);

#endif
