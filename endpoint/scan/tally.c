/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/scan/tally.h"

#include <inttypes.h>

void ep_tally_look(EpTally *tally, const EpLook *look, guint64 size)
{
    if (look->kind == EP_LOOK_NOT) {
        tally->gaps[look->gap]++;
        return;
    }
    tally->files++;
    tally->bytes += size;
    if (look->kind == EP_LOOK_FOUND)
        tally->found++;
}

guint64 ep_tally_gaps(const EpTally *tally)
{
    guint64 sum = 0;

    for (EpGap gap = 0; gap < EP_N_GAPS; gap++)
        sum += tally->gaps[gap];
    return sum;
}

json_t *ep_tally_json(const EpTally *tally)
{
    json_t *gaps = json_object();

    for (EpGap gap = 0; gap < EP_N_GAPS; gap++)
        if (tally->gaps[gap] > 0)
            json_object_set_new(gaps, ep_gap_name(gap), json_integer((json_int_t)tally->gaps[gap]));
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "files", (json_int_t)tally->files, "bytes", (json_int_t)tally->bytes,
                     "found", (json_int_t)tally->found, "not_looked_at", (json_int_t)ep_tally_gaps(tally), "gaps",
                     gaps);
}

static guint64 number(const json_t *json, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(json, name));

    return value > 0 ? (guint64)value : 0;
}

void ep_tally_parse(EpTally *tally, const json_t *json)
{
    const json_t *gaps = json_object_get(json, "gaps");

    *tally =
        (EpTally){ .files = number(json, "files"), .bytes = number(json, "bytes"), .found = number(json, "found") };
    for (EpGap gap = 0; gap < EP_N_GAPS; gap++)
        tally->gaps[gap] = number(gaps, ep_gap_name(gap));
}

char *ep_tally_describe(const EpTally *tally)
{
    GString *text = g_string_new(NULL);
    const char *before = " (";

    g_string_printf(text,
                    tally->files == 1 ? "%" PRIu64 " file looked at, %" PRIu64 " found, %" PRIu64 " not looked at"
                                      : "%" PRIu64 " files looked at, %" PRIu64 " found, %" PRIu64 " not looked at",
                    tally->files, tally->found, ep_tally_gaps(tally));
    for (EpGap gap = 0; gap < EP_N_GAPS; gap++) {
        if (tally->gaps[gap] == 0)
            continue;
        g_string_append_printf(text, "%s%" PRIu64 " %s", before, tally->gaps[gap], ep_gap_text(gap));
        before = ", ";
    }
    if (ep_tally_gaps(tally) > 0)
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}
