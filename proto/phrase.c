/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/phrase.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "proto/phrase_table.h"

#define MAX_DEPTH     8  /* phrases in phrases: as many sources as an update may have */
#define MAX_SENTENCES 32 /* of one text; the rest stays as it is */
#define MAX_ENDS      8  /* how many of the separators may be inside a template */
#define SEPARATOR     2  /* bytes */

typedef struct {
    const char *at;
    gsize size;
} Slice;

/* One way to read the beginning of a text. */
typedef struct {
    Slice text;           /* what is read; the separator or the end follows */
    const char *template; /* NULL: none fits */
    const char *holds;
    gsize weight; /* bytes of the template that are the text's own */
    Slice args[HL_PHRASE_ARGS];
} Reading;

typedef struct {
    const char *separators; /* first bytes; a blank is the second */
    HlPhraseLanguage language;
    int depth;
} Job;

static void translate(GString *out, Slice text, const Job *job);

/* ------------------------------------------------------------------------------------------------------ separators */

/* The next ": " or "; "; size if there is none. */
static gsize find_separator(Slice text, gsize from, const char *separators)
{
    for (gsize i = from; i + 1 < text.size; i++)
        if (text.at[i + 1] == ' ' && text.at[i] != '\0' && strchr(separators, text.at[i]) != NULL)
            return i;
    return text.size;
}

static bool is_one_sentence(Slice text)
{
    return find_separator(text, 0, ":;") == text.size;
}

/* -------------------------------------------------------------------------------------------------------- matching */

/* What stands where a conversion is, before the literal that follows it; false: nothing fits.  The first place of the
 * literal is the only one that is tried, so that a template costs no more than a look at every byte. */
static bool take(char conversion, Slice *rest, Slice literal, bool is_last, Slice *arg)
{
    const char *found;

    *arg = (Slice){ rest->at, 0 };
    if (conversion == 'u')
        while (arg->size < rest->size && g_ascii_isdigit(rest->at[arg->size]))
            arg->size++;
    else if (is_last)
        arg->size = rest->size >= literal.size ? rest->size - literal.size : 0;
    else if ((found = memmem(rest->at, rest->size, literal.at, literal.size)) != NULL)
        arg->size = (gsize)(found - rest->at);
    if (arg->size == 0 || arg->size + literal.size > rest->size ||
        memcmp(rest->at + arg->size, literal.at, literal.size) != 0)
        return false;
    rest->at += arg->size + literal.size;
    rest->size -= arg->size + literal.size;
    return true;
}

/* What the n-th conversion holds. */
static char kind_of(const char *holds, gsize n)
{
    if (n < strlen(holds))
        return holds[n];
    return '-';
}

/* NULL: it is none of the table's. */
static const HlPhraseWord *find_word(Slice text)
{
    for (gsize i = 0; i < hl_n_phrase_words; i++)
        if (strlen(hl_phrase_words[i].word) == text.size && memcmp(hl_phrase_words[i].word, text.at, text.size) == 0)
            return &hl_phrase_words[i];
    return NULL;
}

static const char *say_word(const HlPhraseWord *word, HlPhraseLanguage language)
{
    const char *text = word->text != NULL ? word->text : word->word;
    const char *said = language(text);

    return said != text ? said : word->word;
}

/* Without the sentences around it: a name or a phrase that holds a separator is taken for more than it is. */
static bool may_hold(char kind, Slice arg)
{
    return kind == 'w' ? find_word(arg) != NULL : kind == 's' || is_one_sentence(arg);
}

static bool match(const char *template, const char *holds, Slice text, Reading *reading)
{
    Slice literal = { template, strcspn(template, "%") };
    Slice rest = text;
    gsize weight = literal.size;

    if (literal.size > rest.size || memcmp(rest.at, literal.at, literal.size) != 0)
        return false;
    rest = (Slice){ rest.at + literal.size, rest.size - literal.size };
    template += literal.size;
    for (gsize n = 0; *template != '\0' && n < HL_PHRASE_ARGS; n++) {
        char conversion = template[1];

        template += 2;
        literal = (Slice){ template, strcspn(template, "%") };
        template += literal.size;
        weight += literal.size;
        if (!take(conversion, &rest, literal, *template == '\0', &reading->args[n]) ||
            !may_hold(kind_of(holds, n), reading->args[n]))
            return false;
    }
    reading->weight = weight;
    return rest.size == 0;
}

/* The later of two readings is better if it explains more of the text, or as much and longer. */
static void consider(Reading *best, const char *template, const char *holds, Slice text)
{
    Reading reading = { .text = text, .template = template, .holds = holds };

    if (match(template, holds, text, &reading) && (best->template == NULL || reading.weight >= best->weight))
        *best = reading;
}

static void consider_all(Reading *best, Slice text)
{
    const HlPhrase *row;

    for (gsize i = 0; (row = hl_phrase_row(i)) != NULL; i++)
        consider(best, row->text, row->holds, text);
    for (gsize i = 0; i < hl_n_phrase_errnos; i++)
        consider(best, hl_phrase_errnos[i].text, "", text);
}

/* The sentence at the beginning of text; one that no template fits ends at the first separator. */
static Reading read_sentence(Slice text, const char *separators)
{
    gsize end = find_separator(text, 0, separators);
    Reading best = { .text = { text.at, end } };

    for (int i = 0; i < MAX_ENDS; i++) {
        consider_all(&best, (Slice){ text.at, end });
        if (end == text.size)
            return best;
        end = find_separator(text, end + SEPARATOR, separators);
    }
    consider_all(&best, text);
    return best;
}

/* ------------------------------------------------------------------------------------------------------ formatting */

static void append_word(GString *out, Slice text, const Job *job)
{
    const HlPhraseWord *word = find_word(text);

    if (word != NULL)
        g_string_append(out, say_word(word, job->language));
    else
        g_string_append_len(out, text.at, (gssize)text.size);
}

/* "failed=1 succeeded=9" */
static void append_counts(GString *out, Slice text, const Job *job)
{
    while (text.size > 0) {
        const char *blank = memchr(text.at, ' ', text.size);
        gsize size = blank != NULL ? (gsize)(blank - text.at) + 1 : text.size;
        const char *sign = memchr(text.at, '=', size);
        gsize name = sign != NULL ? (gsize)(sign - text.at) : 0;

        append_word(out, (Slice){ text.at, name }, job);
        g_string_append_len(out, text.at + name, (gssize)(size - name));
        text = (Slice){ text.at + size, text.size - size };
    }
}

static void append_arg(GString *out, const Reading *reading, gsize n, const Job *job)
{
    char kind = kind_of(reading->holds, n);
    Job inner = { kind == 'l' ? "," : ":;", job->language, job->depth + 1 };

    if (n >= HL_PHRASE_ARGS)
        return;
    if (strchr("spl", kind) != NULL)
        translate(out, reading->args[n], &inner);
    else if (kind == 'w' || kind == 'n')
        append_word(out, reading->args[n], job);
    else if (kind == 'c')
        append_counts(out, reading->args[n], job);
    else
        g_string_append_len(out, reading->args[n].at, (gssize)reading->args[n].size);
}

/* "%2$s": the argument's number is 2, and *format moves past it.  Without a number it is the next. */
static gsize next_arg(const char **format, gsize *next)
{
    gsize digits = strspn(*format, "0123456789");
    gsize number = 0;

    if (digits == 0 || digits > 2 || (*format)[digits] != '$')
        return (*next)++;
    for (gsize i = 0; i < digits; i++)
        number = number * 10 + (gsize)((*format)[i] - '0');
    *format += digits + 1;
    return number - 1;
}

/* The translation is the format; what was taken out of the text only fills it. */
static void append_translation(GString *out, const Reading *reading, const Job *job)
{
    const char *format = job->language(reading->template);
    gsize next = 0;

    while (*format != '\0') {
        gsize literal = strcspn(format, "%");

        g_string_append_len(out, format, (gssize)literal);
        format += literal;
        if (*format == '\0')
            return;
        format++;
        if (*format == '%')
            g_string_append_c(out, '%');
        else
            append_arg(out, reading, next_arg(&format, &next), job);
        format += *format != '\0';
    }
}

static void translate(GString *out, Slice text, const Job *job)
{
    for (int i = 0; i < MAX_SENTENCES && text.size > 0 && job->depth < MAX_DEPTH; i++) {
        Reading reading = read_sentence(text, job->separators);
        gsize used = MIN(reading.text.size + SEPARATOR, text.size);

        if (reading.template != NULL)
            append_translation(out, &reading, job);
        else
            g_string_append_len(out, reading.text.at, (gssize)reading.text.size);
        g_string_append_len(out, text.at + reading.text.size, (gssize)(used - reading.text.size));
        text = (Slice){ text.at + used, text.size - used };
    }
    g_string_append_len(out, text.at, (gssize)text.size);
}

char *hl_phrase_detail_to(const char *english, HlPhraseLanguage language)
{
    const HlPhraseWord *word = find_word((Slice){ english, strlen(english) });

    return word != NULL ? g_strdup(say_word(word, language)) : hl_phrase_translate_to(english, language);
}

char *hl_phrase_translate_to(const char *english, HlPhraseLanguage language)
{
    Job job = { ":;", language, 0 };
    Slice text = { english, strlen(english) };
    GString *out;

    if (text.size > HL_PHRASE_MAX)
        return g_strdup(english);
    out = g_string_sized_new(text.size);
    translate(out, text, &job);
    return g_string_free(out, FALSE);
}

static const char *of_user(const char *message)
{
    return hl_tr(message);
}

char *hl_phrase_translate(const char *english)
{
    return hl_phrase_translate_to(english, of_user);
}

char *hl_phrase_error(const GError *error)
{
    return hl_phrase_translate(error->message);
}

char *hl_phrase_detail(const char *english)
{
    return hl_phrase_detail_to(english, of_user);
}

const char *hl_phrase_word(const char *word)
{
    const HlPhraseWord *found = find_word((Slice){ word, strlen(word) });

    return found != NULL ? say_word(found, of_user) : word;
}
