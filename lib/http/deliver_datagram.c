/* SPDX-License-Identifier: Apache-2.0 */
/* The part of deliver.h that needs no libcurl: datagrams, which nobody answers. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/file.h"
#include "lib/http/deliver.h"

typedef struct addrinfo AddressList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AddressList, freeaddrinfo)

static bool send_all(int descriptor, const char *name, const char *const *texts, GError **error)
{
    for (gsize i = 0; texts[i] != NULL; i++)
        if (send(descriptor, texts[i], strlen(texts[i]), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            return hl_fail_errno(error, errno, "%s does not take a record", name);
    return true;
}

static bool may(const HlDelivery *delivery, const AddressList *to, GError **error)
{
    char address[NI_MAXHOST];

    if (delivery->may == NULL)
        return true;
    if (getnameinfo(to->ai_addr, to->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0)
        return hl_fail(error, HL_ERROR_INVALID, "an address that cannot be read");
    return delivery->may(address, delivery->user, error);
}

/* To the first address that may be told: a datagram says nothing of who has it. */
bool hl_deliver_datagrams(const HlDelivery *delivery, const char *host, uint16_t port, const char *const *texts,
                          GError **error)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
    g_autofree char *service = g_strdup_printf("%u", port);
    g_autoptr(AddressList) list = NULL;
    g_autoptr(GError) last = NULL;
    int failed = getaddrinfo(host, service, &hints, &list);

    if (failed != 0)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: %s", host, gai_strerror(failed));
    for (const AddressList *to = list; to != NULL; to = to->ai_next) {
        hl_autofd int descriptor = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        g_clear_error(&last);
        if (!may(delivery, to, &last))
            continue;
        if (descriptor < 0 || connect(descriptor, to->ai_addr, to->ai_addrlen) != 0)
            hl_fail_errno(&last, errno, "no way there");
        else if (send_all(descriptor, "the network", texts, &last))
            return true;
    }
    if (last == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s has no address", host);
    g_propagate_prefixed_error(error, g_steal_pointer(&last), "%s: ", host);
    return false;
}

bool hl_deliver_local(const char *path, const char *const *texts, GError **error)
{
    hl_autofd int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    g_strlcpy(to.sun_path, path, sizeof to.sun_path);
    if (descriptor < 0 || connect(descriptor, (const struct sockaddr *)&to, sizeof to) != 0)
        return hl_fail_errno(error, errno, "this system's syslog (%s) cannot be reached", path);
    return send_all(descriptor, path, texts, error);
}
