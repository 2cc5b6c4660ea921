/* SPDX-License-Identifier: Apache-2.0 */
#include "updater/install/source.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/text.h"
#include "updater/client/cache.h"

enum {
    ATTEMPTS = 3, /* of a download whose connection breaks, and of a request that brings nothing in time */
    BUSY = 503,
    MIN_SPEED = 1024, /* bytes a second */
    MIN_SPEED_SECONDS = 20,
};

struct UpdSource {
    UpdClient *client;
    HlFetch *fetch;
    UpdGet get;
    gpointer get_user;
    HlTime patience; /* left */
    HlTime until;
    bool *busy;
    void (*waits)(HlTime wait, gpointer user);
    gpointer waits_user;
    uint64_t *bytes;
    char *url;
};

/* A sink that counts before it passes on. */
typedef struct {
    UpdSource *source;
    const HlFetchRequest *request;
} Counted;

bool upd_source_parse(const char *text, UpdSourceSpec *spec, GError **error)
{
    const char *equals = strchr(text, '=');
    const char *url = equals == NULL ? "" : equals + 1;
    g_autofree char *name = equals == NULL ? g_strdup("") : g_strndup(text, (gsize)(equals - text));
    g_autofree char *shown = hl_text_url(text);

    if (!hl_ident_is_valid(name) || !(g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://")))
        return hl_fail(error, HL_ERROR_USAGE,
                       "'%s' is not a source: write NAME=URL, as in server=https://patterns.example.com/repo/", shown);
    spec->name = g_steal_pointer(&name);
    spec->url = g_strconcat(url, g_str_has_suffix(url, "/") ? "" : "/", NULL);
    return true;
}

void upd_source_spec_clear(UpdSourceSpec *spec)
{
    g_clear_pointer(&spec->name, g_free);
    g_clear_pointer(&spec->url, g_free);
}

static bool on_piece(uint64_t offset, const void *data, gsize size, gpointer user, GError **error)
{
    const Counted *counted = user;

    *counted->source->bytes += size;
    return counted->request->sink(offset, data, size, counted->request->user, error);
}

static bool on_progress(uint64_t done, uint64_t total, gpointer user)
{
    const Counted *counted = user;

    return counted->request->progress(done, total, counted->request->user);
}

static bool get_once(UpdSource *source, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    Counted counted = { .source = source, .request = request };
    HlFetchRequest own = *request;

    if (source->until > 0) {
        HlTime left = source->until - hl_clock_mono();

        if (left <= 0)
            return hl_fail(error, HL_ERROR_TIMEOUT, "it is too slow: its share of the time is used up");
        own.deadline = own.deadline > 0 ? MIN(own.deadline, left) : left;
    }
    own.user = &counted;
    if (request->sink != NULL)
        own.sink = on_piece;
    if (request->progress != NULL)
        own.progress = on_progress;
    if (!source->get(source->get_user, &own, result, error))
        return false;
    *source->bytes += result->body == NULL ? 0 : g_bytes_get_size(result->body);
    return true;
}

/* On a line that loses many packets a handshake does not end in time now and then, and the next one does. */
static bool get_stubbornly(UpdSource *source, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    for (int attempt = 1;; attempt++) {
        g_autoptr(GError) problem = NULL;
        uint64_t before = *source->bytes;

        if (get_once(source, request, result, &problem))
            return true;
        /* a request that brought something was slow, not lost: another one would be as slow */
        if (hl_error_code(problem) != HL_ERROR_TIMEOUT || *source->bytes != before || attempt == ATTEMPTS ||
            (source->until > 0 && hl_clock_mono() >= source->until)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
        hl_fetch_result_clear(result);
        memset(result, 0, sizeof *result);
    }
}

/* How long to stay away from a server that is busy; 0: it does not say, or asks for more than there is. */
static HlTime time_away(const UpdSource *source, const HlFetchResult *result)
{
    HlTime asked = result->retry_after;
    HlTime most = source->patience;

    if (source->until > 0)
        most = MIN(most, source->until - hl_clock_mono());
    if (result->status != BUSY || asked <= 0 || asked > most)
        return 0;
    return MIN(asked + (HlTime)(hl_random_u64() % (uint64_t)asked), most);
}

/* A server that all its endpoints ask at once sends some of them away for a while; they obey. */
static bool get_patiently(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    UpdSource *source = user;

    for (;;) {
        HlTime wait;

        if (!get_stubbornly(source, request, result, error))
            return false;
        wait = time_away(source, result);
        if (wait == 0 && result->retry_after > 0 && source->busy != NULL)
            *source->busy = true;
        if (wait == 0)
            return true;
        source->patience -= wait;
        hl_fetch_result_clear(result);
        memset(result, 0, sizeof *result);
        if (source->waits != NULL)
            source->waits(wait, source->waits_user);
        g_usleep((gulong)wait * 1000);
    }
}

static bool get_by_http(gpointer user, const HlFetchRequest *request, HlFetchResult *result, GError **error)
{
    return hl_fetch_run(user, request, result, error);
}

/* Starts from the root that we were given, unless that was done before. */
static bool pin_root(const char *directory, GBytes *root, GError **error)
{
    UpdCache cache = UPD_CACHE_INIT;
    g_autoptr(GBytes) pinned = NULL;

    if (!upd_cache_open(&cache, directory, error))
        return false;
    pinned = upd_cache_read_pinned(&cache, tuf_role_max_size(TUF_ROOT));
    /* before upd_client_init, which takes the same lock */
    upd_cache_close(&cache);
    return (pinned != NULL && g_bytes_equal(pinned, root)) || upd_client_init(directory, root, error);
}

static UpdClient *open_client(UpdSource *source, const UpdSourceSpec *spec, const char *directory, GError **error)
{
    g_autofree char *metadata = g_strconcat(spec->url, "metadata/", NULL);
    g_autofree char *targets = g_strconcat(spec->url, "targets/", NULL);
    UpdClientOptions options = { .metadata_dir = directory,
                                 .metadata_url = metadata,
                                 .target_url = targets,
                                 .http = { .min_speed = MIN_SPEED },
                                 .get = get_patiently,
                                 .get_user = source };

    return upd_client_open(&options, error);
}

UpdSource *upd_source_open(const UpdSourceSpec *spec, const UpdSourceAccess *access, const char *directory,
                           uint64_t *bytes, GError **error)
{
    g_autoptr(UpdSource) source = g_new0(UpdSource, 1);
    HlFetchOptions http = access->http;

    http.min_speed = MIN_SPEED;
    http.min_speed_time = MIN_SPEED_SECONDS * HL_SECOND;
    source->bytes = bytes;
    source->url = g_strdup(spec->url);
    source->patience = access->patience;
    source->until = access->until;
    source->busy = access->busy;
    source->waits = access->waits;
    source->waits_user = access->waits_user;
    source->get = access->get;
    source->get_user = access->get_user;
    if (source->get == NULL) {
        source->fetch = hl_fetch_new(&http);
        source->get = get_by_http;
        source->get_user = source->fetch;
    }
    if (!pin_root(directory, access->root, error))
        return NULL;
    source->client = open_client(source, spec, directory, error);
    if (source->client == NULL || !upd_client_refresh(source->client, error))
        return NULL;
    return g_steal_pointer(&source);
}

void upd_source_free(UpdSource *source)
{
    if (source == NULL)
        return;
    upd_client_close(source->client);
    hl_fetch_free(source->fetch);
    g_free(source->url);
    g_free(source);
}

GPtrArray *upd_source_list(UpdSource *source, const char *component, GError **error)
{
    return upd_client_list(source->client, component, error);
}

bool upd_source_download(UpdSource *source, const TufTarget *target, const char *path, HlFetchProgress progress,
                         gpointer user, GError **error)
{
    for (int attempt = 1;; attempt++) {
        g_autoptr(GError) problem = NULL;
        uint64_t before = *source->bytes;

        if (upd_client_download(source->client, target, path, progress, user, &problem))
            return true;
        if (hl_error_code(problem) != HL_ERROR_UNAVAILABLE || *source->bytes == before || attempt == ATTEMPTS) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
    }
}

GBytes *upd_source_fetch(UpdSource *source, const char *name, gsize max_size, GError **error)
{
    g_autofree char *url = g_strconcat(source->url, name, NULL);
    g_auto(HlFetchResult) result = { 0 };
    HlFetchRequest request = { .url = url, .max_size = max_size, .deadline = HL_MINUTE };

    if (!get_patiently(source, &request, &result, error))
        return NULL;
    if (result.status == 200)
        return g_steal_pointer(&result.body);
    hl_fail(error, result.status == 403 || result.status == 404 ? HL_ERROR_NOT_FOUND : HL_ERROR_UNAVAILABLE,
            "%s: status %ld", url, result.status);
    return NULL;
}

UpdClient *upd_source_client(UpdSource *source)
{
    return source->client;
}
