/* SPDX-License-Identifier: Apache-2.0 */
/* Scans by hand: what a user of the machine may use up with them, and what none of them may touch. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint/core/probation.h"
#include "endpoint/core/ration.h"
#include "endpoint/scan/clamd_conf.h"
#include "lib/base/file.h"
#include "tests/support/child_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

#define USER  1000
#define OTHER 1001

/* A scan by hand, from the user's side. */
typedef struct {
    int socket; /* that files would go over; -1: it was refused */
    HlChild *scanner;
    guint done;
    GError *error;
} Asker;

static void on_done(const EpScanEnd *end G_GNUC_UNUSED, gpointer user)
{
    ((Asker *)user)->done++;
}

static EndpointParts *parts_with_set(void)
{
    EndpointParts *parts = parts_new();
    g_autofree char *set = g_build_filename(parts->dir, "patterns/active", NULL);

    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "scan.user", "nobody", NULL));
    g_assert_true(hl_dir_make(set, 0755, NULL));
    parts_line_up(parts);
    return parts;
}

static void ask(EndpointParts *parts, Asker *asker, uid_t uid)
{
    int pair[2];

    g_clear_error(&asker->error);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    asker->socket = pair[0];
    asker->done = 0;
    if (ep_scans_serve(parts->scans, pair[1], uid, on_done, asker, &asker->error))
        asker->scanner = child_fake_last();
    else
        hl_fd_clear(&asker->socket);
}

static void end(Asker *asker)
{
    child_fake_say(asker->scanner, "{\"end\":{\"files\":1}}");
    child_fake_exit(asker->scanner, 0, "", "");
    hl_fd_clear(&asker->socket);
}

static void find(Asker *asker, guint n)
{
    g_autofree char *line = g_strdup_printf(
        "{\"found\":{\"path\":\"/home/u/%u\",\"uid\":1000,\"signature\":\"S\",\"action\":\"reported\"}}", n);

    child_fake_say(asker->scanner, line);
}

/* Rows of the spool are shared by all: what is beyond the ration is a number, and is said. */
static void test_finds(void)
{
    g_autoptr(EndpointParts) parts = parts_with_set();
    guint ration = ep_ration_row(EP_RATION_FINDS)->one;
    const HlMsgScanResult *told;
    Asker asker = { 0 };

    ask(parts, &asker, USER);
    for (guint i = 0; i < ration + 7; i++)
        find(&asker, i);
    g_assert_cmpuint(ep_finds_count(parts->finds), ==, ration);
    parts_ack(parts);
    child_fake_say(asker.scanner, "{\"end\":{\"files\":300,\"found\":207}}");
    child_fake_exit(asker.scanner, 0, "", "");
    hl_fd_clear(&asker.socket);
    told = parts_last(parts, HOLDLINE__V1__REPORT__BODY_SCAN)->scan;
    g_assert_cmpuint(told->found, ==, 207);
    g_assert_cmpstr(told->detail, ==, "7 of the finds were only counted: more were found by hand than a day's ration");
    ask(parts, &asker, OTHER); /* not this one's doing */
    find(&asker, 9999);
    g_assert_cmpuint(ep_finds_count(parts->finds), ==, ration + 1);
    end(&asker);
}

/* Rows that are kept: those of scheduled scans have places of their own. */
static void test_rows(void)
{
    g_autoptr(EndpointParts) parts = parts_with_set();
    EpDetection find = { .path = "/srv/x",
                         .sha256 = "",
                         .owner = "",
                         .signature = "S",
                         .component = "",
                         .how = "schedule",
                         .action = "reported",
                         .detail = "",
                         .scan = "s-1",
                         .at = hl_clock_wall() };

    ep_finds_add(parts->finds, &find);
    find.how = "manual";
    for (int i = 0; i < EP_FINDS_KEPT + 5; i++) {
        g_autofree char *path = g_strdup_printf("/home/u/%d", i);

        find.path = path;
        find.at++;
        ep_finds_add(parts->finds, &find);
    }
    g_assert_cmpuint(ep_finds_count(parts->finds), ==, EP_FINDS_KEPT + 1);
    g_assert_true(ep_finds_has(parts->finds, "/srv/x", "", "S", "reported"));
    g_assert_false(ep_finds_has(parts->finds, "/home/u/0", "", "S", "reported"));
}

static void test_started(void)
{
    g_autoptr(EndpointParts) parts = parts_with_set();
    guint ration = ep_ration_row(EP_RATION_SCANS)->one;
    Asker asker = { 0 };

    for (guint i = 0; i < ration; i++) {
        ask(parts, &asker, USER);
        g_assert_no_error(asker.error);
        end(&asker);
    }
    ask(parts, &asker, USER);
    g_assert_error(asker.error, HL_ERROR, HL_ERROR_LIMIT);
    g_assert_nonnull(strstr(asker.error->message, "name all files in one call, or try again in 1 min"));
    ask(parts, &asker, 0); /* root always may */
    g_assert_no_error(asker.error);
    end(&asker);
    timer_fake_advance(HL_MINUTE);
    ask(parts, &asker, USER);
    g_assert_no_error(asker.error);
    end(&asker);
}

/* The engine goes on with a file whose user has left.  A user who comes and goes has no more of them looked at than
 * there are places, and the engine has threads beyond those. */
static void test_places(void)
{
    g_autoptr(EndpointParts) parts = parts_with_set();
    Asker askers[3] = { 0 };
    char byte;

    G_STATIC_ASSERT(EP_CLAMD_THREADS >= EP_CLAMD_BY_HAND + 2); /* the scheduled scan, and what is written */
    for (int i = 0; i < 2; i++) {
        ask(parts, &askers[i], USER);
        g_assert_no_error(askers[i].error);
        ep_scans_forget(parts->scans, &askers[i]);
        g_assert_cmpint(recv(askers[i].socket, &byte, 1, 0), ==, 0); /* nothing further is taken from them */
        g_assert_false(child_fake_is_stopped(askers[i].scanner));    /* it is with the engine */
    }
    ask(parts, &askers[2], USER);
    g_assert_error(askers[2].error, HL_ERROR, HL_ERROR_LIMIT);
    end(&askers[0]);
    g_assert_cmpuint(askers[0].done, ==, 0);
    g_assert_cmpstr(parts_last(parts, HOLDLINE__V1__REPORT__BODY_SCAN)->scan->end, ==, "stopped");
    ask(parts, &askers[2], USER);
    g_assert_no_error(askers[2].error);
    end(&askers[1]);
    end(&askers[2]);
    g_assert_cmpuint(askers[2].done, ==, 1);
}

/* A scanner that is left, and still does not end, is killed like any other. */
static void test_left(void)
{
    g_autoptr(EndpointParts) parts = parts_with_set();
    Asker asker = { 0 };

    ask(parts, &asker, USER);
    ep_scans_forget(parts->scans, &asker);
    timer_fake_advance(15 * HL_MINUTE);
    g_assert_true(child_fake_is_stopped(asker.scanner));
    child_fake_die(asker.scanner, 15);
    hl_fd_clear(&asker.socket);
}

/* One that cannot be killed keeps its place, and is no reason not to scan by schedule. */
static void test_stuck(void)
{
    g_autoptr(EndpointParts) parts = parts_with_set();
    Asker askers[EP_CLAMD_BY_HAND] = { 0 };
    Asker late = { 0 };

    for (int i = 0; i < EP_CLAMD_BY_HAND; i++)
        ask(parts, &askers[i], USER + (uid_t)i);
    timer_fake_advance(20 * HL_MINUTE);
    for (int i = 0; i < EP_CLAMD_BY_HAND; i++)
        g_assert_cmpuint(askers[i].done, ==, 1);
    ask(parts, &late, USER + 10);
    g_assert_error(late.error, HL_ERROR, HL_ERROR_LIMIT);
    parts_order(parts, "c-1", HL_KIND_SCAN);
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "walk");
    child_fake_die(askers[0].scanner, 9);
    ask(parts, &late, USER + 10);
    g_assert_no_error(late.error);
    for (int i = 0; i < EP_CLAMD_BY_HAND; i++)
        hl_fd_clear(&askers[i].socket);
    hl_fd_clear(&late.socket);
}

static void on_updated(const EpUpdateEnd *end G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

/* A new set on which the engine fails again and again is rolled back; a user who has clean files does not stop that. */
static void test_probation(void)
{
    g_autoptr(EndpointParts) parts = parts_with_set();
    EpUpdateRequest update = { .work = EP_UPDATE_UPDATE, .trigger = "manual", .done = on_updated, .user = parts };
    Asker asker = { 0 };

    ep_updates_request(parts->updates, &update);
    parts_update_ends(NULL, "updated", "virus=2026112202");
    for (int i = 1; i < EP_PROBATION_FAILURES; i++)
        ep_updates_engine_ended(parts->updates, EP_ENGINE_FAILED, "it died of signal 11");
    ask(parts, &asker, USER);
    end(&asker);
    ep_updates_engine_ended(parts->updates, EP_ENGINE_FAILED, "it died of signal 11");
    g_assert_cmpstr(child_fake_argv(child_fake_last())[1], ==, "rollback");
    parts_update_ends(NULL, "rolled back", PARTS_PATTERNS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/by-hand/finds", test_finds);
    g_test_add_func("/endpoint/by-hand/rows", test_rows);
    g_test_add_func("/endpoint/by-hand/started", test_started);
    g_test_add_func("/endpoint/by-hand/places", test_places);
    g_test_add_func("/endpoint/by-hand/left", test_left);
    g_test_add_func("/endpoint/by-hand/stuck", test_stuck);
    g_test_add_func("/endpoint/by-hand/probation", test_probation);
    return g_test_run();
}
