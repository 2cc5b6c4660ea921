/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment: a machine with a bundle becomes an endpoint (docs/protocol.md, "Enrolment").
 *
 * Runs in the command-line tool, blocking, whether or not the daemon runs.  Everything is prepared in
 * STATE/identity.new and becomes the identity by one rename, so that nothing is ever half enrolled.  Space for the
 * answer is reserved before the token is spent. */
#ifndef ENDPOINT_IDENTITY_ENROL_H
#define ENDPOINT_IDENTITY_ENROL_H

#include "endpoint/core/conf.h"

typedef enum {
    EP_ENROL_DEFAULT = 0,
    EP_ENROL_REPLACE = 1 << 0, /* this machine was enrolled before: give up that identity */
} EpEnrolFlags;

/* On success *id is the endpoint's id; caller frees. */
bool ep_enrol(const EpConf *conf, const char *bundle_path, EpEnrolFlags flags, char **id,
              GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
