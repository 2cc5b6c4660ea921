/* SPDX-License-Identifier: Apache-2.0 */
/* What a draft of root or targets changes, in words, for the holder who is to sign it. */
#ifndef UPDATER_PUBLISHER_DRAFT_H
#define UPDATER_PUBLISHER_DRAFT_H

#include "updater/publisher/repo.h"

/* Lines: version and end, then each role with its threshold and keys; what is new, gone or other than in before is
 * marked.  before: what is in force now; NULL: not known, nothing is marked.  Pure; caller frees. */
char *upd_draft_describe(const json_t *draft, const json_t *before);

#endif
