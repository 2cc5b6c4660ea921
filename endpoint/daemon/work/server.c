/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/work/server.h"

#include <string.h>

#include "endpoint/core/link.h"
#include "endpoint/core/move.h"
#include "endpoint/core/settings_gate.h"
#include "endpoint/daemon/ground/store.h"
#include "endpoint/daemon/work/place.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "proto/envelope.h"
#include "proto/server.h"

#define DEFAULT_WINDOW HL_MINUTE
#define MAX_WINDOW     (10 * HL_MINUTE) /* a longer one is not believed */
#define LAST_RESORT    12               /* failed attempts in a row, after which every place ever told is tried */
#define SUBJECT        "server"

struct EpServer {
    EpServerOptions has;
    EpPlace places[EP_PLACE_N];
    EpMove move;
    HlTime window;
    guint timer;
    bool is_answered; /* on the connection of now */
    bool is_there;    /* the connection that was heard of last leads to what is offered */
    uint32_t failed;  /* attempts since the manager last answered */
};

/* ----------------------------------------------------------------------------------------------------------- places */

static const EpPlace *offered(const EpServer *server)
{
    return &server->places[EP_PLACE_OFFERED];
}

static bool has_broker(const EpPlace *place, const char *broker)
{
    for (gsize i = 0; place->document != NULL && broker != NULL && i < place->document->n_brokers; i++)
        if (strcmp(place->document->brokers[i], broker) == 0)
            return true;
    return false;
}

typedef enum { BROKERS, URLS } What;

/* The endpoint's own first. */
static void add_round(GPtrArray *list, const char *id, char **brokers, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_ptr_array_add(list, brokers[ep_link_nth(id, n, i)]);
}

static void add_place(GPtrArray *list, const char *id, const EpPlace *place, What what)
{
    const HlMsgServerDocument *document = place->document;

    if (document == NULL)
        return;
    if (what == BROKERS)
        add_round(list, id, document->brokers, document->n_brokers);
    for (gsize i = 0; what == URLS && i < document->n_servers; i++)
        g_ptr_array_add(list, document->servers[i]);
}

static void add_enrolled(GPtrArray *list, const EpIdentity *identity, What what)
{
    for (gsize i = 0; what == URLS && identity->servers[i] != NULL; i++)
        g_ptr_array_add(list, identity->servers[i]);
    if (what == BROKERS)
        add_round(list, identity->id, identity->brokers, g_strv_length(identity->brokers));
}

/* What is in force, then what is offered; and when nobody answers there, what ever held. */
static GPtrArray *known(const EpServer *server, What what)
{
    GPtrArray *list = g_ptr_array_new();
    const EpPlace *in_force = &server->places[EP_PLACE_IN_FORCE];
    const char *id = server->has.identity->id;

    if (in_force->document != NULL)
        add_place(list, id, in_force, what);
    else
        add_enrolled(list, server->has.identity, what);
    add_place(list, id, offered(server), what);
    if (server->failed >= LAST_RESORT || what == URLS) {
        add_place(list, id, &server->places[EP_PLACE_PREVIOUS], what);
        add_enrolled(list, server->has.identity, what);
    }
    g_ptr_array_add(list, NULL);
    return list;
}

char **ep_server_brokers(const EpServer *server, const char *const *preferred)
{
    const char *id = server->has.identity->id;
    g_autoptr(GPtrArray) first = g_ptr_array_new();
    g_autoptr(GPtrArray) list = NULL;

    if (server->move.state != EP_MOVE_TRIAL) {
        char **own = hl_unconst(preferred);

        add_round(first, id, own, own != NULL ? g_strv_length(own) : 0);
        list = known(server, BROKERS);
    } else {
        list = g_ptr_array_new();
        add_place(list, id, offered(server), BROKERS);
        g_ptr_array_add(list, NULL);
    }
    g_ptr_array_add(first, NULL);
    return ep_link_brokers((const char *const *)first->pdata, (const char *const *)list->pdata);
}

char **ep_server_urls(const EpServer *server)
{
    g_autoptr(GPtrArray) list = known(server, URLS);

    return ep_link_brokers(NULL, (const char *const *)list->pdata);
}

/* What was accepted last, whose counter is never the lower one. */
static const EpPlace *newest(const EpServer *server)
{
    return offered(server)->document != NULL ? offered(server) : &server->places[EP_PLACE_IN_FORCE];
}

/* After each change of the places. */
static void hold_keys(const EpServer *server)
{
    ep_keys_hold(server->has.keys, newest(server)->document);
}

/* --------------------------------------------------------------------------------------------------- what is stored */

static HlMsgAppliedServer wire_of(const EpPlace *place, const char *state)
{
    HlMsgAppliedServer wire = HOLDLINE__V1__APPLIED_SERVER__INIT;

    wire.counter = place->document->counter;
    wire.digest.data = hl_unconst(g_bytes_get_data(place->digest, &wire.digest.len));
    wire.state = hl_unconst(state);
    wire.detail = place->detail;
    wire.at_ms = place->at;
    return wire;
}

static HlMsgAppliedServer wire_of_offer(const EpPlace *place)
{
    return wire_of(place, place->tries > 0 ? HL_SERVER_WENT_BACK : HL_SERVER_TRIAL);
}

bool ep_server_wire(const EpServer *server, HlMsgAppliedServer *wire)
{
    const EpPlace *in_force = &server->places[EP_PLACE_IN_FORCE];

    if (offered(server)->document != NULL)
        *wire = wire_of_offer(offered(server));
    else if (in_force->document != NULL)
        *wire = wire_of(in_force, HL_SERVER_APPLIED);
    else
        return false;
    return true;
}

static bool spool_report(const EpServer *server, HlMsgAppliedServer wire, GError **error)
{
    HlMsgReport report = HOLDLINE__V1__REPORT__INIT;

    report.body_case = HOLDLINE__V1__REPORT__BODY_SERVER;
    report.server = &wire;
    return ep_spool_add(server->has.spool, &report, EP_SPOOL_MERGE, SUBJECT, error);
}

static bool noted(const EpServer *server, bool stored, const GError *error)
{
    if (!stored) {
        ep_trouble_store_failed(server->has.trouble, "where the server is", error);
        return false;
    }
    ep_trouble_store_worked(server->has.trouble);
    ep_spool_pump(server->has.spool);
    return true;
}

static bool store_offer(const EpServer *server, const EpPlace *place)
{
    g_auto(HlTxn) txn = HL_TXN_INIT;
    g_autoptr(GError) error = NULL;
    bool stored = hl_txn_begin(&txn, server->has.db, &error) &&
                  ep_place_store(place, EP_PLACE_OFFERED, server->has.db, &error) &&
                  spool_report(server, wire_of_offer(place), &error) && hl_txn_commit(&txn, &error);

    return noted(server, stored, error);
}

/* The offer is in force, and what was is the last resort. */
static bool store_adopted(const EpServer *server, const EpPlace *place)
{
    static const EpPlace none = { 0 };
    HlDb *db = server->has.db;
    g_auto(HlTxn) txn = HL_TXN_INIT;
    g_autoptr(GError) error = NULL;
    bool stored = hl_txn_begin(&txn, db, &error) &&
                  ep_place_store(&server->places[EP_PLACE_IN_FORCE], EP_PLACE_PREVIOUS, db, &error) &&
                  ep_place_store(place, EP_PLACE_IN_FORCE, db, &error) &&
                  ep_place_store(&none, EP_PLACE_OFFERED, db, &error) &&
                  spool_report(server, wire_of(place, HL_SERVER_APPLIED), &error) && hl_txn_commit(&txn, &error);

    return noted(server, stored, error);
}

/* --------------------------------------------------------------------------------------------------------- the move */

static void feed(EpServer *server, EpMoveEventKind kind, const char *broker);

static gboolean on_due(gpointer user)
{
    EpServer *server = user;

    server->timer = 0;
    feed(server, EP_MOVE_TICK, NULL);
    return G_SOURCE_REMOVE;
}

static void set_timer(EpServer *server)
{
    HlTime left = server->move.due - hl_clock_mono();

    g_clear_handle_id(&server->timer, g_source_remove);
    if (server->move.state != EP_MOVE_NONE)
        server->timer = g_timeout_add((guint)CLAMP(left, 0, HL_DAY), on_due, server);
}

/* Not stored: it stays an offer, and the next answer adopts it again. */
static void adopt(EpServer *server)
{
    EpPlace *places = server->places;
    EpPlace next = places[EP_PLACE_OFFERED];
    g_autofree char *detail = next.detail;

    next.at = hl_clock_wall();
    next.tries = 0;
    next.detail = (char *)"";
    if (!store_adopted(server, &next)) {
        ep_move_resume(&server->move, places[EP_PLACE_OFFERED].tries, hl_clock_mono(), server->window);
        detail = NULL;
        return;
    }
    next.detail = g_strdup("");
    ep_place_clear(&places[EP_PLACE_PREVIOUS]);
    places[EP_PLACE_PREVIOUS] = places[EP_PLACE_IN_FORCE];
    places[EP_PLACE_IN_FORCE] = next;
    places[EP_PLACE_OFFERED] = (EpPlace){ 0 };
    hold_keys(server);
    hl_info("server", "where the server is (counter %" G_GUINT64_FORMAT ") is in force: it answered there",
            next.document->counter);
    server->has.changed(EP_SERVER_KEEP_LINE, server->has.user);
}

/* A failure to store the number of trials only makes the next one come earlier after a restart. */
static void go_back(EpServer *server)
{
    EpPlace *place = &server->places[EP_PLACE_OFFERED];

    place->tries = server->move.tries;
    place->at = hl_clock_wall();
    if (*place->detail == '\0') {
        g_free(place->detail);
        place->detail = g_strdup("a broker is there, and no manager answers");
    }
    hl_warn("server", "the server says that it is elsewhere, and does not answer there: back to the old place (%s)",
            place->detail);
    store_offer(server, place);
    server->has.changed(EP_SERVER_RECONNECT, server->has.user);
}

static void begin(EpServer *server)
{
    EpPlace *place = &server->places[EP_PLACE_OFFERED];

    g_free(place->detail);
    place->detail = g_strdup("");
    server->is_answered = false;
    hl_info("server", "trying where the server says that it is (counter %" G_GUINT64_FORMAT ")",
            place->document->counter);
    server->has.changed(EP_SERVER_RECONNECT, server->has.user);
}

static void feed(EpServer *server, EpMoveEventKind kind, const char *broker)
{
    bool is_there = broker != NULL ? has_broker(offered(server), broker) : server->is_there;
    EpMoveEvent event = { .kind = kind,
                          .now = hl_clock_mono(),
                          .spread = ep_spread(server->window, hl_random_u64()),
                          .is_new_place = is_there,
                          .is_answered = server->is_answered,
                          .addresses =
                              offered(server)->document != NULL ? (uint32_t)offered(server)->document->n_brokers : 0 };

    server->is_there = is_there;
    switch (ep_move_step(&server->move, &event)) {
    case EP_MOVE_STAY:
        break;
    case EP_MOVE_BEGIN:
        begin(server);
        break;
    case EP_MOVE_ADOPT:
        adopt(server);
        break;
    case EP_MOVE_RETURN:
        go_back(server);
        break;
    }
    set_timer(server);
}

void ep_server_line_up(EpServer *server, const char *broker)
{
    server->is_answered = false;
    feed(server, EP_MOVE_UP, broker);
}

void ep_server_answered(EpServer *server, const char *broker)
{
    if (server->is_answered)
        return;
    server->is_answered = true;
    server->failed = 0;
    feed(server, EP_MOVE_ANSWERED, broker);
}

void ep_server_line_failed(EpServer *server, const char *broker, const char *why)
{
    EpPlace *place = &server->places[EP_PLACE_OFFERED];

    server->is_answered = false;
    if (server->move.state == EP_MOVE_TRIAL && has_broker(place, broker)) {
        g_free(place->detail);
        place->detail = g_strdup_printf("%s: %s", broker, why);
    }
    feed(server, EP_MOVE_FAILED, broker);
    if (++server->failed == LAST_RESORT && server->move.state != EP_MOVE_TRIAL)
        server->has.changed(EP_SERVER_KEEP_LINE, server->has.user);
}

void ep_server_spread(EpServer *server, HlTime window)
{
    window = CLAMP(window, 0, MAX_WINDOW);
    if (window == server->window)
        return; /* of two draws from one time the earlier would win each time that it is told */
    server->window = window;
    feed(server, EP_MOVE_SPREAD, NULL);
}

HlTime ep_server_window(const EpServer *server)
{
    return server->window;
}

/* -------------------------------------------------------------------------------------------------------- documents */

static HlTrust *trust_of(const HlMsgServerDocument *document, GError **error)
{
    g_autoptr(GString) pem = g_string_new("");

    for (gsize i = 0; i < document->n_authorities; i++)
        g_string_append_printf(pem, "%s\n", document->authorities[i]);
    return hl_trust_parse("its list of authorities", pem->str, pem->len, error);
}

/* An endpoint whose own certificate does not count any longer could not connect to be told anything else; where its
 * authority has ended it cannot in any case, and asks for another one over HTTPS. */
static bool check_trust(const EpServer *server, const HlMsgServerDocument *document, GError **error)
{
    g_autoptr(HlTrust) trust = trust_of(document, error);

    if (trust == NULL)
        return false;
    return hl_trust_issuer(trust, server->has.identity->cert) != NULL || ep_identity_is_over(server->has.identity) ||
           hl_fail(error, HL_ERROR_INVALID, "it leaves out the authority that signed this endpoint's certificate");
}

/* Before the document is stored: once it says that it holds an authority, the server may count on it. */
static bool follow_trust(const EpServer *server, const HlMsgServerDocument *document, GError **error)
{
    g_autoptr(HlTrust) trust = trust_of(document, error);
    g_autofree char *before = hl_trust_ids(server->has.identity->trust);
    g_autofree char *after = trust != NULL ? hl_trust_ids(trust) : NULL;

    if (trust == NULL || strcmp(before, after) == 0)
        return trust != NULL;
    if (!ep_identity_replace_trust(server->has.identity, trust, error))
        return false;
    trust = NULL; /* the identity's now */
    hl_info("server", "the server is known by the authorities %s", after);
    return true;
}

/* NULL: refused already. */
static HlMsgServerDocument *open_document(const EpServer *server, GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlMsgEnvelope) envelope = hl_wire_decode_bytes(&holdline__v1__signed_envelope__descriptor, bytes, &error);
    g_autoptr(HlMsgServerDocument) document = envelope == NULL
                                                  ? NULL
                                                  : ep_keys_open(server->has.keys, envelope, HL_ENVELOPE_SERVER,
                                                                 &holdline__v1__server_document__descriptor, &error);

    if (document != NULL && hl_server_check(document, &error) && check_trust(server, document, &error))
        return g_steal_pointer(&document);
    ep_refuse(server->has.refuser, EP_REFUSED_SERVER,
              hl_error_code(error) == HL_ERROR_UNTRUSTED ? EP_REFUSED_UNTRUSTED : EP_REFUSED_INVALID, "%s",
              error->message);
    return NULL;
}

/* By the rules of settings documents, in a series of its own. */
static EpSettingsVerdict judge(const EpServer *server, const HlMsgServerDocument *document, uint64_t session)
{
    const EpServerTime *time = server->has.time;
    const EpPlace *held = newest(server);
    g_autoptr(GBytes) digest = g_bytes_new(document->digest.data, document->digest.len);
    g_autoptr(GBytes) computed = hl_server_digest(document);
    EpSettingsOffer judged = { .endpoint = document->endpoint,
                               .counter = document->counter,
                               .session = document->session,
                               .digest = digest,
                               .computed = computed,
                               .path = "" };
    EpSettingsView view = { .endpoint = server->has.identity->id,
                            .applied = held->document != NULL,
                            .counter = held->document != NULL ? held->document->counter : 0,
                            .digest = held->digest,
                            .path = "",
                            .session = session,
                            .server = time->known ? ep_server_time_now(time, hl_clock_wall(), hl_clock_mono()) : 0,
                            .now = hl_clock_wall() };

    return ep_settings_judge(&judged, &view);
}

/* false: it could not be stored; it is retained, and comes again. */
static bool take(EpServer *server, HlMsgServerDocument *document)
{
    g_auto(EpPlace) place = { 0 };
    g_autoptr(GError) error = NULL;

    ep_place_set(&place, document, hl_clock_wall());
    if (!follow_trust(server, document, &error))
        return noted(server, false, error);
    if (!store_offer(server, &place))
        return false;
    ep_place_clear(&server->places[EP_PLACE_OFFERED]);
    server->places[EP_PLACE_OFFERED] = place;
    place = (EpPlace){ 0 };
    hold_keys(server);
    hl_info("server", "the server tells where it is (counter %" G_GUINT64_FORMAT ")", document->counter);
    return true;
}

static void refuse(const EpServer *server, EpSettingsVerdict verdict, const HlMsgServerDocument *document)
{
    EpRefuser *refuser = server->has.refuser;

    if (verdict == EP_SETTINGS_WRONG_ENDPOINT)
        ep_refuse(refuser, EP_REFUSED_SERVER, EP_REFUSED_WRONG_ENDPOINT, "it is for '%s'", document->endpoint);
    else if (verdict == EP_SETTINGS_REPLAYED)
        ep_refuse(refuser, EP_REFUSED_SERVER, EP_REFUSED_REPLAYED,
                  "counter %" G_GUINT64_FORMAT " came after %" G_GUINT64_FORMAT, document->counter,
                  newest(server)->document->counter);
    else if (verdict == EP_SETTINGS_COLLIDES)
        ep_refuse(refuser, EP_REFUSED_SERVER, EP_REFUSED_COLLISION,
                  "another document has its counter %" G_GUINT64_FORMAT ": the server's registry was restored from a "
                  "backup",
                  document->counter);
    else
        ep_refuse(refuser, EP_REFUSED_SERVER, EP_REFUSED_INVALID, "the digest is not that of where the server is");
}

static bool offer(EpServer *server, GBytes *envelope, const char *broker, uint64_t session)
{
    g_autoptr(HlMsgServerDocument) document = open_document(server, envelope);
    EpSettingsVerdict verdict;

    if (document == NULL)
        return false;
    verdict = judge(server, document, session);
    switch (verdict) {
    case EP_SETTINGS_TAKE:
        if (!take(server, g_steal_pointer(&document)))
            break;
        feed(server, EP_MOVE_OFFERED, broker);
        server->has.changed(EP_SERVER_KEEP_LINE, server->has.user);
        return true;
    case EP_SETTINGS_ALREADY:
    case EP_SETTINGS_ALREADY_REPORT:
        return true;
    case EP_SETTINGS_WRONG_ENDPOINT:
    case EP_SETTINGS_REPLAYED:
    case EP_SETTINGS_COLLIDES:
    case EP_SETTINGS_INVALID:
    case EP_SETTINGS_EXPIRED:     /* it names no end */
    case EP_SETTINGS_INDEPENDENT: /* says nothing of where the server is */
        refuse(server, verdict, document);
        break;
    }
    return false;
}

void ep_server_offer(EpServer *server, GBytes *envelope, const char *broker, uint64_t session)
{
    (void)offer(server, envelope, broker, session);
}

bool ep_server_letter(EpServer *server, GBytes *envelope)
{
    return offer(server, envelope, NULL, 0);
}

/* ------------------------------------------------------------------------------------------------------------- life */

/* The file may be of before the document: of a backup, or put back by hand. */
static void recall_trust(const EpServer *server)
{
    const HlMsgServerDocument *document = newest(server)->document;
    g_autoptr(GError) error = NULL;

    if (document != NULL && (!check_trust(server, document, &error) || !follow_trust(server, document, &error)))
        hl_warn("server", "the authorities by which the server is known stay as they are in %s: %s",
                server->has.identity->ca_path, error->message);
}

EpServer *ep_server_new(const EpServerOptions *options, GError **error)
{
    EpServer *server = g_new0(EpServer, 1);

    server->has = *options;
    server->window = DEFAULT_WINDOW;
    if (!ep_place_load(server->places, options->db, error)) {
        ep_server_free(server);
        return NULL;
    }
    hold_keys(server);
    recall_trust(server);
    if (offered(server)->document != NULL)
        ep_move_resume(&server->move, offered(server)->tries, hl_clock_mono(),
                       ep_spread(server->window, hl_random_u64()));
    set_timer(server);
    return server;
}

void ep_server_free(EpServer *server)
{
    if (server == NULL)
        return;
    g_clear_handle_id(&server->timer, g_source_remove);
    for (EpPlaceRole role = 0; role < EP_PLACE_N; role++)
        ep_place_clear(&server->places[role]);
    g_free(server);
}
