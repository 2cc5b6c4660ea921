/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/machines.h"

#include <string.h>

void mgr_machines_init(MgrMachines *machines)
{
    machines->table = g_hash_table_new(NULL, NULL);
}

void mgr_machines_clear(MgrMachines *machines)
{
    GHashTableIter iter;
    gpointer list;

    if (machines->table == NULL)
        return;
    g_hash_table_iter_init(&iter, machines->table);
    while (g_hash_table_iter_next(&iter, NULL, &list))
        g_slist_free(list);
    g_clear_pointer(&machines->table, g_hash_table_unref);
}

/* The number instead of 64 digits: a fleet is a million of these. */
static gpointer key_of(const char *fingerprint)
{
    return GUINT_TO_POINTER(g_str_hash(fingerprint));
}

static void set(MgrMachines *machines, const char *fingerprint, GSList *list)
{
    if (list != NULL)
        g_hash_table_insert(machines->table, key_of(fingerprint), list);
    else
        g_hash_table_remove(machines->table, key_of(fingerprint));
}

static GSList *get(const MgrMachines *machines, const char *fingerprint)
{
    return g_hash_table_lookup(machines->table, key_of(fingerprint));
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
        set(machines, told, g_slist_prepend(get(machines, told), endpoint));
    if (is_another(told, enrolled))
        set(machines, enrolled, g_slist_prepend(get(machines, enrolled), endpoint));
}

void mgr_machines_drop(MgrMachines *machines, const char *told, const char *enrolled, gpointer endpoint)
{
    if (!is_none(told))
        set(machines, told, g_slist_remove(get(machines, told), endpoint));
    if (is_another(told, enrolled))
        set(machines, enrolled, g_slist_remove(get(machines, enrolled), endpoint));
}

const GSList *mgr_machines_of(const MgrMachines *machines, const char *fingerprint)
{
    return is_none(fingerprint) ? NULL : get(machines, fingerprint);
}
