/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/call.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "proto/wire.h"

struct HlCallSigner {
    HlCert *cert;
    HlKey *key;
    char *serial, *pem;
};

HlCallSigner *hl_call_signer_load(const char *certificate, const char *key, GError **error)
{
    g_autoptr(HlCallSigner) signer = g_new0(HlCallSigner, 1);

    signer->cert = hl_cert_load(certificate, error);
    signer->key = signer->cert != NULL ? hl_key_load(key, error) : NULL;
    if (signer->key == NULL)
        return NULL;
    if (!hl_cert_has_key(signer->cert, signer->key)) {
        hl_fail(error, HL_ERROR_INVALID, "%s is not the key of %s", key, certificate);
        return NULL;
    }
    signer->serial = g_strdup(hl_cert_info(signer->cert)->serial);
    signer->pem = hl_cert_print(signer->cert);
    return g_steal_pointer(&signer);
}

void hl_call_signer_free(HlCallSigner *signer)
{
    if (signer == NULL)
        return;
    g_clear_pointer(&signer->cert, hl_cert_free);
    g_clear_pointer(&signer->key, hl_key_free);
    g_free(signer->serial);
    g_free(signer->pem);
    g_free(signer);
}

const HlCert *hl_call_signer_cert(const HlCallSigner *signer)
{
    return signer->cert;
}

/* All of it but the proof. */
static GBytes *signed_part(const HlMsgCall *call)
{
    HlMsgCall bare = *call;

    bare.proof = (ProtobufCBinaryData){ 0 };
    return HL_WIRE_ENCODE(&bare);
}

GBytes *hl_call_encode(const HlMsgCall *call, const HlCallSigner *signer, GError **error)
{
    HlMsgCall whole = *call;
    g_autoptr(GBytes) proof = NULL;

    if (signer != NULL) {
        g_autoptr(GBytes) payload = NULL;

        whole.certificate = signer->serial;
        whole.shown = (ProtobufCBinaryData){ strlen(signer->pem), (uint8_t *)signer->pem };
        whole.sent_ms = hl_clock_wall();
        payload = signed_part(&whole);
        proof = hl_key_sign(signer->key, HL_CALL_PROOF, payload);
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
