/* The settings in force, and the intake of new ones (docs/protocol.md, "Settings").  Whatever way a document comes, it
 * passes the same gate. */
#ifndef ENDPOINT_DAEMON_WORK_SETTINGS_H
#define ENDPOINT_DAEMON_WORK_SETTINGS_H

#include "endpoint/core/privilege.h"
#include "endpoint/daemon/daemon.h"
#include "proto/settings.h"

struct EpSettings {
    HlSettings values; /* the defaults while nothing is applied */
    bool applied;
    char *group;
    uint64_t version, counter;
    GBytes *digest;
    char *path;
    HlTime at;
};

/* What the database holds.  NULL on failure. */
EpSettings *ep_settings_new(EpDaemon *daemon, GError **error);
void ep_settings_free(EpSettings *settings);

/* Back to the defaults: another identity took this place. */
void ep_settings_reset(EpDaemon *daemon);

/* An encoded SignedEnvelope that came by path ("channel", "bundle"): checked, stored, in force, reported; or refused,
 * counted and reported. */
void ep_settings_offer(EpDaemon *daemon, GBytes *envelope, const char *path);

/* The wire form of what is applied; all parts borrowed.  Only while applied. */
HlMsgAppliedSettings ep_settings_wire(const EpSettings *settings);

EpPrivileges ep_settings_privileges(const EpSettings *settings);

#endif
