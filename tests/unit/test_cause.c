/* SPDX-License-Identifier: Apache-2.0 */
/* Each cause has a sentence of its own, with the facts that a person needs to act on it. */
#include <string.h>

#include "lib/bus/cause.h"

#define ENDED ((HlTime)1790000000000) /* 2026-09-21T14:13:20Z */

static char *sentence(HlCause cause)
{
    return hl_cause_sentence(cause, &(HlCauseFacts){ .place = "that address",
                                                     .host = "av.example.org",
                                                     .file = "/x/own.pem",
                                                     .detail = "its own words",
                                                     .date = ENDED,
                                                     .now = ENDED + HL_DAY });
}

static void test_sentences(void)
{
    static const struct {
        HlCause cause;
        const char *text;
    } rows[] = {
        { HL_CAUSE_NONE, "its own words; a second look at the network and the certificates found nothing wrong" },
        { HL_CAUSE_OWN_ENDED,
          "this machine's own certificate ended at 2026-09-21T14:13:20Z (/x/own.pem); its clock says "
          "2026-09-22T14:13:20Z: set the clock, or get another certificate ('holdline doctor' says how, on an endpoint "
          "'holdline-endpoint doctor')" },
        { HL_CAUSE_NO_NAME, "the name av.example.org cannot be resolved: its own words" },
        { HL_CAUSE_REFUSED, "nobody listens at that address (connection refused)" },
        { HL_CAUSE_OTHER_NAMES, "the server's certificate is for other names: its own words, not av.example.org" },
        { HL_CAUSE_UNKNOWN_AUTHORITY,
          "the broker does not know the authority that issued this machine's certificate (/x/own.pem): the server was "
          "restored from an earlier backup, the broker has not read its new files, or it is another installation's" },
        { HL_CAUSE_TURNED_AWAY, "the broker does not accept this certificate: its own words (/x/own.pem)" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = sentence(rows[i].cause);

        g_assert_cmpstr(text, ==, rows[i].text);
    }
}

static void test_each_its_own(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (HlCause cause = 0; cause < HL_N_CAUSES; cause++) {
        char *text = sentence(cause);
        char *name = g_strdup(hl_cause_name(cause));

        g_assert_true(g_hash_table_add(seen, name));
        g_assert_cmpuint(strlen(text), >, 20);
        g_assert_null(strpbrk(text, "{}"));
        g_assert_true(g_hash_table_add(seen, text));
    }
}

/* Names in a certificate and a proxy's words are a stranger's: they neither break the line nor ask for a fact. */
static void test_strangers(void)
{
    g_autofree char *text = hl_cause_sentence(
        HL_CAUSE_OTHER_NAMES, &(HlCauseFacts){ .host = "a", .detail = "{host}\n\x1b[2J\xff {", .file = "b" });

    g_assert_nonnull(strstr(text, ": {host} "));
    g_assert_null(strpbrk(text, "\n\x1b"));
    g_assert_true(g_utf8_validate(text, -1, NULL));
}

/* A fact that nobody knows is a dash, not a crash. */
static void test_no_facts(void)
{
    g_autofree char *text = hl_cause_sentence(HL_CAUSE_NO_NAME, &(HlCauseFacts){ 0 });

    g_assert_cmpstr(text, ==, "the name - cannot be resolved: -");
}

static void test_absence(void)
{
    g_assert_true(hl_cause_is_absence(HL_CAUSE_REFUSED));
    g_assert_true(hl_cause_is_absence(HL_CAUSE_NAME_SERVERS));
    g_assert_false(hl_cause_is_absence(HL_CAUSE_NONE));
    g_assert_false(hl_cause_is_absence(HL_CAUSE_TURNED_AWAY));
    g_assert_false(hl_cause_is_absence(HL_CAUSE_OTHER_AUTHORITY));
    g_assert_false(hl_cause_is_absence(HL_CAUSE_PROXY_LOGIN));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cause/sentences", test_sentences);
    g_test_add_func("/cause/each-its-own", test_each_its_own);
    g_test_add_func("/cause/strangers", test_strangers);
    g_test_add_func("/cause/no-facts", test_no_facts);
    g_test_add_func("/cause/absence", test_absence);
    return g_test_run();
}
