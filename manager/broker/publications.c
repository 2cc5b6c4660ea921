/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/broker/publications.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER    "manager" /* what it publishes is for everybody */
#define SECOND     INT64_C(1000000)
#define TOLD_AGAIN (60 * SECOND)
#define MIB        (INT64_C(1) << 20)

enum { MESSAGES, WILLS, BYTES, N_KINDS };

/* A whole burst at once, then as much as comes back within `over`. */
typedef struct {
    const char *prefix; /* of the names that it is for */
    int64_t burst[N_KINDS];
    int64_t over; /* us */
} Row;

/* The first whose prefix fits.
 *
 * endpoints  the manager's rows for one, together with what it lets pass before it calls that a flood, are 2,556
 *            messages and 9.02 MiB a minute; a line that flaps connects 30 times, with a will each, and 60 at most
 * others     accounts and consoles: its row is 1,000 calls and 32 MiB in 10 s */
static const Row rows[] = {
    { "e-", { 4000, 96, 10 * MIB }, 60 * SECOND },
    { "", { 2000, 96, 48 * MIB }, 10 * SECOND },
};

/* When each is full again: as much as is missing now. */
typedef struct {
    char *user;
    int64_t full_us[N_KINDS];
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

static const Row *row_of(const char *user)
{
    const Row *row = rows;

    while (strncmp(user, row->prefix, strlen(row->prefix)) != 0)
        row++;
    return row;
}

/* The time in which that part of a burst comes back, rounded up; more than a burst never does. */
static int64_t cost(const Row *row, int kind, size_t used)
{
    int64_t burst = row->burst[kind];

    return used > (size_t)burst ? row->over + 1 : (row->over * (int64_t)used + burst - 1) / burst;
}

/* All of it, or nothing. */
static bool take(Sender *sender, const Row *row, const size_t used[N_KINDS], int64_t now_us)
{
    int64_t full_us[N_KINDS];

    for (int kind = 0; kind < N_KINDS; kind++) {
        int64_t from = sender->full_us[kind] > now_us ? sender->full_us[kind] : now_us;

        full_us[kind] = from + cost(row, kind, used[kind]);
        if (full_us[kind] - now_us > row->over)
            return false;
    }
    memcpy(sender->full_us, full_us, sizeof full_us);
    return true;
}

static BrokerPublish refuse(Sender *sender, int64_t now_us)
{
    if (now_us < sender->quiet_until_us)
        return BROKER_PUBLISH_REFUSED;
    sender->quiet_until_us = now_us + TOLD_AGAIN;
    return BROKER_PUBLISH_EXCEEDED;
}

static BrokerPublish allow(BrokerPublications *table, const char *user, size_t wills_back, const size_t used[N_KINDS],
                           int64_t now_us)
{
    const Row *row = row_of(user);
    Sender *sender;

    if (strcmp(user, MANAGER) == 0)
        return BROKER_PUBLISH_ALLOWED;
    sender = find_sender(table, user);
    if (sender == NULL)
        return BROKER_PUBLISH_REFUSED;
    sender->full_us[WILLS] -= cost(row, WILLS, wills_back);
    return take(sender, row, used, now_us) ? BROKER_PUBLISH_ALLOWED : refuse(sender, now_us);
}

BrokerPublish broker_may_publish(BrokerPublications *table, const char *user, size_t bytes, int64_t now_us)
{
    return allow(table, user, 0, (const size_t[N_KINDS]){ 1, 1, bytes }, now_us);
}

BrokerPublish broker_may_have_properties(BrokerPublications *table, const char *user, size_t bytes, int64_t now_us)
{
    return allow(table, user, 1, (const size_t[N_KINDS]){ [BYTES] = bytes }, now_us);
}

void broker_publications_clear(BrokerPublications *table)
{
    tdestroy(table->senders, free_sender);
    table->senders = NULL;
}
