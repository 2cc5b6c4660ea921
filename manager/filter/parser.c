/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/base/nearest.h"
#include "manager/filter/fault.h"
#include "manager/filter/node.h"

#define SHOWN    40             /* characters of what a fault is at */
#define VERSION  "pattern."     /* of one component; also as in the document, patterns.NAME */
#define ENDS     " ()\":=<>!,~" /* of a bare word: a blank, a bracket or an operator */
#define NAMED    "name"         /* the kind of all names: commas between them widen */
#define NO_PLACE ((guint)-1)

typedef struct {
    MgrFilter *filter;
    const char *text, *at;
    HlTime now;
    guint depth, wide;
    gsize spent; /* bytes of conditions and patterns */
    GError **error;
} Parser;

/* Part of the list that commas separate. */
typedef struct {
    const char *kind; /* NULL: it is like no other */
    guint node;
} Part;

static const struct {
    const char *text;
    MgrOperator operator;
} operators[] = {
    { ":", MGR_HAS },   { "~", MGR_LIKE }, { "!=", MGR_UNEQUAL }, { "<=", MGR_LESS_EQUAL }, { ">=", MGR_GREATER_EQUAL },
    { "=", MGR_EQUAL }, { "<", MGR_LESS }, { ">", MGR_GREATER },
};

static bool parse_or(Parser *parser, guint *node);
static bool parse_list(Parser *parser, guint *root, bool *has_root);

static void clear_node(gpointer user)
{
    MgrNode *node = user;

    g_free(node->component);
    g_strfreev(node->words);
}

static bool add_node(Parser *parser, MgrNode node, guint *number)
{
    *number = parser->filter->nodes->len;
    g_array_append_val(parser->filter->nodes, node);
    return *number < MGR_MAX_TERMS || mgr_fault_limit_fail(parser->error, MGR_FAULT_PARTS, MGR_MAX_TERMS);
}

static bool fail_nearest(Parser *parser, MgrFault fault, const char *nearest)
{
    g_autofree char *near = g_utf8_substring(parser->at, 0, MIN(g_utf8_strlen(parser->at, -1), SHOWN));
    glong at = g_utf8_pointer_to_offset(parser->text, parser->at) + 1;

    return mgr_fault_fail(parser->error, fault, (MgrFaultPlace){ near, at }, nearest);
}

static bool fail_at(Parser *parser, MgrFault fault)
{
    return fail_nearest(parser, fault, NULL);
}

static void skip_blanks(Parser *parser)
{
    parser->at += strspn(parser->at, " ");
}

static bool is_keyword(const char *at, const char *word)
{
    gsize size = strlen(word);

    return g_ascii_strncasecmp(at, word, size) == 0 && strchr(" (),", at[size]) != NULL; /* or the end */
}

static bool parse_text(Parser *parser, char **text)
{
    const char *end;
    gsize size;

    if (*parser->at == '"') {
        end = strchr(parser->at + 1, '"');
        if (end == NULL)
            return fail_at(parser, MGR_FAULT_QUOTE);
        *text = g_strndup(parser->at + 1, (gsize)(end - parser->at) - 1);
        parser->at = end + 1;
        return true;
    }
    size = strcspn(parser->at, " ()\",");
    if (size == 0)
        return fail_at(parser, MGR_FAULT_VALUE);
    *text = g_strndup(parser->at, size);
    parser->at += size;
    return true;
}

/* ------------------------------------------------------------------------------------------------------ comparisons */

/* "last-seen" and "last_seen" are one.  -1: there is none. */
static int column_of(const char *name)
{
    g_autofree char *column = g_strdelimit(g_ascii_strdown(name, -1), "-", '_');

    return mgr_column_find(strcmp(column, "status") == 0    ? "actual"
                           : strcmp(column, "version") == 0 ? "program"
                                                            : column);
}

/* "virus" of pattern.virus and patterns.virus; NULL: it is no component's version. */
static const char *component_of(const char *name)
{
    if (g_str_has_prefix(name, VERSION))
        return name + strlen(VERSION);
    return g_str_has_prefix(name, "patterns.") ? name + strlen("patterns.") : NULL;
}

/* Whether what follows a comma is no further value of the column, but a condition of its own. */
static bool begins_part(const char *at, int column)
{
    gsize size = strcspn(at, ENDS);
    g_autofree char *name = g_strndup(at, size);
    const MgrFilterWord *word = mgr_word_find(name, size);

    if (*at == '(')
        return true;
    if (at[size] != '\0' && strchr(":=<>!~", at[size]) != NULL)
        return component_of(name) != NULL || column_of(name) >= 0;
    return word != NULL && !mgr_word_is_value(word, column);
}

static bool parse_values(Parser *parser, int column, GPtrArray *values)
{
    do {
        char *text = NULL;

        if (values->len > 0)
            parser->at++;
        if (!parse_text(parser, &text))
            return false;
        g_ptr_array_add(values, text);
        if (values->len > MGR_MAX_TERMS)
            return mgr_fault_limit_fail(parser->error, MGR_FAULT_VALUES, MGR_MAX_TERMS);
    } while (*parser->at == ',' && !begins_part(parser->at + 1, column));
    return true;
}

/* "30d" without a sign: that long ago, or ahead, so that more is earlier where the column is of the past. */
static bool parse_distance(const Parser *parser, MgrNode *node, const char *text)
{
    static const MgrOperator turned[] = { [MGR_LESS] = MGR_GREATER,
                                          [MGR_LESS_EQUAL] = MGR_GREATER_EQUAL,
                                          [MGR_GREATER] = MGR_LESS,
                                          [MGR_GREATER_EQUAL] = MGR_LESS_EQUAL };
    bool is_ahead = mgr_columns[node->column].is_ahead;
    HlTime distance;

    if (node->operator<MGR_LESS || !hl_duration_parse(text, &distance, NULL))
        return false;
    node->number = is_ahead ? parser->now + distance : parser->now - distance;
    if (!is_ahead)
        node->operator= turned[node->operator];
    return true;
}

static bool parse_time(const Parser *parser, MgrNode *node, const char *text)
{
    g_autofree char *day = g_strconcat(text, "T00:00:00Z", NULL);
    HlTime distance;

    node->number = 0;
    if (strcmp(text, "never") == 0 || hl_time_parse(text, &node->number, NULL) ||
        hl_time_parse(day, &node->number, NULL))
        return true;
    if (*text != '-' && *text != '+')
        return parse_distance(parser, node, text);
    if (!hl_duration_parse(text + 1, &distance, NULL))
        return false;
    node->number = *text == '-' ? parser->now - distance : parser->now + distance;
    return true;
}

static bool parse_flag(const char *text, int64_t *flag)
{
    *flag = g_ascii_strcasecmp(text, "yes") == 0 || g_ascii_strcasecmp(text, "true") == 0;
    return *flag != 0 || g_ascii_strcasecmp(text, "no") == 0 || g_ascii_strcasecmp(text, "false") == 0;
}

static bool take_number(Parser *parser, MgrNode *node, const char *value)
{
    MgrColumnKind kind = node->component != NULL ? MGR_NUMBER : mgr_columns[node->column].kind;

    if (node->operator== MGR_LIKE)
        return fail_at(parser, MGR_FAULT_TEXT);
    if (node->operator== MGR_HAS)
        node->operator= MGR_EQUAL;
    switch (kind) {
    case MGR_NUMBER:
        return g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &node->number, NULL) ||
               fail_at(parser, MGR_FAULT_NUMBER);
    case MGR_TIME:
        return parse_time(parser, node, value) || fail_at(parser, MGR_FAULT_TIME);
    case MGR_FLAG:
        return ((node->operator== MGR_EQUAL || node->operator== MGR_UNEQUAL) && parse_flag(value, &node->number)) ||
               fail_at(parser, MGR_FAULT_FLAG);
    case MGR_TEXT:
    case MGR_WORD:
    case MGR_SET:
    case MGR_VERSION:
        break;
    }
    g_assert_not_reached();
}

/* A version is digits first: "new" would be older than all. */
static bool check_versions(Parser *parser, const MgrNode *node, const GPtrArray *values)
{
    if (node->operator> MGR_UNEQUAL && values->len> 1)
        return fail_at(parser, MGR_FAULT_ONE_VERSION);
    for (guint i = 0; i < values->len && node->operator!= MGR_LIKE; i++)
        if (!g_ascii_isdigit(*(const char *)values->pdata[i]))
            return fail_at(parser, MGR_FAULT_VERSION);
    return true;
}

/* A word that the column never says, and nearly is one that it says: the empty list would be taken for the
 * answer.  Others pass, for a later version may know them. */
static bool check_words(Parser *parser, const MgrNode *node, const GPtrArray *values)
{
    const char *const *known = mgr_column_values(node->column);

    for (guint i = 0; known != NULL && node->operator!= MGR_LIKE && i<values->len; i++) {
        const char *word = values->pdata[i];
        const char *nearest = hl_nearest(word, known);

        if (nearest != NULL && g_ascii_strcasecmp(word, nearest) != 0)
            return fail_nearest(parser, MGR_FAULT_NEAREST_VALUE, nearest);
    }
    return true;
}

static bool take_values(Parser *parser, MgrNode *node, const GPtrArray *values)
{
    bool is_version = mgr_columns[node->column].kind == MGR_VERSION;

    if (node->component != NULL || !mgr_column_is_text(node->column))
        return values->len == 1 ? take_number(parser, node, values->pdata[0]) : fail_at(parser, MGR_FAULT_ONE_VALUE);
    if (is_version && !check_versions(parser, node, values))
        return false;
    if (node->operator> MGR_UNEQUAL && !is_version)
        return fail_at(parser, MGR_FAULT_ORDER);
    if (!check_words(parser, node, values))
        return false;
    node->words = g_new0(char *, values->len + 1);
    for (guint i = 0; i < values->len; i++)
        node->words[i] = g_utf8_casefold(values->pdata[i], -1);
    return true;
}

static bool fail_column(Parser *parser, const char *name)
{
    const char *names[MGR_N_COLUMNS + 1] = { NULL };
    g_autofree char *column = g_strdelimit(g_ascii_strdown(name, -1), "-", '_');
    const char *nearest;
    MgrFault fault = mgr_fault_of_member(column, &nearest);

    if (fault != MGR_FAULT_COLUMN)
        return fail_nearest(parser, fault, nearest);
    for (int i = 0; i < MGR_N_COLUMNS; i++)
        names[i] = mgr_columns[i].name;
    nearest = hl_nearest(column, names);
    return fail_nearest(parser, nearest != NULL ? MGR_FAULT_NEAREST : MGR_FAULT_COLUMN, nearest);
}

static bool find_column(Parser *parser, const char *name, MgrNode *node)
{
    const char *component = component_of(name);

    if (component != NULL) {
        node->component = g_strdup(component);
        node->column = MGR_COLUMN_PATTERNS;
        return true;
    }
    node->column = column_of(name);
    return node->column >= 0 || fail_column(parser, name);
}

static bool parse_compare(Parser *parser, gsize size, guint *number)
{
    g_autofree char *name = g_strndup(parser->at, size);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    MgrNode node = { .kind = MGR_NODE_COMPARE };
    gsize i = 0;

    if (!find_column(parser, name, &node))
        return false;
    parser->at += size;
    while (i < G_N_ELEMENTS(operators) && !g_str_has_prefix(parser->at, operators[i].text))
        i++;
    if (i == G_N_ELEMENTS(operators)) {
        g_free(node.component);
        return fail_at(parser, MGR_FAULT_OPERATOR);
    }
    node.operator= operators[i].operator;
    parser->at += strlen(operators[i].text);
    if (parse_values(parser, node.column, values) && take_values(parser, &node, values))
        return add_node(parser, node, number);
    clear_node(&node);
    return false;
}

/* ------------------------------------------------------------------------------------------------------ expressions */

/* What a word stands for is in the same language. */
static bool parse_word(Parser *parser, const MgrFilterWord *word, guint *number)
{
    Parser inner = *parser;

    inner.text = inner.at = word->means;
    return parse_or(&inner, number);
}

static MgrNode text_node(const Parser *parser, const char *text)
{
    MgrNode node = { .kind = MGR_NODE_COMPARE, .operator= MGR_EQUAL, .words = g_new0(char *, 2) };
    bool selects = parser->filter->use == MGR_FILTER_SELECT;

    if (strpbrk(text, "*?") != NULL) {
        node.operator= MGR_LIKE;
        node.column = *text == '@' ? MGR_COLUMN_GROUP : MGR_COLUMN_HOST;
    } else if (*text == '@' && !selects) {
        node.column = MGR_COLUMN_GROUP;
    } else if (selects) {
        node.is_name = true;
        node.words[0] = g_strdup(text);
        return node;
    } else {
        node.kind = MGR_NODE_WORD;
    }
    node.words[0] = g_utf8_casefold(text + (node.kind == MGR_NODE_COMPARE && *text == '@'), -1);
    return node;
}

static bool parse_term(Parser *parser, guint *number)
{
    gsize size = strcspn(parser->at, ENDS);
    const MgrFilterWord *word = mgr_word_find(parser->at, size);
    g_autofree char *text = NULL;

    if (size > 0 && parser->at[size] != '\0' && strchr(":=<>!~", parser->at[size]) != NULL)
        return parse_compare(parser, size, number);
    if (is_keyword(parser->at, "and") || is_keyword(parser->at, "or"))
        return fail_at(parser, MGR_FAULT_BEFORE);
    if (word != NULL) {
        parser->at += size;
        return parse_word(parser, word, number);
    }
    if (parser->filter->use == MGR_FILTER_SELECT && is_keyword(parser->at, "all")) {
        parser->at += strlen("all");
        return add_node(parser, (MgrNode){ .kind = MGR_NODE_ALL }, number);
    }
    if (!parse_text(parser, &text))
        return false;
    g_assert(text != NULL);
    return add_node(parser, text_node(parser, text), number);
}

/* A list of its own: whatever its commas widen, as a part of another list it narrows that. */
static bool parse_group(Parser *parser, guint *number)
{
    bool is_some;

    parser->at++;
    if (!parse_list(parser, number, &is_some))
        return false;
    if (*parser->at != ')')
        return fail_at(parser, MGR_FAULT_OPEN);
    if (!is_some)
        return fail_at(parser, MGR_FAULT_VALUE);
    parser->at++;
    return true;
}

static bool parse_not(Parser *parser, guint *number)
{
    bool is_not = is_keyword(parser->at, "not");
    MgrNode node = { .kind = MGR_NODE_NOT };
    bool done;

    if (++parser->depth > MGR_MAX_DEPTH)
        return mgr_fault_limit_fail(parser->error, MGR_FAULT_DEPTH, MGR_MAX_DEPTH);
    if (is_not || *parser->at == '-') {
        parser->at += is_not ? strlen("not") : 1;
        skip_blanks(parser);
        done = parse_not(parser, &node.left) && add_node(parser, node, number);
    } else {
        done = *parser->at == '(' ? parse_group(parser, number) : parse_term(parser, number);
    }
    parser->depth--;
    skip_blanks(parser);
    return done;
}

static bool parse_and(Parser *parser, guint *number)
{
    if (!parse_not(parser, number))
        return false;
    while (*parser->at != '\0' && *parser->at != ')' && *parser->at != ',' && !is_keyword(parser->at, "or")) {
        MgrNode node = { .kind = MGR_NODE_AND, .left = *number };

        if (is_keyword(parser->at, "and"))
            parser->at += strlen("and");
        skip_blanks(parser);
        if (!parse_not(parser, &node.right) || !add_node(parser, node, number))
            return false;
    }
    return true;
}

static bool parse_or(Parser *parser, guint *number)
{
    skip_blanks(parser);
    if (!parse_and(parser, number))
        return false;
    while (is_keyword(parser->at, "or")) {
        MgrNode node = { .kind = MGR_NODE_OR, .left = *number };

        parser->at += strlen("or");
        skip_blanks(parser);
        if (!parse_and(parser, &node.right) || !add_node(parser, node, number))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ lists */

/* Of a list in brackets.  A name there is one condition of several. */
static bool is_inner(const Parser *parser)
{
    return parser->depth > 0;
}

/* The part up to the comma or the end, if it is one name or one word; *end is behind it. */
static bool is_alone(const char *at, const char **end)
{
    gsize size = strcspn(at, ENDS);
    const char *close = *at == '"' ? strchr(at + 1, '"') : NULL;

    *end = close != NULL ? close + 1 : at + size;
    *end += strspn(*end, " ");
    return (close != NULL || (size > 0 && *at != '-')) && strchr(",)", **end) != NULL && !is_keyword(at, "not") &&
           !is_keyword(at, "and") && !is_keyword(at, "or");
}

static bool spend(Parser *parser, const char *from)
{
    parser->spent += (gsize)(parser->at - from);
    return parser->spent <= MGR_MAX_FILTER || mgr_fault_limit_fail(parser->error, MGR_FAULT_SPENT, MGR_MAX_FILTER);
}

/* What is more than one endpoint's is held against all of them. */
static bool count_wide(Parser *parser, const char *name, const char *from)
{
    if (!mgr_filter_is_wide(name))
        return true;
    if (++parser->wide > MGR_MAX_TERMS)
        return mgr_fault_limit_fail(parser->error, MGR_FAULT_WIDE, MGR_MAX_TERMS);
    return strpbrk(name, "*?") == NULL || spend(parser, from);
}

static bool add_name(Parser *parser, const char *end)
{
    const char *from = parser->at;
    g_autofree char *name = g_strndup(parser->at, (gsize)(end - parser->at));
    gsize size;

    g_strchomp(name);
    size = strlen(name);
    if (*name == '"') {
        name[size - 1] = '\0';
        memmove(name, name + 1, size - 1);
    }
    parser->at = end;
    if (!count_wide(parser, name, from))
        return false;
    g_ptr_array_insert(parser->filter->names, (int)parser->filter->names->len - 1, g_steal_pointer(&name));
    return true;
}

static bool parse_part(Parser *parser, Part *part)
{
    const char *from = parser->at;
    const char *end;
    bool alone = is_alone(parser->at, &end);
    const MgrFilterWord *word = alone ? mgr_word_find(parser->at, strcspn(parser->at, ENDS)) : NULL;

    *part = (Part){ word != NULL ? word->kind : alone ? NAMED : NULL, NO_PLACE };
    if (alone && word == NULL && parser->filter->use == MGR_FILTER_SELECT && !is_inner(parser))
        return add_name(parser, end);
    return parse_or(parser, &part->node) && (is_inner(parser) || spend(parser, from));
}

/* Widens the part of the same kind, or is one more. */
static bool add_part(Parser *parser, GArray *parts, Part part)
{
    guint i = 0;

    if (part.node == NO_PLACE)
        return true;
    while (i < parts->len && (part.kind == NULL || g_strcmp0(g_array_index(parts, Part, i).kind, part.kind) != 0))
        i++;
    if (i < parts->len) {
        Part *same = &g_array_index(parts, Part, i);

        return add_node(parser, (MgrNode){ .kind = MGR_NODE_OR, .left = same->node, .right = part.node }, &same->node);
    }
    g_array_append_val(parts, part);
    return true;
}

static bool join_parts(Parser *parser, const GArray *parts, guint *root)
{
    for (guint i = 0; i < parts->len; i++) {
        Part part = g_array_index(parts, Part, i);

        if (i == 0)
            *root = part.node;
        else if (!add_node(parser, (MgrNode){ .kind = MGR_NODE_AND, .left = *root, .right = part.node }, root))
            return false;
    }
    return true;
}

/* A selector may have commas too many, as scripts write them. */
static bool is_empty(const Parser *parser)
{
    return parser->filter->use == MGR_FILTER_SELECT && strchr(",)", *parser->at) != NULL; /* or the end */
}

/* Up to a bracket or the end. */
static bool parse_list(Parser *parser, guint *root, bool *has_root)
{
    g_autoptr(GArray) parts = g_array_new(FALSE, FALSE, sizeof(Part));
    Part part;

    for (;;) {
        skip_blanks(parser);
        if (!is_empty(parser) && (!parse_part(parser, &part) || !add_part(parser, parts, part)))
            return false;
        if (*parser->at != ',')
            break;
        parser->at++;
    }
    *has_root = parts->len > 0;
    return join_parts(parser, parts, root);
}

static bool parse_all(Parser *parser)
{
    return parse_list(parser, &parser->filter->root, &parser->filter->has_root) &&
           (*parser->at == '\0' || fail_at(parser, MGR_FAULT_CLOSE));
}

MgrFilter *mgr_filter_parse(const char *text, MgrFilterUse use, HlTime now, GError **error)
{
    g_autoptr(MgrFilter) filter = g_new0(MgrFilter, 1);
    Parser parser = { .filter = filter, .text = text, .at = text, .now = now, .error = error };

    filter->use = use;
    filter->names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(filter->names, NULL);
    filter->nodes = g_array_new(FALSE, FALSE, sizeof(MgrNode));
    g_array_set_clear_func(filter->nodes, clear_node);
    if ((use == MGR_FILTER_SEARCH && strlen(text) > MGR_MAX_FILTER) || !g_utf8_validate(text, -1, NULL)) {
        mgr_fault_limit_fail(error, MGR_FAULT_BYTES, MGR_MAX_FILTER);
        return NULL;
    }
    if (use == MGR_FILTER_SEARCH && text[strspn(text, " ")] == '\0')
        return g_steal_pointer(&filter);
    return parse_all(&parser) ? g_steal_pointer(&filter) : NULL;
}
