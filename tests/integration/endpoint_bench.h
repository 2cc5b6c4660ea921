/* SPDX-License-Identifier: Apache-2.0 */
/* A bench for the endpoint daemon: a real broker with certificates and the product's access list, an enrolment route, a
 * scripted manager that acknowledges as docs/protocol.md says, and a small updater program.  Everything lives in one
 * temporary directory, on loopback, on free ports. */
#ifndef TESTS_INTEGRATION_ENDPOINT_BENCH_H
#define TESTS_INTEGRATION_ENDPOINT_BENCH_H

#include "lib/base/exec.h"
#include "lib/base/json.h"
#include "lib/bus/bus.h"
#include "lib/http/serve.h"
#include "lib/pki/cert.h"
#include "lib/pki/signing.h"
#include "proto/messages.h"

#define RECEIVED  HOLDLINE__V1__COMMAND_STATE__COMMAND_RECEIVED
#define STARTED   HOLDLINE__V1__COMMAND_STATE__COMMAND_STARTED
#define SUCCEEDED HOLDLINE__V1__COMMAND_STATE__COMMAND_SUCCEEDED
#define FAILED    HOLDLINE__V1__COMMAND_STATE__COMMAND_FAILED
#define CANCELLED HOLDLINE__V1__COMMAND_STATE__COMMAND_CANCELLED
#define REJECTED  HOLDLINE__V1__COMMAND_STATE__COMMAND_REJECTED
#define UPDATE    HOLDLINE__V1__COMMAND_KIND__KIND_UPDATE_NOW
#define CANCEL    HOLDLINE__V1__COMMAND_KIND__KIND_CANCEL
#define RENEW     HOLDLINE__V1__COMMAND_KIND__KIND_CERTIFICATE
#define ROLLBACK  HOLDLINE__V1__COMMAND_KIND__KIND_ROLLBACK

#define BENCH_ID       "e-bench00000001"
#define BENCH_DEADLINE HL_MINUTE

typedef struct {
    char *dir, *state, *conf;
    HlKey *ca_key;
    HlCert *ca;
    HlSigningKey *signing_key;
    int broker_port;
    HlChild *broker, *daemon;
    HlHttpServer *http;
    HlBus *bus;

    const char *enrol_code; /* NULL: enrol; otherwise the refusal */
    HlTime skew;            /* of the server's clock as it tells it */
    HlTime cert_age, cert_left;
    guint enrolments;
    enum { BENCH_NO_PROOF, BENCH_WRONG_PROOF, BENCH_PROOF } proof; /* of the last one: of an identity of this server */

    char *id;
    bool mute; /* no acknowledgements */
    char *spool;
    uint64_t committed;
    GPtrArray *reports; /* HlMsgReport *, as committed */
    GPtrArray *links;   /* HlMsgLink * */
    guint heartbeats, repeats, echoes;
    uint64_t refused, last_echo, counter;
} Bench;

typedef struct {
    int status;
    char *output, *errors;
} BenchRun;

void bench_run_clear(BenchRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BenchRun, bench_run_clear)

/* Starts broker, enrolment route and manager. */
Bench *bench_new(void);
void bench_free(Bench *bench);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bench, bench_free)

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

void bench_start_manager(Bench *bench);
void bench_start_broker(Bench *bench);
void bench_stop_broker(Bench *bench);
void bench_start_daemon(Bench *bench);
void bench_kill_daemon(Bench *bench, int signal_number);

int bench_free_port(void);
bool bench_answers(int port); /* whether somebody listens there */

/* A bundle file; caller frees the path. */
char *bench_bundle(Bench *bench, HlTime issued, HlTime expires, const HlCert *ca);

/* holdline-endpoint ARGS, while the loop serves. */
BenchRun bench_cli(Bench *bench, const char *const *args);

/* Enrols and starts the daemon; the line is up when this returns. */
void bench_bring_up(Bench *bench);

/* Runs the loop until the condition holds; fails the test at the deadline, naming it. */
#define bench_wait(bench, condition)                                                      \
    do {                                                                                  \
        HlTime bench_end_ = hl_clock_mono() + BENCH_DEADLINE;                             \
        while (!(condition)) {                                                            \
            if (hl_clock_mono() > bench_end_)                                             \
                g_error("%s:%d: waited in vain for: %s", __FILE__, __LINE__, #condition); \
            bench_turn(bench);                                                            \
        }                                                                                 \
    } while (0)
void bench_turn(Bench *bench);
void bench_pass(Bench *bench, HlTime time);

void bench_publish(Bench *bench, const char *leaf, GBytes *payload, bool retained);

/* A signed notice to the session of the last birth; set what it says beyond that. */
HlMsgLineNotice bench_notice(const Bench *bench);
void bench_send_notice(Bench *bench, const HlMsgLineNotice *notice);
HlMsgEnvelope *bench_signed_settings(Bench *bench, const char *lines, const char *endpoint, uint64_t counter,
                                     HlTime expires);
void bench_send_settings(Bench *bench, const char *lines, const char *endpoint, uint64_t counter, HlTime expires);
void bench_send_command(Bench *bench, const HlMsgCommand *command);

/* A command with everything set for this endpoint; id is borrowed. */
HlMsgCommand bench_command(Bench *bench, const char *id, int kind);

/* How many committed reports say this of a command; command NULL: of any. */
guint bench_count_states(const Bench *bench, const char *command, int state);
const HlMsgRefusal *bench_refusal(const Bench *bench, const char *what, const char *code);

/* The last birth, clean stop or will. */
const HlMsgLink *bench_last_link(const Bench *bench);

/* The newest committed report of applied settings; NULL for none. */
const HlMsgAppliedSettings *bench_last_applied(const Bench *bench);

/* `holdline-endpoint status --json`, as soon as the daemon answers; json_decref. */
json_t *bench_status(Bench *bench);

/* Lines of a file below the bench's directory. */
guint bench_lines(const Bench *bench, const char *name);
void bench_touch(const Bench *bench, const char *name);
void bench_remove(const Bench *bench, const char *name);

#endif
