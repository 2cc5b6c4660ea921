/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal as a screen of our own: keys come one by one and unseen, the lines that were there come back.  However
 * the program ends - by itself, by a signal, by an assertion -, and while it is stopped (Ctrl-Z), the terminal is as it
 * was.  One at a time in a process. */
#ifndef MANAGER_CLI_TERMINAL_H
#define MANAGER_CLI_TERMINAL_H

#include <stdbool.h>

/* Whether standard output is a terminal, and so it was taken; without one on standard input there are no keys. */
bool cli_terminal_take(void);

/* The keys alone, before there is something to show: what is written meanwhile stays on the usual screen. */
bool cli_terminal_take_keys(void);
void cli_terminal_give_back(void);

/* Whether it was resized, or given back to us (fg), since the last time. */
bool cli_terminal_changed(void);

#endif
