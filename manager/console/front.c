/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/console/front.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/network.h"
#include "lib/base/unconst.h"
#include "manager/console/core/fault.h"
#include "manager/console/pages.h"
#include "manager/core/rate.h"

/* A browser holds six connections at most, of which one is the event stream of all its tabs; an office behind one
 * address has a hundred people. */
#define MAX_CONNECTIONS        2000
#define MAX_CONNECTIONS_PER_IP 600
#define MAX_BODY               (64 * 1024)

#define CSP                                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "  \
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types holdline"

static const char *const headers[] = {
    "Content-Security-Policy",
    CSP,
    "Strict-Transport-Security",
    "max-age=31536000",
    "X-Content-Type-Options",
    "nosniff",
    "X-Frame-Options",
    "DENY",
    "Referrer-Policy",
    "no-referrer",
    "Cross-Origin-Opener-Policy",
    "same-origin",
    "Cross-Origin-Resource-Policy",
    "same-origin",
    "Cross-Origin-Embedder-Policy",
    "require-corp",
    "Permissions-Policy",
    "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    NULL,
};

typedef struct {
    ConHandler handler;
    gpointer user;
} Handler;

struct ConFront {
    ConFrontOptions options;
    GHashTable *handlers; /* id -> Handler * */
    MgrRates *rates;
    HlHttpServer *server;
};

/* false: it asks too often, and is answered. */
static bool admit(ConFront *front, HlHttpRequest *http)
{
    g_autofree char *sender = g_strdup_printf("%" G_GINT64_MODIFIER "x", http->neighbours);
    g_autofree char *seconds = NULL;
    g_autoptr(GError) error = NULL;
    HlTime wait = 0;

    if (mgr_rates_admit(front->rates, sender, hl_clock_mono(), &wait))
        return true;
    seconds = g_strdup_printf("%d", (int)(wait / HL_SECOND) + 1);
    con_fail(&error, CON_FAULT_REQUEST_RATE, HL_NUMBER(front->options.conf->per_minute), http->peer, seconds, NULL);
    hl_log_limited(HL_LOG_WARN, "front", http->peer, "%s", error->message);
    con_answer_problem(http, 429, error, (const char *const[]){ "Retry-After", seconds, NULL });
    return false;
}

static void on_api(HlHttpRequest *http, gpointer user)
{
    ConFront *front = user;
    ConRequest *request = admit(front, http) ? con_request_new(http) : NULL;
    const Handler *handler;

    if (request == NULL)
        return;
    handler = g_hash_table_lookup(front->handlers, request->match.route->id);
    if (handler != NULL)
        handler->handler(request, handler->user);
    else
        front->options.calls(request, front->options.calls_user);
}

static void on_page(HlHttpRequest *http, gpointer user)
{
    if (admit(user, http))
        con_pages_answer(http);
}

static const HlHttpRoute routes[] = {
    { NULL, "/api/", on_api, NULL },
    { NULL, "/", on_page, NULL },
};

ConFront *con_front_new(const ConFrontOptions *options)
{
    ConFront *front = g_new0(ConFront, 1);

    front->options = *options;
    front->handlers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    front->rates = mgr_rates_new(options->conf->per_minute);
    return front;
}

void con_front_add(ConFront *front, const ConHandlerRow *rows, gpointer user)
{
    for (; rows->id != NULL; rows++) {
        Handler *handler = g_new(Handler, 1);

        *handler = (Handler){ rows->handler, user };
        if (!g_hash_table_insert(front->handlers, hl_unconst(rows->id), handler))
            g_error("two handlers answer %s", rows->id);
    }
}

static void check_handlers(const ConFront *front)
{
    ConRoutes all = con_routes();

    for (gsize i = 0; i < all.count; i++)
        if ((all.rows[i].call == NULL) != g_hash_table_contains(front->handlers, all.rows[i].id))
            g_error("%s needs either a call or a handler", all.rows[i].id);
}

bool con_front_start(ConFront *front, GError **error)
{
    g_autofree char *host = NULL;
    uint16_t port = 0;

    check_handlers(front);
    if (!hl_place_parse(front->options.conf->listen, &host, &port))
        g_assert_not_reached(); /* by the table of options */
    front->server = hl_http_server_new(&(HlHttpOptions){ .address = host,
                                                         .port = port,
                                                         .cert_pem = front->options.identity->cert_pem,
                                                         .key_pem = front->options.identity->key_pem,
                                                         .routes = routes,
                                                         .n_routes = G_N_ELEMENTS(routes),
                                                         .user = front,
                                                         .max_connections = MAX_CONNECTIONS,
                                                         .max_connections_per_ip = MAX_CONNECTIONS_PER_IP,
                                                         .max_body = MAX_BODY,
                                                         .headers = headers,
                                                         .problems = true },
                                       error);
    return front->server != NULL;
}

bool con_front_reload(ConFront *front, const ConIdentity *identity, GError **error)
{
    HlTlsIdentity *shown = hl_http_identity_new(identity->cert_pem, identity->key_pem, error);

    if (shown == NULL)
        return false;
    hl_http_server_set_identity(front->server, shown);
    return true;
}

void con_front_take_limits(ConFront *front)
{
    mgr_rates_set(front->rates, front->options.conf->per_minute);
}

void con_front_stop(ConFront *front)
{
    g_clear_pointer(&front->server, hl_http_server_free);
}

void con_front_free(ConFront *front)
{
    if (front == NULL)
        return;
    con_front_stop(front);
    g_hash_table_unref(front->handlers);
    mgr_rates_free(front->rates);
    g_free(front);
}
