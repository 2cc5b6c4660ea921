/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console/remedy: no page sends its reader to a shell; what is said instead fits the text, and is said in
 * Japanese too. */
#include <glib.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/unconst.h"
#include "lib/base/value_fault.h"
#include "manager/console/core/fault.h"
#include "manager/console/core/route.h"
#include "manager/console/remedy.h"
#include "manager/core/refusal.h"
#include "manager/filter/fault.h"
#include "proto/fault.h"
#include "proto/phrase_table.h"

/* Refusals of calls that no resource makes, and of what 'holdline' finds before it asks: their reader has a shell.  ""
 * is no call. */
static const struct {
    const char *sentence; /* its beginning */
    const char *call;
} elsewhere[] = {
    { "account.disabled", "account certificate" },
    { "certificate.key-known", "account certificate" },
    { "certificate.no-subject", "account certificate" },
    { "certificate.not-you", "account certificate" },
    { "certificate.other-request", "account certificate" },
    { "certificate.own-", "" },
    { "certificate.unknown", "monitor revoke" },
    { "certificate.unknown", "console revoke" },
    { "certificate.unknown", "admin revoke" },
    { "certificate.yourself", "account certificate" },
    { "denied.console", "signin" },
    { "denied.monitor", "renew" },
    { "rollover.", "server rollover" },
    { "server.changed", "server set" },
    { "server.names", "server certificate" },
    { "server.not-covered", "server set" },
};

static bool is_elsewhere(const char *sentence)
{
    for (gsize i = 0; sentence != NULL && i < G_N_ELEMENTS(elsewhere); i++)
        if (g_str_has_prefix(sentence, elsewhere[i].sentence))
            return true;
    return false;
}

static void check(const char *sentence, const char *text)
{
    if (con_remedy_is_of_shell(con_remedy_english(text)) && !is_elsewhere(sentence)) {
        g_test_message("a page would say: %s", con_remedy_english(text));
        g_test_fail();
    }
}

/* Phrases that come to no page: of a machine that is not enrolled (its spool is empty), of what is answered there (the
 * local socket, doctor, enrolment, log), and of certificates that are looked at by 'holdline' and by the site's checks.
 */
static const char *const local[] = {
    "this machine is not enrolled: run",
    "%s/identity is gone",
    "see what is left to do, and install the version before as root",
    "the server knows this machine already",
    "this machine is enrolled already, as",
    "%s, which this machine was, is revoked",
    "two machines use the identity of %s, and to enrol again",
    "%s belongs to group %s, and the bundle is for",
    "nothing was enrolled here, but the server has",
    "this machine is already enrolled, as",
    "%s: certificate, key and id do not belong together",
    "%s did not sign the certificate of this endpoint",
    "%s is not a bundle",
    "on the server, 'holdline server rollover start ca'",
    "an owner's 'holdline account certificate NAME'",
    "an owner's 'holdline monitor revoke NAME'",
    "an owner's 'holdline console revoke NAME'",
};

static bool is_local(const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(local); i++)
        if (g_str_has_prefix(text, local[i]))
            return true;
    return false;
}

static void test_pages(void)
{
    static const HlFaultTable *const tables[] = { &con_faults, &mgr_refusals, &hl_value_faults, &hl_proto_faults };

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        for (gsize row = 0; row < tables[i]->n; row++)
            check(tables[i]->rows[row].sentence, tables[i]->rows[row].text);
    for (gsize i = 0; i < mgr_n_fault_rows; i++)
        check(NULL, mgr_fault_rows[i].text);
    for (gsize i = 0; i < hl_n_server_phrases; i++)
        check(NULL, hl_server_phrases[i].text);
    for (gsize i = 0; i < hl_n_phrases; i++)
        if (!is_local(hl_phrases[i].text))
            check(NULL, hl_phrases[i].text);
}

static void test_elsewhere(void)
{
    ConRoutes routes = con_routes();

    for (gsize i = 0; i < G_N_ELEMENTS(elsewhere); i++)
        for (gsize row = 0; row < routes.count && *elsewhere[i].call != '\0'; row++)
            g_assert_false(routes.rows[row].call != NULL && g_str_has_prefix(routes.rows[row].call, elsewhere[i].call));
}

static void test_signs(void)
{
    static const char *const shell[] = {
        "'holdline group list' lists them",
        "holdline-updater repo repair %s",
        "'{kind} list' lists them",
        "'{call}' needs it",
        "or say --force",
        "'endpoint clone split'",
        "'account set' needs what",
        "timedatectl set-ntp true",
    };
    static const char *const plain[] = {
        "{endpoint} is in group '{name}' already", "the group's display name", "'{name}' is you",
        "and not manager, server or holdline",     "the endpoints' names",     "off, hourly or 'every 30m'",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(shell); i++)
        g_assert_true(con_remedy_is_of_shell(shell[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        g_assert_false(con_remedy_is_of_shell(plain[i]));
}

static const char *const known[] = {
#define REFUSAL(name, words) words,
#define FAULT(name, words)   words,
#define TEXT(text, words)    words,
#include "manager/console/remedy.def"
#undef TEXT
#undef FAULT
#undef REFUSAL
};

/* A row of a text that nobody says any longer is found by no text; one without Japanese would leave a page half
 * English. */
static void test_rows(void)
{
    g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);

    for (gsize i = 0; i < mgr_refusals.n; i++)
        g_hash_table_add(used, hl_unconst(con_remedy_english(mgr_refusals.rows[i].text)));
    for (gsize i = 0; i < con_faults.n; i++)
        g_hash_table_add(used, hl_unconst(con_remedy_english(con_faults.rows[i].text)));
    for (gsize i = 0; i < mgr_n_fault_rows; i++)
        g_hash_table_add(used, hl_unconst(con_remedy_english(mgr_fault_rows[i].text)));
    for (gsize i = 0; i < hl_n_server_phrases; i++)
        g_hash_table_add(used, hl_unconst(con_remedy_english(hl_server_phrases[i].text)));
    for (gsize i = 0; i < hl_n_phrases; i++)
        g_hash_table_add(used, hl_unconst(con_remedy_english(hl_phrases[i].text)));
    for (gsize i = 0; i < hl_n_ground_phrases; i++)
        g_hash_table_add(used, hl_unconst(con_remedy_english(hl_ground_phrases[i].text)));
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        g_test_message("%s", known[i]);
        g_assert_true(g_hash_table_contains(used, known[i]));
        g_assert_cmpstr(hl_tr_japanese(known[i]), !=, known[i]);
    }
}

/* What the text is not given it cannot say. */
static void check_arguments(const char *text, const char *here)
{
    for (const char *open = strchr(here, '{'); open != NULL; open = strchr(open + 1, '{')) {
        g_autofree char *argument = g_strndup(open, strcspn(open, "}") + 1);

        g_assert_nonnull(strstr(text, argument));
    }
}

static void test_arguments(void)
{
    for (gsize i = 0; i < mgr_refusals.n; i++) {
        check_arguments(mgr_refusals.rows[i].text, con_remedy_english(mgr_refusals.rows[i].text));
        check_arguments(mgr_refusals.rows[i].text, con_remedy_japanese(mgr_refusals.rows[i].text));
    }
    for (gsize i = 0; i < con_faults.n; i++)
        check_arguments(con_faults.rows[i].text, con_remedy_english(con_faults.rows[i].text));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/remedy/pages", test_pages);
    g_test_add_func("/console/remedy/elsewhere", test_elsewhere);
    g_test_add_func("/console/remedy/signs", test_signs);
    g_test_add_func("/console/remedy/rows", test_rows);
    g_test_add_func("/console/remedy/arguments", test_arguments);
    return g_test_run();
}
