/* SPDX-License-Identifier: Apache-2.0 */
/* A mosquitto of the test's own on 127.0.0.1, with an ephemeral port and a directory of its own; and waiting on the
 * default context. */
#ifndef TESTS_SUPPORT_BROKER_H
#define TESTS_SUPPORT_BROKER_H

#include <stdint.h>

#include "lib/base/exec.h"
#include "lib/pki/cert.h"

typedef struct {
    char *directory, *address; /* 127.0.0.1:port */
    uint16_t port;
    HlChild *child;
    HlKey *ca_key; /* NULL: plain */
    HlCert *ca;
} TestBroker;

/* A port that nobody listens on at the moment. */
uint16_t test_port(void);
/* Whether somebody accepts connections there, on loopback. */
bool test_port_is_taken(uint16_t port);

/* Somebody on loopback who accepts and never says a word: a descriptor for the caller to close, and where it listens,
 * which the caller frees. */
int test_listen_silently(char **address);

/* extra: further lines of its configuration, may be "".  tls: server and clients need certificates (test_broker_issue).
 * Returns when it accepts connections. */
void test_broker_init(TestBroker *broker, const char *extra, bool tls);
void test_broker_clear(TestBroker *broker);

void test_broker_start(TestBroker *broker);
void test_broker_kill(TestBroker *broker); /* SIGKILL */

/* Path below the broker's directory.  Caller frees. */
char *test_broker_path(const TestBroker *broker, const char *name);

/* Writes NAME.pem and NAME.key, signed by the broker's CA. */
void test_broker_issue(const TestBroker *broker, const char *name, HlCertKind kind);

/* The same as spec says; its cn is the name. */
void test_broker_issue_as(const TestBroker *broker, const HlCertSpec *spec);

/* Runs the default context until the condition holds; fails the test after a minute. */
#define WAIT_UNTIL(condition)                                             \
    do {                                                                  \
        guint wait_timer_ = g_timeout_add(10, test_tick, NULL);           \
        HlTime wait_end_ = hl_clock_mono() + HL_MINUTE;                   \
        while (!(condition)) {                                            \
            if (hl_clock_mono() > wait_end_)                              \
                g_error("%s: waited a minute for " #condition, G_STRLOC); \
            g_main_context_iteration(NULL, TRUE);                         \
        }                                                                 \
        g_source_remove(wait_timer_);                                     \
    } while (0)

gboolean test_tick(gpointer user);

/* Runs the default context for so long. */
void test_run_for(HlTime duration);

#endif
