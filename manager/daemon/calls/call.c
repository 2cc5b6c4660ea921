#include "manager/daemon/calls.h"

#include <string.h>

#include "lib/base/log.h"

#define PART_ELEMENTS 100
#define STREAM_STEP   4 /* ms between the parts of a long list: a part takes about five, so others have their turn */

static void free_call(MgrCall *call)
{
    g_free(call->admin);
    g_free(call->response_topic);
    g_clear_pointer(&call->correlation, g_bytes_unref);
    hl_wire_free(call->message);
    g_free(call);
}

static void reply(MgrCall *call, const char *code, const char *message, bool more, const json_t *document)
{
    HlMsgCallReply out = HOLDLINE__V1__CALL_REPLY__INIT;
    g_autofree char *json = document != NULL ? hl_json_print(document) : g_strdup("{}");
    g_autoptr(GBytes) payload = NULL;

    out.code = (char *)code;
    out.message = (char *)message;
    out.more = more;
    out.json = json;
    payload = HL_WIRE_ENCODE(&out);
    if (g_bytes_get_size(payload) >
        HL_BUS_MAX_SIZE) { /* one element that is larger than a message: cannot happen with our bounds */
        hl_error("call", "the answer to '%s' is too large", call->message->name);
        return;
    }
    hl_bus_publish(call->manager->bus,
                   &(HlBusMessage){
                       .topic = call->response_topic, .payload = payload, .qos = 1, .correlation = call->correlation },
                   NULL, NULL);
}

void mgr_call_progress(MgrCall *call, json_t *document)
{
    g_autoptr(json_t) owned = document;

    reply(call, "", "", true, owned);
}

void mgr_call_done(MgrCall *call, json_t *document)
{
    g_autoptr(json_t) owned = document;

    reply(call, "", "", false, owned);
    free_call(call);
}

void mgr_call_done_list(MgrCall *call, const char *name, json_t *array, json_t *rest)
{
    g_autoptr(json_t) all = array;
    json_t *last = rest != NULL ? rest : json_object();
    json_t *part = json_array();
    json_t *element;
    size_t i;

    json_array_foreach(all, i, element)
    {
        json_array_append(part, element);
        if (json_array_size(part) == PART_ELEMENTS && i + 1 < json_array_size(all)) {
            mgr_call_progress(call, json_pack("{s:o}", name, part));
            part = json_array();
        }
    }
    json_object_set_new(last, name, part);
    mgr_call_done(call, last);
}

/* A long list that is made between the loop's other work. */
typedef struct {
    MgrCall *call;
    const char *name;
    GPtrArray *ids;
    guint at, timer;
    MgrCallElement element;
    MgrCallRest rest;
} MgrStream;

static void free_stream(gpointer item)
{
    MgrStream *stream = item;

    if (stream->timer != 0)
        g_source_remove(stream->timer);
    g_ptr_array_unref(stream->ids);
    if (stream->call != NULL)
        free_call(stream->call);
    g_free(stream);
}

GPtrArray *mgr_call_streams_new(void)
{
    return g_ptr_array_new_with_free_func(free_stream);
}

static gboolean on_stream(gpointer user)
{
    MgrStream *stream = user;
    Manager *manager = stream->call->manager;
    json_t *part = json_array();
    json_t *last;

    for (; stream->at < stream->ids->len && json_array_size(part) < PART_ELEMENTS; stream->at++) {
        json_t *element = stream->element(manager, stream->ids->pdata[stream->at]);

        if (element != NULL)
            json_array_append_new(part, element);
    }
    if (stream->at < stream->ids->len) {
        mgr_call_progress(stream->call, json_pack("{s:o}", stream->name, part));
        return G_SOURCE_CONTINUE;
    }
    last = stream->rest != NULL ? stream->rest(manager) : json_object();
    json_object_set_new(last, stream->name, part);
    mgr_call_done(g_steal_pointer(&stream->call), last);
    stream->timer = 0;
    g_ptr_array_remove_fast(manager->streams, stream);
    return G_SOURCE_REMOVE;
}

void mgr_call_stream(MgrCall *call, const char *name, GPtrArray *ids, MgrCallElement element, MgrCallRest rest)
{
    MgrStream *stream = g_new0(MgrStream, 1);

    *stream = (MgrStream){ .call = call, .name = name, .ids = ids, .element = element, .rest = rest };
    /* once by hand, so that a short list is answered at once */
    if (ids->len > PART_ELEMENTS)
        stream->timer = g_timeout_add(STREAM_STEP, on_stream, stream);
    g_ptr_array_add(call->manager->streams, stream);
    if (stream->timer == 0)
        on_stream(stream);
}

void mgr_call_fail(MgrCall *call, const GError *error)
{
    call->manager->counters.calls_refused++;
    reply(call, hl_error_name(hl_error_code(error)), error->message, false, NULL);
    free_call(call);
}

const char *mgr_call_argument(const MgrCall *call, const char *name)
{
    for (size_t i = 0; i < call->message->n_arguments; i++)
        if (strcmp(call->message->arguments[i]->name, name) == 0)
            return call->message->arguments[i]->value;
    return NULL;
}

bool mgr_call_duration(const MgrCall *call, const char *name, HlTime fallback, HlTime min, HlTime max, HlTime *value,
                       GError **error)
{
    const char *text = mgr_call_argument(call, name);

    *value = fallback;
    if (text == NULL)
        return true;
    if (!hl_duration_parse(text, value, error))
        return hl_error_prefix(error, "%s", name);
    if (*value < min || *value > max) {
        g_autofree char *least = hl_duration_format(min);
        g_autofree char *most = hl_duration_format(max);

        return hl_fail(error, HL_ERROR_INVALID, "%s: %s is not between %s and %s", name, text, least, most);
    }
    return true;
}

static bool has_word(const char *words, const char *word)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);

    return g_strv_contains((const char *const *)list, word);
}

static bool check_arguments(const MgrCall *call, const MgrCallRow *row, GError **error)
{
    g_auto(GStrv) required = g_strsplit(row->required, " ", -1);

    for (size_t i = 0; i < call->message->n_arguments; i++) {
        const char *name = call->message->arguments[i]->name;

        if (!has_word(row->required, name) && !has_word(row->optional, name))
            return hl_fail(error, HL_ERROR_INVALID, "'%s' takes no argument '%s'; is this CLI newer than the server?",
                           row->name, name);
    }
    for (gsize i = 0; required[i] != NULL; i++)
        if (*required[i] != '\0' && mgr_call_argument(call, required[i]) == NULL)
            return hl_fail(error, HL_ERROR_INVALID, "'%s' wants the argument '%s'", row->name, required[i]);
    return true;
}

static const MgrCallRow *find_row(const char *name)
{
    const MgrCallRow *const tables[] = { mgr_calls_group, mgr_calls_endpoint, mgr_calls_command, mgr_calls_access,
                                         mgr_calls_pattern };

    for (gsize t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const MgrCallRow *row = tables[t]; row->name != NULL; row++)
            if (strcmp(row->name, name) == 0)
                return row;
    return NULL;
}

/* Only an administrator whose certificate stands in the registry and was not revoked.  The topic says who asks: the
 * broker's access list lets nobody else write it. */
static bool is_admin(const Manager *manager, const char *name)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;

        if (record->revoked_at == 0 && strcmp(record->name, name) == 0 &&
            strcmp(record->kind, hl_cert_kind_name(HL_CERT_ADMIN)) == 0)
            return true;
    }
    return false;
}

void mgr_calls_handle(Manager *manager, const char *admin, const HlBusMessage *message)
{
    g_autofree char *reply_topic = hl_topic_name(HL_TOPIC_ADMIN_REPLY, admin);
    g_autoptr(HlMsgCall) decoded = NULL;
    g_autoptr(GError) error = NULL;
    const MgrCallRow *row;
    MgrCall *call;

    manager->counters.calls++;
    decoded = hl_wire_decode_bytes(&holdline__v1__call__descriptor, message->payload, &error);
    if (decoded == NULL || !is_admin(manager, admin)) {
        manager->counters.bad_messages++;
        hl_log_limited(HL_LOG_WARN, "call", admin, "request of '%s' ignored: %s", admin,
                       error != NULL ? error->message : "not an administrator");
        return;
    }
    if (message->retained || g_strcmp0(message->response_topic, reply_topic) != 0) {
        manager->counters.bad_messages++;
        hl_log_limited(HL_LOG_WARN, "call", admin, "request of '%s' ignored: its response topic is not %s", admin,
                       reply_topic);
        return;
    }
    call = g_new0(MgrCall, 1);
    *call = (MgrCall){ .manager = manager,
                       .admin = g_strdup(admin),
                       .response_topic = g_steal_pointer(&reply_topic),
                       .correlation = message->correlation != NULL ? g_bytes_ref(message->correlation) : NULL,
                       .message = g_steal_pointer(&decoded) };
    row = find_row(call->message->name);
    if (row == NULL)
        hl_fail(&error, HL_ERROR_INVALID, "this server knows no call '%.64s'; is this CLI newer than the server?",
                call->message->name);
    if (row == NULL || !check_arguments(call, row, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    row->handler(call);
}
