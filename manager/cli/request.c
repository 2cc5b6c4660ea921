/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/request.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/unconst.h"
#include "proto/wire.h"

#define SHOWN_VALUE 60 /* bytes of an argument that a message quotes */

/* The server drops what breaks the rules of the wire without answering, so they are checked before sending. */
static bool check_argument(const HlMsgArgument *argument, GError **error)
{
    g_autofree char *shown = g_strndup(argument->value, SHOWN_VALUE);

    return hl_wire_check(&argument->base, error) ||
           hl_error_prefix(error, _("%s '%s%s' cannot be sent"), argument->name, shown,
                           strlen(argument->value) > SHOWN_VALUE ? "..." : "");
}

static bool add_argument(GPtrArray *list, const char *name, const char *value, GError **error)
{
    HlMsgArgument *argument = g_new(HlMsgArgument, 1);

    holdline__v1__argument__init(argument);
    argument->name = hl_unconst(name);
    argument->value = hl_unconst(value);
    g_ptr_array_add(list, argument);
    return check_argument(argument, error);
}

GBytes *cli_request_encode(const CliRequest *request, GError **error)
{
    const char *const *arguments = request->arguments;
    HlMsgCall message = HOLDLINE__V1__CALL__INIT;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    GBytes *payload;

    for (gsize i = 0; arguments != NULL && arguments[i] != NULL; i += 2)
        if (arguments[i + 1] != NULL && !add_argument(list, arguments[i], arguments[i + 1], error))
            return NULL;
    message.name = hl_unconst(request->name);
    message.arguments = (HlMsgArgument **)list->pdata;
    message.n_arguments = list->len;
    message.once = hl_unconst(request->once);
    message.paces = true;
    payload = hl_call_encode(&message, request->signer, error);
    if (payload == NULL)
        hl_error_prefix(error, _("the arguments cannot be sent"));
    return payload;
}
