/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/succession_world.h"

#include "lib/base/unconst.h"
#include "manager/site/site.h"
#include "proto/envelope.h"
#include "proto/server.h"
#include "tests/support/child_fake.h"

void succession_set_conf(Parts *parts, const char *name, const char *value)
{
    g_assert_true(hl_option_set(hl_option_find(mgr_conf_table(), name), &parts->conf, value, NULL));
}

static void make_own(Parts *parts, const char *name, HlCertKind kind)
{
    static const char *const names[] = { "localhost", NULL };
    g_autofree char *cert = g_strdup_printf("pki/%s.pem", name);
    g_autofree char *key = g_strdup_printf("pki/%s.key", name);
    g_auto(MgrAuthority) authority = { 0 };
    g_auto(MgrCertificateRecord) record = { 0 };
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = name, .kind = kind, .names = names, .not_before = now, .not_after = now + 3000 * HL_DAY };
    g_autoptr(GError) error = NULL;

    g_assert_true(mgr_authority_open(&authority, parts->dir, &error));
    g_assert_true(mgr_authority_issue_files(&authority, parts->dir, cert, key, &spec, &record, &error));
    g_assert_no_error(error);
}

Parts *succession_make_parts(void)
{
    Parts *parts = parts_new();

    succession_set_conf(parts, "broker.mode", "external");
    succession_set_conf(parts, "broker.addresses", "localhost:1");
    succession_set_conf(parts, "broker.reload-command", "tell-broker");
    make_own(parts, "server", HL_CERT_SERVER);
    make_own(parts, "manager", HL_CERT_MANAGER);
    parts_add_endpoint(parts, SUCCESSION_ID);
    return parts;
}

void succession_read_lists(void)
{
    for (guint n = 0; child_fake_running() > 0 && n < 9; n++)
        child_fake_exit(child_fake_last(), 0, NULL, NULL);
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

HlMsgServerDocument *succession_take_document(Parts *parts)
{
    g_autoptr(HlMsgEnvelope) envelope =
        parts_take(parts, HL_TOPIC_SERVER, SUCCESSION_ID, &holdline__v1__signed_envelope__descriptor);

    if (envelope == NULL)
        return NULL;
    return hl_envelope_open(envelope, hl_signing_key_public(parts->key), HL_ENVELOPE_SERVER,
                            &holdline__v1__server_document__descriptor, NULL);
}

void succession_born(Parts *parts, uint64_t session, const HlMsgServerDocument *has, const char *serial)
{
    parts_born_with(parts, SUCCESSION_ID, session, has, serial);
}
