/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/notifier.h"

#include "endpoint/tray/face.h"
#include "lib/base/log.h"

#define SERVER        "org.freedesktop.Notifications"
#define PATH          "/org/freedesktop/Notifications"
#define N_KINDS       (TR_NOTIFIER_ASKED + 1)
#define AS_THE_SERVER (-1) /* how long it is shown */
#define UNTIL_CLOSED  0
#define NORMAL        1 /* urgencies of the specification */
#define CRITICAL      2

/* One notice on its way: first the server says whether it reads markup. */
typedef struct {
    TrNotifier *notifier;
    int kind;
    bool urgent;
    char *title, *body;
} Errand;

struct TrNotifier {
    GDBusConnection *bus;
    TrNotifierIdle idle;
    gpointer user;
    GCancellable *calls; /* what is under way ends with the notifier */
    guint server;
    struct {
        Errand *under_way, *next; /* NULL: none */
        guint32 on_screen;        /* the number that the server gave; 0: none */
    } kinds[N_KINDS];
};

static void begin(Errand *errand);

static void errand_free(Errand *errand)
{
    if (errand == NULL)
        return;
    g_free(errand->title);
    g_free(errand->body);
    g_free(errand);
}

/* Only now is the number of what is on the screen known, whose place the next one takes. */
static void end(Errand *errand)
{
    TrNotifier *notifier = errand->notifier;
    int kind = errand->kind;
    Errand *next = g_steal_pointer(&notifier->kinds[kind].next);

    errand_free(errand);
    notifier->kinds[kind].under_way = next;
    if (next != NULL)
        begin(next);
    else if (notifier->idle != NULL && !tr_notifier_is_busy(notifier))
        notifier->idle(notifier->user);
}

static bool is_cancelled(Errand *errand, const GError *error)
{
    if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return false;
    errand_free(errand); /* the notifier is gone */
    return true;
}

static void on_shown(GObject *source, GAsyncResult *result, gpointer user)
{
    Errand *errand = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (is_cancelled(errand, error))
        return;
    if (answer != NULL)
        g_variant_get(answer, "(u)", &errand->notifier->kinds[errand->kind].on_screen);
    else
        hl_warn("tray", "a notification was not shown: %s", error->message);
    end(errand);
}

static GVariant *hints(const Errand *errand)
{
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&list, "{sv}", "urgency", g_variant_new_byte(errand->urgent ? CRITICAL : NORMAL));
    g_variant_builder_add(&list, "{sv}", "desktop-entry", g_variant_new_string("holdline"));
    return g_variant_builder_end(&list);
}

static const char *icon_of(int kind)
{
    return tr_icon_name(kind == TR_NOTICE_DETECTION || kind == TR_NOTICE_REFUSED ? TR_ICON_WARNING : TR_ICON_NORMAL);
}

static void show(Errand *errand, bool markup)
{
    const TrNotifier *notifier = errand->notifier;
    g_autofree char *body = markup ? g_markup_escape_text(errand->body, -1) : g_strdup(errand->body);

    g_dbus_connection_call(notifier->bus, SERVER, PATH, SERVER, "Notify",
                           g_variant_new("(susssas@a{sv}i)", "Holdline", notifier->kinds[errand->kind].on_screen,
                                         icon_of(errand->kind), errand->title, body, NULL, hints(errand),
                                         errand->urgent ? UNTIL_CLOSED : AS_THE_SERVER),
                           G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, notifier->calls, on_shown, errand);
}

static void on_capabilities(GObject *source, GAsyncResult *result, gpointer user)
{
    Errand *errand = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    g_autofree const char **can = NULL;

    if (is_cancelled(errand, error))
        return;
    if (answer == NULL) {
        hl_debug("tray", "this desktop shows no notifications: %s", error->message);
        end(errand);
        return;
    }
    g_variant_get(answer, "(^a&s)", &can);
    show(errand, g_strv_contains(can, "body-markup"));
}

static void begin(Errand *errand)
{
    const TrNotifier *notifier = errand->notifier;

    g_dbus_connection_call(notifier->bus, SERVER, PATH, SERVER, "GetCapabilities", NULL, G_VARIANT_TYPE("(as)"),
                           G_DBUS_CALL_FLAGS_NONE, -1, notifier->calls, on_capabilities, errand);
}

/* Another server counts from the start: our old number may be somebody else's notification there. */
static void on_no_server(GDBusConnection *bus G_GNUC_UNUSED, const char *name G_GNUC_UNUSED, gpointer user)
{
    TrNotifier *notifier = user;

    for (gsize i = 0; i < N_KINDS; i++)
        notifier->kinds[i].on_screen = 0;
}

TrNotifier *tr_notifier_new(GDBusConnection *bus, TrNotifierIdle idle, gpointer user)
{
    TrNotifier *notifier = g_new0(TrNotifier, 1);

    notifier->bus = bus;
    notifier->idle = idle;
    notifier->user = user;
    notifier->calls = g_cancellable_new();
    if (bus != NULL)
        notifier->server = g_bus_watch_name_on_connection(bus, SERVER, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                                          on_no_server, notifier, NULL);
    return notifier;
}

void tr_notifier_free(TrNotifier *notifier)
{
    if (notifier == NULL)
        return;
    if (notifier->server != 0)
        g_bus_unwatch_name(notifier->server);
    g_cancellable_cancel(notifier->calls);
    g_object_unref(notifier->calls);
    for (gsize i = 0; i < N_KINDS; i++)
        errand_free(notifier->kinds[i].next);
    g_free(notifier);
}

void tr_notifier_show(TrNotifier *notifier, int kind, bool urgent, const char *title, const char *body)
{
    Errand *errand;

    g_assert(kind >= 0 && kind < N_KINDS);
    if (notifier->bus == NULL)
        return;
    errand = g_new0(Errand, 1);
    *errand = (Errand){ notifier, kind, urgent, g_strdup(title), g_strdup(body) };
    if (notifier->kinds[kind].under_way != NULL) {
        errand_free(notifier->kinds[kind].next); /* it would be replaced at once */
        notifier->kinds[kind].next = errand;
        return;
    }
    notifier->kinds[kind].under_way = errand;
    begin(errand);
}

bool tr_notifier_is_busy(const TrNotifier *notifier)
{
    for (gsize i = 0; i < N_KINDS; i++)
        if (notifier->kinds[i].under_way != NULL)
            return true;
    return false;
}
