/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/cli/call.h"

#include <string.h>

#include "endpoint/upgrade/desk.h"
#include "lib/base/text.h"
#include "lib/base/unconst.h"
#include "lib/ctl/client.h"
#include "proto/phrase.h"
#include "proto/wire.h"

#define CONNECT_TIMEOUT (5 * HL_SECOND)
#define ANSWER_TIMEOUT  HL_HOUR /* the daemon itself ends updates and scans before this */

static GBytes *encode(const CallSpec *spec)
{
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    HlMsgArgument argument = HOLDLINE__V1__ARGUMENT__INIT;
    HlMsgArgument *arguments[] = { &argument };

    call.name = hl_unconst(spec->name);
    if (spec->argument != NULL) {
        argument.name = hl_unconst(spec->argument);
        argument.value = hl_unconst(spec->value);
        call.arguments = arguments;
        call.n_arguments = 1;
    }
    return HL_WIRE_ENCODE(&call);
}

static HlMsgCallReply *receive(HlCtlClient *client, GError **error)
{
    g_autoptr(GBytes) frame = hl_ctl_client_receive(client, ANSWER_TIMEOUT, error);

    return frame == NULL ? NULL : hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, frame, error);
}

static bool finish(const HlMsgCallReply *reply, json_t *document, json_t **json, char **message, GError **error)
{
    if (*reply->code != '\0') {
        json_decref(document);
        return hl_fail(error, hl_error_from_name(reply->code), "%s", reply->message);
    }
    if (message != NULL) {
        g_autofree char *english = hl_text_printable(reply->message);

        *message = hl_phrase_translate(english);
    }
    if (json != NULL)
        *json = document;
    else
        json_decref(document);
    return true;
}

EpCall *ep_call_begin(const EpConf *conf, const CallSpec *spec, GError **error)
{
    g_autofree char *path = ep_conf_socket(conf);
    const char *remedy = ep_desk_has(conf->state_dir, EP_DESK_RUNNING) ? AWAIT_UPGRADE : START_DAEMON;
    g_autoptr(HlCtlClient) client = hl_ctl_connect(path, remedy, CONNECT_TIMEOUT, error);
    g_autoptr(GBytes) frame = encode(spec);

    if (client == NULL || !hl_ctl_client_send(client, frame, spec->fd, CONNECT_TIMEOUT, error))
        return NULL;
    return g_steal_pointer(&client);
}

bool ep_call(const EpConf *conf, const CallSpec *spec, json_t **json, char **message, GError **error)
{
    EpCall *call = ep_call_begin(conf, spec, error);

    return call != NULL && ep_call_end(call, spec, json, message, error);
}

bool ep_call_end(EpCall *call, const CallSpec *spec, json_t **json, char **message, GError **error)
{
    g_autoptr(HlCtlClient) client = call;

    for (;;) {
        g_autoptr(HlMsgCallReply) reply = receive(client, error);
        g_autoptr(json_t) document = NULL;

        if (reply == NULL)
            return false;
        if (*reply->json != '\0') {
            document = hl_json_parse("the daemon's answer", reply->json, strlen(reply->json), error);
            if (document == NULL)
                return false;
            if (!spec->as_is) {
                json_t *shown = hl_json_printable(document);

                json_decref(document);
                document = shown;
            }
        }
        if (!reply->more)
            return finish(reply, g_steal_pointer(&document), json, message, error);
        if (spec->progress != NULL)
            spec->progress(document, spec->user);
    }
}
