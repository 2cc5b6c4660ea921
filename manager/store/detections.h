/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's records of what scans find and how they end.  As registry.h: loading blocks, changes are statements
 * added to an HlWriteSet.
 *
 * An endpoint keeps at most MGR_MAX_DETECTIONS rows.  A find for which there is none takes the place of the one that
 * was acknowledged first; where all are open, it is only counted.  So nothing open is ever dropped, and an endpoint
 * that reports without end costs at most 60 MB: less than its history may take. */
#ifndef MANAGER_STORE_DETECTIONS_H
#define MANAGER_STORE_DETECTIONS_H

#include "lib/store/db.h"
#include "lib/store/writer.h"
#include "manager/core/scan.h"

#define MGR_MAX_DETECTIONS 10000

/* What is written of one find.  Borrowed; no text is NULL. */
typedef struct {
    int64_t number;              /* of the endpoint */
    const char *endpoint, *host; /* its id, its name */
    const char *path, *sha256;   /* sha256 in hexadecimal; "": not known */
    const char *owner, *signature, *component, *how, *action, *detail, *scan;
    uint64_t size, version;
    HlTime found_at, told_at; /* mgr_scan_time; when the report came */
    uint64_t mark;            /* of the report; 0: not known */
} MgrFind;

/* What makes two finds of an endpoint the same one.  Caller frees. */
char *mgr_find_key(const char *path, const char *sha256, const char *signature);

/* One row; or, where the endpoint has one of the same path, hash and signature, one more time on it.  That row is
 * opened again if it was acknowledged before this find was made. */
void mgr_write_find(HlWriteSet *set, const MgrFind *find);

/* What is written of a scan: the last one of its kind is kept.  Borrowed. */
typedef struct {
    MgrScanHow how;
    MgrScanEnd end;
    const char *id, *detail;
    const char *gaps;     /* JSON: reason -> paths */
    const char *patterns; /* proto/components.h */
    HlTime started_at, ended_at, told_at;
    uint64_t files, bytes, found, not_looked_at;
} MgrScan;

void mgr_write_scan(HlWriteSet *set, int64_t number, const MgrScan *scan);

typedef struct {
    const char *by, *why;
    HlTime at;
} MgrAcknowledgement;

/* Leaves one alone that is acknowledged already. */
void mgr_write_acknowledgement(HlWriteSet *set, int64_t detection, const MgrAcknowledgement *step);
/* All of an endpoint, also those that were only counted. */
void mgr_write_acknowledgement_of_all(HlWriteSet *set, int64_t number, const char *endpoint,
                                      const MgrAcknowledgement *step);

/* Drops what was acknowledged, or reported last by an endpoint that is no longer there, before a time. */
void mgr_write_prune_detections(HlWriteSet *set, HlTime before);

/* What an endpoint's rows come to, and its last scan: of those that were ordered (by schedule or command), else the
 * last by hand, which is one user's and may have been of one file. */
typedef struct {
    uint32_t open, left_out;
    MgrScanHow how;
    MgrScanEnd end; /* MGR_SCAN_NEVER: none, and what follows says nothing */
    HlTime ended_at;
    uint64_t files, found, not_looked_at;
} MgrFindings;

typedef void (*MgrFindingsFn)(int64_t number, const MgrFindings *findings, gpointer user);

bool mgr_registry_load_findings(HlDb *db, MgrFindingsFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of one endpoint; zero if it has none. */
bool mgr_registry_read_findings(HlDb *db, int64_t number, MgrFindings *findings,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Counts the rows again: after rows of endpoints came or went by another way than these functions (a restore). */
bool mgr_registry_mend_findings(HlDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of an endpoint's detections. */
typedef struct {
    uint64_t open, kept;
} MgrFindCounts;

/* Called for endpoints whose counts, which is what people are shown, are not those of the rows; by id, at most limit.
 * A registry from before there were detections has none. */
typedef void (*MgrFindCountsFn)(const char *endpoint, const MgrFindCounts *shown, const MgrFindCounts *rows,
                                gpointer user);

bool mgr_registry_compare_findings(HlDb *db, int64_t limit, MgrFindCountsFn fn, gpointer user,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    int64_t number;
    char *endpoint, *host, *path, *sha256, *owner, *signature, *component, *how, *action, *detail, *scan;
    char *acknowledged_by, *acknowledged_why;
    uint64_t size, version, times;
    HlTime first_at, last_at, told_at, acknowledged_at;
    bool is_orphan; /* its endpoint was removed */
} MgrDetectionRecord;

void mgr_detection_record_clear(MgrDetectionRecord *record);

/* *record is zeroed before; number 0 after: there is none. */
bool mgr_registry_read_detection(HlDb *db, int64_t number, MgrDetectionRecord *record,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The number of an endpoint's row of this find; 0: none. */
bool mgr_registry_find_detection(HlDb *db, const char *endpoint, const char *key, int64_t *number,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    const char *endpoint; /* id; NULL: of all, also of those that were removed */
    HlTime since;         /* told at this time or later */
    bool only_open;       /* not acknowledged, and its endpoint is there */
    int64_t limit;
} MgrDetectionFilter;

/* Called with the number and the time of the last report, the latest first. */
typedef void (*MgrDetectionFn)(int64_t number, HlTime told_at, gpointer user);

bool mgr_registry_list_detections(HlDb *db, const MgrDetectionFilter *filter, MgrDetectionFn fn, gpointer user,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many there are, whatever the limit, but at most MGR_MAX_COUNTED + 1 (audit.h). */
bool mgr_registry_count_detections(HlDb *db, const MgrDetectionFilter *filter, int64_t *count,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last scans of an endpoint, one of each kind, the latest first. */
typedef void (*MgrScanFn)(const MgrScan *scan, gpointer user);

bool mgr_registry_load_scans(HlDb *db, int64_t number, MgrScanFn fn, gpointer user,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrDetectionRecord, mgr_detection_record_clear)

#endif
