/* SPDX-License-Identifier: Apache-2.0 */
/* manager/broker/subscriptions: an endpoint gets the topics that the table of topics has it read, and no other filter.
 */
#include <string.h>

#include <glib.h>

#include "manager/broker/subscriptions.h"
#include "proto/topics.h"

#define ID "e-0123456789ab"

/* The plugin has no table of its own in common with the daemons: it must say the same. */
static void test_topics(void)
{
    for (HlTopic topic = 0; topic < HL_N_TOPICS; topic++) {
        g_autofree char *own = hl_topic_name(topic, ID);
        g_autofree char *other = hl_topic_name(topic, "e-0123456789ac");
        bool is_read = hl_topic_row(topic)->to_endpoint;

        g_assert_cmpint(broker_may_subscribe(ID, own), ==, is_read);
        g_assert_cmpint(broker_may_subscribe(ID, other), ==, is_read && strcmp(own, other) == 0);
        g_assert_true(broker_may_subscribe("manager", own));
        g_assert_true(broker_may_subscribe("watch", own)); /* it gets nothing of it: the access list */
    }
}

static void test_refused(void)
{
    static const char *const filters[] = {
        "",
        "#",
        "+",
        "$SYS/#",
        "holdline/v1/#",
        "holdline/v1/endpoint/",
        "holdline/v1/endpoint/" ID,
        "holdline/v1/endpoint/" ID "/",
        "holdline/v1/endpoint/" ID "/#",
        "holdline/v1/endpoint/" ID "/+",
        "holdline/v1/endpoint/+/ack",
        "holdline/v1/endpoint/" ID "/ack/",
        "holdline/v1/endpoint/" ID "/ack/x/x/x/x/x/x/x/x/x/x",
        "holdline/v1/endpoint/" ID "x/ack",
        "$share/g/holdline/v1/endpoint/" ID "/ack",
        "/holdline/v1/manager/state",
        "holdline/v1/manager/state/",
        "holdline/v1/admin/reply/" ID,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++) {
        if (broker_may_subscribe(ID, filters[i]))
            g_error("granted: %s", filters[i]);
        g_assert_true(broker_may_subscribe("admin", filters[i]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/subscriptions/topics", test_topics);
    g_test_add_func("/subscriptions/refused", test_refused);
    return g_test_run();
}
