/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/call.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/file.h"
#include "lib/base/i18n.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"
#include "lib/ctl/address.h"
#include "lib/ctl/frame.h"
#include "proto/phrase.h"
#include "proto/wire.h"

#define ONE_READ (16 * 1024)
#define MAX_COST (4 * 1024 * 1024) /* of an answer's document in memory */

struct TrCall {
    TrCallOptions has;
    int fd;
    guint source;
    HlFrameParser parser;
    bool busy, freed; /* freed while it is busy: by whom it told something */
};

static GBytes *encode(const TrCallOptions *options)
{
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    HlMsgArgument argument = HOLDLINE__V1__ARGUMENT__INIT;
    HlMsgArgument *arguments[] = { &argument };
    g_autoptr(GBytes) payload = NULL;

    call.name = hl_unconst(options->name);
    if (options->argument != NULL) {
        argument.name = hl_unconst(options->argument);
        argument.value = hl_unconst(options->value);
        call.arguments = arguments;
        call.n_arguments = 1;
    }
    payload = HL_WIRE_ENCODE(&call);
    return hl_frame_pack(payload, false);
}

/* A connection to a Unix socket is there at once, or there is no place in the backlog. */
static int connect_to(const char *path, GError **error)
{
    hl_autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address;

    if (!hl_unix_address(path, &address, error))
        return -1;
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return hl_fd_steal(&fd);
    if (errno == ENOENT || errno == ECONNREFUSED)
        hl_fail(error, HL_ERROR_UNAVAILABLE, _("Holdline does not run on this machine: nothing is listening on %s"),
                path);
    else if (errno == EAGAIN)
        hl_fail(error, HL_ERROR_UNAVAILABLE, _("%s is busy: try again"), path);
    else
        hl_fail_errno(error, errno, _("cannot connect to %s"), path);
    return -1;
}

static bool fail_closed(GError **error)
{
    return hl_fail(error, HL_ERROR_UNAVAILABLE, _("the daemon closed the connection: it may be busy or stopping"));
}

static bool tell_frames(TrCall *call, GError **error)
{
    while (!call->freed) {
        g_autoptr(GBytes) frame = NULL;
        bool with_fd = false;
        uint32_t length = 0;

        switch (hl_frame_parser_next(&call->parser, &frame, &with_fd, &length)) {
        case HL_FRAME_READY:
            call->has.answered(frame, call->has.user);
            break;
        case HL_FRAME_MORE:
            return true;
        case HL_FRAME_TOO_LONG:
            return hl_fail(error, HL_ERROR_INVALID, _("%s answered with a frame of %u bytes: this is not our daemon"),
                           call->has.socket, length);
        }
    }
    return true;
}

static bool receive(TrCall *call, GError **error)
{
    guint8 buffer[ONE_READ];
    ssize_t n = recv(call->fd, buffer, sizeof buffer, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return fail_closed(error);
    hl_frame_parser_feed(&call->parser, buffer, (gsize)n);
    return tell_frames(call, error);
}

static void destroy(TrCall *call)
{
    g_clear_handle_id(&call->source, g_source_remove);
    hl_fd_clear(&call->fd);
    hl_frame_parser_clear(&call->parser);
    g_free(hl_unconst(call->has.socket));
    g_free(call);
}

static gboolean on_readable(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user)
{
    TrCall *call = user;
    g_autoptr(GError) error = NULL;
    bool there;

    call->busy = true;
    there = receive(call, &error);
    if (!there && !call->freed) {
        call->source = 0;
        call->has.lost(error, call->has.user);
    }
    call->busy = false;
    if (call->freed) {
        call->source = 0;
        destroy(call);
        return G_SOURCE_REMOVE;
    }
    return there ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

TrCall *tr_call_new(const TrCallOptions *options, GError **error)
{
    hl_autofd int fd = connect_to(options->socket, error);
    g_autoptr(GBytes) frame = encode(options);
    TrCall *call;

    if (fd < 0)
        return NULL;
    /* some dozen bytes into an empty buffer: all of them, or something is wrong */
    if (send(fd, g_bytes_get_data(frame, NULL), g_bytes_get_size(frame), MSG_NOSIGNAL) !=
        (ssize_t)g_bytes_get_size(frame)) {
        fail_closed(error);
        return NULL;
    }
    call = g_new0(TrCall, 1);
    call->has = *options;
    call->has.socket = g_strdup(options->socket);
    call->has.name = call->has.argument = call->has.value = NULL; /* sent, and the caller's */
    call->fd = hl_fd_steal(&fd);
    hl_frame_parser_init(&call->parser);
    call->source = g_unix_fd_add(call->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, call);
    return call;
}

void tr_call_free(TrCall *call)
{
    if (call == NULL)
        return;
    if (call->busy)
        call->freed = true;
    else
        destroy(call);
}

/* ----------------------------------------------------------------------------------------------------- answers */

bool tr_reply_parse(TrReply *reply, GBytes *frame, GError **error)
{
    g_autoptr(HlMsgCallReply) message = hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, frame, error);
    g_autofree char *words = NULL;

    if (message == NULL)
        return false;
    if (*message->code != '\0')
        return hl_fail(error, hl_error_from_name(message->code), "%s", message->message);
    if (*message->json != '\0') {
        reply->result =
            hl_json_parse_bounded("the daemon's answer", message->json, strlen(message->json), MAX_COST, error);
        if (reply->result == NULL)
            return false;
    }
    words = hl_phrase_translate(message->message);
    reply->more = message->more;
    reply->message = hl_text_printable(words);
    return true;
}

void tr_reply_clear(TrReply *reply)
{
    g_clear_pointer(&reply->message, g_free);
    g_clear_pointer(&reply->result, json_decref);
    reply->more = false;
}
