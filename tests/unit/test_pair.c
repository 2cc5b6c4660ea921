/* SPDX-License-Identifier: Apache-2.0 */
/* The CLI's certificate and key on disk: what a renewal leaves wherever it is interrupted. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/pki/pair.h"

#define DAY_ONE (20000 * HL_DAY)

typedef struct {
    char *dir, *cert, *key, *new_cert, *new_key;
    HlPair pair;
    HlKey *ca_key;
    HlCert *ca;
} Fixture;

static HlCert *issue(const Fixture *f, GBytes *csr, HlTime end)
{
    HlCertSpec spec = { "ann", HL_CERT_ADMIN, NULL, DAY_ONE, end };
    g_autoptr(GError) error = NULL;
    HlCert *cert = hl_cert_issue(f->ca, f->ca_key, csr, &spec, &error);

    g_assert_no_error(error);
    return cert;
}

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(HlKey) key = hl_key_generate(NULL);
    g_autoptr(GBytes) csr = hl_csr_make(key, "ann", NULL);
    g_autoptr(HlCert) cert = NULL;

    f->dir = g_dir_make_tmp("holdline-pair-XXXXXX", NULL);
    f->cert = g_build_filename(f->dir, "ann.pem", NULL);
    f->key = g_build_filename(f->dir, "ann.key", NULL);
    f->new_cert = g_strconcat(f->cert, HL_PAIR_DRAFT, NULL);
    f->new_key = g_strconcat(f->key, HL_PAIR_DRAFT, NULL);
    f->pair = (HlPair){ f->cert, f->key };
    f->ca_key = hl_key_generate(NULL);
    f->ca = hl_cert_make_ca(f->ca_key, "CA", DAY_ONE, DAY_ONE + 3650 * HL_DAY, NULL);
    cert = issue(f, csr, DAY_ONE + 90 * HL_DAY);
    g_assert_true(hl_key_save(key, f->key, NULL) && hl_cert_save(cert, f->cert, NULL));
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_assert_true(hl_tree_remove(f->dir, NULL));
    hl_key_free(f->ca_key);
    hl_cert_free(f->ca);
    g_free(f->dir);
    g_free(f->cert);
    g_free(f->key);
    g_free(f->new_cert);
    g_free(f->new_key);
}

static HlTime end_of(const Fixture *f)
{
    g_autoptr(HlCert) cert = hl_cert_load(f->cert, NULL);
    g_autoptr(HlKey) key = hl_key_load(f->key, NULL);

    g_assert_true(cert != NULL && key != NULL && hl_cert_has_key(cert, key));
    return hl_cert_info(cert)->not_after;
}

static void make_draft(const Fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) csr = hl_pair_begin_draft(&f->pair, "ann", &error);
    g_autoptr(HlCert) cert = csr != NULL ? issue(f, csr, DAY_ONE + 180 * HL_DAY) : NULL;
    g_autofree char *pem = cert != NULL ? hl_cert_print(cert) : NULL;

    g_assert_no_error(error);
    g_assert_true(hl_pair_end_draft(&f->pair, pem, &error));
    g_assert_no_error(error);
}

static bool has_draft(const Fixture *f, HlTime now)
{
    g_autoptr(HlCert) cert = hl_cert_load(f->cert, NULL);

    return hl_pair_has_draft(&f->pair, cert, now);
}

static void test_due(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(HlCert) cert = hl_cert_load(f->cert, NULL);

    g_assert_false(hl_pair_is_due(cert, DAY_ONE));
    g_assert_false(hl_pair_is_due(cert, DAY_ONE + 60 * HL_DAY - 1));
    g_assert_true(hl_pair_is_due(cert, DAY_ONE + 60 * HL_DAY));
    g_assert_true(hl_pair_is_due(cert, DAY_ONE + 900 * HL_DAY));
}

static void test_taken(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    hl_autofd int locked = -1;
    hl_autofd int other = -1;

    make_draft(f);
    g_assert_cmpint(end_of(f), ==, DAY_ONE + 90 * HL_DAY); /* not in force yet */
    g_assert_true(has_draft(f, DAY_ONE));
    g_assert_false(has_draft(f, DAY_ONE + 180 * HL_DAY)); /* it has ended itself */
    locked = hl_pair_take_draft(&f->pair, &error);
    g_assert_no_error(error);
    g_assert_cmpint(end_of(f), ==, DAY_ONE + 180 * HL_DAY);
    g_assert_false(has_draft(f, DAY_ONE));
    other = open(f->key, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(flock(other, LOCK_EX | LOCK_NB), !=, 0); /* who comes now waits */
}

/* Its certificate had its name, and its key not yet. */
static void test_interrupted(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(hl_pair_mend(&f->pair, &error)); /* nothing to do */
    make_draft(f);
    g_assert_true(hl_pair_mend(&f->pair, &error)); /* a draft is none yet */
    g_assert_cmpint(end_of(f), ==, DAY_ONE + 90 * HL_DAY);
    g_assert_cmpint(g_rename(f->new_cert, f->cert), ==, 0);
    g_assert_true(hl_pair_mend(&f->pair, &error));
    g_assert_no_error(error);
    g_assert_cmpint(end_of(f), ==, DAY_ONE + 180 * HL_DAY);
    g_assert_false(g_file_test(f->new_key, G_FILE_TEST_EXISTS));
}

/* A key whose certificate never came is no draft, and the next one begins again. */
static void test_half_a_draft(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) csr = hl_pair_begin_draft(&f->pair, "ann", NULL);

    g_assert_nonnull(csr);
    g_assert_false(has_draft(f, DAY_ONE));
    make_draft(f);
    g_assert_true(has_draft(f, DAY_ONE));
    g_bytes_unref(csr);
    csr = hl_pair_begin_draft(&f->pair, "ann", NULL); /* and the certificate of the one before is not this one's */
    g_assert_false(has_draft(f, DAY_ONE));
    g_assert_false(g_file_test(f->new_cert, G_FILE_TEST_EXISTS));
    g_assert_cmpint(end_of(f), ==, DAY_ONE + 90 * HL_DAY);
}

static void test_refused(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GBytes) csr = hl_pair_begin_draft(&f->pair, "ann", NULL);
    g_autoptr(HlKey) stranger = hl_key_generate(NULL);
    g_autoptr(GBytes) its = hl_csr_make(stranger, "ann", NULL);
    g_autoptr(HlCert) cert = issue(f, its, DAY_ONE + 180 * HL_DAY);
    g_autofree char *pem = hl_cert_print(cert);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) empty = NULL;
    g_autoptr(GError) none = NULL;
    HlPair one = { f->key, f->key };

    g_assert_nonnull(csr);
    g_assert_false(hl_pair_end_draft(&f->pair, pem, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_UNTRUSTED);
    g_assert_false(has_draft(f, DAY_ONE));
    g_assert_false(hl_pair_end_draft(&f->pair, NULL, &empty)); /* an answer that says nothing */
    g_assert_nonnull(empty);
    g_assert_false(has_draft(f, DAY_ONE));
    g_assert_null(hl_pair_begin_draft(&one, "ann", &none));
    g_assert_error(none, HL_ERROR, HL_ERROR_INVALID);
}

#define ADD(name, function) g_test_add("/pair/" name, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("due", test_due);
    ADD("taken", test_taken);
    ADD("interrupted", test_interrupted);
    ADD("half-a-draft", test_half_a_draft);
    ADD("refused", test_refused);
    return g_test_run();
}
