/* SPDX-License-Identifier: Apache-2.0 */
/* manager/broker/publications: what is refused by the broker is refused by the manager first, and a stopped manager
 * costs the broker one burst at most. */
#include <glib.h>

#include "manager/broker/publications.h"
#include "manager/core/quota.h"

#define ID      "e-0123456789ab"
#define OTHER   "e-0123456789ac"
#define MINUTE  (60 * G_USEC_PER_SEC)
#define KIB     1024
#define MIB     (1024 * KIB)
#define LARGEST (256 * KIB)

typedef struct {
    guint messages;
    gsize bytes;
    guint told;
} Passed;

/* As the plugin is asked about a message. */
static BrokerPublish publish(BrokerPublications *table, const char *user, gsize payload, gsize properties, gint64 now)
{
    BrokerPublish may = broker_may_publish(table, user, payload, now);

    return may == BROKER_PUBLISH_ALLOWED ? broker_may_have_properties(table, user, properties, now) : may;
}

/* As fast as it can for that time. */
static Passed flood(BrokerPublications *table, const char *user, gsize size, gint64 from, gint64 time)
{
    Passed passed = { 0 };

    for (gint64 now = from; now < from + time; now += 1000) {
        BrokerPublish may = publish(table, user, size, 0, now);

        passed.messages += may == BROKER_PUBLISH_ALLOWED ? 1 : 0;
        passed.bytes += may == BROKER_PUBLISH_ALLOWED ? size : 0;
        passed.told += may == BROKER_PUBLISH_EXCEEDED ? 1 : 0;
    }
    return passed;
}

static void test_large(void)
{
    BrokerPublications table = { 0 };
    Passed first = flood(&table, ID, LARGEST, MINUTE, 15 * G_USEC_PER_SEC);
    Passed later = flood(&table, ID, LARGEST, MINUTE + 15 * G_USEC_PER_SEC, 10 * MINUTE);

    g_assert_cmpuint(first.bytes, >=, 10 * MIB);
    g_assert_cmpuint(first.bytes, <=, 13 * MIB);
    g_assert_cmpuint(later.bytes, <=, 100 * MIB + LARGEST);
    g_assert_cmpuint(later.bytes, >=, 98 * MIB);
    g_assert_cmpuint(first.told + later.told, ==, 11); /* once a minute */
    broker_publications_clear(&table);
}

static void test_many(void)
{
    BrokerPublications table = { 0 };
    Passed passed = flood(&table, ID, 0, MINUTE, MINUTE);

    g_assert_cmpuint(passed.messages, >=, 7900); /* a burst, and what came back */
    g_assert_cmpuint(passed.messages, <=, 8000);
    broker_publications_clear(&table);
}

/* Of what mosquitto tells nothing but the payload. */
static void test_wills(void)
{
    BrokerPublications table = { 0 };
    guint n = 0;

    while (n < 1000 && broker_may_publish(&table, ID, 1, MINUTE) == BROKER_PUBLISH_ALLOWED)
        n++;
    g_assert_cmpuint(n, ==, 96);
    g_assert_cmpint(publish(&table, ID, 1, 0, MINUTE), ==, BROKER_PUBLISH_REFUSED);
    g_assert_cmpint(publish(&table, ID, 1, 0, MINUTE + G_USEC_PER_SEC), ==, BROKER_PUBLISH_ALLOWED);
    broker_publications_clear(&table);
}

/* A payload of nothing, and large properties. */
static void test_properties(void)
{
    BrokerPublications table = { 0 };
    guint n = 0;

    while (n < 1000 && publish(&table, ID, 0, LARGEST, MINUTE) == BROKER_PUBLISH_ALLOWED)
        n++;
    g_assert_cmpuint(n, ==, 40);
    g_assert_cmpint(publish(&table, ID, 0, 0, MINUTE), ==, BROKER_PUBLISH_ALLOWED);
    g_assert_cmpint(publish(&table, "manager", 0, 100 * MIB, MINUTE), ==, BROKER_PUBLISH_ALLOWED);
    broker_publications_clear(&table);
}

/* One sender's excess is nobody else's, under names that begin alike neither. */
static void test_each_for_itself(void)
{
    BrokerPublications table = { 0 };

    flood(&table, ID, LARGEST, MINUTE, G_USEC_PER_SEC);
    g_assert_cmpint(broker_may_publish(&table, ID, LARGEST, MINUTE + G_USEC_PER_SEC), ==, BROKER_PUBLISH_REFUSED);
    g_assert_cmpint(broker_may_publish(&table, OTHER, LARGEST, MINUTE + G_USEC_PER_SEC), ==, BROKER_PUBLISH_ALLOWED);
    g_assert_cmpint(broker_may_publish(&table, ID "a", LARGEST, MINUTE + G_USEC_PER_SEC), ==, BROKER_PUBLISH_ALLOWED);
    g_assert_cmpint(broker_may_publish(&table, ID, KIB, 2 * MINUTE), ==, BROKER_PUBLISH_ALLOWED);
    broker_publications_clear(&table);
}

static void test_manager(void)
{
    BrokerPublications table = { 0 };

    g_assert_cmpuint(flood(&table, "manager", LARGEST, 0, G_USEC_PER_SEC).messages, ==, 1000);
    g_assert_cmpuint(flood(&table, "managers", LARGEST, 0, G_USEC_PER_SEC).messages, <, 250); /* an account */
    broker_publications_clear(&table);
}

/* Larger than any packet that the broker takes: refused, and what counts is not lost to an overflow. */
static void test_absurd(void)
{
    BrokerPublications table = { 0 };

    g_assert_cmpint(broker_may_publish(&table, ID, G_MAXSIZE, 0), ==, BROKER_PUBLISH_EXCEEDED);
    g_assert_cmpint(broker_may_publish(&table, ID, 10 * MIB + 1, 0), ==, BROKER_PUBLISH_REFUSED);
    g_assert_cmpint(broker_may_publish(&table, ID, 10 * MIB, 0), ==, BROKER_PUBLISH_ALLOWED);
    g_assert_cmpint(broker_may_publish(&table, ID, 0, 0), ==, BROKER_PUBLISH_ALLOWED);
    g_assert_cmpint(broker_may_publish(&table, ID, 1, 0), ==, BROKER_PUBLISH_REFUSED);
    broker_publications_clear(&table);
}

/* A burst of each of the manager's rows, and then more until it calls that a flood: all of it passes the broker. */
static void burst(gsize size)
{
    BrokerPublications table = { 0 };
    MgrQuota quota = { 0 };
    gint64 now = MINUTE;
    guint n = 0;

    for (MgrQuotaKind kind = MGR_QUOTA_LINK; kind <= MGR_QUOTA_ECHO; kind++) {
        MgrQuotaOutcome until = kind == MGR_QUOTA_ECHO ? MGR_QUOTA_FLOODING : MGR_QUOTA_REFUSED;
        MgrQuotaOutcome outcome = MGR_QUOTA_ALLOWED;

        for (; outcome != until && outcome != MGR_QUOTA_FLOODING; now += 1000) {
            bool is_will = kind == MGR_QUOTA_LINK && n++ % 2 != 0;
            BrokerPublish may = is_will ? broker_may_publish(&table, ID, size, now) : publish(&table, ID, size, 0, now);

            outcome = mgr_quota_allow(&quota, kind, size, now / 1000);
            g_assert_cmpint(may, ==, BROKER_PUBLISH_ALLOWED);
        }
    }
    broker_publications_clear(&table);
}

static void test_above_the_managers(void)
{
    burst(1);
    burst(200);
    burst(4 * KIB);
    burst(16 * KIB);
    burst(LARGEST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/publications/large", test_large);
    g_test_add_func("/publications/many", test_many);
    g_test_add_func("/publications/wills", test_wills);
    g_test_add_func("/publications/properties", test_properties);
    g_test_add_func("/publications/each-for-itself", test_each_for_itself);
    g_test_add_func("/publications/manager", test_manager);
    g_test_add_func("/publications/absurd", test_absurd);
    g_test_add_func("/publications/above-the-managers", test_above_the_managers);
    return g_test_run();
}
