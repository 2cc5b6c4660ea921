/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/reply.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "proto/wire.h"

static GBytes *encode_message(const MgrReply *reply, char **warnings)
{
    g_autofree char *json = reply->document != NULL ? hl_json_print(reply->document) : g_strdup("{}");
    HlMsgCallReply out = HOLDLINE__V1__CALL_REPLY__INIT;

    out.code = hl_unconst(reply->code);
    out.message = hl_unconst(reply->message);
    out.more = reply->more;
    out.json = json;
    out.again = reply->is_to_ask_again;
    out.warnings = warnings;
    out.n_warnings = warnings != NULL ? g_strv_length(warnings) : 0;
    return HL_WIRE_ENCODE(&out);
}

static GBytes *encode_json(const MgrReply *reply, char **warnings)
{
    g_autoptr(json_t) out = json_object();
    json_t *list = json_array();
    char *text;

    json_object_update(out, hl_unconst(reply->document));
    json_object_set_new(out, "more", json_boolean(reply->more));
    if (*reply->code != '\0')
        json_object_set_new(out, "error", json_pack("{s:s, s:s}", "code", reply->code, "message", reply->message));
    for (gsize i = 0; warnings != NULL && warnings[i] != NULL; i++)
        json_array_append_new(list, json_string(warnings[i]));
    json_object_set_new(out, "warnings", list);
    text = hl_json_print(out);
    return g_bytes_new_take(text, strlen(text));
}

GBytes *mgr_reply_encode(const MgrReply *reply, MgrReplyForm form, char **warnings)
{
    static GBytes *(*const encode[MGR_REPLY_N])(const MgrReply *reply, char **warnings) = {
        [MGR_REPLY_WIRE] = encode_message,
        [MGR_REPLY_JSON] = encode_json,
    };
    g_autoptr(GBytes) payload = encode[form](reply, warnings);

    if (warnings != NULL && g_bytes_get_size(payload) > reply->max) {
        g_bytes_unref(payload);
        payload = encode[form](reply, NULL);
    }
    return g_bytes_get_size(payload) <= reply->max ? g_steal_pointer(&payload) : NULL;
}
