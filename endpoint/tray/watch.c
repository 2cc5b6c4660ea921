/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/watch.h"

#include <glib-unix.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "endpoint/tray/call.h"
#include "lib/base/backoff.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"

#define BACKOFF_BASE  (HL_SECOND / 2)
#define CAP_LOOKING   HL_MINUTE        /* the folder says when the socket appears */
#define CAP_BLIND     (10 * HL_SECOND) /* a user may pass through the folder, but as a rule not read it */
#define NEWS          (IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF | IN_ONLYDIR)
#define ROOM_FOR_NAME (sizeof(struct inotify_event) + NAME_MAX + 1)

struct TrWatch {
    TrWatchOptions has;
    TrCall *call;   /* NULL: not connected */
    TrView view;    /* as told */
    bool told;      /* at all */
    GBytes *latest; /* a frame that was not told yet; NULL: none */
    HlTime told_at, connected_at;
    guint gap_timer, retry_timer;
    HlBackoff backoff;
    bool proved; /* the connection brought a view */
    int folder;  /* inotify; -1: not looked at */
    guint folder_source;
};

static void try_now(TrWatch *watch);
static void try_later(TrWatch *watch);

static void tell(TrWatch *watch)
{
    watch->told = true;
    watch->told_at = hl_clock_mono();
    watch->has.changed(&watch->view, watch->has.user);
}

/* ------------------------------------------------------------------------------------------ without the daemon */

static void stop_looking(TrWatch *watch)
{
    g_clear_handle_id(&watch->folder_source, g_source_remove);
    hl_fd_clear(&watch->folder);
}

static gboolean on_folder(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    TrWatch *watch = user;
    g_autofree char *name = g_path_get_basename(watch->has.socket);
    _Alignas(struct inotify_event) char buffer[16 * ROOM_FOR_NAME];
    ssize_t n = read(fd, buffer, sizeof buffer);
    bool appeared = false;
    bool folder_gone = false;

    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *event = (const struct inotify_event *)(buffer + at);

        appeared = appeared || (event->len > 0 && strcmp(event->name, name) == 0);
        folder_gone = folder_gone || (event->mask & (IN_IGNORED | IN_MOVE_SELF)) != 0;
        at += (ssize_t)(sizeof *event + event->len);
    }
    if (folder_gone) { /* another one of its name may come, of which this says nothing */
        stop_looking(watch);
        try_later(watch);
    }
    if (!appeared)
        return G_SOURCE_CONTINUE;
    hl_backoff_reset(&watch->backoff); /* it listens in a moment: the first delays are short */
    try_now(watch);
    return watch->folder_source != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Not while connected: the daemon's other files live in the same folder. */
static void look(TrWatch *watch)
{
    g_autofree char *folder = g_path_get_dirname(watch->has.socket);

    if (watch->folder >= 0)
        return;
    watch->folder = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->folder >= 0 && inotify_add_watch(watch->folder, folder, NEWS) >= 0)
        watch->folder_source = g_unix_fd_add(watch->folder, G_IO_IN, on_folder, watch);
    else
        hl_fd_clear(&watch->folder);
}

static gboolean on_retry(gpointer user)
{
    TrWatch *watch = user;

    watch->retry_timer = 0;
    try_now(watch);
    return G_SOURCE_REMOVE;
}

static void try_later(TrWatch *watch)
{
    look(watch);
    watch->backoff.cap = watch->folder >= 0 ? CAP_LOOKING : CAP_BLIND;
    g_clear_handle_id(&watch->retry_timer, g_source_remove);
    watch->retry_timer = g_timeout_add((guint)hl_backoff_next(&watch->backoff, hl_random_u64()), on_retry, watch);
}

static void gone(TrWatch *watch, const GError *error)
{
    bool before = watch->view.here;

    g_clear_pointer(&watch->call, tr_call_free);
    g_clear_pointer(&watch->latest, g_bytes_unref);
    g_clear_handle_id(&watch->gap_timer, g_source_remove);
    watch->view.here = false;
    if (before || !watch->told) {
        hl_info("watch", "%s: %s", before ? "the daemon is gone" : "the daemon does not answer", error->message);
        tell(watch);
    }
    try_later(watch);
}

/* Why does not matter to the user, but to who reads the log: the icon says that it is gone, and it is tried again. */
static void on_lost(const GError *error, gpointer user)
{
    TrWatch *watch = user;

    hl_backoff_ended(&watch->backoff, watch->proved, hl_clock_mono() - watch->connected_at);
    gone(watch, error);
}

/* ------------------------------------------------------------------------------------------------------- with it */

static void tell_latest(TrWatch *watch)
{
    g_autoptr(GBytes) frame = g_steal_pointer(&watch->latest);
    g_autoptr(GError) error = NULL;
    g_auto(TrReply) reply = { 0 };
    g_auto(TrView) view = { 0 };

    if (!tr_reply_parse(&reply, frame, &error) || !tr_view_parse(&view, reply.result, &error)) {
        on_lost(error, watch);
        return;
    }
    view.here = true;
    tr_view_copy(&watch->view, &view);
    watch->proved = true;
    tell(watch);
}

static gboolean on_gap(gpointer user)
{
    TrWatch *watch = user;

    watch->gap_timer = 0;
    tell_latest(watch);
    return G_SOURCE_REMOVE;
}

static void on_answered(GBytes *frame, gpointer user)
{
    TrWatch *watch = user;
    HlTime left = watch->told_at + TR_WATCH_GAP - hl_clock_mono();

    g_clear_pointer(&watch->latest, g_bytes_unref);
    watch->latest = g_bytes_ref(frame);
    if (watch->gap_timer != 0)
        return;
    if (watch->view.here && left > 0)
        watch->gap_timer = g_timeout_add((guint)left, on_gap, watch);
    else
        tell_latest(watch);
}

static void try_now(TrWatch *watch)
{
    TrCallOptions options = {
        .socket = watch->has.socket, .name = "watch", .answered = on_answered, .lost = on_lost, .user = watch
    };
    g_autoptr(GError) error = NULL;

    watch->proved = false;
    watch->call = tr_call_new(&options, &error);
    if (watch->call == NULL) {
        gone(watch, error);
        return;
    }
    watch->connected_at = hl_clock_mono();
    g_clear_handle_id(&watch->retry_timer, g_source_remove);
    stop_looking(watch);
}

TrWatch *tr_watch_new(const TrWatchOptions *options)
{
    TrWatch *watch = g_new0(TrWatch, 1);

    watch->has = *options;
    watch->has.socket = g_strdup(options->socket);
    watch->folder = -1;
    watch->backoff = HL_BACKOFF_INIT(BACKOFF_BASE, CAP_BLIND);
    watch->retry_timer = g_timeout_add(0, on_retry, watch);
    return watch;
}

void tr_watch_free(TrWatch *watch)
{
    if (watch == NULL)
        return;
    stop_looking(watch);
    g_clear_handle_id(&watch->retry_timer, g_source_remove);
    g_clear_handle_id(&watch->gap_timer, g_source_remove);
    g_clear_pointer(&watch->latest, g_bytes_unref);
    tr_call_free(watch->call);
    tr_view_clear(&watch->view);
    g_free(hl_unconst(watch->has.socket));
    g_free(watch);
}
