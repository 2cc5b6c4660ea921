/* SPDX-License-Identifier: Apache-2.0 */
/* How much manager/daemon/ground/sender takes at a time.  Nothing leaves this process: the destination is judged, and
 * refused, before there is a socket.  What has ended counts until the loop runs, which it does not here. */
#include "manager/daemon/ground/sender.h"

typedef struct {
    guint dropped;
} Count;

static Count count;

static void on_drop(gpointer user)
{
    ((Count *)user)->dropped++;
}

static void on_sent(const MgrSendEnd *end G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    g_assert_not_reached();
}

static void send_some(MgrSender *sender, guint times, bool is_test, HlErrorCode expected)
{
    MgrRule rule = { .to = (char[]){ "syslog+udp://127.0.0.1:9" } };
    MgrMessage message = { .id = "n-1", .rule = "it", .server = "server" };
    g_autoptr(json_t) notes = mgr_notes_new();

    mgr_notes_add(notes, &(MgrNote){ .kind = MGR_NOTE_TEST, .at = HL_SECOND });
    for (guint i = 0; i < times; i++) {
        g_autoptr(GError) error = NULL;
        bool taken = mgr_sender_send(sender, &(MgrSending){ &rule, "", &message, notes, NULL, is_test }, on_sent,
                                     &count, &error);

        g_assert_true(taken == (expected == HL_ERROR_N_CODES));
        if (!taken)
            g_assert_cmpint(hl_error_code(error), ==, expected);
    }
}

/* Tests that somebody sends without end leave room for a message of each rule. */
static void test_room(void)
{
    MgrConf conf = { .notification_ca_file = (char[]){ "" }, .notification_private = (char *[]){ NULL } };
    g_autoptr(MgrSender) sender = mgr_sender_new(&conf, "/", on_drop);

    send_some(sender, MGR_SENDER_TESTS, true, HL_ERROR_N_CODES);
    send_some(sender, 10, true, HL_ERROR_LIMIT);
    send_some(sender, MGR_RULES_MAX, false, HL_ERROR_N_CODES);
    send_some(sender, 1, false, HL_ERROR_LIMIT);
    g_clear_pointer(&sender, mgr_sender_free);
    g_assert_cmpuint(count.dropped, ==, MGR_RULES_MAX + MGR_SENDER_TESTS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sender/room", test_room);
    return g_test_run();
}
