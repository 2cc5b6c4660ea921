/* SPDX-License-Identifier: Apache-2.0 */
/* What endpoints report of their scans: each find, and how a scan ended.  Written with the report that tells it, and
 * after the commit told to monitoring.
 *
 * Not the call that lists them (calls/detection_calls.h).  What an endpoint's finds come to is counted by the registry
 * (manager/store/detections.h), and read back after each commit: a fold cannot know whether a find was a new one. */
#ifndef MANAGER_DAEMON_WORK_FINDS_H
#define MANAGER_DAEMON_WORK_FINDS_H

#include "manager/daemon/ground/record.h"
#include "manager/daemon/state/status.h"
#include "proto/messages.h"

typedef struct MgrFinds MgrFinds;

typedef struct {
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
} MgrFindsOptions;

MgrFinds *mgr_finds_new(const MgrFindsOptions *options);
void mgr_finds_free(MgrFinds *finds);

/* A report that holds it, and when that came (wall): the same values for write and fold. */
typedef struct {
    const HlMsgReport *report;
    HlTime at;
} MgrFindsNews;

void mgr_finds_write_detection(MgrFinds *finds, HlWriteSet *set, const MgrEndpoint *endpoint, const MgrFindsNews *news);
void mgr_finds_fold_detection(MgrFinds *finds, MgrEndpoint *endpoint, const MgrFindsNews *news);
void mgr_finds_write_scan(MgrFinds *finds, HlWriteSet *set, const MgrEndpoint *endpoint, const MgrFindsNews *news);
void mgr_finds_fold_scan(MgrFinds *finds, MgrEndpoint *endpoint, const MgrFindsNews *news);

void mgr_finds_write_quarantine(MgrFinds *finds, HlWriteSet *set, const MgrEndpoint *endpoint,
                                const MgrFindsNews *news);
void mgr_finds_fold_quarantine(MgrFinds *finds, MgrEndpoint *endpoint, const MgrFindsNews *news);

/* Detections or scans of the endpoint changed in the registry: memory and topics follow.  One query; the folds of a
 * batch of reports go by it. */
void mgr_finds_refresh(MgrFinds *finds, MgrEndpoint *endpoint);

typedef struct {
    uint64_t detections, scans, scans_failed; /* that were reported since the start */
} MgrFindsCounts;

MgrFindsCounts mgr_finds_count(const MgrFinds *finds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrFinds, mgr_finds_free)

#endif
