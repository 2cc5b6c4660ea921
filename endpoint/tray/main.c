/* SPDX-License-Identifier: Apache-2.0 */
/* holdline-tray: the user's icon of the endpoint.  Arguments, session bus, signals, loop. */
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/prctl.h>

#include "endpoint/core/conf.h"
#include "endpoint/tray/once.h"
#include "endpoint/tray/tray.h"
#include "lib/base/cli.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/copied.h"
#include "proto/phrase.h"

#define NAME         "org.holdline.Tray" /* on the session bus: one icon in a session */
#define DO_NOT_QUEUE 4                   /* of org.freedesktop.DBus.RequestName */
#define PRIMARY      1

static gboolean on_signal(gpointer user)
{
    g_main_loop_quit(user);
    return G_SOURCE_CONTINUE;
}

static void on_quit(gpointer user)
{
    g_main_loop_quit(user);
}

/* The session is over, and so is the icon. */
static void on_closed(GDBusConnection *bus G_GNUC_UNUSED, gboolean by_the_other G_GNUC_UNUSED,
                      GError *error G_GNUC_UNUSED, gpointer user)
{
    g_main_loop_quit(user);
}

static GMainLoop *make_loop(void)
{
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);

    signal(SIGPIPE, SIG_IGN);
    g_unix_signal_add(SIGTERM, on_signal, loop);
    g_unix_signal_add(SIGINT, on_signal, loop);
    g_unix_signal_add(SIGHUP, on_signal, loop);
    return loop;
}

/* The portal looks at /proc/PID of who asks it, which the kernel shows of processes alone that may be dumped.  This one
 * has no secrets; that none is dumped stays as it was (lib/base/process.h). */
static GDBusConnection *open_bus(GMainLoop *loop, GError **error)
{
    g_autoptr(GError) problem = NULL;
    GDBusConnection *bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &problem);

    prctl(PR_SET_DUMPABLE, 1);
    if (bus == NULL) {
        hl_fail(error, HL_ERROR_UNAVAILABLE, _("there is no session bus, and so no desktop to show the icon on: %s"),
                problem->message);
        return NULL;
    }
    g_dbus_connection_set_exit_on_close(bus, FALSE);
    g_signal_connect(bus, "closed", G_CALLBACK(on_closed), loop);
    return bus;
}

static bool be_the_only_one(GDBusConnection *bus, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
        g_variant_new("(su)", NAME, DO_NOT_QUEUE), G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, &problem);
    guint32 got = 0;

    if (answer == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, _("the session bus does not answer: %s"), problem->message);
    g_variant_get(answer, "(u)", &got);
    return got == PRIMARY ||
           hl_fail(error, HL_ERROR_CONFLICT, _("the icon is there already: one runs in this session (%s)"), NAME);
}

/* ---------------------------------------------------------------------------------------------------- commands */

static bool find_socket(const HlInvocation *call, char **path, GError **error)
{
    const char *given = hl_cli_value(call, "socket", NULL);
    g_auto(EpConf) conf = { 0 };

    if (!ep_conf_load(&conf, hl_cli_value(call, "c", NULL), error))
        return false;
    *path = given != NULL ? g_canonicalize_filename(given, NULL) : ep_conf_socket(&conf);
    return true;
}

static bool cmd_run(HlInvocation *call, GError **error)
{
    g_autoptr(GMainLoop) loop = make_loop();
    g_autofree char *path = NULL;
    g_autoptr(GDBusConnection) bus = NULL;
    g_autoptr(TrTray) tray = NULL;

    if (!find_socket(call, &path, error))
        return false;
    bus = open_bus(loop, error);
    if (bus == NULL || !be_the_only_one(bus, error))
        return false;
    tray = tr_tray_new(
        &(TrTrayOptions){
            .bus = bus, .socket = path, .conf = hl_cli_value(call, "c", NULL), .quit = on_quit, .user = loop },
        error);
    if (tray == NULL)
        return hl_error_prefix(error, _("the session bus does not take the icon"));
    g_main_loop_run(loop);
    g_dbus_connection_flush_sync(bus, NULL, NULL); /* who clicked on "quit" gets an answer */
    return true;
}

/* Works without a desktop too: then the outcome is only printed. */
static bool cmd_action(HlInvocation *call, GError **error)
{
    g_autoptr(GMainLoop) loop = make_loop();
    g_autofree char *path = NULL;
    g_autoptr(GDBusConnection) bus = NULL;

    if (!find_socket(call, &path, error))
        return false;
    bus = open_bus(loop, NULL);
    return tr_once(&(TrOnceOptions){ .bus = bus, .socket = path, .conf = hl_cli_value(call, "c", NULL), .loop = loop },
                   tr_do_from_name(call->command->name), error);
}

/* Texts that holdline-endpoint has as well are marked for the translators there. */
static const char *const global_flags[] = { "c", "socket", NULL };
static const HlFlag flags[] = {
    { "c", "FILE", "Configuration of the endpoint, instead of /etc/holdline/endpoint.conf" },
    { "socket", "PATH", "Control socket, instead of the configuration's" },
};
/* Beside the icon itself, the entries of its menu (menu.c). */
static const HlCommand commands[] = {
    { "run", "", N_("Show the icon until the session ends"), cmd_run, 0, 0, NULL },
    { "update-now", "", "Update the patterns", cmd_action, 0, 0, NULL },
    { "scan-file", "", N_("Choose a file and scan it"), cmd_action, 0, 0, NULL },
    { "scan-folder", "", N_("Choose a folder and scan it"), cmd_action, 0, 0, NULL },
    { "schedule-off", "", N_("Turn the scheduled update off"), cmd_action, 0, 0, NULL },
    { "schedule-on", "", N_("Turn the scheduled update on"), cmd_action, 0, 0, NULL },
    { "skip-scan", "", "Stop the running scheduled scan, or skip the next one", cmd_action, 0, 0, NULL },
    { "detections", "", N_("Show in a terminal what scans found on this machine"), cmd_action, 0, 0, NULL },
    { "history", "", N_("Show in a terminal the last commands and updates"), cmd_action, 0, 0, NULL },
    { "stop", "", "Stop the endpoint daemon", cmd_action, 0, 0, NULL },
};

int main(int argc, char **argv)
{
    static const HlProgram program = {
        .name = "holdline-tray",
        .copied = &hl_copied,
        .summary = N_("The icon of this machine's Holdline endpoint; 'run' is understood when no command is given"),
        .commands = commands,
        .n_commands = G_N_ELEMENTS(commands),
        .flags = flags,
        .n_flags = G_N_ELEMENTS(flags),
        .global_flags = global_flags,
        .say = hl_phrase_error,
        .usual = "run",
    };

    hl_i18n_init();
    return hl_cli_main(&program, argc, argv, NULL);
}
