/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core: the configuration's table and the rate of enrolments. */
#include <string.h>

#include "lib/base/conf.h"
#include "manager/core/conf.h"
#include "manager/core/rate.h"

static bool parse(const char *text, MgrConf *conf, GError **error)
{
    return hl_conf_parse("manager.conf", text, strlen(text), mgr_conf_table(), conf, error);
}

static void test_round_trip(void)
{
    MgrConf conf = { 0 };
    MgrConf again = { 0 };
    g_autofree char *printed = NULL;
    g_autofree char *reprinted = NULL;
    g_autoptr(GError) error = NULL;

    parse("[broker]\nmode = external\nport = 1883\naddresses = a:1883, b:1883\n[status]\nunreachable=10.0.0.0/8\n",
          &conf, &error);
    g_assert_no_error(error);
    g_assert_cmpint(conf.broker_mode, ==, MGR_BROKER_EXTERNAL);
    g_assert_cmpint(conf.broker_port, ==, 1883);
    g_assert_cmpuint(g_strv_length(conf.broker_addresses), ==, 2);
    g_assert_cmpstr(conf.broker_addresses[1], ==, "b:1883");
    g_assert_cmpstr(conf.unreachable[0], ==, "10.0.0.0/8");
    g_assert_cmpint(conf.certificate_lifetime, ==, 90 * HL_DAY);
    printed = hl_conf_print(mgr_conf_table(), &conf);
    parse(printed, &again, &error);
    g_assert_no_error(error);
    reprinted = hl_conf_print(mgr_conf_table(), &again);
    g_assert_cmpstr(reprinted, ==, printed);
    hl_options_clear(mgr_conf_table(), &conf);
    hl_options_clear(mgr_conf_table(), &again);
}

static void expect_check(const char *text, const char *problem)
{
    MgrConf conf = { 0 };
    g_autoptr(GError) error = NULL;

    parse(text, &conf, &error);
    g_assert_no_error(error);
    g_assert_cmpint(mgr_conf_check(&conf, &error), ==, problem == NULL);
    if (problem != NULL) {
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        g_assert_nonnull(strstr(error->message, problem));
    }
    hl_options_clear(mgr_conf_table(), &conf);
}

static void test_several_brokers(void)
{
    expect_check("[broker]\nport = 65535\n", NULL);
    expect_check("[broker]\nport = 65533\ncount = 3\n", NULL);
    expect_check("[broker]\nport = 65534\ncount = 3\n", "65535 is the last");
    expect_check("[broker]\nport = 65534\ncount = 3\nmode = external\n", NULL);
    expect_check("[broker]\nport = 8840\ncount = 3\n", NULL);
    expect_check("[broker]\nport = 8841\ncount = 3\n", "http.port, 8843, is one of them");
    expect_check("[broker]\nport = 8843\n", "a port each");
    expect_check("[broker]\nport = 8843\nlisten = 127.0.0.1\n[http]\nlisten = 127.0.0.2\n", NULL);
    expect_check("[broker]\nport = 8843\nmode = external\n", NULL);
}

static void join(const char *sentence, gpointer user)
{
    g_string_append_printf(user, "%s\n", sentence);
}

/* What does nothing alone is told of, from whichever side it is set; what is whole, and the defaults, are not. */
static void test_needs(void)
{
    static const struct {
        const char *text;
        const char *unmet; /* the beginnings, each up to a colon */
    } rows[] = {
        { "[broker]\n", "" },
        { "[mail]\nserver = smtp://mail.example.org:587\n", "mail.server needs mail.from, which is not set" },
        { "[mail]\nfrom = a@example.org\n", "mail.from needs mail.server, which is not set" },
        { "[mail]\nserver = smtp://m:25\nfrom = a@example.org\n", "" },
        { "[mail]\nserver = smtp://m:25\nfrom = a@example.org\nuser = u\n",
          "mail.user needs mail.password-file, which is not set" },
        { "[mail]\nserver = smtp://m:25\nfrom = a@example.org\nca-file = x\ntls = no\n",
          "mail.ca-file is for mail.tls = yes, and that is not set" },
        { "[patterns]\nproxy = http://user:secret@p:1\n",
          "patterns.proxy needs patterns.activeupdate-url, which is not set" },
        { "[broker]\nreload-command = true\n", "broker.reload-command is for broker.mode = external" },
        { "[broker]\nreload-command = true\nmode = external\n", "" },
        { "[broker]\ncount = 2\nmode = external\n", "broker.count is for broker.mode = managed" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) said = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        MgrConf conf = { 0 };

        parse(rows[i].text, &conf, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(hl_options_unmet(mgr_conf_table(), &conf, join, said), ==, *rows[i].unmet != '\0');
        g_assert_true(g_str_has_prefix(said->str, rows[i].unmet));
        g_assert_null(strstr(said->str, "secret"));
        hl_options_clear(mgr_conf_table(), &conf);
    }
}

/* Every row: its own value is taken back, and rubbish is refused with a message that names it. */
static void test_every_row(void)
{
    HlOptionTable table = mgr_conf_table();

    for (size_t i = 0; i < table.count; i++) {
        static const char *const rubbish[] = { "\x01", "\xff\xfe", "a\nb = c" };
        const HlOption *row = &table.rows[i];
        MgrConf conf = { 0 };
        g_autofree char *before = NULL;
        g_autofree char *after = NULL;
        g_autoptr(GError) error = NULL;

        hl_options_init(table, &conf);
        before = hl_option_get(row, &conf);
        if (!hl_option_set(row, &conf, before, &error))
            g_error("%s", error->message);
        for (gsize r = 0; r < G_N_ELEMENTS(rubbish); r++) {
            if (hl_option_set(row, &conf, rubbish[r], &error))
                g_error("%s took rubbish", row->name);
            g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
            g_assert_nonnull(strstr(error->message, row->name));
            g_clear_error(&error);
        }
        after = hl_option_get(row, &conf);
        g_assert_cmpstr(after, ==, before);
        g_assert_cmpuint(strlen(row->help), >, 0);
        hl_options_clear(table, &conf);
    }
}

static void test_refused(void)
{
    static const char *const bad[][2] = {
        { "[broker]\nprot = 1\n", "did you mean 'broker.port'" },
        { "[brokre]\nport = 1\n", "brok" },
        { "[broker]\nport = 0\n", "broker.port" },
        { "[broker]\nport = 65536\n", "broker.port" },
        { "[broker]\nport = 8883x\n", "broker.port" },
        { "[broker]\naddresses = \n", "broker.addresses" },
        { "[broker]\naddresses = a:1883, b\n", "'b' is not a broker address" },
        { "[broker]\naddresses = a:0\n", "'a:0' is not a broker address" },
        { "[broker]\nlisten = nonsense\n", "'nonsense' is not an IP address" },
        { "[http]\nlisten = -1\n", "'-1' is not an IP address" },
        { "[http]\nurl = http://plain\n", "'http://plain' is not a URL" },
        { "[broker]\nmode = internal\n", "managed, external" },
        { "[enrolment]\ncertificate-lifetime = 90\n", "enrolment.certificate-lifetime" },
        { "[enrolment]\nper-minute = 0\n", "enrolment.per-minute" },
        { "[log]\nlevel = loud\n", "log.level" },
        { "port = 1\n", "manager.conf" },
        { "[broker\nport = 1\n", "manager.conf" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        MgrConf conf = { 0 };
        g_autoptr(GError) error = NULL;

        if (parse(bad[i][0], &conf, &error))
            g_error("taken: %s", bad[i][0]);
        g_assert_error(error, HL_ERROR, HL_ERROR_INVALID);
        if (strstr(error->message, bad[i][1]) == NULL)
            g_error("the message for case %" G_GSIZE_FORMAT " does not say '%s': %s", i, bad[i][1], error->message);
        g_assert_null(conf.http_urls);
    }
}

/* Sixty a minute: a burst of sixty, then one a second. */
static void test_rate(void)
{
    g_autoptr(MgrRates) rates = mgr_rates_new(60);
    HlTime wait = -1;

    for (int i = 0; i < 60; i++)
        g_assert_true(mgr_rates_admit(rates, "10.0.0.1", 1000, &wait));
    g_assert_cmpint(wait, ==, 0);
    g_assert_false(mgr_rates_admit(rates, "10.0.0.1", 1000, &wait));
    g_assert_cmpint(wait, ==, HL_SECOND);
    g_assert_true(mgr_rates_admit(rates, "10.0.0.2", 1000, &wait)); /* each for itself */
    g_assert_false(mgr_rates_admit(rates, "10.0.0.1", 1999, &wait));
    g_assert_cmpint(wait, ==, 1);
    g_assert_true(mgr_rates_admit(rates, "10.0.0.1", 2000, &wait));
    g_assert_false(mgr_rates_admit(rates, "10.0.0.1", 2000, &wait));
    /* a long rest gives a minute's worth, not more */
    for (int i = 0; i < 60; i++)
        g_assert_true(mgr_rates_admit(rates, "10.0.0.1", 100 * HL_DAY, &wait));
    g_assert_false(mgr_rates_admit(rates, "10.0.0.1", 100 * HL_DAY, &wait));
}

/* A rate that no whole number of milliseconds makes. */
static void test_rate_high(void)
{
    g_autoptr(MgrRates) rates = mgr_rates_new(40000);
    HlTime wait;

    for (int i = 0; i < 40000; i++)
        g_assert_true(mgr_rates_admit(rates, "a", 0, &wait));
    g_assert_false(mgr_rates_admit(rates, "a", 0, &wait));
    g_assert_cmpint(wait, ==, 2);
    for (int i = 0; i < 2; i++)
        g_assert_true(mgr_rates_admit(rates, "a", 3, &wait)); /* two in three milliseconds */
    g_assert_false(mgr_rates_admit(rates, "a", 3, &wait));
}

static void test_rate_change(void)
{
    g_autoptr(MgrRates) rates = mgr_rates_new(1);
    HlTime wait;

    g_assert_true(mgr_rates_admit(rates, "a", 0, &wait));
    g_assert_false(mgr_rates_admit(rates, "a", 0, &wait));
    g_assert_cmpint(wait, ==, HL_MINUTE);
    mgr_rates_set(rates, 100000); /* the most that the configuration takes */
    g_assert_true(mgr_rates_admit(rates, "a", 10, &wait));
}

/* More senders than are kept: memory stays bounded, and nobody is refused who was not there before. */
static void test_rate_bounded(void)
{
    g_autoptr(MgrRates) rates = mgr_rates_new(1);
    HlTime wait;

    for (int i = 0; i < 25000; i++) {
        g_autofree char *sender = g_strdup_printf("10.%d.%d.%d", i >> 16, (i >> 8) & 255, i & 255);

        g_assert_true(mgr_rates_admit(rates, sender, 0, &wait));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/conf/several-brokers", test_several_brokers);
    g_test_add_func("/manager/conf/needs", test_needs);
    g_test_add_func("/manager/conf/round-trip", test_round_trip);
    g_test_add_func("/manager/conf/every-row", test_every_row);
    g_test_add_func("/manager/conf/refused", test_refused);
    g_test_add_func("/manager/rate", test_rate);
    g_test_add_func("/manager/rate/high", test_rate_high);
    g_test_add_func("/manager/rate/change", test_rate_change);
    g_test_add_func("/manager/rate/bounded", test_rate_bounded);
    return g_test_run();
}
