/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/evictions.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/bus/bus.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/broker.h"

#define BACKDATE         (5 * HL_MINUTE)
#define CERTIFICATE_LIFE (5 * HL_MINUTE)
#define ATTEMPT_LIFE_MS  (4 * 60 * 1000)  /* then with a new certificate */
#define PATIENCE_MS      3000             /* of who waits; the broker is near */
#define RETRY_MS         5000             /* after what failed here, such as a full disk */
#define KEEP_MS          10000            /* how long the name is kept; a client comes back within seconds */
#define LOG_LAG          (10 * HL_SECOND) /* a line of the broker's log is read by then */
#define MAX_ADDRESSES    8                /* as many as broker.addresses may have */
#define MAX_QUIET        32 /* names at a time for which nobody waits; with eight addresses each 256 connections */
#define MAX_RUNNING      48 /* names at a time: those that somebody waits for have 16 places of their own */
#define REACH            (3 * HL_SECOND) /* to be let in: a host that is silent */
#define SAME_BROKER      250             /* ms; two of its addresses take the name from each other as they come up */
#define DEAF_MS          60000           /* an address where nobody answers, once another has let the manager in */

struct MgrEvictions {
    MgrEvictionsOptions options;
    GHashTable *running;    /* name -> Eviction *; those that wait too */
    GQueue waiting, urgent; /* Eviction *, borrowed: not begun, because as many run as may; urgent: somebody waits */
    GPtrArray *begun;       /* of Eviction, borrowed */
    GHashTable *own;        /* name -> Own * */
};

/* Connections of the manager under a name whose lines in the broker's log have not been seen yet. */
typedef struct {
    guint lines;
    HlTime last_mono;
} Own;

typedef struct Eviction Eviction;

/* One of the broker's addresses: brokers that do not know each other, or the nodes of a cluster that has fallen apart,
 * may each have a session of the name. */
typedef struct {
    Eviction *eviction;
    char *address;
    HlBus *bus;  /* NULL between attempts, and once done */
    bool was_up; /* in this attempt or an earlier one */
    bool has_failed;
    bool is_double;   /* leads to a broker that another post is at */
    HlTime up_mono;   /* when it came up last */
    HlTime lost_mono; /* when it went last; 0: never, or it was looked at */
} Post;

struct Eviction {
    MgrEvictions *evictions;
    char *name, *cert_path, *key_path;
    bool has_begun;
    bool is_spare; /* kept for addresses where nobody answers, and for nothing else: its place is for others */
    Post posts[MAX_ADDRESSES];
    guint n_posts;
    const Post *loser; /* the last one from which another post seems to have taken the name; NULL: none */
    GArray *waiters;   /* of MgrEvictionWaiter */
    guint patience;    /* timer: the waiters have waited long enough */
    guint next;        /* timer: the next attempt, or the end */
    guint over, tidy;  /* idle: a bus may not be freed inside its own handler */
};

static bool is_in_force(const Eviction *eviction)
{
    return mgr_fleet_has_live_name(eviction->evictions->options.fleet, eviction->name, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- waiters */

static void clear_waiter(gpointer data)
{
    MgrEvictionWaiter *waiter = data;

    if (waiter->destroy != NULL)
        waiter->destroy(waiter->user);
}

static GArray *waiters_new(void)
{
    GArray *waiters = g_array_new(FALSE, FALSE, sizeof(MgrEvictionWaiter));

    g_array_set_clear_func(waiters, clear_waiter);
    return waiters;
}

/* Each once: a caller that asks again from inside waits for the next end. */
static void tell(Eviction *eviction, const GError *problem)
{
    GArray *waiters = eviction->waiters;

    g_clear_handle_id(&eviction->patience, g_source_remove);
    eviction->waiters = waiters_new();
    for (guint i = 0; i < waiters->len; i++) {
        const MgrEvictionWaiter *waiter = &g_array_index(waiters, MgrEvictionWaiter, i);

        waiter->done(problem, waiter->user);
    }
    g_array_unref(waiters);
}

static bool has_been_up(const Eviction *eviction)
{
    for (guint i = 0; i < eviction->n_posts; i++)
        if (eviction->posts[i].was_up)
            return true;
    return false;
}

/* A broker that does not let the manager in is not known to be one: what the owner calls its address may lead nowhere
 * today.  So it keeps nobody waiting, but it is said. */
static void warn_of_deaf(const Eviction *eviction)
{
    for (guint i = 0; i < eviction->n_posts; i++) {
        const Post *post = &eviction->posts[i];

        if (!post->was_up && !post->is_double)
            hl_log_limited(HL_LOG_WARN, "revoke", post->address,
                           "%s: a session at %s may still be up: that broker did not let the manager in under its name",
                           eviction->name, post->address);
    }
}

static gboolean on_patience(gpointer user)
{
    Eviction *eviction = user;
    g_autoptr(GError) problem = NULL;

    eviction->patience = 0;
    if (has_been_up(eviction)) {
        warn_of_deaf(eviction);
        tell(eviction, NULL);
        return G_SOURCE_REMOVE;
    }
    mgr_refuse(&problem, MGR_REFUSE_END_MAY_BE_UP, eviction->name, NULL);
    hl_log_limited(HL_LOG_WARN, "revoke", eviction->name, "%s", problem->message);
    tell(eviction, problem);
    return G_SOURCE_REMOVE;
}

/* --------------------------------------------------------------------------------------------------------- the end */

static void eviction_free(gpointer item)
{
    Eviction *eviction = item;

    g_clear_handle_id(&eviction->patience, g_source_remove);
    g_clear_handle_id(&eviction->next, g_source_remove);
    g_clear_handle_id(&eviction->over, g_source_remove);
    g_clear_handle_id(&eviction->tidy, g_source_remove);
    for (guint i = 0; i < eviction->n_posts; i++) {
        g_clear_pointer(&eviction->posts[i].bus, hl_bus_free);
        g_free(eviction->posts[i].address);
    }
    if (eviction->has_begun)
        g_ptr_array_remove_fast(eviction->evictions->begun, eviction);
    else if (!g_queue_remove(&eviction->evictions->waiting, eviction))
        g_queue_remove(&eviction->evictions->urgent, eviction);
    g_array_unref(eviction->waiters);
    unlink(eviction->cert_path);
    unlink(eviction->key_path);
    g_free(eviction->cert_path);
    g_free(eviction->key_path);
    g_free(eviction->name);
    g_free(eviction);
}

static void begin_waiting(MgrEvictions *evictions);

static gboolean on_over(gpointer user)
{
    Eviction *eviction = user;
    MgrEvictions *evictions = eviction->evictions;

    eviction->over = 0;
    g_hash_table_remove(evictions->running, eviction->name);
    begin_waiting(evictions);
    return G_SOURCE_REMOVE;
}

static void end_soon(Eviction *eviction)
{
    if (eviction->over == 0)
        eviction->over = g_idle_add(on_over, eviction);
}

static gboolean on_kept(gpointer user)
{
    Eviction *eviction = user;

    eviction->next = 0;
    return on_over(eviction);
}

/* --------------------------------------------------------------------------------------------------------- attempts */

static void attempt(Eviction *eviction);

static gboolean on_next(gpointer user)
{
    Eviction *eviction = user;

    eviction->next = 0;
    for (guint i = 0; i < eviction->n_posts; i++) {
        g_clear_pointer(&eviction->posts[i].bus, hl_bus_free);
        eviction->posts[i].has_failed = false;
        eviction->posts[i].is_double = false;
    }
    eviction->loser = NULL;
    attempt(eviction);
    return G_SOURCE_REMOVE;
}

static void set_next(Eviction *eviction, guint ms, GSourceFunc function)
{
    g_clear_handle_id(&eviction->next, g_source_remove);
    eviction->next = g_timeout_add(ms, function, eviction);
}

static gboolean is_stale(gpointer key G_GNUC_UNUSED, gpointer value, gpointer user)
{
    return *(const HlTime *)user - ((const Own *)value)->last_mono > LOG_LAG;
}

static void note_own(Eviction *eviction)
{
    GHashTable *all = eviction->evictions->own;
    HlTime now = hl_clock_mono();
    Own *own;

    g_hash_table_foreach_remove(all, is_stale, &now); /* an external broker's log is not read */
    own = g_hash_table_lookup(all, eviction->name);
    if (own == NULL) {
        own = g_new0(Own, 1);
        g_hash_table_insert(all, g_strdup(eviction->name), own);
    }
    own->lines++;
    own->last_mono = now;
}

static gboolean on_tidy(gpointer user)
{
    Eviction *eviction = user;

    eviction->tidy = 0;
    for (guint i = 0; i < eviction->n_posts; i++)
        if (eviction->posts[i].is_double)
            g_clear_pointer(&eviction->posts[i].bus, hl_bus_free);
    return G_SOURCE_REMOVE;
}

static bool is_up(const Post *post)
{
    return post->bus != NULL && !post->is_double && hl_bus_state(post->bus) == HL_BUS_UP;
}

static bool is_now(HlTime moment)
{
    return moment != 0 && hl_clock_mono() - moment <= SAME_BROKER;
}

/* Whether another post has the name at the very moment at which this one lost it. */
static bool is_taken_by_another(const Post *post)
{
    const Eviction *eviction = post->eviction;
    bool is_taken = false;

    for (const Post *other = eviction->posts; other < eviction->posts + eviction->n_posts; other++)
        is_taken |= other != post && is_up(other) && is_now(other->up_mono);
    return is_taken;
}

/* Two addresses of one broker: each post takes the name from the other.  Once may be the client that came back at that
 * moment; to and fro it is the two of them, and one is enough.  The moment tells, not the reason: mosquitto 2.0.11
 * takes a name away without a word, and the end of the one is often heard before the other is told that it is in. */
static void look_at_losers(Eviction *eviction)
{
    for (guint i = 0; i < eviction->n_posts; i++) {
        Post *post = &eviction->posts[i];

        if (post->is_double || is_up(post) || !is_now(post->lost_mono) || !is_taken_by_another(post))
            continue;
        post->lost_mono = 0;
        post->is_double = eviction->loser != NULL && eviction->loser != post;
        eviction->loser = post;
        if (post->is_double && eviction->tidy == 0)
            eviction->tidy = g_idle_add(on_tidy, eviction);
    }
}

/* Anyone let in at the other addresses stays out; while a place is free it is tried on where nobody answers. */
static gboolean on_spare(gpointer user)
{
    Eviction *eviction = user;

    eviction->next = 0;
    set_next(eviction, DEAF_MS - KEEP_MS, on_kept);
    eviction->is_spare = true;
    begin_waiting(eviction->evictions);
    return G_SOURCE_REMOVE;
}

/* Each address has let the manager in, or nobody answers there; *n_deaf of the latter. */
static bool is_settled(const Eviction *eviction, guint *n_deaf)
{
    *n_deaf = 0;
    for (guint i = 0; i < eviction->n_posts; i++) {
        const Post *post = &eviction->posts[i];

        if (!post->was_up && !post->is_double && !post->has_failed)
            return false;
        *n_deaf += !post->was_up && !post->is_double;
    }
    return has_been_up(eviction);
}

static void settle(Eviction *eviction)
{
    guint n_deaf;

    if (!is_settled(eviction, &n_deaf))
        return;
    if (n_deaf > 0)
        warn_of_deaf(eviction);
    tell(eviction, NULL);
    if (is_in_force(eviction))
        end_soon(eviction);
    else
        set_next(eviction, KEEP_MS, n_deaf > 0 ? on_spare : on_kept);
}

static void on_taken(gpointer user)
{
    Post *post = user;
    Eviction *eviction = post->eviction;

    eviction->is_spare = false;
    post->was_up = true;
    post->up_mono = hl_clock_mono();
    look_at_losers(eviction);
    note_own(eviction);
    hl_log_limited(HL_LOG_INFO, "revoke", eviction->name, "the session of %s was ended", eviction->name);
    settle(eviction);
}

static void on_failed(const char *broker G_GNUC_UNUSED, const char *reason G_GNUC_UNUSED, HlTime delay G_GNUC_UNUSED,
                      gpointer user)
{
    Post *post = user;

    if (post->has_failed || post->was_up)
        return;
    post->has_failed = true;
    settle(post->eviction);
}

/* Somebody took the name back, or the broker went: the bus connects again, and takes it once more. */
static void on_lost(const char *reason G_GNUC_UNUSED, gpointer user)
{
    Post *post = user;
    Eviction *eviction = post->eviction;
    guint n_deaf;

    post->lost_mono = hl_clock_mono();
    look_at_losers(eviction);
    if (post->is_double)
        return;
    eviction->is_spare = false;
    if (is_in_force(eviction)) {
        if (is_settled(eviction, &n_deaf))
            end_soon(eviction);
    } else {
        set_next(eviction, ATTEMPT_LIFE_MS, on_next);
    }
}

static void ignore_message(const HlBusMessage *message G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

/* It ends by itself within minutes: not worth a row in the registry. */
static bool issue_files(const Eviction *eviction, GError **error)
{
    const MgrEvictionsOptions *options = &eviction->evictions->options;
    g_autofree char *cert_name = g_strdup_printf("pki/evict-%s.pem", eviction->name);
    g_autofree char *key_name = g_strdup_printf("pki/evict-%s.key", eviction->name);
    HlTime now = hl_clock_wall();
    HlCertSpec spec = {
        .cn = eviction->name, .kind = HL_CERT_MANAGER, .not_before = now - BACKDATE, .not_after = now + CERTIFICATE_LIFE
    };
    g_auto(MgrCertificateRecord) record = { 0 };

    return mgr_authority_issue_files(options->authority, options->dir, cert_name, key_name, &spec, &record, error);
}

static bool connect_as(Post *post, GError **error)
{
    const Eviction *eviction = post->eviction;
    g_autofree char *ca = mgr_site_path(eviction->evictions->options.dir, "pki/ca.pem");
    HlBusOptions bus = {
        .client_id = eviction->name,
        .brokers = (const char *const[]){ post->address, NULL },
        .ca_path = ca,
        .cert_path = eviction->cert_path,
        .key_path = eviction->key_path,
        .connect_timeout = REACH,
        .backoff_base = 100,
        .backoff_cap = 2000,
        .handlers = { .up = on_taken, .down = on_lost, .failed = on_failed, .message = ignore_message },
        .user = post
    };

    post->bus = hl_bus_new(&bus, error);
    return post->bus != NULL;
}

static bool connect_all(Eviction *eviction, GError **error)
{
    for (guint i = 0; i < eviction->n_posts; i++)
        if (!eviction->posts[i].is_double && !connect_as(&eviction->posts[i], error))
            return false;
    return true;
}

static void attempt(Eviction *eviction)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) told = NULL;

    if (issue_files(eviction, &error) && connect_all(eviction, &error)) {
        set_next(eviction, ATTEMPT_LIFE_MS, on_next);
        return;
    }
    mgr_refuse(&told, MGR_REFUSE_END_SESSION, eviction->name, error->message, NULL);
    told->code = (int)hl_error_code(error);
    hl_log_limited(HL_LOG_ERROR, "revoke", eviction->name, "%s", told->message);
    set_next(eviction, RETRY_MS, on_next);
    tell(eviction, told);
}

static void begin(Eviction *eviction)
{
    g_auto(GStrv) brokers = mgr_broker_own_addresses(eviction->evictions->options.conf);

    eviction->has_begun = true;
    g_ptr_array_add(eviction->evictions->begun, eviction);
    for (guint i = 0; brokers[i] != NULL && i < MAX_ADDRESSES; i++)
        eviction->posts[eviction->n_posts++] = (Post){ .eviction = eviction, .address = g_strdup(brokers[i]) };
    attempt(eviction);
}

/* Those that are only tried on end: not at once, because this may be said from inside one of their handlers. */
static void make_room(MgrEvictions *evictions, guint wanted)
{
    guint leaving = 0;

    for (guint i = 0; i < evictions->begun->len; i++)
        leaving += ((const Eviction *)evictions->begun->pdata[i])->over != 0;
    for (guint i = 0; leaving < wanted && i < evictions->begun->len; i++) {
        Eviction *eviction = evictions->begun->pdata[i];

        if (!eviction->is_spare || eviction->over != 0)
            continue;
        end_soon(eviction);
        leaving++;
    }
}

static void begin_waiting(MgrEvictions *evictions)
{
    while (evictions->begun->len < MAX_RUNNING && evictions->urgent.length > 0)
        begin(g_queue_pop_head(&evictions->urgent));
    while (evictions->begun->len < MAX_QUIET && evictions->waiting.length > 0)
        begin(g_queue_pop_head(&evictions->waiting));
    make_room(evictions, evictions->urgent.length + evictions->waiting.length);
}

/* --------------------------------------------------------------------------------------------------------- the part */

MgrEvictions *mgr_evictions_new(const MgrEvictionsOptions *options)
{
    MgrEvictions *evictions = g_new0(MgrEvictions, 1);

    evictions->options = *options;
    g_queue_init(&evictions->waiting);
    g_queue_init(&evictions->urgent);
    evictions->begun = g_ptr_array_new();
    evictions->running = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, eviction_free);
    evictions->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return evictions;
}

void mgr_evictions_free(MgrEvictions *evictions)
{
    if (evictions == NULL)
        return;
    g_hash_table_unref(evictions->running);
    g_ptr_array_unref(evictions->begun);
    g_hash_table_unref(evictions->own);
    g_free(evictions);
}

static Eviction *eviction_new(MgrEvictions *evictions, const char *name)
{
    g_autofree char *cert_name = g_strdup_printf("pki/evict-%s.pem", name);
    g_autofree char *key_name = g_strdup_printf("pki/evict-%s.key", name);
    Eviction *eviction = g_new0(Eviction, 1);

    eviction->evictions = evictions;
    eviction->name = g_strdup(name);
    eviction->cert_path = mgr_site_path(evictions->options.dir, cert_name);
    eviction->key_path = mgr_site_path(evictions->options.dir, key_name);
    eviction->waiters = waiters_new();
    return eviction;
}

/* Wherever the manager was let in, it has the name now. */
static bool is_held(const Eviction *eviction)
{
    guint n_deaf;

    for (guint i = 0; i < eviction->n_posts; i++)
        if (eviction->posts[i].was_up && !eviction->posts[i].is_double && !is_up(&eviction->posts[i]))
            return false;
    return is_settled(eviction, &n_deaf);
}

/* What looked like two addresses of one broker may have been a client that is quick: looked at once more. */
static void doubt_doubles(Eviction *eviction)
{
    g_autoptr(GError) error = NULL;

    eviction->loser = NULL;
    for (guint i = 0; i < eviction->n_posts; i++) {
        Post *post = &eviction->posts[i];

        if (!post->is_double)
            continue;
        post->is_double = post->was_up = post->has_failed = false;
        set_next(eviction, ATTEMPT_LIFE_MS, on_next);
        if (post->bus != NULL || connect_as(post, &error))
            continue;
        hl_log_limited(HL_LOG_ERROR, "revoke", eviction->name, "%s: its session cannot be ended yet: %s",
                       eviction->name, error->message);
        g_clear_error(&error);
        set_next(eviction, RETRY_MS, on_next);
    }
}

static void add_waiter(Eviction *eviction, const MgrEvictionWaiter *waiter)
{
    MgrEvictions *evictions = eviction->evictions;

    g_array_append_val(eviction->waiters, *waiter);
    if (eviction->patience == 0)
        eviction->patience = g_timeout_add(PATIENCE_MS, on_patience, eviction);
    if (g_queue_remove(&evictions->waiting, eviction))
        g_queue_push_tail(&evictions->urgent, eviction);
}

void mgr_evictions_start(MgrEvictions *evictions, const char *name, const MgrEvictionWaiter *waiter)
{
    Eviction *eviction = g_hash_table_lookup(evictions->running, name);
    bool fresh = eviction == NULL;

    if (fresh) {
        eviction = eviction_new(evictions, name);
        g_hash_table_insert(evictions->running, eviction->name, eviction);
        g_queue_push_tail(&evictions->waiting, eviction);
    }
    if (waiter != NULL)
        add_waiter(eviction, waiter);
    if (!fresh && eviction->has_begun) {
        doubt_doubles(eviction);
        if (is_held(eviction))
            tell(eviction, NULL); /* the manager has the name, so nobody else has */
    }
    begin_waiting(evictions);
}

bool mgr_evictions_was_own(MgrEvictions *evictions, const char *name)
{
    Own *own = g_hash_table_lookup(evictions->own, name);
    bool was = own != NULL && own->lines > 0 && hl_clock_mono() - own->last_mono <= LOG_LAG;

    if (own != NULL && (!was || --own->lines == 0))
        g_hash_table_remove(evictions->own, name);
    return was;
}
