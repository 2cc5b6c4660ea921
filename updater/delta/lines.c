/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/lines.h"

#include <string.h>

#define NOWHERE G_MAXUINT32

/* How many occurrences of a line are looked at on each side of the expected place. */
#define CANDIDATES 24

/* What a copy must bring to pay for itself: going on elsewhere costs an operation now, and one more to come back. */
#define MIN_SKIP_BYTES 28
#define MIN_JUMP_BYTES 40

/* Lines as numbers (equal lines, equal numbers), and where in the base each number stands. */
typedef struct {
    guint32 *base, *target; /* number of each line; NOWHERE: not in the base */
    guint32 *first, *where; /* number k stands at where[first[k]] .. where[first[k + 1] - 1], ascending */
    guint32 n;              /* numbers in use */
} Index;

void upd_lines_init(UpdLines *lines, const char *data, guint32 size)
{
    guint32 n = 0;
    guint32 at = 0;

    for (const char *p = data; p < data + size && (p = memchr(p, '\n', (gsize)(data + size - p))) != NULL; p++)
        n++;
    if (size > 0 && data[size - 1] != '\n')
        n++;
    *lines = (UpdLines){ .data = data, .n = n, .start = g_new(guint32, (gsize)n + 1) };
    for (guint32 i = 0; i < n; i++) {
        const char *end = memchr(data + at, '\n', size - at);

        lines->start[i] = at;
        at = end == NULL ? size : (guint32)(end - data) + 1;
    }
    lines->start[n] = size;
}

void upd_lines_clear(UpdLines *lines)
{
    g_clear_pointer(&lines->start, g_free);
}

static guint32 line_size(const UpdLines *lines, guint32 i)
{
    return lines->start[i + 1] - lines->start[i];
}

static guint64 line_hash(const UpdLines *lines, guint32 i)
{
    const guint8 *p = (const guint8 *)lines->data + lines->start[i];
    guint64 h = 0xcbf29ce484222325u;

    for (guint32 n = line_size(lines, i); n > 0; n--)
        h = (h ^ *p++) * 0x100000001b3u; /* FNV-1a */
    return h ^ h >> 29;
}

/* Finds the slot of a line: the one that holds an equal line of the base, or a free one. */
static guint32 find_slot(const guint32 *slots, guint32 mask, const UpdLines *base, const UpdLines *lines, guint32 i)
{
    guint32 slot = (guint32)line_hash(lines, i) & mask;
    guint32 size = line_size(lines, i);

    while (slots[slot] != NOWHERE &&
           (line_size(base, slots[slot]) != size ||
            memcmp(base->data + base->start[slots[slot]], lines->data + lines->start[i], size) != 0))
        slot = (slot + 1) & mask;
    return slot;
}

static void index_init(Index *index, const UpdLines *base, const UpdLines *target)
{
    guint32 mask = 1023;
    g_autofree guint32 *slots = NULL;

    while (mask < base->n * 2 && mask < G_MAXUINT32 / 2)
        mask = mask * 2 + 1;
    slots = g_new(guint32, (gsize)mask + 1);
    memset(slots, 0xff, sizeof *slots * ((gsize)mask + 1));
    index->base = g_new(guint32, (gsize)base->n + 1);
    index->target = g_new(guint32, (gsize)target->n + 1);
    index->first = g_new0(guint32, (gsize)base->n + 2);
    index->where = g_new(guint32, (gsize)base->n + 1);
    index->n = 0;
    for (guint32 i = 0; i < base->n; i++) {
        guint32 slot = find_slot(slots, mask, base, base, i);

        if (slots[slot] == NOWHERE) {
            slots[slot] = i;
            index->base[i] = index->n++;
        } else {
            index->base[i] = index->base[slots[slot]];
        }
        index->first[index->base[i] + 1]++;
    }
    for (guint32 k = 0; k < index->n; k++)
        index->first[k + 1] += index->first[k];
    for (guint32 i = base->n; i-- > 0;) /* from the end, filling each list from its end */
        index->where[--index->first[index->base[i] + 1]] = i;
    /* the loop above moved every start one number on: first[k + 1] is where k starts now */
    memmove(index->first, index->first + 1, sizeof *index->first * index->n);
    index->first[index->n] = base->n;
    for (guint32 i = 0; i < target->n; i++) {
        guint32 slot = find_slot(slots, mask, base, target, i);

        index->target[i] = slots[slot] == NOWHERE ? NOWHERE : index->base[slots[slot]];
    }
}

static void index_clear(Index *index)
{
    g_free(index->base);
    g_free(index->target);
    g_free(index->first);
    g_free(index->where);
}

static guint32 run_length(const Index *index, guint32 n_base, guint32 n_target, guint32 from, guint32 at)
{
    guint32 n = 0;

    while (from + n < n_base && at + n < n_target && index->base[from + n] == index->target[at + n])
        n++;
    return n;
}

/* The place in the base from which copying line `at` on pays best, given that the base is expected to go on at
 * `expected`; NOWHERE if none pays. */
static guint32 find_copy(const Index *index, const UpdLines *base, const UpdLines *target, guint32 at, guint32 expected,
                         guint32 *count)
{
    guint32 number = index->target[at];
    guint32 best = NOWHERE;
    gint64 best_gain = 0;
    guint32 low, high, middle;

    if (number == NOWHERE)
        return NOWHERE;
    low = index->first[number];
    high = index->first[number + 1];
    middle = low;
    for (guint32 end = high; middle < end;) { /* the first occurrence at or after the expected place */
        guint32 half = middle + (end - middle) / 2;

        if (index->where[half] < expected)
            middle = half + 1;
        else
            end = half;
    }
    for (guint32 k = middle - low > CANDIDATES ? middle - CANDIDATES : low; k < high && k < middle + CANDIDATES; k++) {
        guint32 from = index->where[k];
        guint32 n = run_length(index, base->n, target->n, from, at);
        gint64 gain = (gint64)base->start[from + n] - base->start[from];

        if (from > expected && from - expected < 250)
            gain -= high - low == 1 ? 4 : MIN_SKIP_BYTES;
        else if (from != expected)
            gain -= MIN_JUMP_BYTES;
        if (gain > best_gain) {
            best_gain = gain;
            best = from;
            *count = n;
        }
    }
    return best;
}

GArray *upd_lines_diff(const UpdLines *base, const UpdLines *target)
{
    GArray *runs = g_array_new(FALSE, FALSE, sizeof(UpdRun));
    Index index;
    UpdRun run = { 0 };
    guint32 expected = 0;
    guint32 at = 0;

    index_init(&index, base, target);
    while (at < target->n) {
        guint32 count = 0;
        guint32 from = find_copy(&index, base, target, at, expected, &count);

        if (from == NOWHERE) {
            run.literals++;
            at++;
            continue;
        }
        at += count;
        while (run.literals > 0 && from > 0 && index.base[from - 1] == index.target[at - count - 1]) {
            from--; /* lines too short to start a copy belong to it all the same */
            count++;
            run.literals--;
        }
        run.first = from;
        run.count = count;
        g_array_append_val(runs, run);
        expected = from + count;
        run = (UpdRun){ 0 };
    }
    if (run.literals > 0)
        g_array_append_val(runs, run);
    index_clear(&index);
    return runs;
}
