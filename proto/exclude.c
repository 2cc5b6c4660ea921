/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/exclude.h"

#include <stdint.h>
#include <string.h>

#include "lib/base/escape.h"
#include "lib/base/text.h"
#include "proto/fault.h"

#define SHA256_DIGITS 64
#define RAW           0x80000000u /* a byte that is no part of a character */

/* A row becomes tokens, and a state of the match is the number of tokens that are behind it: all states that the path
 * so far can be in are held at once, so that no name makes it try again. */
typedef enum {
    TOKEN_ONE,  /* this symbol */
    TOKEN_ANY,  /* one */
    TOKEN_SET,  /* one of, or none of */
    TOKEN_SPAN, /* any number, but no '/' */
    TOKEN_DEEP, /* any number */
    TOKEN_DIRS, /* nothing, or anything that ends with '/' */
} TokenKind;

typedef struct {
    gunichar first, last;
} Range;

typedef struct {
    TokenKind kind;
    gunichar symbol;
    bool negated;
    guint range, n_ranges; /* where in Row.ranges, and how many */
} Token;

/* Two for what stands before a name, one for the end. */
#define MAX_STATES (HL_EXCLUDE_MAX_SIZE + 3)

typedef enum { ROW_PATH, ROW_SHA256, ROW_SIGNATURE } RowKind;

typedef struct {
    RowKind kind;
    char *text;
    char *sha256;
    GArray *tokens, *ranges;
} Row;

struct HlExcludes {
    GPtrArray *rows;
};

static void row_free(gpointer data)
{
    Row *row = data;

    g_free(row->text);
    g_free(row->sha256);
    g_array_unref(row->tokens);
    g_array_unref(row->ranges);
    g_free(row);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Row, row_free)

/* A character, or a byte where there is none. */
static gunichar next_symbol(const char **at)
{
    gunichar c = g_utf8_get_char_validated(*at, -1);

    if (c == (gunichar)-1 || c == (gunichar)-2)
        return RAW | (uint8_t) * (*at)++;
    *at = g_utf8_next_char(*at);
    return c;
}

static void add_token(Row *row, Token token)
{
    g_array_append_val(row->tokens, token);
}

/* Bytes are collected first: two escapes may be one character. */
static void flush(Row *row, GString *bytes)
{
    for (const char *at = bytes->str; *at != '\0';)
        add_token(row, (Token){ .kind = TOKEN_ONE, .symbol = next_symbol(&at) });
    g_string_truncate(bytes, 0);
}

/* What one escape at the start of the text stands for; 0: it is none. */
static char escaped(const char *text, gsize *size)
{
    g_autofree char *part = NULL;
    g_autofree char *bytes = NULL;

    *size = text[1] == 'x' ? 4 : 2;
    part = g_strndup(text, *size);
    bytes = hl_unescape(part);
    return (char)(bytes == NULL ? '\0' : bytes[0]);
}

/* A symbol of a set; false: the text ends, or the escape is malformed. */
static bool take_member(const char **at, gunichar *symbol)
{
    gsize size;
    char byte;

    if (**at == '\0')
        return false;
    if (**at != '\\') {
        *symbol = next_symbol(at);
        return true;
    }
    byte = escaped(*at, &size);
    *at += byte == '\0' ? 0 : size;
    *symbol = (uint8_t)byte < 0x80 ? (gunichar)byte : RAW | (uint8_t)byte;
    return byte != '\0';
}

/* From behind '[' to behind ']'. */
static bool take_set(Row *row, const char **at)
{
    Token token = { .kind = TOKEN_SET, .negated = **at == '!' || **at == '^', .range = row->ranges->len };

    *at += token.negated ? 1 : 0;
    do {
        Range range;

        if (!take_member(at, &range.first))
            return false;
        range.last = range.first;
        if (**at == '-' && (*at)[1] != ']') {
            (*at)++;
            if (!take_member(at, &range.last) || range.last < range.first)
                return false;
        }
        g_array_append_val(row->ranges, range);
        token.n_ranges++;
    } while (**at != ']');
    (*at)++;
    add_token(row, token);
    return true;
}

static void take_stars(Row *row, const char **at, bool after_slash)
{
    gsize n = strspn(*at, "*");
    TokenKind kind = row->kind == ROW_SIGNATURE || n > 1 ? TOKEN_DEEP : TOKEN_SPAN;

    *at += n;
    if (row->kind == ROW_PATH && n > 1 && after_slash && **at == '/') {
        kind = TOKEN_DIRS;
        (*at)++;
    }
    add_token(row, (Token){ .kind = kind });
}

static bool compile(Row *row, const char *pattern, GError **error)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    const char *at = pattern;

    while (*at != '\0') {
        gsize size = 1;
        char byte = *at;

        if (strchr("*?[", byte) != NULL) {
            flush(row, bytes);
            if (byte == '*')
                take_stars(row, &at, at > pattern && at[-1] == '/');
            else if (byte == '?')
                add_token(row, (Token){ .kind = TOKEN_ANY });
            at += byte == '*' ? 0 : 1;
            if (byte == '[' && !take_set(row, &at))
                return hl_proto_fail(error, HL_FAULT_EXCLUDE_SET, row->text, NULL);
            continue;
        }
        if (byte == '\\' && (byte = escaped(at, &size)) == '\0')
            return hl_proto_fail(error, HL_FAULT_EXCLUDE_BACKSLASH, row->text, NULL);
        g_string_append_c(bytes, byte);
        at += size;
    }
    flush(row, bytes);
    return true;
}

/* Whether anything is left to be scanned: wildcards and slashes alone are in every path. */
static bool names_something(const Row *row)
{
    for (guint i = 0; i < row->tokens->len; i++) {
        const Token *token = &g_array_index(row->tokens, Token, i);

        if ((token->kind == TOKEN_ONE && (token->symbol != '/' || row->kind != ROW_PATH)) || token->kind == TOKEN_SET)
            return true;
    }
    return false;
}

static bool check_parts(const char *path, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(path + 1, "/", -1);

    for (gsize i = 0; parts[i] != NULL; i++)
        if (*parts[i] == '\0' || strcmp(parts[i], ".") == 0 || strcmp(parts[i], "..") == 0)
            return hl_proto_fail(error, HL_FAULT_EXCLUDE_PART, text, NULL);
    return true;
}

static bool take_path(Row *row, const char *text, GError **error)
{
    gsize size = strlen(text);
    g_autofree char *path = g_strndup(text, size > 1 && text[size - 1] == '/' ? size - 1 : size);

    if (strcmp(path, "/") != 0 && !check_parts(path, row->text, error))
        return false;
    return compile(row, path, error);
}

static bool take_name(Row *row, const char *text, GError **error)
{
    const char *colon = strchr(text, ':');

    if (strchr(text, '/') != NULL)
        return hl_proto_fail(error, HL_FAULT_EXCLUDE_RELATIVE, row->text, NULL);
    if (strpbrk(text, "*?[") == NULL || (colon != NULL && colon < strpbrk(text, "*?[")))
        return hl_proto_fail(error, HL_FAULT_EXCLUDE, row->text, NULL);
    add_token(row, (Token){ .kind = TOKEN_ONE, .symbol = '/' });
    add_token(row, (Token){ .kind = TOKEN_DIRS });
    return compile(row, text, error);
}

static bool take_sha256(Row *row, const char *text, GError **error)
{
    row->sha256 = g_ascii_strdown(text, -1);
    if (strlen(row->sha256) == SHA256_DIGITS && strspn(row->sha256, "0123456789abcdef") == SHA256_DIGITS)
        return true;
    return hl_proto_fail(error, HL_FAULT_EXCLUDE_SHA256, row->text, HL_NUMBER(SHA256_DIGITS), NULL);
}

/* One row per form; the first whose beginning fits. */
static const struct {
    const char *beginning;
    bool stripped; /* of the beginning */
    RowKind kind;
    bool (*take)(Row *row, const char *text, GError **error);
} forms[] = {
    { "/", false, ROW_PATH, take_path },
    { "sha256:", true, ROW_SHA256, take_sha256 },
    { "signature:", true, ROW_SIGNATURE, compile },
    { "", false, ROW_PATH, take_name },
};

static bool check_text(const char *text, GError **error)
{
    if (strlen(text) > HL_EXCLUDE_MAX_SIZE) {
        g_autofree char *shown = g_strdup_printf("%.40s", text);

        return hl_proto_fail(error, HL_FAULT_EXCLUDE_LONG, shown, HL_NUMBER(HL_EXCLUDE_MAX_SIZE), NULL);
    }
    for (const char *at = text; *at != '\0';) {
        gunichar c = next_symbol(&at);

        if ((c & RAW) != 0 || hl_char_is_deceptive(c))
            return hl_proto_fail(error, HL_FAULT_EXCLUDE_BYTES, text, NULL);
    }
    return true;
}

static Row *row_new(const char *text, GError **error)
{
    g_autoptr(Row) row = g_new0(Row, 1);
    gsize form = 0;

    row->text = g_strdup(text);
    row->tokens = g_array_new(FALSE, FALSE, sizeof(Token));
    row->ranges = g_array_new(FALSE, FALSE, sizeof(Range));
    if (!check_text(text, error))
        return NULL;
    while (!g_str_has_prefix(text, forms[form].beginning))
        form++;
    row->kind = forms[form].kind;
    if (!forms[form].take(row, text + (forms[form].stripped ? strlen(forms[form].beginning) : 0), error))
        return NULL;
    if (row->kind != ROW_SHA256 && !names_something(row)) {
        hl_proto_fail(error, HL_FAULT_EXCLUDE_ALL, text, NULL);
        return NULL;
    }
    return g_steal_pointer(&row);
}

HlExcludes *hl_excludes_new(const char *const *rows, GError **error)
{
    g_autoptr(HlExcludes) excludes = g_new(HlExcludes, 1);

    excludes->rows = g_ptr_array_new_with_free_func(row_free);
    for (gsize i = 0; rows[i] != NULL; i++) {
        Row *row;

        if (i == HL_EXCLUDE_MAX_ROWS) {
            hl_proto_fail(error, HL_FAULT_EXCLUDE_MANY, HL_NUMBER(HL_EXCLUDE_MAX_ROWS), NULL);
            return NULL;
        }
        row = row_new(rows[i], error);
        if (row == NULL)
            return NULL;
        g_ptr_array_add(excludes->rows, row);
    }
    return g_steal_pointer(&excludes);
}

void hl_excludes_free(HlExcludes *excludes)
{
    g_ptr_array_unref(excludes->rows);
    g_free(excludes);
}

bool hl_excludes_check(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    g_autoptr(HlExcludes) excludes = NULL;

    for (gsize i = 0; parts[i] != NULL; i++)
        if (*g_strstrip(parts[i]) != '\0')
            g_ptr_array_add(rows, parts[i]);
    g_ptr_array_add(rows, NULL);
    excludes = hl_excludes_new((const char *const *)rows->pdata, error);
    return excludes != NULL;
}

static bool in_set(const Row *row, const Token *token, gunichar c)
{
    for (guint i = 0; i < token->n_ranges; i++) {
        const Range *range = &g_array_index(row->ranges, Range, token->range + i);

        if (c >= range->first && c <= range->last)
            return !token->negated;
    }
    return token->negated;
}

/* Reaches a state, and those behind it that take nothing. */
static void reach(const Row *row, bool *states, guint state)
{
    for (;; state++) {
        states[state] = true;
        if (state == row->tokens->len || g_array_index(row->tokens, Token, state).kind < TOKEN_SPAN)
            return;
    }
}

/* From one state by one symbol. */
static void step(const Row *row, bool *next, guint state, gunichar c)
{
    const Token *token = &g_array_index(row->tokens, Token, state);
    bool stops = c == '/' && row->kind == ROW_PATH; /* for a wildcard within a name */

    switch (token->kind) {
    case TOKEN_ONE:
        if (c == token->symbol)
            reach(row, next, state + 1);
        return;
    case TOKEN_ANY:
        if (!stops)
            reach(row, next, state + 1);
        return;
    case TOKEN_SET:
        if (!stops && in_set(row, token, c))
            reach(row, next, state + 1);
        return;
    case TOKEN_SPAN:
        if (!stops)
            reach(row, next, state);
        return;
    case TOKEN_DEEP:
        reach(row, next, state);
        return;
    case TOKEN_DIRS:
        next[state] = true; /* not those behind it: only a '/' ends it */
        if (c == '/')
            reach(row, next, state + 1);
        return;
    }
}

static bool matches(const Row *row, const char *text)
{
    bool now[MAX_STATES] = { false };
    guint end = row->tokens->len;

    reach(row, now, 0);
    for (const char *at = text; *at != '\0';) {
        bool next[MAX_STATES] = { false };
        gunichar c = next_symbol(&at);

        if (now[end] && c == '/' && row->kind == ROW_PATH)
            return true; /* below what it names */
        for (guint i = 0; i < end; i++)
            if (now[i])
                step(row, next, i, c);
        if (memchr(next, true, end + 1) == NULL)
            return false;
        memcpy(now, next, sizeof now);
    }
    return now[end];
}

static const char *find(const HlExcludes *excludes, RowKind kind, const char *text)
{
    for (guint i = 0; i < excludes->rows->len; i++) {
        const Row *row = g_ptr_array_index(excludes->rows, i);

        if (row->kind == kind && (kind == ROW_SHA256 ? strcmp(row->sha256, text) == 0 : matches(row, text)))
            return row->text;
    }
    return NULL;
}

const char *hl_excludes_path(const HlExcludes *excludes, const char *path)
{
    return find(excludes, ROW_PATH, path);
}

const char *hl_excludes_sha256(const HlExcludes *excludes, const char *sha256)
{
    return find(excludes, ROW_SHA256, sha256);
}

const char *hl_excludes_signature(const HlExcludes *excludes, const char *name)
{
    return find(excludes, ROW_SIGNATURE, name);
}
