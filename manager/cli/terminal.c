/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <glib.h>

#define ENTER "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define LEAVE "\033[?25h\033[?1049l"

static struct termios before;
static volatile sig_atomic_t has_keys, is_taken, is_screen, has_changed;

/* All that is called here may be called from a signal's handler. */
static void say(const char *sequence)
{
    ssize_t written = write(STDOUT_FILENO, sequence, strlen(sequence));

    (void)written; /* a terminal that is gone needs nothing */
}

static void enter(void)
{
    struct termios raw = before;

    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    if (is_screen)
        say(ENTER);
    is_taken = 1;
    has_changed = 1;
}

static void leave(void)
{
    if (!is_taken)
        return;
    is_taken = 0;
    if (is_screen)
        say(LEAVE);
    if (has_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* Ends by the same signal, so that a shell sees what it was. */
static void on_end(int number)
{
    leave();
    signal(number, SIG_DFL);
    raise(number);
}

static void on_stop(int number G_GNUC_UNUSED)
{
    int error = errno;

    leave();
    raise(SIGSTOP);
    enter();
    errno = error;
}

static void on_resize(int number G_GNUC_UNUSED)
{
    has_changed = 1;
}

static const struct {
    int number;
    void (*handler)(int);
} handlers[] = { { SIGINT, on_end },  { SIGTERM, on_end },  { SIGHUP, on_end },     { SIGQUIT, on_end },
                 { SIGABRT, on_end }, { SIGTSTP, on_stop }, { SIGWINCH, on_resize } };

bool cli_terminal_take_keys(void)
{
    if (!isatty(STDOUT_FILENO))
        return false;
    if (is_taken)
        return true;
    has_keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    for (gsize i = 0; i < G_N_ELEMENTS(handlers); i++) {
        struct sigaction action = { .sa_handler = handlers[i].handler };

        sigaction(handlers[i].number, &action, NULL);
    }
    enter();
    return true;
}

bool cli_terminal_take(void)
{
    if (!cli_terminal_take_keys())
        return false;
    is_screen = 1;
    enter();
    return true;
}

void cli_terminal_give_back(void)
{
    leave();
    is_screen = 0;
}

bool cli_terminal_changed(void)
{
    bool changed = has_changed != 0;

    has_changed = 0;
    return changed;
}
