/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/observed.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "manager/core/broker_log.h"
#include "manager/site/site.h"

#define MAX_BYTES_A_TICK (1024 * 1024) /* 4,000 connects: a reconnecting fleet is read over some seconds */

#define SINCE_MARGIN HL_MINUTE /* the manager notes every few seconds that it lives */

struct MgrObserved {
    char *log_path;
    MgrObservedOptions parts;        /* dir: see above */
    char since[MGR_BROKER_LOG_TIME]; /* "": the log is open by now, or all of it is new */
    int fd;                          /* of the log that is being read, which may have another name by now; -1: none */
    off_t offset;
};

MgrObserved *mgr_observed_new(const MgrObservedOptions *options)
{
    MgrObserved *observed = g_new0(MgrObserved, 1);

    observed->log_path = mgr_site_path(options->dir, "broker/mosquitto.log");
    observed->fd = -1;
    if (options->since > SINCE_MARGIN)
        mgr_broker_log_time(options->since - SINCE_MARGIN, observed->since);
    observed->parts = *options;
    return observed;
}

void mgr_observed_free(MgrObserved *observed)
{
    if (observed == NULL)
        return;
    hl_fd_clear(&observed->fd);
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

/* Handles the next whole lines; false: there are none now. */
static bool read_lines(MgrObserved *observed)
{
    g_autofree char *buffer = g_malloc(MAX_BYTES_A_TICK);
    ssize_t n = pread(observed->fd, buffer, MAX_BYTES_A_TICK, observed->offset);
    char *last = n > 0 ? memrchr(buffer, '\n', (gsize)n) : NULL;

    if (n <= 0)
        return false;
    if (last == NULL) {
        if (n == MAX_BYTES_A_TICK)
            observed->offset += n; /* no line of a broker is that long */
        return n == MAX_BYTES_A_TICK;
    }
    observed->offset += last + 1 - buffer;
    for (char *line = buffer, *end; line <= last; line = end + 1) {
        end = memchr(line, '\n', (gsize)(last - line) + 1);
        *end = '\0';
        handle_line(observed, line);
    }
    return true;
}

/* Goes past what an earlier manager has handled: anyone who has lost his certificate since would be thrown out once
 * more for each of his old connections.  At most what the rotation lets the log grow to: some ten milliseconds. */
static void skip_handled(MgrObserved *observed)
{
    g_autofree char *buffer = g_malloc(MAX_BYTES_A_TICK);
    ssize_t n;

    while ((n = pread(observed->fd, buffer, MAX_BYTES_A_TICK, observed->offset)) > 0) {
        const char *last = memrchr(buffer, '\n', (gsize)n);
        const char *line = buffer;

        if (last == NULL)
            return;
        while (line <= last && !mgr_broker_log_is_since(line, (gsize)(last - line), observed->since))
            line = (const char *)memchr(line, '\n', (gsize)(last - line) + 1) + 1;
        observed->offset += line - buffer;
        if (line <= last)
            return;
    }
}

/* Whether the log's name is another file by now.  The broker makes that file when it opens its log again, so nothing is
 * added to the one that is open here any longer. */
static bool is_rotated(MgrObserved *observed)
{
    struct stat mine, named;

    if (fstat(observed->fd, &mine) != 0 || stat(observed->log_path, &named) != 0)
        return false;
    if (mine.st_size < observed->offset)
        observed->offset = 0; /* somebody emptied it */
    return mine.st_ino != named.st_ino || mine.st_dev != named.st_dev;
}

void mgr_observed_tick(MgrObserved *observed)
{
    bool rotated;

    if (observed->fd < 0) {
        observed->fd = open(observed->log_path, O_RDONLY | O_CLOEXEC);
        observed->offset = 0;
        if (observed->fd >= 0 && *observed->since != '\0')
            skip_handled(observed);
        *observed->since = '\0';
    }
    if (observed->fd < 0)
        return;
    rotated = is_rotated(observed); /* asked first: what is read after it is all that there will be */
    if (!read_lines(observed) && rotated)
        hl_fd_clear(&observed->fd);
}
