/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/daemon/front/watchers.h"

#include <string.h>
#include <unistd.h>

typedef enum { ROOT, OWN, OTHER, N_KINDS } Kind; /* all that a privilege depends on */

typedef struct {
    gpointer peer;
    uid_t uid;
    char *told; /* GRefString; NULL: nothing yet */
} Watcher;

struct EpWatchers {
    EpWatchersOptions has;
    GPtrArray *watchers; /* Watcher * */
};

static void watcher_free(gpointer data)
{
    Watcher *watcher = data;

    g_clear_pointer(&watcher->told, g_ref_string_release);
    g_free(watcher);
}

static Kind kind_of(uid_t uid)
{
    return uid == 0 ? ROOT : uid == getuid() ? OWN : OTHER;
}

static bool find(const EpWatchers *watchers, gconstpointer peer, guint *at)
{
    for (*at = 0; *at < watchers->watchers->len; ++*at)
        if (((const Watcher *)watchers->watchers->pdata[*at])->peer == peer)
            return true;
    return false;
}

/* ----------------------------------------------------------------------------------------------------- what is told */

static char *document_for(const EpWatchers *watchers, uid_t uid)
{
    g_autofree char *text = watchers->has.document(uid, watchers->has.user);

    return g_ref_string_new(text);
}

/* They are not told again what they were told last, and what they have not read yet is not followed by more: they get
 * the newest when they have.  The watcher may be gone after this. */
static void tell(const EpWatchers *watchers, Watcher *watcher, char *document)
{
    const EpWatchersOptions *has = &watchers->has;

    if ((watcher->told != NULL && strcmp(watcher->told, document) == 0) || has->is_behind(watcher->peer, has->user))
        return;
    g_clear_pointer(&watcher->told, g_ref_string_release);
    watcher->told = g_ref_string_acquire(document);
    has->tell(watcher->peer, document, has->user);
}

static void on_beat(gpointer user)
{
    EpWatchers *watchers = user;
    char *documents[N_KINDS] = { NULL };

    /* from the end: one that is told may be removed by it, and then the last one, who was told, takes its place */
    for (guint i = watchers->watchers->len; i > 0; i--) {
        Watcher *watcher = watchers->watchers->pdata[i - 1];
        Kind kind = kind_of(watcher->uid);

        if (documents[kind] == NULL)
            documents[kind] = document_for(watchers, watcher->uid);
        tell(watchers, watcher, documents[kind]);
    }
    for (Kind kind = 0; kind < N_KINDS; kind++)
        g_clear_pointer(&documents[kind], g_ref_string_release);
}

/* ---------------------------------------------------------------------------------------------------- who is told */

static bool check_room(const EpWatchers *watchers, uid_t uid, GError **error)
{
    guint own = 0;

    for (guint i = 0; i < watchers->watchers->len; i++)
        own += ((const Watcher *)watchers->watchers->pdata[i])->uid == uid;
    if (own >= EP_WATCHERS_OWN)
        return hl_fail(error, HL_ERROR_LIMIT,
                       "%u connections of this user watch already, and no user may have more: close one of them", own);
    return watchers->watchers->len < EP_WATCHERS_MAX ||
           hl_fail(error, HL_ERROR_LIMIT,
                   "%u connections watch already, and there may be no more: try again when one of them is closed",
                   watchers->watchers->len);
}

bool ep_watchers_add(EpWatchers *watchers, gpointer peer, uid_t uid, GError **error)
{
    Watcher *watcher;
    char *document;

    if (!check_room(watchers, uid, error))
        return false;
    watcher = g_new0(Watcher, 1);
    watcher->peer = peer;
    watcher->uid = uid;
    g_ptr_array_add(watchers->watchers, watcher);
    if (watchers->watchers->len == 1)
        ep_pulse_follow(watchers->has.pulse, on_beat, watchers);
    document = document_for(watchers, uid);
    tell(watchers, watcher, document);
    g_ref_string_release(document);
    return true;
}

void ep_watchers_remove(EpWatchers *watchers, gconstpointer peer)
{
    guint at;

    if (!find(watchers, peer, &at))
        return;
    g_ptr_array_remove_index_fast(watchers->watchers, at);
    if (watchers->watchers->len == 0)
        ep_pulse_follow(watchers->has.pulse, NULL, NULL);
}

void ep_watchers_caught_up(EpWatchers *watchers, gconstpointer peer)
{
    if (ep_watchers_has(watchers, peer))
        ep_pulse_changed(watchers->has.pulse); /* the beat finds what the peer was not told */
}

bool ep_watchers_has(const EpWatchers *watchers, gconstpointer peer)
{
    guint at;

    return find(watchers, peer, &at);
}

/* ------------------------------------------------------------------------------------------------------------- life */

EpWatchers *ep_watchers_new(const EpWatchersOptions *options)
{
    EpWatchers *watchers = g_new0(EpWatchers, 1);

    watchers->has = *options;
    watchers->watchers = g_ptr_array_new_with_free_func(watcher_free);
    return watchers;
}

void ep_watchers_free(EpWatchers *watchers)
{
    if (watchers == NULL)
        return;
    ep_pulse_follow(watchers->has.pulse, NULL, NULL);
    g_ptr_array_unref(watchers->watchers);
    g_free(watchers);
}
