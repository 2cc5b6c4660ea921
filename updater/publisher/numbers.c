/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/publisher/numbers.h"

#include <string.h>

#include "lib/base/unconst.h"
#include "updater/publisher/stage.h"

#define RECORD "private/numbers.json"

/* How many numbers are counted up from one that is ahead, at most, before the clock reaches it. */
#define COUNTED ((json_int_t)1 << 20)

/* A component's number has ten digits; a clock has had more since 1970-04-27. */
#define COMPONENT_MIN (G_GINT64_CONSTANT(1000000000))
#define METADATA_MIN  (COMPONENT_MIN * 10)

/* What JSON's readers keep exact, and room to count. */
#define METADATA_MAX (((json_int_t)1 << 53) - COUNTED)

/* What can be shown as a date. */
#define YEAR_10000 (G_GINT64_CONSTANT(253402300800) * HL_SECOND)

HlTime upd_numbers_reached(json_int_t last, const UpdNumbersMark *mark)
{
    return last <= mark->number + COUNTED && mark->number > 0 ? mark->at : last;
}

static void load_mark(const UpdRepo *repo, UpdNumbersMark *mark)
{
    g_autoptr(json_t) record = upd_repo_exists(repo, RECORD) ? upd_repo_load(repo, RECORD, NULL) : NULL;
    json_int_t number = json_integer_value(json_object_get(record, "number"));

    mark->number = CLAMP(number, 0, METADATA_MAX);
    mark->at = json_integer_value(json_object_get(record, "at"));
}

static bool store_mark(const UpdRepo *repo, const UpdNumbersMark *mark, GError **error)
{
    g_autoptr(json_t) record = json_pack("{s:I, s:I}", "number", mark->number, "at", (json_int_t)mark->at);
    g_autoptr(GBytes) bytes = upd_meta_print(record);

    return upd_repo_store(repo, RECORD, bytes, error);
}

/* Of all that the clock numbers: root is counted. */
static json_int_t last_number(const UpdState *state)
{
    GHashTableIter iter;
    gpointer role;
    gpointer envelope;
    json_int_t last = 0;

    g_hash_table_iter_init(&iter, hl_unconst(state));
    while (g_hash_table_iter_next(&iter, &role, &envelope))
        if (strcmp(role, "root") != 0 && strcmp(role, UPD_STATE_NEXT_ROOT) != 0)
            last = MAX(last, upd_meta_version(envelope));
    return last;
}

bool upd_numbers_check_clock(const UpdRepo *repo, const UpdState *state, GError **error)
{
    json_int_t last = last_number(state);
    UpdNumbersMark mark;
    HlTime reached;
    g_autofree char *now = hl_time_format(repo->now);
    g_autofree char *then = NULL;

    load_mark(repo, &mark);
    reached = upd_numbers_reached(last, &mark);
    if (repo->now >= reached - UPD_NUMBERS_SLACK)
        return true;
    if (repo->any_clock) {
        mark = (UpdNumbersMark){ .number = MAX(mark.number, last), .at = repo->now };
        return store_mark(repo, &mark, error);
    }
    then = reached < YEAR_10000 ? hl_time_format(reached) : g_strdup("after the year 9999");
    return hl_fail(error, HL_ERROR_CONFLICT,
                   "nothing is signed: the clock of this host says %s, but the last signature in %s, number "
                   "%" JSON_INTEGER_FORMAT ", was made %s: set the clock; or, if it is right now and was ahead then, "
                   "say so once with --force ('holdline-updater repo resign %s --force')",
                   now, repo->dir, last, then, repo->dir);
}

json_int_t upd_numbers_floor(const UpdRepo *repo, const UpdState *state)
{
    UpdNumbersMark mark;

    load_mark(repo, &mark);
    return upd_state_get(state, "timestamp") == NULL ? 0 : MAX(repo->now, mark.number + 1);
}

static bool parse_one(const char *text, UpdNumbersAbove *above, GError **error)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(text, 10, COMPONENT_MIN, METADATA_MAX, &number, NULL) ||
        (number < METADATA_MIN && !upd_stage_version_ok((gint64)number)))
        return hl_fail(error, HL_ERROR_INVALID,
                       "--above %.40s is neither a component's number (YYYYMMDDNN) nor one of metadata (the clock in "
                       "milliseconds, at most %" JSON_INTEGER_FORMAT "): give the one that the clients' refusal names",
                       text, METADATA_MAX);
    if (number < METADATA_MIN)
        above->component = MAX(above->component, (gint64)number);
    else
        above->metadata = MAX(above->metadata, (json_int_t)number);
    return true;
}

bool upd_numbers_parse_above(const char *const *texts, gsize n, UpdNumbersAbove *above, GError **error)
{
    *above = (UpdNumbersAbove){ 0 };
    for (gsize i = 0; i < n; i++)
        if (!parse_one(texts[i], above, error))
            return false;
    return true;
}

bool upd_numbers_go_past(const UpdRepo *repo, json_int_t number, GError **error)
{
    UpdNumbersMark mark;

    load_mark(repo, &mark);
    mark = (UpdNumbersMark){ .number = MAX(mark.number, number), .at = repo->now };
    return store_mark(repo, &mark, error);
}
