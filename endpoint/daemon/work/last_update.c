/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/last_update.h"

#include <string.h>

#include "lib/base/json.h"

#define FACT "last-update"

void ep_last_update_clear(EpLastUpdate *last)
{
    g_free(last->trigger);
    g_free(last->detail);
    g_free(last->source);
    memset(last, 0, sizeof *last);
}

void ep_last_update_set(EpLastUpdate *last, const EpLastUpdate *to)
{
    EpLastUpdate copy = { .at = to->at,
                          .succeeded = to->succeeded,
                          .trigger = g_strdup(to->trigger),
                          .detail = g_utf8_make_valid(to->detail, -1),
                          .source = g_utf8_make_valid(to->source, -1),
                          .succeeded_at = to->succeeded_at,
                          .changed_at = to->changed_at };

    ep_last_update_clear(last);
    *last = copy;
}

void ep_last_update_load(EpLastUpdate *last, HlDb *db)
{
    g_autofree char *text = ep_store_get(db, FACT, "{}");
    g_autoptr(json_t) value = hl_json_parse(FACT, text, strlen(text), NULL);
    EpLastUpdate read = { 0 };
    json_int_t at;
    json_int_t succeeded_at = 0;
    json_int_t changed_at = 0;
    int succeeded;

    if (json_unpack(value, "{s:I, s:b, s:s, s:s, s:s, s?I, s?I}", "at_ms", &at, "succeeded", &succeeded, "trigger",
                    &read.trigger, "detail", &read.detail, "source", &read.source, "succeeded_ms", &succeeded_at,
                    "changed_ms", &changed_at) != 0)
        return;
    read.at = at;
    read.succeeded = succeeded != 0;
    /* an earlier release stored no more than the last one */
    read.succeeded_at = succeeded_at == 0 && read.succeeded ? at : succeeded_at;
    read.changed_at = changed_at;
    ep_last_update_set(last, &read);
}

bool ep_last_update_store(const EpLastUpdate *last, HlDb *db, GError **error)
{
    g_autoptr(json_t) value =
        json_pack("{s:I, s:b, s:s, s:s, s:s, s:I, s:I}", "at_ms", (json_int_t)last->at, "succeeded", last->succeeded,
                  "trigger", last->trigger, "detail", last->detail, "source", last->source, "succeeded_ms",
                  (json_int_t)last->succeeded_at, "changed_ms", (json_int_t)last->changed_at);
    g_autofree char *text = NULL;

    if (value == NULL)
        return hl_fail(error, HL_ERROR_INVALID, "the texts of the last update are not UTF-8");
    text = hl_json_print(value);
    return ep_store_set(db, FACT, text, error);
}
