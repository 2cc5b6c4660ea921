/* SPDX-License-Identifier: Apache-2.0 */
/* Mails of notifications that some of their recipients have: who gets one again, when, and what is said of the others.
 */
#include "tests/support/notification_world.h"
#include "tests/support/sender_fake.h"

/* Until a mail to these is under way; ends it so. */
static void expect_mail(Parts *parts, const char *subject, const char *to, const char *answer,
                        const char *const *replies)
{
    g_autofree char *recipients = NULL;

    for (guint second = 0; second < 300 && !sender_fake_waits(); second++)
        notification_tick(parts, 1);
    g_free(notification_expect(NULL, subject));
    recipients = sender_fake_recipients();
    g_assert_cmpstr(recipients, ==, to);
    sender_fake_end_mail(answer, "RCPT failed", replies);
    notification_tick(parts, 1);
}

static void expect_missed(Parts *parts, const char *missed, guint waiting)
{
    const MgrRuleView *view = mgr_notifications_rule(parts->notifications, "it");

    g_assert_cmpstr(view->missed, ==, missed);
    g_assert_cmpuint(view->waiting, ==, waiting);
    g_assert_cmpint(view->failing_since, ==, 0);
}

#define SAID(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* One recipient has a mail, one was put off and one refused: the second gets it later, also after a restart, nobody
 * gets it twice, and later messages do not wait for that. */
static void test_recipients(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "to=mailto:a@x,b@x,c@x\nkinds=enrolled\ndigest=1s\nretry=1m\n");
    notification_enrol(parts, "e-1");
    expect_mail(parts, "enrolled: 1", "a@x,b@x,c@x", "250 queued", SAID("250 ok", "450 later", "550 nobody"));
    expect_missed(parts, "b@x: 450 later; c@x: 550 nobody", 1);
    notification_enrol(parts, "e-2");
    notification_enrol(parts, "e-3");
    expect_mail(parts, "enrolled: 2", "a@x,b@x,c@x", "250 queued", SAID("250 ok", "450 later", "550 nobody"));
    expect_missed(parts, "b@x: 450 later; c@x: 550 nobody", 2);
    notification_restart(parts);
    expect_missed(parts, "b@x: 450 later; c@x: 550 nobody", 2);
    expect_mail(parts, "enrolled: 1", "b@x", NULL, SAID("450 later"));
    expect_mail(parts, "enrolled: 2", "b@x", "250 queued", SAID("250 ok"));
    expect_mail(parts, "enrolled: 1", "b@x", "250 queued", SAID("250 ok"));
    expect_missed(parts, "c@x: 550 nobody", 0);
    notification_restart(parts);
    expect_missed(parts, "c@x: 550 nobody", 0);
    notification_tick(parts, 300);
    notification_expect_nothing();
}

/* Who is put off for ever is given up, without what waits for more than twenty; and the rule may name others. */
static void test_put_off(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\nretry=1h\n");
    for (guint i = 0; i < 22; i++) {
        notification_enrol(parts, "e-1");
        expect_mail(parts, "enrolled: 1", "a@x,b@x", "250 queued", SAID("250 ok", "452 full"));
    }
    expect_missed(parts, "b@x: 452 full", 20);
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).given_up, ==, 2);
    notification_set_rule(parts, "to=mailto:a@x\nkinds=enrolled\ndigest=1s\nretry=1h\n");
    notification_tick(parts, 30);
    notification_expect_nothing();
    expect_missed(parts, "", 0);
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).given_up, ==, 2);
}

/* The server takes the recipient and then not the mail: that is this mail's trouble, later ones do not wait for it, and
 * the rule does not fail.  A server that says nothing is away for all of them. */
static void test_unwanted(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\nretry=1m\n");
    notification_enrol(parts, "e-1");
    expect_mail(parts, "enrolled: 1", "a@x,b@x", "250 queued", SAID("250 ok", "450 later"));
    expect_mail(parts, "enrolled: 1", "b@x", NULL, SAID(""));
    g_assert_cmpint(mgr_notifications_rule(parts->notifications, "it")->failing_since, !=, 0);
    expect_mail(parts, "enrolled: 1", "b@x", NULL, SAID("250 ok"));
    expect_missed(parts, "b@x: 450 later", 1);
    expect_mail(parts, "enrolled: 1", "b@x", NULL, SAID("250 ok"));
    expect_missed(parts, "b@x: 450 later", 1);
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).failed, ==, 3);
    notification_enrol(parts, "e-2");
    notification_enrol(parts, "e-3");
    notification_tick(parts, 10);
    expect_mail(parts, "enrolled: 2", "a@x,b@x", "250 queued", SAID("250 ok", "250 ok"));
    notification_tick(parts, 600);
    expect_mail(parts, "enrolled: 1", "b@x", "250 queued", SAID("250 ok"));
    expect_missed(parts, "", 0);
}

/* How often the server was away before some had the mail is not held against those that it puts off. */
static void test_away_before(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\nretry=1m\n");
    notification_enrol(parts, "e-1");
    for (guint i = 0; i < 3; i++)
        expect_mail(parts, "enrolled: 1", "a@x,b@x", NULL, SAID("", ""));
    expect_mail(parts, "enrolled: 1", "a@x,b@x", "250 queued", SAID("250 ok", "450 later"));
    notification_tick(parts, 60);
    g_assert_true(sender_fake_waits());
    expect_mail(parts, "enrolled: 1", "b@x", "250 queued", SAID("250 ok"));
}

/* Who is not named by the rule any longer misses nothing, also after a restart; who still is, does. */
static void test_dropped(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_set_rule(parts, "to=mailto:a@x,b@x,c@x\nkinds=enrolled\ndigest=1s\n");
    notification_enrol(parts, "e-1");
    expect_mail(parts, "enrolled: 1", "a@x,b@x,c@x", "250 queued", SAID("250 ok", "550 no", "550 nobody"));
    expect_missed(parts, "b@x: 550 no; c@x: 550 nobody", 0);
    notification_set_rule(parts, "to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\n");
    expect_missed(parts, "b@x: 550 no", 0);
    notification_restart(parts);
    expect_missed(parts, "b@x: 550 no", 0);
    notification_set_rule(parts, "to=mailto:a@x\nkinds=enrolled\ndigest=1s\n");
    expect_missed(parts, "", 0);
    notification_restart(parts);
    expect_missed(parts, "", 0);
}

/* A mail that waits for some goes to a webhook whole: then nobody misses it, and nobody is said to. */
static void test_webhook(void)
{
    g_autoptr(Parts) parts = notification_make_parts();
    g_autofree char *recipients = NULL;

    notification_set_rule(parts, "to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\nretry=1h\n");
    notification_enrol(parts, "e-1");
    expect_mail(parts, "enrolled: 1", "a@x,b@x", "250 queued", SAID("250 ok", "450 later"));
    notification_set_rule(parts, "to=https://it.example/hook\nkinds=enrolled\ndigest=1s\nretry=1h\n");
    expect_missed(parts, "", 1);
    notification_tick(parts, 2);
    recipients = sender_fake_recipients();
    g_assert_null(recipients);
    sender_fake_end("200 OK", NULL);
    notification_tick(parts, 2);
    expect_missed(parts, "", 0);
    notification_set_rule(parts, "to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\nretry=1h\n");
    notification_restart(parts);
    expect_missed(parts, "", 0);
}

/* What went to syslog while its rule was changed to mails has arrived: no mail is sent of it. */
static void test_changed_on_the_way(void)
{
    g_autoptr(Parts) parts = notification_make_parts();

    notification_enrol(parts, "e-1");
    notification_tick(parts, 10);
    g_assert_true(sender_fake_waits());
    notification_set_rule(parts, "to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\nretry=1m\n");
    sender_fake_end("ok", NULL);
    notification_tick(parts, 300);
    notification_expect_nothing();
    expect_missed(parts, "", 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/notification-mails/recipients", test_recipients);
    g_test_add_func("/manager/notification-mails/put-off", test_put_off);
    g_test_add_func("/manager/notification-mails/unwanted", test_unwanted);
    g_test_add_func("/manager/notification-mails/away-before", test_away_before);
    g_test_add_func("/manager/notification-mails/dropped", test_dropped);
    g_test_add_func("/manager/notification-mails/webhook", test_webhook);
    g_test_add_func("/manager/notification-mails/changed-on-the-way", test_changed_on_the_way);
    return g_test_run();
}
