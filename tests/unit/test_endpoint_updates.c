/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/updates with a child that the test plays: who joins whom, what is told to whom, what the updater
 * is started with, going back by itself, and results that cannot be stored. */
#include <string.h>
#include <unistd.h>

#include "endpoint/daemon/ground/store.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/db_faults.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

/* Somebody who asks. */
typedef struct Asker {
    EndpointParts *parts;
    guint done, progress;
    bool succeeded, timed_out;
    char code[32], detail[200], patterns[100];
    struct Asker *closes; /* forgotten by the updates as soon as this one is told */
    EpUpdateWork *then;   /* asked for as soon as this one is told */
} Asker;

static void on_progress(guint percent, const char *what, gpointer user)
{
    Asker *asker = user;

    g_assert_nonnull(what);
    asker->progress = percent;
}

static void request(Asker *asker, EpUpdateWork work);

static void on_done(const EpUpdateEnd *end, gpointer user)
{
    Asker *asker = user;

    asker->done++;
    asker->succeeded = end->succeeded;
    asker->timed_out = end->timed_out;
    g_strlcpy(asker->code, end->code != NULL ? end->code : "", sizeof asker->code);
    g_strlcpy(asker->detail, end->detail, sizeof asker->detail);
    g_strlcpy(asker->patterns, end->patterns, sizeof asker->patterns);
    if (asker->closes != NULL)
        ep_updates_forget(asker->parts->updates, asker->closes);
    if (asker->then != NULL) {
        EpUpdateWork work = *asker->then;

        asker->then = NULL;
        request(asker, work);
    }
}

static void request(Asker *asker, EpUpdateWork work)
{
    EpUpdateRequest wanted = {
        .work = work, .trigger = "manual", .progress = on_progress, .done = on_done, .user = asker
    };

    ep_updates_request(asker->parts->updates, &wanted);
}

static void request_patiently(Asker *asker)
{
    EpUpdateRequest wanted = {
        .work = EP_UPDATE_UPDATE, .trigger = "schedule", .patient = true, .done = on_done, .user = asker
    };

    ep_updates_request(asker->parts->updates, &wanted);
}

static const HlMsgUpdateNotification *notification(const EndpointParts *parts)
{
    const HlMsgReport *report = parts_last(parts, HOLDLINE__V1__REPORT__BODY_UPDATE);

    g_assert_nonnull(report);
    return report->update;
}

/* --------------------------------------------------------------------------------------------------- who waits */

static void test_join(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker first = { .parts = parts }, second = { .parts = parts }, back = { .parts = parts };

    parts_line_up(parts);
    request(&first, EP_UPDATE_UPDATE);
    request(&second, EP_UPDATE_UPDATE);
    request(&back, EP_UPDATE_ROLLBACK);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    child_fake_say(child_fake_last(), "no line of the protocol");
    g_assert_cmpuint(first.progress, ==, 40);
    g_assert_cmpuint(second.progress, ==, 40);
    g_assert_cmpuint(back.progress, ==, 0);
    g_assert_cmpuint(ep_updates_view(parts->updates).percent, ==, 40);
    parts_update_ends(NULL, "updated", "virus=2026112202");
    g_assert_cmpuint(first.done, ==, 1);
    g_assert_cmpuint(second.done, ==, 1);
    g_assert_cmpuint(back.done, ==, 0);
    g_assert_cmpstr(first.patterns, ==, "virus=2026112202");
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "rollback");
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    g_assert_cmpuint(back.done, ==, 1);
    g_assert_cmpstr(ep_updates_patterns(parts->updates), ==, PARTS_PATTERNS);
    g_assert_false(ep_updates_view(parts->updates).running);
}

static void test_limit(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker asker = { .parts = parts };

    for (int i = 0; i < 64; i++)
        request(&asker, EP_UPDATE_UPDATE);
    g_assert_cmpuint(asker.done, ==, 0);
    request(&asker, EP_UPDATE_UPDATE);
    g_assert_cmpuint(asker.done, ==, 1);
    g_assert_cmpstr(asker.code, ==, "limit");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(asker.done, ==, 65);
}

/* Who has gone away hears nothing, wherever its request was. */
static void test_forget(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker running = { .parts = parts }, waiting = { .parts = parts }, stays = { .parts = parts };

    request(&running, EP_UPDATE_UPDATE);
    request(&stays, EP_UPDATE_UPDATE);
    request(&waiting, EP_UPDATE_ROLLBACK);
    ep_updates_forget(parts->updates, &running);
    ep_updates_forget(parts->updates, &waiting);
    child_fake_say(child_fake_last(), "{\"progress\":40,\"what\":\"virus\"}");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    g_assert_cmpuint(running.done + running.progress + waiting.done, ==, 0);
    g_assert_cmpuint(stays.done, ==, 1);
}

/* A connection with two requests that is closed while it hears of the first; and another one that it takes with it. */
static void test_forget_while_told(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker twice = { .parts = parts }, other = { .parts = parts };

    twice.closes = &twice;
    request(&twice, EP_UPDATE_UPDATE);
    request(&twice, EP_UPDATE_UPDATE);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(twice.done, ==, 1);
    twice.closes = &other;
    request(&twice, EP_UPDATE_UPDATE);
    request(&other, EP_UPDATE_UPDATE);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(other.done, ==, 0);
}

/* Out of the callback the next one is asked for, which fails at once: its end comes before the first one's list is
 * through. */
static void test_request_while_told(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpUpdateWork back = EP_UPDATE_ROLLBACK;
    Asker first = { .parts = parts }, second = { .parts = parts };

    first.then = &back;
    request(&first, EP_UPDATE_UPDATE);
    request(&second, EP_UPDATE_UPDATE);
    child_fake_refuse();
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(first.done, ==, 2);
    g_assert_cmpstr(first.code, ==, "unavailable");
    g_assert_cmpuint(second.done, ==, 1);
    g_assert_true(second.succeeded);
}

/* --------------------------------------------------------------------------------------------------------- the ends */

static void test_ends(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker asker = { .parts = parts };

    parts_line_up(parts);
    request(&asker, EP_UPDATE_UPDATE);
    parts_update_ends("untrusted", "hash of virus", PARTS_PATTERNS);
    g_assert_false(asker.succeeded);
    g_assert_cmpstr(asker.code, ==, "untrusted");
    g_assert_cmpstr(asker.detail, ==, "hash of virus");
    g_assert_false(notification(parts)->succeeded);
    g_assert_cmpstr(notification(parts)->trigger, ==, "manual");
    g_assert_nonnull(strstr(notification(parts)->detail, "patterns: hash of virus"));
    request(&asker, EP_UPDATE_UPDATE);
    child_fake_exit(child_fake_last(), 3, "", "no such option\n");
    g_assert_cmpstr(asker.detail, ==, "the updater ended with status 3: no such option");
    request(&asker, EP_UPDATE_UPDATE);
    child_fake_time_out(child_fake_last());
    g_assert_true(asker.timed_out);
    request(&asker, EP_UPDATE_UPDATE);
    child_fake_die(child_fake_last(), 9);
    g_assert_cmpstr(asker.detail, ==, "the updater ended with signal 9: ");
    g_assert_cmpstr(asker.patterns, ==, PARTS_PATTERNS); /* what was active still is */
    parts_restart(parts);
    g_assert_cmpstr(ep_updates_view(parts->updates).last_detail, ==, "the updater ended with signal 9: ");
    g_assert_cmpstr(ep_updates_view(parts->updates).last_trigger, ==, "manual");
}

/* At the start the updater is only asked what is active; who asks for an update meanwhile waits. */
static void test_show(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpUpdatesOptions options = { parts->db, &parts->conf, parts->settings, parts->program, parts->trouble, NULL,
                                 NULL,      NULL };
    EpUpdates *updates = ep_updates_new(&options);
    Asker asker = { .parts = parts };
    EpUpdateRequest wanted = { .work = EP_UPDATE_ROLLBACK, .trigger = "manual", .done = on_done, .user = &asker };

    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "show");
    ep_updates_request(updates, &wanted);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    g_assert_false(ep_updates_view(updates).running);
    parts_update_ends(NULL, "", "virus=2026112209");
    g_assert_cmpstr(ep_updates_patterns(updates), ==, "virus=2026112209");
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "rollback");
    ep_updates_free(updates); /* kills it */
    g_assert_cmpuint(child_fake_running(), ==, 0);
    child_fake_refuse();
    updates = ep_updates_new(&options); /* no updater at all: the daemon runs */
    g_assert_cmpstr(ep_updates_patterns(updates), ==, "");
    ep_updates_free(updates);
}

static void test_not_enrolled(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker asker = { .parts = parts };

    parts_leave(parts);
    g_assert_cmpint(ep_updates_standing(parts->updates), ==, EP_NOT_ENROLLED);
    request(&asker, EP_UPDATE_UPDATE);
    g_assert_cmpstr(asker.code, ==, "unavailable");
    g_assert_nonnull(strstr(asker.detail, "not enrolled"));
    request(&asker, EP_UPDATE_ROLLBACK);
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    g_assert_true(asker.succeeded);
    parts_enrol(parts);
    g_assert_cmpint(ep_updates_standing(parts->updates), ==, EP_LINE_DOWN);
    parts_line_up(parts);
    g_assert_cmpint(ep_updates_standing(parts->updates), ==, EP_LINE_UP);
}

/* ---------------------------------------------------------------------------------------------------- the start */

/* Nobody waits: the line has ten seconds to come up and a second to bring settings; somebody who asks ends that. */
static void test_patience(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker asker = { .parts = parts };

    request_patiently(&asker);
    timer_fake_advance(9 * HL_SECOND);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    request_patiently(&asker);
    parts_line_up(parts);
    timer_fake_advance(500);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    parts->line_up = false;
    request_patiently(&asker);
    request(&asker, EP_UPDATE_UPDATE); /* joins, and does not wait */
    timer_fake_advance(200);
    g_assert_cmpuint(child_fake_running(), ==, 1);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(asker.done, ==, 4);
}

/* Neither when it begins, nor while its settings come first, an update shows how far the one before had got. */
static void test_progress_starts_over(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker asker = { .parts = parts };
    EpUpdateView view;

    request(&asker, EP_UPDATE_UPDATE);
    child_fake_say(child_fake_last(), "{\"progress\":90,\"what\":\"virus\"}");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    request_patiently(&asker);
    view = ep_updates_view(parts->updates);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    g_assert_true(view.running);
    g_assert_cmpuint(view.percent, ==, 0);
    g_assert_cmpstr(view.what, ==, "");
}

/* The identity leaves while the settings of a patient update are waited for. */
static void test_leaves_while_patient(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker asker = { .parts = parts };

    request_patiently(&asker);
    parts_leave(parts);
    timer_fake_advance(HL_SECOND);
    g_assert_cmpuint(asker.done, ==, 1);
    g_assert_cmpstr(asker.code, ==, "unavailable");
}

static void test_arguments(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) settings =
        parts_settings(parts, (PartsSettings){ .counter = 1,
                                               .lines = "update.sources=https://mirror.example/,activeupdate,server\n"
                                                        "update.activeupdate-url=https://active.example/\n" });
    g_autoptr(GError) error = NULL;
    Asker asker = { .parts = parts };
    HlChild *child;

    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "update.proxy", "http://proxy:3128", &error));
    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "scan.clamd-socket", "/run/clamd", &error));
    request(&asker, EP_UPDATE_UPDATE);
    child = child_fake_last();
    g_assert_cmpstr(child_fake_argv(child)[0], ==, "holdline-updater");
    g_assert_cmpstr(child_fake_option(child, "--source"), ==, "source-1=https://mirror.example/");
    g_assert_true(g_strv_contains(child_fake_argv(child), "activeupdate=https://active.example/"));
    g_assert_true(g_strv_contains(child_fake_argv(child), "server=https://127.0.0.1:8443/repo/"));
    g_assert_cmpstr(child_fake_option(child, "--private-source"), ==, "server");
    g_assert_cmpstr(child_fake_option(child, "--cert-file"), ==, parts->identity->pem_path);
    g_assert_cmpstr(child_fake_option(child, "--proxy"), ==, "http://proxy:3128");
    g_assert_cmpstr(child_fake_option(child, "--clamd-socket"), ==, "/run/clamd");
    g_assert_cmpstr(child_fake_option(child, "--time"), ==, "27m"); /* nine tenths of half an hour */
    g_assert_cmpstr(child_fake_option(child, "--root"), ==, parts->identity->root_path);
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    request(&asker, EP_UPDATE_SYNCHRONIZE); /* from the server alone, whatever the settings say */
    g_assert_cmpstr(child_fake_option(child_fake_last(), "--source"), ==, "server=https://127.0.0.1:8443/repo/");
    g_assert_false(g_strv_contains(child_fake_argv(child_fake_last()), "source-1=https://mirror.example/"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpint(unlink(parts->identity->root_path), ==, 0);
    request(&asker, EP_UPDATE_UPDATE);
    g_assert_cmpstr(asker.code, ==, "not-found");
    g_assert_nonnull(strstr(asker.detail, "no pattern repository"));
}

/* About one component alone: the others stay, and nobody joins who wants them. */
static void test_one_component(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpUpdateRequest one = { .work = EP_UPDATE_UPDATE, .trigger = "command", .component = "rules" };
    EpUpdateRequest none = { .work = EP_UPDATE_UPDATE, .trigger = "command", .component = "agent" };
    Asker all = { .parts = parts };

    parts_line_up(parts);
    ep_updates_request(parts->updates, &one);
    request(&all, EP_UPDATE_UPDATE);
    g_assert_cmpstr(child_fake_option(child_fake_last(), "--components"), ==, "virus,rules");
    g_assert_cmpstr(child_fake_option(child_fake_last(), "--keep"), ==, "virus");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(all.done, ==, 0);
    g_assert_false(g_strv_contains(child_fake_argv(child_fake_last()), "--keep"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    g_assert_cmpuint(all.done, ==, 1);
    ep_updates_request(parts->updates, &none); /* by its scan method it has no such */
    g_assert_cmpuint(child_fake_running(), ==, 0);
    g_assert_nonnull(strstr(ep_updates_view(parts->updates).last_detail, "takes no component 'agent'"));
}

/* Left to roll-outs: kept by an update, not where the server's own versions are asked for. */
static void test_left_to_rollouts(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) settings =
        parts_settings(parts, (PartsSettings){ .counter = 1, .lines = "update.by-rollout=virus,agent\n" });
    Asker asker = { .parts = parts };

    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    parts_line_up(parts);
    request(&asker, EP_UPDATE_UPDATE);
    g_assert_cmpstr(child_fake_option(child_fake_last(), "--keep"), ==, "virus");
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
    request(&asker, EP_UPDATE_SYNCHRONIZE);
    g_assert_false(g_strv_contains(child_fake_argv(child_fake_last()), "--keep"));
    parts_update_ends(NULL, "updated", PARTS_PATTERNS);
}

static void test_no_source(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) settings =
        parts_settings(parts, (PartsSettings){ .counter = 1, .lines = "update.sources=activeupdate\n" });
    Asker asker = { .parts = parts };

    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    request(&asker, EP_UPDATE_UPDATE);
    g_assert_cmpstr(asker.code, ==, "not-found");
    g_assert_nonnull(strstr(asker.detail, "there is no source"));
}

/* ------------------------------------------------------------------------------------------------------ going back */

static void fail_engine(EndpointParts *parts, int times)
{
    while (times-- > 0)
        ep_updates_engine_ended(parts->updates, EP_ENGINE_FAILED, "it died of signal 11");
}

static void test_probation(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker asker = { .parts = parts };

    parts_line_up(parts);
    fail_engine(parts, 10); /* of a set that is not new */
    g_assert_cmpuint(child_fake_running(), ==, 0);
    request(&asker, EP_UPDATE_UPDATE);
    fail_engine(parts, 10); /* while the set is about to change */
    parts_update_ends(NULL, "updated", "virus=2026112202");
    g_assert_true(ep_updates_on_probation(parts->updates));
    fail_engine(parts, EP_PROBATION_FAILURES - 1);
    parts_restart(parts); /* the new set is remembered as new; what failed is not */
    parts_line_up(parts);
    g_assert_true(ep_updates_on_probation(parts->updates));
    fail_engine(parts, EP_PROBATION_FAILURES);
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "rollback");
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
    g_assert_false(notification(parts)->succeeded); /* of the update, as far as the administrator is concerned */
    g_assert_cmpstr(notification(parts)->trigger, ==, "engine-failure");
    g_assert_nonnull(strstr(notification(parts)->detail, "the engine failed 3 times"));
    g_assert_false(ep_updates_on_probation(parts->updates));
    fail_engine(parts, 10);
    g_assert_cmpuint(child_fake_running(), ==, 0);
    parts_restart(parts); /* once for each switch, also over a restart */
    fail_engine(parts, 10);
    g_assert_cmpuint(child_fake_running(), ==, 0);
}

/* A switch that was stored by a clock that was wrong: after a restart with the right one the set is on probation for
 * its whole time, and no longer. */
static void test_probation_of_a_wrong_clock(void)
{
    static const HlTime ahead[] = { HL_HOUR, 30 * HL_DAY, 3650 * HL_DAY };

    for (gsize i = 0; i < G_N_ELEMENTS(ahead); i++) {
        g_autoptr(EndpointParts) parts = parts_new();
        Asker asker = { .parts = parts };

        parts_line_up(parts);
        clock_fake_jump_wall(ahead[i]);
        request(&asker, EP_UPDATE_UPDATE);
        parts_update_ends(NULL, "updated", "virus=2026112202");
        clock_fake_jump_wall(-ahead[i]);
        parts_restart(parts);
        g_assert_true(ep_updates_on_probation(parts->updates));
        clock_fake_advance(EP_PROBATION_WINDOW);
        parts_restart(parts);
        g_assert_false(ep_updates_on_probation(parts->updates));
    }
}

/* -------------------------------------------------------------------------------------------------- the full disk */

/* Wherever the store fails, the waiters hear the end, what is active is right in memory, and a transaction is whole:
 * notification, history and patterns are stored together or not at all. */
static void test_faults(void)
{
    bool struck = true;
    guint n;

    for (n = 1; struck; n++) {
        g_autoptr(EndpointParts) parts = parts_new();
        Asker asker = { .parts = parts };
        g_autofree char *stored = NULL;
        int64_t events;
        uint64_t reports;

        request(&asker, EP_UPDATE_UPDATE);
        db_faults_at(DB_FAULTS_WRITES, n);
        parts_update_ends(NULL, "updated", "virus=2026112202");
        struck = db_faults_struck();
        db_faults_at(DB_FAULTS_WRITES, 0);
        g_assert_cmpuint(asker.done, ==, 1);
        g_assert_true(asker.succeeded);
        g_assert_cmpstr(ep_updates_patterns(parts->updates), ==, "virus=2026112202");
        stored = ep_store_get(parts->db, "patterns", "");
        g_assert_true(hl_db_query_int(parts->db, 0, &events, NULL, "SELECT count(*) FROM event", ""));
        reports = ep_spool_waiting(parts->spool);
        g_assert_cmpint(events, ==, strcmp(stored, "virus=2026112202") == 0 ? 1 : 0);
        g_assert_cmpuint(reports, ==, (uint64_t)events);
        if (!struck)
            g_assert_cmpint(events, ==, 1);
    }
    g_assert_cmpuint(n, >, 8);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint-updates/join", test_join);
    g_test_add_func("/endpoint-updates/limit", test_limit);
    g_test_add_func("/endpoint-updates/forget", test_forget);
    g_test_add_func("/endpoint-updates/forget-while-told", test_forget_while_told);
    g_test_add_func("/endpoint-updates/request-while-told", test_request_while_told);
    g_test_add_func("/endpoint-updates/ends", test_ends);
    g_test_add_func("/endpoint-updates/show", test_show);
    g_test_add_func("/endpoint-updates/not-enrolled", test_not_enrolled);
    g_test_add_func("/endpoint-updates/patience", test_patience);
    g_test_add_func("/endpoint-updates/progress-starts-over", test_progress_starts_over);
    g_test_add_func("/endpoint-updates/leaves-while-patient", test_leaves_while_patient);
    g_test_add_func("/endpoint-updates/arguments", test_arguments);
    g_test_add_func("/endpoint-updates/one-component", test_one_component);
    g_test_add_func("/endpoint-updates/left-to-rollouts", test_left_to_rollouts);
    g_test_add_func("/endpoint-updates/no-source", test_no_source);
    g_test_add_func("/endpoint-updates/probation", test_probation);
    g_test_add_func("/endpoint-updates/probation-of-a-wrong-clock", test_probation_of_a_wrong_clock);
    g_test_add_func("/endpoint-updates/faults", test_faults);
    return g_test_run();
}
