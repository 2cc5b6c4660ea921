/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the server does what it is for, and in words why not: what /healthz answers and holdline_healthy counts.
 *
 * Not whether a restart would help: nothing here is mended by one. */
#ifndef MANAGER_CORE_HEALTH_H
#define MANAGER_CORE_HEALTH_H

#include "manager/core/signature_age.h"

typedef struct {
    bool broker_up;
    const char *broker_refused;    /* what it refuses the manager, in words; NULL: nothing; borrowed */
    uint64_t disk_free, disk_size; /* bytes, where the site is; size 0: not known, and not judged */
    const char *unwritten;         /* why the registry cannot be written; NULL: it can; borrowed */
    MgrSignatureAge repository;
    HlTime repository_end;          /* wall */
    const char *roles_ended;        /* other roles of it than the timestamp, a line each; NULL: none has; borrowed */
    const char *repository_problem; /* which files of it are missing, with the remedy; NULL: none; borrowed */
} MgrHealth;

/* Whether somebody should make room, well before nothing can be stored: less than a twentieth, of a large disk 1 GiB.
 */
bool mgr_disk_is_short(uint64_t free, uint64_t size);

/* That, as a sentence with its remedy; of one that is full, that nothing can be stored.  Says no numbers, which would
 * change all the time.  unwritten: why the registry cannot be written though there
 * may be room; NULL: it can.  NULL: all is well; caller frees. */
char *mgr_disk_describe(uint64_t free, uint64_t size, const char *unwritten);

bool mgr_health_is_well(const MgrHealth *health);

/* "ok" or "not healthy" on the first line, then a line for each thing that is wrong, or soon will be, with its remedy.
 * Caller frees. */
char *mgr_health_describe(const MgrHealth *health);

#endif
