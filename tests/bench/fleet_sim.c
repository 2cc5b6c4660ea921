/* SPDX-License-Identifier: Apache-2.0 */
/* fleet-sim SITE PORT,... COUNT DIGEST IDENTITIES: a fleet of endpoints in one process, for tests/bench/fleet.
 *
 * PORT is that of a broker; of several the endpoints use them as the product does.
 *
 * Makes COUNT endpoints with certificates of the site's authority (e-bench-N), writes a line for each to the file
 * IDENTITIES (id, serial, fingerprint, end of the certificate), and does what comes on standard input, a line each;
 * every line is answered by one of JSON:
 *
 *   ramp N [bare]     connect all that are down, N handshakes at a time; bare: no birth, no answer to anything
 *   reconnect on|off  whether a lost line comes back, with the back-off of the product
 *   beat MS           heartbeats at this interval, spread over it; 0: none
 *   cut               close all connections without a word
 *   misfits KIND N    N of the honest ones, from the last, are slow, dead, clones, liars or flappers from now on
 *   mark              count from here
 *   wait WHAT N S     until WHAT ("ups", "commands", ...) was counted N times, at most S seconds; "up": so many are
 *   run S             go on for S seconds
 *   turn              go on for a moment
 *
 * Bounded: MAX_ENDPOINTS, and MAX_WAIT for each line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "lib/base/ident.h"
#include "manager/site/site.h"
#include "tests/bench/fleet_endpoint.h"

#define MAX_ENDPOINTS 19000            /* descriptors end at 20,000 */
#define MAX_WAIT      600              /* s */
#define PATIENCE      (15 * HL_SECOND) /* of one attempt, as lib/bus/bus_mqtt.c has it */
#define WHIM          (2 * HL_SECOND)  /* of those that are not honest */
#define TURN          20               /* ms, at most, between two looks at what is due */

static const char *const names[FLEET_N_TALLIES] = { "ups",     "downs",    "timeouts", "answers", "commands", "again",
                                                    "results", "settings", "applied",  "raw",     "refused" };

typedef struct {
    Fleet fleet;
    GPtrArray *endpoints;
    int epoll;
    guint at_a_time; /* handshakes of the ramp; 0: it is over */
    guint next;      /* the first endpoint that the ramp has not begun */
} Sim;

static void die(const char *what, const GError *error)
{
    fprintf(stderr, "fleet-sim: %s: %s\n", what, error != NULL ? error->message : g_strerror(errno));
    exit(EXIT_FAILURE);
}

/* ------------------------------------------------------------------------------------------------------------- loop */

/* Up, and deaf to what the descriptor says: it reads when it pleases, or never. */
static bool is_deaf(const FleetEndpoint *endpoint)
{
    return (endpoint->kind == FLEET_SLOW || endpoint->kind == FLEET_DEAD) && endpoint->line.phase == FLEET_UP;
}

static void watch(const Sim *sim, FleetEndpoint *endpoint, int operation)
{
    bool writes = fleet_line_wants_write(&endpoint->line) || endpoint->line.phase == FLEET_CONNECTING;
    uint32_t wanted = is_deaf(endpoint) ? 0 : EPOLLIN | (writes ? EPOLLOUT : 0);
    struct epoll_event event = { .events = wanted, .data.ptr = endpoint };

    if (endpoint->line.fd >= 0 && epoll_ctl(sim->epoll, operation, endpoint->line.fd, &event) != 0)
        die("epoll", NULL);
}

/* Publishes what was queued outside of its own turn, too. */
static void serve(const Sim *sim, FleetEndpoint *endpoint)
{
    FleetPhase before = endpoint->line.phase;
    int fd = endpoint->line.fd;
    bool wrote = fleet_line_wants_write(&endpoint->line);

    if (before == FLEET_DOWN)
        return;
    fleet_line_ready(&endpoint->line);
    if (before == FLEET_UP && endpoint->line.phase == FLEET_DOWN && endpoint->fleet->up > 0)
        endpoint->fleet->up--;
    if (endpoint->line.fd == fd && (wrote != fleet_line_wants_write(&endpoint->line) || is_deaf(endpoint)))
        watch(sim, endpoint, EPOLL_CTL_MOD);
}

static void begin(const Sim *sim, FleetEndpoint *endpoint)
{
    fleet_endpoint_connect(endpoint);
    watch(sim, endpoint, EPOLL_CTL_ADD);
}

static void give_up(FleetEndpoint *endpoint)
{
    fleet_line_cut(&endpoint->line);
    fleet_count(endpoint->fleet, FLEET_TIMEOUTS);
    fleet_count(endpoint->fleet, FLEET_DOWNS);
    fleet_endpoint_schedule(endpoint);
}

static bool is_trying(const FleetEndpoint *endpoint)
{
    return endpoint->line.phase != FLEET_DOWN && endpoint->line.phase != FLEET_UP;
}

/* What it does of itself. */
static void misbehave(Sim *sim, FleetEndpoint *endpoint, HlTime now)
{
    if (endpoint->kind == FLEET_HONEST || endpoint->line.phase != FLEET_UP || now < endpoint->whim_due)
        return;
    if (endpoint->whim_due == 0) {
        endpoint->whim_due = now + 1 + ep_spread(WHIM, hl_random_u64());
        return;
    }
    endpoint->whim_due = now + WHIM;
    if (endpoint->kind == FLEET_SLOW) {
        serve(sim, endpoint);
    } else if (endpoint->kind == FLEET_FLAPPER) {
        fleet_line_cut(&endpoint->line);
        if (sim->fleet.up > 0)
            sim->fleet.up--;
        endpoint->due = now + WHIM;
    }
}

/* What time brings; the number of handshakes under way. */
static guint look_round(Sim *sim)
{
    HlTime now = hl_clock_mono();
    guint trying = 0;

    for (guint i = 0; i < sim->endpoints->len; i++) {
        FleetEndpoint *endpoint = sim->endpoints->pdata[i];

        if (endpoint->due != 0 && now >= endpoint->due && endpoint->line.phase == FLEET_DOWN)
            begin(sim, endpoint);
        if (is_trying(endpoint) && now - endpoint->begun > PATIENCE)
            give_up(endpoint);
        trying += is_trying(endpoint);
        misbehave(sim, endpoint, now);
        if (endpoint->birth_due != 0 && now >= endpoint->birth_due && endpoint->line.phase == FLEET_UP) {
            fleet_endpoint_repeat_birth(endpoint);
            serve(sim, endpoint);
        }
        if (endpoint->kind == FLEET_DEAD || endpoint->beat_due == 0 || now < endpoint->beat_due ||
            endpoint->line.phase != FLEET_UP)
            continue;
        endpoint->beat_due += endpoint->interval;
        fleet_endpoint_beat(endpoint);
        serve(sim, endpoint);
    }
    return trying;
}

static void go_on_with_ramp(Sim *sim, guint trying)
{
    for (; sim->next < sim->endpoints->len && trying < sim->at_a_time; sim->next++) {
        FleetEndpoint *endpoint = sim->endpoints->pdata[sim->next];

        if (endpoint->line.phase != FLEET_DOWN)
            continue;
        begin(sim, endpoint);
        trying++;
    }
    if (sim->next == sim->endpoints->len)
        sim->at_a_time = 0;
}

static void turn(Sim *sim)
{
    struct epoll_event events[256];
    HlTime end = hl_clock_mono() + TURN;
    guint trying = look_round(sim);

    go_on_with_ramp(sim, trying);
    do {
        guint ended = 0;
        int n = epoll_wait(sim->epoll, events, G_N_ELEMENTS(events), sim->at_a_time > 0 ? 1 : TURN);

        for (int i = 0; i < n; i++) {
            FleetEndpoint *endpoint = events[i].data.ptr;
            bool tried = is_trying(endpoint);

            if (endpoint->kind == FLEET_DEAD && endpoint->line.phase == FLEET_UP)
                fleet_line_cut(&endpoint->line); /* nothing was asked for: the broker has ended it */
            else
                serve(sim, endpoint);
            ended += tried && !is_trying(endpoint);
        }
        trying -= MIN(trying, ended);
        go_on_with_ramp(sim, trying);
        trying = MAX(trying, sim->at_a_time);
    } while (hl_clock_mono() < end);
}

/* ----------------------------------------------------------------------------------------------------------- script */

static void answer(const Sim *sim, bool done)
{
    printf("{\"done\": %s, \"now\": %" G_GINT64_FORMAT ", \"up\": %u, \"heartbeats\": %" G_GUINT64_FORMAT,
           done ? "true" : "false", hl_clock_mono(), sim->fleet.up, sim->fleet.heartbeats);
    for (int i = 0; i < FLEET_N_TALLIES; i++) {
        const FleetTally *tally = &sim->fleet.tallies[i];

        printf(", \"%s\": {\"n\": %u, \"first\": %" G_GINT64_FORMAT ", \"last\": %" G_GINT64_FORMAT "}", names[i],
               tally->n, tally->first, tally->last);
    }
    printf("}\n");
    fflush(stdout);
}

static guint counted(const Sim *sim, const char *what)
{
    for (int i = 0; i < FLEET_N_TALLIES; i++)
        if (strcmp(names[i], what) == 0)
            return sim->fleet.tallies[i].n;
    if (strcmp(what, "up") != 0) {
        fprintf(stderr, "fleet-sim: nothing is called \"%s\"\n", what);
        exit(EXIT_FAILURE);
    }
    return sim->fleet.up;
}

static bool do_wait(Sim *sim, char **words, guint n)
{
    guint target = n > 2 ? (guint)atoi(words[2]) : 0;
    HlTime end = hl_clock_mono() + MIN(n > 3 ? atoi(words[3]) : MAX_WAIT, MAX_WAIT) * HL_SECOND;

    while (n > 1 && counted(sim, words[1]) < target && hl_clock_mono() < end)
        turn(sim);
    return n > 1 && counted(sim, words[1]) >= target;
}

static bool do_run(Sim *sim, char **words, guint n)
{
    HlTime end = hl_clock_mono() + MIN(n > 1 ? atoi(words[1]) : 0, MAX_WAIT) * HL_SECOND;

    while (hl_clock_mono() < end)
        turn(sim);
    return true;
}

static bool do_turn(Sim *sim, char **words G_GNUC_UNUSED, guint n G_GNUC_UNUSED)
{
    turn(sim);
    return true;
}

static bool do_ramp(Sim *sim, char **words, guint n)
{
    sim->at_a_time = n > 1 ? (guint)MAX(atoi(words[1]), 1) : 50;
    sim->next = 0;
    sim->fleet.bare = n > 2 && strcmp(words[2], "bare") == 0;
    return true;
}

static bool do_reconnect(Sim *sim, char **words, guint n)
{
    for (guint i = 0; i < sim->endpoints->len; i++)
        ((FleetEndpoint *)sim->endpoints->pdata[i])->reconnects = n > 1 && strcmp(words[1], "on") == 0;
    return true;
}

static bool do_beat(Sim *sim, char **words, guint n)
{
    HlTime interval = n > 1 ? atoi(words[1]) : 0;
    HlTime now = hl_clock_mono();

    for (guint i = 0; i < sim->endpoints->len; i++) {
        FleetEndpoint *endpoint = sim->endpoints->pdata[i];

        endpoint->interval = interval > 0 ? interval : HL_HOUR;
        endpoint->beat_due = interval > 0 ? now + 1 + ep_spread(interval, hl_random_u64()) : 0;
    }
    return true;
}

static bool do_cut(Sim *sim, char **words G_GNUC_UNUSED, guint n G_GNUC_UNUSED)
{
    for (guint i = 0; i < sim->endpoints->len; i++) {
        FleetEndpoint *endpoint = sim->endpoints->pdata[i];

        if (endpoint->line.phase == FLEET_DOWN)
            continue;
        fleet_line_cut(&endpoint->line);
        fleet_endpoint_schedule(endpoint);
    }
    sim->fleet.up = 0;
    return true;
}

static bool do_misfits(Sim *sim, char **words, guint n)
{
    static const char *const kinds[FLEET_N_KINDS] = { [FLEET_SLOW] = "slow",
                                                      [FLEET_DEAD] = "dead",
                                                      [FLEET_CLONE] = "clones",
                                                      [FLEET_LIAR] = "liars",
                                                      [FLEET_FLAPPER] = "flappers" };
    int left = n > 2 ? atoi(words[2]) : 0;
    FleetKind kind = FLEET_SLOW;

    while (kind < FLEET_N_KINDS && n > 1 && strcmp(words[1], kinds[kind]) != 0)
        kind++;
    if (kind == FLEET_N_KINDS)
        return false;
    for (guint i = sim->endpoints->len; i-- > 1 && left > 0;) {
        FleetEndpoint *endpoint = sim->endpoints->pdata[i];
        FleetEndpoint *other = sim->endpoints->pdata[i - 1];

        if (endpoint->kind != FLEET_HONEST || other->kind != FLEET_HONEST)
            continue;
        left--;
        if (kind == FLEET_CLONE) {
            if (endpoint->line.phase == FLEET_UP && sim->fleet.up > 0)
                sim->fleet.up--;
            fleet_line_cut(&endpoint->line);
            endpoint->due = hl_clock_mono() + 1;
            fleet_endpoint_become(other, FLEET_CLONE, NULL);
        }
        fleet_endpoint_become(endpoint, kind, other);
        if (is_deaf(endpoint))
            watch(sim, endpoint, EPOLL_CTL_MOD);
    }
    return left == 0;
}

static bool do_mark(Sim *sim, char **words G_GNUC_UNUSED, guint n G_GNUC_UNUSED)
{
    memset(sim->fleet.tallies, 0, sizeof sim->fleet.tallies);
    sim->fleet.heartbeats = 0;
    return true;
}

static const struct {
    const char *name;
    bool (*run)(Sim *sim, char **words, guint n);
} lines[] = {
    { "ramp", do_ramp }, { "reconnect", do_reconnect }, { "beat", do_beat },
    { "cut", do_cut },   { "mark", do_mark },           { "misfits", do_misfits },
    { "turn", do_turn }, { "wait", do_wait },           { "run", do_run },
};

static void follow_script(Sim *sim)
{
    char line[256];

    while (fgets(line, sizeof line, stdin) != NULL) {
        g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", 5);
        gsize i = 0;

        while (i < G_N_ELEMENTS(lines) && g_strcmp0(words[0], lines[i].name) != 0)
            i++;
        if (i == G_N_ELEMENTS(lines)) {
            fprintf(stderr, "fleet-sim: no line is called \"%s\"\n", line);
            exit(EXIT_FAILURE);
        }
        answer(sim, lines[i].run(sim, words, g_strv_length(words)));
    }
}

/* ------------------------------------------------------------------------------------------------------------ start */

static void make_endpoints(Sim *sim, const char *dir, int count, const char *path)
{
    g_autofree char *key_path = mgr_site_path(dir, "pki/ca.key");
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_load(key_path, &error);
    FILE *file = fopen(path, "we");

    if (key == NULL || file == NULL)
        die("the authority", error);
    for (int i = 0; i < count; i++) {
        FleetEndpoint *endpoint = fleet_endpoint_new(&sim->fleet, i, key, &error);

        if (endpoint == NULL)
            die("an endpoint", error);
        g_ptr_array_add(sim->endpoints, endpoint);
        fprintf(file, "%s %s %s %" G_GINT64_FORMAT "\n", endpoint->id, hl_cert_info(endpoint->cert)->serial,
                endpoint->fingerprint, hl_cert_info(endpoint->cert)->not_after);
    }
    if (fclose(file) != 0)
        die(path, NULL);
}

static void load_site(Sim *sim, const char *dir)
{
    g_autofree char *ca = mgr_site_path(dir, "pki/ca.pem");
    g_autofree char *sealing = mgr_site_path(dir, "pki/sealing.key");
    g_autoptr(GError) error = NULL;
    g_autoptr(HlSigningKey) key = hl_signing_key_load(sealing, &error);

    sim->fleet.ca = hl_cert_load(ca, key != NULL ? &error : NULL);
    if (key == NULL || sim->fleet.ca == NULL)
        die(dir, error);
    sim->fleet.signing_key = g_bytes_ref(hl_signing_key_public(key));
}

static void read_ports(Fleet *fleet, const char *text)
{
    g_auto(GStrv) ports = g_strsplit(text, ",", FLEET_PORTS);

    while (ports[fleet->n_ports] != NULL) {
        fleet->ports[fleet->n_ports] = atoi(ports[fleet->n_ports]);
        fleet->n_ports++;
    }
}

int main(int argc, char **argv)
{
    Sim sim = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
    struct rlimit files = { 0 };
    int count = argc == 6 ? atoi(argv[3]) : 0;

    sim.fleet.digest = argc == 6 ? hl_unhex(argv[4]) : NULL;
    if (count <= 0 || count > MAX_ENDPOINTS || sim.fleet.digest == NULL) {
        fprintf(stderr, "usage: fleet-sim SITE PORT,... COUNT DIGEST IDENTITIES (at most %d endpoints)\n",
                MAX_ENDPOINTS);
        return EXIT_FAILURE;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_ports(&sim.fleet, argv[2]);
    sim.endpoints = g_ptr_array_new_with_free_func((GDestroyNotify)fleet_endpoint_free);
    load_site(&sim, argv[1]);
    make_endpoints(&sim, argv[1], count, argv[5]);
    answer(&sim, true);
    follow_script(&sim);
    g_ptr_array_unref(sim.endpoints);
    hl_cert_free(sim.fleet.ca);
    g_bytes_unref(sim.fleet.signing_key);
    g_bytes_unref(sim.fleet.digest);
    return EXIT_SUCCESS;
}
