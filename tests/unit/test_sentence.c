/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences as codes with arguments, and worded again at the other end. */
#include <string.h>

#include "manager/core/sentence.h"

static const MgrSentence full = { .address = "[fd00::7]:61000",
                                  .detail = "the certificate is for {ago} [x]",
                                  .displayed = "Unreachable/Offline",
                                  .ago = 2 * HL_HOUR };

/* Nothing is left open in any of them, and what an argument holds is never taken for a template. */
static void test_rows(void)
{
    for (gsize i = 0; i < mgr_n_sentence_rows; i++) {
        MgrSentence sentence = full;
        g_autofree char *text = NULL;
        char *detail;

        sentence.code = mgr_sentence_rows[i].code;
        text = mgr_sentence_word(&sentence, NULL);
        detail = strstr(text, full.detail);
        g_assert_true((detail != NULL) == (strstr(mgr_sentence_rows[i].text, "{detail}") != NULL));
        if (detail != NULL)
            *detail = '\0';
        g_assert_null(strpbrk(text, "{}"));
        for (gsize k = 0; k < i; k++)
            g_assert_cmpstr(mgr_sentence_rows[k].code, !=, mgr_sentence_rows[i].code);
    }
}

static void test_optional(void)
{
    MgrSentence sentence = { .code = "dial.wrong-host" };
    g_autofree char *without = mgr_sentence_word(&sentence, NULL);
    g_autofree char *with = NULL;

    g_assert_cmpstr(without, ==, "the last dial of its address reached another machine (wrong-host)");
    sentence.detail = "no TLS";
    with = mgr_sentence_word(&sentence, NULL);
    g_assert_cmpstr(with, ==, "the last dial of its address reached another machine (wrong-host): no TLS");
}

static void test_later_code(void)
{
    g_autofree char *text = mgr_sentence_word(&(MgrSentence){ .code = "line.quantum" }, NULL);

    g_assert_cmpstr(text, ==, "line.quantum");
}

static const char *backwards(const char *message)
{
    return strcmp(message, "h") == 0                                                         ? "hours"
           : strcmp(message, "Unreachable/Offline") == 0                                     ? "UNREACHED"
           : g_str_has_prefix(message, "shown {displayed} because {address} did not answer") ? "{address}: {displayed}!"
                                                                                             : message;
}

static void test_language(void)
{
    MgrSentence sentences[] = { full, full };
    g_autofree char *text = NULL;

    sentences[0].code = "shown.timeout";
    sentences[1].code = "line.keepalive";
    text = mgr_sentences_word(sentences, 2, backwards);
    g_assert_cmpstr(text, ==, "[fd00::7]:61000: UNREACHED!; the endpoint's own line has been silent for 2 hours 0 min");
}

/* Both ends word the same, and a document carries only what its text names. */
static void test_json(void)
{
    for (gsize i = 0; i < mgr_n_sentence_rows; i++) {
        MgrSentence sentence = full, back[2];
        g_autoptr(json_t) document = NULL;
        g_autofree char *here = NULL;
        g_autofree char *there = NULL;

        sentence.code = mgr_sentence_rows[i].code;
        document = mgr_sentences_json(&sentence, 1);
        g_assert_cmpuint(mgr_sentences_parse(document, back, 2), ==, 1);
        here = mgr_sentence_word(&sentence, NULL);
        there = mgr_sentence_word(&back[0], NULL);
        g_assert_cmpstr(here, ==, there);
        g_assert_true((back[0].address != NULL) == (strstr(mgr_sentence_rows[i].text, "{address}") != NULL));
    }
}

static void test_malformed(void)
{
    static const char *const documents[] = {
        "null", "{}", "[1, null, {}]", "[{\"code\": 7}]", "[{\"args\": {}}]",
    };
    static const char odd[] =
        "[{\"code\": \"line.up\"}, {\"code\": \"line.up\", \"args\": {\"ago\": \"soon\"}}, {\"code\": \"x\"}]";
    MgrSentence sentences[2];
    g_autoptr(json_t) document = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(documents); i++) {
        g_autoptr(json_t) bad = json_loads(documents[i], JSON_DECODE_ANY, NULL);

        g_assert_nonnull(bad);
        g_assert_cmpuint(mgr_sentences_parse(bad, sentences, 2), ==, 0);
    }
    document = json_loads(odd, 0, NULL);
    g_assert_cmpuint(mgr_sentences_parse(document, sentences, 2), ==, 2);
    g_assert_cmpint(sentences[1].ago, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sentence/rows", test_rows);
    g_test_add_func("/sentence/optional", test_optional);
    g_test_add_func("/sentence/later-code", test_later_code);
    g_test_add_func("/sentence/language", test_language);
    g_test_add_func("/sentence/json", test_json);
    g_test_add_func("/sentence/malformed", test_malformed);
    return g_test_run();
}
