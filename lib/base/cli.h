/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines from one table per program: dispatch, --help, completion and the man page's SYNOPSIS are made from it.
 *
 * Summaries and helps are translated where they are printed (lib/base/i18n.h).
 *
 * Options may appear anywhere ("--" ends them); an option has the same meaning and arity in every command of a
 * program. */
#ifndef LIB_BASE_CLI_H
#define LIB_BASE_CLI_H

#include "lib/base/error.h"
#include "lib/base/table.h"

#define HL_ARGS_ANY (-1)

typedef struct {
    const char *name;  /* without dashes */
    const char *value; /* the placeholder of its value, NULL for a switch */
    const char *help;
} HlFlag;

typedef struct HlInvocation HlInvocation;

/* false with *error set: the program prints it and exits with hl_error_exit_status. */
typedef bool (*HlCommandFn)(HlInvocation *call, GError **error);

typedef struct {
    const char *name; /* one or more words: "group set" */
    const char *args; /* as in a synopsis, options included */
    const char *summary;
    HlCommandFn run;
    int min_args, max_args;   /* HL_ARGS_ANY: no limit */
    const char *const *flags; /* names of the flags that this command takes, then "-NAME" for global ones that it does
                                 not take; ends with NULL; NULL for none */
} HlCommand;

typedef struct {
    const char *name; /* of the program */
    const char *summary;
    const HlCommand *commands;
    gsize n_commands;
    const HlFlag *flags; /* every flag of every command */
    gsize n_flags;
    const char *const
        *global_flags; /* allowed with every command that does not say otherwise, ends with NULL; may be NULL */
    char *(*say)(const GError *error); /* what is printed of an error; the caller frees it; NULL: its message */
    /* Adds (char *) what may stand for the placeholder what ("GROUP", or "--FLAG" for its value), of which typed is
     * there: what does not begin so is dropped.  call: command and args before it.  NULL: only names and options are
     * completed. */
    void (*suggest)(HlInvocation *call, const char *what, const char *typed, GPtrArray *found);
    const HlCopied *copied; /* of its texts; NULL: paths alone */
    const char *usual; /* the command that is meant when there is none: "PROGRAM -c FILE"; NULL: one must be given */
} HlProgram;

struct HlInvocation {
    const HlProgram *program;
    const HlCommand *command;
    char **args; /* the words after the command's name; borrowed */
    int n_args;
    GHashTable *values; /* flag name -> GPtrArray of text */
    void *user;
};

/* Runs argv; returns the exit status.  Errors go to stderr as "PROGRAM: message".  Before anything else it turns core
 * dumps off (lib/base/process.h): each of our programs holds a key at some time. */
int hl_cli_main(const HlProgram *program, int argc, char **argv, void *user);

/* Whether it has a command of that whole name. */
bool hl_cli_knows(const HlProgram *program, const char *name);

/* Whether a switch was given. */
bool hl_cli_has(const HlInvocation *call, const char *flag);

/* The last value given, or fallback. */
const char *hl_cli_value(const HlInvocation *call, const char *flag, const char *fallback);

/* The same of a flag that the command cannot do without; NULL: it was not given. */
const char *hl_cli_need(const HlInvocation *call, const char *flag, GError **error);

/* All values in order, n of them; NULL-terminated, borrowed. */
const char *const *hl_cli_values(const HlInvocation *call, const char *flag, gsize *n);

#endif
