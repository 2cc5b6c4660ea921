/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/chooser.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/exec.h"
#include "lib/base/i18n.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define PORTAL         "org.freedesktop.portal.Desktop"
#define PORTAL_PATH    "/org/freedesktop/portal/desktop"
#define FILE_CHOOSER   "org.freedesktop.portal.FileChooser"
#define REQUEST        "org.freedesktop.portal.Request"
#define PORTAL_TIMEOUT 10000 /* ms; a portal that is broken keeps its caller waiting otherwise */

struct TrChooser {
    GDBusConnection *bus;
    TrChoose what;
    TrChosen chosen;
    gpointer user;
    GCancellable *calls;
    char *request; /* object of the portal's dialog */
    guint response, portal, start;
    HlChild *child;
};

static const char *title(const TrChooser *chooser)
{
    return chooser->what == TR_CHOOSE_FOLDER ? _("Choose a folder to scan") : _("Choose a file to scan");
}

/* Last, because the chooser may be gone after it. */
static void end(TrChooser *chooser, const char *path, const GError *error)
{
    chooser->chosen(path, error, chooser->user);
}

/* ------------------------------------------------------------------------------------------ a program's dialog */

static void on_child_done(const HlChildEnd *ended, gpointer user)
{
    TrChooser *chooser = user;
    g_autofree char *path = g_strdup(ended->output);
    gsize size = strlen(path);
    g_autoptr(GError) error = NULL;

    chooser->child = NULL;
    if (size > 0 && path[size - 1] == '\n') /* one; what is before it belongs to the name */
        path[size - 1] = '\0';
    if (ended->exited && ended->status > 1) {
        g_autofree char *words = hl_text_last_words(ended->errors);

        hl_fail(&error, HL_ERROR_FAILED, _("the dialog failed: %s"), words);
    }
    end(chooser, error == NULL && ended->exited && ended->status == 0 && *path != '\0' ? path : NULL, error);
}

static void ask_program(TrChooser *chooser)
{
    bool folder = chooser->what == TR_CHOOSE_FOLDER;
    g_autofree char *zenity = g_find_program_in_path("zenity");
    g_autofree char *kdialog = zenity == NULL ? g_find_program_in_path("kdialog") : NULL;
    const char *const by_zenity[] = {
        zenity, "--file-selection", "--title", title(chooser), folder ? "--directory" : NULL, NULL
    };
    const char *const by_kdialog[] = { kdialog,          "--title",
                                       title(chooser),   folder ? "--getexistingdirectory" : "--getopenfilename",
                                       g_get_home_dir(), NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    g_autoptr(GError) error = NULL;

    spec.argv = zenity != NULL ? by_zenity : by_kdialog;
    if (zenity == NULL && kdialog == NULL)
        hl_fail(&error, HL_ERROR_NOT_FOUND,
                _("no program on this desktop shows a dialog for files; in a terminal: holdline-endpoint scan FILE"));
    else
        chooser->child = hl_child_start(&spec, NULL, on_child_done, chooser, &error);
    if (chooser->child == NULL)
        end(chooser, NULL, error);
}

/* ----------------------------------------------------------------------------------------- the portal's dialog */

static void leave_portal(TrChooser *chooser)
{
    if (chooser->response != 0)
        g_dbus_connection_signal_unsubscribe(chooser->bus, chooser->response);
    if (chooser->portal != 0)
        g_bus_unwatch_name(chooser->portal);
    chooser->response = chooser->portal = 0;
}

static void on_response(GDBusConnection *bus G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                        const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED,
                        const char *signal G_GNUC_UNUSED, GVariant *parameters, gpointer user)
{
    TrChooser *chooser = user;
    g_autoptr(GVariant) results = NULL;
    g_autofree const char **uris = NULL;
    g_autofree char *chosen = NULL;
    g_autoptr(GError) problem = NULL;
    g_autoptr(GError) error = NULL;

    leave_portal(chooser);
    g_clear_pointer(&chooser->request, g_free);
    if (g_variant_is_of_type(parameters, G_VARIANT_TYPE("(ua{sv})")))
        g_variant_get(parameters, "(u@a{sv})", NULL, &results);
    if (results != NULL && g_variant_lookup(results, "uris", "^a&s", &uris) && uris[0] != NULL) {
        chosen = g_filename_from_uri(uris[0], NULL, &problem);
        if (chosen == NULL)
            hl_fail(&error, HL_ERROR_INVALID, _("this is no file of this machine: %s"), uris[0]);
    }
    end(chooser, chosen, error);
}

static void on_portal_gone(GDBusConnection *bus G_GNUC_UNUSED, const char *name G_GNUC_UNUSED, gpointer user)
{
    TrChooser *chooser = user;

    leave_portal(chooser);
    end(chooser, NULL, NULL);
}

static void on_opened(GObject *source, GAsyncResult *result, gpointer user)
{
    TrChooser *chooser = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || (answer != NULL && chooser->response == 0))
        return; /* the chooser is gone, or it was answered already */
    if (answer != NULL) {
        chooser->portal = g_bus_watch_name_on_connection(chooser->bus, PORTAL, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                                         on_portal_gone, chooser, NULL);
        return;
    }
    hl_debug("tray", "no dialog by the portal: %s", error->message);
    leave_portal(chooser);
    g_clear_pointer(&chooser->request, g_free);
    ask_program(chooser);
}

/* The answer may come before the call returns: so its object's name is made up here, as the portal asks for. */
static void ask_portal(TrChooser *chooser)
{
    g_autofree char *token = g_strdup_printf("holdline%" PRIu64, hl_random_u64());
    g_autofree char *sender = g_strdelimit(g_strdup(g_dbus_connection_get_unique_name(chooser->bus) + 1), ".", '_');
    GVariantBuilder options;

    chooser->request = g_strdup_printf(PORTAL_PATH "/request/%s/%s", sender, token);
    chooser->response = g_dbus_connection_signal_subscribe(chooser->bus, PORTAL, REQUEST, "Response", chooser->request,
                                                           NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_response, chooser, NULL);
    g_variant_builder_init(&options, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&options, "{sv}", "handle_token", g_variant_new_string(token));
    g_variant_builder_add(&options, "{sv}", "directory", g_variant_new_boolean(chooser->what == TR_CHOOSE_FOLDER));
    g_dbus_connection_call(chooser->bus, PORTAL, PORTAL_PATH, FILE_CHOOSER, "OpenFile",
                           g_variant_new("(ssa{sv})", "", title(chooser), &options), G_VARIANT_TYPE("(o)"),
                           G_DBUS_CALL_FLAGS_NONE, PORTAL_TIMEOUT, chooser->calls, on_opened, chooser);
}

static gboolean on_start(gpointer user)
{
    TrChooser *chooser = user;

    chooser->start = 0;
    if (chooser->bus != NULL)
        ask_portal(chooser);
    else
        ask_program(chooser);
    return G_SOURCE_REMOVE;
}

TrChooser *tr_chooser_new(GDBusConnection *bus, TrChoose what, TrChosen chosen, gpointer user)
{
    TrChooser *chooser = g_new0(TrChooser, 1);

    chooser->bus = bus;
    chooser->what = what;
    chooser->chosen = chosen;
    chooser->user = user;
    chooser->calls = g_cancellable_new();
    chooser->start = g_timeout_add(0, on_start, chooser);
    return chooser;
}

void tr_chooser_free(TrChooser *chooser)
{
    if (chooser == NULL)
        return;
    g_clear_handle_id(&chooser->start, g_source_remove);
    g_cancellable_cancel(chooser->calls);
    g_object_unref(chooser->calls);
    leave_portal(chooser);
    if (chooser->request != NULL)
        g_dbus_connection_call(chooser->bus, PORTAL, chooser->request, REQUEST, "Close", NULL, NULL,
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
    if (chooser->child != NULL)
        hl_child_abandon(chooser->child);
    g_free(chooser->request);
    g_free(chooser);
}
