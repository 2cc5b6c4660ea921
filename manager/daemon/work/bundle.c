/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/work/bundle.h"

#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "manager/site/site.h"
#include "proto/envelope.h"

#define MAX_ROOT_SIZE  (64 * 1024)
#define ARMOUR_COLUMNS 64

char *mgr_bundle_print(const MgrBundleParts *parts, MgrGroup *group, const MgrTokenRecord *token, const char *secret)
{
    HlMsgBundle bundle = HOLDLINE__V1__BUNDLE__INIT;
    g_autofree char *ca = hl_trust_print(mgr_pki_trust(parts->pki)); /* the one that issues for it first */
    g_autofree char *root_path = mgr_site_path(parts->dir, "repo/metadata/1.root.json");
    g_autoptr(GBytes) root = hl_file_read(root_path, MAX_ROOT_SIZE, NULL); /* none: the server has no repository yet */
    MgrRecipient newcomer = mgr_delivery_newcomer(group);
    g_autoptr(HlMsgEnvelope) settings = mgr_delivery_envelope(
        parts->delivery, group,
        &(MgrAddressee){ .endpoint = "",
                         .counter = group->record.counter,
                         .path = mgr_path_for(&newcomer, MGR_WORK_SETTINGS, MGR_OCCASION_BUNDLE) });
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) packed = NULL;
    g_autofree char *base64 = NULL;
    GString *out = g_string_new("-----BEGIN HOLDLINE BUNDLE-----\n");
    GBytes *key = hl_signing_key_public(mgr_sealer_key(parts->sealer));

    bundle.group = group->record.name;
    bundle.token = hl_unconst(secret);
    bundle.endpoint = token->endpoint;
    bundle.ca = ca;
    bundle.brokers = hl_unconst(mgr_location_brokers(parts->location));
    bundle.n_brokers = g_strv_length(bundle.brokers);
    bundle.servers = hl_unconst(mgr_location_urls(parts->location));
    bundle.n_servers = g_strv_length(bundle.servers);
    bundle.server = bundle.servers[0];
    bundle.signing_key.data = hl_unconst(g_bytes_get_data(key, &bundle.signing_key.len));
    bundle.settings = settings;
    if (root != NULL)
        bundle.pattern_root.data = hl_unconst(g_bytes_get_data(root, &bundle.pattern_root.len));
    bundle.expires_ms = token->expires_at;
    bundle.issued_ms = hl_clock_wall();
    envelope = hl_envelope_sign(mgr_sealer_key(parts->sealer), HL_ENVELOPE_BUNDLE, &bundle.base);
    packed = HL_WIRE_ENCODE(envelope);
    base64 = g_base64_encode(g_bytes_get_data(packed, NULL), g_bytes_get_size(packed));
    for (gsize at = 0; at < strlen(base64); at += ARMOUR_COLUMNS)
        g_string_append_printf(out, "%.*s\n", ARMOUR_COLUMNS, base64 + at);
    g_string_append(out, "-----END HOLDLINE BUNDLE-----\n");
    return g_string_free(out, FALSE);
}
