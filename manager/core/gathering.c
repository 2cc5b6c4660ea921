/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/core/gathering.h"

#include <string.h>

#include "lib/base/hash.h"

#define SETTLE_EVENT    (2 * HL_SECOND)
#define SETTLE_ENDPOINT (30 * HL_SECOND) /* states of endpoints: half a heartbeat */
#define LONGEST         (5 * HL_MINUTE)
#define NEVER           G_MININT64
#define MINUTES_A_DAY   (24 * 60)
#define RETRY_MAX       HL_HOUR

static void change_clear(gpointer item)
{
    g_free(((MgrKnownChange *)item)->key);
}

MgrGathering *mgr_gathering_new(void)
{
    MgrGathering *gathering = g_new0(MgrGathering, 1);

    gathering->notes = mgr_notes_new();
    gathering->closed_mono = NEVER;
    for (gsize i = 0; i < G_N_ELEMENTS(gathering->endpoints); i++)
        gathering->endpoints[i] = g_hash_table_new(g_direct_hash, g_direct_equal);
    gathering->server = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, NULL);
    gathering->fresh = g_array_new(FALSE, FALSE, sizeof(int64_t));
    gathering->changes = g_array_new(FALSE, FALSE, sizeof(MgrKnownChange));
    g_array_set_clear_func(gathering->changes, change_clear);
    return gathering;
}

void mgr_gathering_free(MgrGathering *gathering)
{
    if (gathering == NULL)
        return;
    json_decref(gathering->notes);
    for (gsize i = 0; i < G_N_ELEMENTS(gathering->endpoints); i++)
        g_hash_table_unref(gathering->endpoints[i]);
    g_hash_table_unref(gathering->server);
    g_array_unref(gathering->fresh);
    g_array_unref(gathering->changes);
    g_free(gathering);
}

static GHashTable *table_of(const MgrGathering *gathering, MgrNoteKind kind)
{
    g_assert(kind == MGR_NOTE_OFFLINE || kind == MGR_NOTE_OUTDATED);
    return gathering->endpoints[kind == MGR_NOTE_OFFLINE ? 0 : 1];
}

static char *server_key(MgrNoteKind kind, const char *key)
{
    return g_strdup_printf("%s %s", mgr_note_row(kind)->name, key);
}

/* ------------------------------------------------------------------------------------------------------- restored */

/* The same moment on this boot's clock; one that is ahead of the wall's was now. */
static HlTime on_mono(HlTime wall, MgrNow now)
{
    return wall == 0 ? NEVER : now.mono - MAX(now.wall - wall, 0);
}

void mgr_gathering_restore(MgrGathering *gathering, json_t *notes, HlTime gathered, HlTime closed, MgrNow now)
{
    gathering->closed_mono = on_mono(closed, now);
    if (notes == NULL)
        return;
    json_decref(gathering->notes);
    gathering->notes = notes;
    gathering->begun_mono = on_mono(gathered, now);
    gathering->touched_mono = gathering->begun_mono;
}

void mgr_gathering_restore_known(MgrGathering *gathering, MgrNoteKind kind, int64_t endpoint, const char *key)
{
    if (endpoint != 0)
        g_hash_table_insert(table_of(gathering, kind), GSIZE_TO_POINTER(endpoint), GUINT_TO_POINTER(gathering->look));
    else
        g_hash_table_insert(gathering->server, server_key(kind, key), GUINT_TO_POINTER(gathering->look));
}

void mgr_gathering_forget(MgrGathering *gathering, MgrNoteKind kind)
{
    g_autofree char *prefix = server_key(kind, "");
    GHashTableIter iter;
    gpointer name;

    if (kind == MGR_NOTE_OFFLINE || kind == MGR_NOTE_OUTDATED)
        g_hash_table_remove_all(table_of(gathering, kind));
    g_hash_table_iter_init(&iter, gathering->server);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (g_str_has_prefix(name, prefix))
            g_hash_table_iter_remove(&iter);
}

/* ----------------------------------------------------------------------------------------------------------- notes */

static void add(MgrGathering *gathering, const MgrNote *note, HlTime settle, MgrNow now)
{
    if (mgr_notes_is_empty(gathering->notes)) {
        gathering->begun_mono = now.mono;
        gathering->settle = 0;
    }
    gathering->touched_mono = now.mono;
    gathering->settle = MAX(gathering->settle, settle);
    gathering->is_changed = true;
    mgr_notes_add(gathering->notes, note);
}

void mgr_gathering_add(MgrGathering *gathering, const MgrNote *note, MgrNow now)
{
    add(gathering, note, SETTLE_EVENT, now);
}

static void note_change(MgrGathering *gathering, MgrNoteKind kind, int64_t endpoint, const char *key, bool is_known)
{
    MgrKnownChange change = { kind, endpoint, g_strdup(key), is_known };

    g_array_append_val(gathering->changes, change);
}

void mgr_gathering_clear_changes(MgrGathering *gathering)
{
    g_array_set_size(gathering->changes, 0);
}

/* ---------------------------------------------------------------------------------------------------------- a look */

void mgr_gathering_begin(MgrGathering *gathering)
{
    gathering->look++;
}

void mgr_gathering_endpoint(MgrGathering *gathering, const MgrGatheringPolicy *policy, int64_t number, bool holds,
                            const MgrNote *note, MgrNow now)
{
    GHashTable *table = table_of(gathering, note->kind);
    bool is_known = (holds || g_hash_table_size(table) > 0) && g_hash_table_contains(table, GSIZE_TO_POINTER(number));
    MgrNote told = *note;

    if (holds)
        g_hash_table_insert(table, GSIZE_TO_POINTER(number), GUINT_TO_POINTER(gathering->look));
    if (holds == is_known)
        return;
    told.is_over = !holds;
    note_change(gathering, note->kind, number, "", holds);
    if (!holds)
        g_hash_table_remove(table, GSIZE_TO_POINTER(number));
    if (holds && note->kind == MGR_NOTE_OFFLINE)
        g_array_append_val(gathering->fresh, number);
    if (holds || policy->tells_over)
        add(gathering, &told, SETTLE_ENDPOINT, now);
}

bool mgr_gathering_knows(const MgrGathering *gathering, MgrNoteKind kind, int64_t number)
{
    return g_hash_table_contains(table_of(gathering, kind), GSIZE_TO_POINTER(number));
}

bool mgr_gathering_knows_state(const MgrGathering *gathering, MgrNoteKind kind, const char *key)
{
    g_autofree char *name = server_key(kind, key);

    return g_hash_table_contains(gathering->server, name);
}

void mgr_gathering_server(MgrGathering *gathering, const char *key, const MgrNote *note, MgrNow now)
{
    char *name = server_key(note->kind, key);
    bool is_known = g_hash_table_contains(gathering->server, name);

    g_hash_table_insert(gathering->server, name, GUINT_TO_POINTER(gathering->look));
    if (is_known)
        return;
    note_change(gathering, note->kind, 0, key, true);
    add(gathering, note, SETTLE_EVENT, now);
}

/* Endpoints that were removed: the registry has forgotten them with the endpoint. */
static void forget_gone(MgrGathering *gathering)
{
    for (gsize i = 0; i < G_N_ELEMENTS(gathering->endpoints); i++) {
        GHashTableIter iter;
        gpointer look;

        g_hash_table_iter_init(&iter, gathering->endpoints[i]);
        while (g_hash_table_iter_next(&iter, NULL, &look))
            if (GPOINTER_TO_UINT(look) != gathering->look)
                g_hash_table_iter_remove(&iter);
    }
}

/* name: "kind key".  false: whether it is over was not looked at. */
static bool end_state(MgrGathering *gathering, const MgrGatheringPolicy *policy, const char *name, guint judged,
                      MgrNow now)
{
    g_auto(GStrv) words = g_strsplit(name, " ", 2);
    MgrNote note = { .is_over = true, .name = words[1], .at = now.wall };

    if (!mgr_note_parse(words[0], &note.kind))
        return true;
    if ((judged & MGR_NOTE_BIT(note.kind)) == 0)
        return false;
    note_change(gathering, note.kind, 0, words[1], false);
    if (policy->tells_over)
        add(gathering, &note, SETTLE_EVENT, now);
    return true;
}

void mgr_gathering_end(MgrGathering *gathering, const MgrGatheringPolicy *policy, guint judged, MgrNow now)
{
    GHashTableIter iter;
    gpointer name, look;

    if ((judged & MGR_GATHERING_ENDPOINTS) != 0)
        forget_gone(gathering);
    g_hash_table_iter_init(&iter, gathering->server);
    while (g_hash_table_iter_next(&iter, &name, &look)) {
        if (GPOINTER_TO_UINT(look) != gathering->look && end_state(gathering, policy, name, judged, now))
            g_hash_table_iter_remove(&iter);
    }
}

void mgr_gathering_hush(MgrGathering *gathering)
{
    if (gathering->fresh->len == 0)
        return;
    for (guint i = 0; i < gathering->fresh->len; i++) {
        int64_t number = g_array_index(gathering->fresh, int64_t, i);

        if (g_hash_table_remove(table_of(gathering, MGR_NOTE_OFFLINE), GSIZE_TO_POINTER(number)))
            note_change(gathering, MGR_NOTE_OFFLINE, number, "", false);
    }
    mgr_notes_take_back(gathering->notes, MGR_NOTE_OFFLINE, gathering->fresh->len);
    g_array_set_size(gathering->fresh, 0);
    gathering->is_changed = true;
}

/* -------------------------------------------------------------------------------------------------------- a message */

bool mgr_gathering_is_quiet(const MgrGatheringPolicy *policy, int minute)
{
    int from = policy->quiet_from, to = policy->quiet_to;

    if (from == MGR_GATHERING_NO_QUIET)
        return false;
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

bool mgr_gathering_is_due(const MgrGathering *gathering, const MgrGatheringPolicy *policy, int minute, MgrNow now)
{
    HlTime settle = MIN(gathering->settle, policy->digest / 10); /* a rule that is to tell soon waits less */
    bool settled = now.mono - gathering->touched_mono >= settle ||
                   now.mono - gathering->begun_mono >= MIN(LONGEST, policy->digest);

    return !mgr_notes_is_empty(gathering->notes) && settled && !mgr_gathering_is_quiet(policy, minute) &&
           (gathering->closed_mono == NEVER || now.mono - gathering->closed_mono >= policy->digest);
}

json_t *mgr_gathering_close(MgrGathering *gathering, MgrNow now)
{
    json_t *notes = gathering->notes;

    gathering->notes = mgr_notes_new();
    gathering->closed_mono = now.mono;
    gathering->is_changed = true;
    g_array_set_size(gathering->fresh, 0);
    return notes;
}

static bool parse_minute(const char *text, int *minute)
{
    guint64 hours, minutes;
    g_auto(GStrv) halves = g_strsplit(text, ":", 2);

    if (g_strv_length(halves) != 2 || strlen(halves[1]) != 2 ||
        !g_ascii_string_to_unsigned(halves[0], 10, 0, 23, &hours, NULL) ||
        !g_ascii_string_to_unsigned(halves[1], 10, 0, 59, &minutes, NULL))
        return false;
    *minute = (int)(hours * 60 + minutes) % MINUTES_A_DAY;
    return true;
}

bool mgr_quiet_parse(const char *text, int *from, int *to)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);

    *from = MGR_GATHERING_NO_QUIET;
    *to = 0;
    if (*text == '\0')
        return true;
    return g_strv_length(ends) == 2 && parse_minute(ends[0], from) && parse_minute(ends[1], to) && *from != *to;
}

/* --------------------------------------------------------------------------------------------------------- attempts */

void mgr_attempts_failed(MgrAttempts *attempts, HlTime first, MgrNow now)
{
    HlTime delay = attempts->failures < 32 ? MIN(first << MIN(attempts->failures, 20), RETRY_MAX) : RETRY_MAX;

    if (attempts->failures++ == 0)
        attempts->since_mono = now.mono;
    attempts->next_mono = now.mono + delay;
}

void mgr_attempts_succeeded(MgrAttempts *attempts)
{
    *attempts = (MgrAttempts){ 0 };
}

bool mgr_attempts_may(const MgrAttempts *attempts, MgrNow now)
{
    return attempts->failures == 0 || now.mono >= attempts->next_mono;
}
