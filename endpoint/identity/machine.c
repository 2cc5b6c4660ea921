/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/identity/machine.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/network.h"
#include "lib/base/unconst.h"
#include "lib/pki/digest.h"
#include "proto/enrolment.h"
#include "proto/wire.h"

#define MACHINE_ID      "/etc/machine-id"
#define MACHINE_ID_SIZE 32
#define OS_RELEASE      "/etc/os-release"
#define MAX_INTERFACES  64
#define ANY_OUTSIDE_V4  "192.0.2.1" /* TEST-NET-1, RFC 5737: nothing is sent, only the route is looked up */

char *ep_machine_id(const char *path, GError **error)
{
    g_autofree char *id = hl_file_read_text(path, 256, error);

    if (id == NULL) {
        hl_error_prefix(
            error,
            "this machine has no identity ('systemd-machine-id-setup' gives it one; or set identity.machine_id)");
        return NULL;
    }
    g_strstrip(id);
    if (strlen(id) == MACHINE_ID_SIZE && strspn(id, "0123456789abcdef") == MACHINE_ID_SIZE &&
        strspn(id, "0") != MACHINE_ID_SIZE)
        return g_steal_pointer(&id);
    if (*id == '\0' || strcmp(id, "uninitialized") == 0)
        hl_fail(error, HL_ERROR_INVALID,
                "%s is %s, as in an image before its first start: run " HL_ENROL_OWN_MACHINE_ID
                ", or set identity.machine_id",
                path, *id == '\0' ? "empty" : "'uninitialized'");
    else
        hl_fail(error, HL_ERROR_INVALID,
                "%s does not contain a machine id (32 lower-case hexadecimal digits, not all 0): "
                "run " HL_ENROL_OWN_MACHINE_ID ", or set identity.machine_id",
                path);
    return NULL;
}

char *ep_machine_fingerprint(const char *override, GError **error)
{
    g_autofree char *id = *override != '\0' ? g_strdup(override) : ep_machine_id(MACHINE_ID, error);

    return id != NULL ? hl_sha256_hex(id, strlen(id)) : NULL;
}

static char *print_address(const struct sockaddr *address, socklen_t size)
{
    char host[NI_MAXHOST];

    if (getnameinfo(address, size, host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
        return NULL;
    host[strcspn(host, "%")] = '\0'; /* a scope is meaningless on other machines */
    return g_strdup(host);
}

/* The source address that the kernel would use towards this numeric host; NULL if there is no route. */
static char *routed_address(const char *host, const char *port)
{
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found = NULL;
    struct sockaddr_storage own;
    socklen_t size = sizeof own;
    hl_autofd int fd = -1;
    char *text = NULL;

    if (getaddrinfo(host, port, &hints, &found) != 0)
        return NULL;
    fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0 &&
        getsockname(fd, (struct sockaddr *)&own, &size) == 0)
        text = print_address((const struct sockaddr *)&own, size);
    freeaddrinfo(found);
    return text;
}

static char *first_address(const char *peer)
{
    g_autofree char *host = NULL;
    g_autofree char *service = NULL;
    char *address = NULL;
    uint16_t port;

    if (peer != NULL && hl_place_parse(peer, &host, &port)) {
        service = g_strdup_printf("%u", port);
        address = routed_address(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, service);
    }
    return address != NULL ? address : routed_address(ANY_OUTSIDE_V4, "9");
}

static void add_address(GPtrArray *addresses, char *address)
{
    if (address != NULL && addresses->len < EP_MACHINE_MAX_ADDRESSES &&
        !g_ptr_array_find_with_equal_func(addresses, address, g_str_equal, NULL))
        g_ptr_array_add(addresses, address);
    else
        g_free(address);
}

static bool is_loopback(int fd, const struct ifreq *row)
{
    struct ifreq asked = *row;

    return ioctl(fd, SIOCGIFFLAGS, &asked) == 0 && (asked.ifr_flags & IFF_LOOPBACK) != 0;
}

static void add_v4(GPtrArray *addresses)
{
    struct ifreq rows[MAX_INTERFACES];
    struct ifconf list = { .ifc_len = sizeof rows, .ifc_req = rows };
    hl_autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || ioctl(fd, SIOCGIFCONF, &list) != 0)
        return;
    for (gsize i = 0; i < (gsize)list.ifc_len / sizeof *rows; i++)
        if (!is_loopback(fd, &rows[i]))
            add_address(addresses, print_address(&rows[i].ifr_addr, sizeof(struct sockaddr_in)));
}

/* "fe80000000000000505400fffe123456 02 40 20 80 eth0": address, interface, prefix, scope, flags, name, all in
 * hexadecimal. */
static void add_v6(GPtrArray *addresses)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) rows = NULL;

    if (!g_file_get_contents("/proc/net/if_inet6", &text, NULL, NULL))
        return;
    rows = g_strsplit(text, "\n", MAX_INTERFACES);
    for (gsize i = 0; rows[i] != NULL; i++) {
        struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
        g_auto(GStrv) words = g_strsplit(rows[i], " ", 5);
        g_autoptr(GBytes) bytes = hl_unhex(words[0] != NULL ? words[0] : "");

        if (g_strv_length(words) < 4 || bytes == NULL || g_bytes_get_size(bytes) != sizeof address.sin6_addr)
            continue;
        memcpy(&address.sin6_addr, g_bytes_get_data(bytes, NULL), sizeof address.sin6_addr);
        if (!IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr) && !IN6_IS_ADDR_LOOPBACK(&address.sin6_addr))
            add_address(addresses, print_address((const struct sockaddr *)&address, sizeof address));
    }
}

/* Not by getifaddrs, which asks the kernel over a netlink socket: the shipped unit has none. */
char **ep_machine_addresses(const char *peer)
{
    GPtrArray *addresses = g_ptr_array_new();

    add_address(addresses, first_address(peer));
    add_v4(addresses);
    add_v6(addresses);
    if (addresses->len == 0)
        add_address(addresses, g_strdup("127.0.0.1"));
    g_ptr_array_add(addresses, NULL);
    return (char **)g_ptr_array_free(addresses, FALSE);
}

/* PRETTY_NAME of os-release(5), or the kernel's name. */
static char *os_name(void)
{
    g_autofree char *text = hl_file_read_text(OS_RELEASE, 16 * 1024, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);
    struct utsname kernel;

    for (gsize i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], "PRETTY_NAME=")) {
            g_autofree char *name = g_shell_unquote(lines[i] + strlen("PRETTY_NAME="), NULL);

            if (name != NULL && g_utf8_validate(name, -1, NULL) && strlen(name) < 200)
                return g_steal_pointer(&name);
        }
    }
    return uname(&kernel) == 0 ? g_strdup_printf("%s %s", kernel.sysname, kernel.release) : g_strdup("unknown");
}

HlMsgRegistration *ep_machine_registration(const char *fingerprint, const char *peer, int direct_port)
{
    HlMsgRegistration registration = HOLDLINE__V1__REGISTRATION__INIT;
    g_auto(GStrv) addresses = ep_machine_addresses(peer);
    g_autofree char *os = os_name();
    g_autofree char *host = g_utf8_make_valid(g_get_host_name(), -1);

    registration.host = host;
    registration.addresses = addresses;
    registration.n_addresses = g_strv_length(addresses);
    registration.direct_port = (uint32_t)direct_port;
    registration.os = os;
    registration.program_version = (char *)HOLDLINE_VERSION;
    registration.fingerprint = hl_unconst(fingerprint);
    return hl_wire_copy(&registration.base);
}
