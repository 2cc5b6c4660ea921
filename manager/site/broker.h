/* SPDX-License-Identifier: Apache-2.0 */
/* The managed broker of a site as a process: noted at its start, found by who did not start it, ended.  The caller
 * holds the site's lock, so nobody else does the same. */
#ifndef MANAGER_SITE_BROKER_H
#define MANAGER_SITE_BROKER_H

#include "manager/core/broker_life.h"

typedef struct {
    HlProcId id;
    bool is_noted;
    MgrBrokerNote note; /* is_noted */
    int fd;             /* see hl_proc_open; the caller closes it */
} MgrLeftBroker;

/* A broker of this site that runs as this user: the one that is noted, or, as a manager may be killed before it notes
 * it, the one with this site's configuration that listens at the port (0: do not look).  false: there is none. */
bool mgr_site_find_broker(const char *dir, uint16_t port, MgrLeftBroker *left);

/* Ends it if there is one (*pid; else 0): SIGTERM, on which it saves, and after ten seconds SIGKILL.  Blocking. */
bool mgr_site_end_broker(const char *dir, uint16_t port, pid_t *pid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* note->place is filled in here.  Without the note a broker is still found by its port, so a disk that is full is no
 * reason not to start. */
bool mgr_site_note_broker(const char *dir, const MgrBrokerNote *note, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mgr_site_forget_broker(const char *dir);

#endif
