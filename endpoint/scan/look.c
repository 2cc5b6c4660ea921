/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/look.h"

#include <string.h>

#include "lib/base/text.h"
#include "proto/bounds.h"

static const struct {
    const char *name, *text;
} gaps[EP_N_GAPS] = {
    [EP_GAP_TOO_LARGE] = { "too-large", "too large" },    [EP_GAP_TOO_DEEP] = { "too-deep", "nested too deeply" },
    [EP_GAP_UNREADABLE] = { "unreadable", "unreadable" }, [EP_GAP_VANISHED] = { "vanished", "vanished" },
    [EP_GAP_TIME] = { "time", "took too long" },          [EP_GAP_ENGINE] = { "engine", "the engine failed on it" },
    [EP_GAP_MOUNT] = { "mount", "another file system" },
};

/* The bounds of the engine as it names them, by prefix; the first that fits. */
static const struct {
    const char *prefix;
    EpGap gap;
} limits[] = {
    { "Heuristics.Limits.Exceeded.MaxRecursion", EP_GAP_TOO_DEEP },
    { "Heuristics.Limits.Exceeded.MaxScanTime", EP_GAP_TIME },
    { "Heuristics.Limits.Exceeded", EP_GAP_TOO_LARGE },
};

const char *ep_gap_name(EpGap gap)
{
    g_assert(gap < EP_N_GAPS);
    return gaps[gap].name;
}

const char *ep_gap_text(EpGap gap)
{
    g_assert(gap < EP_N_GAPS);
    return gaps[gap].text;
}

EpGap ep_gap_from_name(const char *name)
{
    EpGap gap = 0;

    while (gap < EP_N_GAPS && strcmp(gaps[gap].name, name) != 0)
        gap++;
    return gap;
}

char *ep_gap_why(const char *words)
{
    char *line = hl_text_printable(words != NULL ? words : "");

    hl_bound_cut(line, EP_GAP_WHY);
    return line;
}

EpLook ep_look_not(EpGap gap)
{
    return (EpLook){ .kind = EP_LOOK_NOT, .gap = gap };
}

static EpLook named(const char *name)
{
    EpLook look = { .kind = EP_LOOK_FOUND };
    g_autofree char *valid = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(limits); i++)
        if (g_str_has_prefix(name, limits[i].prefix))
            return ep_look_not(limits[i].gap);
    valid = g_utf8_make_valid(name, -1);
    if (g_str_has_suffix(valid, ".UNOFFICIAL")) /* says who published the database, not what was found */
        valid[strlen(valid) - strlen(".UNOFFICIAL")] = '\0';
    hl_bound_cut(valid, EP_MAX_SIGNATURE);
    g_strlcpy(look.signature, *valid != '\0' ? valid : "unnamed", sizeof look.signature);
    return look;
}

EpLook ep_look_parse(const char *answer)
{
    const char *said = strstr(answer, ": ");
    EpLook look = { .kind = EP_LOOK_NOT, .gap = EP_GAP_ENGINE, .broken = true };
    g_autofree char *words = g_strdup(said != NULL ? said + 2 : "");

    g_strchomp(words);
    if (strcmp(words, "OK") == 0)
        return (EpLook){ .kind = EP_LOOK_CLEAN };
    if (g_str_has_suffix(words, " FOUND")) {
        words[strlen(words) - strlen(" FOUND")] = '\0';
        return named(words);
    }
    if (g_str_has_suffix(words, " ERROR"))
        look = ep_look_not(strstr(words, "ime limit") != NULL ? EP_GAP_TIME : EP_GAP_ENGINE);
    return look;
}
