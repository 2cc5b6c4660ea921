/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/tuf/delegation.h"

#include <string.h>

#include "lib/base/hash.h"
#include "updater/tuf/check.h"

typedef struct {
    const TufMetadata *delegator;
    const TufDelegation *delegation;
    guint depth;
} Visit;

/* "[...]" at *pattern, against c; *pattern moves behind it.  Without an end in its segment it is a '[' like any other
 * character. */
static bool match_set(const char **pattern, gunichar c)
{
    const char *p = *pattern + 1;
    bool negated = *p == '!';
    bool found = false;
    const char *first = p += negated ? 1 : 0;

    while (*p != '\0' && *p != '/' && (*p != ']' || p == first)) {
        gunichar low = g_utf8_get_char(p);
        gunichar high = low;

        p = g_utf8_next_char(p);
        if (p[0] == '-' && p[1] != ']' && p[1] != '/' && p[1] != '\0') {
            high = g_utf8_get_char(p + 1);
            p = g_utf8_next_char(p + 1);
        }
        found |= c >= low && c <= high;
    }
    if (*p != ']') {
        *pattern = g_utf8_next_char(*pattern);
        return c == '[';
    }
    *pattern = p + 1;
    return found != negated;
}

/* One character of path against one element of the pattern, which is moved behind. */
static bool match_one(const char **pattern, gunichar c)
{
    gunichar p = g_utf8_get_char(*pattern);

    if (p == '[' && c != '/')
        return match_set(pattern, c);
    *pattern = g_utf8_next_char(*pattern);
    return p == c || (p == '?' && !TUF_BREAKS(any_in_segment, c == '/'));
}

/* A star first takes nothing, then one character more each time the rest does not fit; only the last star needs to be
 * tried again, so the time is at most the product of the lengths. */
bool tuf_path_matches(const char *pattern, const char *path)
{
    const char *after_star = NULL;
    const char *star_end = NULL; /* what the last star has taken of path ends here */

    while (*path != '\0') {
        const char *p = pattern;

        if (*pattern == '*') {
            after_star = ++pattern;
            star_end = path;
            continue;
        }
        if (*pattern != '\0' && match_one(&p, g_utf8_get_char(path))) {
            pattern = p;
            path = g_utf8_next_char(path);
            continue;
        }
        if (after_star == NULL || TUF_BREAKS(star_in_segment, *star_end == '/'))
            return false;
        pattern = after_star;
        star_end = path = g_utf8_next_char(star_end);
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool tuf_delegation_covers(const TufDelegation *delegation, const char *path)
{
    for (guint i = 0; delegation->paths != NULL && i < delegation->paths->len; i++)
        if (tuf_path_matches(delegation->paths->pdata[i], path))
            return true;
    if (delegation->path_hash_prefixes != NULL) {
        g_autofree char *hex = tuf_hash_hex(TUF_HASH_SHA256, path, strlen(path));

        for (guint i = 0; i < delegation->path_hash_prefixes->len; i++)
            if (g_str_has_prefix(hex, delegation->path_hash_prefixes->pdata[i]))
                return true;
    }
    return false;
}

void tuf_walk_init(TufWalk *walk, const char *path)
{
    walk->path = g_strdup(path);
    walk->stack = g_array_new(FALSE, FALSE, sizeof(Visit));
    walk->visited = g_hash_table_new(hl_text_hash, g_str_equal);
    walk->depth = 0;
}

void tuf_walk_clear(TufWalk *walk)
{
    g_clear_pointer(&walk->path, g_free);
    g_clear_pointer(&walk->stack, g_array_unref);
    g_clear_pointer(&walk->visited, g_hash_table_unref);
}

/* 5.6.7.2: the delegations of role that are about the path, in their order: the first ends up on top.  A terminating
 * one is the last that counts, here and in every role above: nothing pending is looked at after it. */
static void push_delegations(TufWalk *walk, const TufMetadata *role)
{
    guint n = role->delegations == NULL ? 0 : role->delegations->len;
    guint last = 0;

    for (guint i = 0; i < n; i++) {
        const TufDelegation *delegation = role->delegations->pdata[i];

        last = i + 1;
        if (delegation->terminating && tuf_delegation_covers(delegation, walk->path) && TUF_BREAKS(terminating, true)) {
            g_array_set_size(walk->stack, 0);
            break;
        }
    }
    for (guint i = last; i > 0; i--) {
        const TufDelegation *delegation = role->delegations->pdata[i - 1];
        Visit visit = { role, delegation, walk->depth + 1 };

        if (!TUF_BREAKS(path_covered, !tuf_delegation_covers(delegation, walk->path)))
            g_array_append_val(walk->stack, visit);
    }
}

TufWalkStep tuf_walk_enter(TufWalk *walk, const TufMetadata *role, TufWalkEvent *event)
{
    *event = (TufWalkEvent){ .target = tuf_metadata_target(role, walk->path) };
    if (event->target != NULL)
        return TUF_WALK_FOUND;
    push_delegations(walk, role);
    while (walk->stack->len > 0) {
        Visit visit = g_array_index(walk->stack, Visit, walk->stack->len - 1);

        g_array_set_size(walk->stack, walk->stack->len - 1);
        /* 5.6.7.1: a role that has been visited is skipped, so that a cycle ends */
        if (TUF_BREAKS(visit_once, g_hash_table_contains(walk->visited, visit.delegation->name)))
            continue;
        if (TUF_BREAKS(walk_depth, visit.depth > TUF_WALK_DEPTH_MAX) ||
            TUF_BREAKS(walk_roles, g_hash_table_size(walk->visited) >= TUF_WALK_ROLES_MAX))
            return TUF_WALK_TOO_FAR;
        g_hash_table_add(walk->visited, visit.delegation->name);
        walk->depth = visit.depth;
        event->delegator = visit.delegator;
        event->delegation = visit.delegation;
        return TUF_WALK_WANTS;
    }
    return TUF_WALK_NOT_FOUND;
}
