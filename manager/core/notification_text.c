/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/notification_text.h"

#include <string.h>
#include <time.h>

#define FACILITY 3 /* system daemons */
#define MAX_WORD \
    39 /* bytes of text in an encoded word: "Subject: ", 52 of base64 and 12 round it, within 76 (RFC 2047) */
#define MAX_LINE   57      /* bytes in a line of base64: 76 characters, RFC 2045 */
#define ENTERPRISE "32473" /* of examples, RFC 5612: the project has no number of its own */

static json_int_t integer(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const MgrNoteRow *row_of(const json_t *line)
{
    const char *kind = hl_json_text(line, "kind");

    for (int i = 0; i < MGR_NOTE_N; i++)
        if (strcmp(mgr_note_row((MgrNoteKind)i)->name, kind) == 0)
            return mgr_note_row((MgrNoteKind)i);
    return mgr_note_row(MGR_NOTE_TEST); /* mgr_notes_parse lets no other in */
}

static MgrSentence sentence_of(const MgrMessage *message, const json_t *line)
{
    const MgrNoteRow *row = row_of(line);
    bool is_over = json_is_true(json_object_get(line, "over")) && row->over != NULL;

    return (MgrSentence){ .code = is_over ? row->over : row->begun,
                          .count = integer(line, "count"),
                          .ago = row == mgr_note_row(MGR_NOTE_OFFLINE) ? message->offline_after
                                                                       : message->outdated_after };
}

static char *word(const MgrMessage *message, const json_t *line)
{
    MgrSentence sentence = sentence_of(message, line);

    return mgr_sentence_word(&sentence, message->language);
}

static char *say_count(const MgrMessage *message, const char *code, int64_t count)
{
    return mgr_sentence_word(&(MgrSentence){ .code = code, .count = count }, message->language);
}

static char *detail_of(const MgrMessage *message, const json_t *name)
{
    const char *detail = hl_json_text(name, "detail");

    return message->language != NULL && message->word_detail != NULL ? message->word_detail(detail, message->language)
                                                                     : g_strdup(detail);
}

static GString *name_of(const MgrMessage *message, const json_t *name)
{
    GString *out = g_string_new(hl_json_text(name, "name"));
    g_autofree char *detail = detail_of(message, name);

    if (*detail != '\0')
        g_string_append_printf(out, "%s%s", out->len > 0 ? ": " : "", detail);
    return out;
}

/* ----------------------------------------------------------------------------------------------------------- words */

char *mgr_message_subject(const MgrMessage *message, const json_t *notes)
{
    const json_t *lines = json_object_get(notes, "lines");
    g_autofree char *first = word(message, json_array_get(lines, 0));
    g_autofree char *more = say_count(message, "note.more", (int64_t)json_array_size(lines) - 1);

    return g_strdup_printf("[Holdline] %s%s%s%s", first, json_array_size(lines) > 1 ? " (" : "",
                           json_array_size(lines) > 1 ? more : "", json_array_size(lines) > 1 ? ")" : "");
}

static void add_line(GString *out, const MgrMessage *message, const json_t *line)
{
    g_autofree char *sentence = word(message, line);
    const json_t *names = json_object_get(line, "names");
    int64_t more = integer(line, "count") - (int64_t)json_array_size(names);
    const json_t *name;
    size_t i;

    g_string_append_printf(out, "%s\n", sentence);
    json_array_foreach(names, i, name)
    {
        g_autofree char *at = hl_time_format(integer(name, "at"));
        g_autoptr(GString) text = name_of(message, name);

        g_string_append_printf(out, "  %s%s%s\n", at, text->len > 0 ? "  " : "", text->str);
    }
    if (more > 0) {
        g_autofree char *rest = say_count(message, "note.more", more);

        g_string_append_printf(out, "  %s\n", rest);
    }
    g_string_append_c(out, '\n');
}

char *mgr_message_text(const MgrMessage *message, const json_t *notes)
{
    GString *out = g_string_new(NULL);
    g_autofree char *server =
        mgr_sentence_word(&(MgrSentence){ .code = "note.server", .detail = message->server }, message->language);
    const json_t *line;
    size_t i;

    json_array_foreach(json_object_get(notes, "lines"), i, line) add_line(out, message, line);
    if (integer(notes, "joined") > 0) {
        g_autofree char *joined = say_count(message, "note.joined", integer(notes, "joined"));

        g_string_append_printf(out, "%s\n\n", joined);
    }
    g_string_append_printf(out, "%s (%s, %s)\n", server, message->rule, message->id);
    return g_string_free(out, FALSE);
}

/* ------------------------------------------------------------------------------------------------------------ JSON */

static json_t *line_json(const MgrMessage *message, const json_t *line)
{
    g_autofree char *text = word(message, line);
    MgrSentence sentence = sentence_of(message, line);
    g_autoptr(json_t) sentences = mgr_sentences_json(&sentence, 1);
    json_t *names = json_array();
    const json_t *name;
    size_t i;

    json_array_foreach(json_object_get(line, "names"), i, name)
    {
        g_autofree char *detail = detail_of(message, name);

        json_array_append_new(names, json_pack("{s:s, s:s, s:o}", "name", hl_json_text(name, "name"), "detail", detail,
                                               "at", hl_json_time(integer(name, "at"))));
    }
    return json_pack("{s:s, s:b, s:I, s:i, s:s, s:O, s:o}", "kind", hl_json_text(line, "kind"), "over",
                     json_is_true(json_object_get(line, "over")), "count", integer(line, "count"), "severity",
                     (int)row_of(line)->gravity, "text", text, "sentence", json_array_get(sentences, 0), "names",
                     names);
}

json_t *mgr_message_json(const MgrMessage *message, const json_t *notes)
{
    g_autofree char *subject = mgr_message_subject(message, notes);
    json_t *lines = json_array();
    const json_t *line;
    size_t i;

    json_array_foreach(json_object_get(notes, "lines"), i, line) json_array_append_new(lines, line_json(message, line));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:o}", "id", message->id, "server", message->server, "rule",
                     message->rule, "subject", subject, "first", hl_json_time(integer(notes, "first")), "last",
                     hl_json_time(integer(notes, "last")), "joined", integer(notes, "joined"), "lines", lines);
}

/* ---------------------------------------------------------------------------------------------------------- syslog */

/* PARAM-VALUE of RFC 5424, 6.3.3 */
static void add_value(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, " %s=\"", name);
    for (; *value != '\0'; value++) {
        if (strchr("\"\\]", *value) != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *value);
    }
    g_string_append_c(out, '"');
}

static void cut(GString *out, gsize max)
{
    if (out->len > max)
        g_string_truncate(out, (gsize)(g_utf8_find_prev_char(out->str, out->str + max + 1) - out->str));
}

static void add_header(GString *out, const MgrMessage *message, const json_t *line, HlTime at)
{
    g_autofree char *when = hl_time_format(at);
    g_autofree char *count = g_strdup_printf("%" JSON_INTEGER_FORMAT, integer(line, "count"));

    g_string_append_printf(out, "1 %s %s holdline - %s [holdline@" ENTERPRISE, when, message->server,
                           hl_json_text(line, "kind"));
    add_value(out, "id", message->id);
    add_value(out, "rule", message->rule);
    add_value(out, "over", json_is_true(json_object_get(line, "over")) ? "yes" : "no");
    add_value(out, "count", count);
    g_string_append(out, "] \xEF\xBB\xBF");
}

static char *record_of(const MgrMessage *message, const json_t *line, HlTime at, gsize max, MgrSyslogForm form)
{
    g_autofree char *sentence = word(message, line);
    GString *out = g_string_new(NULL);
    const json_t *name;
    size_t i;

    g_string_append_printf(out, "<%d>", FACILITY * 8 + (int)row_of(line)->gravity);
    if (form == MGR_SYSLOG_NETWORK)
        add_header(out, message, line, at);
    else
        g_string_append_printf(out, "holdline: %s: ", message->rule);
    g_string_append(out, sentence);
    json_array_foreach(json_object_get(line, "names"), i, name)
    {
        g_autoptr(GString) text = name_of(message, name);

        if (text->len > 0)
            g_string_append_printf(out, "%s%s", i == 0 ? " - " : "; ", text->str);
    }
    cut(out, max);
    return g_string_free(out, FALSE);
}

char **mgr_message_syslog(const MgrMessage *message, const json_t *notes, HlTime at, gsize max, MgrSyslogForm form)
{
    const json_t *lines = json_object_get(notes, "lines");
    char **records = g_new0(char *, json_array_size(lines) + 1);

    for (size_t i = 0; i < json_array_size(lines); i++)
        records[i] = record_of(message, json_array_get(lines, i), at, max, form);
    return records;
}

/* ------------------------------------------------------------------------------------------------------------ mail */

/* RFC 2047: encoded words on lines of their own, none with half a character. */
static void add_subject(GString *out, const char *subject)
{
    const char *at = subject;

    g_string_append(out, "Subject:");
    while (*at != '\0') {
        const char *end = at;
        g_autofree char *encoded = NULL;

        while (*end != '\0' && g_utf8_find_next_char(end, NULL) - at <= MAX_WORD)
            end = g_utf8_find_next_char(end, NULL);
        encoded = g_base64_encode((const guchar *)at, (gsize)(end - at));
        g_string_append_printf(out, "%s =?UTF-8?B?%s?=", at == subject ? "" : "\r\n", encoded);
        at = end;
    }
    g_string_append(out, "\r\n");
}

static void add_date(GString *out, HlTime date)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t seconds = (time_t)(date / HL_SECOND);
    struct tm at;

    gmtime_r(&seconds, &at);
    g_string_append_printf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[at.tm_wday], at.tm_mday,
                           months[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

/* In base64: any line of text goes through, however long, and none begins with a dot. */
static void add_body(GString *out, const char *text)
{
    gsize size = strlen(text);

    for (gsize i = 0; i < size; i += MAX_LINE) {
        g_autofree char *line = g_base64_encode((const guchar *)text + i, MIN(MAX_LINE, size - i));

        g_string_append_printf(out, "%s\r\n", line);
    }
}

char *mgr_mail_print(const MgrMail *mail)
{
    GString *out = g_string_new(NULL);
    g_autofree char *subject = g_utf8_make_valid(mail->subject, -1);

    add_date(out, mail->date);
    g_string_append_printf(out, "From: <%s>\r\nTo:", mail->from);
    for (gsize i = 0; mail->to[i] != NULL; i++)
        g_string_append_printf(out, "%s <%s>", i > 0 ? ",\r\n" : "", mail->to[i]);
    g_string_append(out, "\r\n");
    add_subject(out, subject);
    g_string_append_printf(out,
                           "Message-ID: <%s@%s>\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
                           "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n"
                           "Content-Transfer-Encoding: base64\r\n\r\n",
                           mail->id, mail->server);
    add_body(out, mail->text);
    return g_string_free(out, FALSE);
}

char *mgr_webhook_sign(const char *secret, const char *timestamp, const char *body)
{
    g_autofree char *signed_text = g_strdup_printf("%s.%s", timestamp, body);
    g_autofree char *hmac =
        g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)secret, strlen(secret), signed_text, -1);

    return g_strdup_printf("sha256=%s", hmac);
}
