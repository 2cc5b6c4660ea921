/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/front/control.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/daemon/front/watchers.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "lib/ctl/server.h"
#include "proto/wire.h"

#define STOP_DELAY 100 /* ms; the answer goes out before the daemon does */

struct EpControl {
    EpControlOptions has;
    HlCtlServer *server;
    EpWatchers *watchers;
    guint stop_timer;
};

/* One call.  The peer stays valid until its "closed", which forgets whatever waits for it. */
typedef struct {
    EpControl *control;
    const EpControlOptions *has;
    HlCtlPeer *peer;
    const HlMsgCall *call;
    int *fd; /* the handler may steal it */
} Request;

static void send_text(HlCtlPeer *peer, const char *code, const char *message, bool more, const char *json)
{
    HlMsgCallReply reply = HOLDLINE__V1__CALL_REPLY__INIT;
    g_autofree char *clean = g_utf8_make_valid(message, -1);
    g_autoptr(GBytes) frame = NULL;

    reply.code = hl_unconst(code);
    reply.message = clean;
    reply.more = more;
    reply.json = hl_unconst(json);
    frame = HL_WIRE_ENCODE(&reply);
    hl_ctl_send(peer, frame);
}

static void send_reply(HlCtlPeer *peer, const char *code, const char *message, bool more, const json_t *json)
{
    g_autofree char *text = json == NULL ? g_strdup("") : hl_json_print(json);

    send_text(peer, code, message, more, text);
}

static void send_error(HlCtlPeer *peer, const GError *error)
{
    send_reply(peer, hl_error_name(hl_error_code(error)), error->message, false, NULL);
}

static const char *argument(const HlMsgCall *call, const char *name)
{
    for (size_t i = 0; i < call->n_arguments; i++)
        if (strcmp(call->arguments[i]->name, name) == 0)
            return call->arguments[i]->value;
    return NULL;
}

/* ----------------------------------------------------------------------------------------------- calls */

static bool call_status(const Request *request, GError **error G_GNUC_UNUSED)
{
    EpStatusView view = request->has->view(request->has->user);
    g_autoptr(json_t) status = ep_status_json(&view);

    send_reply(request->peer, "", "", false, status);
    return true;
}

static bool call_history(const Request *request, GError **error)
{
    EpStatusView view = request->has->view(request->has->user);
    g_autoptr(json_t) history = ep_history_json(view.db, error);

    if (history == NULL)
        return false;
    send_reply(request->peer, "", "", false, history);
    return true;
}

static bool call_watch(const Request *request, GError **error)
{
    if (!ep_watchers_add(request->control->watchers, request->peer, hl_ctl_peer_uid(request->peer), error))
        return false;
    hl_ctl_keep(request->peer);
    return true;
}

static char *on_watch_document(uid_t caller, gpointer user)
{
    const EpControl *control = user;
    EpStatusView view = control->has.view(control->has.user);
    g_autoptr(json_t) document = ep_watch_json(&view, (EpWho){ .caller = caller, .daemon = getuid() });

    return hl_json_print(document);
}

static bool on_watch_is_behind(gpointer peer, gpointer user G_GNUC_UNUSED)
{
    return hl_ctl_is_waiting(peer);
}

static void on_watch_tell(gpointer peer, const char *document, gpointer user G_GNUC_UNUSED)
{
    send_text(peer, "", "", true, document);
}

static void on_update_progress(guint percent, const char *what, gpointer user)
{
    g_autoptr(json_t) progress = json_pack("{s:i, s:s}", "percent", (int)percent, "what", what);

    send_reply(user, "", "", true, progress);
}

static void on_update_done(const EpUpdateEnd *end, gpointer user)
{
    g_autoptr(json_t) result =
        json_pack("{s:s, s:s, s:s}", "detail", end->detail, "source", end->source, "patterns", end->patterns);

    send_reply(user, end->succeeded ? "" : end->timed_out ? "timeout" : end->code, end->detail, false, result);
}

static bool request_update(const Request *request, EpUpdateRequest update)
{
    update.trigger = "manual";
    update.progress = on_update_progress;
    update.done = on_update_done;
    update.user = request->peer;
    ep_updates_request(request->has->updates, &update);
    return true;
}

static bool call_update_now(const Request *request, GError **error G_GNUC_UNUSED)
{
    return request_update(request, (EpUpdateRequest){ .work = EP_UPDATE_UPDATE });
}

static bool call_upgrade(const Request *request, GError **error)
{
    if (g_strcmp0(argument(request->call, "retry"), "yes") == 0 && !ep_program_retry(request->has->program, error))
        return false;
    return request_update(request, (EpUpdateRequest){ .work = EP_UPDATE_UPDATE, .program = true });
}

static bool call_rollback(const Request *request, GError **error G_GNUC_UNUSED)
{
    return request_update(request, (EpUpdateRequest){ .work = EP_UPDATE_ROLLBACK });
}

static void on_scan_done(const EpScanEnd *end, gpointer user)
{
    g_autoptr(json_t) result = ep_tally_json(end->tally);

    hl_ctl_release(user);
    if (end->why != NULL)
        send_reply(user, "unavailable", end->why, false, result); /* not 1, the status for "found" */
    else
        send_reply(user, "", "", false, result);
}

static bool call_scan(const Request *request, GError **error)
{
    if (!ep_scans_serve(request->has->scans, hl_fd_steal(request->fd), hl_ctl_peer_uid(request->peer), on_scan_done,
                        request->peer, error))
        return false;
    hl_ctl_hold(request->peer); /* its files go another way: nothing is heard of it here, for hours */
    return true;
}

static bool call_detections(const Request *request, GError **error)
{
    EpStatusView view = request->has->view(request->has->user);
    g_autoptr(json_t) finds = ep_finds_json(view.finds, error);

    if (finds == NULL)
        return false;
    send_reply(request->peer, "", "", false, finds);
    return true;
}

static bool call_schedule(const Request *request, GError **error)
{
    const char *state = argument(request->call, "state");
    bool off = g_strcmp0(state, "off") == 0;

    if (!off && g_strcmp0(state, "on") != 0)
        return hl_fail(error, HL_ERROR_USAGE, "schedule takes 'on' or 'off'");
    if (!ep_scheduler_set_user_off(request->has->scheduler, off, error))
        return false;
    send_reply(request->peer, "", off ? "the scheduled update is off" : "the scheduled update is on", false, NULL);
    return true;
}

static bool call_skip_scan(const Request *request, GError **error G_GNUC_UNUSED)
{
    send_reply(request->peer, "", ep_orders_skip(request->has->orders), false, NULL);
    return true;
}

static gboolean on_stop(gpointer user)
{
    EpControl *control = user;

    control->stop_timer = 0;
    control->has.stop(control->has.user);
    return G_SOURCE_REMOVE;
}

static bool call_stop(const Request *request, GError **error G_GNUC_UNUSED)
{
    hl_info("control", "stopped by user %d", (int)hl_ctl_peer_uid(request->peer));
    send_reply(request->peer, "", "the endpoint stops", false, NULL);
    if (request->control->stop_timer == 0)
        request->control->stop_timer = g_timeout_add(STOP_DELAY, on_stop, request->control);
    return true;
}

static bool call_reload(const Request *request, GError **error)
{
    if (!request->has->reload(request->has->user, error))
        return false;
    send_reply(request->peer, "", "configuration and identity were re-read", false, NULL);
    return true;
}

static bool call_leave(const Request *request, GError **error)
{
    if (!request->has->leave(request->has->user, error))
        return false;
    send_reply(request->peer, "", "the server was told that this machine is leaving; its certificate and key are gone",
               false, NULL);
    return true;
}

static const struct {
    const char *name;
    EpAct act;
    bool (*run)(const Request *request, GError **error); /* true: it answered, or will */
} calls[] = {
    { "status", EP_ACT_ANYBODY, call_status },
    { "history", EP_ACT_ANYBODY, call_history },
    { "detections", EP_ACT_ANYBODY, call_detections },
    { "watch", EP_ACT_ANYBODY, call_watch },
    { "update-now", EP_ACT_UPDATE_NOW, call_update_now },
    { "scan", EP_ACT_SCAN, call_scan },
    { "schedule", EP_ACT_TOGGLE_SCHEDULE, call_schedule },
    { "skip-scan", EP_ACT_SKIP_SCAN, call_skip_scan },
    { "stop", EP_ACT_STOP, call_stop },
    { "rollback", EP_ACT_ADMINISTER, call_rollback },
    { "upgrade", EP_ACT_ADMINISTER, call_upgrade },
    { "reload", EP_ACT_ADMINISTER, call_reload },
    { "leave", EP_ACT_ADMINISTER, call_leave },
};

/* -------------------------------------------------------------------------------------------- dispatch */

static bool dispatch(const Request *request, GError **error)
{
    EpPrivileges privileges = ep_settings_privileges(request->has->settings);
    EpWho who = { .caller = hl_ctl_peer_uid(request->peer),
                  .daemon = getuid(),
                  .is_stranger = request->has->view(request->has->user).enrolled == NULL };

    /* it takes none of the places of those that do something (hl_ctl_keep) */
    if (ep_watchers_has(request->control->watchers, request->peer))
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "this connection watches: make other calls on a connection of their own");
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        if (strcmp(calls[i].name, request->call->name) == 0)
            return ep_privilege_check(calls[i].act, &privileges, who, error) && calls[i].run(request, error);
    return hl_fail(error, HL_ERROR_USAGE, "unknown call '%.64s'", request->call->name);
}

static void on_frame(HlCtlPeer *peer, GBytes *frame, int fd, gpointer user)
{
    EpControl *control = user;
    hl_autofd int owned = fd;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgCall) call = hl_wire_decode_bytes(&holdline__v1__call__descriptor, frame, &error);
    Request request = { control, &control->has, peer, call, &owned };

    if (call == NULL || !dispatch(&request, &error))
        send_error(peer, error);
}

static void on_closed(HlCtlPeer *peer, gpointer user)
{
    EpControl *control = user;

    ep_updates_forget(control->has.updates, peer);
    ep_scans_forget(control->has.scans, peer);
    ep_watchers_remove(control->watchers, peer);
}

static void on_drained(HlCtlPeer *peer, gpointer user)
{
    EpControl *control = user;

    ep_watchers_caught_up(control->watchers, peer);
}

EpControl *ep_control_new(const EpControlOptions *options, GError **error)
{
    EpControl *control = g_new0(EpControl, 1);
    HlCtlOptions server = {
        .path = options->path,
        .mode = 0666,
        .handler = on_frame,
        .closed = on_closed,
        .drained = on_drained,
        .user = control,
        .idle = HL_HOUR /* an update takes up to half an hour; the default is 10 minutes */
    };

    control->has = *options;
    control->has.path = NULL; /* the server's */
    control->watchers = ep_watchers_new(
        &(EpWatchersOptions){ options->pulse, on_watch_document, on_watch_is_behind, on_watch_tell, control });
    control->server = hl_ctl_server_new(&server, error);
    if (control->server != NULL)
        return control;
    ep_control_free(control);
    return NULL;
}

void ep_control_free(EpControl *control)
{
    if (control == NULL)
        return;
    g_clear_handle_id(&control->stop_timer, g_source_remove);
    hl_ctl_server_free(control->server);
    ep_watchers_free(control->watchers);
    g_free(control);
}
