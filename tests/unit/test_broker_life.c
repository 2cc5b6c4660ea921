/* SPDX-License-Identifier: Apache-2.0 */
/* manager/core/broker_life: what is noted of a broker, and what the next manager does about it. */
#include "manager/core/broker_life.h"

#include <string.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char good[] = "pid 4711\nstarted 123456\nboot b00t-1d\nplace 12:34\nfixed " DIGEST "\n";

static void test_note(void)
{
    MgrBrokerNote note;
    g_autofree char *again = NULL;

    g_assert_true(mgr_broker_note_parse(good, &note));
    g_assert_cmpint(note.id.pid, ==, 4711);
    g_assert_cmpuint(note.id.started, ==, 123456);
    g_assert_cmpstr(note.id.boot, ==, "b00t-1d");
    g_assert_cmpstr(note.place, ==, "12:34");
    g_assert_cmpstr(note.fixed, ==, DIGEST);
    again = mgr_broker_note_print(&note);
    g_assert_cmpstr(again, ==, good);
}

/* A kernel without a boot id is the same across its life. */
static void test_no_boot(void)
{
    MgrBrokerNote note = { .id = { .pid = 2, .started = 1 }, .place = "1:2", .fixed = DIGEST };
    MgrBrokerNote read;
    g_autofree char *text = mgr_broker_note_print(&note);

    g_assert_true(mgr_broker_note_parse(text, &read));
    g_assert_cmpstr(read.id.boot, ==, "");
}

static void test_other_text(void)
{
    static const char *const texts[] = {
        "",
        "\n",
        "pid 4711\n",
        "pid 0\nstarted 1\nboot b\nplace p\nfixed " DIGEST "\n",
        "pid 1\nstarted 1\nboot b\nplace p\nfixed " DIGEST "\n", /* init */
        "pid -1\nstarted 1\nboot b\nplace p\nfixed " DIGEST "\n",
        "pid 99999999999\nstarted 1\nboot b\nplace p\nfixed " DIGEST "\n",
        "pid 7\nstarted x\nboot b\nplace p\nfixed " DIGEST "\n",
        "pid 7\nboot b\nstarted 1\nplace p\nfixed " DIGEST "\n",
        "pid 7\nstarted 1\nboot 0123456789012345678901234567890123456789\nplace p\nfixed " DIGEST "\n",
        "pid 7\nstarted 1\nboot b\nplace 012345678901234567890123456789012345678901234567\nfixed " DIGEST "\n",
        "pid 7\nstarted 1\nboot b\nplace p\nfixed x" DIGEST "\n",
        "pid 7\nstarted 1\nboot b\nplace p\nfixed 0123\n",
        "pid 7\nstarted 1\nboot b\nplace p\nfixed " DIGEST, /* cut off */
        "pid 7\nstarted 1\nboot b\nplace p\nfixed " DIGEST "\nmore\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        MgrBrokerNote note = { .id = { .pid = 42 } };

        g_assert_false(mgr_broker_note_parse(texts[i], &note));
        g_assert_cmpint(note.id.pid, ==, 42);
    }
}

static bool is_same(const char *one, const char *other)
{
    char a[MGR_BROKER_DIGEST], b[MGR_BROKER_DIGEST];

    mgr_broker_fixed_digest("mosquitto", one, a);
    mgr_broker_fixed_digest("mosquitto", other, b);
    return strcmp(a, b) == 0;
}

static void test_digest(void)
{
    static const char conf[] = "# why\nlistener 8883 ::\n\nlog_type error\nautosave_interval 5\nplugin /a.so\n";
    char a[MGR_BROKER_DIGEST], b[MGR_BROKER_DIGEST];

    g_assert_true(is_same(conf, "listener 8883 ::\nplugin /a.so\n"));
    g_assert_true(is_same(conf, "listener 8883 ::\nlog_type all\nautosave_interval 60\nplugin /a.so"));
    g_assert_false(is_same(conf, "listener 8884 ::\nplugin /a.so\n"));
    g_assert_false(is_same(conf, "listener 8883 ::\nplugin /a.so\nplugin_opt_rules 2\n"));
    g_assert_false(is_same(conf, "plugin /a.so\nlistener 8883 ::\n")); /* a line is about the listener before it */
    g_assert_false(is_same(conf, "listener 8883 ::\nplugin /a.so\nlog_types all\n"));
    g_assert_false(is_same("a b\n", "a\nb\n"));
    mgr_broker_fixed_digest("mosquitto", conf, a);
    mgr_broker_fixed_digest("/opt/mosquitto", conf, b);
    g_assert_cmpstr(a, !=, b);
}

static void test_next(void)
{
    static const struct {
        MgrBrokerFinding finding;
        MgrBrokerStep step;
        const char *why; /* in it */
    } cases[] = {
        { { .port_free = true }, MGR_BROKER_START, NULL },
        { { .port_free = false }, MGR_BROKER_WAIT, NULL },
        { { .lives = true, .is_noted = true, .is_current = true, .answers = true }, MGR_BROKER_ADOPT, NULL },
        { { .lives = true, .is_noted = true, .is_current = true }, MGR_BROKER_REPLACE, "answer" },
        { { .lives = true, .is_noted = true, .answers = true }, MGR_BROKER_REPLACE, "another now" },
        { { .lives = true, .answers = true }, MGR_BROKER_REPLACE, "not known" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *why;

        g_assert_cmpint(mgr_broker_next(&cases[i].finding, &why), ==, cases[i].step);
        g_assert_true((why != NULL) == (cases[i].why != NULL));
        if (why != NULL)
            g_assert_nonnull(strstr(why, cases[i].why));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/broker_life/note", test_note);
    g_test_add_func("/broker_life/no_boot", test_no_boot);
    g_test_add_func("/broker_life/other_text", test_other_text);
    g_test_add_func("/broker_life/digest", test_digest);
    g_test_add_func("/broker_life/next", test_next);
    return g_test_run();
}
