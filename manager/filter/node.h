/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter is made of, for parser.c and filter.c alone. */
#ifndef MANAGER_FILTER_NODE_H
#define MANAGER_FILTER_NODE_H

#include "manager/filter/filter.h"

typedef enum { MGR_NODE_ALL, MGR_NODE_WORD, MGR_NODE_COMPARE, MGR_NODE_NOT, MGR_NODE_AND, MGR_NODE_OR } MgrNodeKind;
typedef enum {
    MGR_HAS,
    MGR_LIKE,
    MGR_EQUAL,
    MGR_UNEQUAL,
    MGR_LESS,
    MGR_LESS_EQUAL,
    MGR_GREATER,
    MGR_GREATER_EQUAL
} MgrOperator;

typedef struct {
    MgrNodeKind kind;
    guint left, right; /* numbers of nodes */
    int column;
    MgrOperator operator;
    bool is_name;    /* SELECT: words[0] is a name that is to be bound */
    char *component; /* of pattern.NAME; NULL otherwise */
    char **words;    /* what is looked for, without case: one of them */
    int64_t number;
} MgrNode;

struct MgrFilter {
    MgrFilterUse use;
    GArray *nodes;    /* of MgrNode */
    guint root;       /* of the conditions */
    bool has_root;    /* there are some */
    GPtrArray *names; /* SELECT: of char *, ends with NULL */
};

/* A comma-separated value of the column may be this word, which also stands for a condition. */
bool mgr_word_is_value(const MgrFilterWord *word, int column);

/* The word of that name; NULL: there is none. */
const MgrFilterWord *mgr_word_find(const char *name, gsize size);

#endif
