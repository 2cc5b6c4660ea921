/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/dbusmenu.h"

#include <string.h>

#define INTERFACE "com.canonical.dbusmenu"
#define VERSION   3 /* of the protocol */
#define REVISION  1 /* of the layout, which stays */
#define ROOT      0
#define MAX_IDS   256 /* of one call: many more than there are entries */

struct TrDbusmenu {
    TrDbusmenuOptions has;
    guint object;
    GPtrArray *entries; /* that are there */
};

static const char description[] =
    "<node><interface name='" INTERFACE "'>"
    "<property name='Version' type='u' access='read'/><property name='TextDirection' type='s' access='read'/>"
    "<property name='Status' type='s' access='read'/><property name='IconThemePath' type='as' access='read'/>"
    "<method name='GetLayout'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
    "<arg type='as' direction='in'/><arg type='u' direction='out'/><arg type='(ia{sv}av)' direction='out'/></method>"
    "<method name='GetGroupProperties'><arg type='ai' direction='in'/><arg type='as' direction='in'/>"
    "<arg type='a(ia{sv})' direction='out'/></method>"
    "<method name='GetProperty'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='v' direction='out'/></method>"
    "<method name='Event'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='v' direction='in'/><arg type='u' direction='in'/></method>"
    "<method name='EventGroup'><arg type='a(isvu)' direction='in'/><arg type='ai' direction='out'/></method>"
    "<method name='AboutToShow'><arg type='i' direction='in'/><arg type='b' direction='out'/></method>"
    "<method name='AboutToShowGroup'><arg type='ai' direction='in'/><arg type='ai' direction='out'/>"
    "<arg type='ai' direction='out'/></method>"
    "<signal name='ItemsPropertiesUpdated'><arg type='a(ia{sv})'/><arg type='a(ias)'/></signal>"
    "<signal name='LayoutUpdated'><arg type='u'/><arg type='i'/></signal>"
    "<signal name='ItemActivationRequested'><arg type='i'/><arg type='u'/></signal>"
    "</interface></node>";

/* -------------------------------------------------------------------------------------------------- properties */

/* An underscore makes the next letter an access key; two are one that is seen. */
static char *label(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "_", -1);

    return g_strjoinv("__", parts);
}

static GVariant *get_type(TrDo what, const TrEntry *entry G_GNUC_UNUSED)
{
    return what == TR_DO_SEPARATOR_1 || what == TR_DO_SEPARATOR_2 ? g_variant_new_string("separator") : NULL;
}

static GVariant *get_label(TrDo what G_GNUC_UNUSED, const TrEntry *entry)
{
    g_autofree char *text = entry == NULL || entry->separator ? NULL : label(entry->label);

    return text == NULL ? NULL : g_variant_new_string(text);
}

static GVariant *get_enabled(TrDo what G_GNUC_UNUSED, const TrEntry *entry)
{
    return entry == NULL || entry->separator ? NULL : g_variant_new_boolean(entry->enabled);
}

static GVariant *get_visible(TrDo what G_GNUC_UNUSED, const TrEntry *entry)
{
    return g_variant_new_boolean(entry != NULL);
}

/* NULL: it does not apply. */
static const struct {
    const char *name;
    GVariant *(*get)(TrDo what, const TrEntry *entry);
} properties[] = {
    { "type", get_type },
    { "label", get_label },
    { "enabled", get_enabled },
    { "visible", get_visible },
};

static bool is_wanted(const char *name, const char *const *names)
{
    return names == NULL || names[0] == NULL || g_strv_contains(names, name);
}

GVariant *tr_dbusmenu_properties(TrDo what, const TrEntry *entry, const char *const *names)
{
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE_VARDICT);
    for (gsize i = 0; i < G_N_ELEMENTS(properties); i++) {
        GVariant *value = is_wanted(properties[i].name, names) ? properties[i].get(what, entry) : NULL;

        if (value != NULL)
            g_variant_builder_add(&list, "{sv}", properties[i].name, value);
    }
    return g_variant_builder_end(&list);
}

static GVariant *root_properties(const char *const *names)
{
    GVariantBuilder list;

    g_variant_builder_init(&list, G_VARIANT_TYPE_VARDICT);
    if (is_wanted("children-display", names))
        g_variant_builder_add(&list, "{sv}", "children-display", g_variant_new_string("submenu"));
    return g_variant_builder_end(&list);
}

static const TrEntry *find(const GPtrArray *entries, TrDo what)
{
    for (guint i = 0; i < entries->len; i++) {
        const TrEntry *entry = entries->pdata[i];

        if (entry->what == what)
            return entry;
    }
    return NULL;
}

static GVariant *leaf(const GPtrArray *entries, TrDo what, const char *const *names)
{
    return g_variant_new("(i@a{sv}av)", (gint32)what, tr_dbusmenu_properties(what, find(entries, what), names), NULL);
}

GVariant *tr_dbusmenu_layout(const GPtrArray *entries, bool with_entries, const char *const *names)
{
    GVariantBuilder children;

    g_variant_builder_init(&children, G_VARIANT_TYPE("av"));
    for (guint i = 0; with_entries && tr_menu_at(i) != TR_DO_NOTHING; i++)
        g_variant_builder_add(&children, "v", leaf(entries, tr_menu_at(i), names));
    return g_variant_new("(i@a{sv}av)", ROOT, root_properties(names), &children);
}

/* Whether the layout has it. */
static bool is_entry(gint32 id)
{
    for (guint i = 0; tr_menu_at(i) != TR_DO_NOTHING; i++)
        if ((gint32)tr_menu_at(i) == id)
            return true;
    return false;
}

/* ----------------------------------------------------------------------------------------------------- methods */

static void refuse(GDBusMethodInvocation *invocation, gint32 id)
{
    g_dbus_method_invocation_return_error(invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "there is no entry %d",
                                          id);
}

static void get_layout(TrDbusmenu *menu, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autofree const char **names = NULL;
    gint32 id;
    gint32 depth;

    g_variant_get(parameters, "(ii^a&s)", &id, &depth, &names);
    if (id != ROOT && !is_entry(id)) {
        refuse(invocation, id);
        return;
    }
    g_dbus_method_invocation_return_value(
        invocation, g_variant_new("(u@(ia{sv}av))", REVISION,
                                  id == ROOT ? tr_dbusmenu_layout(menu->entries, depth != 0, names)
                                             : leaf(menu->entries, (TrDo)id, names)));
}

static void add_group(GVariantBuilder *group, const TrDbusmenu *menu, gint32 id, const char *const *names)
{
    if (id == ROOT)
        g_variant_builder_add(group, "(i@a{sv})", id, root_properties(names));
    else if (is_entry(id))
        g_variant_builder_add(group, "(i@a{sv})", id,
                              tr_dbusmenu_properties((TrDo)id, find(menu->entries, (TrDo)id), names));
}

/* No ids: all there are. */
static void get_group_properties(TrDbusmenu *menu, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autofree const char **names = NULL;
    g_autoptr(GVariant) ids = NULL;
    GVariantBuilder group;
    const gint32 *id;
    gsize n;

    g_variant_get(parameters, "(@ai^a&s)", &ids, &names);
    id = g_variant_get_fixed_array(ids, &n, sizeof *id);
    g_variant_builder_init(&group, G_VARIANT_TYPE("a(ia{sv})"));
    for (gsize i = 0; i < MIN(n, MAX_IDS); i++)
        add_group(&group, menu, id[i], names);
    if (n == 0)
        add_group(&group, menu, ROOT, names);
    for (guint i = 0; n == 0 && tr_menu_at(i) != TR_DO_NOTHING; i++)
        add_group(&group, menu, (gint32)tr_menu_at(i), names);
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(a(ia{sv}))", &group));
}

static void get_one_property(TrDbusmenu *menu, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autoptr(GVariant) all = NULL;
    g_autoptr(GVariant) value = NULL;
    const char *name;
    gint32 id;

    g_variant_get(parameters, "(i&s)", &id, &name);
    if (id == ROOT)
        all = g_variant_ref_sink(root_properties(NULL));
    else if (is_entry(id))
        all = g_variant_ref_sink(tr_dbusmenu_properties((TrDo)id, find(menu->entries, (TrDo)id), NULL));
    if (all != NULL)
        value = g_variant_lookup_value(all, name, NULL);
    if (value == NULL)
        refuse(invocation, id);
    else
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(v)", value));
}

/* The root is only opened and closed. */
static bool is_known(gint32 id)
{
    return id == ROOT || is_entry(id);
}

/* A menu that is open may show what has gone in this moment: who clicks on it is told by the daemon why not. */
static void happen(const TrDbusmenu *menu, gint32 id, const char *event)
{
    const TrEntry *entry = find(menu->entries, (TrDo)id);

    if (strcmp(event, "clicked") == 0 && is_entry(id) && (entry == NULL || (entry->enabled && !entry->separator)))
        menu->has.clicked((TrDo)id, menu->has.user);
}

static void one_event(TrDbusmenu *menu, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    const char *event;
    gint32 id;

    g_variant_get(parameters, "(i&svu)", &id, &event, NULL, NULL);
    if (!is_known(id)) {
        refuse(invocation, id);
        return;
    }
    g_object_ref(invocation); /* it owns the parameters */
    g_dbus_method_invocation_return_value(invocation, NULL);
    happen(menu, id, event);
    g_object_unref(invocation);
}

static void event_group(TrDbusmenu *menu, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autoptr(GVariantIter) events = NULL;
    GVariantBuilder unknown;
    const char *event;
    gint32 id;

    g_variant_get(parameters, "(a(isvu))", &events);
    g_variant_builder_init(&unknown, G_VARIANT_TYPE("ai"));
    for (guint i = 0; i < MAX_IDS && g_variant_iter_next(events, "(i&svu)", &id, &event, NULL, NULL); i++)
        if (is_known(id))
            happen(menu, id, event);
        else
            g_variant_builder_add(&unknown, "i", id);
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(ai)", &unknown));
}

/* Nothing is made when it is shown: what the daemon tells is there already. */
static void about_to_show(TrDbusmenu *menu G_GNUC_UNUSED, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    gint32 id;

    g_variant_get(parameters, "(i)", &id);
    if (!is_known(id))
        refuse(invocation, id);
    else
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(b)", FALSE));
}

static void about_to_show_group(TrDbusmenu *menu G_GNUC_UNUSED, GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autoptr(GVariant) ids = NULL;
    GVariantBuilder unknown;
    const gint32 *id;
    gsize n;

    g_variant_get(parameters, "(@ai)", &ids);
    id = g_variant_get_fixed_array(ids, &n, sizeof *id);
    g_variant_builder_init(&unknown, G_VARIANT_TYPE("ai"));
    for (gsize i = 0; i < MIN(n, MAX_IDS); i++)
        if (!is_known(id[i]))
            g_variant_builder_add(&unknown, "i", id[i]);
    g_dbus_method_invocation_return_value(invocation, g_variant_new("(aiai)", NULL, &unknown));
}

static const struct {
    const char *name;
    void (*run)(TrDbusmenu *menu, GVariant *parameters, GDBusMethodInvocation *invocation);
} methods[] = {
    { "GetLayout", get_layout },
    { "GetGroupProperties", get_group_properties },
    { "GetProperty", get_one_property },
    { "Event", one_event },
    { "EventGroup", event_group },
    { "AboutToShow", about_to_show },
    { "AboutToShowGroup", about_to_show_group },
};

/* GDBus has compared method and parameters with the description. */
static void on_call(GDBusConnection *bus G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                    const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED, const char *method,
                    GVariant *parameters, GDBusMethodInvocation *invocation, gpointer user)
{
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
        if (strcmp(methods[i].name, method) == 0) {
            methods[i].run(user, parameters, invocation);
            return;
        }
    g_assert_not_reached();
}

static GVariant *on_get(GDBusConnection *bus G_GNUC_UNUSED, const char *sender G_GNUC_UNUSED,
                        const char *path G_GNUC_UNUSED, const char *interface G_GNUC_UNUSED, const char *name,
                        GError **error G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
    if (strcmp(name, "Version") == 0)
        return g_variant_new_uint32(VERSION);
    if (strcmp(name, "TextDirection") == 0)
        return g_variant_new_string("ltr");
    if (strcmp(name, "Status") == 0)
        return g_variant_new_string("normal");
    return g_variant_new_strv(NULL, 0); /* IconThemePath: entries have no icons */
}

/* ---------------------------------------------------------------------------------------------------- the menu */

TrDbusmenu *tr_dbusmenu_new(const TrDbusmenuOptions *options, GError **error)
{
    static const GDBusInterfaceVTable table = { .method_call = on_call, .get_property = on_get };
    GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(description, error);
    g_autoptr(TrDbusmenu) menu = g_new0(TrDbusmenu, 1);

    menu->has = *options;
    menu->entries = g_ptr_array_new();
    if (node == NULL)
        return NULL;
    menu->object = g_dbus_connection_register_object(options->bus, TR_DBUSMENU_PATH, node->interfaces[0], &table, menu,
                                                     NULL, error);
    g_dbus_node_info_unref(node);
    return menu->object == 0 ? NULL : g_steal_pointer(&menu);
}

void tr_dbusmenu_free(TrDbusmenu *menu)
{
    if (menu == NULL)
        return;
    if (menu->object != 0)
        g_dbus_connection_unregister_object(menu->has.bus, menu->object);
    g_ptr_array_unref(menu->entries);
    g_free(menu);
}

static void emit(const TrDbusmenu *menu, const char *signal, GVariant *parameters)
{
    g_dbus_connection_emit_signal(menu->has.bus, NULL, TR_DBUSMENU_PATH, INTERFACE, signal, parameters, NULL);
}

void tr_dbusmenu_set(TrDbusmenu *menu, GPtrArray *entries)
{
    g_autoptr(GPtrArray) before = menu->entries;
    TrMenuChange change = tr_menu_compare(before, entries);
    GVariantBuilder updated;

    menu->entries = g_ptr_array_ref(entries);
    if (!change.layout && !change.properties)
        return;
    g_variant_builder_init(&updated, G_VARIANT_TYPE("a(ia{sv})"));
    for (guint i = 0; tr_menu_at(i) != TR_DO_NOTHING; i++) {
        TrDo what = tr_menu_at(i);
        g_autoptr(GVariant) was = g_variant_ref_sink(tr_dbusmenu_properties(what, find(before, what), NULL));
        g_autoptr(GVariant) is = g_variant_ref_sink(tr_dbusmenu_properties(what, find(entries, what), NULL));

        if (!g_variant_equal(was, is))
            g_variant_builder_add(&updated, "(i@a{sv})", (gint32)what, is);
    }
    emit(menu, "ItemsPropertiesUpdated", g_variant_new("(a(ia{sv})a(ias))", &updated, NULL));
}
