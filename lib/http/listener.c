/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/http/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include "lib/base/file.h"

#define BACKLOG    1024
#define FREE_PORTS 1024 /* those below are for the privileged */

/* No file's mode has to do with it. */
static void fail_listen(int problem, const char *address, uint16_t port, GError **error)
{
    if (problem == EACCES && port < FREE_PORTS)
        hl_fail(error, HL_ERROR_DENIED,
                "cannot listen on %s port %u: %s: ports below %d need CAP_NET_BIND_SERVICE: take "
                "another port",
                address, port, hl_errno_text(problem), FREE_PORTS);
    else
        hl_fail_errno(error, problem, "cannot listen on %s port %u", address, port);
}

int hl_listen(const char *address, uint16_t port, uint16_t *bound, GError **error)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
    struct sockaddr_in6 name = { 0 };
    socklen_t size = sizeof name;
    struct addrinfo *found = NULL;
    g_autofree char *service = g_strdup_printf("%u", port);
    hl_autofd int fd = -1;
    int one = 1;
    int zero = 0;

    if (address == NULL)
        address = access("/proc/net/if_inet6", F_OK) == 0 ? "::" : "0.0.0.0";
    if (getaddrinfo(address, service, &hints, &found) != 0) {
        hl_fail(error, HL_ERROR_INVALID, "'%s' is not an IP address to listen on", address);
        return -1;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (found->ai_family == AF_INET6)
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    }
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&name, &size) != 0) {
        fail_listen(errno, address, port, error);
        freeaddrinfo(found);
        return -1;
    }
    freeaddrinfo(found);
    *bound = ntohs(name.sin6_port); /* at the same offset in sockaddr_in */
    return hl_fd_steal(&fd);
}

char *hl_address_print(const struct sockaddr *address)
{
    socklen_t size = address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    char text[NI_MAXHOST];

    if (getnameinfo(address, size, text, sizeof text, NULL, 0, NI_NUMERICHOST) != 0)
        return g_strdup("unknown");
    return g_strdup(g_str_has_prefix(text, "::ffff:") ? text + 7 : text);
}
