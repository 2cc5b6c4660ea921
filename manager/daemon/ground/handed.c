/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/ground/handed.h"

#include <string.h>

#include "lib/base/clock.h"

#define KEPT HL_HOUR /* by then the quota gives another one */

typedef struct {
    char *id;
    char *pem;
    HlTime at; /* monotonic */
} Item;

struct MgrHanded {
    GQueue items;      /* of Item *, the oldest first */
    GHashTable *by_id; /* the item's id -> its link in the queue */
};

static void item_free(gpointer data)
{
    Item *item = data;

    g_free(item->id);
    g_free(item->pem);
    g_free(item);
}

MgrHanded *mgr_handed_new(void)
{
    MgrHanded *handed = g_new0(MgrHanded, 1);

    g_queue_init(&handed->items);
    handed->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    return handed;
}

void mgr_handed_free(MgrHanded *handed)
{
    if (handed == NULL)
        return;
    g_hash_table_unref(handed->by_id);
    g_queue_clear_full(&handed->items, item_free);
    g_free(handed);
}

static void forget(MgrHanded *handed, GList *link)
{
    Item *item = link->data;

    g_hash_table_remove(handed->by_id, item->id);
    g_queue_delete_link(&handed->items, link);
    item_free(item);
}

static bool is_over(const Item *item)
{
    return hl_clock_mono() - item->at >= KEPT;
}

void mgr_handed_keep(MgrHanded *handed, const char *id, const HlCert *cert)
{
    GList *before = g_hash_table_lookup(handed->by_id, id);
    Item *item = g_new0(Item, 1);

    *item = (Item){ g_strdup(id), hl_cert_print(cert), hl_clock_mono() };
    if (before != NULL)
        forget(handed, before);
    while (handed->items.head != NULL && (handed->items.length >= MGR_MAX_HANDED || is_over(handed->items.head->data)))
        forget(handed, handed->items.head);
    g_queue_push_tail(&handed->items, item);
    g_hash_table_insert(handed->by_id, item->id, handed->items.tail);
}

HlCert *mgr_handed_find(const MgrHanded *handed, const char *id, const char *serial, GBytes *csr)
{
    const GList *link = g_hash_table_lookup(handed->by_id, id);
    const Item *item = link != NULL ? link->data : NULL;
    g_autoptr(HlCert) cert = NULL;

    if (item == NULL || is_over(item))
        return NULL;
    cert = hl_cert_parse("the certificate that was issued", item->pem, strlen(item->pem), NULL);
    if (cert == NULL || g_strcmp0(hl_cert_info(cert)->serial, serial) != 0 || !hl_cert_answers(cert, csr))
        return NULL;
    return g_steal_pointer(&cert);
}
