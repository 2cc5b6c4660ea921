/* SPDX-License-Identifier: Apache-2.0 */
/* When notes become messages: weeks of a fleet's life on a clock that the test turns. */
#include <string.h>

#include "manager/core/gathering.h"

#define START (1700000000 * HL_SECOND) /* wall */

typedef struct {
    MgrGathering *gathering;
    MgrGatheringPolicy policy;
    MgrNow now;
    int day_start; /* minute of the day at START */
    guint messages;
    json_t *last;
} World;

static World *world_new(HlTime digest)
{
    World *world = g_new0(World, 1);

    world->gathering = mgr_gathering_new();
    world->policy = (MgrGatheringPolicy){ digest, MGR_GATHERING_NO_QUIET, 0, true };
    world->now = (MgrNow){ START, HL_DAY };
    return world;
}

static void world_free(World *world)
{
    json_decref(world->last);
    mgr_gathering_free(world->gathering);
    g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static int minute(const World *world)
{
    return (int)((world->day_start + (world->now.wall - START) / HL_MINUTE) % (24 * 60));
}

static void pass(World *world, HlTime time)
{
    world->now.wall += time;
    world->now.mono += time;
    if (!mgr_gathering_is_due(world->gathering, &world->policy, minute(world), world->now))
        return;
    json_decref(world->last);
    world->last = mgr_gathering_close(world->gathering, world->now);
    world->messages++;
}

static void wait_for(World *world, HlTime time)
{
    for (HlTime end = world->now.mono + time; world->now.mono < end;)
        pass(world, HL_SECOND);
}

static void find(World *world, const char *host)
{
    mgr_gathering_add(world->gathering, &(MgrNote){ MGR_NOTE_DETECTION, false, host, "Eicar", world->now.wall },
                      world->now);
}

/* The first n endpoints are off line, of all; the server's states in words. */
static void look(World *world, guint off, guint all, const char *server)
{
    g_auto(GStrv) kinds = g_strsplit(server, " ", -1);

    mgr_gathering_begin(world->gathering);
    for (guint i = 1; i <= all; i++) {
        g_autofree char *host = g_strdup_printf("pc-%u", i);

        mgr_gathering_endpoint(world->gathering, &world->policy, i, i <= off,
                               &(MgrNote){ MGR_NOTE_OFFLINE, false, host, "", world->now.wall }, world->now);
    }
    for (gsize i = 0; kinds[i] != NULL; i++) {
        MgrNote note = { .at = world->now.wall };

        if (mgr_note_parse(kinds[i], &note.kind))
            mgr_gathering_server(world->gathering, "", &note, world->now);
    }
    mgr_gathering_end(world->gathering, &world->policy, ~0U & ~(all > 0 ? 0 : MGR_GATHERING_ENDPOINTS), world->now);
}

static json_int_t count_of(const json_t *notes, const char *kind, bool is_over)
{
    const json_t *line;
    size_t i;

    json_array_foreach(json_object_get(notes, "lines"), i, line)
    {
        if (strcmp(json_string_value(json_object_get(line, "kind")), kind) == 0 &&
            json_is_true(json_object_get(line, "over")) == is_over)
            return json_integer_value(json_object_get(line, "count"));
    }
    return 0;
}

/* The first goes out at once, the second when the interval is over, with what came meanwhile. */
static void test_digest(void)
{
    g_autoptr(World) world = world_new(15 * HL_MINUTE);

    find(world, "pc-1");
    wait_for(world, 3 * HL_SECOND);
    g_assert_cmpuint(world->messages, ==, 1);
    g_assert_cmpint(count_of(world->last, "detection", false), ==, 1);
    for (guint i = 0; i < 100; i++)
        find(world, "pc-2");
    wait_for(world, 14 * HL_MINUTE);
    g_assert_cmpuint(world->messages, ==, 1);
    wait_for(world, 2 * HL_MINUTE);
    g_assert_cmpuint(world->messages, ==, 2);
    g_assert_cmpint(count_of(world->last, "detection", false), ==, 100);
    wait_for(world, HL_DAY);
    g_assert_cmpuint(world->messages, ==, 2); /* nothing happened */
    find(world, "pc-3");
    wait_for(world, 3 * HL_SECOND);
    g_assert_cmpuint(world->messages, ==, 3);
}

/* A switch dies: lines break within minutes of each other, and that is one message; so is their return. */
static void test_storm(void)
{
    g_autoptr(World) world = world_new(15 * HL_MINUTE);

    for (guint off = 1000; off <= 10000; off += 1000) {
        look(world, off, 10000, "");
        wait_for(world, 10 * HL_SECOND);
    }
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 1);
    g_assert_cmpint(count_of(world->last, "offline", false), ==, 10000);
    g_assert_cmpuint(
        json_array_size(json_object_get(json_array_get(json_object_get(world->last, "lines"), 0), "names")), ==,
        MGR_NOTES_NAMES);
    look(world, 0, 10000, "");
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 2);
    g_assert_cmpint(count_of(world->last, "offline", true), ==, 10000);
}

/* The broker dies: those whose lines went with it are not told, and the server's blindness is, once. */
static void test_blind(void)
{
    g_autoptr(World) world = world_new(15 * HL_MINUTE);

    look(world, 3, 10000, "");
    wait_for(world, HL_MINUTE);
    g_assert_cmpint(count_of(world->last, "offline", false), ==, 3);
    wait_for(world, HL_HOUR);
    look(world, 500, 10000, ""); /* the farewells of a dying broker */
    mgr_gathering_hush(world->gathering);
    for (guint i = 0; i < 60; i++) {
        look(world, 0, 0, "blind");
        wait_for(world, HL_MINUTE);
    }
    g_assert_cmpuint(world->messages, ==, 2);
    g_assert_cmpint(count_of(world->last, "blind", false), ==, 1);
    g_assert_cmpint(count_of(world->last, "offline", false), ==, 0);
    look(world, 4, 10000, ""); /* three were away before, and are not told of again */
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 3);
    g_assert_cmpint(count_of(world->last, "blind", true), ==, 1);
    g_assert_cmpint(count_of(world->last, "offline", false), ==, 1);
    g_assert_cmpint(count_of(world->last, "offline", true), ==, 0);
}

/* What happens at night is told in the morning, in one message. */
static void test_quiet(void)
{
    g_autoptr(World) world = world_new(HL_MINUTE);

    g_assert_true(mgr_quiet_parse("22:00-06:00", &world->policy.quiet_from, &world->policy.quiet_to));
    world->day_start = 22 * 60;
    for (guint hour = 0; hour < 8; hour++) {
        find(world, "pc-1");
        wait_for(world, HL_HOUR - HL_MINUTE);
        g_assert_cmpuint(world->messages, ==, 0);
        wait_for(world, HL_MINUTE);
    }
    wait_for(world, HL_MINUTE);
    g_assert_cmpuint(world->messages, ==, 1);
    g_assert_cmpint(count_of(world->last, "detection", false), ==, 8);
    wait_for(world, 15 * HL_HOUR);
    find(world, "pc-1");
    wait_for(world, 3 * HL_SECOND);
    g_assert_cmpuint(world->messages, ==, 2); /* by day at once */
}

/* Two weeks: a PC that is off every night, and a find a day.  As many messages as happened things, none twice. */
static void test_weeks(void)
{
    g_autoptr(World) world = world_new(15 * HL_MINUTE);

    for (guint hour = 0; hour < 14 * 24; hour++) {
        bool night = hour % 24 >= 12;

        for (guint minute_of_hour = 0; minute_of_hour < 60; minute_of_hour++) {
            look(world, night ? 1 : 0, 3, "");
            wait_for(world, HL_MINUTE);
        }
        if (hour % 24 == 5)
            find(world, "pc-3");
    }
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 14 + 14 + 13); /* the last night is not over */
}

/* A restart goes on where the registry left it: nothing is told twice, and the interval is not begun again. */
static void test_restored(void)
{
    g_autoptr(World) world = world_new(15 * HL_MINUTE);
    g_autoptr(MgrGathering) before = world->gathering;
    guint known = 0;

    look(world, 5, 10, "disk");
    wait_for(world, HL_MINUTE);
    g_assert_cmpuint(world->messages, ==, 1);
    find(world, "pc-1");
    world->gathering = mgr_gathering_new();
    for (guint i = 0; i < before->changes->len; i++) {
        const MgrKnownChange *change = &g_array_index(before->changes, MgrKnownChange, i);

        known += change->is_known;
        mgr_gathering_restore_known(world->gathering, change->kind, change->endpoint, change->key);
    }
    g_assert_cmpuint(known, ==, 6);
    mgr_gathering_restore(world->gathering, json_deep_copy(before->notes), world->now.wall,
                          world->now.wall - 30 * HL_SECOND, world->now);
    look(world, 5, 10, "disk");
    wait_for(world, 14 * HL_MINUTE);
    g_assert_cmpuint(world->messages, ==, 1);
    wait_for(world, HL_MINUTE);
    g_assert_cmpuint(world->messages, ==, 2);
    g_assert_cmpint(count_of(world->last, "detection", false), ==, 1);
    g_assert_cmpint(count_of(world->last, "offline", false) + count_of(world->last, "disk", false), ==, 0);
}

/* A state whose source was not read goes on, and is over when it was. */
static void test_unread(void)
{
    g_autoptr(World) world = world_new(HL_SECOND);

    look(world, 0, 0, "blind disk");
    wait_for(world, HL_MINUTE);
    g_assert_true(mgr_gathering_knows_state(world->gathering, MGR_NOTE_BLIND, ""));
    for (guint i = 0; i < 3; i++) {
        mgr_gathering_begin(world->gathering);
        mgr_gathering_end(world->gathering, &world->policy, MGR_NOTE_BIT(MGR_NOTE_DISK), world->now);
        wait_for(world, HL_MINUTE);
        g_assert_cmpuint(world->messages, ==, 2);
    }
    g_assert_cmpint(count_of(world->last, "disk", true), ==, 1);
    g_assert_cmpint(count_of(world->last, "blind", true), ==, 0);
    look(world, 0, 0, "");
    wait_for(world, HL_MINUTE);
    g_assert_cmpint(count_of(world->last, "blind", true), ==, 1);
}

/* Blindness after a restart takes back what went off line since, and no more: the others are known, and told. */
static void test_hushed_after_restart(void)
{
    g_autoptr(World) world = world_new(HL_HOUR);
    g_autoptr(MgrGathering) before = world->gathering;

    look(world, 3, 10, "");
    world->gathering = mgr_gathering_new();
    for (gint64 number = 1; number <= 3; number++)
        mgr_gathering_restore_known(world->gathering, MGR_NOTE_OFFLINE, number, "");
    mgr_gathering_restore(world->gathering, json_deep_copy(before->notes), world->now.wall, 0, world->now);
    look(world, 8, 10, "");
    mgr_gathering_hush(world->gathering);
    mgr_gathering_hush(world->gathering);
    g_assert_false(mgr_gathering_knows(world->gathering, MGR_NOTE_OFFLINE, 4));
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 1);
    g_assert_cmpint(count_of(world->last, "offline", false), ==, 3);
    g_assert_cmpuint(
        json_array_size(json_object_get(json_array_get(json_object_get(world->last, "lines"), 0), "names")), ==, 3);
}

/* Removed endpoints are forgotten without a word; without "recovery" nobody is told that a state is over. */
static void test_gone(void)
{
    g_autoptr(World) world = world_new(HL_MINUTE);

    look(world, 3, 10, "disk");
    wait_for(world, HL_HOUR);
    look(world, 2, 2, "disk");
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 1);
    world->policy.tells_over = false;
    look(world, 0, 2, "");
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 1);
    look(world, 1, 2, "disk");
    wait_for(world, HL_HOUR);
    g_assert_cmpuint(world->messages, ==, 2);
}

/* However much comes, a document is bounded; two that are joined count all. */
static void test_bounds(void)
{
    g_autoptr(json_t) notes = mgr_notes_new();
    g_autoptr(json_t) later = mgr_notes_new();
    g_autofree char *longest = g_strnfill(100000, 'x');
    g_autofree char *text = NULL;

    for (guint i = 0; i < 20000; i++)
        mgr_notes_add(notes, &(MgrNote){ (MgrNoteKind)(i % MGR_NOTE_N), i % 3 == 0, longest, longest, START });
    for (guint i = 0; i < 1000; i++)
        mgr_notes_add(later, &(MgrNote){ MGR_NOTE_DETECTION, false, longest, longest, START + HL_HOUR });
    mgr_notes_join(later, notes);
    g_assert_cmpuint(mgr_notes_count(later), ==, 21000);
    g_assert_cmpint(json_integer_value(json_object_get(later, "joined")), ==, 1);
    g_assert_cmpint(json_integer_value(json_object_get(later, "first")), ==, START);
    text = hl_json_print(later);
    g_assert_cmpuint(strlen(text), <, 54 * 1024);
}

static void test_parse(void)
{
    static const char *const bad[] = { "", "[]", "{\"lines\":[{\"kind\":\"nothing\",\"count\":1,\"names\":[]}]}",
                                       "{\"lines\":[{\"kind\":\"end\",\"count\":\"1\",\"names\":[]}]}",
                                       "{\"lines\":[{\"kind\":\"end\",\"count\":1,\"names\":[{\"name\":1}]}]}" };
    g_autoptr(json_t) good = mgr_notes_new();
    g_autofree char *text = NULL;
    g_autoptr(json_t) again = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(mgr_notes_parse(bad[i]));
    mgr_notes_add(good, &(MgrNote){ MGR_NOTE_END, true, "a\r\nb", NULL, START });
    text = hl_json_print(good);
    again = mgr_notes_parse(text);
    g_assert_true(json_equal(good, again));
}

static void test_quiet_text(void)
{
    static const char *const bad[] = {
        "22-6", "22:00", "24:00-06:00", "22:60-06:00", "22:00-22:00", "22:0-06:00", "-"
    };
    int from, to;

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(mgr_quiet_parse(bad[i], &from, &to));
    g_assert_true(mgr_quiet_parse("", &from, &to));
    g_assert_cmpint(from, ==, MGR_GATHERING_NO_QUIET);
    g_assert_true(mgr_quiet_parse("8:30-17:05", &from, &to));
    g_assert_cmpint(from, ==, 510);
    g_assert_cmpint(to, ==, 1025);
}

/* Twice as long each time, an hour at most; from the beginning after a success. */
static void test_attempts(void)
{
    static const HlTime delays[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    MgrAttempts attempts = { 0 };
    MgrNow now = { START, HL_DAY };

    for (gsize i = 0; i < G_N_ELEMENTS(delays); i++) {
        g_assert_true(mgr_attempts_may(&attempts, now));
        mgr_attempts_failed(&attempts, HL_MINUTE, now);
        now.mono += delays[i] * HL_MINUTE - 1;
        g_assert_false(mgr_attempts_may(&attempts, now));
        now.mono++;
    }
    for (guint i = 0; i < 100; i++)
        mgr_attempts_failed(&attempts, HL_HOUR, now);
    g_assert_cmpint(attempts.next_mono, ==, now.mono + HL_HOUR);
    g_assert_cmpint(attempts.since_mono, ==, HL_DAY);
    mgr_attempts_succeeded(&attempts);
    g_assert_true(mgr_attempts_may(&attempts, now));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gathering/digest", test_digest);
    g_test_add_func("/gathering/storm", test_storm);
    g_test_add_func("/gathering/blind", test_blind);
    g_test_add_func("/gathering/quiet", test_quiet);
    g_test_add_func("/gathering/weeks", test_weeks);
    g_test_add_func("/gathering/restored", test_restored);
    g_test_add_func("/gathering/unread", test_unread);
    g_test_add_func("/gathering/hushed-after-restart", test_hushed_after_restart);
    g_test_add_func("/gathering/gone", test_gone);
    g_test_add_func("/gathering/bounds", test_bounds);
    g_test_add_func("/gathering/parse", test_parse);
    g_test_add_func("/gathering/quiet-text", test_quiet_text);
    g_test_add_func("/gathering/attempts", test_attempts);
    return g_test_run();
}
