/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/worded.h"

#include <string.h>

#include "manager/core/sentence.h"

typedef struct {
    HlPhraseLanguage language;
    bool (*needs)(const char *line); /* NULL: each does */
    GHashTable *known;               /* English line -> its words; owned */
} Job;

static bool is_line(const char *name)
{
    static const char *const names[] = {
        "detail",        "last_update_result", "last_update_error",  "audit_broken", "broker_away", "broker_drained",
        "broker_hung",   "broker_refused",     "broker_reload",      "broker_split", "clock",       "disk",
        "notifications", "patterns_old",       "repository_problem",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static const char *word(const Job *job, const char *line)
{
    char *words = g_hash_table_lookup(job->known, line);

    if (words == NULL) {
        words = hl_phrase_detail_to(line, job->language);
        g_hash_table_insert(job->known, g_strdup(line), words);
    }
    return words;
}

/* A code with arguments, which both stay. */
static void word_sentence(json_t *document, const Job *job)
{
    g_autoptr(json_t) alone = json_pack("[O]", document);
    MgrSentence sentence;
    g_autofree char *text =
        mgr_sentences_parse(alone, &sentence, 1) == 1 ? mgr_sentence_word(&sentence, job->language) : NULL;

    if (text != NULL)
        json_object_set_new(document, "text", json_string(text));
}

static void word_value(json_t *value, const Job *job)
{
    const char *name;
    json_t *member, *sentence;
    size_t i;

    json_array_foreach(value, i, member) word_value(member, job);
    json_object_foreach(value, name, member)
    {
        if (!json_is_string(member))
            word_value(member, job);
        if (strcmp(name, "sentences") == 0)
            json_array_foreach(member, i, sentence) word_sentence(sentence, job);
        if (json_is_string(member) && is_line(name) && (job->needs == NULL || job->needs(json_string_value(member))))
            json_string_set(member, word(job, json_string_value(member)));
    }
}

void con_word_lines(json_t *document, HlPhraseLanguage language, bool (*needs)(const char *line))
{
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Job job = { language, needs, known };

    word_value(document, &job);
}
