/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the option tables of the programs as Markdown, for docs/operations.md: print-options
 * manager|endpoint|settings. tools/check-docs compares the document with it. */
#include <stdio.h>
#include <string.h>

#include "endpoint/core/conf.h"
#include "manager/core/conf.h"
#include "proto/settings.h"

static const struct {
    const char *name;
    HlOptionTable (*table)(void);
} tables[] = {
    { "manager", mgr_conf_table },
    { "endpoint", ep_conf_table },
    { "settings", hl_settings_table },
};

static void print_table(HlOptionTable table)
{
    printf("| option | default | takes | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < table.count; i++) {
        const HlOption *row = &table.rows[i];
        g_autofree char *takes = hl_option_describe(row);
        const char *quote = *row->fallback != '\0' ? "`" : "";

        printf("| `%s` | %s%s%s | %s%s | %s |\n", row->name, quote, row->fallback, quote, takes,
               row->check != NULL ? "; form: see below" : "", row->help);
    }
}

int main(int argc, char **argv)
{
    for (gsize i = 0; argc == 2 && i < G_N_ELEMENTS(tables); i++) {
        if (strcmp(argv[1], tables[i].name) == 0) {
            print_table(tables[i].table());
            return 0;
        }
    }
    fprintf(stderr, "usage: print-options manager|endpoint|settings\n");
    return 2;
}
