/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/location.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "proto/server.h"

#define LEAD      HL_DAY /* a counter further ahead of this clock is not believed */
#define MAX_KEYS  2
#define MAX_CAS   HL_TRUST_MAX
#define MAX_NAMED 50 /* endpoints in one document: with their details 30 kB */

struct MgrLocation {
    MgrLocationOptions parts;
    GPtrArray *authorities; /* PEM (char *) of those that are told, the one that issues first; at most MAX_CAS */
    GPtrArray *keys;        /* of GBytes: the sealing keys that are told, at most MAX_KEYS */
    GBytes *digest;         /* of what is announced; NULL: nothing */
};

static const MgrPlaceRecord *announced(const MgrLocation *location)
{
    return &location->parts.fleet->places.announced;
}

const char *const *mgr_location_brokers(const MgrLocation *location)
{
    const MgrPlaceRecord *place = announced(location);

    return (const char *const *)(place->counter != 0 ? place->brokers : location->parts.conf->broker_addresses);
}

const char *const *mgr_location_urls(const MgrLocation *location)
{
    const MgrPlaceRecord *place = announced(location);

    return (const char *const *)(place->counter != 0 ? place->servers : location->parts.conf->http_urls);
}

/* -------------------------------------------------------------------------------------------------------- documents */

/* Those announced, or the one that signs.  Caller frees. */
static char **keys_of(const MgrLocation *location)
{
    const MgrPlaceRecord *place = announced(location);
    GBytes *own = hl_signing_key_public(mgr_sealer_key(location->parts.sealer));
    char **keys;

    if (place->counter != 0 && place->keys != NULL && place->keys[0] != NULL && *place->keys[0] != '\0')
        return g_strdupv(place->keys);
    keys = g_new0(char *, 2);
    keys[0] = hl_hex(g_bytes_get_data(own, NULL), g_bytes_get_size(own));
    return keys;
}

static void adopt_keys(MgrLocation *location)
{
    g_auto(GStrv) keys = keys_of(location);

    g_ptr_array_set_size(location->keys, 0);
    for (gsize i = 0; keys[i] != NULL && i < MAX_KEYS; i++) {
        GBytes *key = hl_unhex(keys[i]);

        if (key != NULL)
            g_ptr_array_add(location->keys, key);
    }
}

/* Those that count on disk. */
static char **authorities_on_disk(const MgrLocation *location)
{
    g_autofree char *ids = mgr_pki_authority_ids(location->parts.pki);

    return g_strsplit(ids, ",", -1);
}

static const HlCert *find_authority(const MgrLocation *location, const char *wanted)
{
    const HlTrust *trust = mgr_pki_trust(location->parts.pki);

    for (guint i = 0; i < hl_trust_count(trust); i++) {
        g_autofree char *id = hl_trust_id(hl_trust_at(trust, i));

        if (strcmp(id, wanted) == 0)
            return hl_trust_at(trust, i);
    }
    return NULL;
}

static char **told_authorities(const MgrLocation *location)
{
    const MgrPlaceRecord *place = announced(location);

    if (place->counter != 0 && place->authorities != NULL && place->authorities[0] != NULL)
        return g_strdupv(place->authorities);
    return g_strdupv((char *[]){ NULL });
}

/* Those that were announced; before any were, the present one. */
static void adopt_authorities(MgrLocation *location)
{
    g_auto(GStrv) ids = told_authorities(location);

    g_ptr_array_set_size(location->authorities, 0);
    for (gsize i = 0; ids[i] != NULL && i < MAX_CAS; i++) {
        const HlCert *cert = find_authority(location, ids[i]);

        if (cert != NULL)
            g_ptr_array_add(location->authorities, hl_cert_print(cert));
    }
    if (ids[0] == NULL)
        g_ptr_array_add(location->authorities, hl_cert_print(mgr_pki_authority(location->parts.pki)));
}

bool mgr_location_is_behind(const MgrLocation *location)
{
    g_auto(GStrv) told = told_authorities(location);
    g_auto(GStrv) now = authorities_on_disk(location);

    if (told[0] == NULL)
        return now[1] != NULL;
    return !g_strv_equal((const char *const *)told, (const char *const *)now);
}

/* The four lists; borrows. */
static HlMsgServerDocument content(const MgrLocation *location, ProtobufCBinaryData keys[MAX_KEYS])
{
    HlMsgServerDocument document = HOLDLINE__V1__SERVER_DOCUMENT__INIT;

    document.brokers = announced(location)->brokers;
    document.n_brokers = g_strv_length(document.brokers);
    document.servers = announced(location)->servers;
    document.n_servers = g_strv_length(document.servers);
    document.authorities = (char **)location->authorities->pdata;
    document.n_authorities = location->authorities->len;
    for (guint i = 0; i < location->keys->len; i++)
        keys[i].data = hl_unconst(g_bytes_get_data(location->keys->pdata[i], &keys[i].len));
    document.signing_keys = keys;
    document.n_signing_keys = location->keys->len;
    return document;
}

static void compute_digest(MgrLocation *location)
{
    ProtobufCBinaryData keys[MAX_KEYS];
    HlMsgServerDocument document;

    adopt_keys(location);
    adopt_authorities(location);
    g_clear_pointer(&location->digest, g_bytes_unref);
    /* what the files say is announced in a moment, under another counter (calls/succession_calls.h) */
    if (announced(location)->counter == 0 || mgr_location_is_behind(location))
        return;
    document = content(location, keys);
    location->digest = hl_server_digest(&document);
}

static void free_key(gpointer item)
{
    g_bytes_unref(item);
}

MgrLocation *mgr_location_new(const MgrLocationOptions *options)
{
    MgrLocation *location = g_new0(MgrLocation, 1);

    location->parts = *options;
    location->keys = g_ptr_array_new_with_free_func(free_key);
    location->authorities = g_ptr_array_new_with_free_func(g_free);
    compute_digest(location);
    return location;
}

void mgr_location_free(MgrLocation *location)
{
    if (location == NULL)
        return;
    g_clear_pointer(&location->digest, g_bytes_unref);
    g_ptr_array_unref(location->keys);
    g_ptr_array_unref(location->authorities);
    g_free(location);
}

static const MgrToldRecord *told_by(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    return mgr_places_told(&location->parts.fleet->places, endpoint->record.number);
}

static bool has_it(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    const MgrToldRecord *told = told_by(location, endpoint);

    return told != NULL && location->digest != NULL && g_bytes_equal(told->digest, location->digest);
}

/* A registry that was restored has a lower counter than the endpoint: it is sent the one after its own.  One that a
 * wrong clock issued is not exceeded; the document's session tells the endpoint that it is of now. */
static uint64_t counter_for(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    const MgrToldRecord *told = told_by(location, endpoint);
    uint64_t own = announced(location)->counter;
    uint64_t most = (uint64_t)MAX(hl_clock_wall(), 0) + (uint64_t)LEAD;

    return told != NULL && told->counter >= own && told->counter < most ? told->counter + 1 : own;
}

/* There is an announcement that it has not told to have. */
static bool owes(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    return location->digest != NULL && !has_it(location, endpoint) && endpoint->record.revoked_at == 0;
}

GBytes *mgr_location_letter(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    ProtobufCBinaryData keys[MAX_KEYS];
    HlMsgServerDocument document;
    g_autoptr(HlMsgEnvelope) envelope = NULL;

    if (location->digest == NULL)
        return NULL;
    document = content(location, keys);
    document.endpoint = endpoint->record.id;
    document.counter = counter_for(location, endpoint);
    document.issued_ms = hl_clock_wall();
    document.session = endpoint->record.presence.session;
    document.digest.data = hl_unconst(g_bytes_get_data(location->digest, &document.digest.len));
    envelope = hl_envelope_sign(mgr_sealer_key(location->parts.sealer), HL_ENVELOPE_SERVER, &document.base);
    return HL_WIRE_ENCODE(envelope);
}

static void deliver(const MgrLocation *location, MgrEndpoint *endpoint)
{
    g_autoptr(GBytes) payload = NULL;

    if (!owes(location, endpoint) || !mgr_endpoint_is_up(endpoint))
        return;
    mgr_notices_greet_first(location->parts.notices, endpoint);
    payload = mgr_location_letter(location, endpoint);
    mgr_down_send(location->parts.down, HL_TOPIC_SERVER, endpoint->record.id, payload, 0);
}

/* ---------------------------------------------------------------------------------------------- what endpoints tell */

static MgrToldRecord record_of(const HlMsgAppliedServer *told, HlTime at)
{
    return (MgrToldRecord){ .counter = told->counter,
                            .digest = g_bytes_new(told->digest.data, told->digest.len),
                            .state = g_strdup(told->state),
                            .detail = g_strdup(told->detail),
                            .at = at };
}

static bool is_news(const MgrToldRecord *before, const MgrToldRecord *told)
{
    return before == NULL || g_strcmp0(before->serial, told->serial) != 0 || before->counter != told->counter ||
           strcmp(before->state, told->state) != 0 || strcmp(before->detail, told->detail) != 0 ||
           !g_bytes_equal(before->digest, told->digest);
}

void mgr_location_born(MgrLocation *location, MgrEndpoint *endpoint, const HlMsgAppliedServer *told, const char *serial)
{
    MgrPlaces *places = &location->parts.fleet->places;
    const MgrToldRecord *before = told_by(location, endpoint);
    g_auto(MgrToldRecord) record = { 0 };
    HlWriteSet *set;

    if (told != NULL) {
        record = record_of(told, hl_clock_wall());
        record.serial = g_strdup(serial);
    }
    if (told != NULL ? is_news(before, &record) : before != NULL) {
        set = hl_write_set_new();
        if (told != NULL)
            mgr_write_told(set, endpoint->record.number, &record);
        else
            mgr_write_untold(set, endpoint->record.number);
        mgr_record_write(location->parts.record, set);
        mgr_places_note(places, endpoint->record.number, told != NULL ? &record : NULL);
    }
    deliver(location, endpoint);
}

/* A report says nothing of the certificate: what the last birth said stays. */
static MgrToldRecord reported(const MgrLocation *location, const MgrEndpoint *endpoint, const HlMsgAppliedServer *told,
                              HlTime at)
{
    const MgrToldRecord *before = told_by(location, endpoint);
    MgrToldRecord record = record_of(told, at);

    record.serial = g_strdup(before != NULL && before->serial != NULL ? before->serial : "");
    return record;
}

void mgr_location_write(const MgrLocation *location, HlWriteSet *set, const MgrEndpoint *endpoint,
                        const HlMsgAppliedServer *told, HlTime at)
{
    g_auto(MgrToldRecord) record = reported(location, endpoint, told, at);

    mgr_write_told(set, endpoint->record.number, &record);
}

void mgr_location_fold(MgrLocation *location, MgrEndpoint *endpoint, const HlMsgAppliedServer *told, HlTime at)
{
    g_auto(MgrToldRecord) record = reported(location, endpoint, told, at);

    if (strcmp(told->state, HL_SERVER_WENT_BACK) == 0)
        hl_log_limited(HL_LOG_WARN, "server", endpoint->record.id,
                       "%s tried where it was told that the server is, and went back: %s", endpoint->record.id,
                       told->detail);
    mgr_places_note(&location->parts.fleet->places, endpoint->record.number, &record);
}

/* ---------------------------------------------------------------------------------------------------- announcements */

static bool is_same(char *const *announced, char *const *now)
{
    return announced != NULL && g_strv_equal((const char *const *)announced, (const char *const *)now);
}

MgrPlaceRecord mgr_location_next(const MgrLocation *location, const char *by)
{
    HlTime now = hl_clock_wall();
    const MgrPlaceRecord *before = announced(location);
    char **authorities = authorities_on_disk(location);
    const HlCert *next = mgr_pki_next(location->parts.pki);
    const HlCert *first = next != NULL ? next : mgr_pki_authority(location->parts.pki);

    return (MgrPlaceRecord){ .counter = MAX(before->counter + 1, (uint64_t)MAX(now, 1)),
                             .base = before->counter,
                             .brokers = g_strdupv(hl_unconst(mgr_location_brokers(location))),
                             .servers = g_strdupv(hl_unconst(mgr_location_urls(location))),
                             .keys = keys_of(location),
                             .authorities = authorities,
                             .authority_ends = hl_cert_info(first)->not_after,
                             .keys_since = before->keys_since,
                             .authorities_since =
                                 is_same(before->authorities, authorities) ? before->authorities_since : now,
                             .ended = mgr_place_ended(before, authorities, now),
                             .changed_at = now,
                             .changed_by = g_strdup(by) };
}

bool mgr_location_holds(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    return has_it(location, endpoint);
}

const char *mgr_location_serial(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    const MgrToldRecord *told = told_by(location, endpoint);

    return told != NULL && told->serial != NULL ? told->serial : "";
}

static bool follows(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    return has_it(location, endpoint) && strcmp(told_by(location, endpoint)->state, HL_SERVER_APPLIED) == 0;
}

/* Those that are revoked neither follow nor stay behind. */
static bool is_counted(const MgrEndpoint *endpoint, const MgrCaller *caller)
{
    return endpoint->record.revoked_at == 0 && mgr_caller_sees(caller, endpoint->record.group);
}

/* How many of those that are counted are as the function asks. */
static guint count(const MgrLocation *location, const MgrCaller *caller,
                   bool (*is)(const MgrLocation *, const MgrEndpoint *), guint *of)
{
    GHashTableIter iter;
    gpointer endpoint;
    guint n = 0;

    *of = 0;
    g_hash_table_iter_init(&iter, location->parts.fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &endpoint)) {
        if (!is_counted(endpoint, caller))
            continue;
        (*of)++;
        n += is(location, endpoint) ? 1 : 0;
    }
    return n;
}

guint mgr_location_holding(const MgrLocation *location, const MgrCaller *caller, guint *of)
{
    return count(location, caller, has_it, of);
}

guint mgr_location_left(const MgrLocation *location, guint *of)
{
    guint following = count(location, NULL, follows, of);

    return *of - following;
}

void mgr_location_announce(MgrLocation *location, MgrPlaceRecord *record)
{
    MgrPlaceRecord *place = &location->parts.fleet->places.announced;
    GHashTableIter iter;
    gpointer endpoint;

    mgr_place_record_clear(place);
    *place = *record;
    *record = (MgrPlaceRecord){ 0 };
    compute_digest(location);
    g_hash_table_iter_init(&iter, location->parts.fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &endpoint))
        deliver(location, endpoint);
}

static json_t *left_document(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    const MgrToldRecord *told = has_it(location, endpoint) ? told_by(location, endpoint) : NULL;

    return json_pack("{s:s, s:s, s:s, s:s, s:b}", "id", endpoint->record.id, "host", endpoint->record.host, "state",
                     told != NULL ? told->state : "", "detail", told != NULL ? told->detail : "", "shut_out",
                     endpoint->is_left_behind);
}

/* The keys of now were announced then, and the place may have changed since: an endpoint that slept through that has
 * them all the same.  No counter is earlier than its announcement (mgr_location_next); one that is ahead of ours, or
 * was told before then, may be a clock's that was wrong. */
static bool has_keys(const MgrLocation *location, const MgrEndpoint *endpoint)
{
    const MgrToldRecord *told = told_by(location, endpoint);
    const MgrPlaceRecord *place = announced(location);
    HlTime since = place->keys_since;

    return has_it(location, endpoint) || (told != NULL && since > 0 && told->at >= since &&
                                          told->counter >= (uint64_t)since && told->counter <= place->counter);
}

json_t *mgr_location_lacking(const MgrLocation *location)
{
    g_autoptr(GPtrArray) endpoints = mgr_fleet_sorted_endpoints(location->parts.fleet);
    json_t *left = json_array();
    guint more = 0;

    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];

        if (!is_counted(endpoint, NULL) || has_keys(location, endpoint))
            continue;
        if (json_array_size(left) < MAX_NAMED)
            json_array_append_new(left,
                                  json_pack("{s:s, s:s}", "id", endpoint->record.id, "host", endpoint->record.host));
        else
            more++;
    }
    if (json_array_size(left) > 0)
        return json_pack("{s:o, s:I}", "left", left, "more", (json_int_t)more);
    json_decref(left);
    return NULL;
}

json_t *mgr_location_document(const MgrLocation *location, const MgrCaller *caller)
{
    const MgrPlaceRecord *place = announced(location);
    g_autoptr(GPtrArray) endpoints = NULL;
    g_autofree char *at = NULL;
    json_t *left = json_array();
    guint following = 0, of = 0, more = 0;

    if (place->counter == 0) {
        json_decref(left);
        return NULL;
    }
    endpoints = mgr_fleet_sorted_endpoints(location->parts.fleet);
    for (guint i = 0; i < endpoints->len; i++) {
        const MgrEndpoint *endpoint = endpoints->pdata[i];

        if (!is_counted(endpoint, caller))
            continue;
        of++;
        if (follows(location, endpoint))
            following++;
        else if (json_array_size(left) < MAX_NAMED)
            json_array_append_new(left, left_document(location, endpoint));
        else
            more++;
    }
    at = hl_time_format(place->changed_at);
    return json_pack("{s:I, s:s, s:s, s:I, s:I, s:o, s:I}", "counter", (json_int_t)place->counter, "changed_at", at,
                     "changed_by", place->changed_by, "following", (json_int_t)following, "of", (json_int_t)of, "left",
                     left, "more", (json_int_t)more);
}
