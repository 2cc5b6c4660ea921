/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/asked.h"

#include <string.h>

#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "manager/console/core/fault.h"

#define MAX_ANSWER ((gsize)64 * 1024 * 1024) /* of the texts of one answer: 40,000 status documents */

static HlMsgArgument *argument_new(const char *name, const char *value)
{
    HlMsgArgument *argument = g_new(HlMsgArgument, 1);

    holdline__v1__argument__init(argument);
    argument->name = hl_unconst(name);
    argument->value = hl_unconst(value);
    return argument;
}

static GBytes *encode(const ConLineAsk *ask, const HlCallSigner *signer, GError **error)
{
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) problem = NULL;
    GBytes *payload;

    for (gsize i = 0; ask->arguments != NULL && ask->arguments[i] != NULL; i += 2)
        if (ask->arguments[i + 1] != NULL)
            g_ptr_array_add(list, argument_new(ask->arguments[i], ask->arguments[i + 1]));
    message.name = hl_unconst(ask->name);
    message.arguments = (HlMsgArgument **)list->pdata;
    message.n_arguments = list->len;
    if (ask->session != NULL)
        message.session = hl_unconst(ask->session);
    if (ask->address != NULL)
        message.address = hl_unconst(ask->address);
    if (ask->once != NULL)
        message.once = hl_unconst(ask->once);
    message.idle = ask->is_idle;
    message.paces = ask->part != NULL; /* the fleet; other lists are bounded */
    payload = hl_call_encode(&message, signer, &problem);
    if (payload == NULL) /* a bound of the wire: it is the request that is too large */
        hl_fail(error, HL_ERROR_INVALID, "'%s' cannot be sent: %s", ask->name, problem->message);
    return payload;
}

ConAsked *con_asked_new(const ConLineAsk *ask, const HlCallSigner *signer, GError **error)
{
    ConAsked *asked = g_new0(ConAsked, 1);

    g_assert(!ask->may_repeat || ask->part == NULL); /* what was told in parts is told */
    asked->name = g_strdup(ask->name);
    asked->may_repeat = ask->may_repeat;
    asked->part = ask->part;
    asked->done = ask->done;
    asked->user = ask->user;
    asked->answer = json_object();
    asked->payload = encode(ask, signer, error);
    return asked;
}

void con_asked_free(gpointer user)
{
    ConAsked *asked = user;

    g_free(asked->name);
    g_clear_pointer(&asked->payload, g_bytes_unref);
    g_clear_pointer(&asked->answer, json_decref);
    g_clear_error(&asked->error);
    g_free(asked);
}

void con_asked_begin_again(ConAsked *asked)
{
    json_object_clear(asked->answer);
    asked->size = 0;
    asked->parts = (HlParts){ 0 };
}

static void merge(json_t *into, const json_t *part)
{
    const char *name;
    json_t *value;

    json_object_foreach(hl_unconst(part), name, value)
    {
        json_t *old = json_object_get(into, name);

        if (json_is_array(old) && json_is_array(value))
            json_array_extend(old, value);
        else
            json_object_set(into, name, value);
    }
}

bool con_asked_take(ConAsked *asked, const HlMsgCallReply *reply, GError **error)
{
    gsize size = strlen(reply->json);
    g_autoptr(json_t) document = NULL;

    if (*reply->code != '\0')
        return hl_said_fail(error, hl_error_from_name(reply->code), reply->message, reply->json);
    if (!hl_parts_take(&asked->parts, reply))
        return con_fail(error, CON_FAULT_LINE_LOST_PART, asked->name, NULL);
    document = hl_json_parse("the server's answer", reply->json, size, error);
    if (document == NULL)
        return false;
    if (asked->part != NULL && reply->more) {
        asked->part(document, asked->user);
        return true;
    }
    asked->size += size;
    if (asked->size > MAX_ANSWER)
        return con_fail(error, CON_FAULT_LINE_LONG_ANSWER, asked->name, HL_NUMBER(MAX_ANSWER >> 20), NULL);
    merge(asked->answer, document);
    return true;
}
