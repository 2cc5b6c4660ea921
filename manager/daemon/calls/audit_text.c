/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/audit_text.h"

#include <string.h>

#include "lib/base/text.h"
#include "manager/core/notification_rule.h"

#define MAX_ARGUMENTS 4096 /* bytes of all arguments in a row of the audit log */
#define MAX_ARGUMENT  1000 /* bytes of one of them */

/* At the end of a character. */
char *mgr_audit_cut(const char *text, gsize max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    if (strlen(valid) > max)
        *g_utf8_find_prev_char(valid, valid + max + 1) = '\0';
    return g_steal_pointer(&valid);
}

/* Printable, without what a URL has of secrets; in quotes where it could be taken for more than one word, or for a way.
 */
static char *print_word(const char *text)
{
    g_autofree char *word = hl_text_printable(text);
    GString *out;

    if (strpbrk(word, " \"") == NULL && *word != '@')
        return g_steal_pointer(&word);
    out = g_string_new(word);
    g_string_replace(out, "\\", "\\\\", 0);
    g_string_replace(out, "\"", "\\\"", 0);
    g_string_prepend_c(out, '"');
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

#define TO "to="

/* Secrets; and what is of no use to a reader. */
static const char *const left_out[] = { "password", "old", "code", "secret", "csr", NULL };

bool mgr_audit_is_secret(const char *argument)
{
    return g_strv_contains(left_out, argument);
}

/* The path and query of a webhook let anybody send there who knows them. */
static char *without_path(const char *call, const HlMsgArgument *argument)
{
    g_autofree char *shown = NULL;

    if (strcmp(call, "notification set") != 0 || strcmp(argument->name, "setting") != 0 ||
        !g_str_has_prefix(argument->value, TO))
        return g_strdup(argument->value);
    shown = mgr_destination_shown(argument->value + strlen(TO));
    return g_strconcat(TO, shown, NULL);
}

static char *print_argument(const char *call, const HlMsgArgument *argument, gsize room)
{
    g_autofree char *name = print_word(argument->name);
    g_autofree char *open = without_path(call, argument);
    g_autofree char *value = print_word(mgr_audit_is_secret(argument->name) ? "..." : open);
    g_autofree char *text = g_strdup_printf("%s=%s", name, value);
    g_autofree char *shown = mgr_audit_cut(text, room);

    return strlen(shown) < strlen(text) ? g_strdup_printf("%s...", shown) : g_steal_pointer(&shown);
}

static void append_way(GString *out, const char *what, const char *value)
{
    g_autofree char *word = value != NULL ? print_word(value) : NULL;

    if (word != NULL)
        g_string_append_printf(out, "%s@%s=%s", out->len > 0 ? " " : "", what, word);
}

/* Each has its share of the room, so that a long one hides none that come after it. */
char *mgr_audit_text(const MgrAuditWay *way, const HlMsgCall *message)
{
    GString *out = g_string_new(NULL);

    append_way(out, "console", way->console);
    append_way(out, "address", way->address);
    append_way(out, "pass", way->pass);
    for (size_t i = 0; i < message->n_arguments; i++) {
        gsize room = MAX_ARGUMENTS - MIN(out->len, MAX_ARGUMENTS);
        g_autofree char *text =
            print_argument(message->name, message->arguments[i], MIN(room / (message->n_arguments - i), MAX_ARGUMENT));

        g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", text);
    }
    return g_string_free(out, FALSE);
}
