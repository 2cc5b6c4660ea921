/* SPDX-License-Identifier: Apache-2.0 */
/* The managed broker outlives its manager.  What is noted of it, so that the next manager finds it, and what that one
 * does about what it finds.  Pure. */
#ifndef MANAGER_CORE_BROKER_LIFE_H
#define MANAGER_CORE_BROKER_LIFE_H

#include "lib/base/proc.h"

#define MGR_BROKER_DIGEST (64 + 1) /* SHA-256 in hexadecimal */

typedef struct {
    HlProcId id;
    char place[48];                /* of the directory, one word: a copy of it does not have this broker */
    char fixed[MGR_BROKER_DIGEST]; /* of program and configuration, see below */
} MgrBrokerNote;

/* The text of the file broker/process; caller frees. */
char *mgr_broker_note_print(const MgrBrokerNote *note);

/* false, and nothing set, for any other text. */
bool mgr_broker_note_parse(const char *text, MgrBrokerNote *note);

/* Of all that a running broker does not take over at a SIGHUP: its program, and its configuration without comments and
 * without the lines that it reads again. */
void mgr_broker_fixed_digest(const char *program, const char *conf, char digest[MGR_BROKER_DIGEST]);

typedef struct {
    bool lives;      /* a broker of this site runs */
    bool is_noted;   /* with what it was started is known */
    bool is_current; /* ... and a start today would not differ by more than a reload brings */
    bool answers;    /* at its port, or it is too young to be asked */
    bool port_free;  /* only asked if none lives */
} MgrBrokerFinding;

typedef enum {
    MGR_BROKER_START,
    MGR_BROKER_ADOPT,   /* and reload: lists and certificates may be newer than it */
    MGR_BROKER_REPLACE, /* end it, and start another */
    MGR_BROKER_WAIT,    /* somebody else has the port */
} MgrBrokerStep;

/* *why is the reason for MGR_BROKER_REPLACE, the end of a sentence; else NULL. */
MgrBrokerStep mgr_broker_next(const MgrBrokerFinding *finding, const char **why);

#endif
