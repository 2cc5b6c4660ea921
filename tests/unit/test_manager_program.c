/* SPDX-License-Identifier: Apache-2.0 */
/* The program of endpoints, as the manager sees it: who has an earlier one than the repository offers, and how upgrades
 * ended. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "manager/daemon/ground/selector.h"
#include "manager/daemon/ground/versions.h"
#include "manager/site/site.h"
#include "tests/support/child_fake.h"
#include "tests/support/manager_parts.h"

static MgrEndpoint *endpoint_of(Parts *parts, const char *id)
{
    return mgr_fleet_endpoint(&parts->fleet, id);
}

/* An endpoint that says of itself that it is this. */
static MgrEndpoint *add(Parts *parts, const char *id, const char *program)
{
    MgrEndpoint *endpoint;

    parts_add_endpoint(parts, id);
    parts_birth(parts, id, 1);
    parts_commit(parts);
    endpoint = endpoint_of(parts, id);
    mgr_set_text(&endpoint->record.program, program);
    return endpoint;
}

static void report(Parts *parts, uint64_t seq, const char *end, const char *to)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;
    HlMsgProgramUpgrade body = HOLDLINE__V1__PROGRAM_UPGRADE__INIT;

    body.from = hl_unconst("0.1.0-1");
    body.to = hl_unconst(to);
    body.end = hl_unconst(end);
    body.detail = hl_unconst("its line did not come up");
    report.spool = hl_unconst("s-1");
    report.seq = seq;
    report.first = 1;
    report.body_case = HOLDLINE__V1__REPORT__BODY_PROGRAM;
    report.program = &body;
    parts_deliver(parts, HL_TOPIC_REPORT, "e-one", &report.base);
    parts_commit(parts);
}

static guint selected(Parts *parts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = mgr_selector_select(&parts->fleet, NULL, "outdated-program", &error);

    return found == NULL ? 0 : found->len;
}

static void test_outdated(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *one = add(parts, "e-one", "0.1.0");
    const MgrEndpoint *two = add(parts, "e-two", "0.2.0");
    const MgrEndpoint *odd = add(parts, "e-odd", "simulated");

    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, one)); /* nothing is offered */
    mgr_set_text(&parts->fleet.program, "0.2.0-1");
    g_assert_true(mgr_endpoint_is_program_outdated(&parts->fleet, one));
    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, two));
    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, odd));
    g_assert_false(mgr_endpoint_has_program(odd, "0.2.0-1"));
    g_assert_cmpuint(selected(parts), ==, 1);
}

/* With the patterns that the repository has, those alone that the caller sees are counted. */
static void test_listed(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *one = add(parts, "e-one", "0.1.0");
    g_autoptr(json_t) document = mgr_patterns_document(parts->patterns, NULL);
    g_autoptr(json_t) expected = NULL;

    add(parts, "e-two", "0.2.0");
    add(parts, "e-three", "0.3.0");
    add(parts, "e-odd", "simulated");
    g_assert_true(json_is_null(json_object_get(document, "program")));
    mgr_set_text(&parts->fleet.program, "0.2.0-1");
    json_decref(document);
    document = mgr_patterns_document(parts->patterns, NULL);
    expected = json_pack("{s:s, s:i, s:i}", "version", "0.2.0-1", "current", 2, "behind", 1);
    g_assert_true(json_equal(json_object_get(document, "program"), expected));
    endpoint_of(parts, one->record.id)->record.display.removed = true;
    json_decref(document);
    document = mgr_patterns_document(parts->patterns, NULL);
    json_object_set_new(expected, "behind", json_integer(0));
    g_assert_true(json_equal(json_object_get(document, "program"), expected));
}

/* Rows of the history from which notifications are made. */
static guint failures_of(Parts *parts, const MgrEndpoint *endpoint)
{
    g_autoptr(json_t) reply = NULL;
    json_t *row;
    size_t i;
    guint count = 0;

    parts_pass(parts, 2);
    parts_commit(parts);
    parts_call(parts, "endpoint history", "endpoint", endpoint->record.id, NULL);
    reply = parts_expect_reply(parts, "");
    json_array_foreach(json_object_get(reply, "history"), i, row) count +=
        strcmp(json_string_value(json_object_get(row, "what")), "upgrade-failed") == 0;
    return count;
}

/* What it reports is kept, told, and no pattern of anything. */
static void test_report(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *one = add(parts, "e-one", "0.1.0");
    g_autoptr(json_t) document = NULL;
    const json_t *upgrade;

    document = mgr_status_endpoint(parts->status, one);
    g_assert_true(json_is_null(json_object_get(document, "last_upgrade")));
    report(parts, 1, "going-back", "0.2.0-1");
    g_assert_cmpstr(mgr_endpoint_seldom(&one->record)->upgrade_end, ==, "going-back");
    g_assert_cmpint(failures_of(parts, one), ==, 0); /* people are told once, of its end */
    g_assert_cmpuint(mgr_reports_count(parts->reports).upgrades_failed, ==, 0);
    report(parts, 2, "back", "0.2.0-1");
    g_assert_cmpint(failures_of(parts, one), ==, 1);
    g_assert_cmpstr(mgr_endpoint_seldom(&one->record)->upgrade_end, ==, "back");
    g_assert_cmpstr(mgr_endpoint_seldom(&one->record)->upgrade_to, ==, "0.2.0-1");
    g_assert_cmpint(mgr_endpoint_seldom(&one->record)->upgraded_at, >=, CLOCK_FAKE_WALL);
    parts_check_registry(parts);
    json_decref(document);
    document = mgr_status_endpoint(parts->status, one);
    upgrade = json_object_get(document, "last_upgrade");
    g_assert_cmpstr(json_string_value(json_object_get(upgrade, "end")), ==, "back");
    g_assert_cmpstr(json_string_value(json_object_get(upgrade, "detail")), ==, "its line did not come up");
    report(parts, 3, "done", "0.2.0-1");
    g_assert_cmpstr(mgr_endpoint_seldom(&one->record)->upgrade_end, ==, "done");
    g_assert_cmpuint(mgr_reports_count(parts->reports).upgrades_failed, ==, 1);
    parts_check_registry(parts);
}

/* Two packages of one upstream version say the same of themselves: what was reported tells them apart. */
static void test_revision(void)
{
    g_autoptr(Parts) parts = parts_new();
    const MgrEndpoint *one = add(parts, "e-one", "0.2.0");

    mgr_set_text(&parts->fleet.program, "0.2.0-2");
    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, one)); /* nothing is known */
    report(parts, 1, "done", "0.2.0-1");
    g_assert_true(mgr_endpoint_is_program_outdated(&parts->fleet, one));
    report(parts, 2, "back", "0.2.0-2");
    report(parts, 3, "done", "0.2.0-2");
    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, one));
}

/* Upgraded by the helper once, and since then by its package manager, which tells nobody. */
static void test_upgraded_otherwise(void)
{
    g_autoptr(Parts) parts = parts_new();
    MgrEndpoint *one = add(parts, "e-one", "0.2.0");

    report(parts, 1, "done", "0.2.0-1");
    mgr_set_text(&one->record.program, "0.3.0");
    mgr_set_text(&parts->fleet.program, "0.3.0-1");
    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, one));
    mgr_set_text(&parts->fleet.program, "0.3.0"); /* a native package */
    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, one));
    mgr_set_text(&parts->fleet.program, "0.2.0-2"); /* it is beyond that */
    g_assert_false(mgr_endpoint_is_program_outdated(&parts->fleet, one));
    mgr_set_text(&parts->fleet.program, "0.3.1");
    g_assert_true(mgr_endpoint_is_program_outdated(&parts->fleet, one));
}

/* -------------------------------------------------------------------------------------------------------- roll-outs */

#define MEMBERS 10

typedef struct {
    Parts *parts;
    char *id;
    uint64_t seqs[MEMBERS];
} World;

static const char *name_of(guint i)
{
    static char name[16];

    g_snprintf(name, sizeof name, "e-%u", i);
    return name;
}

static json_t *ask(World *world, const char *call, const char *code)
{
    parts_call(world->parts, call, "rollout", world->id, NULL);
    parts_commit(world->parts);
    return parts_expect_reply(world->parts, code);
}

/* Ten endpoints of version 0.1.0 that are on line, and a roll-out of 0.2.0-1 to half of them first. */
static void world_init(World *world)
{
    g_autoptr(json_t) document = NULL;

    *world = (World){ .parts = parts_new() };
    for (guint i = 0; i < MEMBERS; i++)
        add(world->parts, name_of(i), "0.1.0");
    mgr_set_text(&world->parts->fleet.program, "0.2.0-1");
    parts_call(world->parts, "rollout start", "selector", "all", "rings", "50%", "soak", "1m", "program", "yes", NULL);
    parts_commit(world->parts);
    document = parts_expect_reply(world->parts, "");
    world->id = g_strdup(json_string_value(json_object_get(document, "id")));
    g_assert_cmpstr(json_string_value(json_object_get(document, "program")), ==, "0.2.0-1");
}

static void world_clear(World *world)
{
    parts_free(world->parts);
    g_free(world->id);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

static MgrLiveRollout *live(const World *world)
{
    return mgr_rollouts_find(world->parts->rollouts, world->id);
}

static void pass(const World *world, guint seconds)
{
    for (guint i = 0; i < seconds; i++) {
        timer_fake_advance(HL_SECOND);
        mgr_rollouts_tick(world->parts->rollouts);
        parts_commit(world->parts);
    }
}

static guint count(const World *world, MgrMember member)
{
    return live(world)->core.counts[member];
}

static const char *member(const World *world, guint i)
{
    return live(world)->endpoints->pdata[i];
}

/* The upgrade has begun: its command has succeeded. */
static void begin(World *world, guint n)
{
    for (guint i = 0; i < n; i++) {
        const char *id = member(world, i);

        parts_report_command(world->parts, id, ++world->seqs[id[2] - '0'], live(world)->commands->pdata[i],
                             HL_STATE_SUCCEEDED);
        parts_commit(world->parts);
    }
}

static void upgrade(const World *world, guint from, guint n)
{
    for (guint i = from; i < from + n; i++)
        mgr_set_text(&endpoint_of(world->parts, member(world, i))->record.program, "0.2.0");
}

static void fail(const World *world, guint i)
{
    MgrEndpointRecord *record = &endpoint_of(world->parts, member(world, i))->record;

    mgr_set_text(&mgr_endpoint_make_seldom(record)->upgrade_end, "back");
    mgr_set_text(&mgr_endpoint_make_seldom(record)->upgrade_to, "0.2.0-1");
    mgr_endpoint_make_seldom(record)->upgraded_at = hl_clock_wall();
}

/* That the command succeeded is not enough: the line under the new version is. */
static void test_through(void)
{
    g_auto(World) world = { 0 };
    g_autoptr(json_t) document = NULL;

    world_init(&world);
    pass(&world, 1);
    g_assert_cmpuint(count(&world, MGR_MEMBER_OPEN), ==, 5);
    begin(&world, 5);
    pass(&world, 300);
    g_assert_cmpuint(count(&world, MGR_MEMBER_OPEN), ==, 5);
    upgrade(&world, 0, 5);
    pass(&world, 6);
    g_assert_cmpuint(count(&world, MGR_MEMBER_SUCCEEDED), ==, 5);
    pass(&world, 62);
    g_assert_cmpuint(live(&world)->core.issued, ==, MEMBERS);
    upgrade(&world, 5, 5); /* before their commands end */
    pass(&world, 6);
    g_assert_null(live(&world));
    document = ask(&world, "rollout show", "");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(document, "counts"), "succeeded")), ==, MEMBERS);
    json_decref(document);
    document = ask(&world, "rollout rollback", "conflict");
}

static json_int_t listed(const World *world, const char *member_name)
{
    g_autoptr(json_t) list = NULL;
    const json_t *row;

    parts_call(world->parts, "rollout list", NULL);
    list = parts_expect_reply(world->parts, "");
    row = json_array_get(json_object_get(list, "rollouts"), 0);
    return json_integer_value(json_object_get(json_object_get(row, "counts"), member_name));
}

/* Those that were away at the end: what their line says later is what became of them, in the list as where it is shown.
 */
static void test_away_at_the_end(void)
{
    g_auto(World) world = { 0 };
    g_autoptr(json_t) document = NULL;
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    const char *command;

    world_init(&world);
    pass(&world, 1);
    for (guint i = 0; i < MEMBERS; i++)
        g_ptr_array_add(ids, g_strdup(member(&world, i)));
    upgrade(&world, 0, 5);
    for (guint i = MEMBERS - 2; i < MEMBERS; i++)
        parts_will(world.parts, ids->pdata[i], 1);
    pass(&world, 70);
    g_assert_cmpuint(live(&world)->core.issued, ==, MEMBERS);
    command = live(&world)->commands->pdata[MEMBERS - 1];
    {
        g_autofree char *late = g_strdup(command);

        upgrade(&world, 5, MEMBERS - 7);
        pass(&world, 70);
        g_assert_null(live(&world));
        g_assert_cmpint(listed(&world, "away"), ==, 2);
        for (guint i = MEMBERS - 2; i < MEMBERS; i++) {
            parts_birth(world.parts, ids->pdata[i], 2);
            parts_report_command(world.parts, ids->pdata[i], 1, late, HL_STATE_SUCCEEDED);
            parts_commit(world.parts);
        }
    }
    g_assert_cmpint(listed(&world, "open"), ==, 2); /* their upgrade has begun */
    mgr_set_text(&endpoint_of(world.parts, ids->pdata[MEMBERS - 1])->record.program, "0.2.0");
    timer_fake_advance(10 * HL_SECOND);
    g_assert_cmpint(listed(&world, "open"), ==, 1);
    g_assert_cmpint(listed(&world, "succeeded"), ==, MEMBERS - 1);
    document = ask(&world, "rollout show", "");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(document, "counts"), "open")), ==, 1);
    mgr_set_text(&endpoint_of(world.parts, ids->pdata[MEMBERS - 2])->record.program, "0.2.0");
    json_decref(document);
    document = ask(&world, "rollout show", "");
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(document, "counts"), "succeeded")), ==, MEMBERS);
    /* nobody is waited for: that is kept */
    timer_fake_advance(10 * HL_SECOND);
    g_assert_cmpint(listed(&world, "succeeded"), ==, MEMBERS);
}

/* One that went back has failed, once: a retry waits for another report. */
static void test_back(void)
{
    g_auto(World) world = { 0 };
    g_autoptr(json_t) shown = NULL;
    const json_t *row;

    world_init(&world);
    pass(&world, 1);
    begin(&world, 5);
    upgrade(&world, 0, 4);
    fail(&world, 4);
    pass(&world, 6);
    g_assert_cmpuint(count(&world, MGR_MEMBER_SUCCEEDED), ==, 4);
    g_assert_cmpuint(count(&world, MGR_MEMBER_FAILED), ==, 1);
    g_assert_cmpint(live(&world)->core.state, ==, MGR_ROLLOUT_HALTED);
    shown = ask(&world, "rollout show", "");
    row = json_array_get(json_object_get(shown, "unsuccessful"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(row, "why")), ==, "upgrade");
    timer_fake_advance(HL_SECOND);
    json_decref(ask(&world, "rollout retry", ""));
    pass(&world, 20);
    g_assert_cmpuint(count(&world, MGR_MEMBER_FAILED), ==, 0);
    upgrade(&world, 4, 1);
    pass(&world, 6);
    g_assert_cmpuint(count(&world, MGR_MEMBER_SUCCEEDED), ==, 5);
}

/* One that never says anything is silent, however well its command ended. */
static void test_silent(void)
{
    g_auto(World) world = { 0 };

    world_init(&world);
    pass(&world, 1);
    begin(&world, 5);
    upgrade(&world, 0, 4);
    pass(&world, 3620); /* silence is looked for every ten seconds */
    g_assert_cmpuint(count(&world, MGR_MEMBER_SILENT), ==, 1);
    g_assert_cmpint(live(&world)->core.state, ==, MGR_ROLLOUT_HALTED);
}

/* What is known of the members is known after a restart, and nothing more. */
static void test_restart(void)
{
    g_auto(World) world = { 0 };
    g_autoptr(GError) error = NULL;
    MgrRolloutsOptions options;

    world_init(&world);
    pass(&world, 1);
    begin(&world, 5);
    upgrade(&world, 0, 3);
    pass(&world, 6);
    options = (MgrRolloutsOptions){ .fleet = &world.parts->fleet,
                                    .record = world.parts->record,
                                    .commands = world.parts->commands,
                                    .status = world.parts->status,
                                    .delivery = world.parts->delivery,
                                    .console = world.parts->console };
    mgr_record_flush(world.parts->record);
    parts_commit(world.parts);
    mgr_rollouts_free(world.parts->rollouts);
    world.parts->rollouts = mgr_rollouts_new(&options, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(live(&world)->record.program, ==, "0.2.0-1");
    g_assert_cmpuint(count(&world, MGR_MEMBER_SUCCEEDED), ==, 3);
    g_assert_cmpuint(count(&world, MGR_MEMBER_OPEN), ==, 2);
}

static void test_nothing_offered(void)
{
    g_autoptr(Parts) parts = parts_new();

    add(parts, "e-one", "0.1.0");
    parts_call(parts, "rollout start", "selector", "all", "program", "yes", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "not-found"));
    mgr_set_text(&parts->fleet.program, "0.2.0-1");
    parts_call(parts, "rollout start", "selector", "all", "program", "maybe", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "invalid"));
}

/* One that is not upgraded by the settings of its group would be a canary that stays silent, and halts it. */
static void test_blocked(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) document = NULL;

    add(parts, "e-one", "0.1.0");
    add(parts, "e-two", "0.1.0");
    mgr_set_text(&parts->fleet.program, "0.2.0-1");
    parts_call(parts, "group create", "name", "lab", "setting", "update.block-program=yes", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    parts_call(parts, "endpoint move", "selector", "e-two", "group", "lab", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, ""));
    parts_call(parts, "rollout start", "selector", "@lab", "program", "yes", NULL);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "not-found"));
    parts_call(parts, "rollout start", "selector", "all", "program", "yes", NULL);
    parts_commit(parts);
    document = parts_expect_reply(parts, "");
    g_assert_cmpint(json_integer_value(json_object_get(document, "members")), ==, 1);
}

static void publish(const Parts *parts, time_t at)
{
    g_autofree char *path = mgr_site_path(parts->dir, "repo/metadata/timestamp.json");
    g_autofree char *directory = g_path_get_dirname(path);
    const struct timespec times[] = { { .tv_sec = at }, { .tv_sec = at } };

    g_assert_cmpint(g_mkdir_with_parents(directory, 0700), ==, 0);
    g_assert_true(hl_file_write_text(path, "{}", 0644, NULL));
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

/* Published a moment ago: the roll-out is of what is offered now.  Of the version before, which they have, each would
 * have succeeded at once, and the next ring would have had an upgrade that nobody has looked at. */
static void test_just_published(void)
{
    g_autoptr(Parts) parts = parts_new();
    g_autoptr(json_t) document = NULL;

    add(parts, "e-one", "0.1.0");
    mgr_set_text(&parts->fleet.program, "0.1.0");
    publish(parts, 1000);
    parts_call(parts, "rollout start", "selector", "all", "program", "yes", NULL);
    parts_commit(parts);
    g_assert_null(parts_reply(parts));
    publish(parts, 2000); /* and once more, while the first is read */
    child_fake_exit(child_fake_last(), 0, "{\"components\":{},\"program\":{\"version\":\"0.2.0\"}}", NULL);
    parts_commit(parts);
    g_assert_null(parts_reply(parts));
    mgr_patterns_tick(parts->patterns);
    child_fake_exit(child_fake_last(), 0, "{\"components\":{},\"program\":{\"version\":\"0.3.0\"}}", NULL);
    parts_commit(parts);
    document = parts_expect_reply(parts, "");
    g_assert_cmpstr(json_string_value(json_object_get(document, "program")), ==, "0.3.0");
    child_fake_reset();
}

/* What was published cannot be read: nobody knows of what the roll-out would be. */
static void test_unreadable(void)
{
    g_autoptr(Parts) parts = parts_new();

    add(parts, "e-one", "0.1.0");
    mgr_set_text(&parts->fleet.program, "0.1.0");
    publish(parts, 1000);
    parts_call(parts, "rollout start", "selector", "all", "program", "yes", NULL);
    child_fake_exit(child_fake_last(), 1, NULL, "no memory");
    clock_fake_advance(10 * HL_SECOND - 1);
    mgr_patterns_tick(parts->patterns);
    parts_commit(parts);
    g_assert_null(parts_reply(parts));
    clock_fake_advance(1);
    mgr_patterns_tick(parts->patterns);
    parts_commit(parts);
    json_decref(parts_expect_reply(parts, "unavailable"));
    child_fake_exit(child_fake_last(), 1, NULL, "no memory"); /* tried again */
    child_fake_reset();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manager/program/outdated", test_outdated);
    g_test_add_func("/manager/program/listed", test_listed);
    g_test_add_func("/manager/program/report", test_report);
    g_test_add_func("/manager/program/revision", test_revision);
    g_test_add_func("/manager/program/otherwise", test_upgraded_otherwise);
    g_test_add_func("/manager/program/rollout/through", test_through);
    g_test_add_func("/manager/program/rollout/back", test_back);
    g_test_add_func("/manager/program/rollout/away-at-the-end", test_away_at_the_end);
    g_test_add_func("/manager/program/rollout/silent", test_silent);
    g_test_add_func("/manager/program/rollout/restart", test_restart);
    g_test_add_func("/manager/program/rollout/nothing-offered", test_nothing_offered);
    g_test_add_func("/manager/program/rollout/blocked", test_blocked);
    g_test_add_func("/manager/program/rollout/just-published", test_just_published);
    g_test_add_func("/manager/program/rollout/unreadable", test_unreadable);
    return g_test_run();
}
