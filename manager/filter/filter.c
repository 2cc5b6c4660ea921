/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/filter/filter.h"

#include <string.h>

#include "lib/base/ident.h"
#include "manager/filter/node.h"

void mgr_filter_free(MgrFilter *filter)
{
    if (filter == NULL)
        return;
    g_array_unref(filter->nodes);
    g_ptr_array_unref(filter->names);
    g_free(filter);
}

/* ---------------------------------------------------------------------------------------------------------- judging */

static bool compare_numbers(int64_t a, MgrOperator operator, int64_t b)
{
    switch (operator) {
    case MGR_HAS:
    case MGR_LIKE:
    case MGR_EQUAL:
        return a == b;
    case MGR_UNEQUAL:
        return a != b;
    case MGR_LESS:
        return a < b;
    case MGR_LESS_EQUAL:
        return a <= b;
    case MGR_GREATER:
        return a > b;
    case MGR_GREATER_EQUAL:
        return a >= b;
    }
    g_assert_not_reached();
}

static bool is_one_of(const MgrNode *node, const char *folded)
{
    bool contains = node->operator==
                    MGR_HAS &&(mgr_columns[node->column].kind == MGR_TEXT || mgr_columns[node->column].kind == MGR_SET);

    for (char **word = node->words; *word != NULL; word++)
        if (node->operator== MGR_LIKE ? mgr_name_is_like(folded, *word)
            : contains                ? strstr(folded, *word) != NULL
                                      : strcmp(folded, *word) == 0)
            return true;
    return false;
}

/* One that is not known is of no version. */
static bool compare_version(const MgrNode *node, const char *version)
{
    for (char **word = node->words; *word != NULL && *version != '\0'; word++)
        if (compare_numbers(mgr_version_compare(version, *word),
                            node->operator== MGR_UNEQUAL ? MGR_EQUAL : node->operator, 0))
            return true;
    return false;
}

static bool compare_text(const MgrNode *node, const char *text)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    bool is_it = mgr_columns[node->column].kind == MGR_VERSION && node->operator!= MGR_LIKE
                     ? compare_version(node, text)
                     : is_one_of(node, folded);

    return is_it != (node->operator== MGR_UNEQUAL);
}

/* A group by its id, or by what people call it. */
static bool compare_group(const MgrNode *node, const MgrFilterRows *rows, gconstpointer row)
{
    g_autofree char *owned = NULL;
    g_autofree char *owned_too = NULL;
    bool by_id = compare_text(node, rows->value(row, MGR_COLUMN_GROUP, rows->user, &owned).text);
    bool by_name = compare_text(node, rows->value(row, MGR_COLUMN_GROUP_DISPLAY, rows->user, &owned_too).text);

    return node->operator== MGR_UNEQUAL ? by_id && by_name : by_id || by_name;
}

/* A name that was bound is an id: what others call their groups has no say. */
static bool compare_id(const MgrNode *node, const char *id)
{
    return strcmp(id, node->words[0]) == 0;
}

/* What never was is neither before nor after anything. */
static bool compare(const MgrNode *node, const MgrFilterRows *rows, gconstpointer row)
{
    g_autofree char *owned = NULL;
    MgrValue value = rows->value(row, node->column, rows->user, &owned);
    int64_t version;

    if (node->component != NULL)
        return mgr_set_find(value.text, node->component, &version) &&
               compare_numbers(version, node->operator, node->number);
    if (node->is_name)
        return compare_id(node, value.text);
    if (node->column == MGR_COLUMN_GROUP && node->words != NULL)
        return compare_group(node, rows, row);
    if (node->words != NULL)
        return compare_text(node, value.text);
    if (mgr_columns[node->column].kind == MGR_TIME && value.number == 0 && node->operator>= MGR_LESS)
        return false;
    return compare_numbers(value.number, node->operator, node->number);
}

static bool judge(const MgrFilter *filter, guint number, const MgrFilterRows *rows, gconstpointer row)
{
    const MgrNode *node = &g_array_index(filter->nodes, MgrNode, number);

    switch (node->kind) {
    case MGR_NODE_ALL:
        return true;
    case MGR_NODE_WORD:
        return strstr(rows->searched(row, rows->user), node->words[0]) != NULL;
    case MGR_NODE_COMPARE:
        return compare(node, rows, row);
    case MGR_NODE_NOT:
        return !judge(filter, node->left, rows, row);
    case MGR_NODE_AND:
        return judge(filter, node->left, rows, row) && judge(filter, node->right, rows, row);
    case MGR_NODE_OR:
        return judge(filter, node->left, rows, row) || judge(filter, node->right, rows, row);
    }
    g_assert_not_reached();
}

bool mgr_filter_takes(const MgrFilter *filter, const MgrFilterRows *rows, gconstpointer row)
{
    return !filter->has_root || judge(filter, filter->root, rows, row);
}

/* ------------------------------------------------------------------------------------------------------------ names */

const char *const *mgr_filter_names(const MgrFilter *filter)
{
    return (const char *const *)filter->names->pdata;
}

bool mgr_filter_has_conditions(const MgrFilter *filter)
{
    return filter->has_root;
}

bool mgr_filter_asks(const MgrFilter *filter, int column)
{
    for (guint i = 0; i < filter->nodes->len; i++) {
        const MgrNode *node = &g_array_index(filter->nodes, MgrNode, i);

        if (node->kind == MGR_NODE_COMPARE && node->column == column)
            return true;
    }
    return false;
}

static bool bind_groups(MgrFilter *filter, MgrBindFn bind, gpointer user, GError **error)
{
    for (guint i = 0; filter->names->pdata[i] != NULL; i++) {
        const char *name = filter->names->pdata[i];
        char *bound;

        if (*name != '@' || strpbrk(name, "*?") != NULL)
            continue;
        bound = bind(name, user, error);
        if (bound == NULL)
            return false;
        g_free(filter->names->pdata[i]);
        filter->names->pdata[i] = bound;
    }
    return true;
}

bool mgr_filter_bind(MgrFilter *filter, MgrBindFn bind, gpointer user, GError **error)
{
    for (guint i = 0; i < filter->nodes->len; i++) {
        MgrNode *node = &g_array_index(filter->nodes, MgrNode, i);
        g_autofree char *bound = node->is_name ? bind(node->words[0], user, error) : NULL;

        if (!node->is_name)
            continue;
        if (bound == NULL)
            return false;
        node->column = *bound == '@' ? MGR_COLUMN_GROUP : MGR_COLUMN_ID;
        g_free(node->words[0]);
        node->words[0] = g_strdup(bound + (*bound == '@'));
    }
    return bind_groups(filter, bind, user, error);
}

char *mgr_filter_selector(const MgrFilter *filter)
{
    const MgrNode *node = filter->has_root ? &g_array_index(filter->nodes, MgrNode, filter->root) : NULL;

    if (filter->use == MGR_FILTER_SEARCH && (node == NULL || node->kind == MGR_NODE_ALL))
        return g_strdup("all");
    if (node != NULL && node->kind == MGR_NODE_COMPARE && node->column == MGR_COLUMN_GROUP &&
        (node->operator== MGR_HAS || node->operator== MGR_EQUAL) && node->words[1] == NULL &&
        hl_ident_is_valid(node->words[0])) /* a comma inside would separate selectors */
        return g_strconcat("@", node->words[0], NULL);
    return NULL;
}
