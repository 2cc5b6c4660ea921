/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/due.h"

#define COUNT_AFTER (2 * HL_SECOND)
#define MAX_LOOKS   2000 /* in one call: under a millisecond */

void mgr_due_init(MgrDue *due)
{
    g_queue_init(&due->whole);
    g_queue_init(&due->counted);
    due->round = g_ptr_array_new();
}

void mgr_due_clear(MgrDue *due)
{
    g_clear_pointer(&due->round, g_ptr_array_unref);
    g_queue_clear(&due->whole);
    g_queue_clear(&due->counted);
}

static void push(MgrDue *due, MgrEndpoint *endpoint)
{
    if (!endpoint->status_dirty)
        g_queue_push_tail(&due->whole, endpoint);
    endpoint->status_dirty = true;
}

/* It stays where its count waits: to look for it there would be a walk, and it is found told. */
void mgr_due_whole(MgrDue *due, MgrEndpoint *endpoint)
{
    endpoint->status_whole = true;
    push(due, endpoint);
}

void mgr_due_count(MgrDue *due, MgrEndpoint *endpoint, HlTime mono)
{
    if (endpoint->status_dirty || endpoint->status_counted)
        return;
    endpoint->status_counted = true;
    endpoint->status_mono = mono;
    g_queue_push_tail(&due->counted, endpoint);
}

void mgr_due_begin_round(MgrDue *due, guint size)
{
    g_ptr_array_unref(due->round);
    due->round = g_ptr_array_sized_new(size);
}

void mgr_due_add_to_round(MgrDue *due, MgrEndpoint *endpoint)
{
    endpoint->status_round = true;
    g_ptr_array_add(due->round, endpoint);
}

static void forget_round(MgrDue *due, const MgrEndpoint *endpoint)
{
    guint at;

    if (endpoint->status_round && g_ptr_array_find(due->round, endpoint, &at))
        due->round->pdata[at] = NULL;
}

void mgr_due_forget(MgrDue *due, MgrEndpoint *endpoint)
{
    forget_round(due, endpoint);
    if (endpoint->status_dirty)
        g_queue_remove(&due->whole, endpoint);
    if (endpoint->status_counted)
        g_queue_remove(&due->counted, endpoint);
    endpoint->status_dirty = endpoint->status_counted = endpoint->status_round = false;
}

/* A command that came and ended since the last document. */
static bool is_told(const MgrEndpoint *endpoint)
{
    return !endpoint->status_whole && endpoint->status_open == mgr_endpoint_count_targets(endpoint) + 1;
}

/* Up to the first of which something is to be said; one, where there is something already: none waits for ever. */
static void push_counted(MgrDue *due, HlTime mono)
{
    MgrEndpoint *endpoint;

    for (due->looks = 0; due->looks < (due->whole.length == 0 ? MAX_LOOKS : 1); due->looks++) {
        endpoint = g_queue_peek_head(&due->counted);
        if (endpoint == NULL || mono - endpoint->status_mono < COUNT_AFTER)
            return;
        g_queue_pop_head(&due->counted);
        endpoint->status_counted = false;
        if (!is_told(endpoint))
            push(due, endpoint);
    }
}

/* The one whose turn it is in the round: it was not told since that began.  At the end the room for it is given back.
 */
static MgrEndpoint *next_of_round(MgrDue *due)
{
    MgrEndpoint *endpoint = NULL;

    while (due->round->len > 0) {
        endpoint = due->round->pdata[due->round->len - 1];
        if (endpoint != NULL && endpoint->status_round)
            return endpoint;
        g_ptr_array_set_size(due->round, (int)due->round->len - 1);
    }
    if (endpoint != NULL)
        mgr_due_begin_round(due, 0);
    return NULL;
}

MgrEndpoint *mgr_due_next(MgrDue *due, HlTime mono)
{
    MgrEndpoint *endpoint;

    push_counted(due, mono);
    while ((endpoint = g_queue_peek_head(&due->whole)) != NULL && is_told(endpoint)) {
        g_queue_pop_head(&due->whole);
        endpoint->status_dirty = false;
    }
    return endpoint != NULL ? endpoint : next_of_round(due);
}

void mgr_due_told(MgrDue *due, MgrEndpoint *endpoint)
{
    g_assert(g_queue_peek_head(&due->whole) == (endpoint->status_dirty ? endpoint : NULL));
    g_queue_pop_head(&due->whole);
    endpoint->status_dirty = endpoint->status_whole = endpoint->status_round = false;
    endpoint->status_open = mgr_endpoint_count_targets(endpoint) + 1;
}
