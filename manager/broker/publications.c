/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/broker/publications.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER    "manager" /* what it publishes is for everybody */
#define SECOND     INT64_C(1000000)
#define TOLD_AGAIN (60 * SECOND)
#define MIB        (INT64_C(1) << 20)

/* A whole burst at once, then as much as comes back within `over`. */
typedef struct {
    const char *prefix; /* of the names that it is for */
    int64_t messages, bytes;
    int64_t over; /* us */
} Row;

/* The first whose prefix fits.
 *
 * endpoints  the manager's rows for one, together with what it lets pass before it calls that a flood, are 2,556
 *            messages and 9.02 MiB a minute
 * others     accounts and consoles: its row is 1,000 calls and 32 MiB in 10 s */
static const Row rows[] = {
    { "e-", 4000, 10 * MIB, 60 * SECOND },
    { "", 2000, 48 * MIB, 10 * SECOND },
};

/* When each is full again: as much as is missing now. */
typedef struct {
    char *user;
    int64_t messages_us, bytes_us;
    int64_t quiet_until_us; /* the log has a line about it */
} Sender;

static int compare(const void *a, const void *b)
{
    return strcmp(((const Sender *)a)->user, ((const Sender *)b)->user);
}

static void free_sender(void *data)
{
    Sender *sender = data;

    free(sender->user);
    free(sender);
}

static Sender *add_sender(BrokerPublications *table, const char *user)
{
    Sender *sender = calloc(1, sizeof *sender);

    if (sender == NULL)
        return NULL;
    sender->user = strdup(user);
    if (sender->user != NULL && tsearch(sender, &table->senders, compare) != NULL)
        return sender;
    free_sender(sender);
    return NULL;
}

static Sender *find_sender(BrokerPublications *table, const char *user)
{
    Sender key = { .user = (char *)(uintptr_t)user };
    Sender *const *found = tfind(&key, &table->senders, compare);

    return found != NULL ? *found : add_sender(table, user);
}

static int64_t missing(int64_t full_us, int64_t now_us)
{
    return full_us > now_us ? full_us - now_us : 0;
}

/* The time in which that part of a burst comes back, rounded up; more than a burst never does. */
static int64_t cost(const Row *row, size_t used, int64_t burst)
{
    return used > (size_t)burst ? row->over + 1 : (row->over * (int64_t)used + burst - 1) / burst;
}

static bool take(Sender *sender, const Row *row, size_t bytes, int64_t now_us)
{
    int64_t messages = missing(sender->messages_us, now_us) + cost(row, 1, row->messages);
    int64_t sizes = missing(sender->bytes_us, now_us) + cost(row, bytes, row->bytes);

    if (messages > row->over || sizes > row->over)
        return false;
    sender->messages_us = now_us + messages;
    sender->bytes_us = now_us + sizes;
    return true;
}

BrokerPublish broker_may_publish(BrokerPublications *table, const char *user, size_t bytes, int64_t now_us)
{
    const Row *row = rows;
    Sender *sender;

    if (strcmp(user, MANAGER) == 0)
        return BROKER_PUBLISH_ALLOWED;
    while (strncmp(user, row->prefix, strlen(row->prefix)) != 0)
        row++;
    sender = find_sender(table, user);
    if (sender == NULL)
        return BROKER_PUBLISH_REFUSED;
    if (take(sender, row, bytes, now_us))
        return BROKER_PUBLISH_ALLOWED;
    if (now_us < sender->quiet_until_us)
        return BROKER_PUBLISH_REFUSED;
    sender->quiet_until_us = now_us + TOLD_AGAIN;
    return BROKER_PUBLISH_EXCEEDED;
}

void broker_publications_clear(BrokerPublications *table)
{
    tdestroy(table->senders, free_sender);
    table->senders = NULL;
}
