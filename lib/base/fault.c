/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/fault.h"

#include <string.h>

#include "lib/base/text.h"

#define VALUE_SHOWN 500 /* characters */

/* The name in the next braces of *text, which goes on behind them; NULL: there is none.  Caller frees. */
static char *next_name(const char **text)
{
    const char *open = strchr(*text, '{');
    const char *close = open != NULL ? strchr(open, '}') : NULL;

    *text = close != NULL ? close + 1 : NULL;
    return close != NULL ? g_strndup(open + 1, (gsize)(close - open) - 1) : NULL;
}

/* So much of a value as a person reads; a stranger may have made it.  Caller frees. */
static char *cut(const char *value)
{
    g_autofree char *clean = hl_text_printable(value);

    if (g_utf8_strlen(clean, -1) <= VALUE_SHOWN)
        return g_steal_pointer(&clean);
    *g_utf8_offset_to_pointer(clean, VALUE_SHOWN) = '\0';
    return g_strconcat(clean, "...", NULL);
}

/* Each once, in their order. */
static GPtrArray *names_of(const char *text)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    char *name;

    while (text != NULL && (name = next_name(&text)) != NULL)
        if (g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
            g_free(name);
        else
            g_ptr_array_add(names, name);
    return names;
}

bool hl_fault_fail(GError **error, const HlFault *fault, const char *const *values)
{
    g_autoptr(GPtrArray) names = names_of(fault->text);
    g_autoptr(GPtrArray) shown = g_ptr_array_new_with_free_func(g_free);
    const char *arguments[2 * HL_FAULT_VALUES_MAX + 1] = { NULL };
    g_autoptr(GError) made = NULL;
    g_autofree char *text = NULL;

    for (guint i = 0; i < names->len && i < HL_FAULT_VALUES_MAX; i++) {
        g_ptr_array_add(shown, cut(*values != NULL ? *values++ : ""));
        arguments[2 * i] = g_ptr_array_index(names, i);
        arguments[2 * i + 1] = g_ptr_array_index(shown, i);
    }
    hl_fail(&made, fault->code, "%s", fault->sentence);
    hl_error_say(&made, fault->sentence, arguments);
    text = hl_fault_put(fault->text, made, "");
    hl_fail(error, fault->code, "%s", text);
    hl_error_say(error, fault->sentence, arguments);
    return false;
}

char *hl_fault_put(const char *text, const GError *error, const char *what)
{
    GString *out = g_string_new(NULL);

    while (text != NULL) {
        const char *from = text;
        g_autofree char *name = next_name(&text);
        const char *value = name == NULL ? NULL : strcmp(name, "what") == 0 ? what : hl_error_argument(error, name);

        g_string_append_len(out, from, name != NULL ? strchr(from, '{') - from : (gssize)strlen(from));
        g_string_append(out, value != NULL ? value : "");
    }
    return g_string_free(out, FALSE);
}

char *hl_fault_keep_prefix(const char *message, const char *english, const char *worded)
{
    if (!g_str_has_suffix(message, english))
        return g_strdup(worded);
    return g_strdup_printf("%.*s%s", (int)(strlen(message) - strlen(english)), message, worded);
}

/* Its value is a word of ours, which the catalogue may have; others are somebody's. */
static bool is_term(const char *name)
{
    static const char *const terms[] = { "act", "state", "role", "needed", "limit", NULL };

    return g_strv_contains(terms, name);
}

/* Also "auditor/owner".  Caller frees. */
static char *word_term(const char *value, HlFaultLanguage language)
{
    g_auto(GStrv) words = g_strsplit(value, "/", -1);
    GString *out = g_string_new(NULL);

    for (gsize i = 0; words[i] != NULL; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? "/" : "", *words[i] != '\0' ? language(words[i]) : "");
    return g_string_free(out, FALSE);
}

/* The text, which has its language, with the arguments of the error. */
static char *put_worded(const HlFault *fault, const GError *error, HlFaultLanguage language)
{
    g_autoptr(GPtrArray) arguments = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) worded = g_error_copy(error);

    for (const char *const *at = hl_error_arguments(error); at[0] != NULL; at += 2) {
        g_ptr_array_add(arguments, g_strdup(at[0]));
        g_ptr_array_add(arguments, is_term(at[0]) ? word_term(at[1], language) : g_strdup(at[1]));
    }
    g_ptr_array_add(arguments, NULL);
    hl_error_say(&worded, fault->sentence, (const char *const *)arguments->pdata);
    return hl_fault_put(language(fault->text), worded, "");
}

static const HlFault *find(const HlFaultTable *const *tables, const char *sentence)
{
    for (; *tables != NULL; tables++)
        for (gsize i = 0; i < (*tables)->n; i++)
            if (g_strcmp0(sentence, (*tables)->rows[i].sentence) == 0)
                return &(*tables)->rows[i];
    return NULL;
}

char *hl_fault_word(const HlFaultTable *const *tables, const GError *error, HlFaultLanguage language)
{
    const HlFault *fault = find(tables, hl_error_sentence(error));
    g_autofree char *english = NULL;
    g_autofree char *worded = NULL;

    if (fault == NULL)
        return NULL;
    english = hl_fault_put(fault->text, error, "");
    worded = put_worded(fault, error, language);
    return hl_fault_keep_prefix(error->message, english, worded);
}

const char *hl_number_text(char buffer[24], int64_t n)
{
    g_snprintf(buffer, 24, "%" G_GINT64_FORMAT, n);
    return buffer;
}
