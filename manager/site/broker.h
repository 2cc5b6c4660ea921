/* SPDX-License-Identifier: Apache-2.0 */
/* The managed brokers of a site as processes: noted at its start, found by who did not start it, ended.  The caller
 * holds the site's lock, so nobody else does the same. */
#ifndef MANAGER_SITE_BROKER_H
#define MANAGER_SITE_BROKER_H

#include "manager/core/broker_life.h"
#include "manager/core/conf.h"

typedef struct {
    HlProcId id;
    bool is_noted;
    MgrBrokerNote note; /* is_noted */
    int fd;             /* see hl_proc_open; the caller closes it */
} MgrLeftBroker;

/* Which one of a site. */
typedef struct {
    const char *dir; /* the site */
    guint number;    /* from 0 */
    uint16_t port;   /* 0: not known, or not to be looked at */
} MgrBrokerPlace;

/* One that runs as this user: the one that is noted, or, as a manager may be killed before it notes it, the one with
 * this configuration that listens at the port.  false: there is none. */
bool mgr_site_find_broker(const MgrBrokerPlace *place, MgrLeftBroker *left);

/* Ends it if there is one (*pid; else 0): SIGTERM, and after ten seconds SIGKILL.  Blocking. */
bool mgr_site_end_broker(const MgrBrokerPlace *place, pid_t *pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All from that number on, whatever the configuration says today; past one that does not end, which the first such
 * error names.  port: of the first of all; see above. */
bool mgr_site_end_brokers(const char *dir, guint from, uint16_t port, GArray *pids,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* note->place is filled in here.  Without the note a broker is still found by its port, so a disk that is full is no
 * reason not to start. */
bool mgr_site_note_broker(const MgrBrokerPlace *place, const MgrBrokerNote *note,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_site_forget_broker(const MgrBrokerPlace *place);

/* The last line of a broker's log, or that there is none.  Caller frees. */
char *mgr_site_broker_said(const char *log_path);

#endif
