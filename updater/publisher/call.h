/* SPDX-License-Identifier: Apache-2.0 */
/* What the repository commands share: opening, passphrases, output. */
#ifndef UPDATER_PUBLISHER_CALL_H
#define UPDATER_PUBLISHER_CALL_H

#include "lib/base/cli.h"
#include "updater/publisher/repo.h"

/* From --passphrase-file (its first line) or HOLDLINE_REPO_PASSPHRASE; *passphrase is NULL where neither is given.
 * Caller frees (and wipes). */
bool upd_call_passphrase(const HlInvocation *call, char **passphrase, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void upd_call_wipe(char **secret);

/* The repository that the first word names. */
UpdRepo *upd_call_open(const HlInvocation *call, GError **error);

/* The same with its metadata, refused while the first ceremony is not finished. */
UpdRepo *upd_call_open_state(const HlInvocation *call, UpdState **state, GError **error);

/* "7.0 kB".  Caller frees. */
char *upd_call_size(guint64 bytes);

/* What the person has to run next, unless the caller does that (--brief). */
void upd_call_say_publish(const HlInvocation *call);

#endif
