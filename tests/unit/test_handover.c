/* SPDX-License-Identifier: Apache-2.0 */
/* manager/site/handover, store/ledger: which keys a restored registry announces, by those that are on disk. */
#include "manager/site/handover.h"

#include "manager/store/ledger.h"

static char **list(const char *text)
{
    return text != NULL ? g_strsplit(text, ",", -1) : NULL;
}

static void test_settle(void)
{
    static const struct {
        const char *said, *own, *on_disk, *settled; /* sealing keys, and authorities likewise; settled NULL: none */
    } cases[] = {
        { "b,a", "a", "a,b", "b,a" }, /* begun since, and its keys were taken over */
        { "b", "b,a", "a,b", "b" },   /* ended since; the file is renamed by the next start */
        { "b", "a", "b", "b" },       /* ended since, and all was taken over */
        { "b,a", "a", "a", "a" },     /* the later key is not here: what was known before */
        { "c", "b,a", "a,b", "b,a" }, /* nor the one that counts now */
        { "c", "b,a", "a", NULL },    /* neither: the one that signs */
        { "c", NULL, "a", NULL },     /* nothing was announced before */
        { "b,a", "a", "a,b,c", "b,a" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(MgrPlaceRecord) place = { .keys = list(cases[i].said), .authorities = list(cases[i].said) };
        g_auto(MgrPlaceRecord) own = { .keys = list(cases[i].own), .authorities = list(cases[i].own) };
        g_auto(MgrSiteKeys) on_disk = { .keys = list(cases[i].on_disk), .authorities = list(cases[i].on_disk) };
        g_autofree char *keys = NULL;
        g_autofree char *authorities = NULL;

        mgr_handover_settle(&place, &own, &on_disk);
        keys = place.keys != NULL ? g_strjoinv(",", place.keys) : g_strdup("");
        authorities = place.authorities != NULL ? g_strjoinv(",", place.authorities) : g_strdup("");
        g_assert_cmpstr(keys, ==, cases[i].settled != NULL ? cases[i].settled : "");
        g_assert_cmpstr(authorities, ==, keys);
    }
}

static char *line(uint64_t counter, const char *keys, const char *authorities)
{
    g_auto(MgrPlaceRecord) place = { .counter = counter,
                                     .brokers = list("one:8883"),
                                     .servers = list("https://one"),
                                     .keys = list(keys),
                                     .authorities = list(authorities),
                                     .authority_ends = 9,
                                     .changed_by = g_strdup("admin") };

    return mgr_journal_place(&place);
}

/* The latest counter counts, in whichever order the lines of two sites stand; the first authority is known by the line
 * that announced another one. */
static void test_ledger(void)
{
    g_autoptr(MgrLedger) ledger = mgr_ledger_new();
    g_autofree char *begun = line(7, "k2,k1", "b,a");
    g_autofree char *ended = line(9, "k2", "b");
    g_autofree char *forked = line(8, "k3", "c");
    g_autofree char *keys = NULL;

    g_assert_cmpuint(mgr_ledger_place(ledger)->counter, ==, 0);
    mgr_ledger_line(begun, ledger);
    mgr_ledger_line(ended, ledger);
    mgr_ledger_line(forked, ledger);
    mgr_ledger_line("{\"what\": \"place\"}", ledger);
    g_assert_cmpuint(mgr_ledger_malformed(ledger), ==, 1);
    keys = g_strjoinv(",", mgr_ledger_place(ledger)->keys);
    g_assert_cmpuint(mgr_ledger_place(ledger)->counter, ==, 9);
    g_assert_cmpstr(keys, ==, "k2");
    g_assert_cmpint(mgr_ledger_place(ledger)->authority_ends, ==, 9);
    g_assert_cmpstr(mgr_ledger_unnamed(ledger), ==, "a");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/handover/settle", test_settle);
    g_test_add_func("/handover/ledger", test_ledger);
    return g_test_run();
}
