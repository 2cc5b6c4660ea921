/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP relay that holds back every byte for a while, in both directions: what a long way does to a conversation.  The
 * NAT lab uses it, since not every kernel has netem.
 *
 *   natlab-relay LISTEN-PORT TARGET-ADDRESS TARGET-PORT DELAY-MS
 *
 * Listens on all addresses, IPv4 only, no TLS of its own: it passes bytes on and understands none of them.  Not a proxy
 * for production: one thread a connection and direction, at most HELD bytes under way in each, never more.  The delay
 * is added to each chunk as it is read, so that order and rate stay. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 4096
#define HELD  64 /* chunks under way; a faster sender waits in its own socket */

typedef struct {
    long long due; /* ms, monotonic */
    size_t size;   /* 0: the end of the stream */
    char bytes[CHUNK];
} Chunk;

/* One direction of a connection: its own ring and its own thread, so that a stalled side holds up nobody else. */
typedef struct {
    int from, to;
    Chunk ring[HELD];
    unsigned head, count;
    int ended; /* the end was read, or reading failed */
} Way;

typedef struct {
    int near;
} Peer;

static struct sockaddr_in target = { .sin_family = AF_INET };
static int delay_ms;

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void take(Way *way)
{
    Chunk *chunk = &way->ring[(way->head + way->count) % HELD];
    ssize_t n = recv(way->from, chunk->bytes, sizeof chunk->bytes, 0);

    if (n < 0 && errno == EINTR)
        return;
    way->ended = n <= 0;
    chunk->size = n > 0 ? (size_t)n : 0;
    chunk->due = now_ms() + delay_ms;
    way->count++;
}

/* 0 when the connection is of no more use. */
static int give(Way *way)
{
    Chunk *chunk = &way->ring[way->head];

    if (chunk->size == 0) {
        shutdown(way->to, SHUT_WR);
        return 0;
    }
    for (size_t done = 0; done < chunk->size;) {
        ssize_t n = send(way->to, chunk->bytes + done, chunk->size - done, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return 0;
        done += n > 0 ? (size_t)n : 0;
    }
    way->head = (way->head + 1) % HELD;
    way->count--;
    return 1;
}

static void *run_way(void *argument)
{
    Way *way = argument;

    for (;;) {
        struct pollfd poll_fd = { .fd = way->ended || way->count == HELD ? -1 : way->from, .events = POLLIN };
        long long wait = way->count > 0 ? way->ring[way->head].due - now_ms() : -1;

        if (way->count > 0 && wait <= 0) {
            if (!give(way))
                break;
            continue;
        }
        if (poll(&poll_fd, 1, (int)wait) > 0)
            take(way);
    }
    shutdown(way->from, SHUT_RD);
    return NULL;
}

static void *run_peer(void *argument)
{
    Peer *peer = argument;
    int near = peer->near;
    int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Way *ways = calloc(2, sizeof *ways);
    pthread_t up;
    int on = 1;

    free(peer);
    if (ways != NULL && far >= 0 && connect(far, (struct sockaddr *)&target, sizeof target) == 0) {
        setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ways[0].from = ways[1].to = near;
        ways[1].from = ways[0].to = far;
        if (pthread_create(&up, NULL, run_way, &ways[0]) == 0) {
            run_way(&ways[1]);
            pthread_join(up, NULL);
        }
    }
    free(ways);
    if (far >= 0)
        close(far);
    close(near);
    return NULL;
}

static int number(const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 0 || value > most) {
        fprintf(stderr, "natlab-relay: '%s' is not a number from 0 to %d\n", text, most);
        exit(2);
    }
    return (int)value;
}

static int open_listener(int port)
{
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&own, sizeof own) != 0 || listen(fd, 64) != 0) {
        fprintf(stderr, "natlab-relay: port %d: %s\n", port, strerror(errno));
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    int listener;

    if (argc != 5 || inet_pton(AF_INET, argv[2], &target.sin_addr) != 1) {
        fprintf(stderr, "Usage: natlab-relay LISTEN-PORT TARGET-ADDRESS TARGET-PORT DELAY-MS\n");
        return 2;
    }
    target.sin_port = htons((uint16_t)number(argv[3], 65535));
    delay_ms = number(argv[4], 60000);
    listener = open_listener(number(argv[1], 65535));
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int near = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        Peer *peer = near >= 0 ? malloc(sizeof *peer) : NULL;
        pthread_t thread;

        if (peer == NULL) {
            if (near >= 0)
                close(near);
            continue;
        }
        peer->near = near;
        if (pthread_create(&thread, NULL, run_peer, peer) != 0) {
            close(near);
            free(peer);
            continue;
        }
        pthread_detach(thread);
    }
}
