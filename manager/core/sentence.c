/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/sentence.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/unconst.h"

/* Each is whole, and not put together from parts: languages differ in their order.  What is in brackets is said only if
 * its argument is given. */
const MgrSentenceRow mgr_sentence_rows[] = {
    /* why the displayed status is what it is */
    { "shown.unregistered", N_("shown {displayed} because it has not registered yet") },
    { "shown.registered", N_("shown {displayed} because it has just registered") },
    { "shown.restarted", N_("shown {displayed} because it has just announced its start") },
    { "shown.stopped", N_("shown {displayed} because it announced that it was stopping") },
    { "shown.uninstalled", N_("shown {displayed} because it announced that it was uninstalled") },
    { "shown.moved", N_("shown {displayed} because it announced that it moved to another server") },
    { "shown.heartbeat", N_("shown {displayed} because its heartbeat arrived in time") },
    { "shown.poll", N_("shown {displayed} because its poll arrived in time") },
    { "shown.silent", N_("shown {displayed} because no heartbeat arrived within the configured time") },
    { "shown.entered-unreachable", N_("shown {displayed} because its own address is in an unreachable network") },
    { "shown.left-unreachable",
      N_("shown {displayed} because its own address is no longer in an unreachable network") },
    { "shown.independent", N_("shown {displayed} because it is in independent mode") },
    { "shown.independent-over", N_("shown {displayed} because it has just left independent mode") },
    { "shown.inactive", N_("shown {displayed} because it has given no sign of life for too many days") },
    { "shown.heard-again", N_("shown {displayed} because it was silent for too many days, and has not registered or "
                              "answered a dial since") },
    { "shown.removed", N_("shown {displayed} because it was removed from the console") },
    { "shown.no-address", N_("shown {displayed} because it registered no address to dial[: {detail}]") },
    { "shown.no-port", N_("shown {displayed} because it registered no port to dial (direct.port)[: {detail}]") },
    { "shown.not-probed", N_("shown {displayed} because {address} has not been dialled (not-probed)") },
    { "shown.reachable",
      N_("shown {displayed} because {address} answered with this endpoint's certificate (reachable)") },
    { "shown.refused", N_("shown {displayed} because {address} refused the connection (refused)") },
    { "shown.timeout", N_("shown {displayed} because {address} did not answer (timeout)") },
    { "shown.no-route",
      N_("shown {displayed} because {address} cannot be reached from the server (no-route)[: {detail}]") },
    { "shown.wrong-host", N_("shown {displayed} because {address} belongs to another machine as seen from the server "
                             "(wrong-host)[: {detail}]") },
    /* what the line says */
    { "line.up", N_("the endpoint's own line is up, last heartbeat {ago} ago") },
    { "line.never", N_("the endpoint has never connected") },
    { "line.late", N_("the endpoint's own line seems up, but its heartbeat is late: the last one was {ago} ago") },
    { "line.clean-stop", N_("the endpoint closed its line properly {ago} ago") },
    { "line.lost", N_("the endpoint's own line was lost {ago} ago") },
    { "line.keepalive", N_("the endpoint's own line has been silent for {ago}") },
    { "line.replaced", N_("another record took this endpoint's place {ago} ago") },
    { "line.revoked", N_("the endpoint's certificate was revoked {ago} ago") },
    { "line.flooding", N_("the endpoint sent too much, its line was ended {ago} ago, and it is held off") },
    { "line.server-blind", N_("the server cannot tell at present: it heard this endpoint {ago} ago") },
    /* what else is odd */
    { "dial.wrong-host", N_("the last dial of its address reached another machine (wrong-host)[: {detail}]") },
    /* lines of notifications (note.h) */
    { "note.offline", N_("Endpoints that have been off line for more than {ago}: {count}") },
    { "note.offline-over", N_("Endpoints that are on line again: {count}") },
    { "note.outdated", N_("Endpoints whose patterns have been out of date for more than {ago}: {count}") },
    { "note.upgrade-failed", N_("Upgrades of the program that failed: {count}") },
    { "note.outdated-over", N_("Endpoints whose patterns are up to date again: {count}") },
    { "note.detection", N_("Detections: {count}") },
    { "note.enrolled", N_("Endpoints that enrolled: {count}") },
    { "note.clone", N_("Machines with the identity of another one: {count}") },
    { "note.revoked", N_("Endpoints whose certificate was revoked: {count}") },
    { "note.removed", N_("Endpoints that were removed: {count}") },
    { "note.account", N_("Changes of accounts, certificates and tokens: {count}") },
    { "note.denied", N_("Calls that were denied: {count}") },
    { "note.blind", N_("The server cannot hear its endpoints: the broker is away") },
    { "note.blind-over", N_("The server hears its endpoints again") },
    { "note.broker", N_("Something is wrong with the broker: {count}") },
    { "note.broker-over", N_("The broker is in order again: {count}") },
    { "note.disk", N_("The server's disk is nearly full, or cannot be written") },
    { "note.disk-over", N_("The server's disk has room, and can be written again") },
    { "note.repository", N_("Endpoints will soon refuse the pattern repository, or do already: its signature is old") },
    { "note.repository-over", N_("The pattern repository is signed again") },
    { "note.patterns-old", N_("The server has had no new patterns for long") },
    { "note.patterns-old-over", N_("The server has new patterns") },
    { "note.audit", N_("The audit log is not what was written") },
    { "note.audit-over", N_("The audit log is whole again") },
    { "note.clock", N_("The server's clock is behind what it was") },
    { "note.clock-over", N_("The server's clock is right again") },
    { "note.files", N_("Files of the pattern repository are missing: endpoints cannot load them") },
    { "note.files-over", N_("The pattern repository is complete again") },
    { "note.rollout-halted", N_("Roll-outs that halted: {count}") },
    { "note.rollout-done", N_("Roll-outs that are through: {count}") },
    { "note.end", N_("Certificates and signatures that end soon: {count}") },
    { "note.end-over", N_("Certificates and signatures that were renewed: {count}") },
    { "note.test", N_("This is a test: the destination works") },
    { "note.more", N_("and {count} more") },
    { "note.joined", N_("Earlier messages that could not be delivered are part of this one: {count}") },
    { "note.server", N_("Server: {detail}") },
    /* how it came back after its certificate had ended */
    { "late.granted",
      N_("its certificate had ended, and it was given another one {ago} ago, by proof of its old key") },
    { "late.too-late", N_("its certificate has ended, and it asked for another one after the grace time "
                          "(enrolment.grace), {ago} ago: it needs a bundle that is made for it") },
    { "late.revoked",
      N_("its certificate has ended, and it asked for another one {ago} ago: it is revoked, and needs a "
         "bundle that is made for it") },
    { "late.replaced", N_("a machine asked for another certificate {ago} ago with one from before the last enrolment: "
                          "is it a copy, or was it restored?") },
    { "late.clock", N_("its certificate has ended, and its clock was so wrong {ago} ago that it could not be given "
                       "another one: set its clock") },
    { "late.authority", N_("its certificate is of an authority that has ended, so it cannot connect: it needs a bundle "
                           "that is made for it") },
};

const gsize mgr_n_sentence_rows = G_N_ELEMENTS(mgr_sentence_rows);

/* Titles as in displayed.c, units as of hl_duration_describe. */
const char *const mgr_sentence_terms[] = {
    N_("Offline"),
    N_("Online"),
    N_("Unreachable/Offline"),
    N_("Unreachable/Online"),
    N_("Independent"),
    N_("Inactive"),
    N_("ms"),
    N_("s"),
    N_("min"),
    N_("h"),
    N_("d"),
};

const gsize mgr_n_sentence_terms = G_N_ELEMENTS(mgr_sentence_terms);

typedef enum { TEXT, TERM, DURATION, NUMBER } Kind;

static const struct {
    const char *name;
    Kind kind;
    gsize offset;
} arguments[] = {
    { "address", TEXT, offsetof(MgrSentence, address) },     { "ago", DURATION, offsetof(MgrSentence, ago) },
    { "count", NUMBER, offsetof(MgrSentence, count) },       { "detail", TEXT, offsetof(MgrSentence, detail) },
    { "displayed", TERM, offsetof(MgrSentence, displayed) },
};

static const char *as_it_is(const char *message)
{
    return message;
}

/* A row with which of the arguments its text names. */
typedef struct {
    const char *text;
    bool names[G_N_ELEMENTS(arguments)];
} Known;

static bool names_argument(const char *text, const char *name)
{
    gsize length = strlen(name);

    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{'))
        if (strncmp(at + 1, name, length) == 0 && at[1 + length] == '}')
            return true;
    return false;
}

static gpointer index_rows(gpointer unused G_GNUC_UNUSED)
{
    static Known known[G_N_ELEMENTS(mgr_sentence_rows)];
    GHashTable *rows = g_hash_table_new(g_str_hash, g_str_equal);

    for (gsize i = 0; i < G_N_ELEMENTS(mgr_sentence_rows); i++) {
        known[i].text = mgr_sentence_rows[i].text;
        for (gsize k = 0; k < G_N_ELEMENTS(arguments); k++)
            known[i].names[k] = names_argument(known[i].text, arguments[k].name);
        g_hash_table_insert(rows, hl_unconst(mgr_sentence_rows[i].code), &known[i]);
    }
    return rows;
}

/* NULL: a code that is not in the table.  Asked four times for each status document, so the rows are not gone through;
 * the index says nothing but what the table says, and is made once, by the thread that asks first. */
static const Known *find_row(const char *code)
{
    static GOnce once = G_ONCE_INIT;

    return g_hash_table_lookup(g_once(&once, index_rows, NULL), code);
}

static const char *text_of(const MgrSentence *sentence, gsize i)
{
    return *(const char *const *)((const char *)sentence + arguments[i].offset);
}

static int64_t number_of(const MgrSentence *sentence, gsize i)
{
    return *(const int64_t *)((const char *)sentence + arguments[i].offset);
}

static HlTime time_of(const MgrSentence *sentence, gsize i)
{
    return *(const HlTime *)((const char *)sentence + arguments[i].offset);
}

static const char *translate_term(const char *term, MgrSentenceLanguage language)
{
    if (language == as_it_is)
        return term;
    for (gsize i = 0; i < G_N_ELEMENTS(mgr_sentence_terms); i++)
        if (strcmp(mgr_sentence_terms[i], term) == 0)
            return language(mgr_sentence_terms[i]);
    return term;
}

/* "2 h 5 min", each unit in the language. */
static void add_duration(GString *out, HlTime duration, MgrSentenceLanguage language)
{
    g_autofree char *english = hl_duration_describe(duration);
    g_auto(GStrv) words = NULL;

    if (language == as_it_is) {
        g_string_append(out, english);
        return;
    }
    words = g_strsplit(english, " ", -1);
    for (gsize i = 0; words[i] != NULL; i++)
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", translate_term(words[i], language));
}

/* false: the argument is not given. */
static bool add_argument(GString *out, const MgrSentence *sentence, const char *name, gsize length,
                         MgrSentenceLanguage language)
{
    for (gsize i = 0; i < G_N_ELEMENTS(arguments); i++) {
        if (strlen(arguments[i].name) != length || memcmp(arguments[i].name, name, length) != 0)
            continue;
        if (arguments[i].kind == DURATION) {
            add_duration(out, time_of(sentence, i), language);
            return true;
        }
        if (arguments[i].kind == NUMBER) {
            g_string_append_printf(out, "%" G_GINT64_FORMAT, number_of(sentence, i));
            return true;
        }
        if (text_of(sentence, i) == NULL)
            return false;
        g_string_append(out, arguments[i].kind == TERM ? translate_term(text_of(sentence, i), language)
                                                       : text_of(sentence, i));
        return true;
    }
    return false;
}

static void add_sentence(GString *out, const MgrSentence *sentence, MgrSentenceLanguage language)
{
    const Known *row = find_row(sentence->code);
    gsize optional = 0; /* where it began in out, and 1 more: 0 is outside */
    bool complete = true;

    if (row == NULL) {
        g_string_append(out, sentence->code);
        return;
    }
    for (const char *at = language(row->text); *at != '\0';) {
        gsize plain = MAX(strcspn(at, "{[]"), 1); /* up to the next sign, or a sign that stands for itself */
        const char *end = *at == '{' ? strchr(at, '}') : NULL;

        if (*at == '[') {
            optional = out->len + 1;
            complete = true;
        } else if (*at == ']' && optional > 0) {
            if (!complete)
                g_string_truncate(out, optional - 1);
            optional = 0;
        } else if (end != NULL) {
            complete = add_argument(out, sentence, at + 1, (gsize)(end - at) - 1, language) && complete;
            plain = (gsize)(end - at) + 1;
        } else {
            g_string_append_len(out, at, (gssize)plain);
        }
        at += plain;
    }
}

char *mgr_sentence_word(const MgrSentence *sentence, MgrSentenceLanguage language)
{
    return mgr_sentences_word(sentence, 1, language);
}

char *mgr_sentences_word(const MgrSentence *sentences, gsize n, MgrSentenceLanguage language)
{
    GString *out = g_string_sized_new(256);

    for (gsize i = 0; i < n; i++) {
        g_string_append(out, i > 0 ? "; " : "");
        add_sentence(out, &sentences[i], language != NULL ? language : as_it_is);
    }
    return g_string_free(out, FALSE);
}

/* ------------------------------------------------------------------------------------------------------- as JSON */

static void put_arguments(HlJsonOut *out, const MgrSentence *sentence)
{
    const Known *row = find_row(sentence->code);

    hl_json_out_open(out, "args", '{');
    for (gsize i = 0; row != NULL && i < G_N_ELEMENTS(arguments); i++) {
        if (!row->names[i])
            continue;
        if (arguments[i].kind == DURATION)
            hl_json_out_integer(out, arguments[i].name, time_of(sentence, i));
        else if (arguments[i].kind == NUMBER)
            hl_json_out_integer(out, arguments[i].name, number_of(sentence, i));
        else if (text_of(sentence, i) != NULL)
            hl_json_out_text(out, arguments[i].name, text_of(sentence, i));
    }
    hl_json_out_close(out, '}');
}

void mgr_sentences_put(HlJsonOut *out, const char *name, const MgrSentence *sentences, gsize n)
{
    hl_json_out_open(out, name, '[');
    for (gsize i = 0; i < n; i++) {
        hl_json_out_open(out, NULL, '{');
        hl_json_out_text(out, "code", sentences[i].code);
        put_arguments(out, &sentences[i]);
        hl_json_out_close(out, '}');
    }
    hl_json_out_close(out, ']');
}

json_t *mgr_sentences_json(const MgrSentence *sentences, gsize n)
{
    g_auto(HlJsonOut) out;
    g_autofree char *text = NULL;

    hl_json_out_init(&out);
    mgr_sentences_put(&out, NULL, sentences, n);
    text = hl_json_out_print(&out);
    return text != NULL ? hl_json_parse("sentences", text, strlen(text), NULL) : NULL;
}

static void take_argument(MgrSentence *sentence, gsize i, const json_t *value)
{
    char *member = (char *)sentence + arguments[i].offset;

    if (arguments[i].kind == DURATION)
        *(HlTime *)member = json_integer_value(value);
    else if (arguments[i].kind == NUMBER)
        *(int64_t *)member = json_integer_value(value);
    else
        *(const char **)member = json_string_value(value);
}

gsize mgr_sentences_parse(const json_t *document, MgrSentence *sentences, gsize max)
{
    gsize n = 0;
    const json_t *item;
    size_t at;

    json_array_foreach(document, at, item)
    {
        const char *code = json_string_value(json_object_get(item, "code"));

        if (code == NULL || n == max)
            continue;
        sentences[n] = (MgrSentence){ .code = code };
        for (gsize i = 0; i < G_N_ELEMENTS(arguments); i++)
            take_argument(&sentences[n], i, json_object_get(json_object_get(item, "args"), arguments[i].name));
        n++;
    }
    return n;
}
