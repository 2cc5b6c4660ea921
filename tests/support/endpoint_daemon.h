/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint daemon as a whole: on a bus in memory, with programs that the test plays (child_fake) and time that is
 * the test's (clock_fake, timer_fake); its control socket is a real one, served when the test says so. */
#ifndef TESTS_SUPPORT_ENDPOINT_DAEMON_H
#define TESTS_SUPPORT_ENDPOINT_DAEMON_H

#include "endpoint/daemon/daemon.h"
#include "lib/base/json.h"
#include "lib/ctl/client.h"
#include "proto/wire.h"
#include "tests/support/bus_fake.h"
#include "tests/support/endpoint_parts.h"

#define DAEMON_ANSWER (2 * HL_SECOND) /* real time, for what a peer has to wait for */

typedef struct {
    EndpointParts *parts; /* for its files and keys; its parts are not used */
    char *conf_path;
    EpDaemon *daemon;
    guint stops;
} DaemonFixture;

/* For g_test_add; the daemon runs, as PARTS_ID, and its line is down. */
void daemon_set_up(DaemonFixture *f, gconstpointer unused);
void daemon_tear_down(DaemonFixture *f, gconstpointer unused);

EpDaemon *daemon_make(DaemonFixture *f, GError **error);
void daemon_start(DaemonFixture *f);
void daemon_stop(DaemonFixture *f);
void daemon_reload(DaemonFixture *f);

/* -- the line of an identity -- */

HlBus *daemon_line(const char *id);
void daemon_deliver(const char *id, const char *leaf, GBytes *payload);
void daemon_deliver_command(DaemonFixture *f, const HlMsgCommand *command);
void daemon_deliver_settings(DaemonFixture *f, const char *lines, uint64_t counter);

/* -- calls; each of these serves what has come by then -- */

void daemon_serve(void);
HlCtlClient *daemon_send_call(DaemonFixture *f, const char *name);
void daemon_send_on(HlCtlClient *client, const char *name);

/* NULL: no answer is there. */
HlMsgCallReply *daemon_receive(HlCtlClient *client, HlTime timeout);

HlMsgCallReply *daemon_call(DaemonFixture *f, const char *name);
json_t *daemon_status(DaemonFixture *f);
void daemon_check_identity(DaemonFixture *f, const char *id); /* NULL: not enrolled */
json_int_t daemon_settings_counter(DaemonFixture *f);

#endif
