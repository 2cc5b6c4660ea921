/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/note.h"

#include <string.h>

#include "lib/base/i18n.h"
#include "lib/base/text.h"

static const MgrNoteRow rows[MGR_NOTE_N] = {
    [MGR_NOTE_OFFLINE] = { "offline", "note.offline", "note.offline-over", true, MGR_NOTE_WARNING,
                           N_("endpoints that have been off line for longer than offline-after") },
    [MGR_NOTE_OUTDATED] = { "outdated", "note.outdated", "note.outdated-over", true, MGR_NOTE_WARNING,
                            N_("endpoints whose patterns have been behind the server's for longer than "
                               "outdated-after") },
    [MGR_NOTE_UPGRADE_FAILED] = { "upgrade-failed", "note.upgrade-failed", NULL, true, MGR_NOTE_ERROR,
                                  N_("endpoints whose program was not upgraded, and why") },
    [MGR_NOTE_DETECTION] = { "detection", "note.detection", NULL, true, MGR_NOTE_CRITICAL, N_("what scans found") },
    [MGR_NOTE_ENROLLED] = { "enrolled", "note.enrolled", NULL, true, MGR_NOTE_NOTICE, N_("endpoints that enrolled") },
    [MGR_NOTE_CLONE] = { "clone", "note.clone", NULL, true, MGR_NOTE_WARNING,
                         N_("two machines with one identity, and what was decided") },
    [MGR_NOTE_REVOKED] = { "revoked", "note.revoked", NULL, true, MGR_NOTE_NOTICE,
                           N_("endpoints whose certificate was revoked") },
    [MGR_NOTE_REMOVED] = { "removed", "note.removed", NULL, false, MGR_NOTE_NOTICE, N_("endpoints that were removed") },
    [MGR_NOTE_ACCOUNT] = { "account", "note.account", NULL, false, MGR_NOTE_NOTICE,
                           N_("changes of accounts, their certificates and tokens") },
    [MGR_NOTE_DENIED] = { "denied", "note.denied", NULL, false, MGR_NOTE_WARNING,
                          N_("calls that were denied to the one who made them") },
    [MGR_NOTE_BLIND] = { "blind", "note.blind", "note.blind-over", false, MGR_NOTE_CRITICAL,
                         N_("the server cannot hear its endpoints: its broker is away") },
    [MGR_NOTE_BROKER] = { "broker", "note.broker", "note.broker-over", false, MGR_NOTE_ERROR,
                          N_("a broker hung, is away or drained, an external one was not told of a change, or "
                             "addresses lead to different ones") },
    [MGR_NOTE_DISK] = { "disk", "note.disk", "note.disk-over", false, MGR_NOTE_CRITICAL,
                        N_("the server's disk is nearly full, or cannot be written") },
    [MGR_NOTE_REPOSITORY] = { "repository", "note.repository", "note.repository-over", false, MGR_NOTE_ERROR,
                              N_("the signature of the pattern repository ages or has ended") },
    [MGR_NOTE_PATTERNS_OLD] = { "patterns-old", "note.patterns-old", "note.patterns-old-over", false, MGR_NOTE_WARNING,
                                N_("the server has had no new patterns for patterns.old-after") },
    [MGR_NOTE_ROLLOUT_HALTED] = { "rollout-halted", "note.rollout-halted", NULL, false, MGR_NOTE_ERROR,
                                  N_("roll-outs that reach nobody else until somebody decides, and why") },
    [MGR_NOTE_ROLLOUT_DONE] = { "rollout-done", "note.rollout-done", NULL, false, MGR_NOTE_NOTICE,
                                N_("roll-outs that are through, and what became of them") },
    [MGR_NOTE_END] = { "end", "note.end", "note.end-over", false, MGR_NOTE_WARNING,
                       N_("certificates and roles that end soon") },
    [MGR_NOTE_AUDIT] = { "audit", "note.audit", "note.audit-over", false, MGR_NOTE_CRITICAL,
                         N_("the audit log is not what was written") },
    [MGR_NOTE_CLOCK] = { "clock", "note.clock", "note.clock-over", false, MGR_NOTE_ERROR,
                         N_("the server's clock is behind what it was") },
    [MGR_NOTE_FILES] = { "files", "note.files", "note.files-over", false, MGR_NOTE_CRITICAL,
                         N_("files of the pattern repository are missing") },
    [MGR_NOTE_TEST] = { "test", "note.test", NULL, false, MGR_NOTE_INFO, "" },
};

const MgrNoteRow *mgr_note_row(MgrNoteKind kind)
{
    g_assert(kind >= 0 && kind < MGR_NOTE_N);
    return &rows[kind];
}

static bool find_kind(const char *name, MgrNoteKind *kind)
{
    for (int i = 0; i < MGR_NOTE_N; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *kind = (MgrNoteKind)i;
            return true;
        }
    }
    return false;
}

bool mgr_note_parse(const char *name, MgrNoteKind *kind)
{
    return find_kind(name, kind) && *kind != MGR_NOTE_TEST;
}

json_t *mgr_notes_new(void)
{
    return json_pack("{s:i, s:i, s:i, s:[]}", "first", 0, "last", 0, "joined", 0, "lines");
}

static json_int_t integer(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void set_integer(json_t *object, const char *name, json_int_t value)
{
    json_object_set_new(object, name, json_integer(value));
}

bool mgr_notes_is_empty(const json_t *notes)
{
    return json_array_size(json_object_get(notes, "lines")) == 0;
}

/* One that is not there is added. */
static json_t *line_of(json_t *notes, const char *kind, bool is_over)
{
    json_t *lines = json_object_get(notes, "lines");
    json_t *line;
    size_t i;

    json_array_foreach(lines, i, line)
    {
        if (strcmp(json_string_value(json_object_get(line, "kind")), kind) == 0 &&
            json_is_true(json_object_get(line, "over")) == is_over)
            return line;
    }
    line = json_pack("{s:s, s:b, s:i, s:[]}", "kind", kind, "over", is_over, "count", 0, "names");
    json_array_append_new(lines, line);
    return line;
}

static size_t count_names(const json_t *notes)
{
    const json_t *line;
    size_t i, n = 0;

    json_array_foreach(json_object_get(notes, "lines"), i, line) n += json_array_size(json_object_get(line, "names"));
    return n;
}

/* Printable, and cut at the end of a character. */
static json_t *short_text(const char *text)
{
    g_autofree char *shown = hl_text_printable(text != NULL ? text : "");

    if (strlen(shown) > MGR_NOTE_TEXT)
        *g_utf8_find_prev_char(shown, shown + MGR_NOTE_TEXT + 1) = '\0';
    return json_string(shown);
}

static void stretch(json_t *notes, json_int_t first, json_int_t last)
{
    json_int_t before = integer(notes, "first");

    if (first > 0 && (before == 0 || first < before))
        set_integer(notes, "first", first);
    if (last > integer(notes, "last"))
        set_integer(notes, "last", last);
}

void mgr_notes_add(json_t *notes, const MgrNote *note)
{
    json_t *line = line_of(notes, rows[note->kind].name, note->is_over);

    set_integer(line, "count", integer(line, "count") + 1);
    stretch(notes, note->at, note->at);
    if (count_names(notes) < MGR_NOTES_NAMES)
        json_array_append_new(json_object_get(line, "names"),
                              json_pack("{s:o, s:o, s:I}", "name", short_text(note->name), "detail",
                                        short_text(note->detail), "at", (json_int_t)note->at));
}

/* Those that are named are the first of them. */
void mgr_notes_take_back(json_t *notes, MgrNoteKind kind, guint count)
{
    json_t *lines = json_object_get(notes, "lines");
    json_t *line;
    size_t i;

    json_array_foreach(lines, i, line)
    {
        json_t *names = json_object_get(line, "names");
        json_int_t left = MAX(integer(line, "count") - (json_int_t)count, 0);

        if (strcmp(json_string_value(json_object_get(line, "kind")), rows[kind].name) != 0 ||
            json_is_true(json_object_get(line, "over")))
            continue;
        set_integer(line, "count", left);
        while (json_array_size(names) > (size_t)left)
            json_array_remove(names, json_array_size(names) - 1);
        if (left == 0)
            json_array_remove(lines, i);
        return;
    }
}

void mgr_notes_join(json_t *notes, const json_t *earlier)
{
    const json_t *from, *name;
    size_t i, k;

    json_array_foreach(json_object_get(earlier, "lines"), i, from)
    {
        json_t *line = line_of(notes, json_string_value(json_object_get(from, "kind")),
                               json_is_true(json_object_get(from, "over")));

        set_integer(line, "count", integer(line, "count") + integer(from, "count"));
        json_array_foreach(json_object_get(from, "names"), k, name)
        {
            if (count_names(notes) < MGR_NOTES_NAMES)
                json_array_append_new(json_object_get(line, "names"), json_deep_copy(name));
        }
    }
    stretch(notes, integer(earlier, "first"), integer(earlier, "last"));
    set_integer(notes, "joined", integer(notes, "joined") + integer(earlier, "joined") + 1);
}

uint64_t mgr_notes_count(const json_t *notes)
{
    const json_t *line;
    uint64_t n = 0;
    size_t i;

    json_array_foreach(json_object_get(notes, "lines"), i, line) n += (uint64_t)integer(line, "count");
    return n;
}

static bool is_line(const json_t *line)
{
    const char *kind = json_string_value(json_object_get(line, "kind"));
    const json_t *names = json_object_get(line, "names");
    MgrNoteKind known;
    const json_t *name;
    size_t i;

    if (kind == NULL || !find_kind(kind, &known) || !json_is_integer(json_object_get(line, "count")) ||
        !json_is_array(names))
        return false;
    json_array_foreach(names, i, name)
    {
        if (!json_is_string(json_object_get(name, "name")) || !json_is_string(json_object_get(name, "detail")))
            return false;
    }
    return true;
}

json_t *mgr_notes_parse(const char *text)
{
    g_autoptr(json_t) notes = hl_json_parse("notification", text, strlen(text), NULL);
    const json_t *lines = json_object_get(notes, "lines");
    const json_t *line;
    size_t i;

    if (!json_is_array(lines))
        return NULL;
    json_array_foreach(lines, i, line)
    {
        if (!is_line(line))
            return NULL;
    }
    return g_steal_pointer(&notes);
}
