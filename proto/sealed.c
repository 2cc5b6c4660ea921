#include "proto/sealed.h"

HlMsgSealed *hl_sealed_new(const HlSealKey *key, const char *context, const ProtobufCMessage *inner)
{
    g_autoptr(GBytes) payload = hl_wire_encode(inner);
    g_autoptr(GBytes) signature = hl_seal_sign(key, context, payload);
    g_autofree char *key_id = hl_seal_key_id(hl_seal_key_public(key));
    HlMsgSealed sealed = HOLDLINE__V1__SEALED__INIT;

    sealed.key_id = key_id;
    sealed.payload.data = (guint8 *)g_bytes_get_data(payload, &sealed.payload.len);
    sealed.signature.data = (guint8 *)g_bytes_get_data(signature, &sealed.signature.len);
    return hl_wire_copy(&sealed.base);
}

gpointer hl_sealed_open(const HlMsgSealed *sealed, GBytes *public_key, const char *context,
                        const ProtobufCMessageDescriptor *type, GError **error)
{
    g_autoptr(GBytes) payload = g_bytes_new_static(sealed->payload.data, sealed->payload.len);
    g_autoptr(GBytes) signature = g_bytes_new_static(sealed->signature.data, sealed->signature.len);
    g_autofree char *pinned = hl_seal_key_id(public_key);

    if (g_strcmp0(sealed->key_id, pinned) != 0) {
        hl_fail(error, HL_ERROR_UNTRUSTED, "the %s is sealed with key '%.16s', not with the pinned key %s", context,
                sealed->key_id, pinned);
        return NULL;
    }
    if (!hl_seal_verify(public_key, context, payload, signature)) {
        hl_fail(error, HL_ERROR_UNTRUSTED, "the seal of the %s does not hold", context);
        return NULL;
    }
    return hl_wire_decode_bytes(type, payload, error);
}
