/* SPDX-License-Identifier: Apache-2.0 */
/* Words for conditions, and names of endpoints. */
#include <string.h>

#include "lib/base/nearest.h"
#include "manager/filter/node.h"

static const MgrFilterWord words[] = {
    { "online", "actual:online", "actual" },
    { "stale", "actual:stale", "actual" },
    { "offline", "actual:offline", "actual" },
    { "never-seen", "actual:never-seen", "actual" },
    { "inactive", "displayed:Inactive", "displayed" },
    { "independent", "displayed:Independent", "displayed" },
    { "unreachable", "displayed:Unreachable/Online,Unreachable/Offline", "displayed" },
    { "hidden-by-nat", "verdict:hidden-by-nat", "verdict" },
    { "ghost-online", "verdict:ghost-online", "verdict" },
    { "wrong-host", "verdict:wrong-host", "verdict" },
    { "outdated", "outdated:yes", NULL },
    { "outdated-program", "outdated_program:yes", NULL },
    { "infected", "open_detections>0", NULL },
    { "behind", "settings_current:no", NULL },
    { "ended", "certificate_expires<=0s revoked:no", NULL },
    { "came-back", "late_renewal:granted", NULL },
    { "came-late", "late_renewal:too-late,revoked,replaced,clock", NULL },
    { "revoked", "revoked:yes", NULL },
    { "removed", "removed:yes", NULL },
    { "cloned", "clone_suspected:yes", NULL },
    { "flooding", "flooding:yes", NULL },
    { "never-scanned", "last_scan:never", NULL },
    { "scan-failed", "last_scan_end:failed", NULL },
};

const MgrFilterWord *mgr_filter_words(gsize *n)
{
    *n = G_N_ELEMENTS(words);
    return words;
}

const char *mgr_filter_nearest(const char *name)
{
    const char *candidates[G_N_ELEMENTS(words) + 2] = { NULL };
    g_autofree char *typed = g_ascii_strdown(name, -1);
    gsize n = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        candidates[n++] = words[i].word;
    candidates[n] = "all";
    return hl_nearest(typed, candidates);
}

const MgrFilterWord *mgr_word_find(const char *name, gsize size)
{
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strlen(words[i].word) == size && g_ascii_strncasecmp(name, words[i].word, size) == 0)
            return &words[i];
    return NULL;
}

/* "group:sales,outdated" is of sales and outdated, "reason:revoked,flooding" has two reasons. */
bool mgr_word_is_value(const MgrFilterWord *word, int column)
{
    bool is_state = column == MGR_COLUMN_ACTUAL || column == MGR_COLUMN_DISPLAYED || column == MGR_COLUMN_VERDICT;

    return mgr_columns[column].kind == MGR_WORD && column != MGR_COLUMN_GROUP && (!is_state || word->kind != NULL);
}

bool mgr_filter_is_wide(const char *name)
{
    return *name == '@' || strcmp(name, "all") == 0 || strpbrk(name, "*?") != NULL;
}

MgrNameFit mgr_name_fit(const char *name, const char *id, const char *host)
{
    gsize size = strlen(name);

    if (size == 0)
        return MGR_NAME_NONE;
    if (strcmp(name, id) == 0)
        return MGR_NAME_ID;
    if (g_ascii_strcasecmp(name, host) == 0)
        return MGR_NAME_HOST;
    if (g_ascii_strncasecmp(name, host, size) == 0)
        return host[size] == '.' ? MGR_NAME_SHORT : MGR_NAME_PREFIX;
    return strncmp(name, id, size) == 0 ? MGR_NAME_PREFIX : MGR_NAME_NONE;
}

/* After a mismatch only the last * is tried with more: the price is the product of the two lengths. */
bool mgr_name_is_like(const char *text, const char *pattern)
{
    const char *star = NULL;
    const char *from = text;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern == '?' || (*pattern != '\0' && g_utf8_get_char(pattern) == g_utf8_get_char(text))) {
            pattern = g_utf8_next_char(pattern);
            text = g_utf8_next_char(text);
        } else if (star != NULL) {
            from = g_utf8_next_char(from);
            text = from;
            pattern = star;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}
