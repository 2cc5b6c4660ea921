/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/leavers.h"

#include <glib.h>
#include <stdlib.h>
#include <time.h>

#define PATIENCE_S 3

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GArray *leavers; /* pthread_t; protected by the lock */

static void wait_for_all(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&lock);
    for (guint i = 0; i < leavers->len; i++)
        pthread_timedjoin_np(g_array_index(leavers, pthread_t, i), NULL, &until);
    g_clear_pointer(&leavers, g_array_unref);
    pthread_mutex_unlock(&lock);
}

/* Under the lock: a process that runs for years does not collect them. */
static void take_leave(void)
{
    for (guint i = leavers->len; i-- > 0;)
        if (pthread_tryjoin_np(g_array_index(leavers, pthread_t, i), NULL) == 0)
            g_array_remove_index_fast(leavers, i);
}

void hl_leavers_add(pthread_t thread)
{
    pthread_mutex_lock(&lock);
    if (leavers == NULL) {
        leavers = g_array_new(FALSE, FALSE, sizeof(pthread_t));
        atexit(wait_for_all);
    }
    take_leave();
    g_array_append_val(leavers, thread);
    pthread_mutex_unlock(&lock);
}
