/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of the updater program: what a run is told, from configuration, settings and identity.
 *
 * Starts nothing; updates.h does.  What the program answers is in docs/man/holdline-updater. */
#ifndef ENDPOINT_DAEMON_WORK_UPDATER_H
#define ENDPOINT_DAEMON_WORK_UPDATER_H

#include "endpoint/core/conf.h"
#include "endpoint/identity/identity.h"
#include "proto/settings.h"

typedef enum {
    EP_UPDATE_UPDATE,
    EP_UPDATE_ROLLBACK,    /* one step back; the set that is given up is not installed again */
    EP_UPDATE_SYNCHRONIZE, /* exactly what the server has, even if older or given up before (B20) */
    EP_UPDATE_N_WORKS
} EpUpdateWork;

/* All borrowed. */
typedef struct {
    const EpConf *conf;
    const HlSettings *settings;
    const EpIdentity *identity; /* NULL: not enrolled, which leaves roll-back */
    const char *const *servers; /* URLs of its server, in the order of attempts; NULL only without an identity */
    const char *directory;      /* the updater's state directory */
    const char *component;      /* the update is about this one alone; NULL: about all */
    const char *program;        /* where it keeps packages of the program; NULL: it is not to look for any */
} EpUpdaterContext;

/* char *, ends with NULL; free with g_ptr_array_unref.  NULL when such a run makes no sense now: UNAVAILABLE without an
 * enrolment, NOT_FOUND without a source or a trusted root; the message says what to do.  timeout: of the child. */
GPtrArray *ep_updater_arguments(const EpUpdaterContext *context, EpUpdateWork work, HlTime timeout, GError **error);

/* The run that only says what is active. */
GPtrArray *ep_updater_show_arguments(const EpUpdaterContext *context);

#endif
