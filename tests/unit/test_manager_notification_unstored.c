/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications while the registry takes nothing: that is told, once, and nothing is told twice for it. */
#include <string.h>
#include <sys/statvfs.h>

#include "tests/support/notification_world.h"
#include "tests/support/sender_fake.h"

#define BEGUN "disk is nearly full, or cannot be written"
#define OVER  "disk has room, and can be written again"

static bool disk_is_short;

int __wrap_statvfs(const char *path, struct statvfs *disk);

int __wrap_statvfs(const char *path G_GNUC_UNUSED, struct statvfs *disk)
{
    *disk = (struct statvfs){ .f_frsize = 4096, .f_blocks = 10000, .f_bavail = disk_is_short ? 300 : 5000 };
    return 0;
}

static Parts *make_parts(const char *rule)
{
    Parts *parts = notification_make_parts();

    notification_set_rule(parts, rule);
    return parts;
}

/* As a manager does every second: something that is to be stored. */
static void pass(Parts *parts, guint seconds)
{
    for (guint i = 0; i < seconds; i++) {
        mgr_write_history(mgr_record_background(parts->record), hl_clock_wall(), "e-9", "status", "");
        notification_tick(parts, 1);
    }
}

static void break_registry(Parts *parts)
{
    writer_fake_fail_all(parts->writer, HL_ERROR_IO);
}

static void mend_registry(Parts *parts)
{
    writer_fake_fail_all(parts->writer, HL_ERROR_N_CODES);
}

static void expect(const char *subject)
{
    g_free(notification_expect(NULL, subject));
    sender_fake_end("ok", NULL);
}

/* A mail to these, which is answered so. */
static void expect_to(const char *id, const char *to, const char *const *replies)
{
    g_autofree char *recipients = sender_fake_recipients();

    g_free(notification_expect(id, "enrolled: 1"));
    g_assert_cmpstr(recipients, ==, to);
    sender_fake_end_mail(replies[0][0] == '2' ? "250 queued" : NULL, "RCPT failed", replies);
}

/* Told once after half a minute, however long it lasts, and once when it is over. */
static void test_told(void)
{
    g_autoptr(Parts) parts = make_parts("kinds=disk\ndigest=1m\n");

    break_registry(parts);
    pass(parts, 25);
    notification_expect_nothing();
    pass(parts, 10);
    expect(BEGUN);
    pass(parts, 600);
    notification_expect_nothing();
    mend_registry(parts);
    pass(parts, 25);
    notification_expect_nothing();
    pass(parts, 30);
    expect(OVER);
    pass(parts, 300);
    notification_expect_nothing();
    break_registry(parts);
    pass(parts, 40);
    expect(BEGUN);
}

/* A disk that can be written again and is nearly full all the same: that it is over is told when it has room, once. */
static void test_short(void)
{
    g_autoptr(Parts) parts = make_parts("kinds=disk\ndigest=1m\n");

    break_registry(parts);
    pass(parts, 40);
    expect(BEGUN);
    disk_is_short = true;
    mend_registry(parts);
    pass(parts, 60);
    expect(BEGUN); /* how much room there is */
    pass(parts, 300);
    notification_expect_nothing();
    disk_is_short = false;
    pass(parts, 30);
    expect(OVER);
    pass(parts, 300);
    notification_expect_nothing();
}

/* A disk that fills up, of which that it is short was told: that it is over is told once all the same. */
static void test_filled(void)
{
    g_autoptr(Parts) parts = make_parts("kinds=disk\ndigest=1m\n");

    disk_is_short = true;
    pass(parts, 20);
    expect(BEGUN);
    break_registry(parts);
    pass(parts, 100);
    expect(BEGUN); /* that nothing can be stored */
    disk_is_short = false;
    mend_registry(parts);
    pass(parts, 100);
    expect(OVER);
    pass(parts, 300);
    notification_expect_nothing();
}

/* A destination that is away has it later, under one id; one that never had it does not read that it is over. */
static void test_away(void)
{
    g_autoptr(Parts) parts = make_parts("kinds=disk\ndigest=1m\nretry=1m\n");
    g_autofree char *id = NULL;

    break_registry(parts);
    pass(parts, 40);
    id = notification_expect(NULL, BEGUN);
    sender_fake_end(NULL, "it is away");
    pass(parts, 30);
    notification_expect_nothing();
    pass(parts, 40);
    g_free(notification_expect(id, BEGUN));
    sender_fake_end(NULL, "it is away");
    mend_registry(parts);
    pass(parts, 200);
    notification_expect_nothing();
}

/* Not by rules that do not tell of the disk, that are off, or that are quiet now; nor that it is over where a rule does
 * not say that. */
static void test_rules(void)
{
    static const char *const rules[] = { "kinds=enrolled\n", "kinds=disk\nenabled=no\n",
                                         "kinds=disk\nquiet=00:00-23:59\n" };

    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autoptr(Parts) parts = make_parts(rules[i]);

        break_registry(parts);
        pass(parts, 100);
        notification_expect_nothing();
    }
    {
        g_autoptr(Parts) parts = make_parts("kinds=disk\ndigest=1m\nrecovery=no\n");

        break_registry(parts);
        pass(parts, 40);
        expect(BEGUN);
        mend_registry(parts);
        pass(parts, 100);
        notification_expect_nothing();
    }
}

/* A disk that is full by turns is one message in the time of digest. */
static void test_by_turns(void)
{
    g_autoptr(Parts) parts = make_parts("kinds=disk\ndigest=1h\n");
    guint told = 0;

    for (guint turn = 0; turn < 20; turn++) {
        break_registry(parts);
        pass(parts, 40);
        mend_registry(parts);
        pass(parts, 40);
        for (; sender_fake_waits(); told++)
            sender_fake_end("ok", NULL);
    }
    g_assert_cmpuint(told, ==, 2); /* begun, and over */
}

/* The rule was removed while its message was on its way. */
static void test_removed(void)
{
    g_autoptr(Parts) parts = make_parts("kinds=disk\ndigest=1m\n");

    break_registry(parts);
    pass(parts, 40);
    g_free(notification_expect(NULL, BEGUN));
    mgr_notifications_remove(parts->notifications, "it");
    sender_fake_end("ok", NULL);
    mend_registry(parts);
    pass(parts, 100);
    notification_expect_nothing();
}

/* What was sent goes out once, though that could not be stored and the outbox is read again and again. */
static void test_ended(void)
{
    g_autoptr(Parts) parts = make_parts("kinds=enrolled\ndigest=1s\n");

    notification_enrol(parts, "e-1");
    notification_tick(parts, 5);
    g_free(notification_expect(NULL, "enrolled: 1"));
    notification_enrol(parts, "e-2"); /* is gathered again and again */
    break_registry(parts);
    sender_fake_end("ok", NULL);
    pass(parts, 200);
    notification_expect_nothing();
    mend_registry(parts);
    pass(parts, 100);
    expect("enrolled: 1"); /* the second */
    pass(parts, 10);
    notification_restart(parts);
    pass(parts, 100);
    notification_expect_nothing(); /* now it is known */
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).waiting, ==, 0);
}

/* Who of the recipients has a mail does not get it again, though that could not be stored and the outbox is read again
 * and again; who was put off does, also where it ends in that time. */
static void test_put_off(void)
{
    g_autoptr(Parts) parts = make_parts("to=mailto:a@x,b@x\nkinds=enrolled\ndigest=1s\nretry=10m\n");
    g_autofree char *id = NULL;

    notification_enrol(parts, "e-1");
    notification_tick(parts, 5);
    id = notification_expect(NULL, "enrolled: 1");
    notification_enrol(parts, "e-2"); /* is gathered again and again */
    break_registry(parts);
    pass(parts, 100); /* a slow mail server */
    sender_fake_end_mail("250 queued", NULL, (const char *const[]){ "250 ok", "450 later", NULL });
    pass(parts, 500);
    notification_expect_nothing();
    pass(parts, 200);
    expect_to(id, "b@x", (const char *const[]){ "450 later", NULL });
    pass(parts, 1300);
    expect_to(id, "b@x", (const char *const[]){ "250 ok", NULL });
    pass(parts, 2000);
    notification_expect_nothing();
    mend_registry(parts);
    pass(parts, 100);
    expect_to(NULL, "a@x,b@x", (const char *const[]){ "250 ok", "250 ok", NULL }); /* the second */
    notification_restart(parts);
    pass(parts, 2000);
    notification_expect_nothing();
    g_assert_cmpuint(mgr_notifications_count(parts->notifications).waiting, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/notifications/unstored/told", test_told);
    g_test_add_func("/manager/notifications/unstored/short", test_short);
    g_test_add_func("/manager/notifications/unstored/filled", test_filled);
    g_test_add_func("/manager/notifications/unstored/away", test_away);
    g_test_add_func("/manager/notifications/unstored/rules", test_rules);
    g_test_add_func("/manager/notifications/unstored/by-turns", test_by_turns);
    g_test_add_func("/manager/notifications/unstored/removed", test_removed);
    g_test_add_func("/manager/notifications/unstored/ended", test_ended);
    g_test_add_func("/manager/notifications/unstored/put-off", test_put_off);
    return g_test_run();
}
