/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/filter.h"

#include <string.h>

#include "lib/base/ident.h"

#define SHOWN   40
#define VERSION "pattern." /* of one component */

typedef enum { ALL, WORD, COMPARE, NOT, AND, OR } NodeKind;
typedef enum { HAS, EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL } Operator;

typedef struct {
    NodeKind kind;
    guint left, right; /* numbers of nodes */
    int column;
    Operator operator;
    char *component; /* of pattern.NAME; NULL otherwise */
    char **words;    /* what is looked for, without case: one of them */
    int64_t number;
} Node;

struct ConFilter {
    GArray *nodes; /* of Node */
    guint root;
};

typedef struct {
    ConFilter *filter;
    const char *text, *at;
    HlTime now;
    guint depth;
    GError **error;
} Parser;

static const struct {
    const char *text;
    Operator operator;
} operators[] = {
    { ":", HAS },   { "!=", UNEQUAL }, { "<=", LESS_EQUAL }, { ">=", GREATER_EQUAL },
    { "=", EQUAL }, { "<", LESS },     { ">", GREATER },
};

static bool parse_or(Parser *parser, guint *node);

static void clear_node(gpointer user)
{
    Node *node = user;

    g_free(node->component);
    g_strfreev(node->words);
}

static bool add_node(Parser *parser, Node node, guint *number)
{
    *number = parser->filter->nodes->len;
    g_array_append_val(parser->filter->nodes, node);
    return *number < CON_MAX_TERMS ||
           hl_fail(parser->error, HL_ERROR_LIMIT, "the filter has more than %d parts", CON_MAX_TERMS);
}

static bool fail_at(Parser *parser, const char *what)
{
    return hl_fail(parser->error, HL_ERROR_INVALID, "the filter at '%.*s', character %ld: %s", SHOWN, parser->at,
                   g_utf8_pointer_to_offset(parser->text, parser->at) + 1, what);
}

static void skip_blanks(Parser *parser)
{
    parser->at += strspn(parser->at, " ");
}

/* Up to a blank, a bracket or an operator. */
static gsize bare_size(const char *at)
{
    return strcspn(at, " ()\":=<>!,");
}

static bool is_keyword(const char *at, const char *word)
{
    gsize size = strlen(word);

    return g_ascii_strncasecmp(at, word, size) == 0 && strchr(" ()", at[size]) != NULL; /* or the end */
}

static bool parse_text(Parser *parser, char **text)
{
    const char *end;
    gsize size;

    if (*parser->at == '"') {
        end = strchr(parser->at + 1, '"');
        if (end == NULL)
            return fail_at(parser, "the quotation mark is not closed");
        *text = g_strndup(parser->at + 1, (gsize)(end - parser->at) - 1);
        parser->at = end + 1;
        return true;
    }
    size = strcspn(parser->at, " ()\",");
    if (size == 0)
        return fail_at(parser, "a value is missing");
    *text = g_strndup(parser->at, size);
    parser->at += size;
    return true;
}

static bool parse_values(Parser *parser, GPtrArray *values)
{
    do {
        char *text = NULL;

        if (values->len > 0)
            parser->at++;
        if (!parse_text(parser, &text))
            return false;
        g_ptr_array_add(values, text);
        if (values->len > CON_MAX_TERMS)
            return hl_fail(parser->error, HL_ERROR_LIMIT, "the filter names more than %d values", CON_MAX_TERMS);
    } while (*parser->at == ',');
    return true;
}

static bool parse_time(const Parser *parser, const char *text, int64_t *time)
{
    g_autofree char *day = g_strconcat(text, "T00:00:00Z", NULL);
    HlTime distance;

    *time = 0;
    if (strcmp(text, "never") == 0 || hl_time_parse(text, time, NULL) || hl_time_parse(day, time, NULL))
        return true;
    if ((*text != '-' && *text != '+') || !hl_duration_parse(text + 1, &distance, NULL))
        return false;
    *time = *text == '-' ? parser->now - distance : parser->now + distance;
    return true;
}

static bool parse_flag(const char *text, int64_t *flag)
{
    *flag = g_ascii_strcasecmp(text, "yes") == 0 || g_ascii_strcasecmp(text, "true") == 0;
    return *flag != 0 || g_ascii_strcasecmp(text, "no") == 0 || g_ascii_strcasecmp(text, "false") == 0;
}

static bool take_number(Parser *parser, Node *node, const char *value)
{
    ConKind kind = node->component != NULL ? CON_NUMBER : con_columns[node->column].kind;

    if (node->operator== HAS)
        node->operator= EQUAL;
    switch (kind) {
    case CON_NUMBER:
        return g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &node->number, NULL) ||
               fail_at(parser, "a whole number belongs before this");
    case CON_TIME:
        return parse_time(parser, value, &node->number) ||
               fail_at(parser, "a time belongs before this: 2026-11-27, 2026-11-27T03:31:01Z, -7d, +30d or never");
    case CON_FLAG:
        return ((node->operator== EQUAL || node->operator== UNEQUAL) && parse_flag(value, &node->number)) ||
               fail_at(parser, "yes or no belongs before this");
    case CON_TEXT:
    case CON_WORD:
    case CON_SET:
        break;
    }
    g_assert_not_reached();
}

static bool take_values(Parser *parser, Node *node, GPtrArray *values)
{
    bool is_number = node->component != NULL ||
                     (con_columns[node->column].kind != CON_TEXT && con_columns[node->column].kind != CON_WORD &&
                      con_columns[node->column].kind != CON_SET);

    if (is_number)
        return values->len == 1 ? take_number(parser, node, values->pdata[0])
                                : fail_at(parser, "this column takes one value");
    if (node->operator> UNEQUAL)
        return fail_at(parser, "this column has no order: use ':', '=' or '!='");
    node->words = g_new0(char *, values->len + 1);
    for (guint i = 0; i < values->len; i++)
        node->words[i] = g_utf8_casefold(values->pdata[i], -1);
    return true;
}

static bool find_column(Parser *parser, const char *name, Node *node)
{
    if (g_str_has_prefix(name, VERSION)) {
        node->component = g_strdup(name + strlen(VERSION));
        node->column = con_column_find("patterns");
        return true;
    }
    node->column = con_column_find(strcmp(name, "status") == 0 ? "actual" : name);
    return node->column >= 0 || fail_at(parser, "there is no such column");
}

static bool parse_compare(Parser *parser, gsize size, guint *number)
{
    g_autofree char *name = g_strndup(parser->at, size);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
    Node node = { .kind = COMPARE };
    gsize i = 0;

    if (!find_column(parser, name, &node))
        return false;
    parser->at += size;
    while (i < G_N_ELEMENTS(operators) && !g_str_has_prefix(parser->at, operators[i].text))
        i++;
    if (i == G_N_ELEMENTS(operators)) {
        g_free(node.component);
        return fail_at(parser, "'!' is followed by '='");
    }
    node.operator= operators[i].operator;
    parser->at += strlen(operators[i].text);
    if (parse_values(parser, values) && take_values(parser, &node, values))
        return add_node(parser, node, number);
    clear_node(&node);
    return false;
}

static bool parse_term(Parser *parser, guint *number)
{
    gsize size = bare_size(parser->at);
    g_autofree char *text = NULL;
    Node node = { .kind = WORD };

    if (size > 0 && parser->at[size] != '\0' && strchr(":=<>!", parser->at[size]) != NULL)
        return parse_compare(parser, size, number);
    if (is_keyword(parser->at, "and") || is_keyword(parser->at, "or"))
        return fail_at(parser, "something is missing before this; as a word it goes into quotation marks");
    if (!parse_text(parser, &text))
        return false;
    node.words = g_new0(char *, 2);
    node.words[0] = g_utf8_casefold(text, -1);
    return add_node(parser, node, number);
}

static bool parse_group(Parser *parser, guint *number)
{
    parser->at++;
    if (!parse_or(parser, number))
        return false;
    if (*parser->at != ')')
        return fail_at(parser, "a closing bracket is missing");
    parser->at++;
    return true;
}

static bool parse_not(Parser *parser, guint *number)
{
    bool is_not = is_keyword(parser->at, "not");
    Node node = { .kind = NOT };
    bool done;

    if (++parser->depth > CON_MAX_DEPTH)
        return hl_fail(parser->error, HL_ERROR_LIMIT, "the filter is nested deeper than %d", CON_MAX_DEPTH);
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
    while (*parser->at != '\0' && *parser->at != ')' && !is_keyword(parser->at, "or")) {
        Node node = { .kind = AND, .left = *number };

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
        Node node = { .kind = OR, .left = *number };

        parser->at += strlen("or");
        skip_blanks(parser);
        if (!parse_and(parser, &node.right) || !add_node(parser, node, number))
            return false;
    }
    return true;
}

ConFilter *con_filter_parse(const char *text, HlTime now, GError **error)
{
    g_autoptr(ConFilter) filter = g_new0(ConFilter, 1);
    Parser parser = { .filter = filter, .text = text, .at = text, .now = now, .error = error };

    filter->nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    g_array_set_clear_func(filter->nodes, clear_node);
    if (strlen(text) > CON_MAX_FILTER || !g_utf8_validate(text, -1, NULL)) {
        hl_fail(error, HL_ERROR_LIMIT, "a filter is text of at most %d bytes", CON_MAX_FILTER);
        return NULL;
    }
    skip_blanks(&parser);
    if (*parser.at == '\0')
        return add_node(&parser, (Node){ .kind = ALL }, &filter->root) ? g_steal_pointer(&filter) : NULL;
    if (!parse_or(&parser, &filter->root))
        return NULL;
    if (*parser.at == '\0')
        return g_steal_pointer(&filter);
    fail_at(&parser, "this bracket closes nothing");
    return NULL;
}

void con_filter_free(ConFilter *filter)
{
    if (filter == NULL)
        return;
    g_array_unref(filter->nodes);
    g_free(filter);
}

/* ----------------------------------------------------------------------------------------------------------- judging
 */

static bool compare_numbers(int64_t a, Operator operator, int64_t b)
{
    switch (operator) {
    case HAS:
    case EQUAL:
        return a == b;
    case UNEQUAL:
        return a != b;
    case LESS:
        return a < b;
    case LESS_EQUAL:
        return a <= b;
    case GREATER:
        return a > b;
    case GREATER_EQUAL:
        return a >= b;
    }
    g_assert_not_reached();
}

static bool has_word(const Node *node, const char *text)
{
    bool contains = node->operator== HAS && con_columns[node->column].kind != CON_WORD;
    g_autofree char *folded = g_utf8_casefold(text, -1);

    for (char **word = node->words; *word != NULL; word++)
        if (contains ? strstr(folded, *word) != NULL : strcmp(folded, *word) == 0)
            return true;
    return false;
}

/* What never was is neither before nor after anything. */
static bool compare(const Node *node, const ConRow *row)
{
    ConValue value = row->values[node->column];
    int64_t version;

    if (node->component != NULL)
        return con_set_find(value.text, node->component, &version) &&
               compare_numbers(version, node->operator, node->number);
    if (node->words != NULL)
        return has_word(node, value.text) != (node->operator== UNEQUAL);
    if (con_columns[node->column].kind == CON_TIME && value.number == 0 && node->operator>= LESS)
        return false;
    return compare_numbers(value.number, node->operator, node->number);
}

static bool judge(const ConFilter *filter, guint number, const ConRow *row)
{
    const Node *node = &g_array_index(filter->nodes, Node, number);

    switch (node->kind) {
    case ALL:
        return true;
    case WORD:
        return strstr(row->folded, node->words[0]) != NULL;
    case COMPARE:
        return compare(node, row);
    case NOT:
        return !judge(filter, node->left, row);
    case AND:
        return judge(filter, node->left, row) && judge(filter, node->right, row);
    case OR:
        return judge(filter, node->left, row) || judge(filter, node->right, row);
    }
    g_assert_not_reached();
}

bool con_filter_takes(const ConFilter *filter, const ConRow *row)
{
    return judge(filter, filter->root, row);
}

char *con_filter_selector(const ConFilter *filter)
{
    const Node *node = &g_array_index(filter->nodes, Node, filter->root);

    if (node->kind == ALL)
        return g_strdup("all");
    if (node->kind == COMPARE && node->column == CON_COLUMN_GROUP &&
        node->operator<= EQUAL && node->words[1] == NULL &&
        hl_ident_is_valid(node->words[0])) /* a comma inside would separate selectors */
        return g_strconcat("@", node->words[0], NULL);
    return NULL;
}
