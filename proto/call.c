/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/call.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "proto/wire.h"

struct HlCaller {
    HlCert *cert;
    HlKey *key;
    char *serial, *pem;
};

HlCaller *hl_caller_load(const char *certificate, const char *key)
{
    g_autoptr(HlCaller) caller = g_new0(HlCaller, 1);

    caller->cert = hl_cert_load(certificate, NULL);
    caller->key = caller->cert != NULL ? hl_key_load(key, NULL) : NULL;
    if (caller->key == NULL || !hl_cert_has_key(caller->cert, caller->key))
        return NULL;
    caller->serial = g_strdup(hl_cert_info(caller->cert)->serial);
    caller->pem = hl_cert_print(caller->cert);
    return g_steal_pointer(&caller);
}

void hl_caller_free(HlCaller *caller)
{
    if (caller == NULL)
        return;
    g_clear_pointer(&caller->cert, hl_cert_free);
    g_clear_pointer(&caller->key, hl_key_free);
    g_free(caller->serial);
    g_free(caller->pem);
    g_free(caller);
}

const HlCert *hl_caller_cert(const HlCaller *caller)
{
    return caller->cert;
}

/* All of it but the proof. */
static GBytes *signed_part(const HlMsgCall *call)
{
    HlMsgCall bare = *call;

    bare.proof = (ProtobufCBinaryData){ 0 };
    return HL_WIRE_ENCODE(&bare);
}

GBytes *hl_call_encode(const HlMsgCall *call, const HlCaller *caller, GError **error)
{
    HlMsgCall whole = *call;
    g_autoptr(GBytes) proof = NULL;

    if (caller != NULL) {
        g_autoptr(GBytes) payload = NULL;

        whole.certificate = caller->serial;
        whole.shown = (ProtobufCBinaryData){ strlen(caller->pem), (uint8_t *)caller->pem };
        whole.sent_ms = hl_clock_wall();
        payload = signed_part(&whole);
        proof = hl_key_sign(caller->key, HL_CALL_PROOF, payload);
        whole.proof.data = hl_unconst(g_bytes_get_data(proof, &whole.proof.len));
    }
    return hl_wire_check(&whole.base, error) ? HL_WIRE_ENCODE(&whole) : NULL;
}

bool hl_call_is_proven(const HlMsgCall *call, const HlCert *cert, HlTime now)
{
    g_autoptr(GBytes) payload = signed_part(call);
    g_autoptr(GBytes) proof = g_bytes_new(call->proof.data, call->proof.len);

    return call->proof.len > 0 && call->sent_ms > now - HL_CALL_PROOF_LIFE &&
           call->sent_ms < now + HL_CALL_PROOF_LIFE && hl_cert_verify_signature(cert, HL_CALL_PROOF, payload, proof);
}
