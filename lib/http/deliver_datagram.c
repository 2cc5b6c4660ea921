/* SPDX-License-Identifier: Apache-2.0 */
/* The part of deliver.h that needs no libcurl: datagrams, which nobody answers. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/file.h"
#include "lib/base/resolve.h"
#include "lib/http/deliver.h"

#define LOOK (HL_SECOND / 4) /* whether it is stopped */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlResolution, hl_resolution_free)

bool hl_delivery_is_stopped(const HlDelivery *delivery)
{
    return delivery->stop != NULL && g_atomic_int_get(delivery->stop) != 0;
}

bool hl_delivery_fail_stopped(const char *name, GError **error)
{
    return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: the server stops, and tries it again after its start", name);
}

bool hl_delivery_wait(const HlDelivery *delivery, int descriptor, short events, HlTime end)
{
    struct pollfd item = { .fd = descriptor, .events = events };

    for (HlTime left; (left = end - hl_clock_mono()) > 0 && !hl_delivery_is_stopped(delivery);)
        if (poll(&item, 1, (int)MIN(left, LOOK)) > 0)
            return true;
    return false;
}

/* After hl_delivery_wait was false; what: could not be done in time. */
static bool fail_wait(const HlDelivery *delivery, const char *name, const char *what, GError **error)
{
    if (hl_delivery_is_stopped(delivery))
        return hl_delivery_fail_stopped(name, error);
    return hl_fail(error, HL_ERROR_TIMEOUT, "%s %s", name, what);
}

/* One that has no room now gets the rest later: a second attempt would send again what it has. */
static bool send_all(const HlDelivery *delivery, int descriptor, const char *name, const char *const *texts, HlTime end,
                     GError **error)
{
    while (*texts != NULL) {
        if (send(descriptor, *texts, strlen(*texts), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            texts++;
        else if (errno != EAGAIN)
            return hl_fail_errno(error, errno, "%s does not take a record", name);
        else if (!hl_delivery_wait(delivery, descriptor, POLLOUT, end))
            return fail_wait(delivery, name, "does not take a record in time", error);
    }
    return true;
}

static bool may(const HlDelivery *delivery, const struct addrinfo *to, GError **error)
{
    char address[NI_MAXHOST];

    if (delivery->may == NULL)
        return true;
    if (getnameinfo(to->ai_addr, to->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0)
        return hl_fail(error, HL_ERROR_INVALID, "an address that cannot be read");
    return delivery->may(address, delivery->user, error);
}

/* To the first address that may be told: a datagram says nothing of who has it. */
static bool send_to_one(const HlDelivery *delivery, const struct addrinfo *list, const char *const *texts, HlTime end,
                        GError **error)
{
    g_autoptr(GError) last = NULL;

    for (const struct addrinfo *to = list; to != NULL; to = to->ai_next) {
        hl_autofd int descriptor = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        g_clear_error(&last);
        if (!may(delivery, to, &last))
            continue;
        if (descriptor < 0 || connect(descriptor, to->ai_addr, to->ai_addrlen) != 0)
            hl_fail_errno(&last, errno, "no way there");
        else if (send_all(delivery, descriptor, "the network", texts, end, &last))
            return true;
    }
    g_propagate_error(error, g_steal_pointer(&last));
    return false;
}

bool hl_deliver_datagrams(const HlDelivery *delivery, const char *host, uint16_t port, const char *const *texts,
                          GError **error)
{
    HlTime end = hl_clock_mono() + delivery->deadline;
    g_autoptr(HlResolution) resolution = hl_resolve(host, port);
    const struct addrinfo *list;
    const char *problem;

    if (resolution == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: the name servers do not answer", host);
    if (!hl_delivery_wait(delivery, hl_resolution_fd(resolution), POLLIN, end))
        return fail_wait(delivery, host, "cannot be resolved: the name servers do not answer", error);
    list = hl_resolution_addresses(resolution, &problem);
    if (list == NULL)
        return hl_fail(error, HL_ERROR_UNAVAILABLE, "%s: %s", host, problem);
    return send_to_one(delivery, list, texts, end, error) || hl_error_prefix(error, "%s", host);
}

bool hl_deliver_local(const HlDelivery *delivery, const char *path, const char *const *texts, GError **error)
{
    hl_autofd int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un to = { .sun_family = AF_UNIX };

    g_strlcpy(to.sun_path, path, sizeof to.sun_path);
    if (descriptor < 0 || connect(descriptor, (const struct sockaddr *)&to, sizeof to) != 0)
        return hl_fail_errno(error, errno, "this system's syslog (%s) cannot be reached", path);
    return send_all(delivery, descriptor, path, texts, hl_clock_mono() + delivery->deadline, error);
}
