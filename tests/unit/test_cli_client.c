/* SPDX-License-Identifier: Apache-2.0 */
/* manager/cli/client: at which of its addresses it finds the manager, on a bus in memory.  Each turn of its loop is a
 * tenth of a second in a world where brokers hang, refuse, or have no manager.  And what it does when one of them dies
 * in the middle of a call. */
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "manager/cli/client.h"
#include "manager/cli/commands.h"
#include "proto/topics.h"
#include "proto/wire.h"
#include "tests/support/bus_fake.h"
#include "tests/support/clock_fake.h"

#define TURN      100             /* ms */
#define DIAGNOSIS (4 * HL_SECOND) /* of a broker that hangs */
#define TOO_LONG  (120 * HL_SECOND)

typedef enum { HANGS, REFUSES, LONE, SERVES } Kind;

/* A broker LONE has no manager; one that tells late says so as its link is being closed. */
typedef struct {
    Kind kinds[4];
    guint n;
    bool tells_late;
    const char *kept;          /* the directory of the configuration, of several calls; NULL: of one */
    HlTime begun, attempt;     /* 0: no attempt is under way */
    HlTime outage, back;       /* after each break so long, until then: all refuse */
    void (*serve)(HlBus *bus); /* the manager at a broker that SERVES; may be NULL */
} World;

static World world;

bool cmd_server_is_before_rollover(const HlInvocation *call G_GNUC_UNUSED)
{
    return false;
}

static Kind kind_of(const char *broker)
{
    if (hl_clock_mono() < world.back)
        return REFUSES;
    return world.kinds[broker[strlen(broker) - 1] - '1'];
}

static void say_online(HlBus *bus)
{
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) payload = NULL;

    state.online = true;
    payload = HL_WIRE_ENCODE(&state);
    bus_fake_deliver(bus, &(HlBusMessage){ .topic = HL_TOPIC_ROOT "manager/alive", .payload = payload });
}

static void pass_connecting(HlBus *bus)
{
    HlTime spent = hl_clock_mono() - world.attempt;

    switch (kind_of(hl_bus_broker(bus))) {
    case HANGS:
        if (spent >= bus_fake_options(bus)->connect_timeout + DIAGNOSIS)
            bus_fake_fail(bus, "it does not answer", 0);
        break;
    case REFUSES:
        bus_fake_fail(bus, "nobody listens", 0);
        break;
    case LONE:
    case SERVES:
        bus_fake_up(bus);
        break;
    }
}

static void pass_up(HlBus *bus)
{
    if (bus_fake_is_closing(bus, NULL)) {
        if (world.tells_late)
            say_online(bus);
        bus_fake_down(bus, "closed to reconnect");
    } else if (kind_of(hl_bus_broker(bus)) == SERVES) {
        say_online(bus);
        if (world.serve != NULL)
            world.serve(bus);
    }
}

gboolean __wrap_g_main_context_iteration(GMainContext *context, gboolean may_block);

gboolean __wrap_g_main_context_iteration(GMainContext *context G_GNUC_UNUSED, gboolean may_block G_GNUC_UNUSED)
{
    HlBus *bus = bus_fake_last();

    clock_fake_advance(TURN);
    g_assert_cmpint(hl_clock_mono() - world.begun, <, TOO_LONG);
    if (hl_bus_state(bus) == HL_BUS_DOWN) {
        bus_fake_attempt(bus);
        world.attempt = hl_clock_mono();
    } else if (hl_bus_state(bus) == HL_BUS_CONNECTING) {
        pass_connecting(bus);
    } else {
        pass_up(bus);
    }
    return TRUE;
}

static char *in_cache(const char *name)
{
    return g_build_filename(g_get_user_cache_dir(), name, NULL);
}

/* The one file of the cache; NULL: there is none. */
static char *remembered(void)
{
    g_autofree char *own = in_cache("holdline");
    g_autoptr(GDir) dir = g_dir_open(own, 0, NULL);
    const char *name = dir != NULL ? g_dir_read_name(dir) : NULL;

    return name != NULL ? g_build_filename(own, name, NULL) : NULL;
}

static void forget(void)
{
    g_autofree char *own = in_cache("holdline");

    g_assert_true(hl_tree_remove(own, NULL));
}

/* NULL: it was not found at any. */
static CliClient *open_in(const char *dir, GError **error)
{
    g_autofree char *conf = g_build_filename(dir, "holdline.conf", NULL);
    g_autofree char *key = g_build_filename(dir, "a.key", NULL);
    g_autoptr(GString) text = g_string_new("[client]\nname = admin\nca = ca.pem\ncertificate = a.pem\nkey = a.key\n");
    g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
    HlInvocation call = { .values = values };

    g_string_append(text, "brokers = ");
    for (guint i = 0; i < world.n; i++)
        g_string_append_printf(text, "%sb:%u", i > 0 ? "," : "", i + 1);
    g_string_append(text, "\n");
    g_assert_true(hl_file_write_text(conf, text->str, 0600, NULL) && hl_file_write_text(key, "", 0600, NULL));
    g_setenv("HOLDLINE_CONFIG", conf, TRUE);
    world.begun = hl_clock_mono();
    return cli_client_open(&call, NULL, NULL, error);
}

/* The address at which it was found, after so many seconds; NULL: at none, for this reason. */
static char *look(HlTime *took, GError **error)
{
    g_autofree char *dir = world.kept != NULL ? g_strdup(world.kept) : g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autoptr(CliClient) client = open_in(dir, error);
    char *found = NULL;

    *took = (hl_clock_mono() - world.begun) / HL_SECOND;
    if (client != NULL) {
        g_assert_true(cli_client_is_up(client));
        g_assert_cmpint(hl_bus_state(bus_fake_last()), ==, HL_BUS_UP);
        found = g_strdup(hl_bus_broker(bus_fake_last()));
    }
    g_assert_true(world.kept != NULL || hl_tree_remove(dir, NULL));
    return found;
}

static void expect_found(const char *where, HlTime within)
{
    g_autoptr(GError) error = NULL;
    HlTime took;
    g_autofree char *found = look(&took, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, where);
    g_assert_cmpint(took, <=, within);
}

static void expect_not_found(const char *why, HlTime after, HlTime within)
{
    g_autofree char *text =
        g_strconcat("cannot reach the server: ", why, "; 'holdline doctor' looks for the cause", NULL);
    g_autoptr(GError) error = NULL;
    HlTime took;
    g_autofree char *found = look(&took, &error);

    g_assert_null(found);
    g_assert_error(error, HL_ERROR, HL_ERROR_UNAVAILABLE);
    g_assert_cmpstr(error->message, ==, text);
    g_assert_cmpint(took, >=, after);
    g_assert_cmpint(took, <=, within);
}

#define NO_MANAGER "the broker answers, but no manager is connected to it"

static void test_one(void)
{
    world = (World){ .kinds = { SERVES }, .n = 1 };
    expect_found("b:1", 1);
    world = (World){ .kinds = { HANGS }, .n = 1 };
    expect_not_found("b:1: it does not answer", 14, 15);
    world = (World){ .kinds = { REFUSES }, .n = 1 };
    expect_not_found("b:1: nobody listens", 10, 10);
    world = (World){ .kinds = { LONE }, .n = 1 };
    expect_not_found("b:1: " NO_MANAGER, 10, 10);
}

/* The first of them hangs: the next one gets its time, and so on. */
static void test_first_hangs(void)
{
    world = (World){ .kinds = { HANGS, SERVES }, .n = 2 };
    expect_found("b:2", 10);
    world = (World){ .kinds = { HANGS, HANGS, HANGS, SERVES }, .n = 4 };
    expect_found("b:4", 29);
    world = (World){ .kinds = { LONE, HANGS, REFUSES, SERVES }, .n = 4 };
    expect_found("b:4", 13);
}

/* All had their time, and each is named. */
static void test_none(void)
{
    world = (World){ .kinds = { HANGS, HANGS }, .n = 2 };
    expect_not_found("b:1: it does not answer; b:2: it does not answer", 18, 19);
    world = (World){ .kinds = { HANGS, LONE }, .n = 2 };
    expect_not_found("b:1: it does not answer; b:2: " NO_MANAGER, 10, 13);
    world = (World){ .kinds = { REFUSES, REFUSES }, .n = 2 };
    expect_not_found("b:1: nobody listens; b:2: nobody listens", 10, 10);
}

/* What a link says that is being left does not count: nothing could be sent on it. */
static void test_told_late(void)
{
    world = (World){ .kinds = { LONE, SERVES }, .n = 2, .tells_late = true };
    expect_found("b:2", 3);
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
        world.back = world.outage > 0 ? hl_clock_mono() + world.outage : 0;
        if (asked.reason != NULL)
            bus_fake_down(bus, asked.reason);
        else
            world.kinds[hl_bus_broker(bus)[2] - '1'] = HANGS;
    } else if (asked.n <= asked.breaks + asked.busy) {
        answer_with(bus, request, "{}", 0, true);
    } else {
        answer_with(bus, request, "{\"rows\": [1]}", 0, false);
        take_read(bus, request);
        answer_with(bus, request, "{\"rows\": [2]}", 1, false);
    }
}

/* One call's answer in this world as text, or the error's message; and how often it was asked.  Caller frees. */
static char *answer_in(const World *is, guint breaks, guint busy, const char *reason, guint *n)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(CliClient) client = NULL;
    g_autoptr(json_t) document = NULL;
    char *text;

    world = *is;
    world.serve = serve;
    asked.n = asked.reads = 0;
    asked.breaks = breaks;
    asked.busy = busy;
    asked.reason = reason;
    client = open_in(dir, &error);
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
        World world;
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
        forget();
        answer = answer_in(&cases[i].world, cases[i].breaks, cases[i].busy, cases[i].reason, &n);
        g_assert_true(g_str_has_prefix(answer, cases[i].answer));
        g_assert_cmpuint(n, ==, cases[i].n);
    }
    forget();
}

/* What a list of two parts is answered, cut so often first.  Caller frees. */
static char *answer_of(const guint *parts, guint window, guint breaks)
{
    World one = { .kinds = { SERVES }, .n = 1 };
    guint n;
    char *answer;

    forget();
    memcpy(asked.parts, parts, sizeof asked.parts);
    asked.window = window;
    answer = answer_in(&one, breaks, 0, "connection lost", &n);
    memset(asked.parts, 0, sizeof asked.parts);
    asked.window = 0;
    forget();
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
        { TOO_LONG, "the link broke before 'group create' was sent: nothing was done.  cannot reach the server" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(CliClient) client = NULL;
        g_autoptr(json_t) document = NULL;
        g_autofree char *text = NULL;

        forget();
        world = (World){ .kinds = { SERVES }, .n = 1, .serve = serve };
        asked.n = asked.breaks = asked.busy = 0;
        client = open_in(dir, &error);
        g_assert_no_error(error);
        bus_fake_down(bus_fake_last(), "connection lost");
        world.back = hl_clock_mono() + cases[i].outage;
        document = cli_client_call(client, "group create", NULL, NULL, NULL, &error);
        text = document != NULL ? hl_json_print(document) : g_strdup(error->message);
        g_assert_true(g_str_has_prefix(text, cases[i].answer));
        g_assert_cmpuint(asked.n, ==, document != NULL ? 1 : 0);
        g_assert_true(hl_tree_remove(dir, NULL));
    }
    g_clear_pointer(&asked.once, g_free);
    g_clear_pointer(&asked.correlation, g_free);
}

/* ------------------------------------------------------------------------------------------ which answered last */

/* One call looks for the manager, those after it find it at once; and when it has moved, one more. */
static void test_remembers(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *path = NULL;

    world = (World){ .kinds = { HANGS, SERVES, HANGS }, .n = 3, .kept = dir };
    expect_found("b:2", 10);
    expect_found("b:2", 1);
    world.kinds[1] = HANGS;
    world.kinds[0] = SERVES;
    expect_found("b:1", 10);
    expect_found("b:1", 1);
    /* the configuration has that address no longer */
    world.kinds[2] = SERVES;
    world.kinds[0] = HANGS;
    expect_found("b:3", 19);
    world = (World){ .kinds = { SERVES, SERVES }, .n = 2, .kept = dir };
    expect_found("b:1", 1);
    /* nor one that somebody else wrote */
    path = remembered();
    g_assert_true(hl_file_write_text(path, "elsewhere:1", 0600, NULL));
    expect_found("b:1", 1);
    forget();
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* One address, or the first in order: no file is needed. */
static void test_remembers_nothing(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *path = NULL;

    world = (World){ .kinds = { SERVES }, .n = 1, .kept = dir };
    expect_found("b:1", 1);
    world = (World){ .kinds = { SERVES, HANGS }, .n = 2, .kept = dir };
    expect_found("b:1", 1);
    path = remembered();
    g_assert_null(path);
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* Where others could have put something there, it is as before; the call itself succeeds. */
static void test_remembers_safely(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *elsewhere = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *own = in_cache("holdline");
    g_autofree char *path = NULL, *other = NULL, *text = NULL;

    g_assert_true(hl_dir_make(g_get_user_cache_dir(), 0700, NULL));
    world = (World){ .kinds = { REFUSES, SERVES }, .n = 2, .kept = dir };
    g_assert_cmpint(symlink(elsewhere, own), ==, 0);
    expect_found("b:2", 1);
    g_assert_cmpint(rmdir(elsewhere), ==, 0); /* it is empty */
    g_assert_cmpint(unlink(own), ==, 0);
    g_assert_cmpint(mkdir(own, 0777), ==, 0);
    g_assert_cmpint(chmod(own, 0777), ==, 0);
    expect_found("b:2", 1);
    path = remembered();
    g_assert_null(path);
    g_assert_cmpint(chmod(own, 0700), ==, 0);
    expect_found("b:2", 1);
    path = remembered();
    g_assert_nonnull(path);
    /* a link in place of the file is replaced, and not followed */
    other = g_build_filename(dir, "other", NULL);
    g_assert_true(hl_file_write_text(other, "untouched", 0600, NULL));
    g_assert_true(unlink(path) == 0 && symlink(other, path) == 0);
    expect_found("b:2", 1);
    text = hl_file_read_text(other, 100, NULL);
    g_assert_cmpstr(text, ==, "untouched");
    forget();
    g_assert_true(hl_tree_remove(dir, NULL));
}

/* Missing directories are made in one's own alone: root's in another user's home would be in that user's way. */
static void test_remembers_at_home(void)
{
    g_autofree char *dir = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *between = g_path_get_dirname(g_get_user_cache_dir());
    g_autofree char *home = g_path_get_dirname(between);
    g_autofree char *path = NULL;

    g_assert_true(hl_tree_remove(between, NULL));
    world = (World){ .kinds = { REFUSES, SERVES }, .n = 2, .kept = dir };
    g_assert_cmpint(chmod(home, 0777), ==, 0); /* another's too: that it belongs to another takes root to make */
    expect_found("b:2", 1);
    g_assert_false(g_file_test(between, G_FILE_TEST_EXISTS));
    g_assert_cmpint(chmod(home, 0700), ==, 0);
    if (geteuid() == 0) {
        g_assert_cmpint(chown(home, 1, 1), ==, 0);
        expect_found("b:2", 1);
        g_assert_false(g_file_test(between, G_FILE_TEST_EXISTS));
        g_assert_cmpint(chown(home, 0, 0), ==, 0);
    }
    expect_found("b:2", 1);
    path = remembered();
    g_assert_nonnull(path);
    forget();
    g_assert_true(hl_tree_remove(dir, NULL));
}

int main(int argc, char **argv)
{
    g_autofree char *home = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *cache = g_build_filename(home, "between", "cache", NULL);
    int failed;

    g_setenv("XDG_CACHE_HOME", cache, TRUE); /* GLib's own way to isolate tests leaks */
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/client/one", test_one);
    g_test_add_func("/cli/client/first-hangs", test_first_hangs);
    g_test_add_func("/cli/client/none", test_none);
    g_test_add_func("/cli/client/told-late", test_told_late);
    g_test_add_func("/cli/client/cut", test_cut);
    g_test_add_func("/cli/client/holes", test_holes);
    g_test_add_func("/cli/client/read", test_read);
    g_test_add_func("/cli/client/broken-before", test_broken_before);
    g_test_add_func("/cli/client/remembers", test_remembers);
    g_test_add_func("/cli/client/remembers-nothing", test_remembers_nothing);
    g_test_add_func("/cli/client/remembers-safely", test_remembers_safely);
    g_test_add_func("/cli/client/remembers-at-home", test_remembers_at_home);
    failed = g_test_run();
    g_assert_true(hl_tree_remove(home, NULL));
    return failed;
}
