/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/resolve.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MOST_AT_A_TIME 4

struct HlResolution {
    pthread_mutex_t lock;
    guint owners; /* asker and thread; the last one frees */
    char *host, *port;
    int answered; /* eventfd */
    int status;   /* of getaddrinfo */
    struct addrinfo *addresses;
};

static gint under_way; /* atomic */

static int ask(const HlResolution *resolution, int flags, struct addrinfo **addresses)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV };

    return getaddrinfo(resolution->host, resolution->port, &hints, addresses);
}

/* Of one owner. */
static void let_go(HlResolution *resolution)
{
    guint left;

    pthread_mutex_lock(&resolution->lock);
    left = --resolution->owners;
    pthread_mutex_unlock(&resolution->lock);
    if (left > 0)
        return;
    if (resolution->addresses != NULL)
        freeaddrinfo(resolution->addresses);
    pthread_mutex_destroy(&resolution->lock);
    close(resolution->answered);
    g_free(resolution->host);
    g_free(resolution->port);
    g_free(resolution);
}

static void answer(HlResolution *resolution, int status, struct addrinfo *addresses)
{
    uint64_t one = 1;

    pthread_mutex_lock(&resolution->lock);
    resolution->status = status;
    resolution->addresses = addresses;
    pthread_mutex_unlock(&resolution->lock);
    while (write(resolution->answered, &one, sizeof one) < 0 && errno == EINTR)
        continue;
}

static void *run(void *user)
{
    HlResolution *resolution = user;
    struct addrinfo *addresses = NULL;
    int status = ask(resolution, AI_ADDRCONFIG, &addresses);

    answer(resolution, status, addresses);
    let_go(resolution);
    g_atomic_int_add(&under_way, -1);
    return NULL;
}

static bool start_thread(HlResolution *resolution)
{
    pthread_t thread;

    if (g_atomic_int_add(&under_way, 1) >= MOST_AT_A_TIME || pthread_create(&thread, NULL, run, resolution) != 0) {
        g_atomic_int_add(&under_way, -1);
        return false;
    }
    pthread_detach(thread);
    return true;
}

HlResolution *hl_resolve(const char *host, uint16_t port)
{
    int answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    HlResolution *resolution;
    struct addrinfo *addresses = NULL;

    if (answered < 0)
        return NULL;
    resolution = g_new0(HlResolution, 1);
    pthread_mutex_init(&resolution->lock, NULL);
    resolution->owners = 1;
    resolution->host = g_strdup(host);
    resolution->port = g_strdup_printf("%u", port);
    resolution->answered = answered;
    if (ask(resolution, AI_NUMERICHOST, &addresses) == 0) {
        answer(resolution, 0, addresses);
        return resolution;
    }
    resolution->owners = 2;
    if (start_thread(resolution))
        return resolution;
    resolution->owners = 1;
    let_go(resolution);
    return NULL;
}

int hl_resolution_fd(const HlResolution *resolution)
{
    return resolution->answered;
}

const struct addrinfo *hl_resolution_addresses(HlResolution *resolution, const char **problem)
{
    const struct addrinfo *addresses;

    pthread_mutex_lock(&resolution->lock);
    addresses = resolution->addresses;
    *problem = addresses == NULL ? gai_strerror(resolution->status) : NULL;
    pthread_mutex_unlock(&resolution->lock);
    return addresses;
}

void hl_resolution_free(HlResolution *resolution)
{
    if (resolution != NULL)
        let_go(resolution);
}
