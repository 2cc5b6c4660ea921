/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/cli_world.h"

#include <string.h>

#include "lib/base/file.h"
#include "manager/cli/commands.h"
#include "proto/topics.h"
#include "proto/wire.h"
#include "tests/support/bus_fake.h"
#include "tests/support/clock_fake.h"

#define TURN      100             /* ms */
#define DIAGNOSIS (4 * HL_SECOND) /* of a broker that hangs */

CliWorld cli_world;

bool cmd_server_is_before_rollover(const HlInvocation *call G_GNUC_UNUSED)
{
    return false;
}

static Kind kind_of(const char *broker)
{
    if (hl_clock_mono() < cli_world.back)
        return REFUSES;
    return cli_world.kinds[broker[strlen(broker) - 1] - '1'];
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
    HlTime spent = hl_clock_mono() - cli_world.attempt;

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
        if (cli_world.tells_late)
            say_online(bus);
        bus_fake_down(bus, "closed to reconnect");
    } else if (kind_of(hl_bus_broker(bus)) == SERVES) {
        say_online(bus);
        if (cli_world.serve != NULL)
            cli_world.serve(bus);
    }
}

gboolean __wrap_g_main_context_iteration(GMainContext *context, gboolean may_block);

gboolean __wrap_g_main_context_iteration(GMainContext *context G_GNUC_UNUSED, gboolean may_block G_GNUC_UNUSED)
{
    HlBus *bus = bus_fake_last();

    clock_fake_advance(TURN);
    g_assert_cmpint(hl_clock_mono() - cli_world.begun, <, CLI_WORLD_TOO_LONG);
    if (hl_bus_state(bus) == HL_BUS_DOWN) {
        bus_fake_attempt(bus);
        cli_world.attempt = hl_clock_mono();
    } else if (hl_bus_state(bus) == HL_BUS_CONNECTING) {
        pass_connecting(bus);
    } else {
        pass_up(bus);
    }
    return TRUE;
}

void cli_world_forget(void)
{
    g_autofree char *own = g_build_filename(g_get_user_cache_dir(), "holdline", NULL);

    g_assert_true(hl_tree_remove(own, NULL));
}

CliClient *cli_world_open(const char *dir, GError **error)
{
    g_autofree char *conf = g_build_filename(dir, "holdline.conf", NULL);
    g_autofree char *key = g_build_filename(dir, "a.key", NULL);
    g_autoptr(GString) text = g_string_new("[client]\nname = admin\nca = ca.pem\ncertificate = a.pem\nkey = a.key\n");
    g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
    HlInvocation call = { .values = values };

    g_string_append(text, "brokers = ");
    for (guint i = 0; i < cli_world.n; i++)
        g_string_append_printf(text, "%sb:%u", i > 0 ? "," : "", i + 1);
    g_string_append(text, "\n");
    g_assert_true(hl_file_write_text(conf, text->str, 0600, NULL) && hl_file_write_text(key, "", 0600, NULL));
    g_setenv("HOLDLINE_CONFIG", conf, TRUE);
    cli_world.begun = hl_clock_mono();
    return cli_client_open(&call, NULL, NULL, error);
}

/* The address at which it was found, after so many seconds; NULL: at none, for this reason. */
static char *look(HlTime *took, GError **error)
{
    g_autofree char *dir = cli_world.kept != NULL ? g_strdup(cli_world.kept) : g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autoptr(CliClient) client = cli_world_open(dir, error);
    char *found = NULL;

    *took = (hl_clock_mono() - cli_world.begun) / HL_SECOND;
    if (client != NULL) {
        g_assert_true(cli_client_is_up(client));
        g_assert_cmpint(hl_bus_state(bus_fake_last()), ==, HL_BUS_UP);
        found = g_strdup(hl_bus_broker(bus_fake_last()));
    }
    g_assert_true(cli_world.kept != NULL || hl_tree_remove(dir, NULL));
    return found;
}

void cli_world_expect_found(const char *where, HlTime within)
{
    g_autoptr(GError) error = NULL;
    HlTime took;
    g_autofree char *found = look(&took, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, where);
    g_assert_cmpint(took, <=, within);
}

void cli_world_expect_not_found(const char *why, HlTime after, HlTime within)
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

int cli_world_run(void)
{
    g_autofree char *home = g_dir_make_tmp("hl-cli-XXXXXX", NULL);
    g_autofree char *cache = g_build_filename(home, "between", "cache", NULL);
    int failed;

    g_setenv("XDG_CACHE_HOME", cache, TRUE); /* GLib's own way to isolate tests leaks */
    failed = g_test_run();
    g_assert_true(hl_tree_remove(home, NULL));
    return failed;
}
