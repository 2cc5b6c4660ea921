/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/remedy.h"

#include <glib.h>
#include <string.h>

#include "lib/base/i18n.h"
#include "manager/console/core/fault.h"
#include "manager/core/refusal.h"

typedef struct {
    const HlFaultTable *table; /* NULL: the text is what is given here */
    gsize row;
    const char *text;
    const char *here;
} Remedy;

static const Remedy remedies[] = {
#define REFUSAL(name, words) { &mgr_refusals, MGR_REFUSE_##name, NULL, words },
#define FAULT(name, words)   { &con_faults, CON_FAULT_##name, NULL, words },
#define TEXT(text, words)    { NULL, 0, text, words },
#include "manager/console/remedy.def"
#undef TEXT
#undef FAULT
#undef REFUSAL
};

static const char *text_of(const Remedy *remedy)
{
    return remedy->table != NULL ? remedy->table->rows[remedy->row].text : remedy->text;
}

const char *con_remedy_english(const char *text)
{
    for (gsize i = 0; i < G_N_ELEMENTS(remedies); i++)
        if (strcmp(text_of(&remedies[i]), text) == 0)
            return remedies[i].here;
    return text;
}

const char *con_remedy_japanese(const char *text)
{
    return hl_tr_japanese(con_remedy_english(text));
}

/* After a letter a quotation mark is an apostrophe. */
#define CALLS                                                                                                          \
    "[{]kind[}]|account|admin|audit|broker|bundle|code|command|console|detection|endpoint|group|monitor|notification|" \
    "pattern|quarantine|rollout|server|session|token|view"
#define SIGNS                                                                            \
    "holdline[ -][a-z]|(?<![a-z])'(" CALLS                                               \
    ") [a-z]|[ ('=]--[a-z]|timedatectl|dmesg|systemctl|journalctl|chmod|[{]call[}]|the " \
    "argument '"

bool con_remedy_is_of_shell(const char *text)
{
    static GRegex *signs; /* kept */

    if (g_once_init_enter(&signs))
        g_once_init_leave(&signs, g_regex_new(SIGNS, G_REGEX_OPTIMIZE, 0, NULL));
    return g_regex_match(signs, text, 0, NULL);
}
