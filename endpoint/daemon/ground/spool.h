/* SPDX-License-Identifier: Apache-2.0 */
/* The spool: reports that the manager has not committed yet (docs/protocol.md, "Reports").
 *
 * Each report has a mark that is drawn when it is made.  A database that was reset to an older copy uses numbers a
 * second time; the marks tell the reports apart, and the spool then starts a new identity.
 *
 * A report is added inside the caller's transaction, beside the state that it tells of; it is sent after the commit, by
 * ep_spool_pump, and forgotten when the manager's acknowledgement comes.  Memory holds numbers only.  On disk the spool
 * is bounded: when it grows too long (the server has been away for months), reports that a newer one of the same kind
 * makes superfluous are dropped, oldest first; the end of a command is never dropped. */
#ifndef ENDPOINT_DAEMON_GROUND_SPOOL_H
#define ENDPOINT_DAEMON_GROUND_SPOOL_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "proto/messages.h"

#define EP_SPOOL_MAX_ROWS 2000 /* rows at which it is shortened, if half of what can go would; about 400 KiB */
#define EP_SPOOL_KEEP     200  /* mergeable rows that are kept then */

typedef struct EpSpool EpSpool;

/* false: the link does not accept it now. */
typedef bool (*EpSpoolSend)(GBytes *report, gpointer user);

typedef enum {
    EP_SPOOL_KEEP_ALWAYS, /* results, requests */
    EP_SPOOL_MERGE,       /* may be dropped when the spool is too long */
    EP_SPOOL_LATEST,      /* progress: replaces the last report if that has the same subject and was not sent */
} EpSpoolFate;

/* NULL on failure. */
EpSpool *ep_spool_new(HlDb *db, EpSpoolSend send, gpointer user, GError **error);
void ep_spool_free(EpSpool *spool);

/* Stores the body of a report; spool, seq, time and session are filled in here.  subject: a short name of what it is
 * about ("update", a command's id).  Call ep_spool_pump after the commit. */
bool ep_spool_add(EpSpool *spool, const HlMsgReport *report, EpSpoolFate fate, const char *subject,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sends what the window allows. */
void ep_spool_pump(EpSpool *spool);

/* The line is up with this session, or everything must be sent again. */
void ep_spool_open(EpSpool *spool, uint64_t session);
void ep_spool_close(EpSpool *spool);

/* The manager's acknowledgement: it has everything up to seq, which is the report with this mark (0: not known). */
bool ep_spool_ack(EpSpool *spool, const char *identity, uint64_t seq, uint64_t mark,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What it holds, for the birth; identity is borrowed. */
typedef struct {
    const char *identity;
    uint64_t first, last; /* first = last + 1: nothing */
} EpSpoolPosition;

EpSpoolPosition ep_spool_position(EpSpool *spool);

/* From a timer: sends again what was not acknowledged in time. */
void ep_spool_tick(EpSpool *spool);

/* Reports not yet acknowledged. */
uint64_t ep_spool_waiting(const EpSpool *spool);

/* Whether a report about subject waits; true as well if the store cannot say. */
bool ep_spool_has(EpSpool *spool, const char *subject);

#endif
