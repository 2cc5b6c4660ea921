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

/* Of one broker. */
typedef struct {
    char *path;
    char since[MGR_BROKER_LOG_TIME]; /* "": the log is open by now, or all of it is new */
    int fd;                          /* of the log that is being read, which may have another name by now; -1: none */
    off_t offset;
} Log;

struct MgrObserved {
    MgrObservedOptions parts; /* dir: see above */
    Log logs[MGR_MAX_BROKERS];
};

MgrObserved *mgr_observed_new(const MgrObservedOptions *options)
{
    MgrObserved *observed = g_new0(MgrObserved, 1);

    observed->parts = *options;
    for (guint i = 0; i < options->brokers; i++) {
        Log *log = &observed->logs[i];

        log->path = mgr_site_broker_path(options->dir, i, "mosquitto.log");
        log->fd = -1;
        if (options->since > SINCE_MARGIN)
            mgr_broker_log_time(options->since - SINCE_MARGIN, log->since);
    }
    return observed;
}

void mgr_observed_free(MgrObserved *observed)
{
    if (observed == NULL)
        return;
    for (guint i = 0; i < observed->parts.brokers; i++) {
        hl_fd_clear(&observed->logs[i].fd);
        g_free(observed->logs[i].path);
    }
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
    changed |= mgr_endpoint_set_observed(&endpoint->record, address);
    changed |= mgr_set_common(&endpoint->record.observed_by, "broker");
    if (!changed)
        return;
    mgr_write_endpoint_registration(mgr_record_background(observed->parts.record), &endpoint->record);
    mgr_record_note(observed->parts.record, endpoint->record.id, "observed", "connects from %s, as the broker sees it",
                    address);
    mgr_status_touch(observed->parts.status, endpoint);
}

/* Handles the next whole lines; false: there are none now. */
static bool read_lines(MgrObserved *observed, Log *log)
{
    g_autofree char *buffer = g_malloc(MAX_BYTES_A_TICK);
    ssize_t n = pread(log->fd, buffer, MAX_BYTES_A_TICK, log->offset);
    char *last = n > 0 ? memrchr(buffer, '\n', (gsize)n) : NULL;

    if (n <= 0)
        return false;
    if (last == NULL) {
        if (n == MAX_BYTES_A_TICK)
            log->offset += n; /* no line of a broker is that long */
        return n == MAX_BYTES_A_TICK;
    }
    log->offset += last + 1 - buffer;
    for (char *line = buffer, *end; line <= last; line = end + 1) {
        end = memchr(line, '\n', (gsize)(last - line) + 1);
        *end = '\0';
        handle_line(observed, line);
    }
    return true;
}

/* Goes past what an earlier manager has handled: anyone who has lost their certificate since would be thrown out once
 * more for each of their old connections.  At most what the rotation lets the log grow to: some ten milliseconds. */
static void skip_handled(Log *log)
{
    g_autofree char *buffer = g_malloc(MAX_BYTES_A_TICK);
    ssize_t n;

    while ((n = pread(log->fd, buffer, MAX_BYTES_A_TICK, log->offset)) > 0) {
        const char *last = memrchr(buffer, '\n', (gsize)n);
        const char *line = buffer;

        if (last == NULL)
            return;
        while (line <= last && !mgr_broker_log_is_since(line, (gsize)(last - line), log->since))
            line = (const char *)memchr(line, '\n', (gsize)(last - line) + 1) + 1;
        log->offset += line - buffer;
        if (line <= last)
            return;
    }
}

/* Whether the log's name is another file by now.  The broker makes that file when it opens its log again, so nothing is
 * added to the one that is open here any longer. */
static bool is_rotated(Log *log)
{
    struct stat mine, named;

    if (fstat(log->fd, &mine) != 0 || stat(log->path, &named) != 0)
        return false;
    if (mine.st_size < log->offset)
        log->offset = 0; /* somebody emptied it */
    return mine.st_ino != named.st_ino || mine.st_dev != named.st_dev;
}

static void look(MgrObserved *observed, Log *log)
{
    bool rotated;

    if (log->fd < 0) {
        log->fd = open(log->path, O_RDONLY | O_CLOEXEC);
        log->offset = 0;
        if (log->fd >= 0 && *log->since != '\0')
            skip_handled(log);
        *log->since = '\0';
    }
    if (log->fd < 0)
        return;
    rotated = is_rotated(log); /* asked first: what is read after it is all that there will be */
    if (!read_lines(observed, log) && rotated)
        hl_fd_clear(&log->fd);
}

void mgr_observed_tick(MgrObserved *observed)
{
    for (guint i = 0; i < observed->parts.brokers; i++)
        look(observed, &observed->logs[i]);
}
