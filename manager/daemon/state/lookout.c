/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/lookout.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "lib/bus/bus.h"
#include "manager/site/site.h"
#include "proto/topics.h"
#include "proto/wire.h"

#define BACKDATE         (5 * HL_MINUTE)
#define CERTIFICATE_LIFE (5 * HL_MINUTE)
#define STEP_MS          20
#define REACH            (3 * HL_SECOND) /* to be let in: a name that is not answered, a host that is silent */
#define GRACE            500             /* ms; for the other addresses, once one has told all */
#define MAX_ADDRESSES    16              /* as many as broker.addresses and "server set" may have together */
#define MAX_POSTS        (2 * MAX_ADDRESSES)

typedef struct {
    MgrLookout *lookout;
    const char *address; /* borrowed from lookout */
    char *cert_path, *key_path;
    HlBus *bus;
    MgrFenceEar ear;
    char *reason; /* of the last attempt that failed; NULL: none has */
    HlCause cause;
    HlTime shown_end;
} Post;

struct MgrLookout {
    GStrv addresses;
    MgrFencePeer self;
    bool is_thorough, for_self;
    void (*done)(const MgrLooked *looked, gpointer user);
    gpointer user;
    GMainContext *context;
    HlTime began, first_quiet; /* mono */
    GSource *timer;
    Post posts[MAX_POSTS];
    guint n_posts;
};

bool mgr_lookout_is_name(const char *name)
{
    return g_str_has_prefix(name, MGR_SITE_LOOKOUT);
}

/* -------------------------------------------------------------------------------------------------------- listening */

static void on_up(gpointer user)
{
    Post *post = user;

    mgr_fence_up(&post->ear, hl_clock_mono());
}

static void on_failed(const char *broker G_GNUC_UNUSED, const char *reason, HlTime delay G_GNUC_UNUSED, gpointer user)
{
    Post *post = user;

    g_free(post->reason);
    post->reason = g_strdup(reason);
    post->cause = hl_bus_cause(post->bus);
    post->shown_end = hl_bus_shown_end(post->bus);
}

static bool read_peer(GBytes *payload, MgrFencePeer *peer)
{
    g_autoptr(HlMsgManagerState) state = hl_wire_decode_bytes(&holdline__v1__manager_state__descriptor, payload, NULL);

    if (state == NULL || !mgr_fence_believes(state->epoch, hl_clock_wall()))
        return false;
    *peer = (MgrFencePeer){ .online = state->online,
                            .instance = state->instance,
                            .place = state->place,
                            .home = state->home,
                            .epoch = state->epoch,
                            .started = state->started_ms };
    g_strlcpy(peer->host, state->host, sizeof peer->host);
    return true;
}

static void on_message(const HlBusMessage *message, gpointer user)
{
    Post *post = user;
    g_autofree char *id = NULL;
    MgrFencePeer peer;
    HlTopic topic;

    if (!hl_topic_parse(message->topic, &topic, &id) || !read_peer(message->payload, &peer))
        return;
    if (topic == HL_TOPIC_MANAGER_STATE)
        mgr_fence_state(&post->ear, &peer);
    else if (topic == HL_TOPIC_MANAGER_ALIVE)
        mgr_fence_alive(&post->ear, &post->lookout->self, &peer);
}

/* ---------------------------------------------------------------------------------------------------------- judging */

static bool is_deaf(const MgrLookout *lookout, const Post *post)
{
    return !post->ear.is_up && (post->reason != NULL || hl_clock_mono() - lookout->began >= REACH);
}

/* Of those that brokers still know: the one that did most. */
static const Post *last_known(const MgrLookout *lookout)
{
    const Post *found = NULL;

    for (guint i = 0; i < lookout->n_posts; i++) {
        const Post *post = &lookout->posts[i];

        if (post->ear.is_up && post->ear.has_state && post->ear.state.instance != lookout->self.instance &&
            (found == NULL || post->ear.state.epoch > found->ear.state.epoch))
            found = post;
    }
    return found;
}

static void add_strange(const MgrLookout *lookout, MgrLooked *looked)
{
    for (guint i = 0; i < lookout->n_posts && looked->strange == NULL; i++) {
        const Post *post = &lookout->posts[i];

        if (post->ear.is_up || post->cause != HL_CAUSE_OTHER_AUTHORITY)
            continue;
        looked->strange = post->address;
        looked->strange_end = post->shown_end;
    }
}

static void tell(MgrLookout *lookout, const MgrLooked *looked)
{
    MgrLooked all = *looked;

    add_strange(lookout, &all);
    g_source_destroy(lookout->timer);
    g_clear_pointer(&lookout->timer, g_source_unref);
    lookout->done(&all, lookout->user);
}

static gboolean tell_quiet(MgrLookout *lookout)
{
    const Post *known = last_known(lookout);

    tell(lookout, &(MgrLooked){ .kind = MGR_LOOKED_QUIET,
                                .other = known != NULL ? &known->ear.state : NULL,
                                .address = known != NULL ? known->address : NULL });
    return G_SOURCE_REMOVE;
}

static gboolean tell_deaf(MgrLookout *lookout)
{
    const Post *post = &lookout->posts[lookout->n_posts - 1];

    tell(lookout, &(MgrLooked){ .kind = MGR_LOOKED_DEAF,
                                .address = post->address,
                                .reason = post->reason != NULL ? post->reason : "no answer" });
    return G_SOURCE_REMOVE;
}

/* Of the first address at which this manager is not heard; QUIET: heard at each that let the look in. */
static gboolean step_for_self(MgrLookout *lookout)
{
    HlTime now = hl_clock_mono();
    const Post *split = NULL;
    guint deaf = 0;

    for (guint i = 0; i < lookout->n_posts; i++) {
        const Post *post = &lookout->posts[i];
        MgrFenceEcho echo = mgr_fence_echo(&post->ear, now);

        if (is_deaf(lookout, post))
            deaf++;
        else if (echo == MGR_FENCE_EAR_LISTENS)
            return G_SOURCE_CONTINUE;
        else if (echo == MGR_FENCE_EAR_HEARS_NOT && split == NULL)
            split = post;
    }
    if (deaf == lookout->n_posts)
        return tell_deaf(lookout);
    tell(lookout, &(MgrLooked){ .kind = split != NULL ? MGR_LOOKED_SPLIT : MGR_LOOKED_QUIET,
                                .address = split != NULL ? split->address : NULL });
    return G_SOURCE_REMOVE;
}

static gboolean on_step(gpointer user)
{
    MgrLookout *lookout = user;
    HlTime now = hl_clock_mono();
    guint quiet = 0, deaf = 0;

    if (lookout->for_self)
        return step_for_self(lookout);
    for (guint i = 0; i < lookout->n_posts; i++) {
        const Post *post = &lookout->posts[i];
        MgrFenceFinding finding = mgr_fence_find(&post->ear, &lookout->self, now);

        if (finding == MGR_FENCE_OTHER) {
            tell(lookout,
                 &(MgrLooked){ .kind = MGR_LOOKED_OTHER, .other = &post->ear.other, .address = post->address });
            return G_SOURCE_REMOVE;
        }
        quiet += finding == MGR_FENCE_QUIET;
        deaf += is_deaf(lookout, post);
    }
    if (quiet > 0 && lookout->first_quiet == 0)
        lookout->first_quiet = now;
    if (deaf == lookout->n_posts)
        return tell_deaf(lookout);
    if (quiet + deaf == lookout->n_posts || (quiet > 0 && !lookout->is_thorough && now - lookout->first_quiet >= GRACE))
        return tell_quiet(lookout);
    return G_SOURCE_CONTINUE;
}

/* --------------------------------------------------------------------------------------------------------- the look */

static bool post_open(Post *post, const MgrLookoutOptions *options, const MgrAuthority *authority, guint number,
                      GError **error)
{
    g_autofree char *name = g_strdup_printf(MGR_SITE_LOOKOUT "%016" G_GINT64_MODIFIER "x", hl_random_u64());
    const char *kind = options->for_self ? "self-" : "";
    g_autofree char *cert_name = g_strdup_printf("pki/" MGR_SITE_LOOKOUT "%s%u.pem", kind, number);
    g_autofree char *key_name = g_strdup_printf("pki/" MGR_SITE_LOOKOUT "%s%u.key", kind, number);
    g_autofree char *ca = mgr_site_path(options->dir, "pki/ca.pem");
    g_autofree char *state = hl_topic_name(HL_TOPIC_MANAGER_STATE, "");
    g_autofree char *alive = hl_topic_name(HL_TOPIC_MANAGER_ALIVE, "");
    HlTime now = hl_clock_wall();
    HlCertSpec spec = {
        .cn = name, .kind = HL_CERT_MONITOR, .not_before = now - BACKDATE, .not_after = now + CERTIFICATE_LIFE
    };
    g_auto(MgrCertificateRecord) record = { 0 };
    HlBusOptions bus = { .client_id = name,
                         .brokers = (const char *const[]){ post->address, NULL },
                         .ca_path = ca,
                         .subscriptions = (const char *const[]){ state, alive, NULL },
                         .subscription_qos = 1,
                         .connect_timeout = REACH,
                         .context = post->lookout->context,
                         .handlers = { .up = on_up, .failed = on_failed, .message = on_message },
                         .user = post };

    post->cert_path = mgr_site_path(options->dir, cert_name);
    post->key_path = mgr_site_path(options->dir, key_name);
    bus.cert_path = post->cert_path;
    bus.key_path = post->key_path;
    if (!mgr_authority_issue_files(authority, options->dir, cert_name, key_name, &spec, &record, error))
        return false;
    post->bus = hl_bus_new(&bus, error);
    return post->bus != NULL;
}

static bool open_posts(MgrLookout *lookout, const MgrLookoutOptions *options, const MgrAuthority *authority,
                       GError **error)
{
    for (guint i = 0; i < MAX_ADDRESSES && lookout->addresses[i] != NULL; i++) {
        guint number = lookout->n_posts++;
        Post *post = &lookout->posts[number];

        post->lookout = lookout;
        post->address = lookout->addresses[i];
        post->ear.is_wary = options->is_wary;
        if (!post_open(post, options, authority, number, error))
            return false;
    }
    return true;
}

/* Where the site moved in the middle of a rollover that has ended there since, the broker accepts the next authority
 * alone; before that, or until it has read of it, the present one. */
static bool open_all(MgrLookout *lookout, const MgrLookoutOptions *options, GError **error)
{
    g_auto(MgrAuthority) authority = { 0 };
    MgrAuthority next;

    if (!mgr_authority_open(&authority, options->dir, error))
        return false;
    next = mgr_authority_next(&authority);
    return (next.cert == NULL || open_posts(lookout, options, &next, error)) &&
           open_posts(lookout, options, &authority, error);
}

MgrLookout *mgr_lookout_new(const MgrLookoutOptions *options, GError **error)
{
    g_autoptr(MgrLookout) lookout = g_new0(MgrLookout, 1);

    lookout->addresses = g_strdupv(hl_unconst(options->addresses));
    lookout->self = *options->self;
    lookout->is_thorough = options->is_thorough;
    lookout->for_self = options->for_self;
    lookout->done = options->done;
    lookout->user = options->user;
    lookout->context = options->context;
    lookout->began = hl_clock_mono();
    if (!open_all(lookout, options, error))
        return NULL;
    lookout->timer = g_timeout_source_new(STEP_MS);
    g_source_set_callback(lookout->timer, on_step, lookout, NULL);
    g_source_attach(lookout->timer, lookout->context);
    return g_steal_pointer(&lookout);
}

static void post_close(Post *post)
{
    g_clear_pointer(&post->bus, hl_bus_free);
    if (post->cert_path != NULL)
        unlink(post->cert_path);
    if (post->key_path != NULL)
        unlink(post->key_path);
    g_free(post->cert_path);
    g_free(post->key_path);
    g_free(post->reason);
}

void mgr_lookout_free(MgrLookout *lookout)
{
    if (lookout == NULL)
        return;
    if (lookout->timer != NULL)
        g_source_destroy(lookout->timer);
    g_clear_pointer(&lookout->timer, g_source_unref);
    for (guint i = 0; i < lookout->n_posts; i++)
        post_close(&lookout->posts[i]);
    g_strfreev(lookout->addresses);
    g_free(lookout);
}
