/* SPDX-License-Identifier: Apache-2.0 */
/* What one sender may use: messages and bytes of each kind, rows of history; and for how long one that goes beyond it
 * stays away.  One table (quota.c), one row a kind.
 *
 * A bucket for messages and one for bytes: a whole burst at once, then as much as comes back with time.  What a sender
 * is refused counts too, and who goes on in spite of it is flooding: an honest endpoint stops by itself, because its
 * reports are not acknowledged.  Pure: no clock, no allocation; zeroed is a sender that has used nothing. */
#ifndef MANAGER_CORE_QUOTA_H
#define MANAGER_CORE_QUOTA_H

#include <stdbool.h>

#include <glib.h>

#include "lib/base/clock.h"

typedef enum {
    MGR_QUOTA_LINK, /* births and wills */
    MGR_QUOTA_HEARTBEAT,
    MGR_QUOTA_REPORT,
    MGR_QUOTA_ECHO,
    MGR_QUOTA_REQUEST,  /* calls of administrators: beyond it dropped, never flooding */
    MGR_QUOTA_EXCESS,   /* what was refused of the above */
    MGR_QUOTA_ROW,      /* of an endpoint's history, by what it does itself */
    MGR_QUOTA_STRANGER, /* rows of the audit log of machines that were refused, of all of them together */
    MGR_QUOTA_CHANGE,   /* of an account: each leaves a row of the audit log for ever */
    MGR_QUOTA_DELIVERY, /* to an endpoint that asks for what is there: its bytes are commands */
    MGR_QUOTA_CALL,     /* that a console makes for all who ask it: less than MGR_QUOTA_REQUEST takes from it */
    MGR_N_QUOTAS,
} MgrQuotaKind;

typedef struct {
    const char *name;         /* "links", ...: as in events and messages */
    uint32_t messages, bytes; /* a whole burst; comes back within `over` */
    HlTime over;
    bool counts_excess; /* what is refused counts towards flooding */
} MgrQuotaRow;

const MgrQuotaRow *mgr_quota_row(MgrQuotaKind kind);

/* When a bucket is full again: as much as is missing now. */
typedef struct {
    int64_t messages_us, bytes_us; /* monotonic */
} MgrBucket;

typedef enum {
    MGR_QUOTA_ALLOWED,
    MGR_QUOTA_REFUSED,  /* this one; the next may be allowed again */
    MGR_QUOTA_FLOODING, /* and so many were refused before it that it is no accident */
} MgrQuotaOutcome;

/* Takes one message of so many bytes out of the bucket; MGR_QUOTA_REFUSED, and nothing taken, if it does not hold that.
 */
MgrQuotaOutcome mgr_bucket_take(MgrBucket *bucket, MgrQuotaKind kind, gsize bytes, HlTime mono);

/* How long until the bucket holds one of so many bytes; 0: it does. */
HlTime mgr_bucket_wait(const MgrBucket *bucket, MgrQuotaKind kind, gsize bytes, HlTime mono);

/* How much of a burst is used, in percent. */
unsigned mgr_bucket_used(const MgrBucket *bucket, MgrQuotaKind kind, HlTime mono);

bool mgr_bucket_is_full(const MgrBucket *bucket, HlTime mono);

/* One sender. */
typedef struct {
    MgrBucket buckets[MGR_QUOTA_ROW];
} MgrQuota;

MgrQuotaOutcome mgr_quota_allow(MgrQuota *quota, MgrQuotaKind kind, gsize bytes, HlTime mono);

/* Whether it may be forgotten: nothing is missing in any bucket. */
bool mgr_quota_is_unused(const MgrQuota *quota, HlTime mono);

/* Whether another certificate is due for an endpoint whose last one was issued and ends then (wall).  Honest ones ask
 * in the last third, and then again and again until they have the answer, which may have been lost: a tenth of the life
 * after the last one was issued there is another.  A clock that was set back keeps nobody from it. */
bool mgr_quota_is_certificate_due(HlTime issued, HlTime expires, HlTime wall);

/* From when on it is, for messages (wall). */
HlTime mgr_quota_next_certificate(HlTime issued, HlTime expires);

/* What one name was issued.  unused: since the one in use, which is what it says of itself; the others are certain.
 * Zeroed is nothing. */
typedef struct {
    unsigned unused;
    unsigned in_hour;
    unsigned in_tenth; /* of the life of each */
} MgrQuotaIssued;

/* One certificate more that was issued and ends then (wall). */
void mgr_quota_note_issued(MgrQuotaIssued *counts, HlTime issued, HlTime expires, HlTime wall);

/* The same for one that is connected with an earlier certificate than its last, issued then: the answer was lost, or is
 * on its way.  The first is made good at once, each further one an hour later, two, four, ...: who never uses what it
 * is given fills no registry.  Nor does who says that it uses now this one, now that: at once only where no more than
 * one was issued within an hour, and never more than ten within a tenth of a life. */
bool mgr_quota_is_lost_certificate_due(const MgrQuotaIssued *counts, HlTime issued, HlTime wall);

/* How long a flooding sender is held off: longer each time, unless it behaved for a day. */
typedef struct {
    unsigned times;
    HlTime until; /* monotonic */
} MgrHoldOffs;

/* It floods now; returns how long it is held off. */
HlTime mgr_hold_offs_begin(MgrHoldOffs *hold_offs, HlTime mono);

/* Whether it may be forgotten. */
bool mgr_hold_offs_is_over(const MgrHoldOffs *hold_offs, HlTime mono);

#endif
