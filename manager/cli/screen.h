/* SPDX-License-Identifier: Apache-2.0 */
/* What the keys of status --watch do: scroll, search, quit.  Pure: bytes of the terminal go in, which rows are shown
 * comes out. */
#ifndef MANAGER_CLI_SCREEN_H
#define MANAGER_CLI_SCREEN_H

#include <stdbool.h>

#include <glib.h>

typedef struct {
    guint top;        /* the first row that is shown */
    GString *typed;   /* what is looked for, or being typed */
    bool is_typing;   /* after "/", until Enter or Escape */
    bool is_searched; /* typed changed: look again */
    bool has_quit;
} CliScreen;

void cli_screen_init(CliScreen *screen);
void cli_screen_clear(CliScreen *screen);

/* bytes: what one read gave.  rows: of the list; page: of the screen, at least 1.  q quits, / searches (Escape ends
 * it), arrows, j and k, Page Up and Down, blank, Home and End, g and G scroll.  Returns how many bytes were taken: what
 * is typed after a search has another list, for which the caller looks first. */
gsize cli_screen_keys(CliScreen *screen, const char *bytes, gsize n, guint rows, guint page);

/* The list or the screen has another size: the last row stays at the bottom. */
void cli_screen_fit(CliScreen *screen, guint rows, guint page);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliScreen, cli_screen_clear)

#endif
