/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/agenda.h"

typedef struct {
    HlTime at;
    gpointer item;
} Entry;

static Entry *entry(const MgrAgenda *agenda, guint i)
{
    return &g_array_index(agenda->heap, Entry, i - 1); /* from 1, as the items count */
}

static guint *place_of(const MgrAgenda *agenda, gpointer item)
{
    return &G_STRUCT_MEMBER(guint, item, agenda->place);
}

static void set(const MgrAgenda *agenda, guint i, Entry value)
{
    *entry(agenda, i) = value;
    *place_of(agenda, value.item) = i;
}

static void rise(const MgrAgenda *agenda, guint i)
{
    Entry value = *entry(agenda, i);

    for (; i > 1 && entry(agenda, i / 2)->at > value.at; i /= 2)
        set(agenda, i, *entry(agenda, i / 2));
    set(agenda, i, value);
}

static void sink(const MgrAgenda *agenda, guint i)
{
    Entry value = *entry(agenda, i);
    guint size = agenda->heap->len;

    while (2 * i <= size) {
        guint child = 2 * i;

        if (child < size && entry(agenda, child + 1)->at < entry(agenda, child)->at)
            child++;
        if (entry(agenda, child)->at >= value.at)
            break;
        set(agenda, i, *entry(agenda, child));
        i = child;
    }
    set(agenda, i, value);
}

guint mgr_agenda_size(const MgrAgenda *agenda)
{
    return agenda->heap != NULL ? agenda->heap->len : 0;
}

void mgr_agenda_put(MgrAgenda *agenda, gpointer item, HlTime at)
{
    guint i = *place_of(agenda, item);
    Entry value = { at, item };

    if (at == MGR_AGENDA_NEVER || (i != 0 && entry(agenda, i)->at <= at))
        return;
    if (agenda->heap == NULL)
        agenda->heap = g_array_new(FALSE, FALSE, sizeof(Entry));
    if (i == 0) {
        g_array_append_val(agenda->heap, value);
        i = agenda->heap->len;
    }
    *entry(agenda, i) = value;
    rise(agenda, i);
}

void mgr_agenda_drop(MgrAgenda *agenda, gpointer item)
{
    guint i = *place_of(agenda, item);
    Entry last;

    if (i == 0)
        return;
    last = *entry(agenda, agenda->heap->len);
    g_array_set_size(agenda->heap, agenda->heap->len - 1);
    *place_of(agenda, item) = 0;
    if (last.item == item)
        return;
    set(agenda, i, last);
    rise(agenda, i);
    sink(agenda, *place_of(agenda, last.item));
}

gpointer mgr_agenda_take(MgrAgenda *agenda, HlTime now)
{
    gpointer item;

    if (mgr_agenda_size(agenda) == 0 || entry(agenda, 1)->at > now)
        return NULL;
    item = entry(agenda, 1)->item;
    mgr_agenda_drop(agenda, item);
    return item;
}

void mgr_agenda_clear(MgrAgenda *agenda)
{
    g_clear_pointer(&agenda->heap, g_array_unref);
}
