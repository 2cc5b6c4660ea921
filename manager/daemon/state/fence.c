/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/fence.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/backoff.h"
#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "lib/bus/bus.h"
#include "lib/pki/cert.h"
#include "manager/core/presence.h"
#include "manager/daemon/ground/broker.h"
#include "manager/daemon/state/lookout.h"
#include "manager/site/registry.h"
#include "manager/site/site.h"
#include "manager/store/places.h"

#define WATCH_EVERY \
    (30 * HL_SECOND) /* so long two managers may serve, each at its own broker, once a name leads to both */
#define MAX_MARKER   4096
#define SETTLED      (15 * HL_SECOND) /* after the link came up, until this manager is looked for */
#define LISTEN_EVERY (5 * HL_MINUTE)

#define REMEDY                                                                                                       \
    "If the other one is right, keep this copy of the site as it is; else stop the other one, and tell this one to " \
    "take over ('holdline-managerd take-over')"

struct MgrFence {
    MgrFenceOptions options;
    MgrFencePeer self;
    bool serving, taking_over;
    bool is_open;      /* the look at the start could not tell */
    bool is_over;      /* fenced */
    MgrFencePeer last; /* the last that was seen there, and does not live; instance 0: none */
    char *last_at;
    uint64_t above;
    MgrLookout *look; /* NULL: none under way */
    HlBackoff backoff;
    guint retry;
    void (*clear)(gpointer user); /* NULL: nobody waits */
    gpointer clear_user;
    HlTime watched; /* mono */

    MgrLookout *self_look;     /* NULL: none under way */
    HlTime up_since, listened; /* mono; 0: the link is down; it never did */
    char **told;               /* the addresses of the last tick; NULL: none yet */
    char *split;               /* what is wrong with the addresses; NULL: nothing that is known */
    HlTime own_end;            /* of the server's certificate, as it was at the start */
    char *strange;             /* a server of another authority at one of them; NULL: none that is known */
    bool is_outdated;          /* it is the later one, and no address lets this manager in */
};

/* -------------------------------------------------------------------------------------------------------- who it is */

static char *first_line(const char *path)
{
    g_autofree char *text = hl_file_read_text(path, 256, NULL);

    return text != NULL ? g_strdup(g_strstrip(text)) : g_strdup("");
}

static HlTime end_of_server(const MgrFence *fence)
{
    g_autofree char *path = mgr_site_path(fence->options.dir, "pki/server.pem");
    g_autoptr(HlCert) cert = hl_cert_load(path, NULL);

    return cert != NULL ? hl_cert_info(cert)->not_after : 0;
}

static void describe_self(MgrFence *fence)
{
    g_autofree char *boot = first_line("/proc/sys/kernel/random/boot_id");
    g_autofree char *machine = first_line("/etc/machine-id");
    g_autofree char *dir = g_canonicalize_filename(fence->options.dir, NULL);
    g_autofree char *place = NULL;
    g_autofree char *home = NULL;
    struct stat st = { 0 };

    (void)fstat(fence->options.lock, &st);
    place = g_strdup_printf("%s %s %ju %ju", machine, boot, (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    home = g_strdup_printf("%s %s %ju", machine, dir, (uintmax_t)st.st_ino);
    fence->self.online = true;
    fence->self.instance = hl_random_u64() | 1;
    fence->self.place = mgr_presence_hash(place);
    fence->self.home = mgr_presence_hash(home);
    fence->self.started = hl_clock_wall();
    g_strlcpy(fence->self.host, g_get_host_name(), sizeof fence->self.host);
}

const MgrFencePeer *mgr_fence_self(const MgrFence *fence)
{
    return &fence->self;
}

/* Caller frees. */
static char *describe(const MgrFencePeer *peer, const char *address)
{
    g_autofree char *started = hl_time_format(peer->started);

    return g_strdup_printf("on host %s, started %s, epoch %" G_GUINT64_FORMAT ", seen at %s",
                           *peer->host != '\0' ? peer->host : "(unknown)", started, peer->epoch, address);
}

/* ----------------------------------------------------------------------------------------------------- the owner's
 * word
 */

static char *path_of(const MgrFence *fence, const char *name)
{
    return mgr_site_path(fence->options.dir, name);
}

static void mark(const MgrFence *fence, const char *why)
{
    g_autofree char *path = path_of(fence, MGR_SITE_FENCED);
    g_autofree char *line = g_strconcat(why, "\n", NULL);
    g_autoptr(GError) error = NULL;

    if (!hl_file_write_text(path, line, 0600, &error))
        hl_error("fence", "%s", error->message);
}

static bool was_fenced(const MgrFence *fence, GError **error)
{
    g_autofree char *path = path_of(fence, MGR_SITE_FENCED);
    g_autofree char *why = hl_file_read_text(path, MAX_MARKER, NULL);

    if (why == NULL)
        return false;
    hl_fail(error, HL_ERROR_CONFLICT, "this copy of the site was fenced, and serves no longer: %s", g_strstrip(why));
    return true;
}

static void forget_marks(const MgrFence *fence)
{
    static const char *const names[] = { MGR_SITE_FENCED, MGR_SITE_TAKE_OVER };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(fence, names[i]);

        unlink(path);
    }
}

/* --------------------------------------------------------------------------------------------------------- verdicts */

/* NULL: go on.  Else why this manager must not, or no longer; caller frees. */
static char *objection(const MgrFence *fence, const MgrFencePeer *other, const char *address, bool lives)
{
    g_autofree char *who = NULL;

    if (other == NULL || fence->taking_over ||
        mgr_fence_decide(&fence->self, fence->serving, other, lives) == MGR_FENCE_GO_ON)
        return NULL;
    who = describe(other, address);
    if (!lives)
        return g_strdup_printf("another manager of this site served last (%s), and this registry, of epoch "
                               "%" G_GUINT64_FORMAT ", is older than what it did.  " REMEDY,
                               who, fence->self.epoch);
    return g_strdup_printf("another manager of this site %s (%s)%s.  " REMEDY,
                           fence->serving ? "has taken over" : "is running", who,
                           fence->serving ? ", and this one, of the lower epoch, stops" : ", and two would fight");
}

/* Anybody who has the address can show such a certificate, so it fences nobody. */
static char *describe_strange(const MgrFence *fence, const MgrLooked *looked)
{
    if (looked->strange == NULL)
        return NULL;
    if (mgr_fence_is_outdated(looked->strange_end, fence->own_end))
        return g_strdup_printf(
            "the server at %s shows a certificate of an authority that this site does not have, and "
            "that ends later than the site's own: this copy of the site is from before its authority "
            "was replaced, and endpoints do not trust it; stop it, and keep the later one",
            looked->strange);
    if (fence->options.conf->broker_mode == MGR_BROKER_EXTERNAL)
        return g_strdup_printf(
            "the broker at %s shows a certificate of an authority that this site does not have: have "
            "it read the site's pki/ca.pem and pki/server.pem, or correct broker.addresses",
            looked->strange);
    return g_strdup_printf("the server at %s shows a certificate of an authority that this site does not have, and "
                           "endpoints that are told this address do not get in there: a copy of the site from before "
                           "its authority was replaced runs there, or another installation; stop that one, or let the "
                           "address lead here",
                           looked->strange);
}

static void note_strange(MgrFence *fence, const MgrLooked *looked)
{
    g_autofree char *before = g_steal_pointer(&fence->strange);

    fence->is_outdated = looked->kind == MGR_LOOKED_DEAF && looked->strange != NULL &&
                         mgr_fence_is_outdated(looked->strange_end, fence->own_end);
    fence->strange = describe_strange(fence, looked);
    if (fence->strange != NULL && g_strcmp0(before, fence->strange) != 0)
        hl_warn("fence", "%s", fence->strange);
}

const char *mgr_fence_outdated(const MgrFence *fence)
{
    return fence->is_outdated ? fence->strange : NULL;
}

static void note_epoch(MgrFence *fence, const MgrFencePeer *other)
{
    if (other != NULL)
        fence->above = MAX(fence->above, other->epoch);
}

static void yield(MgrFence *fence, const char *why)
{
    mark(fence, why);
    fence->is_over = true;
    fence->options.fenced(why, fence->options.user);
}

/* ---------------------------------------------------------------------------------------------------------- at the
 * start
 */

typedef struct {
    MgrFence *fence;
    bool done;
    char *why;
} Entry;

static void on_entry_looked(const MgrLooked *looked, gpointer user)
{
    Entry *entry = user;
    MgrFence *fence = entry->fence;
    bool lives = looked->kind == MGR_LOOKED_OTHER;

    entry->done = true;
    note_strange(fence, looked);
    note_epoch(fence, looked->other);
    fence->is_open = looked->kind == MGR_LOOKED_DEAF;
    if (looked->other == NULL)
        return;
    if (lives) {
        entry->why = objection(fence, looked->other, looked->address, true);
    } else {
        fence->last = *looked->other;
        fence->last_at = g_strdup(looked->address);
    }
    if (lives && fence->taking_over) {
        g_autofree char *who = describe(looked->other, looked->address);

        hl_warn("fence", "taking over from the manager %s", who);
    }
}

/* Those of manager.conf, and those that endpoints are told: the broker that the other one uses may have moved since
 * this file was written ("holdline server set").  Free with g_strfreev. */
static char **all_addresses(const MgrFence *fence)
{
    const char *const *own = hl_unconst(fence->options.conf->broker_addresses);
    g_autofree char *registry = path_of(fence, MGR_SITE_REGISTRY);
    g_auto(GStrv) told = mgr_registry_peek_brokers(registry);
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();

    g_strv_builder_addv(all, hl_unconst(own));
    for (char **address = told; *address != NULL; address++)
        if (**address != '\0' && !g_strv_contains(own, *address))
            g_strv_builder_add(all, *address);
    return g_strv_builder_end(all);
}

/* Which addresses tell about others: before a managed broker listens, those that endpoints are told lead either nowhere
 * or to somebody else. */
static bool look_round(MgrFence *fence, Entry *entry, bool (*stopped)(gpointer), gpointer user, GError **error)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_auto(GStrv) addresses = all_addresses(fence);
    g_autoptr(MgrLookout) lookout =
        mgr_lookout_new(&(MgrLookoutOptions){ .dir = fence->options.dir,
                                              .addresses = (const char *const *)addresses,
                                              .self = &fence->self,
                                              .is_thorough = fence->options.conf->broker_mode == MGR_BROKER_MANAGED,
                                              .context = context,
                                              .done = on_entry_looked,
                                              .user = entry },
                        error);

    if (lookout == NULL)
        return false;
    while (!entry->done && !stopped(user)) /* the look has a timer of milliseconds */
        g_main_context_iteration(context, TRUE);
    return true;
}

bool mgr_fence_enter(MgrFence *fence, bool (*stopped)(gpointer), gpointer user, GError **error)
{
    Entry entry = { .fence = fence };
    g_autofree char *why = NULL;

    if ((!fence->taking_over && was_fenced(fence, error)) || !look_round(fence, &entry, stopped, user, error))
        return false;
    why = entry.why;
    if (!entry.done)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "it was stopped while it looked for another manager");
    if (why == NULL)
        return true;
    mark(fence, why);
    return hl_fail(error, HL_ERROR_CONFLICT, "%s", why);
}

bool mgr_fence_admit(MgrFence *fence, uint64_t epoch, GError **error)
{
    g_autofree char *why = NULL;

    fence->self.epoch = epoch;
    why = objection(fence, &fence->last, fence->last_at, false);
    if (why == NULL)
        return true;
    mark(fence, why);
    return hl_fail(error, HL_ERROR_CONFLICT, "%s", why);
}

bool mgr_fence_is_open(const MgrFence *fence)
{
    return fence->is_open && fence->options.conf->broker_mode == MGR_BROKER_EXTERNAL;
}

/* ---------------------------------------------------------------------------------------------------------- at run
 * time
 */

static gboolean on_retry(gpointer user);

static void retry_later(MgrFence *fence)
{
    HlTime delay = hl_backoff_next(&fence->backoff, hl_random_u64());

    fence->retry = g_timeout_add((guint)delay, on_retry, fence);
}

static void set_clear(MgrFence *fence)
{
    void (*clear)(gpointer) = fence->clear;

    hl_backoff_reset(&fence->backoff);
    fence->clear = NULL;
    if (clear != NULL)
        clear(fence->clear_user);
}

static void on_looked(const MgrLooked *looked, gpointer user)
{
    MgrFence *fence = user;
    bool lives = looked->kind == MGR_LOOKED_OTHER;
    g_autofree char *why = objection(fence, looked->other, looked->address, lives);

    note_epoch(fence, looked->other);
    note_strange(fence, looked);
    if (why != NULL) {
        yield(fence, why);
    } else if (looked->kind == MGR_LOOKED_DEAF && fence->clear != NULL) {
        hl_log_limited(HL_LOG_WARN, "line", "connect", "cannot connect to the broker at %s: %s", looked->address,
                       looked->reason);
        retry_later(fence);
    } else if (lives) {
        g_autofree char *who = describe(looked->other, looked->address);

        hl_log_limited(HL_LOG_WARN, "fence", "older",
                       "another manager of this site runs (%s), whose epoch is lower than this one's: stop it there",
                       who);
    }
    mgr_lookout_free(g_steal_pointer(&fence->look));
    if (!fence->is_over && fence->retry == 0)
        set_clear(fence);
}

static bool start_look(MgrFence *fence, const char *const *addresses, bool is_watch)
{
    g_autoptr(GError) error = NULL;

    g_clear_handle_id(&fence->retry, g_source_remove);
    g_clear_pointer(&fence->look, mgr_lookout_free);
    fence->look = mgr_lookout_new(&(MgrLookoutOptions){ .dir = fence->options.dir,
                                                        .addresses = addresses,
                                                        .self = &fence->self,
                                                        .is_wary = fence->serving && !is_watch,
                                                        .is_thorough = is_watch,
                                                        .done = on_looked,
                                                        .user = fence },
                                  &error);
    if (fence->look == NULL)
        hl_log_limited(HL_LOG_ERROR, "fence", "look", "cannot look for another manager: %s", error->message);
    return fence->look != NULL;
}

static void look_now(MgrFence *fence)
{
    g_auto(GStrv) own = mgr_broker_own_addresses(fence->options.conf);

    if (!start_look(fence, (const char *const *)own, false))
        retry_later(fence);
}

static gboolean on_retry(gpointer user)
{
    MgrFence *fence = user;

    fence->retry = 0;
    look_now(fence);
    return G_SOURCE_REMOVE;
}

void mgr_fence_look(MgrFence *fence, void (*clear)(gpointer user), gpointer user)
{
    bool under_way = fence->clear != NULL;

    if (fence->is_over)
        return;
    fence->clear = clear;
    fence->clear_user = user;
    if (!under_way)
        look_now(fence);
}

bool mgr_fence_minds(const MgrFence *fence, const char *reason)
{
    return fence->options.conf->broker_mode == MGR_BROKER_EXTERNAL || strcmp(reason, HL_BUS_TAKEN_OVER) == 0;
}

uint64_t mgr_fence_above(const MgrFence *fence)
{
    return fence->above;
}

void mgr_fence_serve(MgrFence *fence, uint64_t epoch)
{
    fence->self.epoch = epoch;
    fence->serving = true;
    fence->taking_over = false;
    forget_marks(fence);
    fence->watched = hl_clock_mono();
}

void mgr_fence_reconfigured(MgrFence *fence)
{
    fence->watched = MIN(fence->watched, hl_clock_mono() - WATCH_EVERY);
}

/* ----------------------------------------------------------------------- brokers of its own that do not know each
 * other
 */

static void set_split(MgrFence *fence, char *split)
{
    if (split != NULL && g_strcmp0(split, fence->split) != 0)
        hl_warn("line", "%s", split);
    else if (split == NULL && fence->split != NULL)
        hl_info("line", "this manager is heard at each address again");
    g_free(fence->split);
    fence->split = split;
}

static void on_self_looked(const MgrLooked *looked, gpointer user)
{
    MgrFence *fence = user;

    if (looked->kind == MGR_LOOKED_SPLIT)
        set_split(fence, g_strdup_printf("the addresses that endpoints are told lead to brokers that do not know each "
                                         "other: what endpoints say at "
                                         "%s is not heard; let all of them lead to one broker or one cluster",
                                         looked->address));
    else if (looked->kind == MGR_LOOKED_QUIET)
        set_split(fence, NULL);
    note_strange(fence, looked);
    g_clear_pointer(&fence->self_look, mgr_lookout_free);
}

static void listen_for_self(MgrFence *fence)
{
    g_autoptr(GError) error = NULL;

    fence->listened = hl_clock_mono();
    fence->self_look = mgr_lookout_new(&(MgrLookoutOptions){ .dir = fence->options.dir,
                                                             .addresses = hl_unconst(fence->told),
                                                             .self = &fence->self,
                                                             .for_self = true,
                                                             .done = on_self_looked,
                                                             .user = fence },
                                       &error);
    if (fence->self_look == NULL)
        hl_log_limited(HL_LOG_WARN, "line", "split", "whether the brokers know each other is not known: %s",
                       error->message);
}

/* Only while the link stands can it be heard.  With one address there is nothing to compare. */
static void watch_split(MgrFence *fence, bool is_up)
{
    HlTime now = hl_clock_mono();

    if (!is_up || g_strv_length(fence->told) < 2) {
        fence->up_since = 0;
        g_clear_pointer(&fence->self_look, mgr_lookout_free);
        return;
    }
    if (fence->up_since == 0)
        fence->up_since = now;
    if (fence->self_look == NULL && now - fence->up_since >= SETTLED &&
        (fence->listened == 0 || now - fence->listened >= LISTEN_EVERY))
        listen_for_self(fence);
}

const char *mgr_fence_split(const MgrFence *fence)
{
    return fence->split != NULL ? fence->split : fence->strange;
}

static void take_told(MgrFence *fence, const char *const *told)
{
    bool is_first = fence->told == NULL; /* the look at the start has been at the usual ones */

    if (!is_first && g_strv_equal((const char *const *)fence->told, told))
        return;
    g_strfreev(fence->told);
    fence->told = g_strdupv(hl_unconst(told));
    if (is_first)
        return;
    mgr_fence_reconfigured(fence);
    fence->listened = 0;
}

void mgr_fence_tick(MgrFence *fence, bool is_up, const char *const *told)
{
    take_told(fence, told);
    if (fence->options.conf->broker_mode == MGR_BROKER_EXTERNAL && !fence->is_over)
        watch_split(fence, is_up);
    if (fence->options.conf->broker_mode != MGR_BROKER_MANAGED || !fence->serving || fence->is_over ||
        fence->look != NULL || fence->clear != NULL || hl_clock_mono() - fence->watched < WATCH_EVERY)
        return;
    fence->watched = hl_clock_mono();
    (void)start_look(fence, hl_unconst(fence->told), true);
}

/* --------------------------------------------------------------------------------------------------------- the part */

MgrFence *mgr_fence_new(const MgrFenceOptions *options)
{
    MgrFence *fence = g_new0(MgrFence, 1);
    g_autofree char *word = mgr_site_path(options->dir, MGR_SITE_TAKE_OVER);

    fence->options = *options;
    fence->taking_over = options->take_over || g_file_test(word, G_FILE_TEST_EXISTS);
    fence->backoff = HL_BACKOFF_INIT(200, 5 * HL_SECOND);
    fence->own_end = end_of_server(fence);
    describe_self(fence);
    return fence;
}

void mgr_fence_free(MgrFence *fence)
{
    if (fence == NULL)
        return;
    g_clear_handle_id(&fence->retry, g_source_remove);
    mgr_lookout_free(fence->look);
    mgr_lookout_free(fence->self_look);
    g_strfreev(fence->told);
    g_free(fence->split);
    g_free(fence->strange);
    g_free(fence->last_at);
    g_free(fence);
}
