/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon and the helper that upgrades it leave for each other: files in STATE/upgrade, which is root's alone.
 *
 *   request.json   from the daemon: upgrade to this release.  Its appearance starts the helper
 *   running.json   the helper's journal: how far it is
 *   ended.json     how the last upgrade ended; stays until the next one ends
 *   alive.json     from the daemon: its version, its process, and how its line is
 *
 * Each is replaced whole and durably.  No locks: a file has one writer, and running.json forbids a request. */
#ifndef ENDPOINT_UPGRADE_DESK_H
#define ENDPOINT_UPGRADE_DESK_H

#include "endpoint/core/upgrade.h"

typedef enum { EP_DESK_REQUEST, EP_DESK_RUNNING, EP_DESK_ENDED, EP_DESK_N_PAPERS } EpDeskPaper;

/* One upgrade.  A request is one whose state is EP_UPGRADE_ACCEPTED. */
typedef struct {
    uint64_t release;    /* of the component */
    char *from, *to;     /* Debian versions */
    EpUpgrade upgrade;   /* where it is, or how it ended */
    char *detail;        /* for people: why it failed, or why it goes back; never NULL after a read */
    HlTime begun, ended; /* wall; ended 0: it has not */
    bool lasting;        /* it failed for a reason that another try would meet again */
    bool away;           /* it was taken back because the server was away, and that is not held against it */
} EpDeskUpgrade;

void ep_desk_upgrade_clear(EpDeskUpgrade *upgrade);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EpDeskUpgrade, ep_desk_upgrade_clear)

/* Copies; *to was zeroed or is in use. */
void ep_desk_upgrade_copy(EpDeskUpgrade *to, const EpDeskUpgrade *from);

/* STATE/upgrade; caller frees. */
char *ep_desk_directory(const char *state_dir);

/* Makes it, for root alone. */
bool ep_desk_make(const char *state_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum { EP_DESK_FOUND, EP_DESK_ABSENT, EP_DESK_UNREADABLE } EpDeskFind;

/* *upgrade is zeroed; filled if it was found.  *error is set if it could not be read. */
EpDeskFind ep_desk_read(const char *state_dir, EpDeskPaper paper, EpDeskUpgrade *upgrade,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool ep_desk_write(const char *state_dir, EpDeskPaper paper, const EpDeskUpgrade *upgrade,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A paper that is not there is fine. */
bool ep_desk_remove(const char *state_dir, EpDeskPaper paper, GError **error) G_GNUC_WARN_UNUSED_RESULT;

bool ep_desk_has(const char *state_dir, EpDeskPaper paper);

typedef enum {
    EP_DESK_LINE_DOWN,
    EP_DESK_LINE_AWAY, /* it is down, and for reasons of the server or of the way there: nobody listens, no route,
                          a broker whose manager is away */
    EP_DESK_LINE_UP,   /* the server has answered */
} EpDeskLine;

/* The daemon says of itself that it runs, and how its line is. */
bool ep_desk_say_alive(const char *state_dir, const char *version, int64_t pid, EpDeskLine line,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The process of this version that said so, and what; 0: none did, or it cannot be read. */
int64_t ep_desk_who_is_alive(const char *state_dir, const char *version, EpDeskLine *line);

#endif
