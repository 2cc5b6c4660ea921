/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/site_keys.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/pki/cert.h"
#include "manager/site/site.h"

static void make_directory(const char *dir, const char *name)
{
    g_autofree char *path = mgr_site_path(dir, name);
    g_autoptr(GError) error = NULL;
    bool ok = hl_dir_make(path, 0700, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

static void make_authority(const char *dir)
{
    g_autofree char *key_path = mgr_site_path(dir, "pki/ca.key");
    g_autofree char *cert_path = mgr_site_path(dir, "pki/ca.pem");
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(HlCert) ca =
        hl_cert_make_ca(key, "Test CA", hl_clock_wall() - HL_DAY, hl_clock_wall() + 3650 * HL_DAY, &error);

    g_assert_true(hl_key_save(key, key_path, &error) && hl_cert_save(ca, cert_path, &error));
}

HlSigningKey *site_keys_make(const char *dir)
{
    g_autofree char *server_path = mgr_site_path(dir, "pki/server.key");
    g_autofree char *sealing_path = mgr_site_path(dir, "pki/sealing.key");
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) server = hl_key_generate(&error);
    g_autoptr(HlSigningKey) sealing = hl_signing_key_generate(&error);

    make_directory(dir, "pki");
    make_directory(dir, "broker");
    make_authority(dir);
    g_assert_true(hl_key_save(server, server_path, &error) && hl_signing_key_save(sealing, sealing_path, &error));
    return g_steal_pointer(&sealing);
}
