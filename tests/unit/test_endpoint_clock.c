/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that was wrong once: jumps of an hour, a month and ten years, both ways, each followed by the right time,
 * leave nothing behind in the endpoint.  Time is the test's; the server's clock is right throughout. */
#include <string.h>

#include "endpoint/daemon/ground/store.h"
#include "lib/base/unconst.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

static const HlTime jumps[] = { HL_HOUR,     -HL_HOUR,     23 * HL_HOUR,  -23 * HL_HOUR,
                                30 * HL_DAY, -30 * HL_DAY, 3650 * HL_DAY, -3650 * HL_DAY };

/* The server answers a birth: from here on its time is known. */
static void meet_server(EndpointParts *parts, HlTime server_wall)
{
    ep_server_time_told(&parts->time, server_wall, hl_clock_mono());
    parts_line_up(parts);
}

/* An endpoint that knows its manager to sign notices, as every one does after the first minute of its life. */
static EndpointParts *parts_of_old_friends(void)
{
    EndpointParts *parts = parts_new();

    parts->server_signs = parts->time.promised = true;
    return parts;
}

static HlMsgCommand command_at(const char *id, HlTime issued)
{
    HlMsgCommand command = parts_command(id, HL_KIND_UPDATE_NOW);

    command.issued_ms = issued;
    command.expires_ms = issued + 4 * HL_DAY;
    return command;
}

static void run(EndpointParts *parts, const char *id, HlTime issued)
{
    HlMsgCommand command = command_at(id, issued);
    guint before = child_fake_started();

    parts_offer(parts, &command);
    g_assert_cmpuint(child_fake_started(), ==, before + 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(parts_count(parts, id, HL_STATE_SUCCEEDED), ==, 1);
}

/* The case of the field: one start with a wrong clock, then the right one for ever. */
static void check_one_wrong_start(HlTime jump)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends();
    HlMsgCommand first = command_at("c-1", hl_clock_wall());
    HlTime until;
    guint started;

    meet_server(parts, hl_clock_wall());
    run(parts, "c-1", hl_clock_wall());
    clock_fake_jump_wall(jump);
    parts_restart(parts);
    timer_fake_advance(2 * HL_HOUR); /* over two looks at the journal */
    clock_fake_jump_wall(-jump);
    parts_restart(parts);
    meet_server(parts, hl_clock_wall());
    until = ep_journal_forgotten(parts->journal).until;
    g_assert_cmpint(until, <=, first.expires_ms);
    run(parts, "c-2", hl_clock_wall());
    started = child_fake_started();
    parts_offer(parts, &first); /* and no second effect */
    g_assert_cmpuint(child_fake_started(), ==, started);
    g_assert_cmpuint(parts->refused.total, ==, 0);
}

/* What the database of an earlier version brings along: its mark was the wrong clock's. */
static void check_poisoned_mark(HlTime jump)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends();

    g_assert_true(ep_store_set_int(parts->db, "pruned-until", hl_clock_wall() + jump, NULL) &&
                  ep_store_set_int(parts->db, "pruned-issued", hl_clock_wall() + jump, NULL));
    parts_restart(parts);
    meet_server(parts, hl_clock_wall() + 1);
    run(parts, "c-1", hl_clock_wall() + 2);
    g_assert_cmpuint(parts->refused.total, ==, 0);
    timer_fake_advance(2 * HL_HOUR);
    g_assert_cmpint(ep_journal_forgotten(parts->journal).issued, <=, hl_clock_wall());
}

/* While it is wrong, too: the server's word counts. */
static void check_wrong_meanwhile(HlTime jump)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends();
    HlTime right = hl_clock_wall();
    HlMsgCommand old = command_at("c-old", right - 5 * HL_DAY);

    clock_fake_jump_wall(jump);
    meet_server(parts, right);
    run(parts, "c-1", right);
    parts_offer(parts, &old); /* over for good, whatever the clock says */
    g_assert_cmpuint(parts_refused(parts, EP_REFUSED_COMMAND, EP_REFUSED_EXPIRED), ==, 1);
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* A start that is waited for is neither lost nor late by more than the window. */
static void check_window(HlTime jump)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends();
    HlTime right = hl_clock_wall();
    HlMsgCommand command = command_at("c-1", right);
    guint started;

    command.window_ms = 30 * 60 * 1000;
    meet_server(parts, right);
    clock_fake_jump_wall(jump);
    parts_offer(parts, &command);
    parts_restart(parts);
    started = child_fake_started();
    clock_fake_jump_wall(-jump);
    timer_fake_advance(31 * HL_MINUTE);
    g_assert_cmpuint(child_fake_started(), >, started);
    child_fake_exit(child_fake_last(), 1, "", "");
}

/* Whose start is a while off says so, and no longer once it began.  (Of so many, hardly two draw the first second of a
 * day.) */
static void test_wait_is_told(void)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends();
    HlTime right = hl_clock_wall();
    guint waiting = 0;

    meet_server(parts, right);
    for (guint i = 0; i < 8; i++) {
        g_autofree char *id = g_strdup_printf("c-%u", i);
        HlMsgCommand command = command_at(id, right);

        command.window_ms = 24 * 60 * 60 * 1000;
        parts_offer(parts, &command);
        waiting += g_str_has_prefix(parts_last_command(parts)->detail, "waits for its turn until ");
    }
    g_assert_cmpuint(waiting, >=, 7);
    timer_fake_advance(25 * HL_HOUR);
    g_assert_cmpint(hl_command_state_from_wire((int)parts_last_command(parts)->state), ==, HL_STATE_STARTED);
    g_assert_cmpstr(parts_last_command(parts)->detail, ==, "");
    child_fake_exit(child_fake_last(), 1, "", "");
}

/* Received, then a start with a wrong clock before the server was heard: it is not ended by that clock. */
static void check_not_ended(HlTime jump)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends();
    HlTime right = hl_clock_wall();
    HlMsgCommand command = command_at("c-1", right);

    command.window_ms = 24 * 60 * 60 * 1000;
    meet_server(parts, right);
    parts_offer(parts, &command);
    clock_fake_jump_wall(jump);
    parts_restart(parts);
    timer_fake_advance(10 * HL_MINUTE);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_EXPIRED), ==, 0);
    clock_fake_jump_wall(-jump);
    meet_server(parts, hl_clock_wall());
    timer_fake_advance(25 * HL_HOUR);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_EXPIRED), ==, 0);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_STARTED), ==, 1);
    if (child_fake_running() > 0)
        child_fake_exit(child_fake_last(), 1, "", "");
}

/* Renewal: asked for when the server's clock says so, not before and not later; and the answer is taken. */
static void check_renewal(HlTime jump)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends(); /* valid for 30 days more, of 31 */
    HlMsgCommand answer = parts_command("c-renew", HL_KIND_CERTIFICATE);
    g_autoptr(GBytes) pem = NULL;
    HlTime right = hl_clock_wall();
    gsize size;

    clock_fake_jump_wall(jump);
    timer_fake_advance(HL_HOUR);
    meet_server(parts, right + HL_HOUR);
    timer_fake_advance(2 * HL_HOUR);
    g_assert_null(parts_last(parts, HOLDLINE__V1__REPORT__BODY_CERTIFICATE));
    timer_fake_advance(25 * HL_DAY);
    g_assert_nonnull(parts_last(parts, HOLDLINE__V1__REPORT__BODY_CERTIFICATE));
    clock_fake_jump_wall(-jump); /* the server issues by its own clock */
    pem = parts_certificate(parts, PARTS_ID);
    clock_fake_jump_wall(jump);
    answer.issued_ms = ep_server_time_now(&parts->time, 0, hl_clock_mono());
    answer.expires_ms = answer.issued_ms + HL_DAY;
    answer.certificate.data = hl_unconst(g_bytes_get_data(pem, &size));
    answer.certificate.len = size;
    parts_offer(parts, &answer);
    g_assert_cmpuint(parts_count(parts, "c-renew", HL_STATE_SUCCEEDED), ==, 1);
}

/* A command a minute, each valid for four days, and none is refused: the journal keeps the last thousand, so that three
 * thousand are as good as a month of them. */
static void test_every_minute(void)
{
    g_autoptr(EndpointParts) parts = parts_of_old_friends();
    EpJournalCounts counts;

    meet_server(parts, hl_clock_wall());
    for (guint minute = 0; minute < 3 * EP_JOURNAL_KEEP; minute++) {
        g_autofree char *id = g_strdup_printf("c-%u", minute);
        HlMsgCommand command = command_at(id, hl_clock_wall());

        parts_offer(parts, &command);
        parts_update_ends(NULL, "updated", PARTS_PATTERNS);
        g_assert_cmpuint(parts->refused.total, ==, 0);
        timer_fake_advance(HL_MINUTE);
        parts_ack(parts);
        g_ptr_array_set_size(parts->reports, 0);
    }
    g_assert_true(ep_journal_count(parts->journal, &counts, NULL));
    g_assert_cmpint(counts.under_way, ==, 0);
    g_assert_cmpint(counts.ended, <=, EP_JOURNAL_KEEP + 200);
}

static void for_each_jump(gconstpointer data)
{
    void (*const *check)(HlTime) = data;

    for (gsize i = 0; i < G_N_ELEMENTS(jumps); i++) {
        g_test_message("a jump of %" G_GINT64_FORMAT " h", jumps[i] / HL_HOUR);
        (*check)(jumps[i]);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*check)(HlTime jump);
    } cases[] = {
        { "/clock/one-wrong-start", check_one_wrong_start },
        { "/clock/poisoned-mark", check_poisoned_mark },
        { "/clock/wrong-meanwhile", check_wrong_meanwhile },
        { "/clock/window", check_window },
        { "/clock/not-ended", check_not_ended },
        { "/clock/renewal", check_renewal },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_data_func(cases[i].path, &cases[i].check, for_each_jump);
    g_test_add_func("/clock/wait-is-told", test_wait_is_told);
    g_test_add_func("/clock/every-minute", test_every_minute);
    return g_test_run();
}
