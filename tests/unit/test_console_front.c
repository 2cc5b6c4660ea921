/* SPDX-License-Identifier: Apache-2.0 */
/* manager/console/front: who answers what, the rate of an address, headers, and a certificate that is replaced.  The
 * HTTPS server under it is the test's. */
#include <string.h>

#include "lib/base/unconst.h"
#include "manager/console/front.h"
#include "tests/support/clock_fake.h"
#include "tests/support/http_fake.h"

/* ------------------------------------------------------------------------------------------------- the HTTPS server */

static HlHttpOptions options; /* of the one that was made last */
static char address[64];
static guint n_servers, n_identities;
static bool is_broken; /* a certificate that is given is none */

HlHttpServer *hl_http_server_new(const HlHttpOptions *given, GError **error)
{
    if (is_broken) {
        hl_fail(error, HL_ERROR_IO, "the port is taken");
        return NULL;
    }
    options = *given;
    g_strlcpy(address, given->address, sizeof address);
    options.address = address;
    n_servers++;
    return (HlHttpServer *)&options;
}

void hl_http_server_free(HlHttpServer *server G_GNUC_UNUSED)
{
    n_servers--;
}

uint16_t hl_http_server_port(const HlHttpServer *server G_GNUC_UNUSED)
{
    return options.port;
}

HlTlsIdentity *hl_http_identity_new(const char *cert_pem, const char *key_pem G_GNUC_UNUSED, GError **error)
{
    if (is_broken) {
        hl_fail(error, HL_ERROR_INVALID, "that is no certificate");
        return NULL;
    }
    return hl_unconst(cert_pem);
}

void hl_http_server_set_identity(HlHttpServer *server G_GNUC_UNUSED, HlTlsIdentity *identity G_GNUC_UNUSED)
{
    n_identities++;
}

/* As the server does: the first route whose prefix fits. */
static void serve(HlHttpRequest *http)
{
    for (gsize i = 0; i < options.n_routes; i++)
        if (g_str_has_prefix(http->path, options.routes[i].prefix)) {
            options.routes[i].handler(http, options.user);
            return;
        }
    g_assert_not_reached();
}

/* ------------------------------------------------------------------------------------------------------------ world */

typedef struct {
    ConConf conf;
    ConIdentity identity;
    ConFront *front;
    GString *answered; /* "own:getHealth call:listGroups " */
} World;

static void note(World *world, const char *who, ConRequest *request)
{
    g_string_append_printf(world->answered, "%s:%s ", who, request->match.route->id);
    con_request_done(request, json_object(), NULL);
}

static void on_own(ConRequest *request, gpointer user)
{
    note(user, "own", request);
}

static void on_call(ConRequest *request, gpointer user)
{
    note(user, "call", request);
}

/* A handler for each route that no call answers. */
static void add_handlers(World *world, ConHandlerRow *rows)
{
    ConRoutes all = con_routes();
    gsize n = 0;

    for (gsize i = 0; i < all.count; i++)
        if (all.rows[i].call == NULL)
            rows[n++] = (ConHandlerRow){ all.rows[i].id, on_own };
    rows[n] = (ConHandlerRow){ NULL, NULL };
    con_front_add(world->front, rows, world);
}

static World *world_new(void)
{
    static ConHandlerRow rows[128];
    World *world = g_new0(World, 1);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(con_routes().count, <, G_N_ELEMENTS(rows));
    is_broken = false;
    n_identities = 0;
    world->answered = g_string_new(NULL);
    hl_options_init(con_conf_table(), &world->conf);
    world->conf.per_minute = 10;
    world->identity.cert_pem = g_strdup("certificate");
    world->identity.key_pem = g_strdup("key");
    world->front = con_front_new(&(ConFrontOptions){ &world->conf, &world->identity, on_call, world });
    add_handlers(world, rows);
    g_assert_true(con_front_start(world->front, &error));
    return world;
}

static void world_free(World *world)
{
    con_front_free(world->front);
    g_assert_cmpuint(n_servers, ==, 0);
    http_fake_reset();
    con_identity_clear(&world->identity);
    hl_options_clear(con_conf_table(), &world->conf);
    g_string_free(world->answered, TRUE);
    g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static void ask(const char *target)
{
    static const char *const headers[] = { "cookie", "__Host-holdline=s-1", NULL };

    serve(http_fake_ask("GET", target, headers, NULL));
}

static guint status(void)
{
    g_autoptr(HttpFakeAnswer) answer = http_fake_take();

    g_assert_nonnull(answer);
    return answer->status;
}

/* ------------------------------------------------------------------------------------------------------------ tests */

static void test_who_answers(void)
{
    g_autoptr(World) world = world_new();

    ask("/api/v1/health");
    ask("/api/v1/groups");
    g_assert_cmpstr(world->answered->str, ==, "own:getHealth call:listGroups ");
    g_assert_cmpuint(status(), ==, 200);
    g_assert_cmpuint(status(), ==, 200);
    ask("/api/v1/nothing");
    g_assert_cmpuint(status(), ==, 404);
    ask("/");
    g_assert_cmpuint(status(), ==, 200);
    ask("/endpoints/e-1"); /* a link into the page */
    g_assert_cmpuint(status(), ==, 200);
    ask("/nothing.js");
    g_assert_cmpuint(status(), ==, 404);
}

static void test_rate(void)
{
    g_autoptr(World) world G_GNUC_UNUSED = world_new();
    g_autoptr(HttpFakeAnswer) refused = NULL;
    guint admitted = 0;

    for (guint i = 0; i < 100 && refused == NULL; i++) {
        ask(i % 2 == 0 ? "/api/v1/health" : "/"); /* pages count as well */
        refused = http_fake_take();
        if (refused->status == 200) {
            admitted++;
            g_clear_pointer(&refused, http_fake_answer_free);
        }
    }
    g_assert_nonnull(refused);
    g_assert_cmpuint(refused->status, ==, 429);
    g_assert_cmpint(atoi(refused->retry_after), >, 0);
    g_assert_cmpuint(admitted, >=, 10);
    clock_fake_advance(atoi(refused->retry_after) * HL_SECOND); /* who waits as told is let in */
    ask("/api/v1/health");
    g_assert_cmpuint(status(), ==, 200);
}

static const char *header(const char *name)
{
    for (const char *const *at = options.headers; *at != NULL; at += 2)
        if (strcmp(at[0], name) == 0)
            return at[1];
    return "";
}

static void test_bounds(void)
{
    g_autoptr(World) world = world_new();

    g_assert_nonnull(world->front);
    g_assert_nonnull(strstr(header("Content-Security-Policy"), "default-src 'none'"));
    g_assert_nonnull(strstr(header("Content-Security-Policy"), "require-trusted-types-for 'script'"));
    g_assert_null(strstr(header("Content-Security-Policy"), "unsafe"));
    g_assert_cmpstr(header("X-Content-Type-Options"), ==, "nosniff");
    g_assert_cmpuint(options.max_body, <=, 64 * 1024);
    g_assert_cmpuint(options.max_connections_per_ip, <, options.max_connections);
    g_assert_true(options.problems);
    g_assert_cmpstr(options.address, ==, "127.0.0.1");
    g_assert_cmpuint(options.port, ==, 8844);
}

static void test_reload(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    is_broken = true;
    g_assert_false(con_front_reload(world->front, &world->identity, &error));
    g_assert_cmpuint(n_identities, ==, 0);
    is_broken = false;
    g_assert_true(con_front_reload(world->front, &world->identity, NULL));
    g_assert_cmpuint(n_identities, ==, 1);
    world->conf.per_minute = 1000;
    con_front_take_limits(world->front);
    for (guint i = 0; i < 200; i++) {
        ask("/api/v1/health");
        g_assert_cmpuint(status(), ==, 200); /* by the limit of now */
    }
}

static void test_no_server(void)
{
    g_autoptr(World) world = world_new();
    g_autoptr(GError) error = NULL;

    con_front_stop(world->front);
    is_broken = true;
    g_assert_false(con_front_start(world->front, &error));
    g_assert_error(error, HL_ERROR, HL_ERROR_IO);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/console/front/who-answers", test_who_answers);
    g_test_add_func("/console/front/rate", test_rate);
    g_test_add_func("/console/front/bounds", test_bounds);
    g_test_add_func("/console/front/reload", test_reload);
    g_test_add_func("/console/front/no-server", test_no_server);
    return g_test_run();
}
