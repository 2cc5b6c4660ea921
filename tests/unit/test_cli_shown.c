/* SPDX-License-Identifier: Apache-2.0 */
/* manager/cli/shown: how long an address that cannot be reached is waited for.  A look is a fake, and takes virtual
 * time. */
#include <glib.h>
#include <string.h>

#include "lib/doctor/probe.h"
#include "manager/cli/shown.h"
#include "tests/support/clock_fake.h"

#define NEW  "2b"
#define GOOD "good.test:8883" /* shows the new one at once */
#define LATE "late.test:8883"

struct HlCert {
    HlCertInfo info;
};

/* What the looks at LATE find, the last of them again and again; NULL: nothing. */
static const char *const *found;
static guint n_found, n_good, n_late;

HlCert *hl_probe_shown(const char *broker, const HlProbeIdentity *identity G_GNUC_UNUSED, char **why)
{
    const char *serial = NEW;
    HlCert *cert;

    clock_fake_advance(4 * HL_SECOND);
    if (strcmp(broker, GOOD) == 0) {
        n_good++;
    } else {
        serial = found[MIN(n_late, n_found - 1)];
        n_late++;
    }
    *why = serial == NULL ? g_strdup("refused") : NULL;
    if (serial == NULL)
        return NULL;
    cert = g_new0(HlCert, 1);
    cert->info.serial = serial;
    cert->info.kind = HL_CERT_SERVER;
    return cert;
}

const HlCertInfo *hl_cert_info(const HlCert *cert)
{
    return &cert->info;
}

void hl_cert_free(HlCert *cert)
{
    g_free(cert);
}

char *cli_config_path(const CliConfig *config G_GNUC_UNUSED, const char *name)
{
    return g_strdup(name);
}

static bool await(const char *const *looks, guint n, GError **error)
{
    static const char *const brokers[] = { GOOD, LATE, NULL };
    char *none[] = { NULL };
    const CliConfig conf = { .brokers = none };

    found = looks;
    n_found = n;
    n_good = n_late = 0;
    return cli_shown_await(&conf, brokers, NEW, error);
}

static void test_comes_back(void)
{
    static const char *const looks[] = { NULL, NEW };
    g_autoptr(GError) error = NULL;

    g_assert_true(await(looks, G_N_ELEMENTS(looks), &error));
    g_assert_no_error(error);
    g_assert_cmpuint(n_late, ==, 2);
    g_assert_cmpuint(n_good, ==, 1);
}

/* It came back with the earlier one: not an address that could not be looked at. */
static void test_comes_back_earlier(void)
{
    static const char *const looks[] = { NULL, "1a" };
    g_autoptr(GError) error = NULL;

    g_assert_false(await(looks, G_N_ELEMENTS(looks), &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_PARTIAL);
    g_assert_nonnull(strstr(error->message, LATE " still shows an earlier one"));
}

/* A port that is closed from here holds nobody for longer than that. */
static void test_stays_away(void)
{
    static const char *const looks[] = { NULL };
    g_autoptr(GError) error = NULL;

    g_assert_true(await(looks, G_N_ELEMENTS(looks), &error));
    g_assert_no_error(error);
    g_assert_cmpuint(n_late, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli-shown/comes-back", test_comes_back);
    g_test_add_func("/cli-shown/comes-back-earlier", test_comes_back_earlier);
    g_test_add_func("/cli-shown/stays-away", test_stays_away);
    return g_test_run();
}
