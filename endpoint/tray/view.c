/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/tray/view.h"

#include <string.h>

#include "lib/base/text.h"
#include "proto/phrase.h"

#define ELLIPSIS  "…"
#define LOOKED_AT 4096 /* bytes of a text that are made printable at all; a path of the system is no longer */
#define READ      1024 /* bytes of a sentence of the daemon that are translated: more would cost, and is not shown */

/* Of a path, what comes last tells most. */
typedef enum { CUT_END, CUT_MIDDLE } Cut;

/* Words are sentences of the daemon; a text is a name or what was typed elsewhere. */
typedef enum { IS_BOOL, IS_COUNT, IS_TIME, IS_TEXT, IS_PATH, IS_WORDS } Type; /* texts last */

/* Where each value stands in the document, and in the view. */
static const struct {
    const char *in, *within; /* objects, the outer one first; NULL: none */
    const char *member;
    Type type;
    gsize offset;
} rows[] = {
    { NULL, NULL, "independent", IS_BOOL, offsetof(TrView, independent) },
    { NULL, NULL, "patterns_since", IS_TIME, offsetof(TrView, patterns_since) },
    { NULL, NULL, "problem", IS_WORDS, offsetof(TrView, problem) },
    { "may", NULL, "update-now", IS_BOOL, offsetof(TrView, may.update_now) },
    { "may", NULL, "toggle-schedule", IS_BOOL, offsetof(TrView, may.toggle_schedule) },
    { "may", NULL, "scan", IS_BOOL, offsetof(TrView, may.scan) },
    { "may", NULL, "skip-scan", IS_BOOL, offsetof(TrView, may.skip_scan) },
    { "may", NULL, "stop", IS_BOOL, offsetof(TrView, may.stop) },
    { "update", NULL, "running", IS_BOOL, offsetof(TrView, update.running) },
    { "update", NULL, "what", IS_WORDS, offsetof(TrView, update.what) },
    { "update", NULL, "trigger", IS_TEXT, offsetof(TrView, update.trigger) },
    { "update", NULL, "last_at", IS_TIME, offsetof(TrView, last_update.at) },
    { "update", NULL, "last_succeeded", IS_BOOL, offsetof(TrView, last_update.succeeded) },
    { "update", NULL, "last_trigger", IS_TEXT, offsetof(TrView, last_update.trigger) },
    { "update", NULL, "last_detail", IS_WORDS, offsetof(TrView, last_update.detail) },
    { "update", NULL, "succeeded_at", IS_TIME, offsetof(TrView, succeeded_at) },
    { "upgrade", NULL, "ended", IS_TIME, offsetof(TrView, upgrade.ended) },
    { "upgrade", NULL, "state", IS_TEXT, offsetof(TrView, upgrade.state) },
    { "upgrade", NULL, "to", IS_TEXT, offsetof(TrView, upgrade.to) },
    { "upgrade", NULL, "detail", IS_WORDS, offsetof(TrView, upgrade.detail) },
    { "update", NULL, "schedule", IS_TEXT, offsetof(TrView, schedule) },
    { "update", NULL, "schedule_off_by_user", IS_BOOL, offsetof(TrView, schedule_off) },
    { "scan", NULL, "running", IS_BOOL, offsetof(TrView, scan_running) },
    { "scan", "last", "ended", IS_TIME, offsetof(TrView, last_scan.ended) },
    { "scan", "last", "how", IS_TEXT, offsetof(TrView, last_scan.how) },
    { "scan", "last", "end", IS_TEXT, offsetof(TrView, last_scan.end) },
    { "scan", "last", "detail", IS_WORDS, offsetof(TrView, last_scan.detail) },
    { "scan", "last", "files", IS_COUNT, offsetof(TrView, last_scan.files) },
    { "scan", "last", "found", IS_COUNT, offsetof(TrView, last_scan.found) },
    { "scan", "last", "not_looked_at", IS_COUNT, offsetof(TrView, last_scan.not_looked_at) },
    { "finds", NULL, "total", IS_COUNT, offsetof(TrView, finds.total) },
    { "finds", NULL, "count", IS_COUNT, offsetof(TrView, finds.count) },
    { "finds", "last", "at", IS_TIME, offsetof(TrView, finds.at) },
    { "finds", "last", "signature", IS_TEXT, offsetof(TrView, finds.signature) },
    { "finds", "last", "path", IS_PATH, offsetof(TrView, finds.path) },
    { "finds", "last", "action", IS_TEXT, offsetof(TrView, finds.action) },
};

static bool is_inside(char byte)
{
    return ((guchar)byte & 0xc0) == 0x80;
}

/* At most max bytes of text, cut between characters. */
static char *shorten(const char *text, gsize max, Cut cut)
{
    gsize size = strlen(text);
    gsize head = cut == CUT_MIDDLE ? max / 3 : max - strlen(ELLIPSIS);
    const char *tail = cut == CUT_MIDDLE && size > max ? text + size - (max - head - strlen(ELLIPSIS)) : "";

    if (size <= max)
        return g_strdup(text);
    while (head > 0 && is_inside(text[head]))
        head--;
    while (is_inside(*tail))
        tail++;
    return g_strdup_printf("%.*s" ELLIPSIS "%s", (int)head, text, tail);
}

static char *harmless(const char *text, Cut cut)
{
    g_autofree char *some = shorten(text, LOOKED_AT, cut);
    g_autofree char *printable = hl_text_printable(some);

    return shorten(printable, TR_MAX_TEXT, cut);
}

char *tr_text(const char *text)
{
    return harmless(text == NULL ? "" : text, CUT_END);
}

static char *words_of(const json_t *value)
{
    g_autofree char *english = shorten(json_is_string(value) ? json_string_value(value) : "", READ, CUT_END);
    g_autofree char *words = hl_phrase_translate(english);

    return tr_text(words);
}

static HlTime time_of(const json_t *value)
{
    HlTime time = 0;

    return json_is_string(value) && hl_time_parse(json_string_value(value), &time, NULL) ? MAX(time, 0) : 0;
}

static char *text_of(const json_t *value, Cut cut)
{
    return json_is_string(value) ? harmless(json_string_value(value), cut) : g_strdup("");
}

static void take(gpointer to, Type type, const json_t *value)
{
    switch (type) {
    case IS_BOOL:
        *(bool *)to = json_is_true(value);
        return;
    case IS_COUNT:
        *(guint64 *)to = (guint64)MAX(json_integer_value(value), 0);
        return;
    case IS_TIME:
        *(HlTime *)to = time_of(value);
        return;
    case IS_TEXT:
        *(char **)to = text_of(value, CUT_END);
        return;
    case IS_PATH:
        *(char **)to = text_of(value, CUT_MIDDLE);
        return;
    case IS_WORDS:
        *(char **)to = words_of(value);
        return;
    }
}

/* A daemon of a later version may know more words; none of them says that the line is up. */
static TrLine line_of(const json_t *document)
{
    const char *word = json_string_value(json_object_get(document, "line"));

    if (!json_is_true(json_object_get(document, "enrolled")))
        return TR_LINE_NONE;
    if (g_strcmp0(word, "up") == 0)
        return TR_LINE_UP;
    return g_strcmp0(word, "connecting") == 0 ? TR_LINE_CONNECTING : TR_LINE_DOWN;
}

static char *patterns_of(json_t *patterns)
{
    g_autoptr(GString) text = g_string_new("");
    const char *name;
    json_t *version;

    json_object_foreach(patterns, name, version)
    {
        if (text->len > TR_MAX_TEXT)
            break;
        if (json_is_integer(version))
            g_string_append_printf(text, "%s%.*s %" JSON_INTEGER_FORMAT, text->len > 0 ? ", " : "", TR_MAX_TEXT, name,
                                   json_integer_value(version));
    }
    return harmless(text->str, CUT_END);
}

bool tr_view_parse(TrView *view, const json_t *document, GError **error)
{
    json_int_t percent;

    tr_view_clear(view);
    if (!json_is_object(document))
        return hl_fail(
            error, HL_ERROR_INVALID,
            "what the daemon tells its watchers is not an object: are holdline-endpointd and this program of "
            "the same version?");
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const json_t *object = rows[i].in == NULL ? document : json_object_get(document, rows[i].in);

        if (rows[i].within != NULL)
            object = json_object_get(object, rows[i].within);
        take((char *)view + rows[i].offset, rows[i].type, json_object_get(object, rows[i].member));
    }
    percent = json_integer_value(json_object_get(json_object_get(document, "update"), "percent"));
    view->update.percent = (guint)CLAMP(percent, 0, 100);
    view->line = line_of(document);
    view->patterns = patterns_of(json_object_get(document, "patterns"));
    view->here = true;
    return true;
}

/* patterns is the only text that no row names. */
static char **text_at(TrView *view, gsize row)
{
    if (row == G_N_ELEMENTS(rows))
        return &view->patterns;
    return rows[row].type >= IS_TEXT ? (char **)((char *)view + rows[row].offset) : NULL;
}

void tr_view_copy(TrView *to, const TrView *from)
{
    if (to == from)
        return;
    tr_view_clear(to);
    *to = *from;
    for (gsize i = 0; i <= G_N_ELEMENTS(rows); i++) {
        char **text = text_at(to, i);

        if (text != NULL)
            *text = g_strdup(*text);
    }
}

void tr_view_clear(TrView *view)
{
    for (gsize i = 0; i <= G_N_ELEMENTS(rows); i++) {
        char **text = text_at(view, i);

        if (text != NULL)
            g_free(*text);
    }
    *view = (TrView){ 0 };
}
