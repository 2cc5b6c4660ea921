/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json_share.h"

#include <string.h>

#include "lib/base/unconst.h"

#define SLOTS 4096 /* a value goes to the slot of its hash, whatever was there */
#define DEEP  4    /* objects below that are shared by nobody */

struct HlJsonShare {
    json_t *slots[SLOTS];
};

HlJsonShare *hl_json_share_new(void)
{
    return g_new0(HlJsonShare, 1);
}

void hl_json_share_free(HlJsonShare *share)
{
    if (share == NULL)
        return;
    for (guint i = 0; i < SLOTS; i++)
        json_decref(share->slots[i]);
    g_free(share);
}

static guint hash_of(const json_t *value, guint depth);

static guint hash_object(const json_t *value, guint depth)
{
    guint hash = 5381;
    const char *name;
    json_t *member;

    json_object_foreach(hl_unconst(value), name, member)
    {
        hash += g_str_hash(name) * 31 + hash_of(member, depth + 1); /* equal objects may have another order */
    }
    return hash;
}

static guint hash_of(const json_t *value, guint depth)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return g_str_hash(json_string_value(value));
    case JSON_INTEGER: {
        gint64 number = json_integer_value(value);

        return g_int64_hash(&number);
    }
    case JSON_OBJECT:
        return depth < DEEP ? hash_object(value, depth) : 1;
    case JSON_ARRAY:
        return (guint)json_array_size(value) * 2654435761U;
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return 0;
}

/* Jansson has one true, false and null anyway. */
static bool is_worth_it(const json_t *value)
{
    return json_is_string(value) || json_is_integer(value) || json_is_object(value) || json_is_array(value);
}

/* The members of an object have an order, in which it is printed: json_equal does not look at that. */
static bool is_in_order(const json_t *a, const json_t *b)
{
    void *one = json_object_iter(hl_unconst(a));
    void *other = json_object_iter(hl_unconst(b));

    for (; one != NULL && other != NULL;
         one = json_object_iter_next(hl_unconst(a), one), other = json_object_iter_next(hl_unconst(b), other))
        if (strcmp(json_object_iter_key(one), json_object_iter_key(other)) != 0)
            return false;
    return one == NULL && other == NULL;
}

static bool is_same(const json_t *a, const json_t *b)
{
    return a != NULL && json_equal(a, b) && (!json_is_object(a) || is_in_order(a, b));
}

void hl_json_share_row(HlJsonShare *share, json_t *row)
{
    for (void *at = json_object_iter(row); at != NULL; at = json_object_iter_next(row, at)) {
        json_t *value = json_object_iter_value(at);
        json_t **slot = &share->slots[is_worth_it(value) ? hash_of(value, 0) % SLOTS : 0];

        if (!is_worth_it(value) || *slot == value)
            continue;
        if (is_same(*slot, value)) {
            json_object_iter_set(row, at, *slot);
        } else {
            json_decref(*slot);
            *slot = json_incref(value);
        }
    }
}
