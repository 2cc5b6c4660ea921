/* SPDX-License-Identifier: Apache-2.0 */
/* Carries one upgrade of the program through, from the daemon's request to an end that the daemon reports; or goes on
 * with one that was cut off.  What happens next is decided by endpoint/core/upgrade.  Blocking: a program of its own,
 * which outlives the daemon. */
#ifndef ENDPOINT_UPGRADE_HELPER_H
#define ENDPOINT_UPGRADE_HELPER_H

#include "endpoint/upgrade/tools.h"

#define EP_HELPER_PAUSE (30 * HL_SECOND)

typedef struct {
    const char *state_dir;
    HlTime health; /* how long the new daemon has for its line to come up */
    HlTime pause;  /* before the second attempt to go back (ep_upgrade_pause) */
    EpTools tools;
} EpHelperOptions;

/* true: there was nothing to do, or an end was written, whichever it is.  false: it could not be written down how far
 * the upgrade is (the disk), and the helper is to be started again. */
bool ep_helper_run(const EpHelperOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
