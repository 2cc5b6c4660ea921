/* SPDX-License-Identifier: Apache-2.0 */
/* Which desktop notifications are due.  Pure: views and outcomes in, notices out, time as an argument.
 *
 * Told are: every detection; the end of an update, or of a scan, by the server; a scheduled or start-up update that
 * fails, the first of a row of them; a scheduled scan that finds something or fails; the outcome of what the user asked
 * for.  What happened while the daemon was away is told when it is back; nothing is told twice.
 *
 * Rate-limited per kind: a second one within TR_NOTICE_GAP is held back and grouped with those that follow ("3 infected
 * files were found"); a detection is never dropped, only grouped.  Outcomes follow each other within a second.
 *
 * now is one clock throughout, best the monotonic one. */
#ifndef ENDPOINT_TRAY_NOTICES_H
#define ENDPOINT_TRAY_NOTICES_H

#include "endpoint/tray/menu.h"

#define TR_NOTICE_GAP (10 * HL_SECOND)

typedef enum { TR_NOTICE_DETECTION, TR_NOTICE_UPDATE, TR_NOTICE_SCAN, TR_NOTICE_REFUSED, TR_N_NOTICES } TrNoticeKind;

typedef struct {
    TrNoticeKind kind;  /* a newer one of a kind replaces the older one on the screen */
    bool urgent;        /* stays until it is closed */
    char *title, *body; /* plain text */
} TrNotice;

typedef struct TrNotices TrNotices;

TrNotices *tr_notices_new(void);
void tr_notices_free(TrNotices *notices);

/* The daemon told a view.  The first one, whenever it comes, is only remembered. */
void tr_notices_view(TrNotices *notices, const TrView *view, HlTime now);

/* What the user asked for came to an end: error is NULL, or says why not, in words; detail may be NULL. */
void tr_notices_outcome(TrNotices *notices, TrDo what, const char *detail, const GError *error, HlTime now);

/* The next notice that is due now, or NULL; tr_notice_free. */
TrNotice *tr_notices_take(TrNotices *notices, HlTime now);

/* When tr_notices_take has one again although nothing happens; 0: never. */
HlTime tr_notices_next(const TrNotices *notices);

void tr_notice_free(TrNotice *notice);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrNotices, tr_notices_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrNotice, tr_notice_free)

#endif
