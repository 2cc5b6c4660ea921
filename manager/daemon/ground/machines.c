/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/machines.h"

#include <string.h>

void mgr_machines_init(MgrMachines *machines)
{
    machines->first = g_hash_table_new(NULL, NULL);
    machines->more = g_hash_table_new(NULL, NULL);
}

void mgr_machines_clear(MgrMachines *machines)
{
    GHashTableIter iter;
    gpointer list;

    if (machines->first == NULL)
        return;
    g_hash_table_iter_init(&iter, machines->more);
    while (g_hash_table_iter_next(&iter, NULL, &list))
        g_slist_free(list);
    g_clear_pointer(&machines->first, g_hash_table_unref);
    g_clear_pointer(&machines->more, g_hash_table_unref);
}

/* The number instead of 64 digits: a fleet is a million of these. */
static gpointer key_of(const char *fingerprint)
{
    return GUINT_TO_POINTER(g_str_hash(fingerprint));
}

static void set_more(MgrMachines *machines, gpointer key, GSList *list)
{
    if (list != NULL)
        g_hash_table_insert(machines->more, key, list);
    else
        g_hash_table_remove(machines->more, key);
}

static void add(MgrMachines *machines, const char *fingerprint, gpointer endpoint)
{
    gpointer key = key_of(fingerprint);

    if (!g_hash_table_contains(machines->first, key))
        g_hash_table_insert(machines->first, key, endpoint);
    else
        set_more(machines, key, g_slist_prepend(g_hash_table_lookup(machines->more, key), endpoint));
}

static void drop(MgrMachines *machines, const char *fingerprint, gpointer endpoint)
{
    gpointer key = key_of(fingerprint);
    GSList *more = g_hash_table_lookup(machines->more, key);

    if (g_hash_table_lookup(machines->first, key) != endpoint) {
        set_more(machines, key, g_slist_remove(more, endpoint));
    } else if (more == NULL) {
        g_hash_table_remove(machines->first, key);
    } else { /* the next one is the first */
        g_hash_table_insert(machines->first, key, more->data);
        set_more(machines, key, g_slist_delete_link(more, more));
    }
}

/* Of a registry of an early version, or a test: it belongs to nobody. */
static bool is_none(const char *fingerprint)
{
    return fingerprint == NULL || *fingerprint == '\0';
}

static bool is_another(const char *told, const char *enrolled)
{
    return !is_none(enrolled) && (is_none(told) || strcmp(told, enrolled) != 0);
}

void mgr_machines_add(MgrMachines *machines, const char *told, const char *enrolled, gpointer endpoint)
{
    if (!is_none(told))
        add(machines, told, endpoint);
    if (is_another(told, enrolled))
        add(machines, enrolled, endpoint);
}

void mgr_machines_drop(MgrMachines *machines, const char *told, const char *enrolled, gpointer endpoint)
{
    if (!is_none(told))
        drop(machines, told, endpoint);
    if (is_another(told, enrolled))
        drop(machines, enrolled, endpoint);
}

gpointer mgr_machines_get(const MgrMachines *machines, const char *fingerprint, guint n)
{
    if (is_none(fingerprint))
        return NULL;
    if (n == 0)
        return g_hash_table_lookup(machines->first, key_of(fingerprint));
    return g_slist_nth_data(g_hash_table_lookup(machines->more, key_of(fingerprint)), n - 1);
}

GPtrArray *mgr_machines_list(const MgrMachines *machines, const char *fingerprint)
{
    GPtrArray *list = g_ptr_array_new();
    gpointer endpoint;

    for (guint n = 0; (endpoint = mgr_machines_get(machines, fingerprint, n)) != NULL; n++)
        g_ptr_array_add(list, endpoint);
    return list;
}
