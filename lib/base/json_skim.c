/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/json_skim.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/json.h"

typedef struct {
    const char *at, *end;
    guint depth;
} Skim;

static bool skim_value(Skim *skim);

static void skip_blanks(Skim *skim)
{
    while (skim->at < skim->end && (*skim->at == ' ' || *skim->at == '\n' || *skim->at == '\t' || *skim->at == '\r'))
        skim->at++;
}

static bool skip_char(Skim *skim, char c)
{
    bool is_there = skim->at < skim->end && *skim->at == c;

    skim->at += is_there;
    return is_there;
}

static bool skip_word(Skim *skim, const char *word)
{
    gsize size = strlen(word);
    bool is_there = (gsize)(skim->end - skim->at) >= size && memcmp(skim->at, word, size) == 0;

    skim->at += is_there ? size : 0;
    return is_there;
}

/* Behind a backslash. */
static bool skip_escape(Skim *skim)
{
    if (skim->at == skim->end)
        return false;
    if (*skim->at != 'u')
        return strchr("\"\\/bfnrt", *skim->at++) != NULL && skim->at[-1] != '\0';
    if (skim->end - skim->at < 5)
        return false;
    for (guint i = 1; i <= 4; i++)
        if (!g_ascii_isxdigit(skim->at[i]))
            return false;
    skim->at += 5;
    return true;
}

static bool skim_string(Skim *skim)
{
    if (!skip_char(skim, '"'))
        return false;
    while (skim->at < skim->end) {
        unsigned char c = (unsigned char)*skim->at++;

        if (c == '"')
            return true;
        if (c < ' ' || (c == '\\' && !skip_escape(skim)))
            return false;
    }
    return false;
}

static bool skip_digits(Skim *skim)
{
    const char *from = skim->at;

    while (skim->at < skim->end && g_ascii_isdigit(*skim->at))
        skim->at++;
    return skim->at > from;
}

/* Neither "01" nor "1." nor ".5". */
static bool skim_number(Skim *skim)
{
    (void)skip_char(skim, '-');
    if (!skip_char(skim, '0') && !skip_digits(skim))
        return false;
    if (skip_char(skim, '.') && !skip_digits(skim))
        return false;
    if (!skip_char(skim, 'e') && !skip_char(skim, 'E'))
        return true;
    if (!skip_char(skim, '+'))
        (void)skip_char(skim, '-');
    return skip_digits(skim);
}

static bool skim_list(Skim *skim)
{
    skip_blanks(skim);
    if (skip_char(skim, ']'))
        return true;
    do {
        if (!skim_value(skim))
            return false;
        skip_blanks(skim);
    } while (skip_char(skim, ','));
    return skip_char(skim, ']');
}

/* false: it was there before. */
static bool note(HlJsonMember *members, gsize n, const HlJsonMember *found, gsize name_size)
{
    for (gsize i = 0; i < n; i++)
        if (strlen(members[i].name) == name_size && memcmp(members[i].name, found->name, name_size) == 0) {
            if (members[i].text != NULL)
                return false;
            members[i] = (HlJsonMember){ members[i].name, found->text, found->size };
        }
    return true;
}

/* Behind the bracket. */
static bool skim_object(Skim *skim, HlJsonMember *members, gsize n)
{
    skip_blanks(skim);
    if (skip_char(skim, '}'))
        return true;
    do {
        HlJsonMember found = { 0 };
        gsize size;

        skip_blanks(skim);
        found.name = skim->at + 1;
        if (!skim_string(skim))
            return false;
        size = (gsize)(skim->at - 1 - found.name);
        skip_blanks(skim);
        if (!skip_char(skim, ':'))
            return false;
        skip_blanks(skim);
        found.text = skim->at;
        if (!skim_value(skim))
            return false;
        found.size = (gsize)(skim->at - found.text);
        if (!note(members, n, &found, size))
            return false;
        skip_blanks(skim);
    } while (skip_char(skim, ','));
    return skip_char(skim, '}');
}

static bool skim_nested(Skim *skim)
{
    bool is_object = *skim->at++ == '{';
    bool ok = ++skim->depth <= HL_JSON_DEPTH && (is_object ? skim_object(skim, NULL, 0) : skim_list(skim));

    skim->depth--;
    return ok;
}

static bool skim_value(Skim *skim)
{
    skip_blanks(skim);
    if (skim->at == skim->end)
        return false;
    switch (*skim->at) {
    case '{':
    case '[':
        return skim_nested(skim);
    case '"':
        return skim_string(skim);
    case 't':
        return skip_word(skim, "true");
    case 'f':
        return skip_word(skim, "false");
    case 'n':
        return skip_word(skim, "null");
    default:
        return skim_number(skim);
    }
}

gsize hl_json_skim(const char *text, gsize size, HlJsonMember *members, gsize n_members)
{
    Skim skim = { text, text + size, 1 };

    for (gsize i = 0; i < n_members; i++)
        members[i].text = NULL;
    return skip_char(&skim, '{') && skim_object(&skim, members, n_members) ? (gsize)(skim.at - text) : 0;
}
