/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/core/table.h"

#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/unconst.h"

#define MAX_TEXT 1000 /* bytes of one value: names and addresses; the manager bounds them lower */
#define MAX_SET  16   /* components */

/* Shared by rows, and gone with the last of them: endpoints that invent words cannot fill the memory. */
typedef struct {
    guint uses;
    char text[];
} Word;

struct ConTable {
    GHashTable *rows;    /* id -> ConRow * */
    GHashTable *words;   /* text -> Word * */
    GSequence *by_host;  /* of ConRow * */
    GHashTable *removed; /* ids, since the snapshot that is being taken began */
    uint64_t revision;
    guint generation;
    bool is_taking;
};

/* Of all rows: most have nothing in most of their texts. */
static const char nothing[] = "";

static bool is_shared(MgrColumnKind kind)
{
    return kind == MGR_WORD || kind == MGR_SET || kind == MGR_VERSION;
}

static bool is_text(MgrColumnKind kind)
{
    return kind == MGR_TEXT || is_shared(kind);
}

/* ------------------------------------------------------------------------------------------------------------ words */

static const char *take_word(ConTable *table, const char *text)
{
    Word *word = g_hash_table_lookup(table->words, text);
    gsize size = strlen(text) + 1;

    if (word == NULL) {
        word = g_malloc(sizeof *word + size);
        word->uses = 0;
        memcpy(word->text, text, size);
        g_hash_table_insert(table->words, word->text, word);
    }
    word->uses++;
    return word->text;
}

static void drop_word(ConTable *table, const char *text)
{
    Word *word = g_hash_table_lookup(table->words, text);

    g_assert(word != NULL && word->uses > 0);
    if (--word->uses > 0)
        return;
    g_hash_table_remove(table->words, text);
    g_free(word);
}

static void free_row(ConTable *table, ConRow *row)
{
    if (row->place != NULL)
        g_sequence_remove(row->place);
    for (int i = 0; i < MGR_N_COLUMNS; i++) {
        if (is_shared(mgr_columns[i].kind))
            drop_word(table, row->values[i].text);
        else if (mgr_columns[i].kind == MGR_TEXT && row->values[i].text != nothing)
            g_free(hl_unconst(row->values[i].text));
    }
    g_free(row->folded);
    g_free(row);
}

/* -------------------------------------------------------------------------------------------------------- documents */

static const json_t *member(const json_t *document, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);

    for (guint i = 0; names[i] != NULL; i++)
        document = json_object_get(document, names[i]);
    return document;
}

/* "rules=12 virus=2026112701", in the order of the document, which is the manager's. */
static char *set_text(const json_t *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *name;
    json_t *version;
    guint n = 0;

    json_object_foreach(hl_unconst(value), name, version)
    {
        if (!json_is_integer(version) || strpbrk(name, " =") != NULL || *name == '\0' || n++ >= MAX_SET)
            continue;
        g_string_append_printf(text, "%s%.64s=%" G_GINT64_FORMAT, text->len > 0 ? " " : "", name,
                               (gint64)json_integer_value(version));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *text_of(const json_t *value, MgrColumnKind kind)
{
    const char *text = json_string_value(value);

    if (kind == MGR_SET)
        return set_text(value);
    return g_strdup(text != NULL && strlen(text) <= MAX_TEXT ? text : "");
}

static int64_t number_of(const json_t *value, MgrColumnKind kind)
{
    HlTime time = 0;

    if (kind == MGR_FLAG)
        return json_is_true(value);
    if (kind == MGR_NUMBER)
        return json_integer_value(value);
    return json_is_string(value) && hl_time_parse(json_string_value(value), &time, NULL) ? time : 0;
}

static ConRow *read_row(ConTable *table, const json_t *document)
{
    ConRow *row = g_new0(ConRow, 1);
    g_autofree char *searched = NULL;

    for (int i = 0; i < MGR_N_COLUMNS; i++) {
        MgrColumnKind kind = mgr_columns[i].kind;
        const json_t *value = member(document, mgr_columns[i].path);
        g_autofree char *text = is_text(kind) ? text_of(value, kind) : NULL;

        if (is_shared(kind))
            row->values[i].text = take_word(table, text);
        else if (kind == MGR_TEXT)
            row->values[i].text = *text != '\0' ? g_steal_pointer(&text) : nothing;
        else
            row->values[i].number = number_of(value, kind);
    }
    searched = g_strjoin("\n", row->values[MGR_COLUMN_ID].text, row->values[MGR_COLUMN_HOST].text,
                         row->values[MGR_COLUMN_GROUP].text, row->values[MGR_COLUMN_GROUP_DISPLAY].text,
                         row->values[MGR_COLUMN_ADDRESSES].text, row->values[MGR_COLUMN_OBSERVED].text, NULL);
    row->folded = g_utf8_casefold(searched, -1);
    return row;
}

static bool is_same(const ConRow *a, const ConRow *b)
{
    for (int i = 0; i < MGR_N_COLUMNS; i++)
        if (is_text(mgr_columns[i].kind) ? strcmp(a->values[i].text, b->values[i].text) != 0
                                         : a->values[i].number != b->values[i].number)
            return false;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ table */

ConTable *con_table_new(void)
{
    ConTable *table = g_new0(ConTable, 1);

    table->rows = g_hash_table_new(hl_text_hash, g_str_equal);
    table->words = g_hash_table_new(hl_text_hash, g_str_equal);
    table->by_host = g_sequence_new(NULL);
    table->removed = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, NULL);
    return table;
}

void con_table_free(ConTable *table)
{
    GHashTableIter iter;
    gpointer row;

    if (table == NULL)
        return;
    g_hash_table_iter_init(&iter, table->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row)) {
        g_hash_table_iter_steal(&iter);
        free_row(table, row);
    }
    g_assert(g_hash_table_size(table->words) == 0);
    g_hash_table_unref(table->rows);
    g_hash_table_unref(table->words);
    g_hash_table_unref(table->removed);
    g_sequence_free(table->by_host);
    g_free(table);
}

/* A manager that started again has a higher epoch, and numbers its documents from the start. */
static bool is_older(const ConRow *row, uint64_t epoch, uint64_t said)
{
    return epoch < row->epoch || (epoch == row->epoch && said < row->said);
}

static uint64_t count_of(const json_t *document, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(document, name));
}

static int compare_by_host(gconstpointer a, gconstpointer b, gpointer user G_GNUC_UNUSED)
{
    const ConRow *left = a;
    const ConRow *right = b;
    const char *one = left->values[MGR_COLUMN_HOST].text;
    const char *other = right->values[MGR_COLUMN_HOST].text;
    int result = g_ascii_strcasecmp(one, other);

    if (result == 0)
        result = strcmp(one, other);
    return result != 0 ? result : strcmp(left->values[MGR_COLUMN_ID].text, right->values[MGR_COLUMN_ID].text);
}

/* Most changes are of something else than the name: then it takes the place of the row before. */
static void put_in_order(ConTable *table, ConRow *row, ConRow *old)
{
    if (old == NULL || strcmp(old->values[MGR_COLUMN_HOST].text, row->values[MGR_COLUMN_HOST].text) != 0) {
        row->place = g_sequence_insert_sorted(table->by_host, row, compare_by_host, NULL);
        return;
    }
    row->place = g_steal_pointer(&old->place);
    g_sequence_set(row->place, row);
}

ConPut con_table_put(ConTable *table, const char *id, const json_t *document, ConSource source)
{
    const char *said_id = json_string_value(json_object_get(document, "id"));
    uint64_t epoch = count_of(document, "epoch");
    uint64_t said = count_of(document, "revision");
    ConRow *old = g_hash_table_lookup(table->rows, id);
    ConRow *row;

    if (said_id == NULL || *id == '\0' || strcmp(said_id, id) != 0)
        return CON_PUT_BAD;
    if (source == CON_SNAPSHOT && g_hash_table_contains(table->removed, id))
        return CON_PUT_SAME;
    if (old != NULL && is_older(old, epoch, said)) {
        old->generation = table->generation;
        return CON_PUT_SAME;
    }
    row = read_row(table, document);
    row->epoch = epoch;
    row->said = said;
    row->generation = table->generation;
    if (old != NULL && is_same(old, row)) {
        old->epoch = epoch;
        old->said = said;
        old->generation = table->generation;
        free_row(table, row);
        return CON_PUT_SAME;
    }
    row->revision = ++table->revision;
    put_in_order(table, row, old);
    g_hash_table_replace(table->rows, hl_unconst(row->values[MGR_COLUMN_ID].text), row);
    if (old != NULL)
        free_row(table, old);
    return CON_PUT_CHANGED;
}

bool con_table_remove(ConTable *table, const char *id)
{
    ConRow *row = g_hash_table_lookup(table->rows, id);

    if (table->is_taking)
        g_hash_table_add(table->removed, g_strdup(id));
    if (row == NULL)
        return false;
    g_hash_table_remove(table->rows, id);
    free_row(table, row);
    table->revision++;
    return true;
}

void con_table_begin(ConTable *table)
{
    table->is_taking = true;
    table->generation++;
    g_hash_table_remove_all(table->removed);
}

guint con_table_end(ConTable *table)
{
    GHashTableIter iter;
    gpointer value;
    guint n = 0;

    g_hash_table_iter_init(&iter, table->rows);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((const ConRow *)value)->generation == table->generation)
            continue;
        g_hash_table_iter_remove(&iter);
        free_row(table, value);
        table->revision++;
        n++;
    }
    table->is_taking = false;
    g_hash_table_remove_all(table->removed);
    return n;
}

const ConRow *con_table_get(const ConTable *table, const char *id)
{
    return g_hash_table_lookup(table->rows, id);
}

guint con_table_count(const ConTable *table)
{
    return g_hash_table_size(table->rows);
}

uint64_t con_table_revision(const ConTable *table)
{
    return table->revision;
}

void con_table_each(const ConTable *table, ConRowFn each, gpointer user)
{
    GHashTableIter iter;
    gpointer row;

    g_hash_table_iter_init(&iter, table->rows);
    while (g_hash_table_iter_next(&iter, NULL, &row) && each(row, user))
        continue;
}

void con_table_each_by_host(const ConTable *table, ConDirection direction, ConRowFn each, gpointer user)
{
    GSequenceIter *at = direction == CON_FORWARD ? g_sequence_get_begin_iter(table->by_host)
                                                 : g_sequence_iter_prev(g_sequence_get_end_iter(table->by_host));

    while (!g_sequence_iter_is_end(at)) {
        if (!each(g_sequence_get(at), user) || (direction == CON_REVERSE && g_sequence_iter_is_begin(at)))
            return;
        at = direction == CON_FORWARD ? g_sequence_iter_next(at) : g_sequence_iter_prev(at);
    }
}

/* ----------------------------------------------------------------------------------------------------------- values */

static json_t *set_value(const char *set)
{
    g_auto(GStrv) parts = g_strsplit(set, " ", -1);
    json_t *object = json_object();

    for (guint i = 0; parts[i] != NULL; i++) {
        char *equals = strchr(parts[i], '=');

        *equals = '\0';
        json_object_set_new(object, parts[i], json_integer(g_ascii_strtoll(equals + 1, NULL, 10)));
    }
    return object;
}

json_t *con_row_value(const ConRow *row, int column)
{
    MgrValue value = row->values[column];
    g_autofree char *time = NULL;

    switch (mgr_columns[column].kind) {
    case MGR_TEXT:
    case MGR_WORD:
    case MGR_VERSION:
        return json_string(value.text);
    case MGR_NUMBER:
        return json_integer(value.number);
    case MGR_FLAG:
        return json_boolean(value.number != 0);
    case MGR_SET:
        return set_value(value.text);
    case MGR_TIME:
        time = hl_time_format(value.number);
        return value.number != 0 ? json_string(time) : json_null();
    }
    g_assert_not_reached();
}

static MgrValue row_value(gconstpointer row, int column, gpointer user G_GNUC_UNUSED, char **owned G_GNUC_UNUSED)
{
    return ((const ConRow *)row)->values[column];
}

static const char *row_searched(gconstpointer row, gpointer user G_GNUC_UNUSED)
{
    return ((const ConRow *)row)->folded;
}

bool con_row_fits(const MgrFilter *filter, const ConRow *row)
{
    static const MgrFilterRows rows = { row_value, row_searched, NULL };

    return mgr_filter_takes(filter, &rows, row);
}
