/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/observed.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "manager/core/broker_log.h"

#define MAX_BYTES_A_TICK (256 * 1024) /* a reconnecting fleet is read over some seconds */

struct MgrObserved {
    char *log_path;
    MgrObservedOptions parts; /* log_path: see above */
    off_t offset;             /* in the log */
};

MgrObserved *mgr_observed_new(const MgrObservedOptions *options)
{
    MgrObserved *observed = g_new0(MgrObserved, 1);

    observed->log_path = g_strdup(options->log_path);
    observed->parts = *options;
    return observed;
}

void mgr_observed_free(MgrObserved *observed)
{
    if (observed == NULL)
        return;
    g_free(observed->log_path);
    g_free(observed);
}

static void handle_line(MgrObserved *observed, const char *line)
{
    g_autofree char *address = NULL;
    g_autofree char *client = NULL;
    MgrEndpoint *endpoint;
    bool changed = false;

    if (!mgr_broker_log_client(line, &address, &client))
        return;
    observed->parts.connected(client, observed->parts.user);
    endpoint = mgr_fleet_endpoint(observed->parts.fleet, client);
    if (endpoint == NULL)
        return;
    changed |= mgr_set_text(&endpoint->record.observed, address);
    changed |= mgr_set_text(&endpoint->record.observed_by, "broker");
    if (!changed)
        return;
    mgr_write_endpoint_registration(mgr_record_background(observed->parts.record), &endpoint->record);
    mgr_record_note(observed->parts.record, endpoint->record.id, "observed", "connects from %s, as the broker sees it",
                    endpoint->record.observed);
    mgr_status_touch(observed->parts.status, endpoint);
}

void mgr_observed_tick(MgrObserved *observed)
{
    hl_autofd int fd = open(observed->log_path, O_RDONLY | O_CLOEXEC);
    g_autofree char *buffer = NULL;
    g_auto(GStrv) lines = NULL;
    char *last;
    ssize_t n;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return;
    if (st.st_size < observed->offset)
        observed->offset = 0; /* the log was rotated */
    if (st.st_size == observed->offset)
        return;
    buffer = g_malloc(MAX_BYTES_A_TICK + 1);
    n = pread(fd, buffer, MAX_BYTES_A_TICK, observed->offset);
    if (n <= 0)
        return;
    buffer[n] = '\0';
    last = strrchr(buffer, '\n');
    if (last == NULL) {
        if (n == MAX_BYTES_A_TICK)
            observed->offset += n; /* no line of a broker is that long */
        return;
    }
    *last = '\0';
    observed->offset += last + 1 - buffer;
    lines = g_strsplit(buffer, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++)
        handle_line(observed, lines[i]);
}
