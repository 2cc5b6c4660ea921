/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console/line: states, calls and what becomes of those that nobody answers; and identity: which files changed.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "manager/console/renewal.h"
#include "manager/core/quota.h"
#include "tests/support/console_world.h"

/* What a call came to. */
typedef struct {
    guint ends;
    char *answer; /* as text */
    HlErrorCode code;
    GString *parts;
} Outcome;

static void on_done(const json_t *answer, const GError *error, gpointer user)
{
    Outcome *outcome = user;

    outcome->ends++;
    g_free(outcome->answer);
    outcome->answer = answer != NULL ? hl_json_print(answer) : NULL;
    outcome->code = error != NULL ? hl_error_code(error) : HL_ERROR_FAILED;
}

static void on_part(const json_t *part, gpointer user)
{
    g_autofree char *text = hl_json_print(part);

    g_string_append(((Outcome *)user)->parts, text);
}

static void call(World *world, Outcome *outcome, ConLinePart part)
{
    g_clear_pointer(&outcome->answer, g_free);
    *outcome = (Outcome){ .parts = outcome->parts };
    con_line_call(world->line,
                  &(ConLineAsk){ .name = "group show",
                                 .arguments = (const char *const[]){ "group", "office", "left-out", NULL, NULL },
                                 .session = "s-1",
                                 .address = "192.0.2.1",
                                 .part = part,
                                 .done = on_done,
                                 .user = outcome });
}

static void expect_end(const Outcome *outcome, HlErrorCode code)
{
    g_assert_cmpuint(outcome->ends, ==, 1);
    g_assert_null(outcome->answer);
    g_assert_cmpint((int)outcome->code, ==, (int)code);
}

/* Takes the snapshot that the watch asks for, so that the next call is the test's. */
static World *start(void)
{
    World *world = world_new();

    world_up(world, 1);
    world_snapshot(world, "", 0);
    return world;
}

static void test_states(void)
{
    g_autoptr(World) world = world_new();

    g_assert_cmpint(con_line_state(world->line), ==, CON_LINE_NO_BROKER);
    bus_fake_fail(world->bus, "connection refused", HL_SECOND);
    g_assert_nonnull(strstr(con_line_reason(world->line), "connection refused"));
    bus_fake_up(world->bus);
    world_manager(world, false, 1);
    world_manager(world, true, 2);
    world_manager(world, true, 2); /* says it again: nothing new */
    world_manager(world, true, 3); /* another one, without a word of the first */
    bus_fake_down(world->bus, "gone");
    g_assert_cmpint(con_line_state(world->line), ==, CON_LINE_NO_BROKER);
    bus_fake_up(world->bus); /* nothing is known of the manager again */
    g_assert_cmpstr(world->states->str, ==, "no-manager up up no-broker no-manager ");
    g_assert_cmpint(con_line_certificate_end(world->line), ==, CLOCK_FAKE_WALL + HL_DAY);
}

static void test_call(void)
{
    g_autoptr(World) world = start();
    Outcome outcome = { 0 };
    g_auto(WorldCall) sent = { 0 };

    call(world, &outcome, NULL);
    sent = world_take(world);
    g_assert_cmpstr(sent.call->name, ==, "group show");
    g_assert_cmpstr(sent.call->session, ==, "s-1");
    g_assert_cmpstr(sent.call->address, ==, "192.0.2.1");
    g_assert_cmpstr(world_argument(&sent, "group"), ==, "office");
    g_assert_cmpuint(sent.call->n_arguments, ==, 1);
    world_reply_part(world, &sent, "{\"rows\": [1], \"n\": 1}");
    g_assert_cmpuint(outcome.ends, ==, 0);
    world_reply(world, &sent, "{\"rows\": [2], \"n\": 2}");
    g_assert_cmpstr(outcome.answer, ==, "{\"rows\":[1,2],\"n\":2}"); /* lists grow, the rest is the newest */
    world_reply(world, &sent, "{}");                                 /* twice: nobody waits for it */
    g_assert_cmpuint(outcome.ends, ==, 1);
    g_free(outcome.answer);
}

static void test_parts(void)
{
    g_autoptr(World) world = start();
    g_autoptr(GString) parts = g_string_new(NULL);
    Outcome outcome = { .parts = parts };
    g_auto(WorldCall) sent = { 0 };

    call(world, &outcome, on_part);
    sent = world_take(world);
    world_reply_part(world, &sent, "{\"rows\": [1]}");
    world_reply_part(world, &sent, "{\"rows\": [2]}");
    world_reply(world, &sent, "{\"count\": 2}");
    g_assert_cmpstr(parts->str, ==, "{\"rows\":[1]}{\"rows\":[2]}");
    g_assert_cmpstr(outcome.answer, ==, "{\"count\":2}");
    g_free(outcome.answer);
}

/* The fleet comes as it is read; what is one list in the end is bounded by the manager. */
static void test_read(void)
{
    g_autoptr(World) world = start();
    g_autoptr(GString) parts = g_string_new(NULL);
    Outcome outcome = { .parts = parts };
    g_auto(WorldCall) sent = { 0 }, none = { 0 }, read = { 0 }, whole = { 0 };

    call(world, &outcome, on_part);
    sent = world_take(world);
    g_assert_true(sent.call->paces);
    world_reply_numbered(world, &sent, "{}", 1, 4);
    none = world_take(world);
    g_assert_null(none.message);
    world_reply_numbered(world, &sent, "{}", 2, 4);
    read = world_take(world);
    g_assert_cmpuint(read.call->read, ==, 2);
    g_assert_null(read.message->response_topic);
    g_assert_true(g_bytes_equal(read.message->correlation, sent.message->correlation));
    world_reply(world, &sent, "{}");
    g_assert_cmpstr(outcome.answer, ==, "{}");
    call(world, &outcome, NULL);
    whole = world_take(world);
    g_assert_false(whole.call->paces);
    world_reply(world, &whole, "{}");
    g_free(outcome.answer);
}

/* A list with a hole is no answer. */
static void test_lost_part(void)
{
    g_autoptr(World) world = start();
    Outcome outcome = { 0 };
    g_auto(WorldCall) sent = { 0 };

    call(world, &outcome, NULL);
    sent = world_take(world);
    world_reply_numbered(world, &sent, "{\"rows\": [1]}", 1, 0);
    world_reply_numbered(world, &sent, "{\"rows\": [3]}", 3, 0);
    g_assert_cmpuint(outcome.ends, ==, 1);
    g_assert_null(outcome.answer);
    g_assert_cmpint(outcome.code, ==, HL_ERROR_TOO_LARGE);
}

/* Never from inside con_line_call: what is told later is told in a turn of its own. */
static void test_refusals(void)
{
    g_autoptr(World) world = world_new();
    Outcome outcome = { 0 };
    WorldCall sent;

    call(world, &outcome, NULL);
    g_assert_cmpuint(outcome.ends, ==, 0);
    timer_fake_advance(0);
    expect_end(&outcome, HL_ERROR_UNAVAILABLE); /* no broker */
    world_up(world, 1);
    world_snapshot(world, "", 0);
    call(world, &outcome, NULL);
    sent = world_take(world);
    world_refuse(world, &sent, "denied", "an auditor may not");
    expect_end(&outcome, HL_ERROR_DENIED);
    world_call_clear(&sent);
    call(world, &outcome, NULL);
    sent = world_take(world);
    world_reply(world, &sent, "{\"rows\": [");
    g_assert_cmpuint(outcome.ends, ==, 1);
    g_assert_null(outcome.answer);
    world_call_clear(&sent);
    bus_fake_refuse(world->bus, true);
    call(world, &outcome, NULL);
    timer_fake_advance(0);
    expect_end(&outcome, HL_ERROR_UNAVAILABLE); /* too much is under way */
}

static void test_unanswered(void)
{
    g_autoptr(World) world = start();
    Outcome outcome = { 0 };
    g_auto(WorldCall) sent = { 0 };

    call(world, &outcome, NULL);
    timer_fake_advance(19 * HL_SECOND);
    sent = world_take(world);
    world_reply_part(world, &sent, "{}"); /* it is at work: another twenty seconds */
    timer_fake_advance(19 * HL_SECOND);
    g_assert_cmpuint(outcome.ends, ==, 0);
    timer_fake_advance(2 * HL_SECOND);
    expect_end(&outcome, HL_ERROR_TIMEOUT);
    bus_fake_ack(world->bus, NULL, 0);
    call(world, &outcome, NULL);
    g_assert_cmpuint(bus_fake_nack(world->bus, HL_TOPIC_ROOT "admin/request/desk", 0), ==, 1); /* nobody listens */
    timer_fake_advance(0);
    expect_end(&outcome, HL_ERROR_UNAVAILABLE);
    call(world, &outcome, NULL);
    bus_fake_down(world->bus, "gone");
    expect_end(&outcome, HL_ERROR_UNAVAILABLE);
    world_up(world, 1);
    call(world, &outcome, NULL);
    world_manager(world, true, 2); /* the one that was asked is no more */
    expect_end(&outcome, HL_ERROR_UNAVAILABLE);
}

/* How many calls are sent until one is refused. */
static guint flood(World *world)
{
    Outcome outcome = { 0 };

    for (guint n = 0;; n++) {
        g_auto(WorldCall) sent = { 0 };

        call(world, &outcome, NULL);
        sent = world_take(world);
        if (sent.call == NULL) {
            timer_fake_advance(0);
            expect_end(&outcome, HL_ERROR_LIMIT);
            return n;
        }
        world_refuse(world, &sent, "denied", "no");
        bus_fake_ack(world->bus, NULL, 0);
    }
}

/* What the manager would drop is refused at once, and never sent. */
static void test_flood(void)
{
    g_autoptr(World) world = start();
    const MgrQuotaRow *row = mgr_quota_row(MGR_QUOTA_CALL);
    guint sent = flood(world);

    g_assert_cmpuint(row->messages, <, mgr_quota_row(MGR_QUOTA_REQUEST)->messages);
    g_assert_cmpuint(row->bytes, <, mgr_quota_row(MGR_QUOTA_REQUEST)->bytes);
    g_assert_cmpint(row->over, ==, mgr_quota_row(MGR_QUOTA_REQUEST)->over);
    g_assert_cmpuint(sent, <, row->messages); /* one was the snapshot's */
    g_assert_cmpuint(sent, >=, row->messages - 5);
    timer_fake_advance(HL_SECOND);
    sent = flood(world);
    g_assert_cmpuint(sent, >=, row->messages / 10 - 5);
    g_assert_cmpuint(sent, <=, row->messages / 10);
}

static void read_twice(World *world, Outcome *outcome)
{
    *outcome = (Outcome){ 0 };
    con_line_call(world->line,
                  &(ConLineAsk){ .name = "group show", .may_repeat = true, .done = on_done, .user = outcome });
}

/* The oldest call that is not a snapshot's. */
static WorldCall take_read(World *world)
{
    for (;;) {
        WorldCall sent = world_take(world);

        if (sent.call == NULL || strcmp(sent.call->name, "group show") == 0)
            return sent;
        world_call_clear(&sent);
    }
}

/* What may be asked twice is, of the next manager; what came of the first is no part of the answer. */
static void test_repeated(void)
{
    g_autoptr(World) world = start();
    Outcome outcome = { 0 };
    g_auto(WorldCall) first = { 0 };
    g_auto(WorldCall) second = { 0 };
    g_auto(WorldCall) third = { 0 };

    read_twice(world, &outcome);
    first = take_read(world);
    world_reply_part(world, &first, "{\"rows\": [1]}");
    bus_fake_down(world->bus, "gone");
    g_assert_cmpuint(outcome.ends, ==, 0);
    world_up(world, 2);
    second = take_read(world);
    g_assert_nonnull(second.call);
    world_reply(world, &first, "{\"rows\": [2]}"); /* late */
    g_assert_cmpuint(outcome.ends, ==, 0);
    world_manager(world, true, 3); /* another one, without a word of the second */
    third = take_read(world);
    g_assert_nonnull(third.call);
    world_reply(world, &third, "{\"rows\": [3]}");
    g_assert_cmpuint(outcome.ends, ==, 1);
    g_assert_cmpstr(outcome.answer, ==, "{\"rows\":[3]}");
    g_free(outcome.answer);
}

/* It waits for the next manager ten seconds from the loss on, and not at all for one that is long gone. */
static void test_repeated_in_vain(void)
{
    g_autoptr(World) world = start();
    Outcome asked = { 0 };
    Outcome late = { 0 };
    Outcome change = { 0 };

    read_twice(world, &asked);
    world_manager(world, false, 1);
    call(world, &change, NULL);
    timer_fake_advance(0);
    expect_end(&change, HL_ERROR_UNAVAILABLE); /* at once: who asked did not say that it may be asked twice */
    timer_fake_advance(5 * HL_SECOND);
    read_twice(world, &late);
    timer_fake_advance(4 * HL_SECOND);
    g_assert_cmpuint(asked.ends + late.ends, ==, 0);
    timer_fake_advance(2 * HL_SECOND);
    expect_end(&asked, HL_ERROR_UNAVAILABLE);
    expect_end(&late, HL_ERROR_UNAVAILABLE);
    read_twice(world, &late);
    timer_fake_advance(0);
    expect_end(&late, HL_ERROR_UNAVAILABLE);
}

/* A broker that nobody has told of the manager's end says that nobody listens: asked again each second. */
static void test_unheard(void)
{
    g_autoptr(World) world = start();
    Outcome outcome = { 0 };
    g_auto(WorldCall) first = { 0 };
    g_auto(WorldCall) second = { 0 };

    bus_fake_ack(world->bus, NULL, 0);
    read_twice(world, &outcome);
    first = take_read(world);
    g_assert_cmpuint(bus_fake_nack(world->bus, HL_TOPIC_ROOT "admin/request/desk", 0), ==, 1);
    timer_fake_advance(HL_SECOND);
    second = take_read(world);
    g_assert_nonnull(second.call);
    world_reply(world, &second, "{}");
    g_assert_cmpuint(outcome.ends, ==, 1);
    g_assert_nonnull(outcome.answer);
    g_free(outcome.answer);
}

static void test_end_of_line(void)
{
    World *world = start();
    Outcome outcome = { 0 };

    call(world, &outcome, NULL);
    world_free(world);
    expect_end(&outcome, HL_ERROR_UNAVAILABLE);
}

static void test_statuses(void)
{
    g_autoptr(World) world = start();
    g_autofree char *expected = g_strdup_printf("%d:e-1 %d: ", HL_TOPIC_STATUS_ENDPOINT, HL_TOPIC_STATUS_SUMMARY);

    world_status(world, HL_TOPIC_STATUS_ENDPOINT, "e-1", "{\"id\": \"e-1\"}");
    world_status(world, HL_TOPIC_STATUS_SUMMARY, "", "{}");
    g_assert_cmpstr(world->statuses->str, ==, expected);
}

/* --------------------------------------------------------------------------------------------------------- identity */

static void touch(const World *world, const char *name, HlTime wall)
{
    g_autofree char *path = g_build_filename(world->dir, name, NULL);
    const struct timespec times[] = { { wall / 1000, 0 }, { wall / 1000, 0 } };

    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static void test_identity(void)
{
    g_autoptr(World) world = world_new();
    g_auto(ConIdentity) identity = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *key = g_build_filename(world->dir, "desk.key", NULL);

    g_assert_true(con_identity_load(&identity, &world->conf, world->dir, &error));
    g_assert_nonnull(strstr(identity.cert_pem, "BEGIN CERTIFICATE"));
    g_assert_cmpint(identity.end, ==, CLOCK_FAKE_WALL + HL_DAY);
    g_assert_cmpint(con_identity_change(&identity, &world->conf, world->dir), ==, CON_IDENTITY_SAME);
    touch(world, "desk.key", CLOCK_FAKE_WALL);
    g_assert_cmpint(con_identity_change(&identity, &world->conf, world->dir), ==, CON_IDENTITY_LINE);
    g_assert_cmpint(unlink(key), ==, 0);
    g_assert_cmpint(con_identity_change(&identity, &world->conf, world->dir), ==, CON_IDENTITY_LINE);
    g_assert_false(con_identity_load(&identity, &world->conf, world->dir, &error));
    g_assert_nonnull(strstr(error->message, "desk.key"));
    g_assert_nonnull(identity.cert_pem); /* what was there stays */
}

/* A key that is not the certificate's is refused, and the pair before it stays in use: calls still prove theirs. */
static void test_other_key(void)
{
    g_autoptr(World) world = start();
    g_autofree char *path = g_build_filename(world->dir, "desk.key", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) other = hl_key_generate(&error);
    g_auto(WorldCall) asked = { 0 };
    Outcome outcome = { 0 };

    g_assert_true(hl_key_save(other, path, &error));
    g_assert_false(con_line_reload(world->line, &error));
    g_assert_nonnull(strstr(error->message, "desk.key is not the key of "));
    call(world, &outcome, NULL);
    asked = world_take(world);
    g_assert_cmpuint(asked.call->proof.len, >, 0);
    world_reply(world, &asked, "{}");
    g_free(outcome.answer);
}

/* Browsers are shown one of their own: it is replaced without a new line. */
static void test_shown_identity(void)
{
    g_autoptr(World) world = world_new();
    g_auto(ConIdentity) identity = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *shown = g_build_filename(world->dir, "shown.pem", NULL);

    g_assert_true(hl_file_write(shown, "not a certificate that we can read more of", 42, 0600, &error));
    g_assert_true(hl_option_set(hl_option_find(con_conf_table(), "https.certificate"), &world->conf, shown, NULL) &&
                  hl_option_set(hl_option_find(con_conf_table(), "https.key"), &world->conf, "desk.key", NULL));
    g_assert_true(con_identity_load(&identity, &world->conf, world->dir, &error));
    g_assert_cmpint(identity.end, ==, 0);
    g_assert_cmpint(con_identity_change(&identity, &world->conf, world->dir), ==, CON_IDENTITY_SAME);
    touch(world, "shown.pem", CLOCK_FAKE_WALL);
    g_assert_cmpint(con_identity_change(&identity, &world->conf, world->dir), ==, CON_IDENTITY_SHOWN);
}

/* In a cluster of brokers the retained state may be at another node: that a manager lives is heard all the same. */
static void test_alive(void)
{
    g_autoptr(World) world = world_new();
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) payload = NULL;

    state.online = true;
    state.epoch = 7;
    payload = HL_WIRE_ENCODE(&state);
    bus_fake_up(world->bus);
    g_assert_cmpint(con_line_state(world->line), ==, CON_LINE_NO_MANAGER);
    bus_fake_deliver(world->bus, &(HlBusMessage){ .topic = HL_TOPIC_ROOT "manager/alive", .payload = payload });
    g_assert_cmpint(con_line_state(world->line), ==, CON_LINE_UP);
}

/* A certificate in its last third is asked for; a server that gave one a short while ago is asked again in an hour, and
 * one whose broker has not read of the authority yet soon. */
static void test_renewal(void)
{
    g_autoptr(World) world = start();
    ConRenewal *renewal = con_renewal_new(world->line, &world->conf, world->dir);
    g_auto(WorldCall) first = { 0 };
    g_auto(WorldCall) none = { 0 };
    g_auto(WorldCall) again = { 0 };
    g_auto(WorldCall) soon = { 0 };

    clock_fake_set(CLOCK_FAKE_WALL + 20 * HL_HOUR, hl_clock_mono());
    con_renewal_look(renewal);
    first = world_take(world);
    g_assert_cmpstr(first.call->name, ==, "console renew");
    world_refuse(world, &first, "exists", "a short while ago");
    timer_fake_advance(HL_MINUTE);
    none = world_take(world);
    g_assert_null(none.call);
    timer_fake_advance(HL_HOUR);
    again = world_take(world);
    g_assert_cmpstr(again.call->name, ==, "console renew");
    world_refuse(world, &again, "unavailable", "the broker has not read of it yet");
    timer_fake_advance(HL_MINUTE);
    soon = world_take(world);
    g_assert_cmpstr(soon.call->name, ==, "console renew");
    bus_fake_down(world->bus, "gone"); /* ends what it asks: in the console the line goes first, too */
    con_renewal_free(renewal);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/line/states", test_states);
    g_test_add_func("/console/line/call", test_call);
    g_test_add_func("/console/line/parts", test_parts);
    g_test_add_func("/console/line/read", test_read);
    g_test_add_func("/console/line/lost-part", test_lost_part);
    g_test_add_func("/console/line/refusals", test_refusals);
    g_test_add_func("/console/line/unanswered", test_unanswered);
    g_test_add_func("/console/line/flood", test_flood);
    g_test_add_func("/console/line/repeated", test_repeated);
    g_test_add_func("/console/line/repeated-in-vain", test_repeated_in_vain);
    g_test_add_func("/console/line/unheard", test_unheard);
    g_test_add_func("/console/line/end", test_end_of_line);
    g_test_add_func("/console/line/statuses", test_statuses);
    g_test_add_func("/console/identity/change", test_identity);
    g_test_add_func("/console/identity/other-key", test_other_key);
    g_test_add_func("/console/identity/shown", test_shown_identity);
    g_test_add_func("/console/line/alive", test_alive);
    g_test_add_func("/console/renewal/refused", test_renewal);
    return g_test_run();
}
