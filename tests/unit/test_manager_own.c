/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/own: the site's own certificates are renewed in the last third of their life, with the same key
 * and names; a clock that is wrong for a while shuts nobody out. */
#include "manager/daemon/state/own.h"
#include "manager/site/site.h"
#include "tests/support/manager_parts.h"

typedef struct {
    Parts *parts;
    MgrOwn *own;
    char *path;
    guint renewed;
} Fixture;

static void on_renewed(HlCertKind kind, gpointer user)
{
    g_assert_cmpint(kind, ==, HL_CERT_SERVER);
    ((Fixture *)user)->renewed++;
}

static void make_server(const Fixture *fixture)
{
    static const char *const names[] = { "av.example.com", NULL };
    HlCertSpec spec = { .cn = "server", .kind = HL_CERT_SERVER, .names = names };
    g_autofree char *key_path = mgr_site_path(fixture->parts->dir, "pki/server.key");
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, "server", NULL);
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(HlCert) cert =
        mgr_pki_issue_named(fixture->parts->pki, MGR_ISSUER_PRESENT, csr, &spec, 3000 * HL_DAY, &record, NULL);

    g_assert_nonnull(cert);
    g_assert_true(hl_key_save(key, key_path, NULL));
    g_assert_true(hl_cert_save(cert, fixture->path, NULL));
}

static void set_up(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    Parts *parts = parts_new();

    fixture->parts = parts;
    fixture->path = mgr_site_path(parts->dir, "pki/server.pem");
    fixture->own =
        mgr_own_new(&(MgrOwnOptions){ parts->dir, &parts->fleet, parts->record, parts->pki, on_renewed, fixture });
    make_server(fixture);
}

static void tear_down(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    mgr_own_free(fixture->own);
    parts_free(fixture->parts);
    g_free(fixture->path);
}

static void tick_after(Fixture *fixture, HlTime time)
{
    clock_fake_advance(time);
    mgr_own_touch(fixture->own);
    mgr_own_tick(fixture->own);
    parts_commit(fixture->parts);
}

static void test_renewed(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCert) first = hl_cert_load(fixture->path, NULL);
    g_autoptr(HlCert) second = NULL;
    g_auto(GStrv) names = NULL;

    tick_after(fixture, 1900 * HL_DAY);
    g_assert_cmpuint(fixture->renewed, ==, 0);
    tick_after(fixture, 200 * HL_DAY);
    g_assert_cmpuint(fixture->renewed, ==, 1);
    second = hl_cert_load(fixture->path, NULL);
    names = hl_cert_names(second);
    g_assert_true(g_strv_contains((const char *const *)names, "av.example.com"));
    g_assert_cmpint(hl_cert_info(second)->not_after, >, hl_cert_info(first)->not_after + 300 * HL_DAY);
    g_assert_cmpint(hl_cert_info(second)->not_before, ==, hl_cert_info(first)->not_before);
    tick_after(fixture, HL_DAY);
    g_assert_cmpuint(fixture->renewed, ==, 1);
}

/* What is in force and not in the registry gets there: the first write failed, or the registry was restored. */
static void test_entered(Fixture *fixture, gconstpointer user G_GNUC_UNUSED)
{
    g_autoptr(HlCert) cert = hl_cert_load(fixture->path, NULL);
    GHashTable *certificates = fixture->parts->fleet.certificates;
    const MgrCertificateRecord *record;
    guint n;

    tick_after(fixture, HL_DAY);
    record = mgr_fleet_certificate(&fixture->parts->fleet, hl_cert_info(cert)->serial);
    g_assert_nonnull(record);
    g_assert_cmpstr(record->name, ==, "server");
    g_assert_cmpstr(record->kind, ==, "server");
    g_assert_cmpint(record->expires_at, ==, hl_cert_info(cert)->not_after);
    n = g_hash_table_size(certificates);
    tick_after(fixture, HL_DAY);
    g_assert_cmpuint(g_hash_table_size(certificates), ==, n);
}

static HlTime begin_of(const Parts *parts)
{
    g_autoptr(GBytes) csr = parts_make_csr();
    HlCertSpec spec = { .cn = "ann", .kind = HL_CERT_ADMIN };
    g_auto(MgrCertificateRecord) record = { 0 };
    g_autoptr(HlCert) cert =
        mgr_pki_issue_named(parts->pki, MGR_ISSUER_PRESENT, csr, &spec, 730 * HL_DAY, &record, NULL);

    g_assert_nonnull(cert);
    return hl_cert_info(cert)->not_before;
}

/* What is issued while the clock is ahead is valid by the right one. */
static void test_clock_ahead(void)
{
    g_autoptr(Parts) parts = parts_new();
    HlTime right, begin;

    clock_fake_advance(30 * HL_DAY);
    right = hl_clock_wall();
    begin = begin_of(parts);
    g_assert_cmpint(begin, <=, right - 5 * HL_MINUTE);
    g_assert_cmpint(begin, >=, right - HL_DAY);
    clock_fake_jump_wall(400 * HL_DAY);
    g_assert_cmpint(begin_of(parts), <=, right - 5 * HL_MINUTE);
    clock_fake_jump_wall(-400 * HL_DAY - 20 * HL_DAY); /* and one that is behind, by that */
    g_assert_cmpint(begin_of(parts), <=, hl_clock_wall());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/manager/own/renewed", Fixture, NULL, set_up, test_renewed, tear_down);
    g_test_add("/manager/own/entered", Fixture, NULL, set_up, test_entered, tear_down);
    g_test_add_func("/manager/own/clock-ahead", test_clock_ahead);
    return g_test_run();
}
