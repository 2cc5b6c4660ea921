/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/orders.h"

#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/log.h"
#include "proto/scope.h"

/* In the store.  Times of the wall tell one scheduled scan from another. */
#define DUE_FACT     "scheduled-scan"         /* when the one fell due that has not ended; 0: none */
#define MADE_UP_FACT "scheduled-scan-made-up" /* when the one fell due that was begun once more */
#define SKIP_FACT    "skip-next-scan"

#define BY_SCHEDULE "schedule"
#define BY_COMMAND  "command"

typedef struct {
    guint64 number; /* ascending in each array */
    char *scope;
    EpOrder order; /* its scope is not valid */
} Waiting;

struct EpOrders {
    EpOrdersOptions has;
    const char *how; /* static: of the walk that runs; NULL: none does */
    char *what;      /* what that examines, and how */
    GArray *joined;  /* Waiting, of that */
    GArray *queued;  /* Waiting, of later ones */
    guint64 given;   /* the number of the order that came last */
    bool skip_next;
    bool is_due; /* the scheduled scan waits for the walk that runs */
    HlTime due;  /* DUE_FACT */
};

static void waiting_clear(gpointer data)
{
    Waiting *waiting = data;

    g_free(waiting->scope);
}

static GArray *waiting_new(void)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(Waiting));

    g_array_set_clear_func(array, waiting_clear);
    return array;
}

static void add(EpOrders *orders, GArray *array, const EpOrder *order)
{
    Waiting waiting = { ++orders->given, g_strdup(order->scope), *order };

    g_array_append_val(array, waiting);
}

/* The first, if it was given by then.  Ending one order may add or withdraw others, so an array is emptied one at a
 * time, and later ones stay.  The caller clears *waiting. */
static bool take(GArray *array, guint64 given, Waiting *waiting)
{
    Waiting *first = array->len == 0 ? NULL : &g_array_index(array, Waiting, 0);

    if (first == NULL || first->number > given)
        return false;
    *waiting = *first;
    first->scope = NULL;
    g_array_remove_index(array, 0);
    return true;
}

static void end_all(const EpOrders *orders, GArray *array, const EpScanEnd *end)
{
    guint64 given = orders->given;
    Waiting waiting;

    while (take(array, given, &waiting)) {
        waiting.order.done(end, waiting.order.user);
        waiting_clear(&waiting);
    }
}

/* ------------------------------------------------------------------------------------------------ what is kept */

static bool keep(const EpOrders *orders, const char *fact, int64_t value)
{
    g_autoptr(GError) error = NULL;

    if (ep_store_set_int(orders->has.db, fact, value, &error))
        return true;
    ep_trouble_store_failed(orders->has.trouble, "the scheduled scan's state", error);
    return false;
}

static void set_due(EpOrders *orders, HlTime due)
{
    if (orders->due != due)
        HL_IGNORE(keep(orders, DUE_FACT, due)); /* what cannot be stored is forgotten by a restart */
    orders->due = due;
}

static void set_skip_next(EpOrders *orders, bool skip)
{
    if (orders->skip_next != skip)
        HL_IGNORE(keep(orders, SKIP_FACT, skip));
    orders->skip_next = skip;
}

/* ---------------------------------------------------------------------------------------------------- one at a time */

static void go_on(EpOrders *orders);

static void on_progress(const char *words, gpointer user)
{
    const EpOrders *orders = user;

    for (guint i = 0; i < orders->joined->len; i++) {
        const EpOrder *order = &g_array_index(orders->joined, Waiting, i).order;

        if (order->progress != NULL)
            order->progress(words, order->user);
    }
}

static void on_done(const EpScanEnd *end, gpointer user)
{
    EpOrders *orders = user;

    if (ep_orders_is_scheduled_running(orders) && !orders->is_due)
        set_due(orders, 0);
    orders->how = NULL;
    ep_pulse_changed(orders->has.pulse);
    end_all(orders, orders->joined, end);
    go_on(orders);
}

/* What a walk that is started now would examine, and how: paths that mean the settings' mean others after a change. */
static char *what_of(const EpOrders *orders, const char *scope)
{
    g_autofree char *settings = ep_settings_scan_text(orders->has.settings);

    return g_strdup_printf("%s%s", settings, scope);
}

static bool start(EpOrders *orders, const char *how, const char *scope, GError **error)
{
    char **of_settings = ep_settings_values(orders->has.settings)->scan_paths;
    g_auto(GStrv) paths = hl_scope_paths(scope, error);

    if (paths == NULL)
        return false;
    if (*scope == '\0' && of_settings[0] == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "there is nothing to scan: scan.paths of its group is empty");
    if (!ep_scans_walk(orders->has.scans, how, *scope == '\0' ? of_settings : paths,
                       &(EpWalkRequest){ on_progress, on_done, orders }, error))
        return false;
    orders->how = how;
    ep_pulse_changed(orders->has.pulse);
    g_free(orders->what);
    orders->what = what_of(orders, scope);
    return true;
}

/* One that was stopped, or has failed, examines nothing any longer, even if its process has not ended. */
static bool is_running(const EpOrders *orders, const char *scope)
{
    g_autofree char *what = what_of(orders, scope);

    return orders->how != NULL && !ep_scans_is_walk_ending(orders->has.scans) && strcmp(orders->what, what) == 0;
}

bool ep_orders_scan(EpOrders *orders, const EpOrder *order, GError **error)
{
    if (orders->how == NULL && !start(orders, BY_COMMAND, order->scope, error))
        return false;
    add(orders, is_running(orders, order->scope) ? orders->joined : orders->queued, order);
    return true;
}

/* The first that waits, and with it those for the same paths. */
static void start_queued(EpOrders *orders)
{
    guint64 given = orders->given;
    Waiting next;

    while (take(orders->queued, given, &next)) {
        EpOrder order = next.order;
        g_autoptr(GError) error = NULL;
        EpTally none = { 0 };

        order.scope = next.scope;
        if (!ep_orders_scan(orders, &order, &error))
            order.done(&(EpScanEnd){ &none, error->message, hl_error_name(hl_error_code(error)), error->message },
                       order.user);
        waiting_clear(&next);
    }
}

/* ------------------------------------------------------------------------------------------------------ by schedule */

/* False: it does not begin. */
static bool start_scheduled(EpOrders *orders)
{
    g_autoptr(GError) error = NULL;

    if (ep_settings_values(orders->has.settings)->scan_paths[0] == NULL)
        return false;
    if (orders->skip_next) {
        set_skip_next(orders, false);
        hl_info("scan", "the scheduled scan is skipped, as the user asked");
        return false;
    }
    return start(orders, BY_SCHEDULE, "", &error); /* that it failed is told as the end of a scan */
}

/* Begins the scheduled scan, or lets it wait for the walk that runs. */
static void begin_due(EpOrders *orders)
{
    orders->is_due = orders->how != NULL;
    if (!orders->is_due && !start_scheduled(orders))
        set_due(orders, 0);
}

static void go_on(EpOrders *orders)
{
    if (orders->is_due)
        begin_due(orders);
    start_queued(orders);
}

void ep_orders_scheduled(EpOrders *orders)
{
    if (ep_settings_values(orders->has.settings)->scan_paths[0] == NULL || is_running(orders, ""))
        return;
    set_due(orders, hl_clock_wall());
    begin_due(orders);
}

void ep_orders_make_up(EpOrders *orders, bool is_wanted)
{
    HlTime due = orders->due;

    if (due == 0)
        return;
    ep_scans_tell_interrupted(orders->has.scans, BY_SCHEDULE, due);
    /* once: it may be what brings the daemon down */
    if (!is_wanted || is_running(orders, "") || ep_store_get_int(orders->has.db, MADE_UP_FACT, 0) == due)
        set_due(orders, 0);
    else if (keep(orders, MADE_UP_FACT, due))
        begin_due(orders);
}

bool ep_orders_is_running(const EpOrders *orders)
{
    return orders->how != NULL;
}

bool ep_orders_is_scheduled_running(const EpOrders *orders)
{
    return g_strcmp0(orders->how, BY_SCHEDULE) == 0;
}

const char *ep_orders_skip(EpOrders *orders)
{
    /* one that waits for the end of a stopped one is the next */
    if (!ep_orders_is_scheduled_running(orders) || orders->is_due) {
        set_skip_next(orders, true);
        return "the next scheduled scan is skipped";
    }
    set_due(orders, 0);
    if (orders->joined->len > 0 && !ep_scans_is_walk_ending(orders->has.scans)) {
        orders->how = BY_COMMAND; /* what is told at its end says how it began */
        return "the scan goes on, because the administrator has ordered it as well";
    }
    ep_scans_stop_walk(orders->has.scans, "by the user");
    return "the scheduled scan that runs is stopped";
}

/* -------------------------------------------------------------------------------------------------------- the ends */

bool ep_orders_stop(EpOrders *orders, const char *by)
{
    g_autofree char *why = g_strdup_printf("stopped %s before it began", by);
    EpTally none = { 0 };
    bool any = orders->how != NULL || orders->due != 0;

    orders->is_due = false;
    set_due(orders, 0);
    end_all(orders, orders->queued, &(EpScanEnd){ &none, NULL, "conflict", why });
    if (orders->how != NULL)
        ep_scans_stop_walk(orders->has.scans, by);
    return any;
}

static void leave(GArray *array, gconstpointer user)
{
    for (guint i = array->len; i > 0; i--)
        if (g_array_index(array, Waiting, i - 1).order.user == user)
            g_array_remove_index(array, i - 1);
}

bool ep_orders_withdraw(EpOrders *orders, gconstpointer user)
{
    guint waiting = orders->queued->len;

    leave(orders->queued, user);
    return orders->queued->len < waiting;
}

void ep_orders_leave(EpOrders *orders, gconstpointer user)
{
    leave(orders->joined, user);
    leave(orders->queued, user);
}

/* ------------------------------------------------------------------------------------------------------------- life */

EpOrders *ep_orders_new(const EpOrdersOptions *options)
{
    EpOrders *orders = g_new0(EpOrders, 1);

    orders->has = *options;
    orders->due = ep_store_get_int(options->db, DUE_FACT, 0);
    orders->skip_next = ep_store_get_int(options->db, SKIP_FACT, 0) != 0;
    orders->joined = waiting_new();
    orders->queued = waiting_new();
    return orders;
}

void ep_orders_free(EpOrders *orders)
{
    if (orders == NULL)
        return;
    ep_scans_forget_walk(orders->has.scans);
    g_array_unref(orders->joined);
    g_array_unref(orders->queued);
    g_free(orders->what);
    g_free(orders);
}
