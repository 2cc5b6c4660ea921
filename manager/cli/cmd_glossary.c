/* SPDX-License-Identifier: Apache-2.0 */
/* holdline glossary: works without a server. */
#include <stdio.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/table.h"
#include "manager/cli/commands.h"
#include "manager/cli/glossary.h"
#include "manager/cli/said.h"
#include "manager/cli/show.h"
#include "manager/cli/view.h"

/* As lists have it in the reader's language. */
static const char *listed(const char *word, const char *where)
{
    return g_str_has_prefix(where, "STATE ") ? cli_state_word_here(word) : word;
}

static json_t *find_terms(const char *typed)
{
    json_t *found = json_array();

    for (gsize i = 0; i < cli_n_terms; i++) {
        const CliTerm *term = &cli_terms[i];

        if (typed == NULL || cli_term_is(term, typed) || strcmp(listed(term->word, term->where), typed) == 0)
            json_array_append_new(
                found, json_pack("{s:s, s:s, s:s}", "word", term->word, "where", term->where, "text", term->text));
    }
    return found;
}

static bool fail_unknown(const char *typed, GError **error)
{
    const char *nearest = cli_term_nearest(typed);

    if (nearest != NULL)
        return hl_fail(error, HL_ERROR_NOT_FOUND, _("the glossary has no '%s'; did you mean '%s'?"), typed, nearest);
    return hl_fail(error, HL_ERROR_NOT_FOUND, _("the glossary has no '%s'; 'holdline glossary' lists its words"),
                   typed);
}

/* The document is English: scripts get it. */
static char *format_text(const json_t *value, const json_t *row G_GNUC_UNUSED)
{
    return g_strdup(hl_tr(json_string_value(value)));
}

/* A table would cut what the words mean. */
static void print_terms(const json_t *terms, int width)
{
    const json_t *term;
    size_t i;

    json_array_foreach(terms, i, term)
    {
        const char *code = cli_text(term, "word");
        const char *said = listed(code, cli_text(term, "where"));
        g_autofree char *both = said != code ? g_strdup_printf("%s, %s", code, said) : g_strdup(code);
        g_autofree char *word = hl_tone(stdout, HL_TONE_BOLD, both);
        g_autofree char *text = hl_text_hang(hl_tr(cli_text(term, "text")), width, 4);

        printf("%s (%s)\n    %s\n", word, hl_tr(cli_text(term, "where")), text);
    }
}

bool cmd_glossary(HlInvocation *call, GError **error)
{
    static const CliColumn columns[] = { { "WORD", "word", NULL },
                                         { "IN", "where", format_text },
                                         { "MEANS", "text", format_text } };
    g_autoptr(json_t) document = json_pack("{s:o}", "terms", find_terms(call->n_args > 0 ? call->args[0] : NULL));

    if (json_array_size(json_object_get(document, "terms")) == 0)
        return fail_unknown(call->args[0], error);
    if (hl_terminal_size(stdout, NULL) < G_MAXINT && !cli_view_is_data(call)) {
        print_terms(json_object_get(document, "terms"), hl_terminal_size(stdout, NULL));
        return true;
    }
    return cli_show_list(call, document, "terms", columns, G_N_ELEMENTS(columns), error);
}
