/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/filter/fault.h"

#include <string.h>

#include "lib/base/i18n.h"

enum { PLACE = MGR_FAULT_N, END };

const MgrFaultRow mgr_fault_rows[] = {
    [MGR_FAULT_QUOTE] = { "filter.quote", N_("the quotation mark is not closed") },
    [MGR_FAULT_VALUE] = { "filter.value", N_("a value is missing") },
    [MGR_FAULT_TEXT] = { "filter.text", N_("'~' is for texts: this column has numbers, times, or yes and no") },
    [MGR_FAULT_NUMBER] = { "filter.number", N_("a whole number belongs before this") },
    [MGR_FAULT_TIME] = { "filter.time", N_("a time belongs before this: 2026-11-27, 2026-11-27T03:31:01Z, -7d, +30d or "
                                           "never; with '<' or '>' also 30d") },
    [MGR_FAULT_FLAG] = { "filter.flag", N_("yes or no belongs before this") },
    [MGR_FAULT_ONE_VERSION] = { "filter.one-version", N_("with '<' and '>' a version takes one value") },
    [MGR_FAULT_VERSION] = { "filter.version", N_("a version belongs before this, as in version<0.3") },
    [MGR_FAULT_ONE_VALUE] = { "filter.one-value", N_("this column takes one value") },
    [MGR_FAULT_ORDER] = { "filter.order", N_("this column has no order: use ':', '=', '!=' or '~'") },
    [MGR_FAULT_COLUMN] = { "filter.column", N_("there is no such column; every member of an endpoint's status is one, "
                                               "such as last_seen and settings.desired") },
    [MGR_FAULT_NEAREST] = { "filter.nearest", N_("there is no such column; did you mean '{nearest}'?") },
    [MGR_FAULT_NEAREST_VALUE] = { "filter.nearest-value",
                                  N_("this column never says that; did you mean '{nearest}'?") },
    [MGR_FAULT_OBJECT] = { "filter.object", N_("this has members: name one of them, as in {nearest}") },
    [MGR_FAULT_MADE] = { "filter.made", N_("this is a sentence made of other columns: use displayed, actual, "
                                           "reachability or verdict") },
    [MGR_FAULT_ORDERS] = { "filter.orders", N_("this orders status documents, and says nothing of the endpoint") },
    [MGR_FAULT_ONE_ALONE] = { "filter.one-alone", N_("only 'holdline endpoint show' tells this, of one endpoint at a "
                                                     "time; no list has it") },
    [MGR_FAULT_OPERATOR] = { "filter.operator", N_("'!' is followed by '='") },
    [MGR_FAULT_BEFORE] = { "filter.before",
                           N_("something is missing before this; as a word it goes into quotation marks") },
    [MGR_FAULT_OPEN] = { "filter.open", N_("a closing bracket is missing") },
    [MGR_FAULT_CLOSE] = { "filter.close", N_("this bracket closes nothing") },
    [MGR_FAULT_BYTES] = { "filter.bytes", N_("a filter is text of at most {max} bytes") },
    [MGR_FAULT_PARTS] = { "filter.parts", N_("the filter has more than {max} parts") },
    [MGR_FAULT_DEPTH] = { "filter.depth", N_("the filter is nested deeper than {max}") },
    [MGR_FAULT_VALUES] = { "filter.values", N_("the filter names more than {max} values for one column") },
    [MGR_FAULT_WIDE] = { "filter.wide", N_("the selector names more than {max} groups and patterns") },
    [MGR_FAULT_SPENT] = { "filter.spent", N_("the conditions and patterns of a selector have at most {max} bytes") },
    [PLACE] = { "filter.place", N_("the filter at '{near}', character {at}: {what}") },
    [END] = { "filter.end", N_("the filter, at its end: {what}") },
};

const gsize mgr_n_fault_rows = G_N_ELEMENTS(mgr_fault_rows);

static const char *as_it_is(const char *message)
{
    return message;
}

/* fault: a row before PLACE.  Caller frees. */
static char *word(const GError *error, gsize fault, HlFaultLanguage language)
{
    const char *near = hl_error_argument(error, "near");
    g_autofree char *what = hl_fault_put(language(mgr_fault_rows[fault].text), error, "");

    return near == NULL ? g_steal_pointer(&what)
                        : hl_fault_put(language(mgr_fault_rows[*near != '\0' ? PLACE : END].text), error, what);
}

char *mgr_fault_say(const GError *error, HlFaultLanguage language)
{
    const char *sentence = hl_error_sentence(error);
    g_autofree char *english = NULL;
    g_autofree char *worded = NULL;
    gsize i = 0;

    while (i < MGR_FAULT_N && g_strcmp0(sentence, mgr_fault_rows[i].code) != 0)
        i++;
    if (i == MGR_FAULT_N)
        return g_strdup(error->message);
    english = word(error, i, as_it_is);
    worded = word(error, i, language);
    return hl_fault_keep_prefix(error->message, english, worded);
}

/* The message is the sentence in English. */
static bool fail(GError **error, HlErrorCode code, MgrFault fault, const char *const *arguments)
{
    g_autoptr(GError) made = NULL;
    g_autofree char *text = NULL;

    hl_fail(&made, code, "%s", mgr_fault_rows[fault].code);
    hl_error_say(&made, mgr_fault_rows[fault].code, arguments);
    text = word(made, fault, as_it_is);
    hl_fail(error, code, "%s", text);
    hl_error_say(error, mgr_fault_rows[fault].code, arguments);
    return false;
}

bool mgr_fault_fail(GError **error, MgrFault fault, MgrFaultPlace place, const char *nearest)
{
    g_autofree char *at = g_strdup_printf("%ld", place.at);
    const char *const arguments[] = { "near", place.near, "at", at, nearest != NULL ? "nearest" : NULL, nearest, NULL };

    return fail(error, HL_ERROR_INVALID, fault, arguments);
}

bool mgr_fault_limit_fail(GError **error, MgrFault fault, int max)
{
    g_autofree char *text = g_strdup_printf("%d", max);
    const char *const arguments[] = { "max", text, NULL };

    return fail(error, HL_ERROR_INVALID, fault, arguments);
}

MgrFault mgr_fault_of_member(const char *member, const char **example)
{
    static const struct {
        const char *member;
        MgrFault fault;
        const char *example;
    } rows[] = {
        { "settings", MGR_FAULT_OBJECT, "settings.desired" },
        { "explanation", MGR_FAULT_MADE, NULL },
        { "sentences", MGR_FAULT_MADE, NULL },
        { "epoch", MGR_FAULT_ORDERS, NULL },
        { "revision", MGR_FAULT_ORDERS, NULL },
        { "os", MGR_FAULT_ONE_ALONE, NULL },
        { "fingerprint", MGR_FAULT_ONE_ALONE, NULL },
        { "session", MGR_FAULT_ONE_ALONE, NULL },
        { "enrolled", MGR_FAULT_ONE_ALONE, NULL },
        { "certificate_serial", MGR_FAULT_ONE_ALONE, NULL },
        { "commands", MGR_FAULT_ONE_ALONE, NULL },
        { "scans", MGR_FAULT_ONE_ALONE, NULL },
        { "echo_ms", MGR_FAULT_ONE_ALONE, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].member, member) == 0) {
            *example = rows[i].example;
            return rows[i].fault;
        }
    *example = NULL;
    return MGR_FAULT_COLUMN;
}
