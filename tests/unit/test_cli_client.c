/* SPDX-License-Identifier: Apache-2.0 */
/* manager/cli/client: at which of its addresses it finds the manager, on a bus in memory.  Each turn of its loop is a
 * tenth of a second in a world where brokers hang, refuse, or have no manager.  And what it does when one of them dies
 * in the middle of a call. */
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "proto/topics.h"
#include "proto/wire.h"
#include "tests/support/bus_fake.h"
#include "tests/support/cli_world.h"
#include "tests/support/clock_fake.h"

#define NO_MANAGER "the broker answers, but no manager is connected to it"

static void test_one(void)
{
    cli_world = (CliWorld){ .kinds = { SERVES }, .n = 1 };
    cli_world_expect_found("b:1", 1);
    cli_world = (CliWorld){ .kinds = { HANGS }, .n = 1 };
    cli_world_expect_not_found("b:1: it does not answer", 14, 15);
    cli_world = (CliWorld){ .kinds = { REFUSES }, .n = 1 };
    cli_world_expect_not_found("b:1: nobody listens", 10, 10);
    cli_world = (CliWorld){ .kinds = { LONE }, .n = 1 };
    cli_world_expect_not_found("b:1: " NO_MANAGER, 10, 10);
}

/* The first of them hangs: the next one gets its time, and so on. */
static void test_first_hangs(void)
{
    cli_world = (CliWorld){ .kinds = { HANGS, SERVES }, .n = 2 };
    cli_world_expect_found("b:2", 10);
    cli_world = (CliWorld){ .kinds = { HANGS, HANGS, HANGS, SERVES }, .n = 4 };
    cli_world_expect_found("b:4", 29);
    cli_world = (CliWorld){ .kinds = { LONE, HANGS, REFUSES, SERVES }, .n = 4 };
    cli_world_expect_found("b:4", 13);
}

/* A manager that does not answer a call: the caller's own time ends it, and not the 20 s of any other. */
static void test_until(void)
{
    static const HlTime times[] = { 0, HL_SECOND, 8 * HL_SECOND, 0 }; /* 0: none */
    g_autofree char *dir = g_dir_make_tmp("holdline-cli-XXXXXX", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        HlTime limit = times[i] != 0 ? times[i] : 20 * HL_SECOND;
        g_autoptr(GError) error = NULL;
        g_autoptr(CliClient) client = NULL;
        HlTime begun;

        cli_world = (CliWorld){ .kinds = { SERVES }, .n = 1, .begun = hl_clock_mono() };
        client = cli_world_open(dir, &error);
        g_assert_no_error(error);
        begun = hl_clock_mono();
        g_assert_null(cli_client_call_until(client, "command watch", NULL, times[i] != 0 ? begun + times[i] : 0, NULL,
                                            NULL, &error));
        g_assert_cmpint(hl_error_code(error), ==, HL_ERROR_TIMEOUT);
        g_assert_cmpint(hl_clock_mono() - begun, >=, limit);
        g_assert_cmpint(hl_clock_mono() - begun, <, limit + HL_SECOND);
    }
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* All had their time, and each is named. */
static void test_none(void)
{
    cli_world = (CliWorld){ .kinds = { HANGS, HANGS }, .n = 2 };
    cli_world_expect_not_found("b:1: it does not answer; b:2: it does not answer", 18, 19);
    cli_world = (CliWorld){ .kinds = { HANGS, LONE }, .n = 2 };
    cli_world_expect_not_found("b:1: it does not answer; b:2: " NO_MANAGER, 10, 13);
    cli_world = (CliWorld){ .kinds = { REFUSES, REFUSES }, .n = 2 };
    cli_world_expect_not_found("b:1: nobody listens; b:2: nobody listens", 10, 10);
}

/* What a link says that is being left does not count: nothing could be sent on it. */
static void test_told_late(void)
{
    cli_world = (CliWorld){ .kinds = { LONE, SERVES }, .n = 2, .tells_late = true };
    cli_world_expect_found("b:2", 3);
}

/* ------------------------------------------------------------------------------------ what breaks in the middle */

/* What the manager was asked, and what becomes of it. */
static struct {
    guint n, breaks;    /* so many are cut */
    guint busy;         /* so many after those are told that the first is under way */
    const char *reason; /* of the cut; NULL: the broker goes silent, and its line stands */
    guint parts[2];     /* their numbers */
    guint window;       /* of the list; 0: nobody waits for what was read */
    guint reads;        /* what was said of that, as often */
    char *once;
    char *correlation; /* as it was asked last, in hexadecimal */
} asked;

static void answer_with(HlBus *bus, const HlBusMessage *request, const char *json, guint part, bool again)
{
    HlMsgCallReply reply = HOLDLINE__V1__CALL_REPLY__INIT;
    g_autoptr(GBytes) payload = NULL;

    reply.code = again ? hl_unconst("exists") : hl_unconst("");
    reply.json = hl_unconst(json);
    reply.part = asked.parts[part];
    reply.window = asked.window;
    reply.more = part == 0 && !again;
    reply.again = again;
    payload = HL_WIRE_ENCODE(&reply);
    bus_fake_deliver(bus, &(HlBusMessage){ .topic = HL_TOPIC_ROOT "admin/reply/admin",
                                           .payload = payload,
                                           .correlation = request->correlation });
}

/* The key is the same each time, and the answer is known by another mark. */
static void check_request(const HlBusMessage *request)
{
    g_autoptr(HlMsgCall) call = hl_wire_decode_bytes(&holdline__v1__call__descriptor, request->payload, NULL);
    gsize size;
    gconstpointer data = g_bytes_get_data(request->correlation, &size);
    g_autofree char *correlation = g_base64_encode(data, size);

    g_assert_cmpstr(call->name, ==, "group create");
    g_assert_cmpuint(strlen(call->once), ==, 32);
    g_assert_true(asked.once == NULL || strcmp(asked.once, call->once) == 0);
    g_assert_cmpstr(asked.correlation, !=, correlation);
    g_free(asked.once);
    g_free(asked.correlation);
    asked.once = g_strdup(call->once);
    asked.correlation = g_steal_pointer(&correlation);
    asked.n++;
}

/* What the client says of the parts that it has read, if it does. */
static void take_read(HlBus *bus, const HlBusMessage *request)
{
    g_autoptr(HlBusMessage) message = bus_fake_take(bus, HL_TOPIC_ROOT "admin/request/admin");
    g_autoptr(HlMsgCall) call = NULL;

    if (message == NULL)
        return;
    call = hl_wire_decode_bytes(&holdline__v1__call__descriptor, message->payload, NULL);
    g_assert_cmpuint(call->read, ==, 1);
    g_assert_cmpstr(call->name, ==, "");
    g_assert_null(message->response_topic); /* it has no answer */
    g_assert_true(g_bytes_equal(message->correlation, request->correlation));
    asked.reads++;
}

static void serve(HlBus *bus)
{
    g_autoptr(HlBusMessage) request = bus_fake_take(bus, HL_TOPIC_ROOT "admin/request/admin");

    if (request == NULL)
        return;
    check_request(request);
    if (asked.n <= asked.breaks) {
        answer_with(bus, request, "{\"rows\": [1]}", 0, false); /* a part, which counts for nothing */
        cli_world.back = cli_world.outage > 0 ? hl_clock_mono() + cli_world.outage : 0;
        if (asked.reason != NULL)
            bus_fake_down(bus, asked.reason);
        else
            cli_world.kinds[hl_bus_broker(bus)[2] - '1'] = HANGS;
    } else if (asked.n <= asked.breaks + asked.busy) {
        answer_with(bus, request, "{}", 0, true);
    } else {
        answer_with(bus, request, "{\"rows\": [1]}", 0, false);
        take_read(bus, request);
        answer_with(bus, request, "{\"rows\": [2]}", 1, false);
    }
}

/* One call's answer in this world as text, or the error's message; and how often it was asked.  Caller frees. */
static char *answer_in(const CliWorld *is, guint breaks, guint busy, const char *reason, guint *n)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(CliClient) client = NULL;
    g_autoptr(json_t) document = NULL;
    char *text;

    cli_world = *is;
    cli_world.serve = serve;
    asked.n = asked.reads = 0;
    asked.breaks = breaks;
    asked.busy = busy;
    asked.reason = reason;
    client = cli_world_open(dir, &error);
    g_assert_no_error(error);
    document = cli_client_call(client, "group create", NULL, NULL, NULL, &error);
    text = document != NULL ? hl_json_print(document) : g_strdup(error->message);
    *n = asked.n;
    g_clear_pointer(&asked.once, g_free);
    g_clear_pointer(&asked.correlation, g_free);
    g_assert_true(hl_tree_remove(dir, NULL));
    return text;
}

#define BROKE "the link broke before the answer came"

static void test_cut(void)
{
    static const struct {
        CliWorld world;
        guint breaks, busy;
        const char *reason, *answer; /* the beginning of it */
        guint n;
    } cases[] = {
        { { .kinds = { SERVES, SERVES }, .n = 2 }, 1, 0, "connection lost", "{\"rows\":[1,2]}", 2 },
        { { .kinds = { SERVES }, .n = 1 }, 1, 0, "connection lost", "{\"rows\":[1,2]}", 2 },
        { { .kinds = { SERVES, HANGS, SERVES }, .n = 3 }, 2, 0, "connection lost", "{\"rows\":[1,2]}", 3 },
        { { .kinds = { SERVES, SERVES }, .n = 2 }, 1, 3, "connection lost", "{\"rows\":[1,2]}", 5 },
        { { .kinds = { SERVES, SERVES }, .n = 2 }, 1, 0, NULL, "{\"rows\":[1,2]}", 2 },
        /* longer than an answer may take, all in all */
        { { .kinds = { SERVES }, .n = 1, .outage = 8 * HL_SECOND }, 3, 0, "connection lost", "{\"rows\":[1,2]}", 4 },
        { { .kinds = { SERVES, SERVES }, .n = 2 }, 1, 0, HL_BUS_TAKEN_OVER, BROKE, 1 },
        { { .kinds = { SERVES, SERVES }, .n = 2 }, 99, 0, "connection lost", BROKE, 6 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint n;
        g_autofree char *answer = NULL;

        g_test_message("case %zu", i);
        cli_world_forget();
        answer = answer_in(&cases[i].world, cases[i].breaks, cases[i].busy, cases[i].reason, &n);
        g_assert_true(g_str_has_prefix(answer, cases[i].answer));
        g_assert_cmpuint(n, ==, cases[i].n);
    }
    cli_world_forget();
}

/* What a list of two parts is answered, cut so often first.  Caller frees. */
static char *answer_of(const guint *parts, guint window, guint breaks)
{
    CliWorld one = { .kinds = { SERVES }, .n = 1 };
    guint n;
    char *answer;

    cli_world_forget();
    memcpy(asked.parts, parts, sizeof asked.parts);
    asked.window = window;
    answer = answer_in(&one, breaks, 0, "connection lost", &n);
    memset(asked.parts, 0, sizeof asked.parts);
    asked.window = 0;
    cli_world_forget();
    return answer;
}

/* A list with a hole is no answer; managers of earlier versions do not number. */
static void test_holes(void)
{
    static const struct {
        guint parts[2];
        const char *answer; /* the beginning of it */
    } cases[] = {
        { { 0, 0 }, "{\"rows\":[1,2]}" },
        { { 1, 2 }, "{\"rows\":[1,2]}" },
        { { 1, 3 }, "a part of the server's answer was lost on the way" },
        { { 2, 3 }, "a part of the server's answer was lost on the way" },
        { { 1, 1 }, "a part of the server's answer was lost on the way" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *answer = answer_of(cases[i].parts, 0, i == 1 ? 1 : 0); /* asked again it begins at 1 */

        g_assert_true(g_str_has_prefix(answer, cases[i].answer));
    }
}

/* A manager that waits for it is told at half of what it sends beyond what was read, and not of the last part. */
static void test_read(void)
{
    static const guint windows[] = { 0, 1, 2, 3, 4 }, reads[] = { 0, 1, 1, 1, 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(windows); i++) {
        g_autofree char *answer = answer_of((const guint[]){ 1, 2 }, windows[i], 0);

        g_assert_cmpstr(answer, ==, "{\"rows\":[1,2]}");
        g_assert_cmpuint(asked.reads, ==, reads[i]);
    }
}

/* A line that broke since the call before is as good as one that breaks with this one; nothing was sent on it. */
static void test_broken_before(void)
{
    static const struct {
        HlTime outage;
        const char *answer;
    } cases[] = {
        { 0, "{\"rows\":[1,2]}" },
        { CLI_WORLD_TOO_LONG,
          "the link broke before 'group create' was sent: nothing was done.  cannot reach the server" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(CliClient) client = NULL;
        g_autoptr(json_t) document = NULL;
        g_autofree char *text = NULL;

        cli_world_forget();
        cli_world = (CliWorld){ .kinds = { SERVES }, .n = 1, .serve = serve };
        asked.n = asked.breaks = asked.busy = 0;
        client = cli_world_open(dir, &error);
        g_assert_no_error(error);
        bus_fake_down(bus_fake_last(), "connection lost");
        cli_world.back = hl_clock_mono() + cases[i].outage;
        document = cli_client_call(client, "group create", NULL, NULL, NULL, &error);
        text = document != NULL ? hl_json_print(document) : g_strdup(error->message);
        g_assert_true(g_str_has_prefix(text, cases[i].answer));
        g_assert_cmpuint(asked.n, ==, document != NULL ? 1 : 0);
        g_assert_true(hl_tree_remove(dir, NULL));
    }
    g_clear_pointer(&asked.once, g_free);
    g_clear_pointer(&asked.correlation, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/client/one", test_one);
    g_test_add_func("/cli/client/first-hangs", test_first_hangs);
    g_test_add_func("/cli/client/until", test_until);
    g_test_add_func("/cli/client/none", test_none);
    g_test_add_func("/cli/client/told-late", test_told_late);
    g_test_add_func("/cli/client/cut", test_cut);
    g_test_add_func("/cli/client/holes", test_holes);
    g_test_add_func("/cli/client/read", test_read);
    g_test_add_func("/cli/client/broken-before", test_broken_before);
    return cli_world_run();
}
