/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/delta/bytes.h"

#include <divsufsort.h>
#include <stdbool.h>
#include <string.h>

/* Another place has to bring this many more equal bytes than going on here: a step costs about as much. */
#define MIN_GAIN 8

/* So many equal bytes ahead are copied without a look at other places: it keeps long equal stretches linear. */
#define SURE 256

typedef struct {
    const guint8 *base, *target;
    guint32 base_size, target_size;
    saidx_t *suffixes;
} Files;

/* What was decided last: from `scan` in the target on, the base goes on at `place`. */
typedef struct {
    guint32 scan, place;
} Anchor;

static guint32 common(const Files *files, guint32 place, guint32 at, guint32 known)
{
    guint32 end = MIN(files->base_size - place, files->target_size - at);
    guint32 n = known;

    while (n + 8 <= end && memcmp(files->base + place + n, files->target + at + n, 8) == 0)
        n += 8;
    while (n < end && files->base[place + n] == files->target[at + n])
        n++;
    return n;
}

/* The longest piece of the base that equals the target from `at` on. */
static guint32 find_longest(const Files *files, guint32 at, guint32 *place)
{
    guint32 low = 0;
    guint32 high = files->base_size - 1;
    guint32 low_common = common(files, (guint32)files->suffixes[low], at, 0);
    guint32 high_common = common(files, (guint32)files->suffixes[high], at, 0);

    while (high - low > 1) {
        guint32 middle = low + (high - low) / 2;
        guint32 suffix = (guint32)files->suffixes[middle];
        /* suffixes between two others agree with the target at least where both do */
        guint32 n = common(files, suffix, at, MIN(low_common, high_common));

        if (at + n == files->target_size) {
            *place = suffix;
            return n;
        }
        if (suffix + n == files->base_size || files->base[suffix + n] < files->target[at + n]) {
            low = middle;
            low_common = n;
        } else {
            high = middle;
            high_common = n;
        }
    }
    *place = (guint32)files->suffixes[low_common >= high_common ? low : high];
    return MAX(low_common, high_common);
}

/* Whether going on from the anchor gives the right byte at this place of the target. */
static bool agrees(const Files *files, const Anchor *anchor, guint32 at)
{
    gint64 place = (gint64)at - anchor->scan + anchor->place;

    return place >= 0 && place < files->base_size && files->base[place] == files->target[at];
}

/* How many bytes agree from here on, counted up to SURE; *known is what an earlier call found, to its place. */
static bool is_sure(const Files *files, const Anchor *anchor, guint32 at, guint32 *known)
{
    if (*known < at)
        *known = at;
    while (*known < files->target_size && *known - at < SURE && agrees(files, anchor, *known))
        (*known)++;
    return *known - at >= SURE;
}

/* The next place of the target, from `at` on, where another part of the base fits clearly better than going on from the
 * anchor; the end of the target if there is none. */
static guint32 find_next(const Files *files, const Anchor *anchor, guint32 at, guint32 *place)
{
    guint32 known = at;   /* the anchor agrees up to here */
    guint32 counted = at; /* and `score` of the bytes between at and here */
    guint32 score = 0;

    while (at < files->target_size) {
        guint32 size;

        if (is_sure(files, anchor, at, &known)) {
            at = counted = known;
            score = 0;
            continue;
        }
        size = find_longest(files, at, place);
        for (; counted < at + size; counted++)
            score += agrees(files, anchor, counted);
        if (size == score && size > 0) { /* as good as going on */
            at = counted = at + size;
            score = 0;
        } else if (size > score + MIN_GAIN) {
            return at;
        } else {
            score -= counted > at && agrees(files, anchor, at);
            at++;
            counted = MAX(counted, at);
        }
    }
    return at;
}

/* How far the match goes on behind the anchor, at most to `end`: as long as most bytes agree. */
static guint32 extend_forward(const Files *files, const Anchor *anchor, guint32 end)
{
    guint32 most = MIN(end - anchor->scan, files->base_size - anchor->place);
    gint64 score = 0;
    gint64 best = 0;
    guint32 size = 0;

    for (guint32 i = 0; i < most; i++) {
        score += files->base[anchor->place + i] == files->target[anchor->scan + i] ? 1 : -1;
        if (score > best) {
            best = score;
            size = i + 1;
        }
    }
    return size;
}

/* How far the next match reaches back before `next`, at most to `begin`. */
static guint32 extend_backward(const Files *files, const Anchor *next, guint32 begin)
{
    guint32 most = MIN(next->scan - begin, next->place);
    gint64 score = 0;
    gint64 best = 0;
    guint32 size = 0;

    for (guint32 i = 1; i <= most; i++) {
        score += files->base[next->place - i] == files->target[next->scan - i] ? 1 : -1;
        if (score > best) {
            best = score;
            size = i;
        }
    }
    return size;
}

/* Both matches claim `overlap` bytes: how many of them the first one should keep. */
static guint32 split_overlap(const Files *files, const Anchor *anchor, guint32 forward, const Anchor *next,
                             guint32 backward, guint32 overlap)
{
    gint64 score = 0;
    gint64 best = 0;
    guint32 keep = 0;

    for (guint32 i = 0; i < overlap; i++) {
        guint32 first = forward - overlap + i;

        score += files->target[anchor->scan + first] == files->base[anchor->place + first];
        score -= files->target[next->scan - backward + i] == files->base[next->place - backward + i];
        if (score > best) {
            best = score;
            keep = i + 1;
        }
    }
    return keep;
}

/* Adds the match behind the anchor, up to where the next one begins; moves the anchor there. */
static void add_match(GArray *matches, const Files *files, Anchor *anchor, Anchor next)
{
    guint32 forward = extend_forward(files, anchor, next.scan);
    guint32 backward = next.scan < files->target_size ? extend_backward(files, &next, anchor->scan) : 0;
    guint32 room = next.scan - anchor->scan;
    UpdMatch match = { .from = anchor->place };

    if (forward + backward > room) {
        guint32 overlap = forward + backward - room;
        guint32 keep = split_overlap(files, anchor, forward, &next, backward, overlap);

        forward -= overlap - keep;
        backward -= keep;
    }
    next.scan -= backward;
    next.place -= backward;
    match.size = forward;
    match.literals = next.scan - anchor->scan - forward;
    if (match.size + match.literals > 0)
        g_array_append_val(matches, match);
    *anchor = next;
}

GArray *upd_bytes_diff(const guint8 *base, guint32 base_size, const guint8 *target, guint32 target_size)
{
    GArray *matches = g_array_new(FALSE, FALSE, sizeof(UpdMatch));
    g_autofree saidx_t *suffixes = g_new(saidx_t, base_size);
    Files files = { base, target, base_size, target_size, suffixes };
    Anchor anchor = { 0 };
    guint32 at = 0;

    if (divsufsort(base, suffixes, (saidx_t)base_size) != 0)
        g_error(
            "divsufsort failed"); /* the arguments are ours: only memory can be short, and then GLib aborts as well */
    while (at < target_size) {
        guint32 place = 0;

        at = find_next(&files, &anchor, at, &place);
        add_match(matches, &files, &anchor, (Anchor){ at, place });
        if (at < target_size)
            at += common(&files, place, at, 0);
    }
    /* what the last match left */
    if (anchor.scan < target_size)
        add_match(matches, &files, &anchor, (Anchor){ target_size, 0 });
    return matches;
}
