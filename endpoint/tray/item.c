/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/item.h"

#include <string.h>
#include <unistd.h>

#include "endpoint/tray/pixmap.h"
#include "lib/base/i18n.h"
#include "lib/base/log.h"

#define PATH         "/StatusNotifierItem"
#define INTERFACE    "org.kde.StatusNotifierItem"
#define WATCHER      "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH "/StatusNotifierWatcher"
#define PROPERTIES   "org.freedesktop.DBus.Properties"
#define TITLE        "Holdline"

struct TrItem {
    TrItemOptions has;
    char *name;       /* on the bus, as the specification asks for it */
    char *theme_path; /* of our icons, which were installed with the program; "" where they are not */
    bool title_only;  /* the desktop shows no more of a tool tip */
    guint object, watcher, host_signals;
    GCancellable *watching; /* of calls to the watcher of now; NULL: there is none */
    bool hosted;
    TrFace face;
    guint frame;
};

static const char description[] =
    "<node><interface name='" INTERFACE "'>"
    "<property name='Category' type='s' access='read'/><property name='Id' type='s' access='read'/>"
    "<property name='Title' type='s' access='read'/><property name='Status' type='s' access='read'/>"
    "<property name='WindowId' type='i' access='read'/><property name='IconThemePath' type='s' access='read'/>"
    "<property name='Menu' type='o' access='read'/><property name='ItemIsMenu' type='b' access='read'/>"
    "<property name='IconName' type='s' access='read'/><property name='IconPixmap' type='a(iiay)' access='read'/>"
    "<property name='OverlayIconName' type='s' access='read'/>"
    "<property name='OverlayIconPixmap' type='a(iiay)' access='read'/>"
    "<property name='AttentionIconName' type='s' access='read'/>"
    "<property name='AttentionIconPixmap' type='a(iiay)' access='read'/>"
    "<property name='AttentionMovieName' type='s' access='read'/>"
    "<property name='ToolTip' type='(sa(iiay)ss)' access='read'/>"
    "<method name='ContextMenu'><arg type='i' direction='in'/><arg type='i' direction='in'/></method>"
    "<method name='Activate'><arg type='i' direction='in'/><arg type='i' direction='in'/></method>"
    "<method name='SecondaryActivate'><arg type='i' direction='in'/><arg type='i' direction='in'/></method>"
    "<method name='XAyatanaSecondaryActivate'><arg type='u' direction='in'/></method>"
    "<method name='Scroll'><arg type='i' direction='in'/><arg type='s' direction='in'/></method>"
    "<method name='ProvideXdgActivationToken'><arg type='s' direction='in'/></method>"
    "<signal name='NewTitle'/><signal name='NewIcon'/><signal name='NewAttentionIcon'/><signal name='NewOverlayIcon'/>"
    "<signal name='NewToolTip'/><signal name='NewStatus'><arg type='s'/></signal>"
    "</interface></node>";

/* -------------------------------------------------------------------------------------------------- properties */

/* Hosts prefer a name to the pixmaps, and not all of them look whether there is such an icon. */
static GVariant *icon_name(const TrItem *item, TrIcon icon, guint frame)
{
    const char *name = tr_icon_name(icon);

    if (*item->theme_path == '\0')
        return g_variant_new_string("");
    return icon == TR_ICON_UPDATING && frame > 0 ? g_variant_new_printf("%s-%u", name, frame + 1)
                                                 : g_variant_new_string(name);
}

static const char *status_of(const TrItem *item)
{
    return item->face.icon == TR_ICON_WARNING ? "NeedsAttention" : "Active";
}

static GVariant *pixmaps(TrIcon icon, guint frame)
{
    GVariantBuilder list;
    gsize n = 0;
    const TrPixmap *pictures = tr_pixmaps(icon, frame, &n);

    g_variant_builder_init(&list, G_VARIANT_TYPE("a(iiay)"));
    for (gsize i = 0; i < n; i++) {
        gsize bytes = (gsize)pictures[i].size * (gsize)pictures[i].size * 4;

        g_variant_builder_add(&list, "(ii@ay)", pictures[i].size, pictures[i].size,
                              g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, pictures[i].argb, bytes, 1));
    }
    return g_variant_builder_end(&list);
}

static GVariant *no_pixmaps(void)
{
    return g_variant_new_array(G_VARIANT_TYPE("(iiay)"), NULL, 0);
}

char *tr_item_plain(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text != '\0'; text++)
        if (*text == '<')
            g_string_append(out, "‹");
        else if (*text == '>')
            g_string_append(out, "›");
        else if (*text == '&')
            g_string_append(out, "＆");
        else
            g_string_append_c(out, *text);
    return g_string_free(out, FALSE);
}

static GVariant *get_tooltip(const TrItem *item)
{
    g_autofree char *status = g_strdup_printf(TITLE ": %s", item->face.status);
    g_autofree char *all = g_strjoin("\n", status, *item->face.tooltip != '\0' ? item->face.tooltip : NULL, NULL);
    g_autofree char *title = tr_item_plain(item->title_only ? all : status);
    g_autofree char *text = tr_item_plain(item->title_only ? "" : item->face.tooltip);

    return g_variant_new("(s@a(iiay)ss)", "", no_pixmaps(), title, text);
}

static GVariant *get_icon_pixmap(const TrItem *item)
{
    return pixmaps(item->face.icon, item->frame);
}

static GVariant *get_attention_pixmap(const TrItem *item G_GNUC_UNUSED)
{
    return pixmaps(TR_ICON_WARNING, 0);
}

static GVariant *get_overlay_pixmap(const TrItem *item G_GNUC_UNUSED)
{
    return no_pixmaps();
}

static GVariant *get_icon_name(const TrItem *item)
{
    return icon_name(item, item->face.icon, item->frame);
}

static GVariant *get_attention_name(const TrItem *item)
{
    return icon_name(item, TR_ICON_WARNING, 0);
}

static GVariant *get_status(const TrItem *item)
{
    return g_variant_new_string(status_of(item));
}

static GVariant *get_theme_path(const TrItem *item)
{
    return g_variant_new_string(item->theme_path);
}

static GVariant *get_menu(const TrItem *item)
{
    return g_variant_new_object_path(item->has.menu);
}

static GVariant *get_title(const TrItem *item G_GNUC_UNUSED)
{
    return g_variant_new_string(TITLE);
}

static GVariant *get_category(const TrItem *item G_GNUC_UNUSED)
{
    return g_variant_new_string("SystemServices");
}

static GVariant *get_id(const TrItem *item G_GNUC_UNUSED)
{
    return g_variant_new_string("holdline-tray");
}

static GVariant *get_no_text(const TrItem *item G_GNUC_UNUSED)
{
    return g_variant_new_string("");
}

static GVariant *get_no_window(const TrItem *item G_GNUC_UNUSED)
{
    return g_variant_new_int32(0);
}

static GVariant *get_true(const TrItem *item G_GNUC_UNUSED)
{
    return g_variant_new_boolean(TRUE);
}

/* All of them: hosts log errors for the optional ones that lack. */
static const struct {
    const char *name;
    GVariant *(*get)(const TrItem *item);
} properties[] = {
    { "Category", get_category },
    { "Id", get_id },
    { "Title", get_title },
    { "Status", get_status },
    { "WindowId", get_no_window },
    { "IconThemePath", get_theme_path },
    { "Menu", get_menu },
    { "ItemIsMenu", get_true },
    { "IconName", get_icon_name },
    { "IconPixmap", get_icon_pixmap },
    { "OverlayIconName", get_no_text },
    { "OverlayIconPixmap", get_overlay_pixmap },
    { "AttentionIconName", get_attention_name },
    { "AttentionIconPixmap", get_attention_pixmap },
    { "AttentionMovieName", get_no_text },
    { "ToolTip", get_tooltip },
};

static GVariant *on_get(GDBusConnection *bus G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                        const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED, const char *name,
                        GError **error, gpointer user)
{
    for (gsize i = 0; i < G_N_ELEMENTS(properties); i++)
        if (strcmp(properties[i].name, name) == 0)
            return properties[i].get(user);
    g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY, "there is no property %s", name);
    return NULL;
}

/* ----------------------------------------------------------------------------------------------------- methods */

static void on_call(GDBusConnection *bus G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                    const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED, const char *method,
                    GVariant *parameters G_GNUC_UNUSED, GDBusMethodInvocation *invocation, gpointer user)
{
    const TrItem *item = user;

    g_dbus_method_invocation_return_value(invocation, NULL);
    if (strcmp(method, "Activate") == 0 || g_str_has_suffix(method, "SecondaryActivate"))
        item->has.clicked(item->has.user);
}

/* ------------------------------------------------------------------------------------------------- the watcher */

static void set_hosted(TrItem *item, bool hosted)
{
    if (item->hosted == hosted)
        return;
    item->hosted = hosted;
    item->has.shown(hosted, item->has.user);
}

static void on_hosted(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    g_autoptr(GVariant) value = NULL;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* the item may be gone */
    if (answer != NULL)
        g_variant_get(answer, "(v)", &value);
    /* a watcher that takes the icon, and does not say whether it is drawn, is taken to draw it */
    set_hosted(user,
               value == NULL || !g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) || g_variant_get_boolean(value));
}

static void ask_hosted(TrItem *item)
{
    if (item->watching != NULL)
        g_dbus_connection_call(item->has.bus, WATCHER, WATCHER_PATH, PROPERTIES, "Get",
                               g_variant_new("(ss)", WATCHER, "IsStatusNotifierHostRegistered"), G_VARIANT_TYPE("(v)"),
                               G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, item->watching, on_hosted, item);
}

static void on_host_signal(GDBusConnection *bus G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                           const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED, const char *signal,
                           GVariant *parameters G_GNUC_UNUSED, gpointer user)
{
    if (g_str_has_prefix(signal, "StatusNotifierHost"))
        ask_hosted(user);
}

static void on_registered(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (answer == NULL)
        hl_warn("tray", "the desktop does not take the icon: %s", error->message);
    else
        ask_hosted(user);
}

static void on_watcher(GDBusConnection *bus, const char *name G_GNUC_UNUSED, const char *owner G_GNUC_UNUSED,
                       gpointer user)
{
    TrItem *item = user;

    item->watching = g_cancellable_new();
    g_dbus_connection_call(bus, WATCHER, WATCHER_PATH, WATCHER, "RegisterStatusNotifierItem",
                           g_variant_new("(s)", item->name), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, item->watching,
                           on_registered, item);
}

static void stop_watching(TrItem *item)
{
    if (item->watching != NULL)
        g_cancellable_cancel(item->watching);
    g_clear_object(&item->watching);
}

static void on_no_watcher(GDBusConnection *bus G_GNUC_UNUSED, const char *name G_GNUC_UNUSED, gpointer user)
{
    TrItem *item = user;

    stop_watching(item);
    set_hosted(item, false);
}

/* --------------------------------------------------------------------------------------------------- the item */

static bool take_name(const TrItem *item, GError **error)
{
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        item->has.bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
        g_variant_new("(su)", item->name, 0), G_VARIANT_TYPE("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);

    return answer != NULL;
}

static bool put_on_bus(TrItem *item, GError **error)
{
    static const GDBusInterfaceVTable table = { .method_call = on_call, .get_property = on_get };
    GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(description, error);

    if (node == NULL)
        return false;
    item->object =
        g_dbus_connection_register_object(item->has.bus, PATH, node->interfaces[0], &table, item, NULL, error);
    g_dbus_node_info_unref(node);
    return item->object != 0 && take_name(item, error);
}

static char *find_theme(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program == NULL ? g_strdup(".") : g_path_get_dirname(program);
    g_autofree char *path = g_build_filename(folder, "..", "share", "icons", NULL);
    g_autofree char *theme = g_canonicalize_filename(path, NULL);
    g_autofree char *icon = g_build_filename(theme, "hicolor", "scalable", "apps", "holdline-normal.svg", NULL);

    return g_file_test(icon, G_FILE_TEST_EXISTS) ? g_steal_pointer(&theme) : g_strdup("");
}

/* By the name that a desktop gives itself, as the Desktop Entry Specification has it. */
static bool shows_titles_only(void)
{
    const char *names = g_getenv("XDG_CURRENT_DESKTOP");
    g_auto(GStrv) list = g_strsplit(names == NULL ? "" : names, ":", -1);

    return g_strv_contains((const char *const *)list, "LXQt");
}

TrItem *tr_item_new(const TrItemOptions *options, GError **error)
{
    g_autoptr(TrItem) item = g_new0(TrItem, 1);

    item->has = *options;
    item->name = g_strdup_printf("org.kde.StatusNotifierItem-%d-1", (int)getpid());
    item->theme_path = find_theme();
    item->title_only = shows_titles_only();
    item->face.status = g_strdup("");
    item->face.tooltip = g_strdup("");
    if (!put_on_bus(item, error))
        return NULL;
    item->host_signals = g_dbus_connection_signal_subscribe(options->bus, WATCHER, WATCHER, NULL, WATCHER_PATH, NULL,
                                                            G_DBUS_SIGNAL_FLAGS_NONE, on_host_signal, item, NULL);
    item->watcher = g_bus_watch_name_on_connection(options->bus, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE, on_watcher,
                                                   on_no_watcher, item, NULL);
    return g_steal_pointer(&item);
}

void tr_item_free(TrItem *item)
{
    if (item == NULL)
        return;
    if (item->watcher != 0)
        g_bus_unwatch_name(item->watcher);
    if (item->host_signals != 0)
        g_dbus_connection_signal_unsubscribe(item->has.bus, item->host_signals);
    stop_watching(item);
    if (item->object != 0)
        g_dbus_connection_unregister_object(item->has.bus, item->object);
    tr_face_clear(&item->face);
    g_free(item->name);
    g_free(item->theme_path);
    g_free(item);
}

static void emit(const TrItem *item, const char *signal, GVariant *parameters)
{
    g_dbus_connection_emit_signal(item->has.bus, NULL, PATH, INTERFACE, signal, parameters, NULL);
}

void tr_item_set(TrItem *item, const TrFace *face, guint frame)
{
    bool attention = (face->icon == TR_ICON_WARNING) != (item->face.icon == TR_ICON_WARNING);
    bool icon = face->icon != item->face.icon || (frame != item->frame && face->icon == TR_ICON_UPDATING);
    bool tooltip = g_strcmp0(face->status, item->face.status) != 0 || g_strcmp0(face->tooltip, item->face.tooltip) != 0;

    tr_face_clear(&item->face);
    item->face = (TrFace){
        .icon = face->icon, .status = g_strdup(face->status), .tooltip = g_strdup(face->tooltip), .change = face->change
    };
    item->frame = frame;
    if (icon)
        emit(item, "NewIcon", NULL);
    if (attention)
        emit(item, "NewStatus", g_variant_new("(s)", status_of(item)));
    if (tooltip)
        emit(item, "NewToolTip", NULL);
}
