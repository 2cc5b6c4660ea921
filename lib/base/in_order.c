/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/in_order.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 512 /* items after a fill; twice as many are halved */

static const char *text_of(gconstpointer item)
{
    return *(const char *const *)item;
}

void hl_in_order_init(HlInOrder *order)
{
    *order = (HlInOrder){ .chunks = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref) };
}

void hl_in_order_clear(HlInOrder *order)
{
    g_clear_pointer(&order->chunks, g_ptr_array_unref);
    order->length = 0;
}

/* To sort a million texts is to look each of them up in memory twenty times; so their beginnings come along. */
typedef struct {
    uint64_t beginning; /* of the text, as a number that sorts as it does */
    gpointer item;
} Sorted;

static uint64_t beginning_of(const char *text)
{
    uint64_t beginning = 0;

    for (guint i = 0; i < sizeof beginning; i++) {
        beginning = beginning << 8 | (guchar)*text;
        text += *text != '\0';
    }
    return beginning;
}

static int compare_sorted(const void *a, const void *b)
{
    const Sorted *one = a, *other = b;

    if (one->beginning != other->beginning)
        return one->beginning < other->beginning ? -1 : 1;
    return strcmp(text_of(one->item), text_of(other->item));
}

void hl_in_order_fill(HlInOrder *order, const GPtrArray *items)
{
    g_autofree Sorted *sorted = g_new(Sorted, MAX(items->len, 1));
    GPtrArray *chunk = NULL;

    g_assert(order->length == 0);
    for (guint i = 0; i < items->len; i++)
        sorted[i] = (Sorted){ beginning_of(text_of(items->pdata[i])), items->pdata[i] };
    qsort(sorted, items->len, sizeof *sorted, compare_sorted);
    for (guint i = 0; i < items->len; i++) {
        if (i % CHUNK == 0) {
            chunk = g_ptr_array_sized_new(MIN(CHUNK, items->len - i));
            g_ptr_array_add(order->chunks, chunk);
        }
        g_ptr_array_add(chunk, sorted[i].item);
    }
    order->length = items->len;
}

/* How many of these begin a text that is not after this one, or are it. */
static guint count_up_to(const GPtrArray *items, const char *text, const char *(*text_at)(gconstpointer item))
{
    guint from = 0, to = items->len;

    while (from < to) {
        guint middle = from + (to - from) / 2;

        if (strcmp(text_at(items->pdata[middle]), text) <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static const char *first_text(gconstpointer chunk)
{
    return text_of(((const GPtrArray *)chunk)->pdata[0]);
}

HlInOrderPlace hl_in_order_after(const HlInOrder *order, const char *text)
{
    HlInOrderPlace place = { 0 };

    if (text == NULL || order->length == 0)
        return place;
    place.chunk = count_up_to(order->chunks, text, first_text);
    if (place.chunk == 0)
        return place;
    place.chunk--;
    place.at = count_up_to(order->chunks->pdata[place.chunk], text, text_of);
    return place;
}

gpointer hl_in_order_next(const HlInOrder *order, HlInOrderPlace *place)
{
    const GPtrArray *chunk;

    if (place->chunk < order->chunks->len && place->at == ((GPtrArray *)order->chunks->pdata[place->chunk])->len) {
        place->chunk++;
        place->at = 0;
    }
    if (place->chunk >= order->chunks->len)
        return NULL;
    chunk = order->chunks->pdata[place->chunk];
    return chunk->pdata[place->at++];
}

static void halve(HlInOrder *order, guint at)
{
    GPtrArray *chunk = order->chunks->pdata[at];
    GPtrArray *second = g_ptr_array_sized_new(chunk->len);

    for (guint i = CHUNK; i < chunk->len; i++)
        g_ptr_array_add(second, chunk->pdata[i]);
    g_ptr_array_set_size(chunk, CHUNK);
    g_ptr_array_insert(order->chunks, (int)at + 1, second);
}

void hl_in_order_add(HlInOrder *order, gpointer item)
{
    HlInOrderPlace place = hl_in_order_after(order, text_of(item));
    GPtrArray *chunk;

    if (order->length++ == 0)
        g_ptr_array_add(order->chunks, g_ptr_array_new());
    chunk = order->chunks->pdata[place.chunk];
    g_ptr_array_insert(chunk, (int)place.at, item);
    if (chunk->len == 2 * CHUNK)
        halve(order, place.chunk);
}

void hl_in_order_remove(HlInOrder *order, gconstpointer item)
{
    HlInOrderPlace place = hl_in_order_after(order, text_of(item));
    GPtrArray *chunk = order->chunks->pdata[place.chunk];

    g_assert(place.at > 0 && chunk->pdata[place.at - 1] == item);
    g_ptr_array_remove_index(chunk, place.at - 1);
    order->length--;
    if (chunk->len == 0)
        g_ptr_array_remove_index(order->chunks, place.chunk);
}
