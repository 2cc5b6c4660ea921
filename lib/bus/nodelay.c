/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bus/nodelay.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The port of the peer of a TCP connection; 0 for any other descriptor. */
static uint16_t peer_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer;
    socklen_t size = sizeof peer;
    socklen_t int_size = sizeof(int);
    int protocol = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &int_size) != 0 || protocol != IPPROTO_TCP ||
        getpeername(fd, &peer.any, &size) != 0)
        return 0;
    return ntohs(peer.any.sa_family == AF_INET6 ? peer.v6.sin6_port : peer.v4.sin_port);
}

unsigned hl_nodelay_to(uint16_t port)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned n = 0;

    if (directory == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        int fd = atoi(entry->d_name); /* 0 for "." and ".." */
        int on = 1;

        if (peer_port(fd) == port && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
            n++;
    }
    closedir(directory);
    return n;
}
