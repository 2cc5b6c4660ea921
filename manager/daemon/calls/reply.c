/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/reply.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "proto/wire.h"

/* Caller frees. */
static char *print_with_list(const json_t *document, const MgrReplyList *list)
{
    g_autofree char *text = document != NULL ? hl_json_print(document) : g_strdup("{}");
    GString *out;

    if (list->name == NULL)
        return g_steal_pointer(&text);
    out = g_string_new_len(text, (gssize)strlen(text) - 1); /* without its brace */
    g_string_append_printf(out, "%s\"%s\":[", out->len > 1 ? "," : "", list->name);
    for (guint i = list->from; i < list->to; i++) {
        if (i > list->from)
            g_string_append_c(out, ',');
        g_string_append(out, list->texts->pdata[i]);
    }
    g_string_append(out, "]}");
    return g_string_free(out, FALSE);
}

json_t *mgr_reply_document(const json_t *document, const MgrReplyList *list)
{
    g_autofree char *text = print_with_list(document, list);

    return hl_json_parse("an answer", text, strlen(text), NULL);
}

static GBytes *encode_message(const MgrReply *reply, char **warnings)
{
    g_autofree char *json = print_with_list(reply->document, &reply->list);
    HlMsgCallReply out = HOLDLINE__V1__CALL_REPLY__INIT;

    out.code = hl_unconst(reply->code);
    out.message = hl_unconst(reply->message);
    out.more = reply->more;
    out.json = json;
    out.again = reply->is_to_ask_again;
    out.part = reply->part;
    out.window = reply->window;
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
    text = print_with_list(out, &reply->list);
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
