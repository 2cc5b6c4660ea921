/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/base/i18n.h"

#define MOST 4096 /* bytes of a line; the server says how long a password may be */

void cli_secret_free(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

static char *first_line(FILE *file, const char *path, GError **error)
{
    char line[MOST];
    char *copy;

    if (fgets(line, sizeof line, file) == NULL) {
        hl_fail(error, HL_ERROR_INVALID, _("%s is empty: write the password on its first line"), path);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    copy = g_strdup(line);
    explicit_bzero(line, sizeof line);
    return copy;
}

static char *read_file(const char *path, GError **error)
{
    FILE *file = fopen(path, "re");
    char *line;

    if (file == NULL) {
        hl_fail_errno(error, errno, _("cannot read %s"), path);
        return NULL;
    }
    line = first_line(file, path, error);
    fclose(file);
    return line;
}

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t ended_by;

static void on_signal(int number)
{
    ended_by = number;
}

/* What would end the program ends the reading first: a terminal that shows nothing typed outlives it. */
static char *read_hidden(const struct termios *hidden, const struct termios *shown, GError **error)
{
    struct sigaction before[G_N_ELEMENTS(ends)], stop;
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    const struct sigaction note = { .sa_handler = on_signal }; /* without SA_RESTART: the read comes back */
    char *line;

    ended_by = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        sigaction(ends[i], &note, &before[i]);
    sigaction(SIGTSTP, &ignore, &stop);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, hidden);
    line = first_line(stdin, _("the terminal"), error);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, shown);
    fputc('\n', stderr);
    sigaction(SIGTSTP, &stop, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
        sigaction(ends[i], &before[i], NULL);
    if (ended_by != 0)
        raise(ended_by);
    return line;
}

/* On the terminal itself: what is typed is not shown. */
static char *ask(const char *prompt, GError **error)
{
    struct termios shown, hidden;

    if (tcgetattr(STDIN_FILENO, &shown) != 0) {
        hl_fail(error, HL_ERROR_USAGE, _("there is no terminal to ask for the password: give --password-file FILE"));
        return NULL;
    }
    fprintf(stderr, "%s", prompt);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    return read_hidden(&hidden, &shown, error);
}

char *cli_secret_read(const char *path, const char *prompt, GError **error)
{
    char *first, *second;
    bool same;

    if (path != NULL)
        return strcmp(path, "-") == 0 ? first_line(stdin, _("the standard input"), error) : read_file(path, error);
    first = ask(prompt, error);
    second = first != NULL ? ask(_("Once more: "), error) : NULL;
    same = second != NULL && strcmp(first, second) == 0;
    if (second != NULL && !same)
        hl_fail(error, HL_ERROR_INVALID, _("the two are not the same: nothing was changed"));
    cli_secret_free(second);
    if (same)
        return first;
    cli_secret_free(first);
    return NULL;
}
