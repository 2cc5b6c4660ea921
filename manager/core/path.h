/* SPDX-License-Identifier: Apache-2.0 */
/* The path by which work may reach an endpoint on each occasion (B3 to B6, B9, B13, B14).  Pure; one table.
 *
 * In documented delivery the line must never carry settings or commands early: otherwise the comparison would prove
 * nothing. */
#ifndef MANAGER_CORE_PATH_H
#define MANAGER_CORE_PATH_H

#include <stdbool.h>

typedef enum {
    MGR_PATH_NONE, /* not now */
    MGR_PATH_CHANNEL,
    MGR_PATH_DIRECT,
    MGR_PATH_UPDATE_NOTIFICATION,
    MGR_PATH_POLL,
    MGR_PATH_BUNDLE,
    MGR_PATH_REGISTRATION, /* queued work at registration, restart or reload (B9) */
    MGR_PATH_N,
} MgrPath;

/* "channel", "update-notification", ...; as in reports. */
const char *mgr_path_name(MgrPath path);

typedef enum {
    MGR_OCCASION_LINE,      /* the endpoint's own line is up: now, at any time */
    MGR_OCCASION_DIAL,      /* the server's dial was answered */
    MGR_OCCASION_ANNOUNCED, /* registration, restart, reload */
    MGR_OCCASION_UPDATED,   /* its update notification came, no matter who started the update */
    MGR_OCCASION_LOG,       /* it uploaded logs or reports: none (B8), which is why the daemon never asks; tests do */
    MGR_OCCASION_HEARTBEAT, /* the same (B13) */
    MGR_OCCASION_POLL,      /* B13 */
    MGR_OCCASION_BUNDLE,    /* a bundle is made, or an endpoint is enrolled with one */
    MGR_OCCASION_N,
} MgrOccasion;

typedef enum { MGR_WORK_SETTINGS, MGR_WORK_COMMAND, MGR_WORK_N } MgrWork;

typedef enum { MGR_BY_CHANNEL, MGR_BY_DOCUMENT, MGR_BY_N } MgrBy; /* delivery of the group: same order as in settings */

typedef struct {
    MgrBy by;
    bool in_unreachable_net; /* MgrDisplay.in_unreachable_net */
    bool independent;        /* MgrDisplay.independent */
    bool had_today; /* settings already came with an update notification, and the group wants them once a day */
} MgrRecipient;

/* MGR_PATH_NONE: hold it back. */
MgrPath mgr_path_for(const MgrRecipient *recipient, MgrWork work, MgrOccasion occasion);

/* Whether saving settings or issuing a command makes the server dial (MGR_NOTIFY_WANT). */
bool mgr_path_wants_dial(const MgrRecipient *recipient);

#endif
