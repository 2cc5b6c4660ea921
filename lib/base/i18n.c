/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/i18n.h"

#include <libintl.h>
#include <locale.h>
#include <stdbool.h>

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

const char *hl_tr(const char *text)
{
    return translates && *text != '\0' ? dgettext(DOMAIN, text) : text; /* "" is the catalogue's header */
}

const char *hl_trn(const char *one, const char *many, gulong n)
{
    return translates ? dngettext(DOMAIN, one, many, n) : n == 1 ? one : many;
}
