/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/conf.h"

#include <string.h>

#include "lib/base/file.h"

#define MAX_FILE_SIZE (64 * 1024)

static bool apply_group(const char *name, GKeyFile *file, const char *group, HlOptionTable table, void *values,
                        GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

    for (gsize i = 0; keys != NULL && keys[i] != NULL; i++) {
        g_autofree char *option = g_strdup_printf("%s.%s", group, keys[i]);
        g_autofree char *text = g_key_file_get_value(file, group, keys[i], NULL);

        if (text == NULL || !hl_options_set(table, values, option, text, error))
            return hl_error_prefix(error, "%s: [%s] %s", name, group, keys[i]);
    }
    return true;
}

bool hl_conf_parse(const char *name, const char *text, gsize size, HlOptionTable table, void *values, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) problem = NULL;
    g_auto(GStrv) groups = NULL;

    if (!g_utf8_validate(text, (gssize)size, NULL))
        return hl_fail(error, HL_ERROR_INVALID, "%s: not UTF-8 text", name);
    if (size == 0 || !g_key_file_load_from_data(file, text, size, G_KEY_FILE_NONE, &problem))
        return hl_fail(error, HL_ERROR_INVALID, "%s: %s", name,
                       problem != NULL ? problem->message : "the file is empty");
    hl_options_clear(table, values);
    hl_options_init(table, values);
    groups = g_key_file_get_groups(file, NULL);
    for (gsize i = 0; groups[i] != NULL; i++) {
        if (!apply_group(name, file, groups[i], table, values, error)) {
            hl_options_clear(table, values);
            return false;
        }
    }
    return true;
}

bool hl_conf_load(const char *path, HlOptionTable table, void *values, GError **error)
{
    g_autofree char *text = hl_file_read_text(path, MAX_FILE_SIZE, error);

    return text != NULL && hl_conf_parse(path, text, strlen(text), table, values, error);
}

char *hl_conf_print(HlOptionTable table, const void *values)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *section = g_strdup("");

    for (size_t i = 0; i < table.count; i++) {
        const HlOption *option = &table.rows[i];
        const char *dot = strchr(option->name, '.');
        g_autofree char *own_section = g_strndup(option->name, (gsize)(dot - option->name));
        g_autofree char *value = hl_option_get(option, values);
        g_autofree char *takes = hl_option_describe(option);

        if (strcmp(section, own_section) != 0) {
            g_string_append_printf(out, "%s[%s]\n", out->len > 0 ? "\n" : "", own_section);
            g_free(section);
            section = g_steal_pointer(&own_section);
        }
        g_string_append_printf(out, "# %s: %s.\n%s = %s\n", option->help, takes, dot + 1, value);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
