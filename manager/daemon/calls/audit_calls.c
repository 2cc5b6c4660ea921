/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/audit_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/fleet.h"

#define MAX_ROWS  1000 /* of one answer: for more, a caller asks again from the last one on */
#define MAX_NAMED 16   /* endpoints of a row whose host names are told */
#define MAX_SINCE (3650 * HL_DAY)

struct MgrAuditCalls {
    MgrAuditCallsOptions parts;
};

/* What the hash covers says the ids alone, and a reader knows computers by their names: those of the endpoints that are
 * there. */
static json_t *endpoints_of(const MgrFleet *fleet, const char *arguments)
{
    json_t *array = json_array();
    gsize n;

    for (const char *at = arguments; *at != '\0' && json_array_size(array) < MAX_NAMED; at += n) {
        g_autofree char *word = g_strndup(at, n = strspn(at, HL_IDENT_LETTERS));
        const MgrEndpoint *endpoint = n > 0 ? mgr_fleet_endpoint(fleet, word) : NULL;

        if (endpoint != NULL)
            json_array_append_new(array, json_pack("{s:s, s:s}", "id", word, "host", endpoint->record.host));
        n += n == 0;
    }
    return array;
}

static void add_row(MgrAuditRecord *r, gpointer array)
{
    g_autofree char *hash =
        r->hash != NULL ? hl_hex(g_bytes_get_data(r->hash, NULL), g_bytes_get_size(r->hash)) : g_strdup("");
    g_autofree char *at = hl_time_format(r->at);

    json_array_append_new(array, json_pack("{s:I, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "row",
                                           (json_int_t)r->number, "at", at, "at_ms", (json_int_t)r->at, "account",
                                           r->account, "certificate", r->certificate, "call", r->call, "arguments",
                                           r->arguments, "code", r->code, "text", r->text, "hash", hash));
}

/* The rows, and how many there are where these are not all; a caller that goes through them page by page does not ask.
 */
static bool list(const MgrAuditCalls *calls, const MgrAuditFilter *filter, json_t *array, int64_t *total,
                 GError **error)
{
    HlDb *db = mgr_record_reader(calls->parts.record);

    if (!mgr_registry_list_audit(db, filter, add_row, array, error))
        return false;
    *total = (int64_t)json_array_size(array);
    return filter->after >= 0 || *total < filter->limit || mgr_registry_count_audit(db, filter, total, error);
}

/* Not for a client that goes through them page by page: an export is exactly what was written. */
static void name_endpoints(const MgrFleet *fleet, json_t *array)
{
    json_t *row;
    size_t i;

    json_array_foreach(array, i, row)
    {
        json_object_set_new(row, "endpoints",
                            endpoints_of(fleet, json_string_value(json_object_get(row, "arguments"))));
    }
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrAuditCalls *calls = user;
    MgrAuditFilter filter = { .account = mgr_call_argument(call, "account"),
                              .call = mgr_call_argument(call, "call"),
                              .after = -1,
                              .limit = 100 };
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) array = json_array();
    HlTime since = 0;
    int64_t total = 0;

    if (mgr_call_caller(call)->groups != NULL)
        mgr_refuse(&error, MGR_REFUSE_AUDIT_LIMITED, mgr_call_admin(call), NULL);
    else if (mgr_call_integer(call, "limit", 1, MAX_ROWS, &filter.limit, &error) &&
             mgr_call_integer(call, "after", 0, G_MAXINT64, &filter.after, &error) &&
             mgr_call_duration(call, "since", 0, HL_SECOND, MAX_SINCE, &since, &error)) {
        filter.since = since > 0 ? hl_clock_wall() - since : 0;
        if (list(calls, &filter, array, &total, &error)) {
            if (filter.after < 0)
                name_endpoints(calls->parts.fleet, array);
            mgr_call_done_list(call, "rows", g_steal_pointer(&array), json_pack("{s:I}", "total", (json_int_t)total));
            return;
        }
    }
    mgr_call_fail(call, error);
}

static const MgrCallRow rows[] = {
    { "audit list", "", "account call since limit after", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_list },
    { .name = NULL },
};

MgrAuditCalls *mgr_audit_calls_new(const MgrAuditCallsOptions *options, MgrDispatch *dispatch)
{
    MgrAuditCalls *calls = g_new0(MgrAuditCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_audit_calls_free(MgrAuditCalls *calls)
{
    g_free(calls);
}
