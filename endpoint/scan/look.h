/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at one file came to: exactly one of clean, found, not looked at.  Pure. */
#ifndef ENDPOINT_SCAN_LOOK_H
#define ENDPOINT_SCAN_LOOK_H

#include <glib.h>
#include <stdbool.h>

/* Why a path was not looked at; the order is that of reports. */
typedef enum {
    EP_GAP_TOO_LARGE,
    EP_GAP_TOO_DEEP,   /* archives in archives, directories in directories */
    EP_GAP_UNREADABLE, /* permission, an error of the disk, a lease */
    EP_GAP_VANISHED,   /* it was there a moment before */
    EP_GAP_TIME,       /* the time for one file was over */
    EP_GAP_ENGINE,     /* the engine could not work on it */
    EP_GAP_MOUNT,      /* another file system, which is only scanned when it is named */
    EP_N_GAPS,
} EpGap;

/* As on the wire and in what programs print: "too-large". */
const char *ep_gap_name(EpGap gap);

/* EP_N_GAPS for a name unknown to this version. */
EpGap ep_gap_from_name(const char *name);

/* A stranger's words for one, as a line and bounded: valid UTF-8 of at most EP_GAP_WHY bytes.  NULL: "".  Caller frees.
 */
#define EP_GAP_WHY 200
char *ep_gap_why(const char *words);

/* For people: "too large". */
const char *ep_gap_text(EpGap gap);

typedef enum { EP_LOOK_CLEAN, EP_LOOK_FOUND, EP_LOOK_NOT } EpLookKind;

#define EP_MAX_SIGNATURE 255

typedef struct {
    EpLookKind kind;
    EpGap gap;                            /* EP_LOOK_NOT */
    char signature[EP_MAX_SIGNATURE + 1]; /* EP_LOOK_FOUND; UTF-8, cut where it is longer */
    bool broken;                          /* EP_LOOK_NOT: no answer, or one that cannot be understood */
} EpLook;

EpLook ep_look_not(EpGap gap);

/* clamd's answer to FILDES, "fd[N]: NAME FOUND".  A bound of the engine that was met comes as a name of its own
 * (AlertExceedsMax) and is no find. */
EpLook ep_look_parse(const char *answer);

#endif
