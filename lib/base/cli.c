/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/cli.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/complete.h"
#include "lib/base/i18n.h"
#include "lib/base/local_time.h"
#include "lib/base/log.h"
#include "lib/base/nearest.h"
#include "lib/base/output.h"
#include "lib/base/process.h"
#include "lib/base/table.h"
#include "lib/base/unconst.h"

#define WIDE_ENOUGH   110 /* cells of a terminal, for help beside what it is about */
#define INDENT        6
#define OPTION_CELLS  25
#define COMMAND_CELLS 46

static const HlFlag *find_flag(const HlProgram *program, const char *name, gsize length)
{
    for (gsize i = 0; i < program->n_flags; i++)
        if (strncmp(program->flags[i].name, name, length) == 0 && program->flags[i].name[length] == '\0')
            return &program->flags[i];
    return NULL;
}

/* Flags named by one letter have one dash. */
static const char *dashes(const HlFlag *flag)
{
    return flag->name[1] == '\0' ? "-" : "--";
}

static bool list_has(const char *const *list, const char *name)
{
    return list != NULL && g_strv_contains(list, name);
}

static bool takes(const HlProgram *program, const HlCommand *command, const char *flag)
{
    g_autofree char *declined = g_strconcat("-", flag, NULL);

    return list_has(command->flags, flag) ||
           (list_has(program->global_flags, flag) && !list_has(command->flags, declined));
}

bool hl_cli_takes(const HlProgram *program, const HlCommand *command, const char *flag)
{
    return takes(program, command, flag);
}

/* How many of the words form the command's name; 0 if they do not start with it. */
static int match_command(const HlCommand *command, char **words, int n_words)
{
    g_auto(GStrv) parts = g_strsplit(command->name, " ", -1);
    int n = (int)g_strv_length(parts);

    if (n > n_words)
        return 0;
    for (int i = 0; i < n; i++)
        if (strcmp(parts[i], words[i]) != 0)
            return 0;
    return n;
}

static const HlCommand *find_command(const HlProgram *program, char **words, int n_words, int *used)
{
    const HlCommand *found = NULL;

    *used = 0;
    for (gsize i = 0; i < program->n_commands; i++) {
        int n = match_command(&program->commands[i], words, n_words);

        if (n > *used) {
            *used = n;
            found = &program->commands[i];
        }
    }
    return found;
}

/* Whether longer command names begin with this word. */
static bool begins_command(const HlProgram *program, const char *word)
{
    gsize length = strlen(word);

    for (gsize i = 0; i < program->n_commands; i++)
        if (strncmp(program->commands[i].name, word, length) == 0 && program->commands[i].name[length] == ' ')
            return true;
    return false;
}

/* A form and what it does; in a line of its own where the form is too long. */
static void print_row(const char *form, int cells, const char *text)
{
    int width = hl_terminal_size(stdout, NULL);
    int column = width >= WIDE_ENOUGH ? cells + 4 : INDENT; /* beside the form, or below it */
    g_autofree char *filled = hl_text_fill(form, cells);
    g_autofree char *shown = hl_text_hang(text, width, column);
    g_autofree char *forms = hl_text_hang(form, width, 2);

    if (hl_text_cells(form) > cells || column == INDENT)
        printf("  %s\n%*s%s\n", forms, column, "", shown);
    else
        printf("  %s  %s\n", filled, shown);
}

static void print_command_help(const HlProgram *program, const HlCommand *command)
{
    int width = hl_terminal_size(stdout, NULL);
    g_autofree char *args =
        hl_text_wrap(command->args, width - (int)strlen(program->name) - (int)strlen(command->name) - 20);
    g_autofree char *summary = hl_text_wrap(hl_tr(command->summary), width - 1);

    printf(_("Usage: %s %s %s\n\n%s.\n"), program->name, command->name, args, summary);
    if (command->flags == NULL && program->global_flags == NULL)
        return;
    printf("\n%s\n", _("Options:"));
    for (gsize i = 0; i < program->n_flags; i++) {
        const HlFlag *flag = &program->flags[i];
        g_autofree char *form = g_strdup_printf("%s%s%s%s", dashes(flag), flag->name, flag->value != NULL ? " " : "",
                                                flag->value != NULL ? flag->value : "");

        if (takes(program, command, flag->name))
            print_row(form, OPTION_CELLS, hl_tr(flag->help));
    }
}

static void print_completion_flags(const HlProgram *program, const HlCommand *command)
{
    for (gsize i = 0; i < program->n_flags; i++)
        if (takes(program, command, program->flags[i].name))
            printf(" %s%s", dashes(&program->flags[i]), program->flags[i].name);
}

/* What only the program knows.  bash takes some characters for the ends of words: what is before them is there already.
 */
static const char asking[] =
    "    local typed=${COMP_LINE:0:COMP_POINT} answer i\n"
    "    local -a parts\n"
    "    read -a parts <<<\"$typed\"\n" /* with the backslashes before blanks in a word */
    "    [[ $typed != *[^\\\\][[:space:]] ]] || parts+=('')\n"
    "    typed=${parts[-1]}\n"
    "    if [[ $typed != -* ]] && answer=$(\"$1\" complete \"${parts[@]:1}\" 2>/dev/null); then\n"
    "        compopt +o filenames -o nospace\n"
    "        [[ -z $answer ]] || mapfile -t COMPREPLY <<<\"$answer\"\n"
    "        typed=${typed%\"${typed##*[=:@<>]}\"}\n"
    "        COMPREPLY=(\"${COMPREPLY[@]#\"$typed\"}\")\n"
    "        for i in \"${!COMPREPLY[@]}\"; do\n"
    "            [[ ${COMPREPLY[i]} != *[![:alnum:]._@:=,/+%-]* ]] || "
    "COMPREPLY[i]=$(printf %q \"${COMPREPLY[i]}\")\n"
    "        done\n"
    "        [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} == *[=@] ]] || COMPREPLY[0]+=' '\n"
    "        return\n"
    "    fi\n";

/* The next word of a command's name; after the whole name its options and file names. */
static void print_completion(const HlProgram *program)
{
    g_autofree char *function = g_strdelimit(g_strdup(program->name), "-", '_');

    printf("# bash completion of %s: source it, or put it into bash_completion.d\n"
           "_%s() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} line=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\" words='' name rest\n"
           "    while read -r name; do\n"
           "        rest=${name#\"${line:+$line }\"}\n"
           "        [[ -n $line && $rest == \"$name\" ]] || words+=\" ${rest%%%% *}\"\n"
           "    done <<'COMMANDS'\n",
           program->name, function);
    for (gsize i = 0; i < program->n_commands; i++)
        printf("%s\n", program->commands[i].name);
    printf("COMMANDS\n    if [[ -n $words ]]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n        return\n    fi\n"
           "    case \"$line\" in\n");
    for (gsize i = 0; i < program->n_commands; i++) {
        printf("    '%s'*) words='", program->commands[i].name);
        print_completion_flags(program, &program->commands[i]);
        printf("' ;;\n");
    }
    printf("    esac\n%s    mapfile -t COMPREPLY < <(compgen -f -W \"$words\" -- \"$cur\")\n}\n"
           "complete -o filenames -F _%s %s\n",
           program->suggest != NULL ? asking : "", function, program->name);
}

/* Text for a man page: hyphens that can be copied, nothing that is taken for a request by accident.  Caller frees. */
static char *roff(const char *text)
{
    GString *out = g_string_new(*text == '.' || *text == '\'' ? "\\&" : "");

    for (; *text != '\0'; text++)
        g_string_append_printf(out, *text == '-' ? "\\-" : *text == '\\' ? "\\e" : "%c", *text);
    return g_string_free(out, FALSE);
}

static void print_man_command(const HlProgram *program, const HlCommand *command)
{
    g_autofree char *name = g_strdup_printf("%s %s", program->name, command->name);
    g_autofree char *bold = roff(name);
    g_autofree char *args = roff(command->args);

    printf(".B %s\n%s%s", bold, args, *args != '\0' ? "\n" : "");
}

/* The SYNOPSIS, COMMANDS and OPTIONS sections of the man page, in man(7) macros. */
static void print_man(const HlProgram *program)
{
    printf(".SH %s\n", _("SYNOPSIS"));
    for (gsize i = 0; i < program->n_commands; i++) {
        printf(i > 0 ? ".br\n" : "");
        print_man_command(program, &program->commands[i]);
    }
    printf(".SH %s\n", _("COMMANDS"));
    for (gsize i = 0; i < program->n_commands; i++) {
        const char *const *flags = program->commands[i].flags;
        g_autofree char *form = g_strdup_printf("%s %s", program->commands[i].name, program->commands[i].args);
        g_autofree char *bold = roff(g_strchomp(form));
        g_autofree char *summary = roff(hl_tr(program->commands[i].summary));

        printf(".TP\n.B %s\n", bold);
        printf(_("%s.\n"), summary);
        for (gsize f = 0; flags != NULL && flags[f] != NULL && flags[f][0] != '-'; f++)
            printf("%s\\-%s%s%s", f == 0 ? _("Options: ") : ",\n", flags[f][1] == '\0' ? "" : "\\-", flags[f],
                   flags[f + 1] == NULL || flags[f + 1][0] == '-' ? ".\n" : "");
    }
    printf(".SH %s\n", _("OPTIONS"));
    for (gsize i = 0; i < program->n_flags; i++) {
        const HlFlag *flag = &program->flags[i];

        printf(".TP\n.B %s%s%s%s\n", flag->name[1] == '\0' ? "\\-" : "\\-\\-", flag->name,
               flag->value != NULL ? " " : "", flag->value != NULL ? flag->value : "");
        printf(_("%s.\n"), hl_tr(flag->help));
    }
}

static void add_value(HlInvocation *call, const HlFlag *flag, const char *value)
{
    GPtrArray *values = g_hash_table_lookup(call->values, flag->name);

    if (values == NULL) {
        values = g_ptr_array_new_null_terminated(1, NULL, TRUE);
        g_hash_table_insert(call->values, hl_unconst(flag->name), values);
    }
    g_ptr_array_add(values, hl_unconst(value));
}

/* The nearest of those that the command takes, where the words so far name one. */
static bool fail_option(const HlProgram *program, char **words, int n_words, const char *option, GError **error)
{
    int used;
    const HlCommand *command = find_command(program, words, n_words, &used);
    g_autofree const char **names = g_new0(const char *, program->n_flags + 1);
    g_autofree char *word = g_strndup(option, strcspn(option, "="));
    const char *nearest;
    gsize n = 0;

    for (gsize i = 0; i < program->n_flags; i++)
        if (command == NULL || takes(program, command, program->flags[i].name))
            names[n++] = program->flags[i].name;
    nearest = g_str_has_prefix(word, "--") ? hl_nearest(word + 2, names) : NULL;
    if (nearest != NULL)
        return hl_fail(error, HL_ERROR_USAGE, _("unknown option '%s'; did you mean '--%s'?"), word, nearest);
    if (command != NULL)
        return hl_fail(error, HL_ERROR_USAGE, _("'%s' takes no option %s%s; see '%s %s --help'"), command->name, word,
                       "", program->name, command->name);
    return hl_fail(error, HL_ERROR_USAGE, _("unknown option '%s'; see '%s --help'"), option, program->name);
}

/* The first words of the line, as many as the command has; caller frees. */
static char *first_words(const char *command, char **words, int n_words)
{
    g_autoptr(GString) out = g_string_new(words[0]);
    int n = 1;

    for (const char *c = command; *c != '\0' && n < n_words; c++)
        if (*c == ' ')
            g_string_append_printf(out, " %s", words[n++]);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool fail_command(const HlProgram *program, char **words, int n_words, GError **error)
{
    const char *nearest = NULL;
    guint least = HL_NEAREST_FAR;

    for (gsize i = 0; i < program->n_commands; i++) {
        const char *const candidate[] = { program->commands[i].name, NULL };
        g_autofree char *typed = first_words(candidate[0], words, n_words);
        guint distance = hl_nearest_distance(typed, candidate[0]);

        if (hl_nearest(typed, candidate) != NULL && distance < least) {
            nearest = candidate[0];
            least = distance;
        }
    }
    if (nearest != NULL)
        return hl_fail(error, HL_ERROR_USAGE, _("unknown command '%s%s%s'; did you mean '%s %s'?"), words[0],
                       n_words > 1 ? " " : "", n_words > 1 ? words[1] : "", program->name, nearest);
    if (begins_command(program, words[0]))
        return hl_fail(error, HL_ERROR_USAGE, _("'%s%s%s' is not a command; see '%s %s --help'"), words[0],
                       n_words > 1 ? " " : "", n_words > 1 ? words[1] : "", program->name, words[0]);
    return hl_fail(error, HL_ERROR_USAGE, _("unknown command '%s'; see '%s --help'"), words[0], program->name);
}

/* What every program knows besides its commands. */
static const HlCommand own_commands[] = {
    { .name = "help", .args = "[COMMAND]", .summary = N_("List the commands, or say what one does and takes") },
    { .name = "version", .args = "", .summary = N_("Print the version of the program") },
    { .name = "completion",
      .args = "[bash | zsh | fish]",
      .summary = N_("Print the script with which Tab completes commands in a shell") },
};

static bool print_own_help(const HlProgram *program, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(own_commands); i++)
        if (strcmp(name, own_commands[i].name) == 0) {
            printf(_("Usage: %s %s %s\n\n%s.\n"), program->name, name, own_commands[i].args,
                   hl_tr(own_commands[i].summary));
            return true;
        }
    return false;
}

static bool has_commands(const HlProgram *program, const char *prefix)
{
    for (gsize i = 0; i < program->n_commands; i++)
        if (g_str_has_prefix(program->commands[i].name, prefix))
            return true;
    return false;
}

/* Every command whose name starts with these words; all of them for none. */
static bool print_help(const HlProgram *program, char **words, int n_words, GError **error)
{
    g_autofree char *summary = hl_text_wrap(hl_tr(program->summary), hl_terminal_size(stdout, NULL) - 1);
    g_autofree char *prefix = NULL;
    int width = 0;

    words[n_words] = NULL;
    prefix = g_strjoinv(" ", words);
    if (n_words == 1 && print_own_help(program, prefix))
        return true;
    if (!has_commands(program, prefix))
        return fail_command(program, words, n_words, error);
    printf(_("Usage: %s COMMAND [OPTION...]\n\n%s.\n\nCommands:\n"), program->name, summary);
    for (gsize i = 0; i < program->n_commands; i++)
        width = MAX(width, (int)(strlen(program->commands[i].name) + 1 + strlen(program->commands[i].args)));
    width = MIN(width, COMMAND_CELLS);
    for (gsize i = 0; i < program->n_commands; i++) {
        const HlCommand *command = &program->commands[i];
        g_autofree char *form = g_strdup_printf("%s %s", command->name, command->args);

        if (g_str_has_prefix(command->name, prefix))
            print_row(form, width, hl_tr(command->summary));
    }
    printf(_("\n'%s COMMAND --help' lists a command's options.\n"), program->name);
    return true;
}

/* Splits argv into options (call->values) and words.  "help" is known to every program. */
static bool split(const HlProgram *program, int argc, char **argv, HlInvocation *call, char **words, int *n_words,
                  bool *help, GError **error)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + 2;
        const char *equals = strchr(argv[i], '=');
        const HlFlag *flag;

        if (strcmp(argv[i], "--") == 0) {
            while (++i < argc)
                words[(*n_words)++] = argv[i];
            return true;
        }
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *help = true;
            continue;
        }
        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            words[(*n_words)++] = argv[i];
            continue;
        }
        flag = strncmp(argv[i], "--", 2) == 0
                   ? find_flag(program, name, equals != NULL ? (gsize)(equals - name) : strlen(name))
                   : find_flag(program, argv[i] + 1,
                               strlen(argv[i] + 1)); /* one-letter flags are rows named by the letter */
        if (flag == NULL)
            return fail_option(program, words, *n_words, argv[i], error);
        if (flag->value == NULL && equals != NULL)
            return hl_fail(error, HL_ERROR_USAGE, _("option %s%s takes no value"), dashes(flag), flag->name);
        if (flag->value == NULL)
            add_value(call, flag, "");
        else if (equals != NULL)
            add_value(call, flag, equals + 1);
        else if (i + 1 < argc)
            add_value(call, flag, argv[++i]);
        else
            return hl_fail(error, HL_ERROR_USAGE, _("option %s%s needs a value: %s"), dashes(flag), flag->name,
                           flag->value);
    }
    return true;
}

static bool check_call(const HlInvocation *call, GError **error)
{
    const HlProgram *program = call->program;
    const HlCommand *command = call->command;
    GHashTableIter iter;
    gpointer flag;

    g_hash_table_iter_init(&iter, call->values);
    while (g_hash_table_iter_next(&iter, &flag, NULL))
        if (!takes(program, command, flag))
            return hl_fail(error, HL_ERROR_USAGE, _("'%s' takes no option %s%s; see '%s %s --help'"), command->name,
                           dashes(find_flag(program, flag, strlen(flag))), (char *)flag, program->name, command->name);
    if (call->n_args < command->min_args || (command->max_args != HL_ARGS_ANY && call->n_args > command->max_args))
        return hl_fail(error, HL_ERROR_USAGE, _("usage: %s %s %s"), program->name, command->name, command->args);
    return true;
}

static bool print_script(const HlProgram *program, const char *shell, GError **error)
{
    if (strcmp(shell, "bash") == 0)
        print_completion(program);
    else if (!hl_complete_script(program, shell))
        return hl_fail(error, HL_ERROR_USAGE, _("there is no completion for '%s', only for bash, zsh and fish"), shell);
    return true;
}

/* The exit status: 1: a file goes there. */
static int answer_shell(const HlProgram *program, char **words, int n_words)
{
    g_auto(GStrv) found = hl_complete(program, words, n_words);

    for (gsize i = 0; found != NULL && found[i] != NULL; i++)
        puts(found[i]);
    return found == NULL;
}

static bool run(const HlProgram *program, int argc, char **argv, void *user, GError **error)
{
    g_autofree char **words = g_new0(char *, (gsize)argc + 1);
    g_autoptr(GHashTable) values =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    HlInvocation call = { .program = program, .values = values, .user = user };
    bool help = false;
    int n_words = 0;
    int used = 0;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) /* otherwise an option of that name may take a value */
        argv[1] = (char *)"version";
    if (!split(program, argc, argv, &call, words, &n_words, &help, error))
        return false;
    if (n_words > 1 && strcmp(words[0], "help") == 0) {
        memmove(words, words + 1, (gsize)--n_words * sizeof *words);
        help = true;
    }
    if (n_words == 0 && !help && program->usual != NULL)
        words[n_words++] = hl_unconst(program->usual);
    call.command = find_command(program, words, n_words, &used);
    if (call.command != NULL && used > 0 && help) {
        print_command_help(program, call.command);
        return true;
    }
    if (help || (n_words == 1 && strcmp(words[0], "help") == 0))
        return print_help(program, words, help ? n_words : 0, error);
    if (n_words == 1 && strcmp(words[0], "version") == 0) {
        printf("%s %s\n", program->name, HOLDLINE_VERSION);
        return true;
    }
    if (n_words >= 1 && n_words <= 2 && strcmp(words[0], "completion") == 0 && call.command == NULL)
        return print_script(program, n_words == 2 ? words[1] : "bash", error);
    if (n_words == 1 && strcmp(words[0], "man-sections") == 0) {
        print_man(program);
        return true;
    }
    if (call.command == NULL && n_words == 0)
        return hl_fail(error, HL_ERROR_USAGE, _("no command given; see '%s --help'"), program->name);
    if (call.command == NULL)
        return fail_command(program, words, n_words, error);
    call.args = words + used;
    call.n_args = n_words - used;
    return check_call(&call, error) && call.command->run(&call, error);
}

int hl_cli_main(const HlProgram *program, int argc, char **argv, void *user)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = NULL;
    g_autofree char *timed = NULL;

    hl_process_keep_secrets();
    if (program->copied != NULL)
        hl_text_set_copied(program->copied);
    if (argc >= 2 && strcmp(argv[1], "complete") == 0)
        return answer_shell(program, argv + 2, argc - 2);
    if (run(program, argc, argv, user, &error)) {
        if (fflush(stdout) == 0 && ferror(stdout) == 0)
            return 0;
        if (!hl_output_gone())
            fprintf(stderr, _("%s: cannot write the output\n"), program->name);
        return 1;
    }
    fflush(stdout);
    if (hl_error_code(error) == HL_ERROR_IO && hl_output_gone())
        return hl_error_exit_status(error); /* of "... | head" nobody wants to hear */
    message = program->say != NULL ? program->say(error) : g_strdup(error->message);
    timed = hl_local_beside(message);
    fprintf(stderr, "%s%s: %s\n", hl_log_mark(HL_LOG_ERROR), program->name, timed);
    return hl_error_exit_status(error);
}

bool hl_cli_knows(const HlProgram *program, const char *name)
{
    for (gsize i = 0; i < program->n_commands; i++)
        if (strcmp(program->commands[i].name, name) == 0)
            return true;
    return false;
}

bool hl_cli_has(const HlInvocation *call, const char *flag)
{
    return g_hash_table_contains(call->values, flag);
}

const char *hl_cli_value(const HlInvocation *call, const char *flag, const char *fallback)
{
    GPtrArray *values = g_hash_table_lookup(call->values, flag);

    return values == NULL ? fallback : values->pdata[values->len - 1];
}

const char *hl_cli_need(const HlInvocation *call, const char *flag, GError **error)
{
    const char *value = hl_cli_value(call, flag, NULL);

    if (value == NULL)
        hl_fail(error, HL_ERROR_USAGE, "'%s' needs --%s; see '%s %s --help'", call->command->name, flag,
                call->program->name, call->command->name);
    return value;
}

const char *const *hl_cli_values(const HlInvocation *call, const char *flag, gsize *n)
{
    static const char *const none[] = { NULL };
    GPtrArray *values = g_hash_table_lookup(call->values, flag);

    *n = values == NULL ? 0 : values->len;
    return values == NULL ? none : (const char *const *)values->pdata;
}
