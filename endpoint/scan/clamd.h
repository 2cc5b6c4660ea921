/* SPDX-License-Identifier: Apache-2.0 */
/* clamd, from the side of who has files for it: each look is a connection of its own, over which the open file goes as
 * a descriptor (FILDES).  Blocking, with deadlines. */
#ifndef ENDPOINT_SCAN_CLAMD_H
#define ENDPOINT_SCAN_CLAMD_H

#include "endpoint/scan/look.h"
#include "lib/base/clock.h"

/* Waits until the engine that is starting has loaded its set and answers.  HL_ERROR_TIMEOUT after patience. */
bool ep_clamd_wait(const char *socket_path, HlTime patience, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* fd stays open; its offset does not matter.  broken: the engine went away or another one took its place, or it did not
 * answer within deadline (then *hung).  The gap is EP_GAP_TIME for the latter. */
EpLook ep_clamd_look(const char *socket_path, int fd, HlTime deadline, bool *hung);

/* Has a running engine load its database directory again; it does so after what is under way. */
bool ep_clamd_reload(const char *socket_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
