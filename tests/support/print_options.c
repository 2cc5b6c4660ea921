/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the option tables of the programs as Markdown, for docs/configuration.md: print-options
 * manager|endpoint|console|settings. tools/check-docs compares the document with it. */
#include <stdio.h>
#include <string.h>

#include "endpoint/core/conf.h"
#include "manager/console/core/conf.h"
#include "manager/core/conf.h"
#include "proto/settings.h"

static const char *fallback_of(const HlOption *row)
{
    return row->fallback;
}

static const struct {
    const char *name;
    HlOptionTable (*table)(void);
    const char *heading;
    const char *(*value)(const HlOption *row);
} tables[] = {
    { "manager", mgr_conf_table, "default", fallback_of },
    { "console", con_conf_table, "default", fallback_of },
    { "endpoint", ep_conf_table, "default", fallback_of },
    { "settings", hl_settings_table, "of a new group", hl_settings_of_new_group },
};

static void print_table(HlOptionTable table, const char *heading, const char *(*value)(const HlOption *row))
{
    printf("| option | %s | takes | meaning |\n|---|---|---|---|\n", heading);
    for (size_t i = 0; i < table.count; i++) {
        const HlOption *row = &table.rows[i];
        g_autofree char *takes = hl_option_describe(row);
        const char *text = value(row);
        const char *quote = *text != '\0' ? "`" : "";

        printf("| `%s` | %s%s%s | %s%s | %s |\n", row->name, quote, text, quote, takes,
               row->check != NULL ? "; form: see below" : "", row->help);
    }
}

int main(int argc, char **argv)
{
    for (gsize i = 0; argc == 2 && i < G_N_ELEMENTS(tables); i++) {
        if (strcmp(argv[1], tables[i].name) == 0) {
            print_table(tables[i].table(), tables[i].heading, tables[i].value);
            return 0;
        }
    }
    fprintf(stderr, "usage: print-options manager|endpoint|console|settings\n");
    return 2;
}
