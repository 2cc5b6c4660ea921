/* SPDX-License-Identifier: Apache-2.0 */
/* What scans found, for the user of this machine and for the server.
 *
 * A find is written down and spooled in one transaction.  The same file found again counts on its row; the server hears
 * of it again at most once a day, or when something else was done about it.  Bounded in rows and in reports that wait:
 * the numbers of a scan's end always tell all.  Loop thread. */
#ifndef ENDPOINT_DAEMON_WORK_FINDS_H
#define ENDPOINT_DAEMON_WORK_FINDS_H

#include "endpoint/daemon/ground/spool.h"
#include "endpoint/daemon/ground/trouble.h"
#include "endpoint/scan/tally.h"

#define EP_FINDS_KEPT    1000 /* rows of scans by hand, and as many of the others */
#define EP_FINDS_WAITING 5000 /* reports that the server has not taken: more finds are only counted; by hand half */

typedef struct EpFinds EpFinds;

/* Borrowed, pulse may be NULL; never NULL. */
EpFinds *ep_finds_new(HlDb *db, EpTrouble *trouble, EpPulse *pulse);
void ep_finds_free(EpFinds *finds);

/* From now on reports go there (borrowed); NULL: the machine is no longer enrolled. */
void ep_finds_enrol(EpFinds *finds, EpSpool *spool);

/* Borrowed texts; "" and 0 where not known. */
typedef struct {
    const char *path; /* for people */
    guint64 size;
    const char *sha256; /* hexadecimal */
    const char *owner, *signature, *component;
    uint64_t version;
    const char *how;             /* static: manual, schedule, command */
    const char *action, *detail; /* reported, quarantined, quarantine-failed; why that failed */
    const char *scan;
    HlTime at; /* wall */
} EpDetection;

void ep_finds_add(EpFinds *finds, const EpDetection *find);

/* Whether there is a row of this very find, and of what was done; true as well if the store cannot say. */
bool ep_finds_has(EpFinds *finds, const char *path, const char *sha256, const char *signature, const char *action);

typedef struct {
    const char *id, *how;
    HlTime started, ended; /* wall */
    const char *end;       /* completed, failed, stopped */
    const char *detail;    /* why */
    const char *patterns;  /* proto/components.h text */
    EpTally tally;
} EpScanRecord;

/* Also an event of the history. */
void ep_finds_scan_ended(EpFinds *finds, const EpScanRecord *record);

/* {"detections": [...], "last_scan": {...} or null}; caller frees. */
json_t *ep_finds_json(EpFinds *finds, GError **error);

/* Rows that are kept. */
uint64_t ep_finds_count(EpFinds *finds);

/* Finds ever, the same file found again among them: it only grows, over restarts and other identities, too. */
uint64_t ep_finds_ever(EpFinds *finds);

/* {"at", "signature", "path", "action"} of the newest find, or null; caller frees. */
json_t *ep_finds_last_json(EpFinds *finds);

/* The last scan, as "last_scan" of ep_finds_json; caller frees. */
json_t *ep_finds_last_scan_json(EpFinds *finds);

#endif
