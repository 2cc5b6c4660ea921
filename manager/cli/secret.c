/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/cli/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

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

    if (fgets(line, sizeof line, file) == NULL) {
        hl_fail(error, HL_ERROR_INVALID, "%s is empty: write the password on its first line", path);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return g_strdup(line);
}

static char *read_file(const char *path, GError **error)
{
    FILE *file = fopen(path, "re");
    char *line;

    if (file == NULL) {
        hl_fail_errno(error, errno, "cannot read %s", path);
        return NULL;
    }
    line = first_line(file, path, error);
    fclose(file);
    return line;
}

/* On the terminal itself: what is typed is not shown. */
static char *ask(const char *prompt, GError **error)
{
    struct termios shown, hidden;
    char *line;

    if (tcgetattr(STDIN_FILENO, &shown) != 0) {
        hl_fail(error, HL_ERROR_USAGE, "there is no terminal to ask for the password: give --password-file FILE");
        return NULL;
    }
    fprintf(stderr, "%s", prompt);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    line = first_line(stdin, "the terminal", error);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fputc('\n', stderr);
    return line;
}

char *cli_secret_read(const char *path, const char *prompt, GError **error)
{
    char *first, *second;
    bool same;

    if (path != NULL)
        return strcmp(path, "-") == 0 ? first_line(stdin, "the standard input", error) : read_file(path, error);
    first = ask(prompt, error);
    second = first != NULL ? ask("Once more: ", error) : NULL;
    same = second != NULL && strcmp(first, second) == 0;
    if (second != NULL && !same)
        hl_fail(error, HL_ERROR_INVALID, "the two are not the same: nothing was changed");
    cli_secret_free(second);
    if (same)
        return first;
    cli_secret_free(first);
    return NULL;
}
