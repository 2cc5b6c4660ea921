/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of the broker may publish within a minute.  Without GLib: it runs inside mosquitto, on its one thread.
 *
 * The manager bounds each sender itself (manager/core/quota.h), and ends the session of one that goes on.  But it can
 * only count what it reads: while it is stopped, its packets wait in the broker, and mosquitto 2.0 bounds those of QoS
 * 0 by their number alone.  One endpoint filled 4.6 GB in the 15 s before the manager's connection ends.  So the broker
 * counts as well, with rows that lie above the manager's: where the manager reads, it is the first to refuse.
 *
 * What counts is the payload and the properties, which mosquitto keeps with it.  Of a will it tells the size of the
 * payload alone, so wills have a row of their own: 96 of the 100 kB that a CONNECT may have are 10 MB.
 *
 * By name, so that a new connection is no new allowance.  A name costs some 120 bytes and is kept until the broker
 * ends: there are as many as certificates of the site that have published. */
#ifndef MANAGER_BROKER_PUBLICATIONS_H
#define MANAGER_BROKER_PUBLICATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    void *senders; /* a tree of tsearch(3), by name */
} BrokerPublications;

typedef enum {
    BROKER_PUBLISH_ALLOWED,
    BROKER_PUBLISH_REFUSED,  /* this one; a smaller or later one may be allowed again */
    BROKER_PUBLISH_EXCEEDED, /* refused as well, and the first in a minute: for the log */
} BrokerPublish;

/* One message with a payload of so many bytes, or a will, by the user of that certificate; zeroed is a table in which
 * nobody has published.  now_us: monotonic.  Refused as well if there is no memory for another name. */
BrokerPublish broker_may_publish(BrokerPublications *table, const char *user, size_t bytes, int64_t now_us);

/* What was allowed last was a message, with properties that take so many bytes, and no will. */
BrokerPublish broker_may_have_properties(BrokerPublications *table, const char *user, size_t bytes, int64_t now_us);

/* Forgets all names. */
void broker_publications_clear(BrokerPublications *table);

#endif
