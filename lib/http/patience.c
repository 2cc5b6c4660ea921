/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/patience.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "lib/base/log.h"

struct HlPatience {
    HlTime bound;
    GSource *watch;
    pthread_mutex_t lock; /* protects all below: a descriptor is shut down only while it is still this connection's */
    GHashTable *lines;    /* HlPatienceLine * */
};

struct HlPatienceLine {
    int fd;
    bool is_awaited;
    HlTime since; /* while is_awaited */
};

static gboolean look(gpointer user)
{
    guint count = hl_patience_end_late(user, hl_clock_mono());

    if (count > 0)
        hl_log_limited(HL_LOG_INFO, "http", "late", "ended %u connection%s whose request did not come to its end",
                       count, count == 1 ? "" : "s");
    return G_SOURCE_CONTINUE;
}

HlPatience *hl_patience_new(HlTime bound, GMainContext *context)
{
    HlPatience *patience = g_new0(HlPatience, 1);

    patience->bound = bound;
    patience->lines = g_hash_table_new(NULL, NULL);
    pthread_mutex_init(&patience->lock, NULL);
    patience->watch = g_timeout_source_new((guint)CLAMP(bound / 4, 10, 15 * HL_SECOND));
    g_source_set_callback(patience->watch, look, patience, NULL);
    g_source_attach(patience->watch, context);
    return patience;
}

void hl_patience_free(HlPatience *patience)
{
    if (patience == NULL)
        return;
    g_source_destroy(patience->watch);
    g_source_unref(patience->watch);
    g_hash_table_destroy(patience->lines);
    pthread_mutex_destroy(&patience->lock);
    g_free(patience);
}

HlPatienceLine *hl_patience_add(HlPatience *patience, int fd, HlTime now)
{
    HlPatienceLine *line = g_new(HlPatienceLine, 1);

    *line = (HlPatienceLine){ fd, true, now };
    pthread_mutex_lock(&patience->lock);
    g_hash_table_add(patience->lines, line);
    pthread_mutex_unlock(&patience->lock);
    return line;
}

void hl_patience_remove(HlPatience *patience, HlPatienceLine *line)
{
    pthread_mutex_lock(&patience->lock);
    g_hash_table_remove(patience->lines, line);
    pthread_mutex_unlock(&patience->lock);
    g_free(line);
}

void hl_patience_await(HlPatience *patience, HlPatienceLine *line, HlTime now)
{
    pthread_mutex_lock(&patience->lock);
    line->is_awaited = true;
    line->since = now;
    pthread_mutex_unlock(&patience->lock);
}

void hl_patience_received(HlPatience *patience, HlPatienceLine *line)
{
    pthread_mutex_lock(&patience->lock);
    line->is_awaited = false;
    pthread_mutex_unlock(&patience->lock);
}

guint hl_patience_end_late(HlPatience *patience, HlTime now)
{
    GHashTableIter iter;
    gpointer item;
    guint count = 0;

    pthread_mutex_lock(&patience->lock);
    g_hash_table_iter_init(&iter, patience->lines);
    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        HlPatienceLine *line = item;

        if (!line->is_awaited || now - line->since < patience->bound)
            continue;
        shutdown(line->fd, SHUT_RDWR);
        line->is_awaited = false;
        count++;
    }
    pthread_mutex_unlock(&patience->lock);
    return count;
}
