/* SPDX-License-Identifier: Apache-2.0 */
/* The console's parts on a bus in memory, with requests and time that the test drives: the test is the manager, the
 * broker and the browser. */
#ifndef TESTS_SUPPORT_CONSOLE_WORLD_H
#define TESTS_SUPPORT_CONSOLE_WORLD_H

#include "manager/console/events.h"
#include "manager/console/identity.h"
#include "proto/wire.h"
#include "tests/support/bus_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/http_fake.h"
#include "tests/support/timer_fake.h"

typedef struct {
    char *dir; /* with desk.pem and desk.key */
    ConConf conf;
    ConLine *line;
    ConWatch *watch;
    ConPeople *people;
    ConEvents *events;
    HlBus *bus;        /* the line's; borrowed */
    GString *states;   /* what the line told: "no-broker no-manager up " */
    GString *statuses; /* "topic-number:id " */
    guint news[CON_NEWS_RESET + 1];
} World;

/* Nothing is connected yet. */
World *world_new(void);
void world_free(World *world);

/* Connected, and a manager of this epoch says that it is there. */
void world_up(World *world, uint64_t epoch);
void world_manager(World *world, bool online, uint64_t epoch);

/* A call that the console sent, as the manager sees it. */
typedef struct {
    HlBusMessage *message;
    HlMsgCall *call;
} WorldCall;

/* The oldest one that was not taken; call NULL: there is none. */
WorldCall world_take(World *world);
const char *world_argument(const WorldCall *call, const char *name); /* NULL: it was not given */

/* An answer to it: JSON, or an error's code and message. */
void world_reply(World *world, const WorldCall *call, const char *json);
void world_reply_part(World *world, const WorldCall *call, const char *json); /* and more follows */
/* The same with its number, and the window of the list. */
void world_reply_numbered(World *world, const WorldCall *call, const char *json, guint part, guint window);
void world_refuse(World *world, const WorldCall *call, const char *code, const char *message);

/* The snapshot that a line which came up has asked for: documents of endpoints, joined by commas; how many there are.
 */
void world_snapshot(World *world, const char *documents, int count);

/* A message of a status topic; id "" for topics without one. */
void world_status(World *world, HlTopic topic, const char *id, const char *json);

/* A request that the console takes apart; NULL: it was refused, and is answered. */
ConRequest *world_request(const char *method, const char *target, const char *session, const char *body);

/* The next answer has this status; its body as text.  Caller frees. */
char *world_answered(guint status);

void world_call_clear(WorldCall *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WorldCall, world_call_clear)

#endif
