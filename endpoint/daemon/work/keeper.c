/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/keeper.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/exec.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/bounds.h"
#include "proto/scope.h"

#define TOLD_FACT  "quarantine-told" /* digest of what the server was told; "": nothing yet */
#define EMPTY      "empty"
#define SETTLE     HL_SECOND        /* a change seldom comes alone */
#define TELL_EVERY (10 * HL_SECOND) /* while a scan goes on taking files */
#define TELL_AGAIN HL_DAY           /* to a server that was restored from a backup */
#define TRY_AGAIN  HL_MINUTE        /* after a list that failed */
#define LIST_TIME  (10 * HL_MINUTE)
#define PATIENCE   (10 * HL_SECOND) /* of those who wait for a list */
#define MAX_ORDERS 16

/* One child at a time: the quarantine has one lock. */
typedef struct {
    bool deletes;
    char *scope;
    HlTime timeout;
    void (*done)(const char *code, const char *detail, gpointer user);
    gpointer user;
} Order;

/* Who waits until the server knows of a change. */
typedef struct {
    guint list; /* the number of the list that shows it */
    void (*told)(gpointer user);
    gpointer user;
} Waiter;

struct EpKeeper {
    EpKeeperOptions has;
    EpSpool *spool; /* NULL: not enrolled */
    char *directory;
    int watch_fd; /* -1: changes by others are not seen */
    guint watch, timer, daily, patience;
    HlChild *lister, *releaser;
    GPtrArray *files; /* json_t *, of the list that is being read */
    json_t *end;      /* of the child that runs */
    HlTime listed;    /* mono */
    guint begun;      /* lists so far */
    bool is_dirty;    /* changed since the list was begun */
    GQueue orders;    /* Order *; the head is under way */
    GQueue waiters;   /* Waiter * */
};

static void start_next(EpKeeper *keeper);

static uint64_t number_of(const json_t *json, const char *name)
{
    return (uint64_t)MAX(json_integer_value(json_object_get(json, name)), 0);
}

/* -------------------------------------------------------------------------------------------------- tell the server */

static void free_message(gpointer data)
{
    HlMsgQuarantinedFile *file = data;

    g_free(file->sha256.data);
    g_free(file);
}

/* The texts are borrowed from the JSON. */
static HlMsgQuarantinedFile *message_of(json_t *json)
{
    HlMsgQuarantinedFile *file = g_new(HlMsgQuarantinedFile, 1);
    g_autoptr(GBytes) hash = hl_unhex(hl_json_text(json, "sha256"));

    *file = (HlMsgQuarantinedFile)HOLDLINE__V1__QUARANTINED_FILE__INIT;
    file->id = hl_unconst(hl_json_text(json, "id"));
    file->path = hl_unconst(hl_json_text(json, "path"));
    file->signature = hl_unconst(hl_json_text(json, "signature"));
    file->size = number_of(json, "size");
    file->taken_ms = (int64_t)number_of(json, "taken");
    if (hash != NULL) {
        gsize size = g_bytes_get_size(hash);

        file->sha256.data = g_bytes_unref_to_data(g_steal_pointer(&hash), &size);
        file->sha256.len = size;
    }
    return file;
}

static bool spool_list(EpKeeper *keeper, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_message);
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgQuarantine body = HOLDLINE__V1__QUARANTINE__INIT;

    for (guint i = 0; i < keeper->files->len; i++)
        g_ptr_array_add(rows, message_of(keeper->files->pdata[i]));
    body.files = (HlMsgQuarantinedFile **)rows->pdata;
    body.n_files = rows->len;
    body.total = number_of(keeper->end, "total");
    body.bytes = number_of(keeper->end, "bytes");
    report.body_case = HOLDLINE__V1__REPORT__BODY_QUARANTINE;
    report.quarantine = &body;
    return ep_spool_add(keeper->spool, &report, EP_SPOOL_LATEST, "quarantine", error);
}

/* EMPTY: nothing is in it. */
static char *digest_of(const EpKeeper *keeper)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    if (number_of(keeper->end, "total") == 0)
        return g_strdup(EMPTY);
    for (guint i = 0; i < keeper->files->len; i++) {
        const char *id = hl_json_text(keeper->files->pdata[i], "id");

        g_checksum_update(sum, (const guchar *)id, (gssize)strlen(id) + 1);
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT ":%s", number_of(keeper->end, "total"), g_checksum_get_string(sum));
}

static bool store_told(EpKeeper *keeper, const char *digest, GError **error)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;

    return hl_txn_begin(&txn, keeper->has.db, error) && spool_list(keeper, error) &&
           ep_store_set(keeper->has.db, TOLD_FACT, digest, error) && hl_txn_commit(&txn, error);
}

static bool tell(EpKeeper *keeper)
{
    g_autofree char *before = ep_store_get(keeper->has.db, TOLD_FACT, "");
    g_autofree char *digest = digest_of(keeper);
    g_autoptr(GError) error = NULL;

    if (keeper->spool == NULL || strcmp(before, digest) == 0 || (*before == '\0' && strcmp(digest, EMPTY) == 0))
        return true;
    if (store_told(keeper, digest, &error))
        ep_spool_pump(keeper->spool);
    else
        ep_trouble_store_failed(keeper->has.trouble, "the list of the quarantine", error);
    return error == NULL;
}

/* Of those who wait for this list or an earlier one.  Who is told may begin to wait again. */
static void tell_waiters(EpKeeper *keeper, guint list)
{
    Waiter *waiter;

    while ((waiter = g_queue_peek_head(&keeper->waiters)) != NULL && waiter->list <= list) {
        g_queue_pop_head(&keeper->waiters);
        waiter->told(waiter->user);
        g_free(waiter);
    }
    if (g_queue_is_empty(&keeper->waiters))
        g_clear_handle_id(&keeper->patience, g_source_remove);
}

/* --------------------------------------------------------------------------------------------------------- children */

static void on_line(const char *line, gpointer user)
{
    EpKeeper *keeper = user;
    g_autoptr(json_t) json = hl_json_parse("a line of the scanner", line, strlen(line), NULL);
    json_t *file = json_object_get(json, "file");
    json_t *end = json_object_get(json, "end");

    if (file != NULL && keeper->files->len < HL_MAX_QUARANTINED)
        g_ptr_array_add(keeper->files, json_incref(file));
    if (end != NULL) {
        json_decref(keeper->end);
        keeper->end = json_incref(end);
    }
}

/* A line is read as soon as it comes: NULL on failure. */
static HlChild *start(EpKeeper *keeper, const char *mode, const Order *order, HlChildDone done, GError **error)
{
    const EpConf *conf = keeper->has.conf;
    HlTime time = order != NULL ? order->timeout : LIST_TIME;
    g_autofree char *allowed = g_build_filename(conf->state_dir, EP_ALLOWED_FILE, NULL);
    g_autofree char *wait = hl_duration_format(time / 2); /* the other half is for the work */
    const char *const list[] = { conf->scanner, mode, "--quarantine", keeper->directory, NULL };
    const char *const release[] = { conf->scanner,     mode,      "--quarantine",
                                    keeper->directory, "--scope", order != NULL ? order->scope : "",
                                    "--wait",          wait,      order != NULL && order->deletes ? NULL : "--allowed",
                                    allowed,           NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;

    spec.argv = order != NULL ? release : list;
    spec.deadline = time;
    spec.lines_only = true;
    g_ptr_array_set_size(keeper->files, 0);
    json_decref(g_steal_pointer(&keeper->end));
    return hl_child_start(&spec, on_line, done, keeper, error);
}

static char *complaint_of(const HlChildEnd *end)
{
    g_autofree char *errors = g_utf8_make_valid(end->errors, -1);

    return end->timed_out ? g_strdup("it took too long")
           : *g_strstrip(errors) != '\0'
               ? g_strdup(errors)
               : g_strdup_printf("the scanner ended with %s %d", end->exited ? "status" : "signal", end->status);
}

static gboolean on_settled(gpointer user);

static void list_later(EpKeeper *keeper)
{
    keeper->is_dirty = true;
    if (keeper->timer == 0)
        keeper->timer = g_timeout_add((guint)TRY_AGAIN, on_settled, keeper);
}

static void on_listed(const HlChildEnd *end, gpointer user)
{
    EpKeeper *keeper = user;
    g_autofree char *complaint = NULL;

    keeper->lister = NULL;
    if (!end->exited || end->status != 0 || keeper->end == NULL) {
        complaint = complaint_of(end);
        hl_log_limited(HL_LOG_WARN, "quarantine", "list", "the quarantine cannot be listed: %s", complaint);
        list_later(keeper);
    } else if (!tell(keeper)) {
        list_later(keeper);
    }
    tell_waiters(keeper, keeper->begun);
    start_next(keeper);
}

static void order_free(Order *order)
{
    g_free(order->scope);
    g_free(order);
}

static void end_order(EpKeeper *keeper, const char *code, const char *detail)
{
    Order *order = g_queue_pop_head(&keeper->orders);

    hl_info("quarantine", "%s: %s", order->deletes ? "delete" : "restore", detail);
    if (order->done != NULL)
        order->done(code, detail, order->user);
    order_free(order);
}

static void on_released(const HlChildEnd *end, gpointer user)
{
    EpKeeper *keeper = user;
    const Order *order = g_queue_peek_head(&keeper->orders);
    uint64_t matched = number_of(keeper->end, "matched");
    uint64_t done = number_of(keeper->end, "done");
    const char *verb = order->deletes ? "deleted" : "restored";
    g_autofree char *words = NULL;

    keeper->releaser = NULL;
    if (!end->exited || end->status != 0 || keeper->end == NULL)
        words = complaint_of(end);
    else if (done < matched)
        words = g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s; %s", done, matched, verb,
                                hl_json_text(keeper->end, "why"));
    if (words != NULL) {
        end_order(keeper, end->timed_out ? "timeout" : "failed", words);
    } else {
        words = matched == 0 ? g_strdup("nothing in the quarantine is meant")
                             : g_strdup_printf("%" G_GUINT64_FORMAT " %s", done, verb);
        end_order(keeper, "", words);
    }
    start_next(keeper);
}

/* ----------------------------------------------------------------------------------------------------- what is next */

static gboolean on_settled(gpointer user)
{
    EpKeeper *keeper = user;

    keeper->timer = 0;
    start_next(keeper);
    return G_SOURCE_REMOVE;
}

static void start_list(EpKeeper *keeper)
{
    bool waits = keeper->listed > 0 && g_queue_is_empty(&keeper->waiters);
    HlTime left = waits ? keeper->listed + TELL_EVERY - hl_clock_mono() : 0;
    g_autoptr(GError) error = NULL;

    if (left > 0) {
        keeper->timer = g_timeout_add((guint)left, on_settled, keeper);
        return;
    }
    keeper->is_dirty = false;
    keeper->listed = hl_clock_mono();
    keeper->begun++;
    keeper->lister = start(keeper, "list", NULL, on_listed, &error);
    if (keeper->lister != NULL)
        return;
    hl_log_limited(HL_LOG_WARN, "quarantine", "list", "the quarantine cannot be listed: %s", error->message);
    list_later(keeper);
    tell_waiters(keeper, keeper->begun);
}

static void start_next(EpKeeper *keeper)
{
    if (keeper->lister != NULL || keeper->releaser != NULL)
        return;
    while (!g_queue_is_empty(&keeper->orders)) {
        const Order *order = g_queue_peek_head(&keeper->orders);
        g_autoptr(GError) error = NULL;

        keeper->releaser = start(keeper, order->deletes ? "delete" : "restore", order, on_released, &error);
        if (keeper->releaser != NULL)
            return;
        end_order(keeper, hl_error_name(hl_error_code(error)), error->message);
    }
    if (keeper->is_dirty && keeper->spool != NULL && keeper->timer == 0)
        start_list(keeper);
}

static void touch(EpKeeper *keeper)
{
    keeper->is_dirty = true;
    if (keeper->timer == 0 && keeper->lister == NULL && keeper->releaser == NULL)
        keeper->timer = g_timeout_add((guint)SETTLE, on_settled, keeper);
}

static gboolean on_changed(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    char events[4096];

    while (read(fd, events, sizeof events) > 0) /* what exactly changed, the list will say */
        touch(user);
    return G_SOURCE_CONTINUE;
}

static gboolean on_impatient(gpointer user)
{
    EpKeeper *keeper = user;

    keeper->patience = 0;
    tell_waiters(keeper, G_MAXUINT);
    return G_SOURCE_REMOVE;
}

static gboolean on_day(gpointer user)
{
    EpKeeper *keeper = user;
    g_autofree char *told = ep_store_get(keeper->has.db, TOLD_FACT, "");
    g_autoptr(GError) error = NULL;

    if (*told != '\0' && !ep_store_set(keeper->has.db, TOLD_FACT, "again", &error))
        ep_trouble_store_failed(keeper->has.trouble, "the list of the quarantine", error);
    if (*told != '\0')
        touch(keeper);
    return G_SOURCE_CONTINUE;
}

bool ep_keeper_release(EpKeeper *keeper, const EpReleaseRequest *request, GError **error)
{
    g_autoptr(HlPick) pick = hl_pick_new(request->scope, error);
    Order *order;

    if (pick == NULL)
        return false;
    if (keeper->orders.length >= MAX_ORDERS)
        return hl_fail(error, HL_ERROR_LIMIT, "%d orders about the quarantine wait already", MAX_ORDERS);
    order = g_new(Order, 1);
    *order = (Order){ request->deletes, g_strdup(request->scope), request->timeout, request->done, request->user };
    g_queue_push_tail(&keeper->orders, order);
    /* from the loop: the caller is not told before this returns; and before the next list */
    g_clear_handle_id(&keeper->timer, g_source_remove);
    keeper->timer = g_timeout_add(0, on_settled, keeper);
    return true;
}

void ep_keeper_settle(EpKeeper *keeper, void (*told)(gpointer user), gpointer user)
{
    Waiter *waiter;

    if (keeper->watch_fd >= 0)
        on_changed(keeper->watch_fd, G_IO_IN, keeper); /* what the loop has not seen yet */
    if (keeper->spool == NULL || (!keeper->is_dirty && keeper->lister == NULL)) {
        told(user);
        return;
    }
    waiter = g_new(Waiter, 1);
    *waiter = (Waiter){ keeper->begun + (keeper->is_dirty ? 1 : 0), told, user };
    g_queue_push_tail(&keeper->waiters, waiter);
    if (keeper->patience == 0)
        keeper->patience = g_timeout_add((guint)PATIENCE, on_impatient, keeper);
    g_clear_handle_id(&keeper->timer, g_source_remove);
    keeper->timer = g_timeout_add(0, on_settled, keeper);
}

static void forget_waiters(EpKeeper *keeper, gconstpointer user)
{
    GList *next;

    for (GList *at = keeper->waiters.head; at != NULL; at = next) {
        Waiter *waiter = at->data;

        next = at->next;
        if (waiter->user != user)
            continue;
        g_queue_delete_link(&keeper->waiters, at);
        g_free(waiter);
    }
}

void ep_keeper_forget(EpKeeper *keeper, gconstpointer user)
{
    GList *next;

    forget_waiters(keeper, user);
    for (GList *at = keeper->orders.head; at != NULL; at = next) {
        Order *order = at->data;

        next = at->next;
        if (order->user != user)
            continue;
        order->done = NULL;
        if (keeper->releaser != NULL && at == keeper->orders.head)
            continue;
        g_queue_delete_link(&keeper->orders, at);
        order_free(order);
    }
}

/* ------------------------------------------------------------------------------------------------------------- life */

/* Without it the server still hears of what scans and commands change. */
static void watch(EpKeeper *keeper)
{
    g_autoptr(GError) error = NULL;

    if (!hl_dir_make(keeper->directory, 0700, &error)) {
        hl_warn("quarantine", "%s", error->message);
        return;
    }
    keeper->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (keeper->watch_fd < 0 ||
        inotify_add_watch(keeper->watch_fd, keeper->directory, IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
        hl_warn("quarantine", "changes of %s cannot be watched: %s", keeper->directory, g_strerror(errno));
        return;
    }
    keeper->watch = g_unix_fd_add(keeper->watch_fd, G_IO_IN, on_changed, keeper);
}

void ep_keeper_enrol(EpKeeper *keeper, EpSpool *spool)
{
    keeper->spool = spool;
    if (spool != NULL)
        touch(keeper);
}

EpKeeper *ep_keeper_new(const EpKeeperOptions *options)
{
    EpKeeper *keeper = g_new0(EpKeeper, 1);

    keeper->has = *options;
    keeper->directory = g_build_filename(options->conf->state_dir, EP_QUARANTINE_DIRECTORY, NULL);
    keeper->files = g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
    keeper->watch_fd = -1;
    keeper->daily = g_timeout_add((guint)TELL_AGAIN, on_day, keeper);
    g_queue_init(&keeper->orders);
    g_queue_init(&keeper->waiters);
    watch(keeper);
    return keeper;
}

void ep_keeper_free(EpKeeper *keeper)
{
    if (keeper == NULL)
        return;
    g_clear_handle_id(&keeper->timer, g_source_remove);
    g_clear_handle_id(&keeper->daily, g_source_remove);
    g_clear_handle_id(&keeper->patience, g_source_remove);
    g_clear_handle_id(&keeper->watch, g_source_remove);
    g_clear_pointer(&keeper->lister, hl_child_abandon);
    g_clear_pointer(&keeper->releaser, hl_child_abandon);
    hl_fd_clear(&keeper->watch_fd);
    g_queue_clear_full(&keeper->orders, (GDestroyNotify)order_free);
    g_queue_clear_full(&keeper->waiters, g_free);
    g_ptr_array_unref(keeper->files);
    json_decref(keeper->end);
    g_free(keeper->directory);
    g_free(keeper);
}
