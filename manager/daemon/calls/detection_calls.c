/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/detection_calls.h"

#include <string.h>

#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/stream.h"
#include "manager/daemon/ground/selector.h"
#include "manager/store/quarantine.h"
#include "proto/bounds.h"

/* Beyond it the list says that there are more: about 5 MB as JSON, which takes the loop half a second in small parts.
 */
#define MAX_LISTED 10000

#define MAX_SINCE (3650 * HL_DAY)

struct MgrDetectionCalls {
    MgrDetectionCallsOptions parts;
    MgrStreamKind listing;
};

/* ------------------------------------------------------------------------------------------------------------ names */

/* "d-17" -> 17 */
static bool parse_id(const char *id, int64_t *number, GError **error)
{
    guint64 value = 0;

    if (!g_str_has_prefix(id, "d-") || !g_ascii_string_to_unsigned(id + 2, 10, 1, G_MAXINT64, &value, NULL))
        return mgr_refuse(error, MGR_REFUSE_DETECTION_NO_ID, id, NULL);
    *number = (int64_t)value;
    return true;
}

/* An HL_ERROR_NOT_FOUND if it is not there, or not for this caller. */
static bool read_detection(const MgrDetectionCalls *calls, const MgrCaller *caller, int64_t number,
                           MgrDetectionRecord *record, GError **error)
{
    g_autofree char *name = g_strdup_printf("d-%" G_GINT64_FORMAT, number);

    if (!mgr_registry_read_detection(mgr_record_committed(calls->parts.record), number, record, error))
        return false;
    return (record->number > 0 && mgr_selector_sees(calls->parts.fleet, caller, record->endpoint)) ||
           mgr_refuse(error, MGR_REFUSE_DETECTION_UNKNOWN, name, NULL);
}

/* ------------------------------------------------------------------------------------------------------- list, show */

static const char *state_of(const MgrDetectionRecord *record)
{
    return record->acknowledged_at > 0 ? "acknowledged" : record->is_orphan ? "removed" : "open";
}

static json_t *describe(const MgrDetectionRecord *r)
{
    json_t *document =
        json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:s}", "id",
                  json_sprintf("d-%" G_GINT64_FORMAT, r->number), "state", state_of(r), "endpoint", r->endpoint, "host",
                  r->host, "signature", r->signature, "path", r->path, "size", (json_int_t)r->size, "sha256", r->sha256,
                  "owner", r->owner, "component", r->component, "version", (json_int_t)r->version, "how", r->how,
                  "action", r->action, "detail", r->detail, "scan", r->scan);

    json_object_set_new(document, "first_found", hl_json_time(r->first_at));
    json_object_set_new(document, "last_found", hl_json_time(r->last_at));
    json_object_set_new(document, "reported", hl_json_time(r->told_at));
    json_object_set_new(document, "times", json_integer((json_int_t)r->times));
    json_object_set_new(document, "acknowledged_at", hl_json_time(r->acknowledged_at));
    json_object_set_new(document, "acknowledged_by", json_string(r->acknowledged_by));
    json_object_set_new(document, "note", json_string(r->acknowledged_why));
    return document;
}

static char *stream_detection(const MgrCaller *caller, const char *id, gconstpointer own G_GNUC_UNUSED,
                              gconstpointer user)
{
    const MgrDetectionCalls *calls = user;
    g_auto(MgrDetectionRecord) record = { 0 };
    g_autoptr(json_t) document = NULL;
    g_autoptr(GError) error = NULL;
    int64_t number = 0;

    if (!parse_id(id, &number, &error) || !read_detection(calls, caller, number, &record, &error))
        return NULL; /* gone meanwhile */
    document = describe(&record);
    return hl_json_print(document);
}

static void call_show(MgrCall *call, gpointer user)
{
    const MgrDetectionCalls *calls = user;
    g_auto(MgrDetectionRecord) record = { 0 };
    g_autoptr(GError) error = NULL;
    int64_t number = 0;

    if (parse_id(mgr_call_argument(call, "detection"), &number, &error) &&
        read_detection(calls, mgr_call_caller(call), number, &record, &error))
        mgr_call_done(call, describe(&record));
    else
        mgr_call_fail(call, error);
}

typedef struct {
    int64_t number;
    HlTime told_at;
} Listed;

static void add_listed(int64_t number, HlTime told_at, gpointer user)
{
    Listed listed = { number, told_at };

    g_array_append_val((GArray *)user, listed);
}

static int compare_listed(gconstpointer a, gconstpointer b)
{
    const Listed *x = a;
    const Listed *y = b;

    if (x->told_at != y->told_at)
        return x->told_at < y->told_at ? 1 : -1;
    return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

/* Those of the selector; of none, all that are there, or NULL: also those that were removed. */
static bool list_endpoints(const MgrDetectionCalls *calls, const MgrCall *call, GPtrArray **listed, GError **error)
{
    const char *selector = mgr_call_argument(call, "selector");
    const MgrCaller *caller = mgr_call_caller(call);

    *listed = NULL;
    if (selector == NULL && caller->groups == NULL)
        return true;
    *listed = selector != NULL ? mgr_selector_filter(calls->parts.fleet, caller, selector, error)
                               : mgr_selector_all(calls->parts.fleet, caller);
    return *listed != NULL;
}

static bool collect(const MgrDetectionCalls *calls, const MgrCall *call, MgrDetectionFilter *filter, GArray *listed,
                    GError **error)
{
    HlDb *db = mgr_record_committed(calls->parts.record);
    g_autoptr(GPtrArray) endpoints = NULL;

    if (!list_endpoints(calls, call, &endpoints, error))
        return false;
    if (endpoints == NULL)
        return mgr_registry_list_detections(db, filter, add_listed, listed, error);
    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];

        if (endpoint->findings == NULL)
            continue;
        filter->endpoint = endpoint->record.id;
        if (!mgr_registry_list_detections(db, filter, add_listed, listed, error))
            return false;
    }
    g_array_sort(listed, compare_listed);
    return true;
}

/* "more" and "total", which the receiver adds to the parts, where the list has the newest alone.  Of endpoints that are
 * named, all were collected. */
static bool tell_cut(const MgrDetectionCalls *calls, MgrCall *call, const MgrDetectionFilter *filter,
                     const GArray *listed, GError **error)
{
    int64_t total = listed->len;

    if (listed->len <= MAX_LISTED)
        return true;
    if (filter->endpoint == NULL &&
        !mgr_registry_count_detections(mgr_record_committed(calls->parts.record), filter, &total, error))
        return false;
    mgr_call_progress(call, json_pack("{s:b, s:I}", "more", true, "total", (json_int_t)total));
    return true;
}

static GPtrArray *ids_of(const GArray *listed)
{
    GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < MIN(listed->len, MAX_LISTED); i++)
        g_ptr_array_add(ids, g_strdup_printf("d-%" G_GINT64_FORMAT, g_array_index(listed, Listed, i).number));
    return ids;
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrDetectionCalls *calls = user;
    g_autoptr(GArray) listed = g_array_new(FALSE, FALSE, sizeof(Listed));
    g_autoptr(GError) error = NULL;
    MgrDetectionFilter filter = { .only_open = mgr_call_argument(call, "open") != NULL, .limit = MAX_LISTED + 1 };
    HlTime since = 0;

    if (!mgr_call_duration(call, "since", 0, HL_SECOND, MAX_SINCE, &since, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    if (since > 0)
        filter.since = hl_clock_wall() - since;
    if (!collect(calls, call, &filter, listed, &error) || !tell_cut(calls, call, &filter, listed, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    mgr_stream_start(call, &calls->listing, ids_of(listed));
}

/* ------------------------------------------------------------------------------------------------------ acknowledge */

/* An acknowledgement on its way through the registry. */
typedef struct {
    const MgrDetectionCalls *calls;
    MgrCall *call;
    GHashTable *endpoints; /* id -> how many are acknowledged, at the time of the call */
    guint count;
} Change;

static void change_free(gpointer data)
{
    Change *change = data;

    g_hash_table_unref(change->endpoints);
    g_free(change);
}

static void fold_change(gpointer data)
{
    const Change *change = data;
    const MgrDetectionCallsOptions *parts = &change->calls->parts;
    GHashTableIter iter;
    gpointer id, count;

    g_hash_table_iter_init(&iter, change->endpoints);
    while (g_hash_table_iter_next(&iter, &id, &count)) {
        MgrEndpoint *endpoint = mgr_fleet_endpoint(parts->fleet, id);

        if (endpoint == NULL)
            continue; /* removed meanwhile, or before: its detections are still there */
        mgr_finds_refresh(parts->finds, endpoint);
        mgr_status_tell(parts->status, endpoint, "acknowledged", "", mgr_call_admin(change->call),
                        json_pack("{s:I}", "detections", (json_int_t)GPOINTER_TO_UINT(count)));
    }
    mgr_call_done(change->call, json_pack("{s:I}", "acknowledged", (json_int_t)change->count));
}

static void fail_change(gpointer data, const GError *error)
{
    mgr_call_fail(((const Change *)data)->call, error);
}

static void add_count(Change *change, const char *endpoint, guint count)
{
    guint before = GPOINTER_TO_UINT(g_hash_table_lookup(change->endpoints, endpoint));

    g_hash_table_replace(change->endpoints, g_strdup(endpoint), GUINT_TO_POINTER(before + count));
    change->count += count;
}

static bool write_ids(Change *change, HlWriteSet *set, const char *ids, const MgrAcknowledgement *step, GError **error)
{
    g_auto(GStrv) words = g_strsplit(ids, ",", -1);

    if (words[0] == NULL)
        return mgr_refuse(error, MGR_REFUSE_DETECTION_WHICH, NULL);
    for (gsize i = 0; words[i] != NULL; i++) {
        g_auto(MgrDetectionRecord) record = { 0 };
        int64_t number = 0;

        if (!parse_id(words[i], &number, error) ||
            !read_detection(change->calls, mgr_call_caller(change->call), number, &record, error))
            return false;
        if (record.acknowledged_at > 0)
            continue;
        mgr_write_acknowledgement(set, number, step);
        add_count(change, record.endpoint, 1);
    }
    return true;
}

static bool write_selected(Change *change, HlWriteSet *set, const char *selector, const MgrAcknowledgement *step,
                           GError **error)
{
    g_autoptr(GPtrArray) endpoints =
        mgr_selector_select(change->calls->parts.fleet, mgr_call_caller(change->call), selector, error);

    for (guint i = 0; endpoints != NULL && i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];
        const MgrFindings *findings = mgr_endpoint_findings(endpoint);

        if (findings->open == 0 && findings->left_out == 0)
            continue;
        mgr_write_acknowledgement_of_all(set, endpoint->record.number, endpoint->record.id, step);
        add_count(change, endpoint->record.id, findings->open);
    }
    return endpoints != NULL;
}

static void write_histories(const Change *change, HlWriteSet *set, const MgrAcknowledgement *step)
{
    GHashTableIter iter;
    gpointer id, count;

    g_hash_table_iter_init(&iter, change->endpoints);
    while (g_hash_table_iter_next(&iter, &id, &count)) {
        g_autofree char *text =
            g_strdup_printf(GPOINTER_TO_UINT(count) == 1 ? "%u detection by %s%s%s" : "%u detections by %s%s%s",
                            GPOINTER_TO_UINT(count), step->by, *step->why != '\0' ? ": " : "", step->why);

        mgr_write_history(set, step->at, id, "acknowledged", text);
    }
}

static bool write_change(Change *change, HlWriteSet *set, GError **error)
{
    const char *ids = mgr_call_argument(change->call, "ids");
    const char *selector = mgr_call_argument(change->call, "selector");
    const char *note = mgr_call_argument(change->call, "note");
    MgrAcknowledgement step = { mgr_call_admin(change->call), note != NULL ? note : "", hl_clock_wall() };

    if (strlen(step.why) > HL_MAX_TEXT)
        return mgr_refuse(error, MGR_REFUSE_NOTE_TOO_LONG, HL_NUMBER(strlen(step.why)), HL_NUMBER(HL_MAX_TEXT), NULL);
    if ((ids == NULL) == (selector == NULL))
        return mgr_refuse(error, MGR_REFUSE_DETECTION_EITHER, NULL);
    if (ids != NULL ? !write_ids(change, set, ids, &step, error) : !write_selected(change, set, selector, &step, error))
        return false;
    write_histories(change, set, &step);
    return true;
}

static void call_acknowledge(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_change, fail_change, change_free };
    const MgrDetectionCalls *calls = user;
    HlWriteSet *set = hl_write_set_new();
    g_autoptr(GError) error = NULL;
    Change *change = g_new0(Change, 1);

    change->calls = calls;
    change->call = call;
    change->endpoints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (write_change(change, set, &error)) {
        mgr_call_commit(change->call, calls->parts.record, set, &kind, change);
        return;
    }
    hl_write_set_free(set);
    change_free(change);
    mgr_call_fail(call, error);
}

/* ------------------------------------------------------------------------------------------------------- quarantine */

static void add_quarantined(const MgrQuarantined *file, gpointer files)
{
    json_array_append_new(files, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "endpoint", file->endpoint,
                                           "host", file->host, "id", file->id, "path", file->path, "size",
                                           (json_int_t)file->size, "sha256", file->sha256, "signature", file->signature,
                                           "taken", hl_json_time(file->taken_at)));
}

/* Of one endpoint (0: of all); beyond MAX_LISTED files are only counted.  *all: also those that have no row. */
static bool add_of(HlDb *db, int64_t endpoint, json_t *files, uint64_t *all, GError **error)
{
    int64_t room = MAX_LISTED - (int64_t)json_array_size(files);

    return mgr_registry_count_quarantined(db, endpoint, all, error) &&
           (room <= 0 || mgr_registry_list_quarantined(db, endpoint, room, add_quarantined, files, error));
}

static bool add_selected(const MgrDetectionCalls *calls, const MgrCall *call, json_t *files, uint64_t *all,
                         GError **error)
{
    HlDb *db = mgr_record_committed(calls->parts.record);
    g_autoptr(GPtrArray) endpoints = NULL;

    if (!list_endpoints(calls, call, &endpoints, error))
        return false;
    if (endpoints == NULL)
        return add_of(db, 0, files, all, error);
    for (guint i = 0; i < endpoints->len; i++)
        if (!add_of(db, ((const MgrEndpoint *)endpoints->pdata[i])->record.number, files, all, error))
            return false;
    return true;
}

static void call_quarantine_list(MgrCall *call, gpointer user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) files = json_array();
    uint64_t all = 0;

    if (add_selected(user, call, files, &all, &error))
        mgr_call_done_list(call, "files", g_steal_pointer(&files), json_pack("{s:I}", "total", (json_int_t)all));
    else
        mgr_call_fail(call, error);
}

static const MgrCallRow rows[] = {
    { "quarantine list", "", "selector", MGR_NEED_READ, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE, call_quarantine_list },
    { "detection list", "", "selector since open", MGR_NEED_READ, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE, call_list },
    { "detection show", "detection", "", MGR_NEED_READ, MGR_SCOPE_ENDPOINT, MGR_PROOF_NONE, call_show },
    { "detection acknowledge", "", "ids selector note", MGR_NEED_OPERATE, MGR_SCOPE_SELECTOR, MGR_PROOF_NONE,
      call_acknowledge },
    { .name = NULL },
};

MgrDetectionCalls *mgr_detection_calls_new(const MgrDetectionCallsOptions *options, MgrDispatch *dispatch)
{
    MgrDetectionCalls *calls = g_new0(MgrDetectionCalls, 1);

    calls->parts = *options;
    calls->listing = (MgrStreamKind){ .name = "detections", .element = stream_detection, .user = calls };
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_detection_calls_free(MgrDetectionCalls *calls)
{
    g_free(calls);
}
