/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/component.h"

#include <string.h>

#define YARA_PREFIX "YARA."
#define MAX_FILE    ((gsize)1024 * 1024 * 1024)

static gboolean is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
}

/* A rule's name stands after "rule" and blanks. */
static gboolean is_rule(const char *text, const char *at)
{
    while (at > text && g_ascii_isspace(at[-1]))
        at--;
    return at - text >= 4 && memcmp(at - 4, "rule", 4) == 0;
}

gboolean ep_component_defines(const char *text, gsize size, const char *signature)
{
    gboolean is_yara = g_str_has_prefix(signature, YARA_PREFIX);
    const char *name = is_yara ? signature + strlen(YARA_PREFIX) : signature;
    gsize length = strlen(name);
    const char *end = text + size;

    for (const char *at = text; length > 0 && (at = memmem(at, (gsize)(end - at), name, length)) != NULL; at++) {
        char before = at > text ? at[-1] : '\n';
        char after = at + length < end ? at[length] : '\n';

        if (is_yara
                ? is_rule(text, at) && !is_word(after)
                : (before == '\n' || before == ':') && (after == ':' || after == ';' || after == '\n' || after == '\r'))
            return TRUE;
    }
    return FALSE;
}

static gboolean file_defines(const char *path, const char *signature)
{
    GMappedFile *file = g_mapped_file_new(path, FALSE, NULL);
    gboolean defines = FALSE;

    if (file == NULL)
        return FALSE;
    if (g_mapped_file_get_length(file) > 0 && g_mapped_file_get_length(file) <= MAX_FILE)
        defines = ep_component_defines(g_mapped_file_get_contents(file), g_mapped_file_get_length(file), signature);
    g_mapped_file_unref(file);
    return defines;
}

char *ep_component_find(const char *directory, const char *signature)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);

        if (strchr(name, '.') != NULL && file_defines(path, signature))
            return g_strndup(name, strcspn(name, "."));
    }
    return g_strdup("");
}
