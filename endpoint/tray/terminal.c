/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/terminal.h"

#include "lib/base/i18n.h"

/* What the user or the distribution chose comes first. */
static const struct {
    const char *program;
    const char *option; /* after which a program and its arguments follow; NULL: none is needed */
} terminals[] = {
    { "xdg-terminal-exec", NULL }, { "x-terminal-emulator", "-e" },
    { "gnome-terminal", "--" },    { "kgx", "-e" },
    { "konsole", "-e" },           { "xfce4-terminal", "-x" },
    { "mate-terminal", "-x" },     { "qterminal", "-e" },
    { "lxterminal", "-e" },        { "xterm", "-e" },
};

static const char script[] = "prompt=$1; shift; \"$@\"; printf '\\n%s' \"$prompt\"; read -r _";

static bool find(GPtrArray *words)
{
    for (gsize i = 0; i < G_N_ELEMENTS(terminals); i++) {
        char *program = g_find_program_in_path(terminals[i].program);

        if (program == NULL)
            continue;
        g_ptr_array_add(words, program);
        if (terminals[i].option != NULL)
            g_ptr_array_add(words, g_strdup(terminals[i].option));
        return true;
    }
    return false;
}

bool tr_terminal_open(const char *const *argv, const char *typed, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_null_terminated(16, g_free, TRUE);
    const char *const shell[] = { "/bin/sh", "-c", script, "sh", _("Press Enter to close this window.") };
    g_autoptr(GError) problem = NULL;

    if (!find(words))
        return hl_fail(error, HL_ERROR_NOT_FOUND, _("there is no terminal on this desktop; type elsewhere: %s"), typed);
    for (gsize i = 0; i < G_N_ELEMENTS(shell); i++)
        g_ptr_array_add(words, g_strdup(shell[i]));
    for (; *argv != NULL; argv++)
        g_ptr_array_add(words, g_strdup(*argv));
    if (g_spawn_async(NULL, (char **)words->pdata, NULL, G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, NULL, &problem))
        return true;
    return hl_fail(error, HL_ERROR_IO, _("cannot open a terminal: %s"), problem->message);
}
