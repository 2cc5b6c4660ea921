/* SPDX-License-Identifier: Apache-2.0 */
/* manager/daemon/state/observed: the broker's log is followed, through its rotations. */
#include <glib/gstdio.h>
#include <stdio.h>

#include "manager/core/broker_log.h"
#include "manager/daemon/state/observed.h"
#include "tests/support/manager_parts.h"

typedef struct {
    Parts *parts;
    MgrObserved *observed;
    char *log, *old;
} Case;

static void on_connected(const char *name G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

static Case case_since(HlTime since)
{
    Case c = { .parts = parts_new() };

    parts_add_endpoint(c.parts, "e-one");
    parts_add_endpoint(c.parts, "e-two");
    c.log = g_build_filename(c.parts->dir, "broker", "mosquitto.log", NULL);
    c.old = g_strconcat(c.log, ".1", NULL);
    c.observed = mgr_observed_new(&(MgrObservedOptions){ .dir = c.parts->dir,
                                                         .brokers = 1,
                                                         .since = since,
                                                         .fleet = &c.parts->fleet,
                                                         .record = c.parts->record,
                                                         .status = c.parts->status,
                                                         .connected = on_connected });
    return c;
}

static Case case_new(void)
{
    return case_since(0);
}

static void case_clear(Case *c)
{
    mgr_observed_free(c->observed);
    g_free(c->log);
    g_free(c->old);
    parts_free(c->parts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Case, case_clear)

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");

    g_assert_nonnull(file);
    g_assert_cmpint(fputs(text, file), >=, 0);
    g_assert_cmpint(fclose(file), ==, 0);
}

static void connects(const char *path, const char *address, const char *client)
{
    g_autofree char *line =
        g_strdup_printf("2026-11-22T22:48:58: New client connected from %s:35704 as %s (p5, c1, k60, u'%s').\n",
                        address, client, client);

    append(path, line);
}

static const char *seen(const Case *c, const char *id)
{
    return mgr_endpoint_observed(&mgr_fleet_endpoint(&c->parts->fleet, id)->record);
}

static void test_follows(void)
{
    g_auto(Case) c = case_new();

    mgr_observed_tick(c.observed); /* there is no log yet */
    connects(c.log, "192.0.2.1", "e-one");
    append(c.log, "2026-11-22T22:48:59: New client connected from 192.0.2.2:1 as e-t"); /* and the rest comes later */
    mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-one"), ==, "192.0.2.1");
    g_assert_cmpstr(seen(&c, "e-two"), ==, "");
    append(c.log, "wo (p5, c1, k60).\n");
    mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-two"), ==, "192.0.2.2");
}

/* What the broker wrote between the renaming and its own opening is in the old file. */
static void test_rotation(void)
{
    g_auto(Case) c = case_new();

    connects(c.log, "192.0.2.1", "e-one");
    mgr_observed_tick(c.observed);
    g_assert_cmpint(g_rename(c.log, c.old), ==, 0);
    mgr_observed_tick(c.observed);
    connects(c.old, "192.0.2.3", "e-one");
    connects(c.log, "192.0.2.4", "e-two");
    for (int i = 0; i < 3; i++)
        mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-one"), ==, "192.0.2.3");
    g_assert_cmpstr(seen(&c, "e-two"), ==, "192.0.2.4");
    connects(c.log, "192.0.2.5", "e-two");
    mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-two"), ==, "192.0.2.5");
}

/* A long log is read a part at a time, and none of it is lost when it is rotated meanwhile. */
static void test_long(void)
{
    g_auto(Case) c = case_new();
    g_autofree char *noise = g_strnfill(1200000, '\n');

    append(c.log, noise);
    connects(c.log, "192.0.2.1", "e-one");
    mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-one"), ==, "");
    g_assert_cmpint(g_rename(c.log, c.old), ==, 0);
    connects(c.log, "192.0.2.2", "e-two");
    for (int i = 0; i < 4; i++)
        mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-one"), ==, "192.0.2.1");
    g_assert_cmpstr(seen(&c, "e-two"), ==, "192.0.2.2");
}

static void test_emptied(void)
{
    g_auto(Case) c = case_new();

    connects(c.log, "192.0.2.1", "e-one");
    connects(c.log, "192.0.2.1", "e-one");
    mgr_observed_tick(c.observed);
    g_assert_true(g_file_set_contents(c.log, "", 0, NULL)); /* another file under the name */
    connects(c.log, "192.0.2.6", "e-two");
    for (int i = 0; i < 3; i++)
        mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-two"), ==, "192.0.2.6");
}

static void connects_at(const char *path, HlTime at, const char *address, const char *client)
{
    char time[MGR_BROKER_LOG_TIME];
    g_autofree char *line = NULL;

    mgr_broker_log_time(at, time);
    line = g_strdup_printf("%s: New client connected from %s:1 as %s (p5).\n", time, address, client);
    append(path, line);
}

/* What the manager before this one has handled is not handled again; what it may have missed is. */
static void test_handled(void)
{
    static const HlTime died = 1795800000 * HL_SECOND;
    g_auto(Case) c = case_since(died);
    g_autofree char *noise = g_strnfill(2500000, '\n');

    connects_at(c.log, died - HL_HOUR, "192.0.2.1", "e-one");
    append(c.log, "a line without a time\n");
    append(c.log, noise); /* more than is read at a time */
    connects_at(c.log, died - HL_HOUR, "192.0.2.2", "e-two");
    connects_at(c.log, died - HL_SECOND, "192.0.2.3", "e-two");
    mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-one"), ==, "");
    g_assert_cmpstr(seen(&c, "e-two"), ==, "192.0.2.3");
    connects_at(c.log, died - 2 * HL_HOUR, "192.0.2.5", "e-one"); /* the clock was set back: it is new all the same */
    mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-one"), ==, "192.0.2.5");
}

/* All of it was handled, or it ends in the middle of a line. */
static void test_all_handled(void)
{
    static const HlTime died = 1795800000 * HL_SECOND;
    g_auto(Case) c = case_since(died);

    connects_at(c.log, died - HL_HOUR, "192.0.2.1", "e-one");
    append(c.log, "2026-11-22T22:48:59: New client connected from 192.0.2.2:1 as e-t");
    mgr_observed_tick(c.observed);
    append(c.log, "wo (p5).\n");
    connects_at(c.log, died + HL_SECOND, "192.0.2.3", "e-one");
    mgr_observed_tick(c.observed);
    g_assert_cmpstr(seen(&c, "e-one"), ==, "192.0.2.3");
    g_assert_cmpstr(seen(&c, "e-two"), ==, "192.0.2.2");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/observed/follows", test_follows);
    g_test_add_func("/observed/rotation", test_rotation);
    g_test_add_func("/observed/long", test_long);
    g_test_add_func("/observed/emptied", test_emptied);
    g_test_add_func("/observed/handled", test_handled);
    g_test_add_func("/observed/all_handled", test_all_handled);
    return g_test_run();
}
