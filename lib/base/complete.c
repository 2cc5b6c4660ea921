/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/complete.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/unconst.h"

/* What has been typed before the last word. */
typedef struct {
    const HlProgram *program;
    HlInvocation call;     /* command and args, as far as they are there */
    const HlFlag *pending; /* the last word is its value; NULL: it is none's */
    GPtrArray *words;      /* without options; borrowed */
    const char *typed;
    GPtrArray *found; /* of char * */
} Typed;

static const char *dashes(const HlFlag *flag)
{
    return flag->name[1] == '\0' ? "-" : "--";
}

static const HlFlag *find_flag(const HlProgram *program, const char *word)
{
    const char *name = word + strspn(word, "-");

    for (gsize i = 0; i < program->n_flags; i++)
        if (strcmp(program->flags[i].name, name) == 0)
            return &program->flags[i];
    return NULL;
}

static void read_words(Typed *typed, char **words, int n_words)
{
    for (int i = 0; i < n_words - 1; i++) {
        const HlFlag *flag = words[i][0] == '-' ? find_flag(typed->program, words[i]) : NULL;

        typed->pending = NULL;
        if (words[i][0] != '-')
            g_ptr_array_add(typed->words, words[i]);
        else if (flag != NULL && flag->value != NULL && i == n_words - 2)
            typed->pending = flag;
        else if (flag != NULL && flag->value != NULL)
            i++;
    }
}

/* How many of the words are the command's name; 0: they are not its beginning. */
static guint match(const HlCommand *command, const GPtrArray *words, bool *is_whole)
{
    g_auto(GStrv) parts = g_strsplit(command->name, " ", -1);
    guint n = 0;

    while (parts[n] != NULL && n < words->len && strcmp(parts[n], words->pdata[n]) == 0)
        n++;
    *is_whole = parts[n] == NULL;
    return n;
}

/* The longest name that the words begin with. */
static void find_command(Typed *typed)
{
    guint longest = 0;

    for (gsize i = 0; i < typed->program->n_commands; i++) {
        bool is_whole;
        guint n = match(&typed->program->commands[i], typed->words, &is_whole);

        if (!is_whole || n <= longest)
            continue;
        longest = n;
        typed->call.command = &typed->program->commands[i];
        typed->call.args = (char **)typed->words->pdata + n;
        typed->call.n_args = (int)(typed->words->len - n);
    }
}

static void offer(Typed *typed, const char *candidate)
{
    if (g_str_has_prefix(candidate, typed->typed) &&
        !g_ptr_array_find_with_equal_func(typed->found, candidate, g_str_equal, NULL))
        g_ptr_array_add(typed->found, g_strdup(candidate));
}

static void offer_names(Typed *typed)
{
    for (gsize i = 0; i < typed->program->n_commands; i++) {
        const HlCommand *command = &typed->program->commands[i];
        g_auto(GStrv) parts = g_strsplit(command->name, " ", -1);
        bool is_whole;

        if (match(command, typed->words, &is_whole) == typed->words->len && !is_whole)
            offer(typed, parts[typed->words->len]);
    }
}

static void offer_flags(Typed *typed)
{
    for (gsize i = 0; i < typed->program->n_flags && typed->call.command != NULL; i++) {
        const HlFlag *flag = &typed->program->flags[i];
        g_autofree char *word = g_strconcat(dashes(flag), flag->name, NULL);

        if (hl_cli_takes(typed->program, typed->call.command, flag->name))
            offer(typed, word);
    }
}

/* The placeholder of the argument that comes next: "SELECTOR" of "[SELECTOR] [--open]".  NULL: none does. */
static char *next_argument(const HlInvocation *call)
{
    g_auto(GStrv) parts = g_strsplit(call->command->args, " ", -1);
    g_autofree char *last = NULL;
    int n = 0;

    for (guint i = 0; parts[i] != NULL; i++) {
        g_autofree char *part = g_strdelimit(g_strdup(parts[i]), "[]", ' ');

        g_strstrip(part);
        if (g_str_has_prefix(part, "-") || strcmp(part, "|") == 0 || *part == '\0')
            break;
        if (n++ == call->n_args)
            return g_steal_pointer(&part);
        g_free(last);
        last = g_steal_pointer(&part);
    }
    return last != NULL && g_str_has_suffix(last, "...") ? g_steal_pointer(&last) : NULL;
}

/* Words of a synopsis that a file or a directory stands for.  Where names of bundles can be suggested, a bundle is one
 * of the server's; where not, it is the file. */
static bool is_file(const HlProgram *program, const char *what)
{
    static const char *const files[] = { "FILE",    "FILE...",  "FILE.pub", "FILE.pub...", "DIR",         "PATH",
                                         "PATH...", "ROOTFILE", "DRAFT",    "DRAFT...",    "PACKAGES_DIR" };

    for (gsize i = 0; what != NULL && i < G_N_ELEMENTS(files); i++)
        if (strcmp(what, files[i]) == 0)
            return true;
    return what != NULL && program->suggest == NULL && strcmp(what, "BUNDLE") == 0;
}

static void suggest(Typed *typed, const char *what)
{
    if (what != NULL && typed->program->suggest != NULL)
        typed->program->suggest(&typed->call, what, typed->typed, typed->found);
}

/* Of what every program knows besides its commands. */
static void offer_shells(Typed *typed)
{
    if (typed->words->len != 1 || strcmp(typed->words->pdata[0], "completion") != 0)
        return;
    offer(typed, "bash");
    offer(typed, "zsh");
    offer(typed, "fish");
}

/* false: it is a file. */
static bool complete(Typed *typed)
{
    g_autofree char *what = NULL;

    if (typed->pending != NULL && is_file(typed->program, typed->pending->value))
        return false;
    if (typed->pending != NULL) {
        g_autofree char *name = g_strconcat("--", typed->pending->name, NULL);

        suggest(typed, name);
        return true;
    }
    offer_names(typed);
    if (*typed->typed == '-') {
        offer_flags(typed);
        return true;
    }
    if (typed->call.command == NULL) {
        offer_shells(typed);
        return true;
    }
    what = next_argument(&typed->call);
    if (typed->found->len == 0 && is_file(typed->program, what))
        return false;
    suggest(typed, what);
    if (typed->found->len == 0 && *typed->typed == '\0')
        offer_flags(typed);
    return true;
}

bool hl_complete_is_plain(const char *word)
{
    while (g_ascii_isalnum(*word) || (*word != '\0' && strchr("._@:=,/+%-", *word) != NULL))
        word++;
    return *word == '\0';
}

/* Goes on from what was typed, and into a command line with nothing that a shell takes for more than text: blanks, as
 * in "group set", are quoted by the shell or its script. */
static bool is_offered(const char *word, const char *typed)
{
    g_autofree char *rest = NULL;

    if (!g_str_has_prefix(word, typed))
        return false;
    rest = g_strdelimit(g_strdup(word + strlen(typed)), " ", '-');
    return hl_complete_is_plain(rest);
}

char **hl_complete(const HlProgram *program, char **words, int n_words)
{
    g_autoptr(GPtrArray) before = g_ptr_array_new();
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) values = g_hash_table_new(g_str_hash, g_str_equal);
    bool is_help = n_words > 1 && strcmp(words[0], "help") == 0; /* of the command that follows */
    Typed typed = { .program = program,
                    .call = { .program = program, .values = values },
                    .words = before,
                    .typed = n_words > 0 ? words[n_words - 1] : "",
                    .found = found };

    read_words(&typed, words + is_help, n_words - is_help);
    find_command(&typed);
    if (!complete(&typed))
        return NULL;
    for (guint i = 0; i < found->len;)
        if (is_offered(found->pdata[i], typed.typed))
            i++;
        else
            g_ptr_array_remove_index(found, i);
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&found), FALSE);
}

/* ---------------------------------------------------------------------------------------------------------- scripts */

static const struct {
    const char *shell, *script; /* @ is the program, % its name in names of functions */
} scripts[] = {
    { "zsh", "#compdef @\n"
             "local answer\n"
             "local -a open closed\n"
             "# PREFIX is the word up to the cursor, without the quotation mark that opens it\n"
             "if answer=$(@ complete \"${(@Q)words[2,CURRENT-1]}\" \"${(Q)PREFIX}\" 2>/dev/null); then\n"
             "    closed=(${(f)answer})\n"
             "    open=(${(M)closed:#*[=@]}) closed=(${closed:#*[=@]})\n"
             "    (( ! $#open )) || compadd -S '' -- $open\n"
             "    (( ! $#closed )) || compadd -- $closed\n"
             "else\n"
             "    _files\n"
             "fi\n" },
    { "fish", "function __%_complete\n"
              "    set -l words (commandline -opc) (commandline -ct)\n"
              "    set -l answer (@ complete $words[2..-1] 2>/dev/null)\n"
              "    and printf '%s\\n' $answer\n"
              "    or __fish_complete_path (commandline -ct)\n"
              "end\n"
              "complete -c @ -f -a '(__%_complete)'\n" },
};

bool hl_complete_script(const HlProgram *program, const char *shell)
{
    g_autofree char *function = g_strdelimit(g_strdup(program->name), "-", '_');

    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        if (strcmp(scripts[i].shell, shell) != 0)
            continue;
        for (const char *at = scripts[i].script; *at != '\0'; at++) {
            if (*at == '@' && (at[1] == ' ' || at[1] == '\n'))
                fputs(program->name, stdout);
            else if (g_str_has_prefix(at, "%_"))
                fputs(function, stdout);
            else
                putchar(*at);
        }
        return true;
    }
    return false;
}
