#include "manager/daemon/observed.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "manager/core/broker_log.h"
#include "manager/daemon/status.h"

#define MAX_BYTES_A_TICK (256 * 1024) /* a reconnecting fleet is read over some seconds */

static void handle_line(Manager *manager, const char *line)
{
    g_autofree char *address = NULL;
    g_autofree char *client = NULL;
    MgrEndpoint *endpoint;

    if (!mgr_broker_log_client(line, &address, &client))
        return;
    endpoint = g_hash_table_lookup(manager->fleet.endpoints, client);
    if (endpoint == NULL ||
        (strcmp(endpoint->record.observed, address) == 0 && strcmp(endpoint->record.observed_by, "broker") == 0))
        return;
    g_free(endpoint->record.observed);
    endpoint->record.observed = g_steal_pointer(&address);
    g_free(endpoint->record.observed_by);
    endpoint->record.observed_by = g_strdup("broker");
    mgr_write_endpoint_registration(manager->lazy, &endpoint->record);
    mgr_note(manager, endpoint->record.id, "observed", "connects from %s, as the broker sees it",
             endpoint->record.observed);
    mgr_status_touch(manager, endpoint);
}

void mgr_observed_tick(Manager *manager)
{
    g_autofree char *path = mgr_site_path(manager->dir, "broker/mosquitto.log");
    hl_autofd int fd = manager->broker != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    g_autofree char *buffer = NULL;
    g_auto(GStrv) lines = NULL;
    char *last;
    ssize_t n;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return;
    if (st.st_size < manager->observed_offset)
        manager->observed_offset = 0; /* the log was turned */
    if (st.st_size == manager->observed_offset)
        return;
    buffer = g_malloc(MAX_BYTES_A_TICK + 1);
    n = pread(fd, buffer, MAX_BYTES_A_TICK, manager->observed_offset);
    if (n <= 0)
        return;
    buffer[n] = '\0';
    last = strrchr(buffer, '\n');
    if (last == NULL) {
        if (n == MAX_BYTES_A_TICK)
            manager->observed_offset += n; /* no line of a broker is that long */
        return;
    }
    *last = '\0';
    manager->observed_offset += last + 1 - buffer;
    lines = g_strsplit(buffer, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++)
        handle_line(manager, lines[i]);
}
