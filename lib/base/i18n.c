/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/i18n.h"

#include <libintl.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

#define DOMAIN "holdline"

static bool translates;

/* Beside the program: the build tree and every prefix have the same two folders. */
static char *catalogues(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program == NULL ? g_strdup(".") : g_path_get_dirname(program);

    return g_build_filename(folder, HOLDLINE_LOCALE_FROM_BIN, NULL);
}

void hl_i18n_init(void)
{
    g_autofree char *folder = catalogues();

    setlocale(LC_CTYPE, "");
    setlocale(LC_MESSAGES, "");
    bindtextdomain(DOMAIN, folder);
    bind_textdomain_codeset(DOMAIN, "UTF-8");
    translates = true;
}

void hl_i18n_end(void)
{
    translates = false;
}

/* ------------------------------------------------------------------------------------------- in a language by name */

#define MAGIC       0x950412deU /* of a catalogue (.mo) in this machine's order of bytes, as msgfmt makes it */
#define HEADER_SIZE 28
#define MAX_SIZE    (16U * 1024 * 1024)

static guint32 word_at(const char *bytes, gsize offset)
{
    guint32 word;

    memcpy(&word, bytes + offset, sizeof word);
    return word;
}

/* The n-th text of a table of lengths and offsets; NULL: it is not inside the file, or does not end. */
static const char *text_at(const char *bytes, gsize size, gsize table, gsize n)
{
    gsize row = table + 8 * n;
    gsize length, offset;

    if (row + 8 > size)
        return NULL;
    length = word_at(bytes, row);
    offset = word_at(bytes, row + 4);
    return offset < size && length < size - offset && bytes[offset + length] == '\0' ? bytes + offset : NULL;
}

/* Texts -> translations, which live as long as the program; empty if there is no catalogue. */
static GHashTable *read_catalogue(const char *language)
{
    g_autofree char *folder = catalogues();
    g_autofree char *path = g_strdup_printf("%s/%s/LC_MESSAGES/" DOMAIN ".mo", folder, language);
    GHashTable *texts = g_hash_table_new(g_str_hash, g_str_equal);
    char *bytes = NULL;
    gsize size = 0;

    if (!g_file_get_contents(path, &bytes, &size, NULL) || size < HEADER_SIZE || size > MAX_SIZE ||
        word_at(bytes, 0) != MAGIC) {
        g_free(bytes);
        return texts;
    }
    for (gsize n = 0; n < word_at(bytes, 8) && n < size; n++) {
        const char *from = text_at(bytes, size, word_at(bytes, 12), n);
        const char *to = text_at(bytes, size, word_at(bytes, 16), n);

        if (from != NULL && to != NULL && *from != '\0' && *to != '\0')
            g_hash_table_insert(texts, bytes + (from - bytes), bytes + (to - bytes));
    }
    return texts;
}

const char *hl_tr_in(const char *language, const char *text)
{
    static GHashTable *languages; /* name -> texts */
    GHashTable *texts;
    const char *translated;

    if (languages == NULL)
        languages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    texts = g_hash_table_lookup(languages, language);
    if (texts == NULL) {
        texts = read_catalogue(language);
        g_hash_table_insert(languages, g_strdup(language), texts);
    }
    translated = g_hash_table_lookup(texts, text);
    return translated != NULL ? translated : text;
}

const char *hl_tr_japanese(const char *text)
{
    return hl_tr_in("ja", text);
}

const char *hl_tr(const char *text)
{
    return translates && *text != '\0' ? dgettext(DOMAIN, text) : text; /* "" is the catalogue's header */
}

const char *hl_trn(const char *one, const char *many, gulong n)
{
    return translates ? dngettext(DOMAIN, one, many, n) : n == 1 ? one : many;
}
