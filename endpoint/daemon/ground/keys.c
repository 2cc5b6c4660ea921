/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/ground/keys.h"

#include <string.h>

struct EpKeys {
    GBytes *enrolled;
    GPtrArray *held; /* of GBytes; the order says nothing */
};

static void free_key(gpointer item)
{
    g_bytes_unref(item);
}

EpKeys *ep_keys_new(GBytes *enrolled)
{
    EpKeys *keys = g_new0(EpKeys, 1);

    keys->enrolled = g_bytes_ref(enrolled);
    keys->held = g_ptr_array_new_with_free_func(free_key);
    ep_keys_hold(keys, NULL);
    return keys;
}

void ep_keys_free(EpKeys *keys)
{
    if (keys == NULL)
        return;
    g_bytes_unref(keys->enrolled);
    g_ptr_array_unref(keys->held);
    g_free(keys);
}

void ep_keys_hold(EpKeys *keys, const HlMsgServerDocument *newest)
{
    g_ptr_array_set_size(keys->held, 0);
    if (newest == NULL)
        g_ptr_array_add(keys->held, g_bytes_ref(keys->enrolled));
    for (gsize i = 0; newest != NULL && i < newest->n_signing_keys; i++)
        g_ptr_array_add(keys->held, g_bytes_new(newest->signing_keys[i].data, newest->signing_keys[i].len));
}

gpointer ep_keys_open(const EpKeys *keys, const HlMsgEnvelope *envelope, const char *context,
                      const ProtobufCMessageDescriptor *type, GError **error)
{
    g_autoptr(GString) ids = g_string_new(NULL);

    for (guint i = 0; i < keys->held->len; i++) {
        g_autofree char *id = hl_signing_key_id(keys->held->pdata[i]);

        if (g_strcmp0(envelope->key_id, id) == 0)
            return hl_envelope_open(envelope, keys->held->pdata[i], context, type, error);
        if (strstr(ids->str, id) == NULL)
            g_string_append_printf(ids, "%s%s", ids->len > 0 ? ", " : "", id);
    }
    hl_fail(error, HL_ERROR_UNTRUSTED,
            "the %s is signed with key '%.16s', and this endpoint knows its server by %s: if it missed a change of the "
            "key, it has to enrol again",
            context, envelope->key_id, ids->str);
    return NULL;
}
